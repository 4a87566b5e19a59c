"""What one bridge measures: when it was lifted, held and lowered, and how far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from analytics.body import BODY_RATE_HZ
from analytics.bridging.course import Course, Felt, course
from analytics.detector import kernel
from sensors.types import FloatArray

_MIDDLE = 0.5
_NEAR_END = 0.85
_REACH = 2.38
"""Half of a movement takes this many times the part from half way to 85 % of the way, if it has
minimum jerk (Flash and Hogan 1985); with a harmonic course it would be 2.03."""

_SPREAD = 28.0
"""The square of a minimum-jerk movement's duration is this many times the variance of its speed."""

_SECOND = round(BODY_RATE_HZ)
_FLAT_DEG = 1.5
_FLAT_PART = 0.1
"""A second is flat if the tilt stays within 1.5° or 10 % of the depth …"""
_FLAT_OF_STEEPEST = 0.2
_LEAST_FLAT_DEG = 0.6
"""… and, beside a slow movement, within 20 % of what it changes in its steepest second; in less
than 0.6° breathing shows."""
_BESIDE_PART = 0.25
_LEAST_BESIDE = round(0.1 * BODY_RATE_HZ)
"""The level of a hold beside an edge is that of a quarter of it, 0.1 s to 1 s: it may sag."""
_ROUNDS = 3
"""How often the levels of rest and hold are taken anew beside the edges that they give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One repetition in samples, from the start of its window; fractions of samples are meant."""

    start: float
    hold_start: float
    hold_end: float
    end: float
    range_deg: float
    """Largest change of the tilt against the rest before."""
    return_deg: float
    """Change of the tilt from the end of the hold to the rest after."""

    def sharpened(self, sigma: float) -> Timing:
        """As it was before the tilt was smoothed by a Gaussian of this standard deviation.

        Variances add up: smoothing makes a quick lift look longer, and the hold shorter.
        """
        lift = self.hold_start - self.start
        lower = self.end - self.hold_end
        early, late = (
            0.5 * (seen - np.sqrt(max(seen**2 - _SPREAD * sigma**2, 0.0))) for seen in (lift, lower)
        )
        return replace(
            self,
            start=self.start + float(early),
            hold_start=self.hold_start - float(early),
            hold_end=self.hold_end + float(late),
            end=self.end - float(late),
        )

    def fitted(self, felt: Felt) -> Timing:
        """By the course that fits what was felt; as it is where none does."""
        lowered = self.return_deg > 0.0
        guess = Course(self.start, self.hold_start, self.hold_end, self.end, self.range_deg)
        found = course(felt, guess, lowered=lowered)
        if found is None:
            return self
        return replace(
            self,
            start=max(found.start, 0.0),
            hold_start=found.hold_start,
            hold_end=found.hold_end if lowered else self.hold_end,
            end=min(found.end, len(felt.tilt_deg) - 1.0) if lowered else self.end,
            range_deg=found.range_deg if felt.sways else self.range_deg,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldParams:
    """When a lifted position counts as held."""

    min_level_deg: float = 3.0
    level_part: float = 0.2
    """Within 3° or 20 % of the range of the local plateau; a fixed level cuts a sagging hold."""
    min_rate_degs: float = 6.0
    rate_part: float = 0.25
    """Slower than 6 °/s or 25 % of the fastest …"""
    slow_part: float = 0.35
    """… but of a slow lift, that hardly exceeds 6 °/s, slower than 35 % of the fastest."""


def timing(
    tilt_deg: FloatArray, rate_degs: FloatArray, top: int, depth_deg: float, params: HoldParams
) -> Timing | None:
    """When the repetition began, was held and ended.

    `tilt_deg` (n,) is low-passed and grows as the hips rise, `rate_degs` (n,) is the angular speed;
    `top` is the sample of the highest tilt and `depth_deg` about how far it falls on both sides.
    The rest on each side is the first second that is flat, or else the lowest sample. Lift and
    lowering begin and end where a smooth movement through the crossings at 15, 50 and 85 % would,
    between the levels of the seconds beside it; without a lowering, the hold and the repetition
    last until the last sample. None where the samples do not show the lift.
    """
    if depth_deg < params.min_level_deg:
        return None
    final = len(tilt_deg) - 1
    back = _descent(tilt_deg[top::-1], depth_deg)
    ahead = _descent(tilt_deg[top:], depth_deg) or _Descent(final - top, final - top, final - top)
    if back is None:
        return None
    lift, lower = top - back.half, top + ahead.half
    first, last = _hold(
        tilt_deg, rate_degs, (top - back.near, lift, lower, top + ahead.near), top, params
    )
    lifted = _edges(tilt_deg, lift, (top - back.far, top - back.near), (first, last))
    if lifted is None:
        return None
    lowered = _edges(
        tilt_deg[::-1],
        final - lower,
        (final - top - ahead.far, final - top - ahead.near),
        (final - last, final - first),
    )
    end = hold_end = float(final)
    if lowered is not None and lower < final:
        end, hold_end = final - lowered.start, final - lowered.arrival
    start, hold_start = lifted.start, lifted.arrival
    if hold_start > hold_end:
        hold_start = hold_end = float(min(max(top, start), end))
    return Timing(
        start=max(start, 0.0),
        hold_start=hold_start,
        hold_end=hold_end,
        end=min(end, float(final)),
        range_deg=float(tilt_deg[int(hold_start) : int(hold_end) + 2].max()) - lifted.rest_deg,
        return_deg=0.0 if lowered is None else lowered.held_deg - lowered.rest_deg,
    )


class _Descent(NamedTuple):
    """Samples from the top, the first, to half the depth and to both ends of the rest."""

    half: int
    near: int
    far: int


def _descent(tilt_deg: FloatArray, depth_deg: float) -> _Descent | None:
    below = np.flatnonzero(tilt_deg <= tilt_deg[0] - 0.5 * depth_deg)
    if len(below) == 0:
        return None
    half = int(below[0])
    around = tilt_deg[max(half - _SECOND // 2, 0) : half + _SECOND // 2 + 1]
    steepest_deg = max(_FLAT_OF_STEEPEST * float(around[0] - around[-1]), _LEAST_FLAT_DEG)
    widest_deg = max(_FLAT_DEG, _FLAT_PART * depth_deg)
    flat = _first_flat_second(tilt_deg[half:], min(steepest_deg, widest_deg))
    if flat >= 0:
        return _Descent(half, half + flat, half + flat + _SECOND - 1)
    lowest = half + int(np.argmin(tilt_deg[half:]))
    return _Descent(half, lowest, lowest)


@kernel
def _first_flat_second(tilt_deg: FloatArray, tolerance_deg: float) -> int:
    """First sample of the first second in which the tilt keeps to a tolerance; -1 without one."""
    for start in range(len(tilt_deg) - _SECOND + 1):
        lowest = highest = tilt_deg[start]
        for i in range(start, start + _SECOND):
            lowest, highest = min(lowest, tilt_deg[i]), max(highest, tilt_deg[i])
        if highest - lowest <= tolerance_deg:
            return start
    return -1


def _median(values: FloatArray) -> float:
    """The same as numpy's, which takes ten times as long to find out what it was given."""
    ordered = np.sort(values)
    return float(0.5 * (ordered[(len(values) - 1) // 2] + ordered[len(values) // 2]))


def _hold(
    tilt_deg: FloatArray,
    rate_degs: FloatArray,
    course: tuple[int, int, int, int],
    top: int,
    params: HoldParams,
) -> tuple[int, int]:
    """First and last sample of the hold between the half-way samples of lift and lowering."""
    low, lift, lower, bottom = course
    fastest = float(rate_degs[low : bottom + 1].max())
    floor_degs = min(params.min_rate_degs, params.slow_part * fastest)
    slow = rate_degs[lift : lower + 1] < max(floor_degs, params.rate_part * fastest)
    still = lift + np.flatnonzero(slow)
    tolerance_deg = max(params.min_level_deg, params.level_part * (tilt_deg[top] - tilt_deg[low]))
    first = last = top
    for i in still:
        local = _median(tilt_deg[still[(still >= i) & (still <= i + _SECOND)]])
        if abs(tilt_deg[i] - local) <= tolerance_deg:
            first = min(int(i), top)
            break
    for i in still[::-1]:
        local = _median(tilt_deg[still[(still <= i) & (still >= i - _SECOND)]])
        if abs(tilt_deg[i] - local) <= tolerance_deg:
            last = max(int(i), top)
            break
    return first, last


class _Edges(NamedTuple):
    """Where a rise starts and arrives, and the levels between which it goes."""

    start: float
    arrival: float
    rest_deg: float
    held_deg: float


def _edges(
    tilt_deg: FloatArray, near: int, rest: tuple[int, int], hold: tuple[int, int]
) -> _Edges | None:
    """The rise through sample `near` between a rest and a hold; a fall if time runs backwards.

    The levels are those of the second before the start and of the first part of the hold. None
    where it does not rise.
    """
    beside = min(max(round(_BESIDE_PART * (hold[1] - hold[0])), _LEAST_BESIDE), _SECOND)
    rest_deg = _median(tilt_deg[rest[0] : rest[1] + 1])
    held_deg = _median(tilt_deg[hold[0] : min(hold[0] + beside, hold[1]) + 1])
    edges = None
    for _ in range(_ROUNDS):
        if rest_deg >= held_deg:
            return edges
        start, arrival = _smooth_edges(tilt_deg, near, rest_deg, held_deg)
        edges = _Edges(start, arrival, rest_deg, held_deg)
        before = max(round(start) - _SECOND, rest[0]), max(round(start), 0)
        after = round(arrival), min(round(arrival) + beside, hold[1])
        if before[0] < before[1]:
            rest_deg = _median(tilt_deg[before[0] : before[1] + 1])
        if after[0] <= after[1]:
            held_deg = _median(tilt_deg[after[0] : after[1] + 1])
    return edges


def _smooth_edges(
    tilt_deg: FloatArray, near: int, low_deg: float, high_deg: float
) -> tuple[float, float]:
    """Where a rise of minimum jerk through sample `near` from one level to another would be."""
    share = (tilt_deg - low_deg) / (high_deg - low_deg)
    before = _backward_crossing(share, 1.0 - _NEAR_END, near)
    middle = _forward_crossing(share, _MIDDLE, int(before))
    after = _forward_crossing(share, _NEAR_END, int(middle))
    return middle - _REACH * (middle - before), middle + _REACH * (after - middle)


def _forward_crossing(share: FloatArray, level: float, start: int) -> float:
    """First crossing upwards at or after a sample, between two samples."""
    above = np.flatnonzero(share[start:] >= level)
    if len(above) == 0:
        return float(len(share) - 1)
    if above[0] == 0:
        return float(start)
    i = start + int(above[0])
    return float(i - (share[i] - level) / (share[i] - share[i - 1]))


def _backward_crossing(share: FloatArray, level: float, start: int) -> float:
    """Last crossing upwards at or before a sample, between two samples."""
    below = np.flatnonzero(share[: start + 1] < level)
    if len(below) == 0:
        return 0.0
    i = int(below[-1]) + 1
    if i > start:
        return float(start)
    return float(i - (share[i] - level) / (share[i] - share[i - 1]))
