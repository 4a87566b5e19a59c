"""Two sensors that feel the same taps show them at the same time, whatever their clocks do."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from sensors.alignment import tap_offset_s
from sensors.devices import FAMILIES
from sensors.types import GRAVITY_MS2, Chunk, Placement
from sensors.virtual.device import VirtualDevice
from sensors.virtual.faults import Faults
from sensors.virtual.motion import Motion
from sensors.virtual.radio import VirtualRadio
from tests.ble.air import PLACEMENTS, after, part_from, sources, taken
from tests.ble.fast_time import in_fast_time

SECONDS = 40.0
MOST_APART_S = 0.005
TAP_S = 0.012
"""How long a tap rings in flesh and housing, as the standard deviation of a bell curve."""


def tapped(placement: Placement, *, late_s: float = 0.0, rate_hz: float = 500.0) -> Chunk:
    """A sensor that lies still and is tapped at uneven times, three times every ten seconds."""
    t_s = np.arange(0.0, SECONDS, 1 / rate_hz)
    taps_s = [
        start + more + late_s
        for start in range(3, round(SECONDS), 10)
        for more in (0.0, 0.83, 1.94)
    ]
    shape = sum(np.exp(-0.5 * ((t_s - tap_s) / TAP_S) ** 2) for tap_s in taps_s)
    acc = np.zeros((len(t_s), 3))
    acc[:, 2] = GRAVITY_MS2 + 15.0 * shape
    return Chunk(placement, t_s, acc, np.zeros_like(acc))


def streamed(families: tuple[str, str], faults: tuple[Faults, Faults]) -> list[Chunk]:
    """What two sensors stream that feel the same taps, from when their clocks have settled."""

    async def story() -> list[Chunk]:
        devices = [
            VirtualDevice(
                FAMILIES[family],
                Motion(tapped(place)),
                address=f"C0:DE:00:00:00:{number:02X}",
                faults=fault,
            )
            for number, (family, place, fault) in enumerate(
                zip(families, PLACEMENTS, faults, strict=False), start=1
            )
        ]
        async with VirtualRadio(devices) as radio:
            live = await sources(radio)
            return await asyncio.gather(*(taken(source, after(SECONDS)) for source in live))

    return [part_from(5.0, stream) for stream in in_fast_time(story())]


@pytest.mark.parametrize(
    "families",
    [
        ("movesense", "capture2go"),
        ("polar_verity", "witmotion"),
        pytest.param(("movesense", "movesense"), marks=pytest.mark.slow),
        pytest.param(("movesense", "movella_dot"), marks=pytest.mark.slow),
        pytest.param(("polar_h10", "movella_dot"), marks=pytest.mark.slow),
    ],
    ids="+".join,
)
def test_taps_that_two_sensors_felt_are_at_the_same_time(families: tuple[str, str]) -> None:
    faults = (Faults(drift_ppm=20.0, jitter_s=0.02), Faults(drift_ppm=-20.0, jitter_s=0.02))
    first, second = streamed(families, faults)
    apart_s = tap_offset_s(first, second)
    assert apart_s is not None
    assert abs(apart_s) < MOST_APART_S


@pytest.mark.parametrize("late_s", [-0.1, 0.0, 0.0123])
@pytest.mark.parametrize("rate_hz", [52.0, 104.0])
def test_an_offset_is_found_to_a_fraction_of_a_sample(late_s: float, rate_hz: float) -> None:
    first = tapped(Placement.STERNUM, rate_hz=104.0)
    second = tapped(Placement.PELVIS, late_s=late_s, rate_hz=rate_hz)
    assert tap_offset_s(first, second) == pytest.approx(late_s, abs=0.001)


def test_sensors_that_felt_no_tap_together_have_no_offset() -> None:
    first, second = tapped(Placement.STERNUM), tapped(Placement.PELVIS, late_s=0.4)
    assert tap_offset_s(first, second) is None
    still = Chunk(first.placement, first.t_s, np.full_like(first.acc, 1.0), None)
    assert tap_offset_s(first, still) is None
    assert tap_offset_s(first, part_from(SECONDS - 1.0, first)) is None
