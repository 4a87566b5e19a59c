"""From a motion to what a frame on a segment feels: the outward recursion of Newton and Euler.

Each segment's angular rate, angular acceleration and specific force follow from its parent's and
from the joint between them (Luh, Walker & Paul, J Dyn Syst Meas Control 1980;102:69). Gravity
enters once, as an upward acceleration of the root, so nothing is ever differentiated numerically.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.polynomial import Chebyshev

from sensors.simulator.body import Body, Segment
from sensors.simulator.motion import Channel, Motion, Turn
from sensors.types import GRAVITY_MS2, FloatArray

X_AXIS, Y_AXIS, Z_AXIS = range(3)
MAX_BRIDGE_RAD = 1.0
HOOK_ELEVATION_DEG = 50.0
"""How steeply the thighs stand when the body lies with bent knees and the feet on the bed."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The motion of a point and of the axes fixed to it, in those axes: four arrays (3, n).

    `up` is the unit vertical, `force` the specific force in m/s², `rate` the angular rate in rad/s
    and `accel` the angular acceleration in rad/s².
    """

    up: FloatArray
    force: FloatArray
    rate: FloatArray
    accel: FloatArray

    def turned(self, axis: int, angle: FloatArray) -> Frame:
        """The axes beyond a hinge about `axis`; `angle` (3, n) with its derivatives."""
        if not angle.any():
            return self
        i, j = (axis + 1) % 3, (axis + 2) % 3
        cosine, sine = np.cos(angle[0]), np.sin(angle[0])
        up, force, rate, accel = (
            _turned(vector, i, j, cosine, sine)
            for vector in (self.up, self.force, self.rate, self.accel)
        )
        accel[i] += rate[j] * angle[1]
        accel[j] -= rate[i] * angle[1]
        accel[axis] += angle[2]
        rate[axis] += angle[1]
        return Frame(up, force, rate, accel)

    def moved(self, offset_m: Sequence[float] | FloatArray) -> Frame:
        """The same axes at a point `offset_m` (3,) further on the same rigid segment."""
        arm = np.asarray(offset_m, dtype=float)[:, np.newaxis]
        swing = cross(self.accel, arm) + cross(self.rate, cross(self.rate, arm))
        return Frame(self.up, self.force + swing, self.rate, self.accel)


def segment_frame(motion: Motion, body: Body, segment: Segment, t_s: FloatArray) -> Frame:
    """The frame at the lower joint of a segment (the hip, for pelvis and thigh) at rising times."""
    bridge = motion.at(Channel.BRIDGE, t_s)
    pelvis = _pelvis_frame(motion, body, t_s, bridge)
    if segment is Segment.PELVIS:
        return pelvis
    if segment is Segment.THIGH:
        flexion = motion.at(Channel.HIP_FLEX, t_s) + _followed(_bridge_course(body).hip, bridge)
        return pelvis.turned(Z_AXIS, motion.at(Channel.HIP_TURN, t_s)).turned(Y_AXIS, -flexion)
    flex = motion.at(Channel.SPINE_FLEX, t_s) + (1.0 - body.bridge_thorax_share) * bridge
    lateral = motion.at(Channel.SPINE_LATERAL, t_s)
    twist = motion.at(Channel.SPINE_TWIST, t_s)
    frame = pelvis
    for length_m in (body.pelvis_m, body.lumbar_m):
        frame = frame.moved((0.0, 0.0, length_m))
        for axis, angle in ((Y_AXIS, flex), (X_AXIS, lateral), (Z_AXIS, twist)):
            frame = frame.turned(axis, 0.5 * angle)
    return frame


def hip_rise_m(body: Body, bridge_rad: float) -> float:
    """How far the hips rise from the bed in a bridge that tilts the pelvis so far."""
    return float(_bridge_course(body).rise_m(bridge_rad))


def _pelvis_frame(motion: Motion, body: Body, t_s: FloatArray, bridge: FloatArray) -> Frame:
    frame = _root_frame(motion, body, t_s, bridge)
    frame = frame.turned(Z_AXIS, motion.at(Channel.PELVIS_TWIST, t_s))
    frame = frame.turned(Y_AXIS, motion.at(Channel.PELVIS_PITCH, t_s) - bridge)
    return frame.turned(X_AXIS, motion.at(Channel.PELVIS_LIST, t_s))


def _root_frame(motion: Motion, body: Body, t_s: FloatArray, bridge: FloatArray) -> Frame:
    """The hips as moved through the world and turned with the whole body, before the joints."""
    world = np.stack([motion.at(channel, t_s)[2] for channel in (Channel.X, Channel.Y, Channel.Z)])
    world[Z_AXIS] += GRAVITY_MS2
    vertical = np.zeros_like(world)
    vertical[Z_AXIS] = 1.0
    up, force, rate, accel = (np.zeros_like(world) for _ in range(4))
    starts = np.searchsorted(t_s, [turn.start_s for turn in motion.turns])
    for turn, first, last in zip(motion.turns, starts, [*starts[1:], t_s.size], strict=True):
        if first < last:
            within = slice(int(first), int(last))
            angle = turn.angle(t_s[within])
            up[:, within] = _before_to_after(turn, angle[0], vertical[:, within])
            force[:, within] = _before_to_after(turn, angle[0], world[:, within])
            rate[:, within] = np.outer(turn.axis, angle[1])
            accel[:, within] = np.outer(turn.axis, angle[2])
    if bridge.any():
        course = _bridge_course(body)
        force[X_AXIS] += _followed(course.rise_m, bridge)[2]
        force[Z_AXIS] += _followed(course.shift_m, bridge)[2]
    return Frame(up, force, rate, accel)


def _before_to_after(turn: Turn, angle_rad: FloatArray, world: FloatArray) -> FloatArray:
    """World vectors (3, n) seen in the turning axes (Rodrigues)."""
    vector = turn.before.T @ world
    axis = turn.axis[:, np.newaxis]
    along = axis * (turn.axis @ vector)
    return along + np.cos(angle_rad) * (vector - along) - np.sin(angle_rad) * cross(axis, vector)


def _turned(vector: FloatArray, i: int, j: int, cosine: FloatArray, sine: FloatArray) -> FloatArray:
    turned = vector.copy()
    turned[i] = cosine * vector[i] + sine * vector[j]
    turned[j] = cosine * vector[j] - sine * vector[i]
    return turned


def cross(a: FloatArray, b: FloatArray) -> FloatArray:
    """Cross product of vectors (3, n)."""
    return np.stack(
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    )


def _followed(follower: Chebyshev, driver: FloatArray) -> FloatArray:
    """Value and derivatives (3, n) of a coordinate that is a function of another one."""
    if not driver.any():
        return np.zeros_like(driver)
    slope, curvature = (follower.deriv(order)(driver[0]) for order in (1, 2))
    acceleration = slope * driver[2] + curvature * driver[1] ** 2
    return np.stack([follower(driver[0]), slope * driver[1], acceleration])


@dataclass(frozen=True, slots=True, eq=False)
class _BridgeCourse:
    """What follows from the pelvis's pitch while shoulders and feet stay where they are."""

    rise_m: Chebyshev
    shift_m: Chebyshev
    hip: Chebyshev


@cache
def _bridge_course(body: Body) -> _BridgeCourse:
    """Hips rise and shift towards the head; the thigh leans on a shank that stands on the bed."""
    share = body.bridge_thorax_share
    rest_pelvis = np.radians(body.supine_pitch_deg)
    rest_thorax = rest_pelvis + np.radians(body.supine_flex_deg)

    def hips(pitch: FloatArray) -> tuple[FloatArray, FloatArray]:
        pelvis, thorax = pitch - rest_pelvis, share * pitch - rest_thorax
        links = (
            (body.pelvis_m, pelvis),
            (body.lumbar_m, 0.5 * (pelvis + thorax)),
            (body.thorax_m, thorax),
        )
        rise_m = sum(length_m * np.sin(angle) for length_m, angle in links)
        shift_m = sum(-length_m * np.cos(angle) for length_m, angle in links)
        return np.asarray(rise_m), np.asarray(shift_m)

    rest_rise_m, rest_shift_m = hips(np.zeros(1))

    def rise(pitch: FloatArray) -> FloatArray:
        return hips(pitch)[0] - rest_rise_m

    def shift(pitch: FloatArray) -> FloatArray:
        return hips(pitch)[1] - rest_shift_m

    def hip(pitch: FloatArray) -> FloatArray:
        return _thigh_raised(body, rise(pitch), shift(pitch)) - pitch

    fits = (Chebyshev.interpolate(f, 16, domain=[-0.1, MAX_BRIDGE_RAD]) for f in (rise, shift, hip))
    return _BridgeCourse(*fits)


def _thigh_raised(body: Body, rise_m: FloatArray, shift_m: FloatArray) -> FloatArray:
    """Change of the thigh's elevation when the hips rise and shift and the foot stays."""
    return _thigh_elevation(body, rise_m, shift_m) - _thigh_elevation(
        body, np.zeros_like(rise_m), np.zeros_like(shift_m)
    )


def _thigh_elevation(body: Body, rise_m: FloatArray, shift_m: FloatArray) -> FloatArray:
    bent = np.radians(HOOK_ELEVATION_DEG)
    foot_m = body.thigh_m * np.cos(bent) + np.sqrt(
        body.shank_m**2 - (body.thigh_m * np.sin(bent)) ** 2
    )
    along_m, down_m = foot_m + shift_m, rise_m
    reach_m = np.hypot(along_m, down_m)
    knee = (body.thigh_m**2 + reach_m**2 - body.shank_m**2) / (2.0 * body.thigh_m * reach_m)
    return np.asarray(np.arccos(knee) - np.arctan2(down_m, along_m))
