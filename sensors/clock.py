"""Time of samples: counters that wrap, and where samples are missing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sensors.types import FloatArray, Gap

MAX_BRIDGED_S = 0.1
"""Missing time up to this is bridged by interpolation: at 20 Hz it is two samples."""

_ROUNDING_S = 2e-6
"""What rounding two stamps to microseconds can add to their step."""


def is_gap(missing_s: FloatArray) -> NDArray[np.bool_]:
    """Whether so much missing time (n,) between two samples is too long to be bridged."""
    return missing_s > MAX_BRIDGED_S + _ROUNDING_S


class GapFinder:
    """Finds the gaps of one stream, however it is cut into chunks.

    A gap is missing time longer than 0.1 s. It starts one sample interval after the last sample
    before it and ends at the next sample.
    """

    def __init__(self, rate_hz: float) -> None:
        self._interval_s = 1 / rate_hz
        self._last_s: float | None = None

    def update(self, t_s: FloatArray) -> list[Gap]:
        """Take the times (n,) of the next samples; return the gaps before or between them."""
        if len(t_s) == 0:
            return []
        before = t_s[:1] if self._last_s is None else [self._last_s]
        times = np.concatenate([before, t_s])
        self._last_s = float(t_s[-1])
        missing = is_gap(np.diff(times) - self._interval_s)
        starts, ends = times[:-1][missing] + self._interval_s, times[1:][missing]
        return [Gap(float(start), float(end)) for start, end in zip(starts, ends, strict=True)]


def gaps(t_s: FloatArray, rate_hz: float) -> list[Gap]:
    """All gaps of a whole stream with sample times `t_s` (n,)."""
    return GapFinder(rate_hz).update(t_s)


class CounterClock:
    """Seconds from a device counter that wraps, from the first count of the stream onwards.

    `ticks_hz` is how many counts make a second and `modulus` the count at which the counter starts
    again from 0, such as 2**32. A count that is smaller than the one before it has wrapped once;
    silence longer than a whole turn of the counter cannot be seen.
    """

    def __init__(self, ticks_hz: float, modulus: int) -> None:
        self._ticks_hz = ticks_hz
        self._modulus = modulus
        self._last: int | None = None
        self._elapsed = 0

    def seconds(self, counts: NDArray[np.integer]) -> FloatArray:
        """Seconds (n,) since the first count ever given, for the next counts (n,)."""
        if len(counts) == 0:
            return np.empty(0)
        counts = counts.astype(np.int64)
        before = counts[0] if self._last is None else self._last
        steps = np.diff(counts, prepend=before) % self._modulus
        elapsed = self._elapsed + np.cumsum(steps)
        self._last, self._elapsed = int(counts[-1]), int(elapsed[-1])
        return elapsed / self._ticks_hz


def without_bursts(arrival_s: FloatArray, rate_hz: float) -> FloatArray:
    """When samples (n,) were taken, from when they arrived: never earlier, often late and bunched.

    Samples are at least one interval apart, and none is taken after it arrives; the latest times
    that satisfy both are returned. `rate_hz` must not be below the sensor's true rate.
    """
    even_s = np.arange(len(arrival_s)) / rate_hz
    delay_s = arrival_s - even_s
    return even_s + np.minimum.accumulate(delay_s[::-1])[::-1]
