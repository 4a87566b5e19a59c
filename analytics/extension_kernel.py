"""The loop behind the angle of the spine: two sensors, sample by sample (see `extension`)."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from analytics.body import BODY_RATE_HZ
from analytics.detector import Variables, kernel, opened
from sensors.types import GRAVITY_MS2, FloatArray

Signals: TypeAlias = tuple[FloatArray, FloatArray, FloatArray]
"""Specific force, angular rate and vertical (n, 3) of a segment."""

UPRIGHT_COS = np.cos(np.radians(30.0))
"""Up to this inclination the neutral is that of standing …"""

LYING_COS = np.cos(np.radians(60.0))
"""… from this on that of lying flat, and in between a mixture, so that the angle never jumps."""

MAX_SIGMA_DEG = 5.0
"""Beyond this standard deviation no angle is told: it would no longer show a prescribed band."""

ZERO_SIGMA_DEG = 0.2
"""Of the neutral, how still a pose is held, and of inclination at rest."""
AXIS_SIGMA_RAD = np.radians(0.6)
"""Of the left-right axes, as a calibration finds them."""
MOVING_SIGMA_S = 0.018
"""Error per rate of turn: clocks of sensors differ, skin lags behind bone."""
ALONE_SIGMA_DEG = 4.0
"""Of a trunk alone: how much the unseen pelvis may tilt along."""

STEP_S = 1.0 / BODY_RATE_HZ
TICK = 10
"""Samples between two looks at the axes: faster than the spine twists."""
TURN_TICKS = 10
"""Ticks over which a turn is looked at: two seconds, about as long as rolling over takes."""
BLOCK_TICKS = 20
BLOCK_S = BLOCK_TICKS * TICK * STEP_S
"""Over which rest is judged: four seconds, a breath or more."""

TWIST_RAD = np.radians(4.0)
"""Twist of the spine at any time; walking swings it by 7°."""
TWIST_S = 3.0
"""How long a twist lasts."""
STEEP = 0.5
"""Largest squared vertical part of a left-right axis that still tells a heading (45°)."""

MIN_TURN_RADS = np.radians(2.0)
MAX_UNLIKE = 0.05
"""Share of the turning that trunk and pelvis may not have in common."""
TURN_SIGMA_RAD = np.radians(4.0)

REST_RAD = np.radians(1.2)
"""By how much the turns of three blocks in a row may differ at rest …"""
BREATH_RAD = np.radians(1.0)
"""… and what is left of all together: breathing tilts the chest by up to 1°."""
QUIET_RADS = np.radians(3.0)
"""Root mean square rate in a block up to which a sensor feels nothing but gravity."""
LEAN_WEIGHT = STEP_S
"""Low-pass of a second: after a slow movement orientation filters take many to settle."""
BIAS_SIGMA_RADS = np.radians(1.0)
"""Bias of a gyroscope that was not at rest yet (data sheets)."""
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
GAP_RADS = np.radians(0.5)
"""How fast the offset may change in a short gap, beside the rate at which the body turned."""
MAX_GAP_S = 10.0
"""After more, or where a segment lies differently after a gap, its heading is lost."""
SAME_COS = np.cos(np.radians(5.0))

ACC_OFFSET_SIGMA_MS2 = 0.15
"""Zero-g offset of an axis (data sheets: 20 mg typical)."""
GRAVITY_SIGMA_MS2 = 0.027
"""Sensitivity within 0.3 %, gravity within 0.2 % over the Earth."""

DEG = np.degrees(1.0)

_SIDE = np.dtype(
    [
        ("up", np.float64, 3),  # the vertical, up to a tick ago
        ("north", np.float64, 3),  # of the level reference, in segment axes
        ("bias", np.float64, 3),
        ("bias_variance", np.float64),
        ("turned", np.float64, 3),  # in this block, the last and the one before, rad
        ("last", np.float64, 3),
        ("before", np.float64, 3),
        ("lean_x", np.float64),  # what gravity says beyond the vertical given
        ("lean_z", np.float64),
        ("force", np.float64, 3),  # sums over this block
        ("rate", np.float64),
        ("acc_offset", np.float64, 3),
        ("acc_cov", np.float64, 9),
    ]
)

_STATE = np.dtype(
    [
        ("trunk", _SIDE),
        ("pelvis", _SIDE),
        ("offset", np.float64),  # by which the trunk's level axes are turned to the pelvis's
        ("cosine", np.float64),
        ("sine", np.float64),
        ("variance", np.float64),
        ("bias_cov", np.float64),
        ("since_s", np.float64),  # the last measurement
        ("tick", np.float64),
        ("turn_ticks", np.float64),
        ("block_ticks", np.float64),
        ("missing", np.float64),
        ("rate", np.float64),  # squared, of both at the last sample
        ("across", np.float64),  # sums over the looks at a turn
        ("along", np.float64),
        ("turning", np.float64),
        ("apart", np.float64),
    ]
)


def new_state() -> Variables:
    """What is known before the first sample: nothing but what sensors may be like."""
    state = np.zeros((), _STATE)
    state["cosine"], state["variance"] = 1.0, np.inf
    for side in (state["trunk"], state["pelvis"]):
        side["bias_variance"] = BIAS_SIGMA_RADS**2
        side["last"], side["before"] = np.nan, np.nan
        side["acc_cov"] = np.eye(3).ravel() * ACC_OFFSET_SIGMA_MS2**2
    return state


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
    trunk: Signals,
    pelvis: Signals,
    lying_deg: float,
    zero_variance: float,
    kept: Variables,
    angle: FloatArray,
) -> None:
    """Write extension and standard deviation of every sample."""
    state = opened(kept)
    for i in range(len(angle)):
        angle[i, 0] = angle[i, 1] = np.nan
        if np.isnan(trunk[2][i, 0] + pelvis[2][i, 0]):
            state.missing += 1.0
            continue
        if np.isnan(trunk[1][i, 0] + pelvis[1][i, 0]):
            _write_untwisted(trunk[2], pelvis[2], i, lying_deg, zero_variance, angle)
            continue
        if state.missing > 0.0:
            _pass_gap(state, trunk[2], pelvis[2], i)
        state.rate = _turn(state.trunk, trunk, i) + _turn(state.pelvis, pelvis, i)
        if state.tick == 0.0:
            _look_at_axes(state, trunk[2], pelvis[2], i)
            _look_at_turn(state, trunk, pelvis, i)
            _note(state.trunk, trunk[2], i)
            _note(state.pelvis, pelvis[2], i)
            state.block_ticks += 1.0
        state.tick += 1.0
        if state.tick == TICK:
            state.tick = 0.0
            if state.block_ticks == BLOCK_TICKS:
                state.block_ticks = 0.0
                _end_block(state, trunk[2], pelvis[2], i)
        other_variance = zero_variance + (DEG * MOVING_SIGMA_S) ** 2 * state.rate
        _write(state, trunk[2], pelvis[2], i, lying_deg, other_variance, angle)


@kernel
def _write(
    state: Any,
    trunk_up: FloatArray,
    pelvis_up: FloatArray,
    i: int,
    lying_deg: float,
    other_variance: float,
    angle: FloatArray,
) -> None:
    """Flexion of the trunk's long axis in the pelvis's sagittal plane, and what may be wrong."""
    trunk, pelvis = state.trunk, state.pelvis
    tx, tz = trunk_up[i, 0], trunk_up[i, 2]
    px, pz = pelvis_up[i, 0], pelvis_up[i, 2]
    trunk_north, trunk_west = trunk.north[2], _west(trunk, trunk_up, i, 2)
    north = state.cosine * trunk_north - state.sine * trunk_west
    west = state.sine * trunk_north + state.cosine * trunk_west
    front_west, long_west = _west(pelvis, pelvis_up, i, 0), _west(pelvis, pelvis_up, i, 2)
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
    trunk_up: FloatArray,
    pelvis_up: FloatArray,
    i: int,
    lying_deg: float,
    zero_variance: float,
    angle: FloatArray,
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
    sigma_deg = np.sqrt(DEG**2 * variance + zero_variance)
    if sigma_deg <= MAX_SIGMA_DEG:
        flexion = np.arctan2(tz * px - tx * pz, tx * px + tz * pz)
        angle[i, 0] = lying * lying_deg - DEG * flexion
        angle[i, 1] = sigma_deg


@kernel
def _lying(trunk_up_z: float) -> float:
    """Share of the lying neutral: 0 upright, 1 lying."""
    return float(min(max((UPRIGHT_COS - trunk_up_z) / (UPRIGHT_COS - LYING_COS), 0.0), 1.0))


@kernel
def _turn(side: Any, signals: Signals, i: int) -> float:
    """Keep the level reference where it is while the segment turns; return the squared rate."""
    acc, gyro, up = signals
    x, y, z = gyro[i, 0] - side.bias[0], gyro[i, 1] - side.bias[1], gyro[i, 2] - side.bias[2]
    rate: float = x * x + y * y + z * z
    side.rate += rate
    settling = 1.0 if rate < QUIET_RADS**2 else 0.0
    side.lean_x += LEAN_WEIGHT * (settling * (acc[i, 0] / GRAVITY_MS2 - up[i, 0]) - side.lean_x)
    side.lean_z += LEAN_WEIGHT * (settling * (acc[i, 2] / GRAVITY_MS2 - up[i, 2]) - side.lean_z)
    side.force[0] += acc[i, 0]
    side.force[1] += acc[i, 1]
    side.force[2] += acc[i, 2]
    x, y, z = x * STEP_S, y * STEP_S, z * STEP_S
    side.turned[0] += x
    side.turned[1] += y
    side.turned[2] += z
    n0, n1, n2 = side.north[0], side.north[1], side.north[2]
    c0, c1, c2 = y * n2 - z * n1, z * n0 - x * n2, x * n1 - y * n0
    n0 += 0.5 * (y * c2 - z * c1) - c0
    n1 += 0.5 * (z * c0 - x * c2) - c1
    n2 += 0.5 * (x * c1 - y * c0) - c2
    u0, u1, u2 = up[i, 0], up[i, 1], up[i, 2]
    along = n0 * u0 + n1 * u1 + n2 * u2
    n0, n1, n2 = n0 - along * u0, n1 - along * u1, n2 - along * u2
    square = n0 * n0 + n1 * n1 + n2 * n2
    if square < 0.01:
        n0, n1, n2 = (0.0, u2, -u1) if u1 * u1 > 0.5 else (u2, 0.0, -u0)
        square = n0 * n0 + n1 * n1 + n2 * n2
    size = 1.5 - 0.5 * square if abs(square - 1.0) < 1e-3 else 1.0 / np.sqrt(square)
    side.north[0], side.north[1], side.north[2] = n0 * size, n1 * size, n2 * size
    return rate


@kernel
def _west(side: Any, up: FloatArray, i: int, axis: int) -> float:
    """Component of a segment's axis to the left of the level reference."""
    j = 0 if axis == 2 else axis + 1
    k = 3 - axis - j
    component: float = up[i, j] * side.north[k] - up[i, k] * side.north[j]
    return component


@kernel
def _look_at_axes(
    state: Any,
    trunk_up: FloatArray,
    pelvis_up: FloatArray,
    i: int,
) -> None:
    """The left-right axes are parallel but for a twist, unless one of them stands steeply."""
    trunk, pelvis = state.trunk, state.pelvis
    steep = max(trunk_up[i, 1] ** 2, pelvis_up[i, 1] ** 2)
    if steep > STEEP:
        return
    trunk_north, trunk_west = trunk.north[1], _west(trunk, trunk_up, i, 1)
    pelvis_north, pelvis_west = pelvis.north[1], _west(pelvis, pelvis_up, i, 1)
    north = state.cosine * trunk_north - state.sine * trunk_west
    west = state.sine * trunk_north + state.cosine * trunk_west
    across = north * pelvis_west - west * pelvis_north
    along = north * pelvis_north + west * pelvis_west
    twist_variance = TWIST_RAD**2 / (1.0 - steep)
    lasting_variance = twist_variance * 2.0 * TWIST_S / (TICK * STEP_S)
    _measure(state, np.arctan2(across, along), lasting_variance, twist_variance)


@kernel
def _look_at_turn(state: Any, trunk: Signals, pelvis: Signals, i: int) -> None:
    """Add one look at both rates; judge the turn when there are enough."""
    trunk_north, trunk_west, trunk_upward = _level_rate(state.trunk, trunk, i)
    pelvis_north, pelvis_west, pelvis_upward = _level_rate(state.pelvis, pelvis, i)
    north = state.cosine * trunk_north - state.sine * trunk_west
    west = state.sine * trunk_north + state.cosine * trunk_west
    state.across += north * pelvis_west - west * pelvis_north
    state.along += north * pelvis_north + west * pelvis_west
    state.turning += 0.5 * (north**2 + west**2 + pelvis_north**2 + pelvis_west**2)
    state.apart += 0.5 * (trunk_upward - pelvis_upward) ** 2
    state.turn_ticks += 1.0
    if state.turn_ticks < TURN_TICKS:
        return
    if state.turning > TURN_TICKS * MIN_TURN_RADS**2:
        common: float = np.hypot(state.across, state.along)
        unlike = (state.turning - common + state.apart) / state.turning
        variance = TURN_SIGMA_RAD**2 + 2.0 * unlike
        error: float = np.arctan2(state.across, state.along)
        if unlike < MAX_UNLIKE:
            _measure(state, error, variance, variance)
    state.across = state.along = state.turning = state.apart = state.turn_ticks = 0.0


@kernel
def _level_rate(side: Any, signals: Signals, i: int) -> tuple[float, float, float]:
    """Angular rate about the level reference, what is to its left, and the vertical."""
    _, gyro, up = signals
    north = west = upward = 0.0
    for axis in range(3):
        rate = gyro[i, axis] - side.bias[axis]
        north += rate * side.north[axis]
        west += rate * _west(side, up, i, axis)
        upward += rate * up[i, axis]
    return north, west, upward


@kernel
def _measure(state: Any, error: float, variance: float, alone_variance: float) -> None:
    """Correct the offset by what a measurement says it lacks.

    `variance` is that of one among many that err alike; alone it would have `alone_variance`. Where
    less than that was known it is believed as it is.
    """
    state.since_s = 0.0
    if state.variance > alone_variance:
        _shift(state, error)
        state.variance = alone_variance
        state.bias_cov = 0.0
        return
    gain = state.variance / (state.variance + variance)
    _shift(state, gain * error)
    state.variance *= 1.0 - gain
    state.bias_cov *= 1.0 - gain


@kernel
def _shift(state: Any, by: float) -> None:
    state.offset += by
    state.cosine = np.cos(state.offset)
    state.sine = np.sin(state.offset)


@kernel
def _note(side: Any, up: FloatArray, i: int) -> None:
    """Keep the vertical, to see after a gap whether the segment was moved."""
    side.up[0], side.up[1], side.up[2] = up[i, 0], up[i, 1], up[i, 2]


@kernel
def _pass_gap(state: Any, trunk_up: FloatArray, pelvis_up: FloatArray, i: int) -> None:
    """Samples are back: the offset may have changed meanwhile, if it is not lost."""
    trunk, pelvis = state.trunk, state.pelvis
    gap_s = state.missing * STEP_S
    state.missing = 0.0
    same = min(_along(trunk.up, trunk_up, i), _along(pelvis.up, pelvis_up, i)) > SAME_COS
    if same and gap_s <= MAX_GAP_S:
        state.variance += (GAP_RADS**2 + state.rate) * gap_s**2
        return
    state.variance = np.inf
    state.tick = state.block_ticks = state.turn_ticks = 0.0
    state.across = state.along = state.turning = state.apart = 0.0
    for side in (trunk, pelvis):
        side.rate = 0.0
        for axis in range(3):
            side.before[axis] = side.last[axis] = np.nan
            side.turned[axis] = side.force[axis] = 0.0


@kernel
def _end_block(
    state: Any,
    trunk_up: FloatArray,
    pelvis_up: FloatArray,
    i: int,
) -> None:
    """Judge rest, take back the turn that was none, and let the variance grow."""
    trunk, pelvis = state.trunk, state.pelvis
    variance, bias_variance, at_rest = 0.0, trunk.bias_variance + pelvis.bias_variance, True
    for side, up, sign in ((trunk, trunk_up, -1.0), (pelvis, pelvis_up, 1.0)):
        variance += (SCALE_SIGMA * _along(side.turned, up, i)) ** 2
        _weigh(side)
        bias_turn = _rest(side, up, i)
        if np.isnan(bias_turn):
            at_rest = False
        else:
            _shift(state, sign * bias_turn)
    if at_rest:
        state.bias_cov = 0.0
    else:
        variance += BLOCK_S * (2.0 * state.bias_cov + bias_variance * BLOCK_S)
        state.bias_cov += bias_variance * BLOCK_S
    variance += UNSEEN_RADS**2 * BLOCK_S * (2.0 * state.since_s + BLOCK_S)
    state.since_s += BLOCK_S
    state.variance += variance


@kernel
def _rest(side: Any, up: FloatArray, i: int) -> float:
    """Turn about the vertical in the last blocks that was bias; NaN without rest.

    The segment rested in the last block if its rate was steady over that block, the one before and
    this one, and no larger than a breath and the bias may be. Then the bias is corrected, and what
    the block turned was none.
    """
    side.bias_variance += BIAS_WALK_RADS**2 * BLOCK_S
    whole = side.before + side.last + side.turned
    sigma = np.sqrt(side.bias_variance)
    steady = (
        max(_far(side.before, whole), _far(side.last, whole), _far(side.turned, whole)) < REST_RAD
    )
    size = np.sqrt(whole[0] ** 2 + whole[1] ** 2 + whole[2] ** 2)
    bias_turn = np.nan
    if steady and size < BREATH_RAD + 2.0 * sigma * 3.0 * BLOCK_S:
        first = sigma > FIRST_SIGMA_RADS
        gain = side.bias_variance / (side.bias_variance + BREATH_SIGMA_RADS**2)
        bias_turn = _along(whole, up, i) if first else _along(side.last, up, i)
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
    """Learn the accelerometer's offset from the size of gravity, once a direction."""
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
def _along(vector: FloatArray, up: FloatArray, i: int) -> float:
    """The part of a vector (3,) along the vertical."""
    part: float = vector[0] * up[i, 0] + vector[1] * up[i, 1] + vector[2] * up[i, 2]
    return part


@kernel
def _far(a: FloatArray, whole: FloatArray) -> float:
    """Distance of a vector (3,) from a third of the sum it is part of."""
    x, y, z = a[0] - whole[0] / 3.0, a[1] - whole[1] / 3.0, a[2] - whole[2] / 3.0
    distance: float = np.sqrt(x * x + y * y + z * z)
    return distance
