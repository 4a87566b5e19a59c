"""The loop behind the angle of the spine: two sensors, sample by sample (see `angle`)."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from analytics.detector import Variables, kernel, opened
from analytics.spine.headings import (
    STEEP,
    TWIST_RAD,
    keep_vertical,
    look_at_axes,
    look_at_turn,
    part_west,
    pass_gap,
    seen_from_pelvis,
    turn,
)
from analytics.spine.rest import end_block
from analytics.spine.state import ACC_OFFSET_SIGMA_MS2, BLOCK_TICKS, TICK, Signals
from sensors.types import GRAVITY_MS2, FloatArray

UPRIGHT_COS = np.cos(np.radians(30.0))
"""Up to this inclination the neutral is that of standing …"""

LYING_COS = np.cos(np.radians(60.0))
"""… from this on that of lying flat, and in between a mixture, so that the angle never jumps."""

MAX_SIGMA_DEG = 5.0
"""Beyond this standard deviation no angle is told: it would no longer show a prescribed band."""

AXIS_SIGMA_RAD = np.radians(0.6)
"""Of the left-right axes, as a calibration finds them."""
MOVING_SIGMA_S = 0.018
"""Error per rate of turn: clocks of sensors differ, skin lags behind bone."""

DEG = np.degrees(1.0)

Neutral: TypeAlias = tuple[float, float]
"""Of lying flat, in degrees, and the variance of this one and that of standing."""


@kernel
def incline(up: FloatArray, lying_deg: float, sigma_deg: float, angle: FloatArray) -> None:
    """Write the extension that a lying trunk shows if the pelvis lies flat."""
    for i in range(len(up)):
        x, y, z = up[i, 0], up[i, 1], up[i, 2]
        angle[i, 0] = angle[i, 1] = np.nan
        if z < LYING_COS and y * y < STEEP:
            flat = 1.0 if x > 0.0 else -1.0
            angle[i, 0] = lying_deg - DEG * np.arctan2(z * flat, x * flat)
            angle[i, 1] = sigma_deg


@kernel
def follow(
    trunk: Signals, pelvis: Signals, neutral: Neutral, kept: Variables, angle: FloatArray
) -> None:
    """Write extension and standard deviation of every sample into `angle` (n, 2), in degrees."""
    state = opened(kept)
    for i in range(len(angle)):
        angle[i, 0] = angle[i, 1] = np.nan
        if np.isnan(trunk[2][i, 0] + pelvis[2][i, 0]):
            state.missing += 1.0
            continue
        if np.isnan(trunk[1][i, 0] + pelvis[1][i, 0]):
            _write_untwisted(trunk[2], pelvis[2], i, neutral, angle)
            continue
        if state.missing > 0.0:
            pass_gap(state, trunk[2], pelvis[2], i)
        state.rate = turn(state.trunk, trunk, i) + turn(state.pelvis, pelvis, i)
        if state.tick == 0.0:
            look_at_axes(state, trunk[2], pelvis[2], i)
            look_at_turn(state, trunk, pelvis, i)
            keep_vertical(state.trunk, trunk[2], i)
            keep_vertical(state.pelvis, pelvis[2], i)
            state.block_ticks += 1.0
        state.tick += 1.0
        if state.tick == TICK:
            state.tick = 0.0
            if state.block_ticks == BLOCK_TICKS:
                state.block_ticks = 0.0
                end_block(state, trunk[2], pelvis[2], i)
        _write(state, trunk[2], pelvis[2], i, neutral, angle)


@kernel
def _write(
    state: Any,
    trunk_up: FloatArray,
    pelvis_up: FloatArray,
    i: int,
    neutral: Neutral,
    angle: FloatArray,
) -> None:
    """Flexion of the trunk's long axis in the pelvis's sagittal plane, and what may be wrong."""
    trunk, pelvis = state.trunk, state.pelvis
    tx, tz = trunk_up[i, 0], trunk_up[i, 2]
    px, pz = pelvis_up[i, 0], pelvis_up[i, 2]
    trunk_north, trunk_west = trunk.north[2], part_west(trunk, trunk_up, i, 2)
    north, west = seen_from_pelvis(state, trunk_north, trunk_west)
    front_west, long_west = part_west(pelvis, pelvis_up, i, 0), part_west(pelvis, pelvis_up, i, 2)
    forward = north * pelvis.north[0] + west * front_west + tz * px
    upward = north * pelvis.north[2] + west * long_west + tz * pz
    forward_slope = north * front_west - west * pelvis.north[0]
    upward_slope = north * long_west - west * pelvis.north[2]
    square = forward * forward + upward * upward
    slope = (upward * forward_slope - forward * upward_slope) / square
    lying = _lying(tz)
    trunk_shift, trunk_variance = _shifted(trunk, tx, tz, lying)
    pelvis_shift, pelvis_variance = _shifted(pelvis, px, pz, lying)
    variance = slope * slope * (state.variance + AXIS_SIGMA_RAD**2)
    variance += trunk_variance + pelvis_variance
    lying_deg, zero_variance = neutral
    other_variance = zero_variance + (DEG * MOVING_SIGMA_S) ** 2 * state.rate
    sigma_deg = np.sqrt(DEG**2 * variance + other_variance)
    if sigma_deg <= MAX_SIGMA_DEG:
        lean = tx * trunk.lean_z - tz * trunk.lean_x - px * pelvis.lean_z + pz * pelvis.lean_x
        flexion = np.arctan2(forward, upward) + lean - trunk_shift + pelvis_shift
        angle[i, 0] = lying * lying_deg - DEG * flexion
        angle[i, 1] = sigma_deg


@kernel
def _shifted(side: Any, up_x: float, up_z: float, lying: float) -> tuple[float, float]:
    """By how much the accelerometer's offset tilts a segment beyond its neutral, and variance."""
    x, z = (1.0 - up_z - lying) / GRAVITY_MS2, (up_x - lying) / GRAVITY_MS2
    shift = x * side.acc_offset[0] + z * side.acc_offset[2]
    variance = x * x * side.acc_cov[0] + 2.0 * x * z * side.acc_cov[2] + z * z * side.acc_cov[8]
    return shift, variance


@kernel
def _write_untwisted(
    trunk_up: FloatArray, pelvis_up: FloatArray, i: int, neutral: Neutral, angle: FloatArray
) -> None:
    """The same from gravity alone, as if both left-right axes were one."""
    tx, tz = trunk_up[i, 0], trunk_up[i, 2]
    px, pz = pelvis_up[i, 0], pelvis_up[i, 2]
    lying = _lying(tz)
    level = min(tx * tx + tz * tz, px * px + pz * pz)
    offset_variance = 0.0
    for x, z in ((tx, tz), (px, pz)):
        offset_variance += ((1.0 - z - lying) ** 2 + (x - lying) ** 2) * ACC_OFFSET_SIGMA_MS2**2
    variance = TWIST_RAD**2 * (1.0 - level) / max(level, 1e-6) + offset_variance / GRAVITY_MS2**2
    lying_deg, zero_variance = neutral
    sigma_deg = np.sqrt(DEG**2 * variance + zero_variance)
    if sigma_deg <= MAX_SIGMA_DEG:
        flexion = np.arctan2(tz * px - tx * pz, tx * px + tz * pz)
        angle[i, 0] = lying * lying_deg - DEG * flexion
        angle[i, 1] = sigma_deg


@kernel
def _lying(trunk_up_z: float) -> float:
    """Share of the lying neutral: 0 upright, 1 lying."""
    return float(min(max((UPRIGHT_COS - trunk_up_z) / (UPRIGHT_COS - LYING_COS), 0.0), 1.0))
