"""VQF without a magnetometer, as one plain loop: gyroscope and specific force to an orientation.

Laidig and Seel, "VQF: Highly accurate IMU orientation estimation with bias estimation and magnetic
disturbance rejection", Information Fusion 91 (2023), doi:10.1016/j.inffus.2022.10.014, with its
parameters. The specific force is low-passed in a frame that the gyroscope alone keeps, and that
frame is levelled by the result; the gyroscope's bias is learnt by a Kalman filter, at rest from the
rate itself, in motion from how fast the frame has to be levelled.

Departing from it, the frame is levelled and the bias learnt once in `BLOCK_S` instead of at every
sample, from means over that time, with the noise of a step scaled to match. Neither moves faster
than the low-pass of 3 s, and the vertical, still the low-passed force of each sample, stays within
a few hundredths of a degree of the authors' own program, at a sixth of its cost. What a block tells
of the bias is taken in number by number, which needs no inverse of a matrix. And after a gap in the
samples, over which nothing but a guess turns the frame, it is levelled the more quickly the longer
that gap was.
"""

from __future__ import annotations

import numpy as np

from analytics.detector import Variables, fused_kernel, opened, variables
from analytics.frontend.resampling import MAX_FOLLOWED_S
from sensors.types import GRAVITY_MS2, FloatArray

BLOCK_S = 0.1
"""Time between two levellings: a thirtieth of the low-pass on the force."""

FORCE_TAU_S = 3.0
"""Trust in the gyroscope over the force; 3 s as published."""

TRUSTED_GAP_S = 0.1
"""After such a gap the orientation is trusted as ever. A longer one is crossed on a straight line
of the rate; as that walks at random, the variance of the turn grows as the cube of the gap (that of
a Brownian bridge's integral), and the trust falls as much."""

REST_TAU_S = 0.5
REST_MIN_S = 1.5
REST_MAX_RATE_RADS = np.radians(2.0)
REST_MAX_FORCE_MS2 = 0.5
"""At rest, rate and force stay this close to their means over half a second for 1.5 s."""

BIAS_MAX_RADS = np.radians(2.0)
"""No bias is larger: who turns so fast and steadily does turn."""

BIAS_START_SD_RADS = np.radians(0.5)
BIAS_MOTION_SD_RADS = np.radians(0.1)
BIAS_REST_SD_RADS = np.radians(0.03)
"""How sure the bias is at the start, and becomes in motion and at rest."""

BIAS_DRIFT_RADS = np.radians(0.1)
BIAS_FORGETTING_S = 100.0
"""How far the bias is taken to drift in how long."""

BIAS_VERTICAL_TRUST = 1e-4
"""Levelling does not show the bias about the vertical: with this weight it is taken to be 0."""

STATE = np.dtype(
    [
        ("samples", np.float64),
        ("force_samples", np.float64),
        ("block_samples", np.float64),
        ("blocks", np.float64),
        ("quat", np.float64, 4),
        ("force_low", np.float64, (2, 3)),
        ("rest_low", np.float64, (2, 6)),
        ("rest_rate", np.float64, 3),
        ("rest_s", np.float64),
        ("rotation_sum", np.float64, (3, 3)),
        ("rotation_low", np.float64, (2, 9)),
        ("rotation", np.float64, (3, 3)),
        ("drift_low", np.float64, (2, 3)),
        ("drift", np.float64, 3),
        ("bias", np.float64, 3),
        ("covariance", np.float64, (3, 3)),
    ]
)
"""`force_samples` are those that the low-pass of the force knows of, fewer than `samples` after a
gap. `quat` takes sensor axes to the level frame, `…_low` are states of low-passes. `rotation_sum`
is that of the rotation matrices of a block, `rotation` its low-passed mean, and `drift` the same of
the bias turned by it."""

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]
Quaternion = tuple[float, float, float, float]
Filter = tuple[float, float, float, float, float]


def new_state() -> Variables:
    """The state before the first sample: nothing known, the bias around zero."""
    state = np.zeros((), STATE)
    state["quat"][0] = 1.0
    state["covariance"][:] = np.eye(3) * BIAS_START_SD_RADS**2
    return state


def parameters(rate_hz: float) -> Variables:
    """What `follow` needs to know of samples at `rate_hz`."""
    block = max(round(BLOCK_S * rate_hz), 1)
    block_s = block / rate_hz
    drift = BIAS_DRIFT_RADS**2 * block_s / BIAS_FORGETTING_S
    return variables(
        step_s=1.0 / rate_hz,
        block=block,
        block_s=block_s,
        bias_drift=drift,
        bias_motion=_steady_noise(BIAS_MOTION_SD_RADS, drift),
        bias_rest=_steady_noise(BIAS_REST_SD_RADS, drift),
        **_design("force", FORCE_TAU_S, 1.0 / rate_hz),
        **_design("rest", REST_TAU_S, 1.0 / rate_hz),
        **_design("block", FORCE_TAU_S, block_s),
    )


def _steady_noise(sd_rads: float, drift: float) -> float:
    """Variance of a measurement that lets the estimate settle at a standard deviation."""
    return sd_rads**4 / drift + sd_rads**2


def _design(name: str, tau_s: float, step_s: float) -> dict[str, float]:
    """A second-order Butterworth low-pass and how many samples its start is averaged over."""
    c = np.tan(step_s / (np.sqrt(2.0) * tau_s))
    d = c * c + np.sqrt(2.0) * c + 1.0
    return {
        f"{name}_b0": c * c / d,
        f"{name}_a1": 2.0 * (c * c - 1.0) / d,
        f"{name}_a2": (1.0 - np.sqrt(2.0) * c + c * c) / d,
        f"{name}_start": np.ceil(tau_s / step_s),
    }


@fused_kernel
def follow(
    acc: FloatArray, gyro: FloatArray, unseen_s: FloatArray, given: Variables, kept: Variables
) -> FloatArray:
    """The vertical (n, 3) in sensor axes after each sample, of unit length.

    `acc` (n, 3) in m/s², `gyro` (n, 3) in rad/s; `unseen_s` (n,) is how long a gap there was before
    a sample, 0 without one. `given` are `parameters`, `kept` is a state, changed in place.
    """
    params, state = opened(given), opened(kept)
    up = np.empty_like(acc)
    for i in range(len(acc)):
        if unseen_s[i] > 0.0:
            _doubt(unseen_s[i], params, state)
        force = (acc[i, 0], acc[i, 1], acc[i, 2])
        rate = (gyro[i, 0], gyro[i, 1], gyro[i, 2])
        state.samples += 1.0
        state.force_samples += 1.0
        _watch_for_rest(force, rate, params, state)
        _turn(rate, params.step_s, state)
        rotation = _rotation((state.quat[0], state.quat[1], state.quat[2], state.quat[3]))
        level_force = _low_passed(_rotated(rotation, force), params, state)
        vertical = _rotated_back(rotation, level_force)
        pace = 1.0 / _length(vertical)
        for j in range(3):
            up[i, j] = vertical[j] * pace
        _add_to_block(rotation, state)
        if state.samples == 1.0:
            _level(_levelling(level_force), state)
        elif state.block_samples == params.block:
            _learn_bias(level_force, params, state)
            _level(_levelling(level_force), state)
    return up


@fused_kernel
def _doubt(unseen_s: float, params: np.record, state: np.record) -> None:
    """Low-pass the force afresh, the orientation before counting as its mean over some samples."""
    trusted = np.floor(params.force_start * (TRUSTED_GAP_S / unseen_s) ** 3)
    if unseen_s > MAX_FOLLOWED_S or trusted < 1.0:
        _forget(state)
    elif trusted < state.force_samples:
        state.force_samples = trusted
        state.force_low[:] = 0.0
        state.force_low[0, 2] = trusted / (trusted + 1.0) * GRAVITY_MS2


@fused_kernel
def _forget(state: np.record) -> None:
    """Start afresh, but for the bias of the gyroscope, which changes slowly."""
    state.samples = state.force_samples = state.block_samples = state.blocks = 0.0
    state.rest_s = 0.0
    state.quat[:] = 0.0
    state.quat[0] = 1.0
    state.force_low[:] = 0.0
    state.rest_low[:] = 0.0
    state.rotation_sum[:] = 0.0
    state.rotation_low[:] = 0.0
    state.drift_low[:] = 0.0


@fused_kernel
def _filter(count: float, start: float, b0: float, a1: float, a2: float) -> Filter:
    """Coefficients b0, b1, b2, a1, a2 of a low-pass for its `count`-th sample.

    Up to the `start`-th it is the mean of all samples so far, which is written as the same
    recursion; that one leaves the Butterworth low-pass settled at the mean.
    """
    if count > start:
        return (b0, 2.0 * b0, b0, a1, a2)
    if count < start:
        return (1.0 / count, 0.0, 0.0, -count / (count + 1.0), 0.0)
    return (1.0 / count, 0.0, 0.0, b0 - 1.0, a2 - b0)


@fused_kernel
def _low_pass(value: float, low: FloatArray, j: int, coefficients: Filter) -> float:
    b0, b1, b2, a1, a2 = coefficients
    smooth: float = b0 * value + low[0, j]
    low[0, j] = b1 * value - a1 * smooth + low[1, j]
    low[1, j] = b2 * value - a2 * smooth
    return smooth


@fused_kernel
def _watch_for_rest(force: Vector, rate: Vector, params: np.record, state: np.record) -> None:
    """Count the seconds for which rate and force have kept to their means."""
    low_pass = _filter(
        state.samples, params.rest_start, params.rest_b0, params.rest_a1, params.rest_a2
    )
    rate_off = force_off = fastest = 0.0
    for j in range(3):
        mean_rate = _low_pass(rate[j], state.rest_low, j, low_pass)
        mean_force = _low_pass(force[j], state.rest_low, 3 + j, low_pass)
        rate_off += (rate[j] - mean_rate) ** 2
        force_off += (force[j] - mean_force) ** 2
        fastest = max(fastest, abs(mean_rate))
        state.rest_rate[j] = mean_rate
    still = rate_off < REST_MAX_RATE_RADS**2 and force_off < REST_MAX_FORCE_MS2**2
    state.rest_s = state.rest_s + params.step_s if still and fastest <= BIAS_MAX_RADS else 0.0


@fused_kernel
def _turn(rate: Vector, step_s: float, state: np.record) -> None:
    """Turn by the rate without its bias; sine and cosine of half the angle as power series."""
    x = 0.5 * step_s * (rate[0] - state.bias[0])
    y = 0.5 * step_s * (rate[1] - state.bias[1])
    z = 0.5 * step_s * (rate[2] - state.bias[2])
    h = x * x + y * y + z * z
    c = 1.0 + h * (-1 / 2 + h * (1 / 24 + h * (-1 / 720 + h * (1 / 40320))))
    s = 1.0 + h * (-1 / 6 + h * (1 / 120 + h * (-1 / 5040 + h * (1 / 362880))))
    quat = (state.quat[0], state.quat[1], state.quat[2], state.quat[3])
    turned = _product(quat, (c, s * x, s * y, s * z))
    for j in range(4):
        state.quat[j] = turned[j]


@fused_kernel
def _rotation(quat: Quaternion) -> Matrix:
    w, x, y, z = quat
    return (
        (1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)),
        (2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)),
        (2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)),
    )


@fused_kernel
def _low_passed(level_force: Vector, params: np.record, state: np.record) -> Vector:
    low_pass = _filter(
        state.force_samples, params.force_start, params.force_b0, params.force_a1, params.force_a2
    )
    return (
        _low_pass(level_force[0], state.force_low, 0, low_pass),
        _low_pass(level_force[1], state.force_low, 1, low_pass),
        _low_pass(level_force[2], state.force_low, 2, low_pass),
    )


@fused_kernel
def _add_to_block(rotation: Matrix, state: np.record) -> None:
    state.block_samples += 1.0
    for j in range(3):
        for k in range(3):
            state.rotation_sum[j, k] += rotation[j][k]


@fused_kernel
def _levelling(force: Vector) -> Quaternion:
    """The smallest rotation that takes a force to the third axis."""
    x, y, z = force
    norm = _length(force)
    length = np.sqrt(2.0 * norm * (norm + z))
    if length <= 1e-6 * norm:
        return (0.0, 1.0, 0.0, 0.0)
    return ((norm + z) / length, y / length, -x / length, 0.0)


@fused_kernel
def _level(levelling: Quaternion, state: np.record) -> None:
    """Turn the level frame, and with it what was low-passed in it; begin the next block."""
    turned = _product(levelling, (state.quat[0], state.quat[1], state.quat[2], state.quat[3]))
    w, x, y, z = turned
    norm = np.sqrt(w * w + x * x + y * y + z * z)
    for j in range(4):
        state.quat[j] = turned[j] / norm
    rotation = _rotation(levelling)
    for k in range(2):
        before = (state.force_low[k, 0], state.force_low[k, 1], state.force_low[k, 2])
        after = _rotated(rotation, before)
        for j in range(3):
            state.force_low[k, j] = after[j]
    state.blocks += 1.0
    state.block_samples = 0.0
    state.rotation_sum[:] = 0.0


@fused_kernel
def _learn_bias(force: Vector, params: np.record, state: np.record) -> None:
    """One step of the Kalman filter: from the rate at rest, else from the levelling needed."""
    low_pass = _filter(
        state.blocks, params.block_start, params.block_b0, params.block_a1, params.block_a2
    )
    part = 1.0 / params.block
    for j in range(3):
        turned = 0.0
        for k in range(3):
            mean = state.rotation_sum[j, k] * part
            turned += mean * state.bias[k]
            state.rotation[j, k] = _low_pass(mean, state.rotation_low, 3 * j + k, low_pass)
        state.drift[j] = _low_pass(turned, state.drift_low, j, low_pass)
        if state.covariance[j, j] < BIAS_START_SD_RADS**2:
            state.covariance[j, j] += params.bias_drift
    if state.rest_s >= REST_MIN_S:
        _correct((1.0, 0.0, 0.0), state.rest_rate[0], params.bias_rest, state)
        _correct((0.0, 1.0, 0.0), state.rest_rate[1], params.bias_rest, state)
        _correct((0.0, 0.0, 1.0), state.rest_rate[2], params.bias_rest, state)
    else:
        pace = 1.0 / (params.block_s * _length(force))
        about_x = state.drift[0] - force[1] * pace
        about_y = state.drift[1] + force[0] * pace
        _correct(_row(state.rotation, 0), about_x, params.bias_motion, state)
        _correct(_row(state.rotation, 1), about_y, params.bias_motion, state)
        _correct(_row(state.rotation, 2), 0.0, params.bias_motion / BIAS_VERTICAL_TRUST, state)


@fused_kernel
def _correct(row: Vector, measured: float, noise: float, state: np.record) -> None:
    """Take in one number: the bias times `row`, measured with a variance of `noise`."""
    bias, covariance = (state.bias[0], state.bias[1], state.bias[2]), state.covariance
    gain = (
        _dot(_row(covariance, 0), row),
        _dot(_row(covariance, 1), row),
        _dot(_row(covariance, 2), row),
    )
    share = 1.0 / (_dot(row, gain) + noise)
    error = _clipped(measured - _dot(row, bias))
    for j in range(3):
        state.bias[j] = _clipped(bias[j] + gain[j] * share * error)
        for k in range(3):
            covariance[j, k] -= gain[j] * gain[k] * share


@fused_kernel
def _clipped(rate: float) -> float:
    return float(min(max(rate, -BIAS_MAX_RADS), BIAS_MAX_RADS))


@fused_kernel
def _row(matrix: FloatArray, j: int) -> Vector:
    return (matrix[j, 0], matrix[j, 1], matrix[j, 2])


@fused_kernel
def _product(a: Quaternion, b: Quaternion) -> Quaternion:
    return (
        a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
        a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
        a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
        a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0],
    )


@fused_kernel
def _rotated(rotation: Matrix, vector: Vector) -> Vector:
    return (_dot(rotation[0], vector), _dot(rotation[1], vector), _dot(rotation[2], vector))


@fused_kernel
def _rotated_back(rotation: Matrix, vector: Vector) -> Vector:
    a, b, c = rotation
    x, y, z = vector
    return (
        a[0] * x + b[0] * y + c[0] * z,
        a[1] * x + b[1] * y + c[1] * z,
        a[2] * x + b[2] * y + c[2] * z,
    )


@fused_kernel
def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@fused_kernel
def _length(vector: Vector) -> float:
    return float(max(np.sqrt(_dot(vector, vector)), 1e-9))
