"""How far apart the clocks of two sensors are, found from knocks that both have felt."""

from __future__ import annotations

import numpy as np
from scipy.signal import correlate

from sensors.types import Chunk, FloatArray

_GRID_S = 1e-3
_FARTHEST_S = 0.25
_QUIET_S = 0.2
_LEAST_LIKENESS = 0.5
_LEAST_OVERLAP_S = 2.0
_LEAST_KNOCK_MS2 = 2.0


def tap_offset_s(first: Chunk, second: Chunk) -> float | None:
    """How much later `second` shows the knocks that two sensors felt together; None without any.

    The lag of the largest cross-correlation of the magnitudes of specific force, whichever way
    each sensor is turned, refined by a parabola to a fraction of a sample. Knocks that differ, or
    that are more than a quarter of a second apart, count as none. A few knocks at uneven times are
    enough: between sensors of 50 samples a second they give a few milliseconds.
    """
    start_s = max(first.t_s[0], second.t_s[0])
    end_s = min(first.t_s[-1], second.t_s[-1])
    if end_s - start_s < _LEAST_OVERLAP_S:
        return None
    t_s = np.arange(start_s, end_s, _GRID_S)
    felt, felt_too = (_knocks(chunk, t_s) for chunk in (first, second))
    if min(felt.max(), felt_too.max()) < _LEAST_KNOCK_MS2:
        return None
    return _lag_s(felt, felt_too)


def _knocks(chunk: Chunk, t_s: FloatArray) -> FloatArray:
    """What is fast in the magnitude of specific force, in m/s², at times (n,)."""
    force: FloatArray = np.interp(t_s, chunk.t_s, np.linalg.norm(chunk.acc, axis=1))
    width = round(_QUIET_S / _GRID_S)
    slow = np.convolve(np.pad(force, width, mode="edge"), np.ones(width) / width, mode="same")
    return np.abs(force - slow[width:-width])


def _lag_s(first: FloatArray, second: FloatArray) -> float | None:
    first, second = first - first.mean(), second - second.mean()
    most = round(_FARTHEST_S / _GRID_S)
    none = len(first) - 1
    products = correlate(second, first, method="fft")[none - most : none + most + 1]
    best = int(np.argmax(products))
    likeness = products[best] / (np.linalg.norm(first) * np.linalg.norm(second))
    if not 0 < best < 2 * most or likeness < _LEAST_LIKENESS:
        return None
    before, at, after = products[best - 1 : best + 2]
    fraction = 0.5 * (before - after) / (before - 2 * at + after)
    return float((best - most + fraction) * _GRID_S)
