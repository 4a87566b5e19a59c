"""What a body at rest tells of its sensors: what they show then is bias and gravity."""

from __future__ import annotations

from typing import Any

import numpy as np

from analytics.detector import kernel
from analytics.spine.headings import QUIET_RADS, along_vertical, shift
from analytics.spine.state import BLOCK_S, BLOCK_TICKS, TICK
from sensors.types import GRAVITY_MS2, FloatArray

REST_RAD = np.radians(1.2)
"""By how much the turns of three blocks in a row may differ at rest …"""
BREATH_RAD = np.radians(1.0)
"""… and what is left of all together: breathing tilts the chest by up to 1°."""
FIRST_SIGMA_RADS = np.radians(0.15)
"""Beyond this nothing is known of a bias, and all that a body at rest turned was bias."""
BIAS_WALK_RADS = 7e-5
"""Growth of a bias, per square root of a second, as it warms up."""
BREATH_SIGMA_RADS = np.radians(0.05)
"""By how much breathing moves the mean rate of a block at rest."""
SCALE_SIGMA = 0.004
"""Of a gyroscope's sensitivity (data sheets: 0.5 %)."""
UNSEEN_RADS = np.radians(0.12) / 60.0
"""Movement too slow to be told from bias, all the time since the heading was last measured."""
GRAVITY_SIGMA_MS2 = 0.027
"""Sensitivity within 0.3 %, gravity within 0.2 % over the Earth."""


@kernel
def end_block(state: Any, trunk_up: FloatArray, pelvis_up: FloatArray, i: int) -> None:
    """Judge rest, take back the turn that was none, and let the variance grow."""
    trunk, pelvis = state.trunk, state.pelvis
    variance, bias_variance, at_rest = 0.0, trunk.bias_variance + pelvis.bias_variance, True
    for side, up, sign in ((trunk, trunk_up, -1.0), (pelvis, pelvis_up, 1.0)):
        variance += (SCALE_SIGMA * along_vertical(side.turned, up, i)) ** 2
        _weigh(side)
        bias_turn = _turned_by_bias(side, up, i)
        if np.isnan(bias_turn):
            at_rest = False
        else:
            shift(state, sign * bias_turn)
    if at_rest:
        state.bias_cov = 0.0
    else:
        variance += BLOCK_S * (2.0 * state.bias_cov + bias_variance * BLOCK_S)
        state.bias_cov += bias_variance * BLOCK_S
    variance += UNSEEN_RADS**2 * BLOCK_S * (2.0 * state.since_s + BLOCK_S)
    state.since_s += BLOCK_S
    state.variance += variance


@kernel
def _turned_by_bias(side: Any, up: FloatArray, i: int) -> float:
    """Turn about the vertical in the last blocks that was bias; NaN without rest.

    The segment rested in the last block if its rate was steady over that block, the one before and
    this one, and no larger than a breath and the bias may be. Then the bias is corrected, and what
    the block turned was none.
    """
    side.bias_variance += BIAS_WALK_RADS**2 * BLOCK_S
    whole = side.before + side.last + side.turned
    sigma = np.sqrt(side.bias_variance)
    before_rad, last_rad = _off_third(side.before, whole), _off_third(side.last, whole)
    steady = max(before_rad, last_rad, _off_third(side.turned, whole)) < REST_RAD
    size = np.sqrt(whole[0] ** 2 + whole[1] ** 2 + whole[2] ** 2)
    bias_turn = np.nan
    if steady and size < BREATH_RAD + 2.0 * sigma * 3.0 * BLOCK_S:
        first = sigma > FIRST_SIGMA_RADS
        gain = side.bias_variance / (side.bias_variance + BREATH_SIGMA_RADS**2)
        bias_turn = along_vertical(whole, up, i) if first else along_vertical(side.last, up, i)
        for axis in range(3):
            step = gain * (whole[axis] / 3.0 if first else side.last[axis])
            side.bias[axis] += step / BLOCK_S
            if not first:
                bias_turn += step * up[i, axis]
            side.last[axis] = 0.0 if first else side.last[axis] - step
            side.turned[axis] = 0.0 if first else side.turned[axis] - step
        side.bias_variance *= 1.0 - gain
    for axis in range(3):
        side.before[axis] = side.last[axis]
        side.last[axis] = side.turned[axis]
        side.turned[axis] = 0.0
    return bias_turn


@kernel
def _weigh(side: Any) -> None:
    """Learn the accelerometer's offset from the size of gravity; begin the sums of a block anew.

    Each direction is believed once: a second time its error is known already.
    """
    x, y, z = side.force[0], side.force[1], side.force[2]
    quiet = side.rate < BLOCK_TICKS * TICK * QUIET_RADS**2
    side.force[0] = side.force[1] = side.force[2] = side.rate = 0.0
    size = np.sqrt(x * x + y * y + z * z)
    if not quiet or size == 0.0:
        return
    direction = (x / size, y / size, z / size)
    gain = np.zeros(3)
    known, error = 0.0, size / (BLOCK_TICKS * TICK) - GRAVITY_MS2
    for j in range(3):
        for k in range(3):
            gain[j] += side.acc_cov[3 * j + k] * direction[k]
        known += gain[j] * direction[j]
        error -= side.acc_offset[j] * direction[j]
    variance = GRAVITY_SIGMA_MS2**2
    if known < 2.0 * variance:
        return
    for j in range(3):
        side.acc_offset[j] += gain[j] * error / (known + variance)
        for k in range(3):
            side.acc_cov[3 * j + k] -= gain[j] * gain[k] / (known + variance)


@kernel
def _off_third(a: FloatArray, whole: FloatArray) -> float:
    """Distance of a vector (3,) from a third of the sum it is part of."""
    x, y, z = a[0] - whole[0] / 3.0, a[1] - whole[1] / 3.0, a[2] - whole[2] / 3.0
    distance: float = np.sqrt(x * x + y * y + z * z)
    return distance
