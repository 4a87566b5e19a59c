"""Time of samples: counters that wrap, clocks that drift, and where samples are missing."""

from __future__ import annotations

import math
import time
from collections import deque

import numpy as np
from numpy.typing import NDArray

from sensors.types import FloatArray, Gap

MAX_BRIDGED_S = 0.1
"""Missing time up to this is bridged by interpolation: at 20 Hz it is two samples."""

_ROUNDING_S = 2e-6
"""What rounding two stamps to microseconds can add to their step."""

LONGEST_BRIDGED_S = MAX_BRIDGED_S + _ROUNDING_S
"""Missing time between two stamps that is still bridged."""

_CORRECTION_S = 1.0
"""Time constant in which a better knowledge of the device's clock is taken over."""

_MOST_CORRECTION = 0.5
"""Largest change of pace meanwhile: time neither stands still nor leaves a gap."""

_LEAST_STEP_S = 1e-3
"""Time from the last sample of a link to the first of the next, where they seem to overlap."""

_CLOCK_STEP_S = 60.0
"""Disagreement between two clocks that no late notification explains: the device set its own."""

_WAITED_S = 1.0
"""Lateness beyond that of any link in use: the samples waited, on the sensor or on the way."""

_LESS_LATE_S = 0.1
"""Samples that waited come less and less late by so much, as the sensor catches up."""


def now_s() -> float:
    """Seconds since the computer was started, also while it slept where the system counts those."""
    counting = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
    return time.monotonic() if counting is None else time.clock_gettime(counting)


def _is_gap(missing_s: FloatArray) -> NDArray[np.bool_]:
    """Whether so much missing time (n,) between two samples is too long to be bridged."""
    return missing_s > LONGEST_BRIDGED_S


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
        before_s = t_s[0] if self._last_s is None else self._last_s
        self._last_s = float(t_s[-1])
        longest_s = (t_s[1:] - t_s[:-1]).max(initial=t_s[0] - before_s)
        if not _is_gap(longest_s - self._interval_s):
            return []
        times = np.concatenate([[before_s], t_s])
        missing = _is_gap(np.diff(times) - self._interval_s)
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


class HostClock:
    """When samples were taken by the host's clock, from a device's clock and when they arrived.

    Notifications come late by a varying delay, now and then by seconds, but never early. So the
    difference of the two clocks is taken to be the smallest (arrival − device) of the last
    `window_s` seconds: exact to the shortest delay of the link, and following a drift of 100 ppm
    within 3 ms. A sensor that only counts samples drifts more; a shorter window follows it.

    Samples that waited, which come more than `waited_s` late, tell nothing of the device's clock
    and do not age what is known of it: it holds through an outage and the catching up after it.

    What is found later never moves earlier samples and never reorders them: a correction is spread
    over the next samples, whose pace changes by a half at most.
    """

    def __init__(
        self,
        *,
        window_s: float = 30.0,
        waited_s: float = _WAITED_S,
        latest_s: float = _CLOCK_STEP_S,
    ) -> None:
        self._window_s = window_s
        self._waited_s = waited_s
        self._latest_s = latest_s
        self._lowest: deque[tuple[float, float]] = deque()
        self._heard_s = 0.0
        self._offset_s: float | None = None
        self._doubted: tuple[float, float] | None = None
        self._last_device_s = 0.0
        self._last_host_s = -np.inf

    def restart(self) -> None:
        """The link was made anew: what was known of the device's clock may not hold any more."""
        self._lowest.clear()
        self._offset_s = None
        self._doubted = None

    def seconds(self, device_s: FloatArray, arrival_s: float) -> FloatArray:
        """Host seconds (n,) of the samples of one notification, which rise strictly ever after.

        `device_s` (n,) are their times by the device's clock, rising, and `arrival_s` is when the
        notification came by the host's. A device clock begins anew that steps back, that steps
        ahead by more than a minute against the host's, or behind it by more than `latest_s`, or
        that after a gap is late and stays as late for a whole window: no backlog does that.
        """
        if len(device_s) == 0:
            return np.empty(0)
        delay_s = arrival_s - float(device_s[-1])
        if self._is_another_clock(float(device_s[0]), arrival_s, delay_s):
            self.restart()
        if self._offset_s is None or delay_s - self._offset_s <= self._waited_s:
            self._note(float(device_s[-1]), delay_s)
        before_s, after_s = self._offsets(device_s)
        since = [self._last_device_s, float(device_s[-1])]
        host_s: FloatArray = device_s + np.interp(device_s, since, [before_s, after_s])
        self._offset_s = after_s
        self._last_device_s, self._last_host_s = float(device_s[-1]), float(host_s[-1])
        return host_s

    def _is_another_clock(self, first_s: float, arrival_s: float, delay_s: float) -> bool:
        if self._offset_s is None:
            return False
        late_s = delay_s - self._offset_s
        if first_s <= self._last_device_s or not -_CLOCK_STEP_S <= late_s <= self._latest_s:
            return True
        if late_s <= self._waited_s:
            self._doubted = None
        elif self._is_new_doubt(first_s, delay_s):
            self._doubted = arrival_s, delay_s
        return self._doubted is not None and arrival_s - self._doubted[0] > self._window_s

    def _is_new_doubt(self, first_s: float, delay_s: float) -> bool:
        """Whether late samples follow a gap, or are less late than those which did."""
        if first_s - self._last_device_s > _WAITED_S:
            return True
        return self._doubted is not None and delay_s < self._doubted[1] - _LESS_LATE_S

    def _note(self, device_s: float, delay_s: float) -> None:
        """Keep the rising minima of the window: the first of them is its smallest delay."""
        self._heard_s += device_s - self._last_device_s
        while self._lowest and self._lowest[-1][1] >= delay_s:
            self._lowest.pop()
        self._lowest.append((self._heard_s, delay_s))
        while self._lowest[0][0] < self._heard_s - self._window_s:
            self._lowest.popleft()

    def _offsets(self, device_s: FloatArray) -> tuple[float, float]:
        """Host − device at the last sample before these and at the last of these."""
        wanted_s = self._lowest[0][1]
        if self._offset_s is None:
            first_s = max(wanted_s, self._last_host_s + _LEAST_STEP_S - float(device_s[0]))
            return first_s, first_s
        passed_s = float(device_s[-1]) - self._last_device_s
        share = 1.0 - math.exp(-passed_s / _CORRECTION_S)
        correction_s = (wanted_s - self._offset_s) * share
        most_s = _MOST_CORRECTION * passed_s
        return self._offset_s, self._offset_s + min(max(correction_s, -most_s), most_s)


def without_bursts(arrival_s: FloatArray, rate_hz: float) -> FloatArray:
    """When samples (n,) were taken, from when they arrived: never earlier, often late and bunched.

    Samples are at least one interval apart, and none is taken after it arrives; the latest times
    that satisfy both are returned. `rate_hz` must not be below the sensor's true rate.
    """
    even_s = np.arange(len(arrival_s)) / rate_hz
    delay_s = arrival_s - even_s
    return even_s + np.minimum.accumulate(delay_s[::-1])[::-1]
