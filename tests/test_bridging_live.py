"""What a coach is told while a bridge is done, and that it is what analysis finds afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.body import BodyChunk, Segment
from analytics.bridging import BridgingDetector
from analytics.bridging.live import LiveBridge
from analytics.bridging.phase import BridgePhase
from analytics.detector import detect
from analytics.events import Repetition
from analytics.frontend import FrontEnd
from sensors.simulator import (
    Activity,
    BendKnees,
    BridgingSet,
    PelvicTilt,
    Rest,
    Simulation,
    VirtualSensor,
    calibration_poses,
    exercise_session,
)
from sensors.types import Placement
from tests.body_chunks import cut, joined, without

PELVIS = VirtualSensor(placement=Placement.PELVIS)
THIGH_ACC = VirtualSensor(placement=Placement.THIGH, has_gyro=False, rate_hz=100.0)
STERNUM = VirtualSensor(placement=Placement.STERNUM)
SENSORS = {Segment.PELVIS: PELVIS, Segment.THIGH: THIGH_ACC, Segment.TRUNK: STERNUM}
SET = BridgingSet(reps=4)

REST, LIFT, HOLD, LOWER = BridgePhase


def simulated(script: Sequence[Activity], sensor: VirtualSensor) -> tuple[BodyChunk, Simulation]:
    simulation = Simulation(script, sensors=[sensor], seed=1)
    front_end = FrontEnd(simulation.infos, simulation.true_calibrations())
    (chunk,) = front_end.push(simulation.samples(sensor.placement)) + front_end.finish()
    return chunk, simulation


@cache
def bridges(segment: Segment) -> tuple[BodyChunk, Simulation]:
    return simulated(exercise_session(SET, rng=np.random.default_rng(7)), SENSORS[segment])


def followed(chunks: Sequence[BodyChunk]) -> list[LiveBridge]:
    """What is told after each chunk."""
    detector = BridgingDetector()
    told = []
    for chunk in chunks:
        detector.update(chunk)
        assert detector.live is not None
        told.append(detector.live)
    return told


@cache
def sample_by_sample(segment: Segment) -> list[LiveBridge]:
    chunk, _ = bridges(segment)
    return followed(cut(chunk, range(len(chunk))))


def whole(chunk: BodyChunk) -> list[Repetition]:
    found = detect(BridgingDetector(), [chunk])
    return [each for each in found if isinstance(each, Repetition) and not each.partial]


@pytest.mark.parametrize("segment", SENSORS)
def test_every_bridge_goes_through_its_phases_in_order(segment: Segment) -> None:
    _, simulation = bridges(segment)
    truth = simulation.truth["repetitions"]
    told = [state for state in sample_by_sample(segment) if state.at_s > truth[0]["start_s"] - 1.0]
    phases = [after.phase for before, after in pairwise(told) if after.phase is not before.phase]
    assert phases[: 4 * len(truth)] == [LIFT, HOLD, LOWER, REST] * len(truth)


@pytest.mark.parametrize("segment", SENSORS)
def test_each_phase_is_told_soon_after_it_has_begun(segment: Segment) -> None:
    _, simulation = bridges(segment)
    told = sample_by_sample(segment)
    for true in simulation.truth["repetitions"]:
        begins = {LIFT: "start_s", HOLD: "hold_start_s", LOWER: "hold_end_s", REST: "end_s"}
        for phase, key in begins.items():
            near = [s for s in told if abs(s.at_s - true[key]) < 1.0 and s.phase is phase]
            assert near[0].at_s - true[key] < 0.7


@pytest.mark.parametrize("segment", SENSORS)
def test_once_confirmed_count_and_hold_are_those_of_the_analysis(segment: Segment) -> None:
    chunk, _ = bridges(segment)
    last, repetitions = sample_by_sample(segment)[-1], whole(chunk)
    assert last.repetitions == len(repetitions) == SET.reps
    assert last.hold_s == repetitions[-1].hold_s
    assert last.phase is REST


@pytest.mark.parametrize("segment", SENSORS)
def test_the_hold_timer_agrees_with_the_hold_that_is_found(segment: Segment) -> None:
    chunk, _ = bridges(segment)
    told = sample_by_sample(segment)
    for repetition in whole(chunk):
        middle_s = 0.5 * (repetition.hold_start_s + repetition.hold_end_s)
        running = next(state for state in told if state.at_s >= middle_s)
        assert running.hold_s == pytest.approx(running.at_s - repetition.hold_start_s, abs=0.2)
        timed = next(s for s in told if s.at_s > middle_s and s.phase is LOWER)
        assert timed.hold_s == pytest.approx(repetition.hold_s, abs=0.3)


@pytest.mark.parametrize("segment", SENSORS)
def test_the_hold_timer_halts_as_the_hips_come_down(segment: Segment) -> None:
    chunk, _ = bridges(segment)
    told = sample_by_sample(segment)
    for repetition in whole(chunk):
        down = [s for s in told if repetition.hold_end_s <= s.at_s < repetition.end_s]
        assert max(state.hold_s for state in down) < repetition.hold_s + 0.5


@pytest.mark.parametrize("segment", SENSORS)
def test_the_hold_timer_never_runs_backwards_while_the_hips_are_up(segment: Segment) -> None:
    chunk, _ = bridges(segment)
    told = sample_by_sample(segment)
    for repetition in whole(chunk):
        sure_s = repetition.hold_start_s + 1.5
        up = [s.hold_s for s in told if s.at_s > sure_s and s.at_s < repetition.hold_end_s]
        assert up == sorted(up)


def test_a_bridge_counts_from_when_the_hips_are_down() -> None:
    _, simulation = bridges(Segment.PELVIS)
    told = sample_by_sample(Segment.PELVIS)
    for number, true in enumerate(simulation.truth["repetitions"], start=1):
        counted = next(state for state in told if state.repetitions == number)
        assert counted.at_s == pytest.approx(true["end_s"], abs=0.5)


def test_remaining_hold_runs_down_to_nothing() -> None:
    held = LiveBridge(at_s=9.0, phase=HOLD, repetitions=2, hold_s=3.2)
    assert held.remaining_hold_s(5.0) == pytest.approx(1.8)
    assert held.remaining_hold_s(3.0) == 0.0
    resting = LiveBridge(at_s=12.0, phase=REST, repetitions=3, hold_s=4.9)
    assert resting.remaining_hold_s(5.0) == 5.0


def test_a_pelvic_tilt_is_not_held_for_longer_than_it_takes_to_judge_it() -> None:
    tilts = [PelvicTilt(degrees=9.0), Rest(4.0)]
    script = [*calibration_poses(), BendKnees(), Rest(4.0), *tilts, *tilts]
    chunk, _ = simulated(script, PELVIS)
    told = followed(cut(chunk, range(len(chunk))))
    assert max(state.hold_s for state in told) <= 1.0
    assert told[-1].repetitions == 0


@cache
def uncalibrated() -> tuple[BodyChunk, Simulation]:
    script = exercise_session(BridgingSet(reps=8), rng=np.random.default_rng(7))
    simulation = Simulation([*script, Rest(40.0)], sensors=[THIGH_ACC], seed=1)
    front_end = FrontEnd(simulation.infos)
    (chunk,) = front_end.push(simulation.samples(Placement.THIGH)) + front_end.finish()
    return chunk, simulation


def told_of(chunks: Sequence[BodyChunk]) -> list[LiveBridge | None]:
    detector = BridgingDetector()
    return [detector.live for chunk in chunks if detector.update(chunk) is not None]


def test_without_a_calibration_a_set_is_told_from_when_it_has_shown_which_way_is_up() -> None:
    chunk, simulation = uncalibrated()
    told = told_of(cut(chunk, range(len(chunk))))
    truth = simulation.truth["repetitions"]
    shown_s = truth[4]["end_s"] + 1.0
    assert not any(told[: round(50.0 * truth[3]["start_s"])])
    later = [s for s in told if s is not None and shown_s < s.at_s < truth[-1]["end_s"] + 2.0]
    phases = [after.phase for before, after in pairwise(later) if after.phase is not before.phase]
    assert phases == [LIFT, HOLD, LOWER, REST] * 3
    assert later[-1].repetitions == len(whole(chunk)) == 8
    assert later[-1].hold_s == whole(chunk)[-1].hold_s
    assert told[-1] is None, "the set is long over"


@settings(max_examples=8)
@given(st.lists(st.integers(1500, 4000), max_size=4))
def test_what_is_told_without_a_calibration_does_not_depend_on_the_cuts(cuts: list[int]) -> None:
    chunk, _ = uncalibrated()
    pieces = cut(chunk, cuts)
    whole = [joined(pieces[: number + 1]) for number in range(len(pieces))]
    assert told_of(pieces) == [told_of([each])[-1] for each in whole]


@pytest.mark.parametrize("segment", SENSORS)
@settings(max_examples=8)
@given(
    cuts=st.lists(st.integers(1500, 4000), max_size=4),
    gap=st.tuples(st.floats(32.0, 60.0), st.floats(0.1, 3.0)),
)
def test_what_is_told_does_not_depend_on_how_the_stream_is_cut(
    segment: Segment, cuts: list[int], gap: tuple[float, float]
) -> None:
    chunk, _ = bridges(segment)
    pieces = cut(without(chunk, segment, gap[0], sum(gap)), cuts)
    whole = [joined(pieces[: number + 1]) for number in range(len(pieces))]
    assert followed(pieces) == [followed([each])[-1] for each in whole]


@pytest.mark.parametrize("segment", SENSORS)
def test_what_is_told_is_the_same_sample_by_sample(segment: Segment) -> None:
    chunk, _ = bridges(segment)
    assert (
        sample_by_sample(segment)[49::50]
        == followed(cut(chunk, range(0, len(chunk), 50)))[: len(chunk) // 50]
    )
