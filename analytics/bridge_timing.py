"""What one bridge measures: when it was lifted, held and lowered, and how far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.body import BODY_RATE_HZ
from sensors.types import FloatArray

_MIDDLE = 0.5
_NEAR_END = 0.85
_REACH = 2.2
"""From half way to 85 % of the way is this part of the way from half way to the very end: 2.38 in a
minimum-jerk movement (Flash and Hogan 1985), 2.03 in a harmonic one."""

_PLATEAU_S = 1.0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldParams:
    """When a lifted position counts as held."""

    min_level_deg: float = 3.0
    level_part: float = 0.2
    """Within 3° or 20 % of the range of the local plateau; a fixed level cuts a sagging hold."""
    min_rate_degs: float = 6.0
    rate_part: float = 0.25
    """Slower than 6 °/s or 25 % of the fastest."""


def timing(
    tilt_deg: FloatArray, rate_degs: FloatArray, low: int, top: int, params: HoldParams
) -> Timing | None:
    """When the repetition began, was held and ended, in a window that shows it whole.

    `tilt_deg` (n,) is low-passed and grows as the hips rise, `rate_degs` (n,) is the angular speed;
    `low` and `top` are the samples of the lowest tilt before the lift and of the highest. The lift
    begins and the lowering ends where a smooth movement through the crossings at 15, 50 and 85 %
    would; None where the window does not show a lift and a lowering.
    """
    bottom = top + int(np.argmin(tilt_deg[top:]))
    lift = _last_below(tilt_deg, 0.5 * (tilt_deg[low] + tilt_deg[top]), low, top)
    lower = _first_below(tilt_deg, 0.5 * (tilt_deg[bottom] + tilt_deg[top]), top, bottom)
    if lift is None or lower is None:
        return None
    held = _hold(tilt_deg, rate_degs, (low, lift, lower, bottom), top, params)
    plateau = round(_PLATEAU_S * BODY_RATE_HZ)
    first, last = held
    into = float(np.median(tilt_deg[first : min(first + plateau, last) + 1]))
    out_of = float(np.median(tilt_deg[max(last - plateau, first) : last + 1]))
    before = _rest_before(tilt_deg, low, lift)
    after = _rest_after(tilt_deg, lower, bottom)
    start, hold_start = _edges(tilt_deg, lift, before, into)
    end, hold_end = _edges_backwards(tilt_deg, lower, after, out_of)
    if hold_start > hold_end:
        hold_start = hold_end = float(np.clip(top, start, end))
    return Timing(
        start=max(start, 0.0),
        hold_start=hold_start,
        hold_end=hold_end,
        end=min(end, len(tilt_deg) - 1.0),
        range_deg=float(tilt_deg[lift : lower + 1].max()) - before,
        return_deg=out_of - after,
    )


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
    slow = rate_degs[lift : lower + 1] < max(params.min_rate_degs, params.rate_part * fastest)
    still = lift + np.flatnonzero(slow)
    tolerance_deg = max(params.min_level_deg, params.level_part * (tilt_deg[top] - tilt_deg[low]))
    plateau = round(_PLATEAU_S * BODY_RATE_HZ)
    first = last = top
    for i in still:
        local = np.median(tilt_deg[still[(still >= i) & (still <= i + plateau)]])
        if abs(tilt_deg[i] - local) <= tolerance_deg:
            first = min(int(i), top)
            break
    for i in still[::-1]:
        local = np.median(tilt_deg[still[(still <= i) & (still >= i - plateau)]])
        if abs(tilt_deg[i] - local) <= tolerance_deg:
            last = max(int(i), top)
            break
    return first, last


def _rest_before(tilt_deg: FloatArray, low: int, lift: int) -> float:
    """Median tilt over the last second before the lift sets in."""
    onset = _last_below(tilt_deg, tilt_deg[low] + 0.1 * (tilt_deg[lift] - tilt_deg[low]), low, lift)
    onset = low if onset is None else onset
    return float(np.median(tilt_deg[max(onset - round(_PLATEAU_S * BODY_RATE_HZ), 0) : onset + 1]))


def _rest_after(tilt_deg: FloatArray, lower: int, bottom: int) -> float:
    level = tilt_deg[bottom] + 0.1 * (tilt_deg[lower] - tilt_deg[bottom])
    arrived = _first_below(tilt_deg, level, lower, bottom)
    arrived = bottom if arrived is None else arrived
    return float(np.median(tilt_deg[arrived : arrived + round(_PLATEAU_S * BODY_RATE_HZ) + 1]))


def _edges(tilt_deg: FloatArray, near: int, low_deg: float, high_deg: float) -> tuple[float, float]:
    """Where the rise through sample `near` from one level to another begins and ends."""
    share = (tilt_deg - low_deg) / (high_deg - low_deg)
    before = _backward_crossing(share, 1.0 - _NEAR_END, near)
    middle = _forward_crossing(share, _MIDDLE, int(before))
    after = _forward_crossing(share, _NEAR_END, int(middle))
    return middle - _REACH * (middle - before), middle + _REACH * (after - middle)


def _edges_backwards(
    tilt_deg: FloatArray, near: int, low_deg: float, high_deg: float
) -> tuple[float, float]:
    """Where the fall through sample `near` ends and began, as the rise of time run backwards."""
    last = len(tilt_deg) - 1
    end, begin = _edges(tilt_deg[::-1], last - near, low_deg, high_deg)
    return last - end, last - begin


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


def _last_below(tilt_deg: FloatArray, level_deg: float, start: int, stop: int) -> int | None:
    below = np.flatnonzero(tilt_deg[start:stop] <= level_deg)
    return None if len(below) == 0 else start + int(below[-1])


def _first_below(tilt_deg: FloatArray, level_deg: float, start: int, stop: int) -> int | None:
    below = np.flatnonzero(tilt_deg[start : stop + 1] <= level_deg)
    return None if len(below) == 0 else start + int(below[0])
