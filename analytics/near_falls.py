"""Stumbles: a burst in walking that the walker recovers from; near-falls that were none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from analytics.body import BODY_RATE_HZ, BodyChunk, Segment
from analytics.detector import Variables, kernel, opened, variables
from analytics.events import Event, Fall, NearFall, NearFallKind
from analytics.walking import RHYTHM_RATE_HZ, Rhythm, WalkingParams, is_walking, rhythm
from sensors.types import GRAVITY_MS2, FloatArray

_HOP = round(1.0 * RHYTHM_RATE_HZ)
_BEFORE, _AFTER = 3, 4
_HOPS = _BEFORE + 1 + _AFTER
_LOW, _HIGH, _PEAK, _AT, _UP, _COLUMNS = 0, 1, 2, 3, 4, 7
"""Of each second: bounds of the vertical force, largest force and when, sum of the vertical (3)."""

_SAME_S = 5.0

_STATE = np.dtype(
    [
        ("second", np.float64),  # index of the first sample of the second under way
        ("within", np.float64),  # samples of it so far
        ("half", np.float64),  # the last vertical force, of which two make a mean
        ("force", np.float64, (_HOPS + 1) * _HOP),  # means of the last seconds
        ("hops", np.float64, (_HOPS + 1, _COLUMNS)),  # the last of them is under way
    ]
)


Signals: TypeAlias = tuple[FloatArray, FloatArray, FloatArray, FloatArray]
"""Specific force, angular rate and vertical (n, 3) of a segment, and the largest force (n,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StumbleParams:
    """What counts as a stumble.

    That near-falls in walking stand out by the extremes of the trunk's acceleration is from Weiss
    et al. 2010 (BMC Res Notes 3:62); the numbers are engineering judgement, chosen between recorded
    stumbles and recorded walking, stairs, jogging and jumps.
    """

    burst_part: float = 2.5
    """Range of the vertical force within a second, of what was usual in the three before it …"""
    min_burst_g: float = 1.2
    """… and at least this."""
    min_usual_g: float = 0.1
    """Who moves less than this was not walking."""
    recovered_part: float = 0.7
    """Of the burst, what is usual in the seconds after: more is jogging, not recovery."""
    upright_deg: float = 45.0
    """Four seconds later the trunk is held as before, within this: who lies has fallen."""


class StumbleDetector:
    """Finds stumbles with a sensor on the pelvis, else the trunk, however mounted.

    A stumble is a second in which the vertical force swings far beyond what was usual in the three
    before, after which the walker goes on or stands. The seconds before must have the rhythm of
    walking. What happened is not known: a missed step or a kerb stepped down hard looks the same.
    """

    def __init__(self, params: StumbleParams | None = None) -> None:
        self._params = params or StumbleParams()
        self._limits = variables(
            burst_part=self._params.burst_part,
            min_burst_ms2=self._params.min_burst_g * GRAVITY_MS2,
            min_usual_ms2=self._params.min_usual_g * GRAVITY_MS2,
            recovered_part=self._params.recovered_part,
        )
        self._state = np.zeros((), _STATE)
        self._state["second"] = np.nan

    def update(self, chunk: BodyChunk) -> list[Event]:
        """See `Detector.update`: the stumbles of 4 s ago."""
        segment = chunk.segments.get(Segment.PELVIS) or chunk.segments.get(Segment.TRUNK)
        if segment is None:
            return []
        if np.isnan(self._state["second"]):
            self._state["second"] = chunk.start_index
        signals = segment.acc, segment.gyro, segment.up, segment.peak_ms2
        events: list[Event] = []
        at = 0
        while at < len(chunk):
            at, stumbled = _follow(signals, at, self._limits, self._state)
            if stumbled and self._walked_before():
                events.append(self._stumble())
        return events

    def finish(self) -> list[Event]:
        """See `Detector.finish`: nobody is known to have recovered from a stumble just now."""
        return []

    def _walked_before(self) -> bool:
        before = Rhythm(*rhythm(self._state["force"][: _BEFORE * _HOP]))
        hops = self._state["hops"]
        up_before, up_after = hops[_BEFORE - 1, _UP:], hops[_HOPS - 1, _UP:]
        length = float(np.linalg.norm(up_before) * np.linalg.norm(up_after))
        upright_cos = np.cos(np.radians(self._params.upright_deg))
        held_alike = bool(up_before @ up_after >= upright_cos * length)
        return held_alike and is_walking(before, WalkingParams())

    def _stumble(self) -> NearFall:
        burst = self._state["hops"][_BEFORE]
        return NearFall(
            at_s=float(burst[_AT]) / BODY_RATE_HZ,
            kind=NearFallKind.STUMBLE,
            peak_g=float(burst[_PEAK]) / GRAVITY_MS2,
        )


def without_falls(near_falls: Iterable[NearFall], falls: Sequence[Fall]) -> tuple[NearFall, ...]:
    """The near-falls that are not part of a fall, which follows or precedes them within 5 s."""
    return tuple(
        near
        for near in near_falls
        if all(abs(near.at_s - fall.impact_s) > _SAME_S for fall in falls)
    )


@kernel
def _follow(signals: Signals, first: int, given: Variables, kept: Variables) -> tuple[int, bool]:
    """Take the samples from `first` on, up to a stumble: return where to go on, and whether it is.

    Without a gyroscope the vertical lags, and all of the force is taken to be vertical.
    """
    acc, gyro, up, peak_ms2 = signals
    state = opened(kept)
    force, hops = state.force, state.hops
    within, half = int(state.within), float(state.half)
    hop = hops[_HOPS]
    stumbled = False
    i = first
    while i < len(acc) and not stumbled:
        x, y, z = acc[i, 0], acc[i, 1], acc[i, 2]
        vertical = x * up[i, 0] + y * up[i, 1] + z * up[i, 2]
        if np.isnan(gyro[i, 0]):
            vertical = np.sqrt(x * x + y * y + z * z)
        for j in range(3):
            hop[_UP + j] += up[i, j]
        if peak_ms2[i] > hop[_PEAK]:
            hop[_PEAK], hop[_AT] = peak_ms2[i], state.second + within
        if within & 1:
            mean = 0.5 * (half + vertical)
            force[_HOPS * _HOP + within // 2] = mean
            hop[_LOW], hop[_HIGH] = min(hop[_LOW], mean), max(hop[_HIGH], mean)
        half = vertical
        within += 1
        i += 1
        if within == 2 * _HOP:
            _begin_hop(force, hops)
            state.second += within
            within = 0
            stumbled = _is_stumble(hops, opened(given))
    state.within, state.half = within, half
    return i, stumbled


@kernel
def _begin_hop(force: FloatArray, hops: FloatArray) -> None:
    """Move the last seconds back to make room for the next."""
    for k in range(_HOPS * _HOP):
        force[k] = force[_HOP + k]
    for k in range(_HOPS):
        for column in range(hops.shape[1]):
            hops[k, column] = hops[k + 1, column]
    hops[_HOPS, :] = 0.0
    hops[_HOPS, _LOW] = np.inf


@kernel
def _is_stumble(hops: FloatArray, limits: np.record) -> bool:
    """Whether the middle second stands out from those before and after; NaN does not."""
    ranges = hops[:_HOPS, _HIGH] - hops[:_HOPS, _LOW]
    burst = ranges[_BEFORE]
    usual = np.median(ranges[:_BEFORE])
    return bool(
        usual >= limits.min_usual_ms2
        and burst >= max(limits.min_burst_ms2, limits.burst_part * usual)
        and burst >= max(ranges[_BEFORE - 1], ranges[_BEFORE + 1])
        and np.median(ranges[_BEFORE + 2 :]) <= limits.recovered_part * burst
    )
