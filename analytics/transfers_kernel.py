"""The compiled loops behind `analytics.transfers`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analytics.body import BODY_RATE_HZ
from analytics.detector import Variables, kernel, opened
from sensors.types import GRAVITY_MS2, FloatArray

_VERTICAL, _PEAK, COLUMNS = 0, 4, 5
"""Of a sample that is kept: vertical force and, last, largest force in m/s²; the vertical (3)."""

RISE, SEAT = 0, 1
"""What is worth a look."""

DESCENT = round(1.5 * BODY_RATE_HZ)
BESIDE = round(0.2 * BODY_RATE_HZ)
_SAMPLE_S = 1.0 / BODY_RATE_HZ
_THIRD = 1.0 / 3.0
_SMOOTH = 4
_STILL_DEGS = 15.0
_STILL = round(0.3 * BODY_RATE_HZ)
_EDGE_DEGS = 5.0
_EDGE = round(0.5 * BODY_RATE_HZ)
_LAG = round(0.1 * BODY_RATE_HZ)
_REST = round(0.5 * BODY_RATE_HZ)
_LANDED = round(0.6 * BODY_RATE_HZ)


@kernel
def follow(
    acc: FloatArray,
    gyro: FloatArray,
    up: FloatArray,
    peak_ms2: FloatArray,
    rows: FloatArray,
    given: Variables,
    kept: Variables,
    marks: NDArray[np.int64],
) -> int:
    """Write rows (n, 5), and what is worth a look: a rise or a seat, when it began and ended.

    Without a gyroscope the vertical lags, and all of the force is taken to be vertical.
    """
    limits, state = opened(given), opened(kept)
    level, speed, slow, slower = state.level, state.speed, state.slow, state.slower
    last, last_but_one = state.last, state.last_but_one
    index = int(state.index) - 1
    count = 0
    for i in range(len(acc)):
        x, y, z = acc[i, 0], acc[i, 1], acc[i, 2]
        force = x * up[i, 0] + y * up[i, 1] + z * up[i, 2]
        if np.isnan(gyro[i, 0]):
            force = np.sqrt(x * x + y * y + z * z)
        rows[i, _VERTICAL], rows[i, _PEAK] = force, peak_ms2[i]
        for j in range(3):
            rows[i, 1 + j] = up[i, j]
        index += 1
        if np.isnan(force):
            continue
        level += limits.level_weight * (force - level)
        speed = limits.kept_part * speed + (force - level) * _SAMPLE_S
        slow += limits.slow_weight * (speed - slow)
        slower += limits.slow_weight * (slow - slower)
        if (state.way > 0.0 or slower > limits.rising_ms) and _rises(slower, index, limits, state):
            marks[count, 0], marks[count, 1], marks[count, 2] = RISE, state.rise_from, index
            count += 1
        if speed < -limits.descent_ms:
            state.fell_at = index
        stop = (force + last + last_but_one) * _THIRD - GRAVITY_MS2
        last_but_one, last = last, force
        if (state.held > 0.0 or stop > limits.hard_ms2) and _is_stopped(stop, index, state):
            marks[count, 0], marks[count, 1], marks[count, 2] = SEAT, state.held_at, state.held_at
            count += 1
    state.level, state.speed, state.slow, state.slower = level, speed, slow, slower
    state.last, state.last_but_one = last, last_but_one
    state.index = index + 1
    return count


@kernel
def _rises(speed_ms: float, index: int, limits: np.record, state: np.record) -> bool:
    """Follow a way upwards; whether one that is long enough ends."""
    if speed_ms > limits.rising_ms:
        state.rise_from = index if state.way == 0.0 else state.rise_from
        state.way += speed_ms / BODY_RATE_HZ
        return False
    rises = bool(state.way > limits.min_way_m)
    state.way = 0.0
    return rises


@kernel
def _is_stopped(stop_ms2: float, index: int, state: np.record) -> bool:
    """Keep the hardest stop after a descent; whether it is half a second old."""
    if stop_ms2 > state.held and index - state.fell_at <= _REST:
        state.held, state.held_at = stop_ms2, index
    elif state.held > 0.0 and index - state.held_at >= _REST:
        state.held = 0.0
        return True
    return False


@kernel
def rise_course(
    rows: FloatArray, began: int, ended: int
) -> tuple[float, float, float, float, float, float, float, float, float, float]:
    """The rise between two samples of rows (n, 5), as the fields of `transfers._Course`."""
    up, turn_degs = _smoothed_up(rows)
    start, end = max(began - _LAG, 0), ended - _LAG
    while start > _STILL and not _is_still(turn_degs, start - _STILL):
        start -= 1
    while end + _STILL < len(rows) and not _is_still(turn_degs, end):
        end += 1
    seen = start > _STILL and end + _STILL < len(rows) and end - start > _STILL
    start, end = _edges(turn_degs, start, end)
    if not seen:
        nan = np.nan
        return nan, nan, nan, nan, nan, nan, nan, nan, nan, nan
    speeds_ms = _speeds(rows[start:end, _VERTICAL])
    before, after = _direction(up, start - BESIDE, start), _direction(up, end, end + BESIDE)
    lean_deg = _lean_deg(up[start:end], before, after)
    rise_m = float(np.sum(speeds_ms)) / BODY_RATE_HZ
    return (
        float(start),
        float(end),
        rise_m,
        float(_humps(speeds_ms)),
        float(np.max(speeds_ms)),
        float(-np.min(speeds_ms)),
        lean_deg,
        _angle_deg(before, after),
        float(np.std(rows[max(start - _REST, 0) : start, _VERTICAL])),
        float(min(before[2], after[2])),
    )


@kernel
def landing_course(rows: FloatArray, at: int) -> tuple[float, float, float, float, float, float]:
    """What a stop was: unrest after it, push before, lean, turn, uprightness and peak."""
    up, _ = _smoothed_up(rows)
    before = _direction(up, at - DESCENT - BESIDE, at - DESCENT)
    after = _direction(up, len(rows) - BESIDE, len(rows))
    push_ms2 = 0.0
    for i in range(at - DESCENT, at - BESIDE):
        push_ms2 = max(push_ms2, float(np.mean(rows[i - 2 : i + 1, _VERTICAL])))
    return (
        float(np.std(rows[at + _LANDED :, _VERTICAL])),
        push_ms2,
        _lean_deg(up[at - DESCENT : at + _LANDED], before, after),
        _angle_deg(before, after),
        float(min(before[2], after[2])),
        float(np.max(rows[at - BESIDE : at + BESIDE, _PEAK])),
    )


@kernel
def _smoothed_up(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The vertical (n, 3) averaged over 0.18 s, and how fast it turns (n,) in °/s."""
    last = len(rows) - 1
    up = np.zeros((len(rows), 3))
    turn_degs = np.zeros(len(rows))
    for i in range(len(rows)):
        square = 0.0
        for j in range(3):
            for k in range(i - _SMOOTH, i + _SMOOTH + 1):
                up[i, j] += rows[min(max(k, 0), last), 1 + j] / (2 * _SMOOTH + 1)
            square += (up[i, j] - up[max(i - 1, 0), j]) ** 2
        turn_degs[i] = np.degrees(np.sqrt(square)) * BODY_RATE_HZ
    return up, turn_degs


@kernel
def _is_still(turn_degs: FloatArray, first: int) -> bool:
    fastest_degs = np.max(turn_degs[first : first + _STILL])
    return bool(fastest_degs < _STILL_DEGS)


@kernel
def _edges(turn_degs: FloatArray, start: int, end: int) -> tuple[int, int]:
    """Where a slow beginning and end reach to."""
    first, last = max(start - _EDGE, BESIDE), min(end + _EDGE, len(turn_degs) - BESIDE)
    while start > first and turn_degs[start] > _EDGE_DEGS:
        start -= 1
    while end < last and turn_degs[end] > _EDGE_DEGS:
        end += 1
    return start, end


@kernel
def _speeds(vertical_ms2: FloatArray) -> FloatArray:
    """Vertical speed (n,) in m/s, from rest to rest."""
    mean_ms2 = np.mean(vertical_ms2)
    speeds_ms = np.zeros(len(vertical_ms2))
    for i in range(1, len(vertical_ms2)):
        speeds_ms[i] = speeds_ms[i - 1] + (vertical_ms2[i] - mean_ms2) / BODY_RATE_HZ
    return speeds_ms


@kernel
def _humps(speeds_ms: FloatArray) -> int:
    """How often the speed rises from below a quarter of its largest to above a half."""
    highest = np.max(speeds_ms)
    humps = 0
    below = True
    for speed_ms in speeds_ms:
        if below and speed_ms > 0.5 * highest:
            humps += 1
            below = False
        elif speed_ms < 0.25 * highest:
            below = True
    return humps


@kernel
def _lean_deg(up: FloatArray, before: FloatArray, after: FloatArray) -> float:
    """Largest turn of the vertical (n, 3) away from two directions at once."""
    lean_deg = 0.0
    for i in range(len(up)):
        lean_deg = max(lean_deg, min(_angle_deg(up[i], before), _angle_deg(up[i], after)))
    return lean_deg


@kernel
def _direction(up: FloatArray, start: int, end: int) -> FloatArray:
    """Mean direction (3,) of some samples."""
    mean = np.zeros(3)
    for i in range(start, end):
        for j in range(3):
            mean[j] += up[i, j]
    length = max(np.sqrt(mean[0] ** 2 + mean[1] ** 2 + mean[2] ** 2), 1e-9)
    for j in range(3):
        mean[j] /= length
    return mean


@kernel
def _angle_deg(first: FloatArray, second: FloatArray) -> float:
    cosine = first[0] * second[0] + first[1] * second[1] + first[2] * second[2]
    return float(np.degrees(np.arccos(min(max(cosine, -1.0), 1.0))))
