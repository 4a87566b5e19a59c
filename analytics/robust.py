"""Slopes that a stray value does not bend, and whether a rise or fall is more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sensors.types import FloatArray

CHANCE = 0.05
"""Values in random order would look like a sure trend this often (the usual level of tests)."""


@dataclass(frozen=True, slots=True)
class Trend:
    """How values change in their order: `per_step` from one to the next, `change` over them all.

    `sure` says that so orderly a change would come by chance in fewer than 5 % of random orders;
    that takes five values at least.
    """

    per_step: float
    change: float
    sure: bool


def trend(values: Sequence[float]) -> Trend | None:
    """The trend of values in their order; None for fewer than two."""
    if len(values) < 2:
        return None
    array = np.asarray(values, dtype=float)
    per_step = slope(np.arange(len(array), dtype=float), array)
    return Trend(per_step, per_step * (len(array) - 1), chance_of_trend(array) < CHANCE)


def slope(at: FloatArray, values: FloatArray) -> float:
    """Median of the slopes between all pairs of points (n,) and (n,), n at least 2.

    It stands as long as no more than 29 % of the points are strays (Theil 1950; Sen 1968, J Am Stat
    Assoc 63:1379).
    """
    first, second = np.triu_indices(len(at), 1)
    return float(np.median((values[second] - values[first]) / (at[second] - at[first])))


def chance_of_trend(values: FloatArray) -> float:
    """Probability, two-sided, that values (n,) in random order rise or fall as orderly as these.

    Kendall's exact test (Mann 1945, Econometrica 13:245): the pairs that are out of order, against
    their distribution over all orders. Equal values speak for neither, which errs to caution.
    """
    first, second = np.triu_indices(len(values), 1)
    score = abs(float(np.sign(values[second] - values[first]).sum()))
    out_of_order = int(np.ceil((len(first) - score) / 2.0))
    shares = np.ones(1)
    for count in range(2, len(values) + 1):
        shares = np.convolve(shares, np.full(count, 1.0 / count))
    return float(min(2.0 * shares[: out_of_order + 1].sum(), 1.0))
