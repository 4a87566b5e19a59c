"""A bad hour with hubs that are really killed: a story of processes, in real time made faster."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from fivepoint.live import LIVE_NAME, read_live
from sensors.recording import Recording, find_recordings, read_recording
from sensors.types import Gap, Placement
from sensors.virtual.air import Air
from sensors.virtual.device import VirtualDevice
from sensors.virtual.faults import Faults
from sensors.virtual.serving import served
from tests.ble.air import PLACEMENTS
from tests.ble.hub_process import FAMILY, RATE_HZ
from tests.ble.turning import Felt, felt, turning

ROOT = Path(__file__).resolve().parent.parent.parent
STRONG, WEAK = PLACEMENTS[:2]
FAULTS = Faults(loss=0.01, jitter_s=0.03, drift_ppm=20)
WRAPS_AT_S = 40.0
AWAY_S = 2.0
STREAMED_S = 4.0

DROPS = (7, 7, 6)
"""How often the link of one sensor drops before each end of a hub."""

SPEED = 4.0
"""How often each delay of this machine counts in the time of the sensors."""

TAKEN_BY_KILL_S = 1.0
"""Samples that were published so long before a kill, by this machine's time, are on the disk."""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no such signals on Windows")
def test_what_hubs_took_in_before_they_were_killed_is_in_one_recording_each(
    tmp_path: Path,
) -> None:
    """Twenty drops, two kills, a lost battery and a wrap of the counter, one after the other.

    An hour's bad events come in the four or five minutes that they take by themselves, and these
    pass four times as fast. So a delay of 10 ms in this machine is 40 ms to the sensors, which is
    what their alignment is held to here; the whole hour beside this, whose time stands still while
    the machine works, holds it to 10 ms.
    """
    story = asyncio.run(bad_hour(tmp_path))
    recordings = sorted(map(read_recording, find_recordings(tmp_path)), key=_started_at)
    assert [recording.header.resumes for recording in recordings] == [
        None,
        recordings[0].header.id,
        recordings[1].header.id,
    ]
    for recording, kept in zip(recordings, story.kept, strict=True):
        for placement, samples in kept.items():
            assert recording.sample_counts[placement] >= samples
    assert story.kept[-1] == recordings[-1].sample_counts
    for placement in (STRONG, WEAK):
        streams = [story.felt(recording, placement) for recording in recordings]
        for recording, stream in zip(recordings, streams, strict=True):
            assert np.min(np.diff(stream.taken_s)) > 1e-5
            assert np.median(np.abs(stream.late_s)) < 0.01 * SPEED
            assert_gaps_are_told(recording.gaps[placement], stream.holes(RATE_HZ))
        for (one, earlier), (other, later) in pairwise(zip(recordings, streams, strict=True)):
            ended_s = story.start_s(one) + earlier.taken_s[-1]
            assert ended_s < story.start_s(other) + later.taken_s[0]
    assert sum(story.is_told(at_s, recordings) for at_s in story.dropped_s) == sum(DROPS) == 20


class Story(NamedTuple):
    """What happened, in seconds on the air; its zero on the clock of headers is `zero_s`.

    `kept` is for each hub how many samples of each sensor must be in its recording.
    """

    began_s: float
    zero_s: float
    dropped_s: list[tuple[float, float]]
    kept: list[Mapping[Placement, int]]

    def start_s(self, recording: Recording) -> float:
        """When a recording was begun."""
        return (recording.header.started_at.timestamp() - self.zero_s) * SPEED

    def felt(self, recording: Recording, placement: Placement) -> Felt:
        """What was recorded at a placement."""
        return felt(recording, placement, self.began_s - self.start_s(recording))

    def is_told(self, dropped_s: tuple[float, float], recordings: Sequence[Recording]) -> bool:
        """Whether a drop between two times begins a gap, or is within one."""
        began_s, done_s = dropped_s
        return any(
            began_s < self.start_s(recording) + gap.end_s
            and self.start_s(recording) + gap.start_s < done_s + 0.2
            for recording in recordings
            for gap in recording.gaps[STRONG]
        )


def assert_gaps_are_told(told: Sequence[Gap], holes: Sequence[Gap]) -> None:
    """Each gap is where samples are missing, and wherever clearly enough are there is one."""
    assert all(any(_is_same(gap, hole) for hole in holes) for gap in told)
    gaps = [hole for hole in holes if hole.end_s - hole.start_s > 0.2]
    assert all(any(_is_same(gap, hole) for gap in told) for hole in gaps)


def _is_same(gap: Gap, hole: Gap) -> bool:
    return abs(gap.start_s - hole.start_s) < 0.4 and abs(gap.end_s - hole.end_s) < 0.4


def _started_at(recording: Recording) -> float:
    return recording.header.started_at.timestamp()


async def bad_hour(folder: Path) -> Story:
    devices = [sensor(1, STRONG), sensor(2, WEAK)]
    dropped_s: list[tuple[float, float]] = []
    kept: list[Mapping[Placement, int]] = []
    async with Air(devices, speed=SPEED) as air, served(air) as port:
        for drops in DROPS:
            async with hub(folder, port, air, devices) as live:
                await live.takes(WEAK, STREAMED_S)
                for _ in range(drops):
                    await live.takes(STRONG, STREAMED_S)
                    began_s = air.now()
                    await devices[0].drop(AWAY_S)
                    dropped_s.append((began_s, air.now()))
                await live.takes(STRONG, STREAMED_S)
                if len(kept) < 2:
                    kept.append(await live.killed())
                else:
                    await devices[1].power_off()
                    await live.takes(STRONG, STREAMED_S)
                    kept.append(await live.stopped())
        zero_s = time.time() - time.monotonic() + air.time.started_s
        assert air.now() > WRAPS_AT_S
        assert air.began_s is not None
        return Story(air.began_s, zero_s, dropped_s, kept)


def sensor(number: int, placement: Placement) -> VirtualDevice:
    """A sensor whose counter wraps in the first minute."""
    return VirtualDevice(
        FAMILY,
        turning(3600.0, placement),
        address=f"C0:DE:00:00:00:{number:02X}",
        faults=FAULTS,
        counter_start_s=2**32 / 1e6 - WRAPS_AT_S,
    )


@asynccontextmanager
async def hub(
    folder: Path, port: int, air: Air, devices: Sequence[VirtualDevice]
) -> AsyncIterator[Hub]:
    """A hub that records the devices, in a process of its own."""
    arguments = [folder, port, air.time.started_s, SPEED, *(device.address for device in devices)]
    command = [sys.executable, "-m", "tests.ble.hub_process", *map(str, arguments)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    try:
        yield Hub(process, folder)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


class Hub:
    """The process of a hub, and what it publishes."""

    def __init__(self, process: Process, folder: Path) -> None:
        self._process = process
        self._live_path = folder / LIVE_NAME
        before = read_live(self._live_path)
        self._id_before = None if before is None else before.recording_id
        self._published: list[tuple[float, Mapping[Placement, int]]] = []

    async def takes(self, placement: Placement, seconds: float) -> None:
        """Wait until it has taken in so many seconds more of a sensor."""
        enough = self._samples()[placement] + seconds * RATE_HZ
        while self._samples()[placement] < enough:
            await asyncio.sleep(0.01)

    async def killed(self) -> Mapping[Placement, int]:
        """Kill it; how many samples of each sensor must be kept."""
        self._process.kill()
        killed_s = time.monotonic()
        await self._process.wait()
        return [n for at_s, n in self._published if at_s < killed_s - TAKEN_BY_KILL_S][-1]

    async def stopped(self) -> Mapping[Placement, int]:
        """Have it end in an orderly way; how many samples of each sensor are kept."""
        self._process.send_signal(signal.SIGTERM)
        assert await self._process.wait() == 0
        return self._told()

    def _samples(self) -> Mapping[Placement, int]:
        assert self._process.returncode is None
        samples = self._told()
        self._published.append((time.monotonic(), samples))
        return samples

    def _told(self) -> Mapping[Placement, int]:
        state = read_live(self._live_path)
        if state is None or state.recording_id == self._id_before:
            return {STRONG: 0, WEAK: 0}
        return {each.placement: each.samples for each in state.sensors}
