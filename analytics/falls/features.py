"""What an impact and the seconds around it look like, in numbers that do not depend on mounting.

Every feature is made of the specific force alone, and of lengths and angles only, so that it is
the same however the sensor is turned. None looks at a single sample: a sensor at 20 samples a
second and one at 200, one that clips at 8 g and one that does not, tell much the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from analytics.body import BODY_RATE_HZ
from analytics.detector import kernel
from sensors.types import FloatArray

BEFORE_S = 3.0
AFTER_S = 3.5
"""The features look from `BEFORE_S` before the impact to `AFTER_S` after it."""

LEAST_TILT_DEG = 15.0
"""Turned by less, the body is held as before: it jumped, stepped or sat down, but did not fall."""

FEATURES = (
    "ln_turn",
    "ln_turn_before",
    "turn_s",
    "ln_tilt_early",
    "ln_tilt_late",
    "tilted_s",
    "ln_push",
    "ln_force_rms",
    "ln_force_mean",
    "least_g",
    "ln_restless",
)
"""Names of the features, in the order of `ImpactFeatures.values`:

- ln_turn: fastest turn of the body: largest angle (°, + 10) by which the mean force over 0.5 s
  differs from that 0.5 s earlier, within 1.5 s of the impact;
- ln_turn_before: the same, but by 0.25 s after the impact: who falls turns before landing;
- turn_s: when that fastest turn was, in seconds from the impact, within 0.8 s;
- ln_tilt_early, ln_tilt_late: angle (°, + 10, at most 70°) between gravity before the impact and
  0.8–1.6 s or 2.5–3.5 s after: who gets up at once shows in the first, who stays down in both;
- tilted_s: when most of the tilt was there, in seconds from the impact, within 0.8 s;
- ln_push: momentum taken up in the impact (g·s) against the mean force of everything around it, so
  that one stride among many does not stand out;
- ln_force_rms, ln_force_mean: how far the force strays from 1 g within 0.3 s of the impact, by its
  root mean square (g, at most 1) and by its mean (g, at most 0.6): a knock has a high peak, but
  little of either, and harder than a fall is no likelier to be one;
- least_g: least mean force over 0.3 s, as a vector, in the 1.2 s before: the drop;
- ln_restless: how much the force varies (SD, g, + 0.03) 1.5 to 3.5 s after.
"""

_OF_FORCE = np.isin(FEATURES, ("ln_push", "ln_force_rms", "ln_force_mean", "least_g"))

_Span: TypeAlias = tuple[float, float]

_ALL: _Span = (-BEFORE_S, AFTER_S)
_GRAVITY_BEFORE: _Span = (-2.5, -1.0)
_GRAVITY_BEFORE_LATE: _Span = (-2.5, -0.2)
_GRAVITY_AFTER: _Span = (1.5, 3.5)
_GRAVITY_AFTER_EARLY: _Span = (0.8, 3.5)
_GRAVITY_AFTER_EARLIEST: _Span = (0.4, 3.5)
_SOON_AFTER: _Span = (0.8, 1.6)
_LATE_AFTER: _Span = (2.5, 3.5)
_DROP: _Span = (-1.2, 0.0)
_PRESENT: _Span = (-0.5, 0.5)
_IMPACT: _Span = (-0.3, 0.3)
_AROUND: _Span = (-0.8, 0.8)
_PUSH: _Span = (-0.4, 0.6)
_TUMBLE: _Span = (-1.5, 1.5)
_TUMBLE_BEFORE: _Span = (-1.5, 0.25)
_TILTING: _Span = (-2.5, 1.5)

_IMPACT_MEAN_S = 0.18
_DROP_MEAN_S = 0.3
_GRAVITY_MEAN_S = 0.5
_LEAST_GRAVITY_S = 0.2
_FIRST_S = 0.3
_LEAST_IMPACT_S = 0.6
_MOST_LOST_S = 0.15
_ENOUGH_TILT_DEG = 70.0
_ENOUGH_FORCE_RMS_G = 1.0
_ENOUGH_FORCE_MEAN_G = 0.6
_TIMES_WITHIN_S = 0.8
_WEIGHT_G = (0.9, 1.1)


@dataclass(frozen=True, slots=True, eq=False)
class ImpactFeatures:
    """The features of an impact, ordered as `FEATURES`, and the gravity that they compare.

    `before_g` (3,) is the mean force before, `afters_g` (n, 3) those soon, late and all the time
    after; `tilt_deg` is the largest angle by which these differ from that and `restless_g` how much
    the force varies (SD) afterwards. `shaken_g` is how far it strays from 1 g (RMS) all around. An
    impact is `whole` if nearly all of it was recorded; of one that is not, the features of its
    force tell the least that it may have been, and are NaN where hardly anything of it is there.
    """

    values: FloatArray
    before_g: FloatArray
    afters_g: FloatArray
    tilt_deg: float
    restless_g: float
    whole: bool
    shaken_g: float

    @property
    def without_force(self) -> FloatArray:
        """The features as if nothing were known of the force of the impact."""
        return np.where(_OF_FORCE, np.nan, self.values)

    def inclined_after_deg(self, up: FloatArray) -> FloatArray:
        """Inclinations (n,) afterwards, where the vertical (3,) of an upright body is known."""
        return angle_deg(self.afters_g, up)


def impact_features(acc_g: FloatArray) -> ImpactFeatures | None:
    """The features of the impact within `acc_g`, or None if it cannot have been a fall.

    It cannot where the body is held afterwards as before, or too much is missing to tell how.
    `acc_g` (n, 3) is specific force in g on the body grid, from `BEFORE_S` before the impact to
    `AFTER_S` after it, NaN where samples are missing, be it in a gap or beyond the stream's ends.
    """
    if len(acc_g) != round((BEFORE_S + AFTER_S) * BODY_RATE_HZ):
        raise ValueError(f"{len(acc_g)} samples are not the window around an impact")
    before, after = _gravity_before(acc_g), _gravity_after(acc_g)
    if before is None or after is None:
        return None
    before_g, after_g = before.mean(axis=0), after.mean(axis=0)
    soon_g, late_g = (_mean_or(acc_g[_at(span)], after_g) for span in (_SOON_AFTER, _LATE_AFTER))
    afters_g = np.array((soon_g, late_g, after_g))
    early_deg, late_deg, tilt_deg = angle_deg(afters_g, before_g).tolist()
    largest_deg = max(early_deg, late_deg, tilt_deg)
    if largest_deg < LEAST_TILT_DEG:
        return None
    slow_g = _bridged(_moving_mean(acc_g, _GRAVITY_MEAN_S))
    force_g = np.linalg.norm(acc_g, axis=1)
    restless_g = float(np.sqrt(after.var(axis=0).sum()))
    turn_deg, turn_s = _fastest_turn(slow_g, _TUMBLE)
    values = np.array(
        [
            np.log(turn_deg + 10.0),
            np.log(_fastest_turn(slow_g, _TUMBLE_BEFORE)[0] + 10.0),
            _near(turn_s),
            np.log(min(early_deg, _ENOUGH_TILT_DEG) + 10.0),
            np.log(min(late_deg, _ENOUGH_TILT_DEG) + 10.0),
            _near(_tilted_s(angle_deg(slow_g, before_g), tilt_deg)),
            *_force(force_g),
            _least_g(acc_g),
            np.log(restless_g + 0.03),
        ]
    )
    whole, shaken_g = _is_whole(acc_g[_at(_IMPACT)]), _shaken_g(force_g)
    return ImpactFeatures(values, before_g, afters_g, largest_deg, restless_g, whole, shaken_g)


def angle_deg(first: FloatArray, second: FloatArray) -> FloatArray:
    """Angles between vectors (…, 3), in degrees."""
    product = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    cosine = (first * second).sum(axis=-1) / np.maximum(product, 1e-9)
    angles: FloatArray = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    return angles


def weight_g(force_g: FloatArray) -> float:
    """What this sensor reads of gravity, by the usual size of the force in the seconds around.

    Offset and gain of the accelerometer change it by up to a tenth.
    """
    least_g, most_g = _WEIGHT_G
    return min(max(float(np.nanmedian(force_g)), least_g), most_g)


def _at(span: _Span) -> slice:
    first, last = (round((BEFORE_S + offset_s) * BODY_RATE_HZ) for offset_s in span)
    return slice(first, last)


def _shaken_g(force_g: FloatArray) -> float:
    astray_g = force_g[_at(_AROUND)] - 1.0
    return float(np.sqrt(np.nanmean(astray_g**2))) if np.isfinite(astray_g).any() else 0.0


def _is_whole(impact_g: FloatArray) -> bool:
    return bool((~_seen(impact_g)).sum() <= _MOST_LOST_S * BODY_RATE_HZ)


def _force(force_g: FloatArray) -> tuple[float, float, float]:
    """Push, root mean square and mean of the force, as `FEATURES` has them; NaN if hardly seen."""
    if np.isfinite(force_g[_at(_PRESENT)]).sum() < _LEAST_IMPACT_S * BODY_RATE_HZ:
        return np.nan, np.nan, np.nan
    astray_g = np.abs(force_g[_at(_IMPACT)] - 1.0)
    rms_g, mean_g = float(np.sqrt(np.nanmean(astray_g**2))), float(np.nanmean(astray_g))
    return (
        _ln_push(_moving_mean(force_g[:, np.newaxis], _IMPACT_MEAN_S)[:, 0]),
        float(np.log(min(rms_g, _ENOUGH_FORCE_RMS_G) + 0.01)),
        float(np.log(min(mean_g, _ENOUGH_FORCE_MEAN_G) + 0.01)),
    )


def _least_g(acc_g: FloatArray) -> float:
    means_g = np.linalg.norm(_moving_mean(acc_g, _DROP_MEAN_S)[_at(_DROP)], axis=1)
    return float(np.nanmin(means_g)) if np.isfinite(means_g).any() else np.nan


def _near(offset_s: float) -> float:
    return min(max(offset_s, -_TIMES_WITHIN_S), _TIMES_WITHIN_S)


def _seen(acc_g: FloatArray) -> NDArray[np.bool_]:
    return ~np.isnan(acc_g[:, 0])


def _gravity_before(acc_g: FloatArray) -> FloatArray | None:
    """Samples that tell where down was; the first there are where a recording has just begun."""
    usual = _known(acc_g, _GRAVITY_BEFORE)
    if _enough(usual):
        return usual
    first = _known(acc_g, _GRAVITY_BEFORE_LATE)[: round(_FIRST_S * BODY_RATE_HZ)]
    return first if _enough(first) else None


def _gravity_after(acc_g: FloatArray) -> FloatArray | None:
    """Samples that tell where down is afterwards; from sooner where a recording soon ends."""
    usual = _known(acc_g, _GRAVITY_AFTER)
    if _enough(usual):
        return usual
    early = _known(acc_g, _GRAVITY_AFTER_EARLY)
    if _enough(early):
        return early
    last = _known(acc_g, _GRAVITY_AFTER_EARLIEST)[-round(_FIRST_S * BODY_RATE_HZ) :]
    return last if _enough(last) else None


def _known(acc_g: FloatArray, span: _Span) -> FloatArray:
    within = acc_g[_at(span)]
    return within[_seen(within)]


def _enough(samples: FloatArray) -> bool:
    return len(samples) >= _LEAST_GRAVITY_S * BODY_RATE_HZ


def _mean_or(acc_g: FloatArray, otherwise: FloatArray) -> FloatArray:
    known = acc_g[_seen(acc_g)]
    return known.mean(axis=0) if _enough(known) else otherwise


@kernel
def _moving_mean(values: FloatArray, width_s: float) -> FloatArray:
    """Centred means of the columns of `values`, NaN where fewer than half the samples are there."""
    half = int(width_s * BODY_RATE_HZ / 2)
    length, columns = values.shape
    sums = np.zeros((length + 1, columns))
    counts = np.zeros(length + 1)
    for i in range(length):
        seen = not np.isnan(values[i, 0])
        counts[i + 1] = counts[i] + seen
        for j in range(columns):
            sums[i + 1, j] = sums[i, j] + (values[i, j] if seen else 0.0)
    means = np.empty((length, columns))
    for i in range(length):
        first, end = max(i - half, 0), min(i + half + 1, length)
        count = counts[end] - counts[first]
        for j in range(columns):
            total = sums[end, j] - sums[first, j]
            means[i, j] = total / count if count > half else np.nan
    return means


def _bridged(means_g: FloatArray) -> FloatArray:
    """Means (n, 3), with straight lines over what is missing between two that are known."""
    known = np.flatnonzero(_seen(means_g))
    if len(known) in (0, len(means_g)):
        return means_g
    every = np.arange(len(means_g))
    return np.column_stack(
        [np.interp(every, known, column[known], np.nan, np.nan) for column in means_g.T]
    )


def _fastest_turn(slow_g: FloatArray, span: _Span) -> tuple[float, float]:
    """Largest angle (°) turned within 0.5 s, and the middle of that half second from the impact."""
    lag = round(_GRAVITY_MEAN_S * BODY_RATE_HZ)
    within = slow_g[_at(span)]
    turns_deg = np.nan_to_num(angle_deg(within[:-lag], within[lag:]))
    fastest = int(turns_deg.argmax())
    return float(turns_deg[fastest]), span[0] + (fastest + lag / 2) / BODY_RATE_HZ


def _tilted_s(turned_deg: FloatArray, tilt_deg: float) -> float:
    """When most of the tilt was there: 80 % of it, after the last time that it was below 30 %."""
    share = np.nan_to_num(turned_deg[_at(_TILTING)]) / max(tilt_deg, 20.0)
    high = np.flatnonzero(share > 0.8)
    low = np.flatnonzero(share[: high[-1]] < 0.3) if len(high) else high
    if len(low) == 0:
        return 0.0
    reached = high[high > low[-1]][0]
    return float(_TILTING[0] + reached / BODY_RATE_HZ)


def _ln_push(mean_force_g: FloatArray) -> float:
    beyond_g = mean_force_g - weight_g(mean_force_g)
    push_gs = np.nansum(np.maximum(beyond_g[_at(_PUSH)], 0.0)) / BODY_RATE_HZ
    unrest_g = np.nanmean(np.abs(beyond_g[_at(_ALL)]))
    return float(np.log(push_gs + 0.03) - np.log(unrest_g + 0.06))
