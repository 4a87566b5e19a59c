"""A sensor that shifts on the body is found in walking, told, and set right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analytics.body import BodyChunk, Segment
from analytics.calibration import calibrate
from analytics.events import SensorSlip
from analytics.frontend import FrontEnd, SlipGuard
from sensors.simulator import (
    Activity,
    GetUp,
    LieDown,
    Rest,
    Sit,
    SitDown,
    Stand,
    StandUp,
    VirtualSensor,
    Walk,
    calibration_poses,
    simulate,
)
from sensors.types import Placement
from tests.body_chunks import cut, joined

ERRANDS: list[Activity] = [
    *(*calibration_poses(), Rest(40.0), GetUp(), Walk(seconds=70.0), Stand(5.0)),
    *(SitDown(), Sit(60.0), StandUp(), Walk(seconds=70.0, cadence_hz=1.6), Stand(4.0)),
]
LYING_AGAIN: list[Activity] = [LieDown(), Rest(60.0), GetUp(), Walk(seconds=40.0), Stand(3.0)]
SLIP_S = 190.0
"""While sitting between the two walks."""


Turn = tuple[float, float, float]


def stream(slip_deg: Turn, script: Iterable[Activity] = (*ERRANDS, *LYING_AGAIN)) -> BodyChunk:
    """Body samples of a trunk sensor that slips, and a pelvis sensor that does not."""
    sensors = [
        VirtualSensor(placement=Placement.STERNUM, slip_at_s=SLIP_S, slip_deg=slip_deg),
        VirtualSensor(placement=Placement.PELVIS),
    ]
    simulation = simulate(list(script), sensors=sensors, seed=4)
    calibrations = calibrate(
        simulation.infos,
        simulation.chunks(),
        still=simulation.still_s,
        lying=simulation.lying_s,
        made_from="simulation",
    )
    front_end = FrontEnd(simulation.infos, calibrations)
    chunks = [body for chunk in simulation.chunks() for body in front_end.push(chunk)]
    return joined([*chunks, *front_end.finish()])


def guarded(chunks: Iterable[BodyChunk]) -> tuple[list[BodyChunk], list[SensorSlip]]:
    guard = SlipGuard()
    parts, slips = zip(*(guard.update(chunk) for chunk in chunks), strict=True)
    return [part for some in parts for part in some], [slip for some in slips for slip in some]


@pytest.fixture(scope="module")
def slipped() -> BodyChunk:
    return stream((0.0, 12.0, 0.0))


@pytest.mark.parametrize("slip_deg", [(0.0, 12.0, 0.0), (-13.0, 0.0, 0.0), (3.0, -11.0, 0.0)])
def test_a_slip_is_told_with_its_size_once(slip_deg: Turn) -> None:
    _, (slip,) = guarded([stream(slip_deg)])
    assert slip.segment == Segment.TRUNK
    assert slip.start_s < SLIP_S < slip.end_s
    assert slip.tilt_deg == pytest.approx(np.linalg.norm(slip_deg), abs=1.5)


def test_a_sideways_slip_is_told_before_the_wearer_lies_down_again() -> None:
    (sideways,) = guarded([stream((13.0, 0.0, 0.0), ERRANDS)])[1]
    assert sideways.end_s < SLIP_S + 90.0


def test_walking_stooped_is_no_slip_until_lying_shows_it() -> None:
    assert guarded([stream((0.0, 14.0, 0.0), ERRANDS)])[1] == []


def test_walking_is_upright_again_once_the_axes_are_set_right(slipped: BodyChunk) -> None:
    parts, _ = guarded([slipped])
    before, after = parts
    walked = (before.t_s > 100.0) & (before.t_s < 130.0)
    last = slice(-30 * 50, -5 * 50)
    usual = before.segments[Segment.TRUNK].up[walked].mean(axis=0)
    raw = slipped.segments[Segment.TRUNK].up[last].mean(axis=0)
    righted = after.segments[Segment.TRUNK].up[last].mean(axis=0)
    assert np.degrees(np.arccos(raw @ usual / np.linalg.norm(raw))) > 9.0
    assert np.degrees(np.arccos(righted @ usual / np.linalg.norm(righted))) < 4.0
    assert after.segments[Segment.TRUNK].tilt_sigma_deg > 0.0
    assert after.segments[Segment.PELVIS].tilt_sigma_deg == 0.0


@pytest.mark.parametrize(
    "harmless_deg", [(0.0, 0.0, 0.0), (6.0, 6.0, 0.0)], ids=["none", "a little"]
)
def test_what_a_person_may_lean_by_is_no_slip(harmless_deg: Turn) -> None:
    chunk = stream(harmless_deg)
    (same,), slips = guarded([chunk])
    assert slips == []
    assert same is chunk


def test_without_walking_nothing_is_told() -> None:
    rest: list[Activity] = [*calibration_poses(), Rest(260.0)]
    assert guarded([stream((0.0, 20.0, 0.0), rest)])[1] == []


def test_a_sensor_without_calibration_cannot_slip(slipped: BodyChunk) -> None:
    segments = {
        name: replace(segment, calibrated=False, supine_up=None)
        for name, segment in slipped.segments.items()
    }
    assert guarded([BodyChunk(0, segments)])[1] == []


@settings(max_examples=20)
@given(cuts=st.lists(st.integers(0, 20_000), max_size=25))
def test_what_is_found_and_corrected_does_not_depend_on_the_cuts(
    slipped: BodyChunk, cuts: list[int]
) -> None:
    parts, slips = guarded([slipped])
    cut_parts, cut_slips = guarded(cut(slipped, cuts))
    assert cut_slips == slips
    np.testing.assert_array_equal(signals(cut_parts), signals(parts))


def signals(parts: Iterable[BodyChunk]) -> NDArray[np.float64]:
    """Everything about the trunk, sample by sample."""
    trunks = [part.segments[Segment.TRUNK] for part in parts]
    return np.concatenate(
        [
            np.column_stack((t.acc, t.gyro, t.up, np.full(len(t.up), t.tilt_sigma_deg)))
            for t in trunks
        ]
    )
