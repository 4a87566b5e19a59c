"""Sensors that lie about are told from sensors that are worn."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.body import BodyChunk, Segment
from analytics.detector import detect
from analytics.events import Event, SensorSlip, WearBout, WearState
from analytics.wear import WearDetector, with_slips
from sensors.types import GRAVITY_MS2, FloatArray
from tests.body_chunks import body, segment, without

WORN, NOT_WORN = WearState.WORN, WearState.NOT_WORN
RATE_PER_MIN = 3000

NOISE_MG = 3.0
BREATHING_MG = 25.0


def acc(*stretches: tuple[float, float], seed: int = 0) -> FloatArray:
    """Accelerations (n, 3) of a lying sensor, from (minutes, SD in mg) of each stretch."""
    sd = np.concatenate([np.full(round(minutes * RATE_PER_MIN), mg) for minutes, mg in stretches])
    noise = np.random.default_rng(seed).normal(size=(len(sd), 3)) * sd[:, np.newaxis]
    held: FloatArray = GRAVITY_MS2 * (np.array([1.0, 0.0, 0.0]) + 1e-3 * noise)
    return held


def lying(*accs: FloatArray) -> BodyChunk:
    names = (Segment.TRUNK, Segment.PELVIS)
    up = np.tile([1.0, 0.0, 0.0], (len(accs[0]), 1))
    return BodyChunk(
        0, {name: segment(up, acc=acc) for name, acc in zip(names, accs, strict=False)}
    )


def bouts(chunk: BodyChunk) -> list[Event]:
    return detect(WearDetector(), [chunk])


def worn(start_min: float, end_min: float) -> WearBout:
    return WearBout(state=WORN, start_s=60.0 * start_min, end_s=60.0 * end_min)


def not_worn(start_min: float, end_min: float) -> WearBout:
    return WearBout(state=NOT_WORN, start_s=60.0 * start_min, end_s=60.0 * end_min)


def test_half_an_hour_of_stillness_is_not_worn() -> None:
    chunk = lying(acc((5, BREATHING_MG), (30, NOISE_MG), (5, BREATHING_MG)))
    assert bouts(chunk) == [worn(0, 5), not_worn(5, 35), worn(35, 40)]


def test_less_stillness_is_worn() -> None:
    assert bouts(lying(acc((5, BREATHING_MG), (29, NOISE_MG), (5, BREATHING_MG)))) == [worn(0, 39)]


def test_a_recording_shorter_than_half_an_hour_is_worn() -> None:
    assert bouts(lying(acc((10.5, NOISE_MG)))) == [worn(0, 10.5)]


def test_a_recording_of_a_sensor_on_the_table_is_not_worn() -> None:
    assert bouts(lying(acc((40.5, NOISE_MG)))) == [not_worn(0, 40.5)]


def test_lying_still_but_breathing_is_worn() -> None:
    assert bouts(lying(acc((60, BREATHING_MG)))) == [worn(0, 60)]


def test_one_moving_sensor_of_two_is_enough_to_be_worn() -> None:
    chunk = lying(acc((40, NOISE_MG)), acc((40, BREATHING_MG), seed=1))
    assert bouts(chunk) == [worn(0, 40)]


def test_a_new_position_between_two_still_minutes_starts_a_new_stretch() -> None:
    still = acc((40, NOISE_MG))
    still[20 * RATE_PER_MIN :] = still[20 * RATE_PER_MIN :, [1, 0, 2]]
    assert bouts(lying(still)) == [worn(0, 40)]


@pytest.mark.parametrize("missing_min", [(10.0, 13.0), (10.2, 10.7)])
def test_missing_samples_do_not_end_a_stretch(missing_min: tuple[float, float]) -> None:
    chunk = lying(acc((40, NOISE_MG)))
    start_s, end_s = (60.0 * minute for minute in missing_min)
    assert bouts(without(chunk, Segment.TRUNK, start_s, end_s)) == [not_worn(0, 40)]


def test_missing_samples_alone_are_no_sign_of_not_wearing() -> None:
    assert bouts(body({Segment.TRUNK: np.full((40 * RATE_PER_MIN, 3), np.nan)})) == [worn(0, 40)]


def slip(start_min: float, end_min: float) -> SensorSlip:
    return SensorSlip(
        start_s=60.0 * start_min, end_s=60.0 * end_min, segment=Segment.TRUNK, tilt_deg=9.0
    )


def perhaps_slipped(start_min: float, end_min: float) -> WearBout:
    state = WearState.PERHAPS_SLIPPED
    return WearBout(state=state, start_s=60.0 * start_min, end_s=60.0 * end_min)


def test_a_slip_lies_between_sitting_right_and_being_found_tilted() -> None:
    found = with_slips([worn(0, 60), not_worn(60, 100)], [slip(20, 30)])
    assert found == (worn(0, 20), perhaps_slipped(20, 30), worn(30, 60), not_worn(60, 100))


def test_a_sensor_that_came_back_tilted_slipped_while_it_was_worn() -> None:
    found = with_slips([worn(0, 20), not_worn(20, 60), worn(60, 90)], [slip(10, 70)])
    assert found == (
        worn(0, 10),
        perhaps_slipped(10, 20),
        not_worn(20, 60),
        perhaps_slipped(60, 70),
        worn(70, 90),
    )


def test_two_slips_at_once_are_one_stretch_or_two() -> None:
    found = with_slips([worn(0, 60)], [slip(20, 30), slip(25, 40)])
    assert found == (worn(0, 20), perhaps_slipped(20, 30), perhaps_slipped(30, 40), worn(40, 60))


def test_no_samples_give_no_bouts() -> None:
    assert detect(WearDetector(), []) == []
