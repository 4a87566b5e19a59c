"""What validation gives: figures with 95 % intervals, a person or a trial at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import stats

from sensors.types import FloatArray

CONFIDENCE = 0.95
BLOCK_S = 10.0
"""Errors closer than this follow each other, so whole blocks of them are drawn together."""

DRAWS = 1000
ALL = "all"


class Unit(StrEnum):
    """What a figure is given in."""

    SHARE = "%"
    DEGREES = "°"
    SECONDS = "s"
    PER_HOUR = "an hour"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number: whose, of what, over how many cases, and what was asked of it.

    `low` and `high` are the 95 % interval, NaN where one case gives none. `asked` is the least
    share, or the largest error or rate, that is asked for, None where nothing is.
    """

    data_set: str
    subject: str
    what: str
    value: float
    low: float
    high: float
    unit: Unit
    count: int
    asked: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the value is what was asked; None where nothing was."""
        if self.asked is None:
            return None
        return self.value >= self.asked if self.unit is Unit.SHARE else self.value <= self.asked


@dataclass(frozen=True, slots=True)
class Kind:
    """What the figures of several subjects have in common."""

    data_set: str
    what: str
    unit: Unit
    asked: float | None = None


def share(kind: Kind, subject: str, hits: int, count: int) -> Figure:
    """A share in percent with Wilson's interval."""
    return _figure(kind, subject, 100 * hits / count, *_wilson(hits, count), count)


def rate(kind: Kind, subject: str, events: int, hours: float) -> Figure:
    """Events an hour with the exact interval of a Poisson count (Garwood 1936, Biometrika 28)."""
    tail = 0.5 - CONFIDENCE / 2
    low = float(stats.chi2.ppf(tail, 2 * events)) / 2 if events else 0.0
    high = float(stats.chi2.ppf(1.0 - tail, 2 * events + 2)) / 2
    return _figure(kind, subject, events / hours, low / hours, high / hours, events)


def quantile(
    kind: Kind, subject: str, values: Sequence[FloatArray | Sequence[float]], part: float
) -> Figure:
    """A quantile of values in groups, with the interval of a bootstrap over the groups.

    Values of one group, a person's or a recording's, follow each other.
    """
    groups = [np.asarray(group, dtype=float) for group in values if len(group)]
    rng = np.random.default_rng(0)
    drawn = [
        np.quantile(np.concatenate([groups[index] for index in draw]), part)
        for draw in rng.integers(len(groups), size=(DRAWS, len(groups)))
    ]
    pooled_values = np.concatenate(groups)
    value = float(np.quantile(pooled_values, part))
    return _figure(kind, subject, value, *_percentiles(np.array(drawn)), len(pooled_values))


def rmse(kind: Kind, subject: str, errors_deg: FloatArray, rate_hz: float) -> Figure:
    """A root mean square error with the interval of a bootstrap over blocks of ten seconds."""
    blocks = np.array_split(errors_deg, max(int(len(errors_deg) / (BLOCK_S * rate_hz)), 1))
    squares = [float(np.mean(block**2)) for block in blocks]
    low, high = _bootstrapped(squares)
    value = float(np.sqrt(np.mean(errors_deg**2)))
    return _figure(kind, subject, value, float(np.sqrt(low)), float(np.sqrt(high)), len(errors_deg))


def mean_of(kind: Kind, figures: Iterable[Figure]) -> Figure:
    """The mean over subjects with the interval of Student's t."""
    values = [figure.value for figure in figures]
    mean = float(np.mean(values))
    half = float("nan")
    if len(values) > 1:
        t = float(stats.t.ppf(0.5 + CONFIDENCE / 2, len(values) - 1))
        half = t * float(np.std(values, ddof=1)) / np.sqrt(len(values))
    return _figure(kind, ALL, mean, mean - half, mean + half, len(values))


def pooled(kind: Kind, hits: Sequence[int], counts: Sequence[int]) -> Figure:
    """The share over all subjects, in percent.

    The interval is the wider of a bootstrap over subjects and Wilson's, as the first knows nothing
    of what was never seen to fail.
    """
    pairs = np.array([hits, counts], dtype=float).T
    rng = np.random.default_rng(0)
    draws = pairs[rng.integers(len(pairs), size=(DRAWS, len(pairs)))].sum(axis=1)
    low, high = _percentiles(100 * draws[:, 0] / draws[:, 1])
    wilson_low, wilson_high = _wilson(sum(hits), sum(counts))
    value = 100 * sum(hits) / sum(counts)
    return _figure(kind, ALL, value, min(low, wilson_low), max(high, wilson_high), sum(counts))


def _wilson(hits: int, count: int) -> tuple[float, float]:
    z = float(stats.norm.ppf(0.5 + CONFIDENCE / 2))
    p = hits / count
    centre = (p + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z * np.sqrt(p * (1 - p) / count + z**2 / (4 * count**2)) / (1 + z**2 / count)
    return float(100 * (centre - half)), float(100 * (centre + half))


def _bootstrapped(values: Sequence[float]) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(values), size=(DRAWS, len(values)))
    return _percentiles(np.asarray(values)[drawn].mean(axis=1))


def _percentiles(values: FloatArray) -> tuple[float, float]:
    low, high = np.quantile(values, (0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2))
    return float(low), float(high)


def _figure(kind: Kind, subject: str, value: float, low: float, high: float, count: int) -> Figure:
    return Figure(
        data_set=kind.data_set,
        subject=subject,
        what=kind.what,
        value=float(value),
        low=float(low),
        high=float(high),
        unit=kind.unit,
        count=count,
        asked=kind.asked,
    )
