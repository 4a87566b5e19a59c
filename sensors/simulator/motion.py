"""How a body's coordinates move in time: smooth courses with exact first and second derivatives.

A motion is a sum of *moves* (from one value to another), *waves* (walking, breathing, sway) and a
sequence of *turns* of the whole body. Everything has a continuous second derivative, so that
accelerations are finite and exact at any instant, whatever a sensor's rate.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from typing import Protocol, TypeVar

import numpy as np
from scipy.interpolate import PPoly

from sensors.types import FloatArray


class Channel(IntEnum):
    """One coordinate of the body: metres for the hips' position in the world, radians elsewhere.

    Positive angles turn about the segment's axes by the right-hand rule: pitch and flex forward
    about y, list and lateral to the right about x, twist to the left about z. `BRIDGE` is the
    pelvis's pitch in a bridge, positive upwards, which carries the trunk and the thigh with it.
    `HIP_TURN` turns the leg to the left about the pelvis's long axis, as when bent knees sink.
    """

    X = 0
    Y = 1
    Z = 2
    PELVIS_TWIST = 3
    PELVIS_PITCH = 4
    PELVIS_LIST = 5
    SPINE_FLEX = 6
    SPINE_TWIST = 7
    SPINE_LATERAL = 8
    HIP_FLEX = 9
    BRIDGE = 10
    HIP_TURN = 11


class Profile(Protocol):
    """How a move of unit size goes from 0 to 1."""

    @property
    def duration_s(self) -> float:
        """How long it takes."""
        ...

    def at(self, t_s: FloatArray) -> FloatArray:
        """Value, first and second derivative, (3, n), at times 0 ≤ t_s < duration_s."""
        ...


@dataclass(frozen=True, slots=True)
class MinimumJerk:
    """The smoothest reach from rest to rest (Flash & Hogan, J Neurosci 1985;5:1688)."""

    duration_s: float

    def at(self, t_s: FloatArray) -> FloatArray:
        """A quintic with rest at both ends."""
        u = t_s / self.duration_s
        rest = 1.0 - u
        both = u * rest
        course = np.empty((3, t_s.size))
        course[0] = u * u * u * (10.0 - u * (15.0 - 6.0 * u))
        course[1] = (30.0 / self.duration_s) * both * both
        course[2] = (60.0 / self.duration_s**2) * both * (rest - u)
        return course


@dataclass(frozen=True, slots=True)
class Drop:
    """A fall that something stops: speeding up over `fall_s`, stopped within `stop_s`.

    Acceleration is piecewise linear: it builds up, lasts until the contact, turns into a triangular
    pulse that takes the speed away and a share `rebound` of it back, and a weaker one that settles.
    """

    fall_s: float
    stop_s: float
    rebound: float = 0.15

    @property
    def duration_s(self) -> float:
        """Until all has settled."""
        return self.fall_s + 4.0 * self.stop_s

    @property
    def peak_s(self) -> float:
        """When the stop is hardest."""
        return self.fall_s + 0.4 * self.stop_s

    def at(self, t_s: FloatArray) -> FloatArray:
        """The acceleration's piecewise line, integrated twice."""
        value = _drop_course(self.fall_s, self.stop_s, self.rebound)
        return np.stack([value(t_s, nu) for nu in range(3)])


@cache
def _drop_course(fall_s: float, stop_s: float, rebound: float) -> PPoly:
    settle_s = 3.0 * stop_s
    knots = np.cumsum([0.0, 0.4 * fall_s, 0.6 * fall_s, 0.4 * stop_s, 0.6 * stop_s])
    knots = np.append(knots, knots[-1] + np.array([0.3, 1.0]) * settle_s)
    contact_speed = 0.8 * fall_s + 0.2 * stop_s
    stopping = -2.0 * (1.0 + rebound) * contact_speed / stop_s
    settling = 2.0 * rebound * contact_speed / settle_s
    levels = np.array([0.0, 1.0, 1.0, stopping, 0.0, settling, 0.0])
    slopes = np.diff(levels) / np.diff(knots)
    course = PPoly(np.stack([slopes, levels[:-1]]), knots).antiderivative(2)
    return PPoly(course.c / course(knots[-1]), knots)


@dataclass(frozen=True, slots=True)
class Move:
    """A change of one coordinate by `delta`, kept afterwards. Moves may overlap: they add up."""

    start_s: float
    delta: float
    profile: Profile

    @property
    def end_s(self) -> float:
        """When the new value is reached."""
        return self.start_s + self.profile.duration_s


@dataclass(frozen=True, slots=True)
class Wave:
    """A sinusoid of one coordinate that swells and fades over `ramp_s` at its ends."""

    start_s: float
    end_s: float
    amplitude: float
    frequency_hz: float
    phase_rad: float
    ramp_s: float

    def at(self, t_s: FloatArray) -> FloatArray:
        """Value, first and second derivative, (3, n), at rising times within the wave."""
        omega = 2.0 * np.pi * self.frequency_hz
        angle = omega * (t_s - self.start_s) + self.phase_rad
        course = np.empty((3, t_s.size))
        course[0] = self.amplitude * np.sin(angle)
        course[1] = (self.amplitude * omega) * np.cos(angle)
        course[2] = -(omega**2) * course[0]
        swelled, fading = np.searchsorted(
            t_s, (self.start_s + self.ramp_s, self.end_s - self.ramp_s)
        )
        if swelled:
            swell = MinimumJerk(self.ramp_s).at(t_s[:swelled] - self.start_s)
            course[:, :swelled] = _product(swell, course[:, :swelled])
        if fading < t_s.size:
            fade = MinimumJerk(self.ramp_s).at(self.end_s - t_s[fading:])
            fade[1] *= -1.0
            course[:, fading:] = _product(fade, course[:, fading:])
        return course


def _product(a: FloatArray, b: FloatArray) -> FloatArray:
    """Value and derivatives (3, n) of a product."""
    product: FloatArray = a[0] * b
    product[1] += a[1] * b[0]
    product[2] += 2.0 * a[1] * b[1] + a[2] * b[0]
    return product


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """The whole body turns by `angle_rad` about `axis` (3,), a unit vector in the pelvis's axes.

    `before` (3, 3) takes pelvis axes to world axes before the turn. Turns do not overlap.
    """

    start_s: float
    axis: FloatArray
    angle_rad: float
    before: FloatArray
    profile: Profile

    @property
    def end_s(self) -> float:
        """When the new value is reached."""
        return self.start_s + self.profile.duration_s

    def angle(self, t_s: FloatArray) -> FloatArray:
        """Angle turned so far and its derivatives, (3, n), at times from `start_s` on."""
        course = np.zeros((3, t_s.size))
        course[0] = 1.0
        if t_s[0] < self.end_s:
            turning = slice(0, int(np.searchsorted(t_s, self.end_s)))
            course[:, turning] = self.profile.at(t_s[turning] - self.start_s)
        return self.angle_rad * course


T = TypeVar("T", Move, Wave)


@dataclass(eq=False)
class Course:
    """One coordinate over time: an initial value, then moves and waves."""

    initial: float = 0.0
    moves: list[Move] = field(default_factory=list)
    waves: list[Wave] = field(default_factory=list)

    def at(self, t_s: FloatArray, *, waves: bool = True) -> FloatArray:
        """Value, first and second derivative, (3, n), at rising times; waves can be left out."""
        course = np.zeros((3, t_s.size))
        settled = (move.delta for move in self.moves if move.end_s <= t_s[0])
        course[0] = self.initial + sum(settled)
        for move, first, last in _spans(self.moves, t_s):
            within = slice(first, last)
            course[:, within] += move.delta * move.profile.at(t_s[within] - move.start_s)
            course[0, last:] += move.delta
        for wave, first, last in _spans(self.waves if waves else [], t_s):
            course[:, first:last] += wave.at(t_s[first:last])
        return course


def _spans(parts: list[T], t_s: FloatArray) -> list[tuple[T, int, int]]:
    """The parts that are under way at some of the times, each with its range of samples."""
    if not parts:
        return []
    first = np.searchsorted(t_s, [part.start_s for part in parts]).tolist()
    last = np.searchsorted(t_s, [part.end_s for part in parts]).tolist()
    spans = zip(parts, first, last, strict=True)
    return [span for span in spans if span[1] < t_s.size and span[2] > 0]


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Everything a body does in `duration_s`; `turns` begins with one at −∞ that sets the start."""

    duration_s: float
    courses: dict[Channel, Course]
    turns: list[Turn]

    def at(self, channel: Channel, t_s: FloatArray) -> FloatArray:
        """Value, first and second derivative, (3, n), of one coordinate at rising times."""
        return self.courses[channel].at(t_s)
