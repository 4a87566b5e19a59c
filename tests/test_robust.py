"""Trends that stray values do not bend, and that chance seldom makes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from analytics.robust import CHANCE, chance_of_trend, slope, trend


@given(st.floats(-5.0, 5.0), st.floats(-50.0, 50.0), st.integers(8, 40))
def test_a_slope_stands_when_a_fifth_of_the_points_are_strays(
    per_step: float, offset: float, count: int
) -> None:
    at = np.arange(count, dtype=float)
    values = offset + per_step * at
    values[:: max(count // (count // 5), 5)] += 1000.0
    assert slope(at, values) == pytest.approx(per_step, abs=1e-6 + 0.1 * abs(per_step))


@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=14, unique=True))
def test_the_chance_of_a_trend_is_that_of_kendalls_exact_test(values: list[int]) -> None:
    exact = kendalltau(np.arange(len(values)), values, method="exact").pvalue
    assert chance_of_trend(np.array(values, dtype=float)) == pytest.approx(exact, abs=1e-9)


def test_equal_values_are_no_trend() -> None:
    assert chance_of_trend(np.ones(10)) == 1.0
    flat = trend([3.0] * 10)
    assert flat is not None
    assert (flat.per_step, flat.change, flat.sure) == (0.0, 0.0, False)


def test_four_values_are_too_few_to_be_sure_and_five_are_enough() -> None:
    four, five = trend([4.0, 3.0, 2.0, 1.0]), trend([5.0, 4.0, 3.0, 2.0, 1.0])
    assert four is not None
    assert five is not None
    assert (four.sure, five.sure) == (False, True)
    assert five.change == pytest.approx(-4.0)


def test_one_value_has_no_trend() -> None:
    assert trend([1.0]) is None


def test_chance_makes_a_sure_trend_as_seldom_as_it_says() -> None:
    rng = np.random.default_rng(1)
    sure = [trend(list(rng.normal(size=10))) for _ in range(1000)]
    assert np.mean([each is not None and each.sure for each in sure]) <= CHANCE + 0.01
