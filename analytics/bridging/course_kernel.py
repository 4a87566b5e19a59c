"""A bridge's course against what was felt, as one loop: what is left, and where less would be.

The unknowns are the times of the course, in samples, breathing, and how far each part of it goes.
"""

from __future__ import annotations

import numpy as np

from analytics.body import BODY_RATE_HZ
from analytics.detector import fused_kernel
from sensors.types import FloatArray

START, HOLD_START, HOLD_END, END, BREATH_RATE = range(5)
REST, LIFT, LOWER, SAG, SWAY, COSINE, SINE = range(5, 12)
"""Of the tilt in degrees: at rest, lifted, lowered and lost in the hold, per 1/s² of acceleration,
and breathing."""
FORCE, FORCE_LIFT, FORCE_LOWER, RISE, FALL = range(12, 17)
"""Of the force in m/s²: at rest, what goes with the tilt, and per 1/s² of acceleration."""
UNKNOWNS = 17

AT, TILT, TILT_SD, FELT_FORCE, FORCE_SD = range(5)
"""Columns of what was felt."""

_NODES = np.array(
    [-2.8569700138728056, -1.3556261799742659, 0.0, 1.3556261799742659, 2.8569700138728056]
)
_WEIGHTS = np.array(
    [
        0.0112574113277207,
        0.2220759220056126,
        0.5333333333333333,
        0.2220759220056126,
        0.0112574113277207,
    ]
)
"""The mean over a normal distribution from five values (Gauss–Hermite)."""

_WAY, _BEND = 0, 3


@fused_kernel
def normal_equations(
    felt: FloatArray, x: FloatArray, sigma: float, products: FloatArray, slope: FloatArray
) -> tuple[float, float]:
    """Half the weighted square of what the course of unknowns `x` (17,) leaves of `felt` (n, 5).

    Adds to `products` (17, 17) and `slope` (17,) its curvature and how it falls as unknowns grow.
    Also returns the root mean square of what it leaves of the tilt, in degrees.
    """
    cost = total = 0.0
    lift, lower, sag = np.empty(6), np.empty(6), np.empty(6)
    row = np.empty(UNKNOWNS)
    for i in range(len(felt)):
        _move(felt[i, AT], x[START], x[HOLD_START], sigma, lift)
        _move(felt[i, AT], x[HOLD_END], x[END], sigma, lower)
        _move(felt[i, AT], x[HOLD_START], x[HOLD_END], sigma, sag)
        tilt_deg = _tilt(felt[i, AT] - felt[0, AT], x, lift, lower, sag, row)
        left = felt[i, TILT] - tilt_deg
        total += left**2
        cost += _add(row, left, felt[i, TILT_SD], products, slope)
        left = felt[i, FELT_FORCE] - _force(x, lift, lower, row)
        cost += _add(row, left, felt[i, FORCE_SD], products, slope)
    return cost, float(np.sqrt(total / len(felt)))


@fused_kernel
def _tilt(
    since: float,
    x: FloatArray,
    lift: FloatArray,
    lower: FloatArray,
    sag: FloatArray,
    row: FloatArray,
) -> float:
    """The tilt, and in `row` how it changes with each unknown."""
    cosine, sine = np.cos(x[BREATH_RATE] * since), np.sin(x[BREATH_RATE] * since)
    for j in range(UNKNOWNS):
        row[j] = 0.0
    row[START] = x[LIFT] * lift[1] + x[SWAY] * lift[4]
    row[HOLD_START] = x[LIFT] * lift[2] + x[SWAY] * lift[5] - x[SAG] * sag[1]
    row[HOLD_END] = -x[LOWER] * lower[1] - x[SWAY] * lower[4] - x[SAG] * sag[2]
    row[END] = -x[LOWER] * lower[2] - x[SWAY] * lower[5]
    row[BREATH_RATE] = since * (x[SINE] * cosine - x[COSINE] * sine)
    row[REST] = 1.0
    row[LIFT] = lift[_WAY]
    row[LOWER] = -lower[_WAY]
    row[SAG] = -sag[_WAY]
    row[SWAY] = lift[_BEND] - lower[_BEND]
    row[COSINE] = cosine
    row[SINE] = sine
    tilt_deg = 0.0
    for j in range(REST, FORCE):
        tilt_deg += x[j] * row[j]
    return tilt_deg


@fused_kernel
def _force(x: FloatArray, lift: FloatArray, lower: FloatArray, row: FloatArray) -> float:
    """The force, and in `row` how it changes with each unknown."""
    for j in range(UNKNOWNS):
        row[j] = 0.0
    row[START] = x[FORCE_LIFT] * lift[1] + x[RISE] * lift[4]
    row[HOLD_START] = x[FORCE_LIFT] * lift[2] + x[RISE] * lift[5]
    row[HOLD_END] = -x[FORCE_LOWER] * lower[1] - x[FALL] * lower[4]
    row[END] = -x[FORCE_LOWER] * lower[2] - x[FALL] * lower[5]
    row[FORCE] = 1.0
    row[FORCE_LIFT] = lift[_WAY]
    row[FORCE_LOWER] = -lower[_WAY]
    row[RISE] = lift[_BEND]
    row[FALL] = -lower[_BEND]
    force_ms2 = 0.0
    for j in range(FORCE, UNKNOWNS):
        force_ms2 += x[j] * row[j]
    return force_ms2


@fused_kernel
def _move(at: float, begin: float, end: float, sigma: float, move: FloatArray) -> None:
    """A movement of minimum jerk from 0 to 1, smoothed by a Gaussian, at one sample.

    `move` (6,) becomes the way and how it changes as begin and end move, then the same of its
    second derivative in 1/s².
    """
    pace = 1.0 / (end - begin)
    square = (BODY_RATE_HZ * pace) ** 2
    for j in range(6):
        move[j] = 0.0
    for k in range(len(_NODES)):
        weight = _WEIGHTS[k]
        u = (at + sigma * _NODES[k] - begin) * pace
        if u >= 1.0:
            move[_WAY] += weight
        elif u > 0.0:
            v = 1.0 - u
            speed = weight * 30.0 * u * u * v * v * pace
            bend = weight * 60.0 * u * v * (v - u) * square
            jerk = weight * 60.0 * (1.0 - 6.0 * u * v) * square * pace
            move[_WAY] += weight * u * u * u * (10.0 - u * (15.0 - 6.0 * u))
            move[_WAY + 1] -= speed * v
            move[_WAY + 2] -= speed * u
            move[_BEND] += bend
            move[_BEND + 1] += 2.0 * bend * pace - jerk * v
            move[_BEND + 2] -= 2.0 * bend * pace + jerk * u


@fused_kernel
def _add(row: FloatArray, left: float, sd: float, products: FloatArray, slope: FloatArray) -> float:
    weight = 1.0 / (sd * sd)
    for j in range(UNKNOWNS):
        part = weight * row[j]
        if part != 0.0:
            slope[j] += part * left
            for k in range(UNKNOWNS):
                products[j, k] += part * row[k]
    return 0.5 * weight * left * left
