"""What an impact and the seconds around it look like, in numbers that do not depend on mounting.

Every feature is made of the specific force alone, and of lengths and angles only, so that it is
the same however the sensor is turned. All but the peak are taken from means over 0.18 s or more,
so that a sensor at 20 samples a second and one at 200 tell the same.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from analytics.body import BODY_RATE_HZ
from analytics.detector import kernel
from sensors.types import FloatArray

BEFORE_S = 3.0
AFTER_S = 3.5
"""The features look from `BEFORE_S` before the impact to `AFTER_S` after it."""

FEATURES = (
    "ln_turn",
    "ln_tilt",
    "tilted",
    "ln_toppling",
    "ln_push",
    "least_g",
    "ln_peak",
    "ln_restless",
)
"""Names of the features, in the order of `impact_features`:

- ln_turn: fastest turn of the body: largest angle (°, + 10) by which the mean force over 0.5 s
  differs from that 0.5 s earlier, within 1.5 s of the impact;
- ln_tilt: angle (°, + 10) between gravity before the impact and after;
- tilted: the same angle, from 0 at 15° to 1 at 60°, since beyond that a fall is no likelier;
- ln_toppling: angle (°, + 10) between the mean force 1 s before and that 0.6 s after;
- ln_push: momentum taken up in the impact (g·s) against the mean force of everything around it, so
  that one stride among many does not stand out;
- least_g: least force in the 1.2 s before, over 0.18 s: the drop;
- ln_peak: force (g) at the impact;
- ln_restless: how much the force varies (SD, g, + 0.01) after the impact.
"""

_Span: TypeAlias = tuple[float, float]

_ALL: _Span = (-BEFORE_S, AFTER_S)
_GRAVITY_BEFORE: _Span = (-2.5, -1.0)
_GRAVITY_BEFORE_LATE: _Span = (-2.5, -0.4)
_GRAVITY_AFTER: _Span = (1.5, 3.5)
_GRAVITY_AFTER_EARLY: _Span = (0.8, 3.5)
_DROP: _Span = (-1.2, 0.0)
_IMPACT: _Span = (-0.5, 0.5)
_PUSH: _Span = (-0.4, 0.6)
_TUMBLE: _Span = (-1.5, 1.5)

_IMPACT_MEAN_S = 0.18
_GRAVITY_MEAN_S = 0.5
_LEAST_BEFORE_S = 0.2
_LEAST_AFTER_S = 0.5
_LEAST_IMPACT_S = 0.8


def impact_features(acc_g: FloatArray) -> FloatArray | None:
    """The features of the impact in the middle of `acc_g`, or None where too much is missing.

    `acc_g` (n, 3) is specific force in g on the body grid, from `BEFORE_S` before the impact to
    `AFTER_S` after it, NaN where samples are missing, be it in a gap or beyond the stream's ends.
    """
    if len(acc_g) != round((BEFORE_S + AFTER_S) * BODY_RATE_HZ):
        raise ValueError(f"{len(acc_g)} samples are not the window around an impact")
    before = _gravity(acc_g, _GRAVITY_BEFORE, _GRAVITY_BEFORE_LATE, _LEAST_BEFORE_S)
    after = _gravity(acc_g, _GRAVITY_AFTER, _GRAVITY_AFTER_EARLY, _LEAST_AFTER_S)
    impact_s = _seen(acc_g[_at(_IMPACT)]).sum() / BODY_RATE_HZ
    if before is None or after is None or impact_s < _LEAST_IMPACT_S:
        return None
    tilt_deg = float(angle_deg(before.mean(axis=0), after.mean(axis=0)))
    slow = _moving_mean(acc_g, _GRAVITY_MEAN_S)
    force_g = np.linalg.norm(acc_g, axis=1)
    mean_force_g = _moving_mean(force_g[:, np.newaxis], _IMPACT_MEAN_S)[:, 0]
    features = np.array(
        [
            np.log(_largest_turn_deg(slow[_at(_TUMBLE)]) + 10.0),
            np.log(tilt_deg + 10.0),
            np.clip((tilt_deg - 15.0) / 45.0, 0.0, 1.0),
            np.log(_toppling_deg(slow) + 10.0),
            _ln_push(mean_force_g),
            np.nanmin(mean_force_g[_at(_DROP)]),
            np.log(force_g[_index(0.0)]),
            np.log(np.sqrt(after.var(axis=0).sum()) + 0.01),
        ]
    )
    return None if np.isnan(features).any() else features


def angle_deg(first: FloatArray, second: FloatArray) -> FloatArray:
    """Angles between vectors (…, 3), in degrees."""
    product = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    cosine = (first * second).sum(axis=-1) / np.maximum(product, 1e-9)
    angles: FloatArray = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    return angles


def _index(offset_s: float) -> int:
    return round((BEFORE_S + offset_s) * BODY_RATE_HZ)


def _at(span: _Span) -> slice:
    return slice(_index(span[0]), _index(span[1]))


def _seen(acc_g: FloatArray) -> NDArray[np.bool_]:
    return ~np.isnan(acc_g[:, 0])


def _gravity(acc_g: FloatArray, usual: _Span, wider: _Span, least_s: float) -> FloatArray | None:
    """Samples that tell where down is; from nearer the impact where the usual ones are missing."""
    for span in (usual, wider):
        samples = acc_g[_at(span)]
        samples = samples[_seen(samples)]
        if len(samples) >= least_s * BODY_RATE_HZ:
            return samples
    return None


@kernel
def _moving_mean(values: FloatArray, width_s: float) -> FloatArray:
    """Centred means of the columns of `values`, NaN where fewer than half the samples are there."""
    half = int(width_s * BODY_RATE_HZ / 2)
    means = np.zeros_like(values)
    for i in range(len(values)):
        count = 0
        for k in range(max(i - half, 0), min(i + half + 1, len(values))):
            if not np.isnan(values[k, 0]):
                count += 1
                for j in range(values.shape[1]):
                    means[i, j] += values[k, j]
        for j in range(values.shape[1]):
            means[i, j] = means[i, j] / count if count > half else np.nan
    return means


def _largest_turn_deg(slow: FloatArray) -> float:
    lag = round(_GRAVITY_MEAN_S * BODY_RATE_HZ)
    return float(np.nanmax(angle_deg(slow[:-lag], slow[lag:]), initial=0.0))


def _toppling_deg(slow: FloatArray) -> float:
    """The turn through the impact; from as early as is known where the stream has just begun."""
    early = slow[_at((-1.0, 0.0))]
    known = early[_seen(early)]
    return float(angle_deg(known[0], slow[_index(0.6)])) if len(known) else 0.0


def _ln_push(mean_force_g: FloatArray) -> float:
    push_gs = np.nansum(np.maximum(mean_force_g[_at(_PUSH)] - 1.0, 0.0)) / BODY_RATE_HZ
    unrest_g = np.nanmean(np.abs(mean_force_g[_at(_ALL)] - 1.0))
    return float(np.log(push_gs + 0.01) - np.log(unrest_g + 0.02))
