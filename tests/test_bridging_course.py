"""When a bridge was lifted, held and lowered, from the whole of what was felt."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.body import BODY_RATE_HZ
from analytics.bridging.course import Course, Felt, course
from sensors.simulator.motion import MinimumJerk
from sensors.types import GRAVITY_MS2, FloatArray

SIGMA = 4.0
TRUE = Course(100.0, 220.0, 400.0, 530.0, range_deg=8.0)
GUESS = Course(
    TRUE.start + 20.0, TRUE.hold_start - 20.0, TRUE.hold_end + 15.0, TRUE.end - 18.0, 7.6
)


def moved(begin_s: float, end_s: float) -> FloatArray:
    """A movement of minimum jerk from 0 to 1 and its second derivative (2, n), for 13 s."""
    t_s = np.arange(13 * round(BODY_RATE_HZ)) / BODY_RATE_HZ
    way = np.zeros((2, len(t_s)))
    way[0, t_s >= end_s] = 1.0
    within = (t_s >= begin_s) & (t_s < end_s)
    way[:, within] = MinimumJerk(end_s - begin_s).at(t_s[within] - begin_s)[::2]
    return way


def smooth(values: FloatArray) -> FloatArray:
    offsets = np.arange(-12, 13)
    kernel = np.exp(-0.5 * (offsets / SIGMA) ** 2)
    kernel /= kernel.sum()
    smoothed: FloatArray = np.convolve(np.pad(values, 12, mode="edge"), kernel, "valid")
    return smoothed


def bridge(*, breath_deg: float = 0.0, sway_s2: float = 0.0, breathes: bool = False) -> Felt:
    """A bridge of 8° as a sensor feels it that rises by 0.3 m for each radian."""
    start_s, hold_start_s, hold_end_s, end_s = (each / BODY_RATE_HZ for each in TRUE[:4])
    way, bend = TRUE.range_deg * (moved(start_s, hold_start_s) - moved(hold_end_s, end_s))
    breath_rads = 2.0 * np.pi * 0.23
    breath = breath_deg * np.sin(breath_rads * np.arange(len(way)) / BODY_RATE_HZ + 1.0)
    noise = np.random.default_rng(1).normal(0.0, 0.02, (2, len(way)))
    return Felt(
        tilt_deg=smooth(way + sway_s2 * bend + breath + noise[0]) - 2.0,
        force_ms2=smooth(GRAVITY_MS2 + 0.3 * np.radians(bend) + noise[1]),
        sigma=SIGMA,
        breathes=breathes,
        sways=sway_s2 != 0.0,
    )


def errors_s(found: Course | None) -> FloatArray:
    assert found is not None
    return np.abs(np.subtract(found[:4], TRUE[:4])) / BODY_RATE_HZ


def test_the_ends_of_a_slow_movement_are_told_by_its_whole_course() -> None:
    assert errors_s(course(bridge(), GUESS, lowered=True)).max() < 0.03


def test_breathing_is_told_from_lifting() -> None:
    felt = bridge(breath_deg=0.5, breathes=True)
    assert errors_s(course(felt, GUESS, lowered=True)).max() < 0.1


@pytest.mark.parametrize("sway_s2", [-0.012, 0.012])
def test_what_an_accelerometer_takes_for_tilt_is_told_from_it(sway_s2: float) -> None:
    found = course(bridge(sway_s2=sway_s2), GUESS, lowered=True)
    assert errors_s(found).max() < 0.15
    assert found is not None
    assert found.range_deg == pytest.approx(TRUE.range_deg, abs=0.1)


def test_a_lift_is_timed_while_the_hips_are_still_held() -> None:
    whole = bridge()
    until = round(TRUE.hold_start + BODY_RATE_HZ)
    felt = Felt(whole.tilt_deg[:until], whole.force_ms2[:until], SIGMA, breathes=False, sways=False)
    guess = GUESS._replace(hold_end=until - 1.0, end=until - 1.0)
    assert errors_s(course(felt, guess, lowered=False))[:2].max() < 0.05


def test_what_goes_otherwise_has_no_course() -> None:
    felt = bridge()
    stairs = 2.0 * np.round(0.5 * felt.tilt_deg) + np.where(np.arange(650) % 100 < 50, 1.5, 0.0)
    assert course(Felt(stairs, felt.force_ms2, SIGMA, False, False), GUESS, lowered=True) is None


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_samples_that_tell_nothing_have_no_course(value: float) -> None:
    nothing = np.full(650, value)
    felt = Felt(nothing, nothing, SIGMA, breathes=True, sways=True)
    assert course(felt, GUESS._replace(range_deg=0.0), lowered=True) is None
