"""The course of one bridge, fitted to all that its sensor felt from the rest before to that after.

A movement of minimum jerk (Flash and Hogan 1985) begins and ends so slowly that no level tells
when: its first hundredth takes a tenth of the time, and breathing hides that. The whole course does
tell. Two things show it: the tilt, and the force, which differs from gravity as the sensor speeds
up.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analytics.body import BODY_RATE_HZ
from analytics.bridging.course_kernel import (
    BREATH_RATE,
    COSINE,
    END,
    FALL,
    FORCE_LOWER,
    HOLD_END,
    HOLD_START,
    LIFT,
    LOWER,
    SAG,
    SINE,
    START,
    SWAY,
    UNKNOWNS,
    normal_equations,
)
from sensors.types import FloatArray

_TIMES = [START, HOLD_START, HOLD_END, END]

_TILT_SD_DEG, _TILT_SD_PART = 0.15, 0.02
_FORCE_SD_MS2, _FORCE_SD_PART = 0.05, 0.1
"""What a course leaves of tilt and force: at least, and as a part of how far they go."""

_BREATH_RATE = 2.0 * np.pi * 0.25 / BODY_RATE_HZ
_BREATH_RATE_SD = 2.0 * np.pi * 0.05 / BODY_RATE_HZ
"""Breathing at rest, in radians a sample: 9 to 21 times a minute."""
_BREATH_SD_DEG, _MOST_BREATH_DEG = 0.3, 1.5
"""How far it tilts the chest; what tilts it by more is no breath."""

_SWAY_SD_S2 = 0.02
"""A sensor sits as much as 0.2 m beside the pivot. That, over gravity, times the second derivative
of its tilt is what an accelerometer takes for tilt."""

_TIME_SD = BODY_RATE_HZ
_LINEAR_PRECISION = 1e-6
_PINNED = 1e12
"""A guessed time may be a second off; the rest may be anything, or nothing at all."""

_BESIDE = round(1.5 * BODY_RATE_HZ)
"""Samples of the rest on each side that are looked at."""
_MOST_SAMPLES = 300
_LEAST_PHASE = round(0.16 * BODY_RATE_HZ)
_SHORTENED = (0.0, 0.2, 0.4)
"""By such parts at each end phases may seem too long where the sensor sways."""

_ROUNDS = 20
_SETTLED_PART = 1e-4
_DAMP, _LESS_DAMP, _MORE_DAMP, _MOST_DAMP = 1e-3, 0.2, 8.0, 1e6

_MOST_LEFT_DEG, _MOST_LEFT_PART = 0.6, 0.06
"""A course that leaves more of the tilt, and more than this part of its range, is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Felt:
    """Tilt (n,) in degrees and force (n,) in m/s², smoothed by a Gaussian of `sigma` samples.

    `breathes` says that breathing tilts the sensor, `sways` that its acceleration passes for tilt,
    since there is no gyroscope.
    """

    tilt_deg: FloatArray
    force_ms2: FloatArray
    sigma: float
    breathes: bool
    sways: bool

    def near(self, guess: Course, *, lowered: bool) -> FloatArray:
        """What is fitted (n, 5): samples, tilt and force, each with its standard deviation."""
        begin = max(round(guess.start) - _BESIDE, 0)
        end = round(guess.end) + _BESIDE if lowered else len(self.tilt_deg)
        end = min(end, len(self.tilt_deg))
        part = slice(begin, end, 1 + (end - begin) // _MOST_SAMPLES)
        force_ms2 = self.force_ms2[part]
        felt = np.empty((len(force_ms2), 5))
        felt[:, 0] = np.arange(begin, end, part.step)
        felt[:, 1] = self.tilt_deg[part]
        felt[:, 2] = max(_TILT_SD_DEG, _TILT_SD_PART * guess.range_deg)
        felt[:, 3] = force_ms2
        felt[:, 4] = max(_FORCE_SD_MS2, _FORCE_SD_PART * float(np.std(force_ms2)))
        return felt


class Course(NamedTuple):
    """When the hips were lifted, held and lowered, in samples, and how far they were lifted."""

    start: float
    hold_start: float
    hold_end: float
    end: float
    range_deg: float


def course(felt: Felt, guess: Course, *, lowered: bool) -> Course | None:
    """The course that explains best what was felt; None if none does.

    By least squares (Levenberg 1944, Marquardt 1963) from a first guess. Lift, sag of the hold and
    lowering are movements of minimum jerk. Where the hips are not `lowered` yet, they are held
    until the last sample. A fit ends where the samples leave an unknown open.
    """
    near = felt.near(guess, lowered=lowered)
    fits = []
    for times in _begun(guess, felt):
        fit = _Fit(near, felt.sigma, *_beforehand(felt, times, guess.range_deg, lowered))
        with suppress(np.linalg.LinAlgError):
            fit.run()
        fits.append(fit)
    return _believed(min(fits, key=lambda fit: fit.cost))


def _begun(guess: Course, felt: Felt) -> list[FloatArray]:
    """The times (4,) from which to begin."""
    times = np.array(guess[:4])
    if times[2] - times[1] < _LEAST_PHASE:
        times[1:3] = times[1:3].mean() + np.array([-0.5, 0.5]) * _LEAST_PHASE
    if not felt.sways:
        return [times]
    lift, lower = times[1] - times[0], times[3] - times[2]
    return [times + part * np.array([lift, -lift, lower, -lower]) for part in _SHORTENED]


def _beforehand(
    felt: Felt, times: FloatArray, range_deg: float, lowered: bool
) -> tuple[FloatArray, FloatArray]:
    """What the unknowns (17,) are expected to be, and with which precision."""
    expected, precision = np.zeros(UNKNOWNS), np.full(UNKNOWNS, _LINEAR_PRECISION)
    expected[_TIMES], precision[_TIMES] = times, 1.0 / _TIME_SD**2
    expected[BREATH_RATE], precision[BREATH_RATE] = _BREATH_RATE, 1.0 / _BREATH_RATE_SD**2
    precision[[COSINE, SINE]] = 1.0 / _BREATH_SD_DEG**2 if felt.breathes else _PINNED
    sway_sd = _SWAY_SD_S2 * max(range_deg, 1.0)
    precision[SWAY] = 1.0 / sway_sd**2 if felt.sways else _PINNED
    if not lowered:
        last = len(felt.tilt_deg) - 1.0
        expected[[HOLD_END, END]] = last, last + BODY_RATE_HZ
        precision[[HOLD_END, END, LOWER, FORCE_LOWER, FALL]] = _PINNED
    return expected, precision


class _Fit:
    """The unknowns that leave the least of what was felt, near what is expected of them."""

    def __init__(
        self, felt: FloatArray, sigma: float, expected: FloatArray, precision: FloatArray
    ) -> None:
        self.felt, self._sigma = felt, sigma
        self._expected, self._precision = expected, precision
        self.unknowns = expected
        self.cost = self.left_deg = np.inf
        self._products = np.zeros((UNKNOWNS, UNKNOWNS))
        self._slope = np.zeros(UNKNOWNS)

    def run(self) -> None:
        """First how far each part goes, at the times expected, then everything together."""
        self._take(self.unknowns)
        fixed = np.zeros(UNKNOWNS)
        fixed[[*_TIMES, BREATH_RATE, COSINE, SINE]] = _PINNED
        self._take(self.unknowns + np.linalg.solve(self._products + np.diag(fixed), self._slope))
        damp = _DAMP
        for _ in range(_ROUNDS):
            before = self.cost
            damping = np.diag(damp * np.diag(self._products))
            step = np.linalg.solve(self._products + damping, self._slope)
            if self._take(_in_order(self.unknowns + step)):
                damp *= _LESS_DAMP
                if before - self.cost < _SETTLED_PART * before:
                    return
            elif damp > _MOST_DAMP:
                return
            else:
                damp *= _MORE_DAMP

    def _take(self, unknowns: FloatArray) -> bool:
        """Take these unknowns if they cost less; whether they do."""
        off = self._expected - unknowns
        products, slope = np.diag(self._precision), self._precision * off
        cost, left_deg = normal_equations(self.felt, unknowns, self._sigma, products, slope)
        cost += 0.5 * float(self._precision @ off**2)
        if cost >= self.cost:
            return False
        self.unknowns, self.cost, self.left_deg = unknowns, cost, left_deg
        self._products, self._slope = products, slope
        return True


def _in_order(unknowns: FloatArray) -> FloatArray:
    unknowns[HOLD_START] = max(unknowns[HOLD_START], unknowns[START] + _LEAST_PHASE)
    unknowns[END] = max(unknowns[END], unknowns[HOLD_END] + _LEAST_PHASE)
    return unknowns


def _believed(fit: _Fit) -> Course | None:
    """The course, unless it leaves too much of the tilt, or takes something else for breath.

    Of a lift that began before the samples, nothing tells from where.
    """
    start, hold_start, hold_end, end = (float(time) for time in fit.unknowns[_TIMES])
    lift_deg, sag_deg = float(fit.unknowns[LIFT]), float(fit.unknowns[SAG])
    range_deg = lift_deg + max(-sag_deg, 0.0)
    breath_deg = float(np.hypot(fit.unknowns[COSINE], fit.unknowns[SINE]))
    most_left_deg = max(_MOST_LEFT_DEG, _MOST_LEFT_PART * range_deg)
    if fit.left_deg > most_left_deg or breath_deg > _MOST_BREATH_DEG:
        return None
    if start < fit.felt[0, 0]:
        return None
    if hold_start > hold_end:
        hold_start = hold_end = 0.5 * (hold_start + hold_end)
    if not start < hold_start <= hold_end < end or lift_deg <= 0.0:
        return None
    return Course(start, hold_start, hold_end, end, range_deg)
