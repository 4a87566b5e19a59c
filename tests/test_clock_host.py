"""The time of samples by the host's clock, over links that are late, bunched and cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sensors.clock import HostClock, gaps
from sensors.types import FloatArray

RATE_HZ = 100.0
PER_NOTIFICATION = 8
CONVERGED_S = 20.0

seeds = st.integers(0, 2**32 - 1)
drifts_ppm = st.floats(-20.0, 20.0)


def link(
    seed: int, *, drift_ppm: float = 0.0, jitter_s: float = 0.03, duration_s: float = 90.0
) -> list[tuple[FloatArray, FloatArray, float]]:
    """Notifications: when their samples really were taken, their device times, their arrival.

    One in a hundred is late by up to 3 s more, and holds up those behind it.
    """
    rng = np.random.default_rng(seed)
    count = round(duration_s * RATE_HZ / PER_NOTIFICATION)
    true_s = 5.0 + np.arange(count * PER_NOTIFICATION).reshape(count, -1) / RATE_HZ
    late_s = np.where(rng.random(count) < 0.01, rng.uniform(0.0, 3.0, count), 0.0)
    arrival_s = true_s[:, -1] + rng.exponential(jitter_s, count) + late_s
    arrival_s = np.maximum.accumulate(arrival_s)
    device_s = (true_s - 5.0) * (1.0 + drift_ppm * 1e-6)
    return list(zip(true_s, device_s, arrival_s.tolist(), strict=True))


@given(seed=seeds, drift_ppm=drifts_ppm)
@settings(max_examples=30)
def test_samples_are_placed_to_5_ms_through_jitter_and_drift(seed: int, drift_ppm: float) -> None:
    clock = HostClock()
    notifications = link(seed, drift_ppm=drift_ppm)
    found_s = np.concatenate([clock.seconds(device_s, at) for _, device_s, at in notifications])
    true_s = np.concatenate([true for true, _, _ in notifications])
    settled = true_s > true_s[0] + CONVERGED_S
    assert np.abs(found_s - true_s)[settled].max() < 0.005


@given(seed=seeds, ppm=st.tuples(drifts_ppm, drifts_ppm))
@settings(max_examples=15)
def test_two_sensors_that_drift_apart_stay_within_5_ms_of_each_other(
    seed: int, ppm: tuple[float, float]
) -> None:
    placed = []
    for offset, drift_ppm in enumerate(ppm):
        clock = HostClock()
        notifications = link(seed + offset, drift_ppm=drift_ppm, duration_s=300.0)
        placed.append(np.concatenate([clock.seconds(d, at) for _, d, at in notifications]))
    apart_s = np.abs(placed[0] - placed[1])[round(CONVERGED_S * RATE_HZ) :]
    assert apart_s.max() < 0.005


@given(
    steps_s=arrays.arrays(float, 60, elements=st.floats(0.001, 20.0)),
    delays_s=arrays.arrays(float, 60, elements=st.floats(0.0, 40.0)),
    restarts=st.sets(st.integers(1, 59)),
)
def test_times_rise_strictly_whatever_the_link_does(
    steps_s: FloatArray, delays_s: FloatArray, restarts: set[int]
) -> None:
    clock = HostClock()
    device_s = np.cumsum(steps_s)
    found = []
    for index, (at_s, delay_s) in enumerate(zip(device_s, delays_s, strict=True)):
        if index in restarts:
            clock.restart()
        found.append(clock.seconds(np.array([at_s - 5e-4, at_s]), float(at_s + delay_s)))
    assert (np.diff(np.concatenate(found)) > 0).all()


@given(seed=seeds)
@settings(max_examples=15)
def test_what_is_learnt_at_the_start_makes_no_gap(seed: int) -> None:
    clock = HostClock()
    found = [clock.seconds(device_s, at) for _, device_s, at in link(seed, jitter_s=0.2)]
    assert gaps(np.concatenate(found), RATE_HZ) == []


def test_missing_samples_stay_missing_for_as_long_as_they_were() -> None:
    clock = HostClock()
    notifications = [each for each in link(1) if not 40.0 < each[0][0] < 47.0]
    found = np.concatenate([clock.seconds(device_s, at) for _, device_s, at in notifications])
    (gap,) = gaps(found, RATE_HZ)
    assert gap.end_s - gap.start_s == pytest.approx(7.0, abs=0.1)


@given(seed=seeds, drift_ppm=drifts_ppm, away_s=st.floats(2.0, 120.0), pace=st.floats(1.5, 20.0))
@settings(max_examples=30)
def test_samples_that_waited_keep_their_times_and_move_no_others(
    seed: int, drift_ppm: float, away_s: float, pace: float
) -> None:
    clock = HostClock(latest_s=np.inf)
    found, true = [], []
    for true_s, device_s, at in link(seed, drift_ppm=drift_ppm, duration_s=240.0):
        waited_s = true_s[-1] - 60.0
        back_s = 60.0 + away_s + waited_s / pace
        arrival_s = max(at, back_s) if waited_s > 0 else at
        found.append(clock.seconds(device_s, arrival_s))
        true.append(true_s)
    error_s = np.concatenate(found) - np.concatenate(true)
    assert np.abs(error_s[round(CONVERGED_S * RATE_HZ) :]).max() < 0.005
    assert gaps(np.concatenate(found), RATE_HZ) == []


def test_a_clock_that_after_a_gap_is_late_for_good_is_another() -> None:
    clock = HostClock(latest_s=np.inf)
    for true_s, device_s, at in link(5, duration_s=200.0):
        if true_s[0] < 50.0:
            clock.seconds(device_s, at)
        elif true_s[0] > 100.0:
            last_s = clock.seconds(device_s - 30.0, at) - true_s
    assert np.abs(last_s).max() < 0.005


@pytest.mark.parametrize("new_start_s", [0.0, 4000.0], ids=["back to zero", "far ahead"])
def test_a_device_that_starts_its_clock_anew_is_followed(new_start_s: float) -> None:
    clock = HostClock()
    found = []
    for true_s, device_s, at in link(3):
        jump_s = new_start_s - 45.0 if true_s[0] >= 50.0 else 0.0
        found.append((true_s, clock.seconds(device_s + jump_s, at)))
    error_s = np.concatenate([host_s - true_s for true_s, host_s in found[-200:]])
    assert np.abs(error_s).max() < 0.005


def test_a_reconnected_device_is_measured_anew_and_never_behind_the_past() -> None:
    clock = HostClock()
    before_s = clock.seconds(np.array([10.00, 10.01]), 50.0)
    clock.restart()
    after_s = clock.seconds(np.arange(8) / RATE_HZ, 50.02)
    assert before_s[-1] < after_s[0] < before_s[-1] + 0.002
    settled_s = [clock.seconds(np.array([at]), 50.0 + at) for at in np.arange(0.1, 10.0, 0.1)]
    assert settled_s[-1][0] == pytest.approx(59.9 - 0.05, abs=0.01)


def test_an_empty_notification_tells_nothing() -> None:
    clock = HostClock()
    assert len(clock.seconds(np.empty(0), 1.0)) == 0
    assert clock.seconds(np.array([0.0]), 2.0)[0] == 2.0
