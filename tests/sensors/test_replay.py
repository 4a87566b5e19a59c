"""A recording played again looks like the sensor that it came from; sources run side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sensors.recording import Recording, write_recording
from sensors.replay import ReplaySource
from sensors.source import Source, merge, opened
from sensors.types import Chunk, Placement, StreamInfo
from tests.sensors.making import STERNUM, WAIST, assert_same, header, joined, steady


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return write_recording(tmp_path / "r", header(), [steady(WAIST, 2), steady(STERNUM, 2)])


async def everything(source: Source) -> list[Chunk]:
    return [chunk async for chunk in source]


def test_a_replay_gives_the_recording_s_samples_in_order(recording: Recording) -> None:
    source = ReplaySource(recording, speed=float("inf"), chunk_s=0.3)
    found = asyncio.run(everything(source))
    assert source.infos == recording.header.streams
    for placement in (Placement.WAIST, Placement.STERNUM):
        assert_same(joined(found, placement), joined(recording.chunks(), placement))
    assert [c.t_s[0] for c in found] == sorted(c.t_s[0] for c in found)


def test_a_replay_is_never_ahead_of_its_clock(recording: Recording) -> None:
    async def leads_s() -> list[float]:
        clock = asyncio.get_running_loop()
        started = clock.time()
        source = ReplaySource(recording, speed=10)
        return [float(chunk.t_s[-1]) / 10 - clock.time() + started async for chunk in source]

    assert max(asyncio.run(leads_s())) < 0.01


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan")])
def test_a_replay_needs_a_speed(recording: Recording, speed: float) -> None:
    with pytest.raises(ValueError, match="above zero"):
        ReplaySource(recording, speed=speed)


class Failing:
    infos: tuple[StreamInfo, ...] = (WAIST,)

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        yield steady(WAIST, 0.1)
        raise ConnectionError("the link is gone")


class Endless:
    infos: tuple[StreamInfo, ...] = (STERNUM,)

    def __init__(self) -> None:
        self.let_go = False

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        try:
            while True:
                await asyncio.sleep(0)
                yield steady(STERNUM, 0.1)
        finally:
            self.let_go = True


def test_merged_sources_give_the_chunks_of_all(tmp_path: Path) -> None:
    other = write_recording(tmp_path / "s", header(STERNUM), [steady(STERNUM, 3, seed=5)])
    alone = write_recording(tmp_path / "w", header(WAIST), [steady(WAIST, 1)])
    merged = merge(*(ReplaySource(each, speed=float("inf")) for each in (other, alone)))
    found = asyncio.run(everything(merged))
    assert merged.infos == (STERNUM, WAIST)
    assert_same(joined(found, Placement.STERNUM), joined(other.chunks(), Placement.STERNUM))
    assert_same(joined(found, Placement.WAIST), joined(alone.chunks(), Placement.WAIST))


def test_the_error_of_one_source_is_raised_and_lets_the_others_go() -> None:
    endless = Endless()
    with pytest.raises(ConnectionError):
        asyncio.run(everything(merge(endless, Failing())))
    assert endless.let_go


def test_sources_have_ended_orderly_when_the_merged_one_has() -> None:
    """Even one that is held up because nobody takes its chunks."""
    endless = Endless()

    async def take_one() -> None:
        async with opened(merge(endless)) as chunks:
            await anext(chunks)
            await asyncio.sleep(0.01)
        assert endless.let_go

    asyncio.run(take_one())
