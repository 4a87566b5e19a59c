"""Where samples are missing, and when they were taken."""

from __future__ import annotations

from dataclasses import astuple
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sensors.clock import CounterClock, GapFinder, gaps, without_bursts

cuts = st.lists(st.integers(0, 200), max_size=8).map(lambda xs: [0, *sorted(xs), 200])


def test_time_beyond_a_tenth_of_a_second_is_missing() -> None:
    t_s = np.array([0.0, 0.01, 0.12, 0.13, 0.25, 1.25])
    first, second = gaps(t_s, 100.0)
    assert astuple(first) == pytest.approx((0.14, 0.25))
    assert astuple(second) == pytest.approx((0.26, 1.25))


@pytest.mark.parametrize("rate_hz", [20.0, 25.0, 50.0, 52.0, 100.0, 286.0])
def test_a_tenth_of_a_second_is_no_gap_though_times_are_rounded(rate_hz: float) -> None:
    starts = np.arange(50) * 0.321
    t_s = np.round(np.sort(np.concatenate([starts, starts + 0.1 + 1 / rate_hz])), 6)
    assert all(gap.end_s - gap.start_s > 0.11 for gap in gaps(t_s, rate_hz))


@given(cuts=cuts, seed=st.integers(0, 1000))
def test_gaps_do_not_depend_on_the_cut(cuts: list[int], seed: int) -> None:
    t_s = np.cumsum(np.random.default_rng(seed).choice([0.02, 0.02, 0.3, 7.0], 200))
    finder = GapFinder(50.0)
    found = [gap for start, end in pairwise(cuts) for gap in finder.update(t_s[start:end])]
    assert found == gaps(t_s, 50.0)


@given(
    steps=st.lists(st.integers(1, 4000), min_size=200, max_size=200),
    start=st.integers(0, 4095),
    cuts=cuts,
)
def test_a_wrapping_counter_is_unwrapped_however_it_is_cut(
    steps: list[int], start: int, cuts: list[int]
) -> None:
    ticks = np.cumsum(steps)
    clock = CounterClock(ticks_hz=1000, modulus=4096)
    counts = (start + ticks) % 4096
    found = [clock.seconds(counts[first:last]) for first, last in pairwise(cuts)]
    assert_array_equal(np.concatenate(found), (ticks - ticks[0]) / 1000)


@given(
    late_s=st.lists(st.floats(0, 0.4), min_size=50, max_size=50), rate_hz=st.sampled_from([20, 200])
)
def test_bursts_are_spread_to_at_least_an_interval_and_never_later(
    late_s: list[float], rate_hz: float
) -> None:
    arrival_s = np.maximum.accumulate(np.arange(50) / rate_hz + np.array(late_s))
    t_s = without_bursts(arrival_s, rate_hz)
    assert np.all(np.diff(t_s) > 0.999 / rate_hz)
    assert np.all(t_s <= arrival_s + 1e-9)


def test_a_stalled_link_makes_no_gap_but_lost_samples_do() -> None:
    taken_s = np.delete(np.arange(200) / 20.0, range(100, 120))
    arrival_s = np.where((taken_s > 2) & (taken_s < 4), 4.0, taken_s)
    t_s = without_bursts(arrival_s, 20.0)
    assert_allclose(t_s, taken_s)
    (gap,) = gaps(t_s, 20.0)
    assert astuple(gap) == pytest.approx((5.0, 6.0))
