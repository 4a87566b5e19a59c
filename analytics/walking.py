"""Bouts of walking and how steady they were, from one sensor on the pelvis or the trunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

import numpy as np

from analytics.body import BODY_RATE_HZ, BodyChunk, Segment
from analytics.detector import Variables, kernel, opened, variables
from analytics.events import Event, WalkingBout
from sensors.types import FloatArray

RHYTHM_RATE_HZ = BODY_RATE_HZ / 2.0
"""Rate of the vertical force in which a rhythm is looked for."""

_WINDOW = round(6.0 * RHYTHM_RATE_HZ)
_HOP = round(2.0 * RHYTHM_RATE_HZ)
_FIRST_LAG, _LAST_LAG = round(0.3 * RHYTHM_RATE_HZ), round(0.88 * RHYTHM_RATE_HZ)
_LAGS = 2 * _LAST_LAG + 3
_COLUMNS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkingParams:
    """What counts as walking. Defaults without a source are engineering judgement."""

    min_sd_ms2: float = 0.5
    """Vertical acceleration of slow walkers varies by 0.6 and more (Menz et al. 2003)."""
    max_sd_ms2: float = 5.0
    """Running varies by more …"""
    max_cadence_hz: float = 2.6
    """… and takes more steps."""
    min_step_regularity: float = 0.2
    min_stride_regularity: float = 0.4
    """Autocorrelation at a step, which a limp lowers, and at a stride, which it does not."""
    min_s: float = 10.0
    """Shorter walks are turns and steps about the room, and tell nothing of steadiness."""
    max_pause_s: float = 4.0
    """This long without a rhythm ends the bout: a turn does not."""


class Rhythm(NamedTuple):
    """How alike the vertical force is one step later and one stride later; see `rhythm`."""

    step_s: float
    step_regularity: float
    stride_regularity: float


class WalkingDetector:
    """Finds walking by its rhythm, and measures how alike its steps and strides are.

    Every two seconds the last six are looked at. The unbiased autocorrelation of the vertical
    acceleration has its peaks at one step and at one stride (Moe-Nilssen and Helbostad 2004,
    J Biomech 37:121); their heights are the regularity of steps and of strides, the place of the
    first tells the cadence. The vertical is known from gravity, so any mounting serves. A bout's
    values are the medians of its windows, so that turns count little.

    Of two sensors the pelvis tells, where the measures were published; regularity at the pelvis and
    at the chest should not be compared. What has the rhythm of walking is taken for it, a
    cross-trainer too.
    """

    def __init__(self, params: WalkingParams | None = None) -> None:
        self._params = params or WalkingParams()
        self._state = variables(start=np.nan, index=0, half=0, count=0)
        self._force = np.zeros(2 * _WINDOW)
        self._bout: list[Rhythm] = []
        self._first = self._last = 0

    @property
    def under_way_s(self) -> tuple[float, float] | None:
        """From when until when somebody walks just now, if that is long enough to be a walk."""
        start_s, end_s = self._first / BODY_RATE_HZ, (self._last + 1) / BODY_RATE_HZ
        return (start_s, end_s) if self._bout and end_s - start_s >= self._params.min_s else None

    def update(self, chunk: BodyChunk) -> list[Event]:
        """See `Detector.update`: the walks that have ended."""
        segment = chunk.segments.get(Segment.PELVIS) or chunk.segments.get(Segment.TRUNK)
        if segment is None:
            return []
        if np.isnan(self._state["start"]):
            self._state["start"] = chunk.start_index
        rows = np.empty((len(chunk) // (2 * _HOP) + 1, _COLUMNS))
        min_sd_ms2, acc, gyro, up = self._params.min_sd_ms2, segment.acc, segment.gyro, segment.up
        count = _follow(acc, gyro, up, min_sd_ms2, self._state, self._force, rows)
        events: list[Event] = []
        for last, sd_ms2, *rhythm in rows[:count].tolist():
            events += self._end_before(last)
            self._take(int(last), sd_ms2, Rhythm(*rhythm))
        return events + self._end_before(float(self._state["start"] + self._state["index"]))

    def finish(self) -> list[Event]:
        """See `Detector.finish`: the walk that lasted to the end."""
        return self._end()

    def _take(self, last: int, sd_ms2: float, rhythm: Rhythm) -> None:
        """Take a window that ends with sample `last`."""
        if sd_ms2 <= self._params.max_sd_ms2 and is_walking(rhythm, self._params):
            self._first = self._first if self._bout else last + 1 - 2 * _WINDOW
            self._last = last
            self._bout.append(rhythm)

    def _end_before(self, index: float) -> list[Event]:
        pause = self._params.max_pause_s * BODY_RATE_HZ
        return self._end() if self._bout and index - self._last > pause else []

    def _end(self) -> list[Event]:
        bout, self._bout = self._bout, []
        start_s, end_s = self._first / BODY_RATE_HZ, (self._last + 1) / BODY_RATE_HZ
        if not bout or end_s - start_s < self._params.min_s:
            return []
        return [_walking_bout(bout, start_s, end_s)]


def is_walking(rhythm: Rhythm, params: WalkingParams) -> bool:
    """Whether steps and strides repeat as in walking."""
    return (
        rhythm.step_s * params.max_cadence_hz >= 1.0
        and rhythm.step_regularity >= params.min_step_regularity
        and rhythm.stride_regularity >= params.min_stride_regularity
    )


def _walking_bout(rhythms: Sequence[Rhythm], start_s: float, end_s: float) -> WalkingBout:
    step_s = median(each.step_s for each in rhythms)
    return WalkingBout(
        start_s=start_s,
        end_s=end_s,
        steps=round((end_s - start_s) / step_s),
        cadence_hz=1.0 / step_s,
        step_regularity=median(each.step_regularity for each in rhythms),
        stride_regularity=median(each.stride_regularity for each in rhythms),
    )


@kernel
def _follow(
    acc: FloatArray,
    gyro: FloatArray,
    up: FloatArray,
    min_sd_ms2: float,
    kept: Variables,
    force: FloatArray,
    rows: FloatArray,
) -> int:
    """Write last sample, standard deviation and rhythm of each window in which the trunk moves.

    `force` (2 * _WINDOW,) holds the last vertical forces, each the mean of two samples. Without a
    gyroscope the vertical lags, and all of the force is taken to be vertical.
    """
    state = opened(kept)
    index, end, half = int(state.index), int(state.count), float(state.half)
    count = 0
    for i in range(len(acc)):
        x, y, z = acc[i, 0], acc[i, 1], acc[i, 2]
        vertical = x * up[i, 0] + y * up[i, 1] + z * up[i, 2]
        if np.isnan(gyro[i, 0]):
            vertical = np.sqrt(x * x + y * y + z * z)
        index += 1
        if index & 1:
            half = vertical
            continue
        force[end] = 0.5 * (half + vertical)
        end += 1
        if end % _HOP or end < _WINDOW:
            continue
        window = force[end - _WINDOW : end]
        sd_ms2 = np.std(window)
        if sd_ms2 >= min_sd_ms2:
            rows[count, 0] = state.start + index - 1
            rows[count, 1] = sd_ms2
            rows[count, 2], rows[count, 3], rows[count, 4] = rhythm(window)
            count += 1
        if end == len(force):
            end = _WINDOW
            for k in range(_WINDOW):
                force[k] = force[_WINDOW + k]
    state.index, state.count, state.half = index, end, half
    return count


@kernel
def rhythm(force: FloatArray) -> tuple[float, float, float]:
    """The fields of `Rhythm` of vertical forces (n,) at `RHYTHM_RATE_HZ`, 4 s or more.

    The step is where the autocorrelations at one step and at two together are largest.
    """
    similar = _autocorrelation(force - np.mean(force))
    largest, step = -2.0, _FIRST_LAG
    for lag in range(_FIRST_LAG, _LAST_LAG + 1):
        both = similar[lag] + np.max(similar[2 * lag - 1 : 2 * lag + 2])
        if both > largest:
            largest, step = both, lag
    stride_regularity = float(np.max(similar[2 * step - 1 : 2 * step + 2]))
    step_s = _peak_at(similar, step) / RHYTHM_RATE_HZ
    return step_s, float(similar[step]), stride_regularity


@kernel
def _autocorrelation(around: FloatArray) -> FloatArray:
    """Unbiased autocorrelation (_LAGS,) of samples of mean 0."""
    sums = np.zeros(_LAGS)
    for i in range(len(around)):
        for lag in range(min(_LAGS, len(around) - i)):
            sums[lag] += around[i] * around[i + lag]
    power = max(sums[0] / len(around), 1e-12)
    for lag in range(_LAGS):
        sums[lag] /= (len(around) - lag) * power
    return sums


@kernel
def _peak_at(values: FloatArray, at: int) -> float:
    """Where the parabola through three values is highest."""
    before, here, after = values[at - 1], values[at], values[at + 1]
    bend = before - 2.0 * here + after
    return float(at + 0.5 * (before - after) / bend) if bend < 0.0 else float(at)
