"""All that goes wrong in a bad hour, in fast time and from the sensor to the disk."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from sensors.ble import BleSource, scan
from sensors.recording import Recording, RecordingHeader, RecordingKind, Spool, recover
from sensors.source import merge, opened
from sensors.types import Chunk, Gap, Placement
from sensors.virtual import Faults, VirtualDevice, VirtualRadio
from tests.ble.air import PLACEMENTS, joined, lateness_s, part_from, sensor
from tests.ble.fast_time import in_fast_time

HOUR_S = 600.0
"""As much as happens in an hour, in ten minutes."""

KILLED_AT_S = (205.0, 405.0)
WRAPS_AT_S = 280.0
DIES_AFTER_S = 150.0
DROP_EVERY_S = 28.0
AWAY_S = 2.0
FAULTS = Faults(loss=0.01, jitter_s=0.03, drift_ppm=20)
WEAK = Faults(loss=0.01, battery_percent_per_hour=100 * 3600 / DIES_AFTER_S)


class Run(NamedTuple):
    """What one recorder took in until it was killed, with times from its own start."""

    started_s: float
    header: RecordingHeader
    taken: list[Chunk]


@pytest.mark.slow
def test_in_a_bad_hour_every_sample_that_came_is_in_one_recording_at_its_time(
    tmp_path: Path,
) -> None:
    in_fast_time(bad_hour(tmp_path))


async def bad_hour(folder: Path) -> None:
    devices = [sensor(0, seconds=HOUR_S, faults=FAULTS), sensor(1, seconds=HOUR_S, faults=WEAK)]
    devices[0].counter_start_s = 2**32 / 1000 - WRAPS_AT_S
    async with VirtualRadio(devices) as radio:
        dropping = asyncio.create_task(drops(radio, devices[0]))
        ends_s = (*KILLED_AT_S, HOUR_S)
        runs = [await recorded(folder, radio, end_s) for end_s in ends_s]
        dropped_s = await dropping
        began_s = radio.began_s
    assert began_s is not None
    recordings = {recording.header.id: recording for recording in recover(folder)}
    assert len(recordings) == len(runs)
    for run in runs:
        recording = recordings[run.header.id]
        assert_holds_what_was_taken(recording, run.taken)
        assert_in_time(recording, began_s - run.started_s)
        within = [s - run.started_s for s in dropped_s if s > run.started_s]
        assert_gaps_are_drops(recording, within)
    assert len(dropped_s) == 20
    assert runs[-1].header.stream(PLACEMENTS[1]) is None


async def recorded(folder: Path, radio: VirtualRadio, end_s: float) -> Run:
    """Record all sensors that are heard, and be killed at `end_s`."""
    started_s = radio.now()
    backend = radio.backend
    found = sorted(await scan(2.5, backend=backend), key=lambda each: each.address)
    live = [
        BleSource(each, placement, clock=lambda: radio.now() - started_s, backend=backend)
        for each, placement in zip(found, PLACEMENTS, strict=False)
    ]
    header = RecordingHeader(
        id=f"until-{end_s:.0f}",
        started_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=started_s),
        kind=RecordingKind.DAY,
        streams=tuple(info for source in live for info in source.infos),
    )
    taken: list[Chunk] = []
    with Spool(folder / header.id, header) as spool:
        async with opened(merge(*live)) as chunks:
            async for chunk in chunks:
                spool.append(chunk)
                taken.append(chunk)
                if radio.now() > end_s:
                    break
    return Run(started_s, header, taken)


async def drops(radio: VirtualRadio, device: VirtualDevice) -> list[float]:
    """Drop the link again and again; when that was."""
    dropped_s = []
    for number in range(1, 21):
        await radio.sleep_until(number * DROP_EVERY_S)
        dropped_s.append(radio.now())
        await device.drop(AWAY_S)
    return dropped_s


def assert_holds_what_was_taken(recording: Recording, taken: list[Chunk]) -> None:
    """The recording holds each sample that was taken in, once, and no other."""
    for placement in {chunk.placement for chunk in taken}:
        expected = joined([chunk for chunk in taken if chunk.placement is placement])
        held = joined(stream(recording, placement))
        assert np.array_equal(held.t_s, expected.t_s)
        assert np.array_equal(held.acc, expected.acc)


def assert_in_time(recording: Recording, began_s: float) -> None:
    """Samples are where they were felt, within 10 ms once the clock has settled."""
    for info in recording.header.streams:
        held = joined(stream(recording, info.placement))
        settled = part_from(held.t_s[0] + 5.0, held)
        assert np.max(np.abs(lateness_s(settled, began_s))) < 0.01


def assert_gaps_are_drops(recording: Recording, dropped_s: list[float]) -> None:
    """Each drop left a gap, and nothing else did but two or three lost notifications in a row."""
    gaps = recording.gaps[PLACEMENTS[0]]
    long = [gap for gap in gaps if gap.end_s - gap.start_s > 0.5]
    expected = [s for s in dropped_s if s < recording.duration_s - AWAY_S - 1.0]
    assert len(long) == len(expected)
    for gap, at_s in zip(long, expected, strict=True):
        assert_is_drop(gap, at_s)


def assert_is_drop(gap: Gap, dropped_at_s: float) -> None:
    assert gap.start_s == pytest.approx(dropped_at_s, abs=0.3)
    assert AWAY_S - 0.3 < gap.end_s - gap.start_s < AWAY_S + 1.5


def stream(recording: Recording, placement: Placement) -> list[Chunk]:
    return [chunk for chunk in recording.chunks() if chunk.placement is placement]
