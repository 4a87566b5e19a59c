"""All that goes wrong in a bad hour, in exact fast time and from the sensor to the disk."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from sensors.ble import BleSource, scan
from sensors.devices import FAMILIES
from sensors.recording import Recording, RecordingHeader, RecordingKind, Spool
from sensors.source import merge, opened
from sensors.types import Chunk
from sensors.virtual.device import VirtualDevice
from sensors.virtual.faults import Faults
from sensors.virtual.radio import VirtualRadio
from tests.ble.air import PLACEMENTS, joined
from tests.ble.fast_time import in_fast_time
from tests.ble.turning import felt, turning

FAMILY = FAMILIES["movella_dot"]
"""It keeps nothing on board, so that a dropped link leaves a gap."""

HOUR_S = 3600.0
RATE_HZ = 20.0
DROPS = 20
DROP_EVERY_S = 170.0
AWAY_S = 2.0
WRAPS_AT_S = 1700.0
DIES_AFTER_S = 300.0
FAULTS = Faults(loss=0.01, jitter_s=0.03, drift_ppm=20)
WEAK = Faults(loss=0.01, battery_percent_per_hour=100 * 3600 / DIES_AFTER_S)
STRONG_AT, WEAK_AT = PLACEMENTS[:2]


class Story(NamedTuple):
    """What was taken in and recorded, with times from the start of the recording."""

    taken: list[Chunk]
    recording: Recording
    dropped_s: list[float]
    began_s: float


@pytest.mark.slow
def test_in_a_bad_hour_every_sample_that_came_is_recorded_at_its_time(tmp_path: Path) -> None:
    story = in_fast_time(bad_hour(tmp_path))
    for placement in (STRONG_AT, WEAK_AT):
        expected = joined([chunk for chunk in story.taken if chunk.placement is placement])
        held = [chunk for chunk in story.recording.chunks(60.0) if chunk.placement is placement]
        assert np.array_equal(joined(held).t_s, expected.t_s)
        assert np.array_equal(joined(held).acc, expected.acc)
        stream = felt(story.recording, placement, story.began_s)
        settled = stream.taken_s > stream.taken_s[0] + 5.0
        assert np.max(np.abs(stream.late_s[settled])) < 0.01
    gaps = story.recording.gaps
    assert len(gaps[STRONG_AT]) == len(story.dropped_s) == DROPS
    for gap, dropped_s in zip(gaps[STRONG_AT], story.dropped_s, strict=True):
        assert gap.start_s == pytest.approx(dropped_s, abs=0.1)
        assert AWAY_S - 0.1 < gap.end_s - gap.start_s < AWAY_S + 1.5
    assert gaps[WEAK_AT] == ()
    weak = [chunk for chunk in story.taken if chunk.placement is WEAK_AT]
    assert weak[-1].t_s[-1] == pytest.approx(DIES_AFTER_S, abs=5.0)


async def bad_hour(folder: Path) -> Story:
    devices = [sensor(0, FAULTS), sensor(1, WEAK)]
    async with VirtualRadio(devices) as radio:
        found = sorted(await scan(0.5, backend=radio.backend), key=lambda each: each.address)
        started_s = radio.now()
        live = [
            BleSource(
                each,
                placement,
                clock=lambda: radio.now() - started_s,
                backend=radio.backend,
                rate_hz=RATE_HZ,
            )
            for each, placement in zip(found, PLACEMENTS, strict=False)
        ]
        dropping = asyncio.create_task(drops(radio, devices[0]))
        taken, recording = await recorded(folder / "hour", live)
        dropped_s = [at_s - started_s for at_s in await dropping]
        assert radio.began_s is not None
        return Story(taken, recording, dropped_s, radio.began_s - started_s)


def sensor(number: int, faults: Faults) -> VirtualDevice:
    return VirtualDevice(
        FAMILY,
        turning(HOUR_S, PLACEMENTS[number]),
        address=f"C0:DE:00:00:00:{number + 1:02X}",
        faults=faults,
        counter_start_s=2**32 / 1e6 - WRAPS_AT_S,
    )


async def recorded(folder: Path, live: list[BleSource]) -> tuple[list[Chunk], Recording]:
    """An hour of all sources as it came, and its recording."""
    header = RecordingHeader(
        id=folder.name,
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        kind=RecordingKind.DAY,
        streams=tuple(info for source in live for info in source.infos),
    )
    taken: list[Chunk] = []
    with Spool(folder, header) as spool:
        async with opened(merge(*live)) as chunks:
            async for chunk in chunks:
                spool.append(chunk)
                taken.append(chunk)
                if chunk.t_s[-1] > HOUR_S:
                    break
        return taken, spool.close()


async def drops(radio: VirtualRadio, device: VirtualDevice) -> list[float]:
    """Drop the link again and again; when that was."""
    dropped_s = []
    for number in range(1, DROPS + 1):
        await radio.sleep_until(number * DROP_EVERY_S)
        dropped_s.append(radio.now())
        await device.drop(AWAY_S)
    return dropped_s
