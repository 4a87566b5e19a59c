"""Where a script is played: activities act one after another and leave a motion behind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

import numpy as np

from sensors.errors import FivepointError
from sensors.simulator.body import Body
from sensors.simulator.motion import (
    Channel,
    Course,
    MinimumJerk,
    Motion,
    Move,
    Profile,
    Turn,
    Wave,
)
from sensors.types import FloatArray

FRONT, LEFT, UP = np.eye(3)
"""Unit vectors of the body's axes."""

WORLD = (Channel.X, Channel.Y, Channel.Z)
"""The channels of the hips' position."""

NOTHING = 1e-9


class ScriptError(FivepointError):
    """An activity cannot follow from the pose the body is in."""


class Pose(StrEnum):
    """The poses between which activities lead."""

    STANDING = "standing"
    SITTING = "sitting"
    SUPINE = "supine"
    PRONE = "prone"
    LEFT = "left"
    RIGHT = "right"


LYING = (Pose.SUPINE, Pose.PRONE, Pose.LEFT, Pose.RIGHT)


class Activity(ABC):
    """One item of a script: adds what the body does to what it has done so far."""

    __slots__ = ()
    starts_from: ClassVar[tuple[Pose, ...]] = tuple(Pose)

    def __call__(self, stage: Stage) -> None:
        """Play it on the stage; raises ScriptError if it cannot start from the present pose."""
        if stage.pose not in self.starts_from:
            wanted = " or ".join(self.starts_from)
            raise ScriptError(
                f"{type(self).__name__} at {stage.now_s:.1f} s needs a {wanted} body but it is "
                f"{stage.pose}, so nothing was simulated; put the change of pose before it."
            )
        self._play(stage)

    @abstractmethod
    def _play(self, stage: Stage) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RepetitionTruth:
    """A bridge or a back extension as scripted: lifted, held until the lowering begins, lowered."""

    start_s: float
    end_s: float
    hold_start_s: float
    hold_end_s: float
    peak_deg: float
    partial: bool

    @property
    def hold_s(self) -> float:
        """How long the hips stay up."""
        return self.hold_end_s - self.hold_start_s


@dataclass(frozen=True, slots=True, kw_only=True)
class StandUpTruth:
    """One rise from a seat, from the first leaning forward to standing upright."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkTruth:
    """One walk with its mean cadence."""

    start_s: float
    end_s: float
    cadence_hz: float


@dataclass(frozen=True, slots=True)
class NearFallTruth:
    """A stumble, or the seat hit hard: when the hips are stopped hardest, and which of them."""

    at_s: float
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeTruth(RepetitionTruth):
    """A bridge, and how it was done.

    The hips rise by `rise_m`, the pelvis rolls by `roll_deg` (positive with the left side up), the
    hold loses `sag_deg` of the tilt and trembles by `tremor_degs`, root mean square.
    """

    rise_m: float
    roll_deg: float
    sag_deg: float
    tremor_degs: float


@dataclass(frozen=True, slots=True)
class FallTruth:
    """One fall: when the stop of the hips is hardest, and what kind it is."""

    impact_s: float
    kind: str


@dataclass(slots=True, eq=False)
class Stage:
    """The body's pose now, and everything it has done since the start.

    Movements may be placed `after_s` seconds from now; `wait` lets time pass.
    """

    body: Body
    rng: np.random.Generator
    now_s: float = field(default=0.0, init=False)
    pose: Pose = field(default=Pose.STANDING, init=False)
    repetitions: list[BridgeTruth] = field(default_factory=list, init=False)
    back_extensions: list[RepetitionTruth] = field(default_factory=list, init=False)
    stand_ups: list[StandUpTruth] = field(default_factory=list, init=False)
    walks: list[WalkTruth] = field(default_factory=list, init=False)
    near_falls: list[NearFallTruth] = field(default_factory=list, init=False)
    falls: list[FallTruth] = field(default_factory=list, init=False)
    still: list[tuple[Pose, float, float]] = field(default_factory=list, init=False)
    courses: dict[Channel, Course] = field(init=False)
    levels: dict[Channel, float] = field(init=False)
    turns: list[Turn] = field(init=False)

    def __post_init__(self) -> None:
        self.courses = {channel: Course() for channel in Channel}
        self.levels = dict.fromkeys(Channel, 0.0)
        self.courses[Channel.Z].initial = self.levels[Channel.Z] = self.body.hip_height_m
        facing = _rotation(UP, self.rng.uniform(-np.pi, np.pi))
        self.turns = [Turn(-np.inf, UP, 0.0, facing, MinimumJerk(1.0))]

    @property
    def axes(self) -> FloatArray:
        """Takes the body's axes to the world's, (3, 3), once everything so far has been done."""
        last = self.turns[-1]
        return last.before @ _rotation(last.axis, last.angle_rad)

    def wait(self, seconds: float) -> None:
        """Let time pass; what was placed keeps moving."""
        self.now_s += seconds

    def stay(self, seconds: float) -> None:
        """Let time pass in the present pose, and note it as still."""
        self.still.append((self.pose, self.now_s, self.now_s + seconds))
        self.wait(seconds)

    def move(
        self, channel: Channel, to: float, how: float | Profile, *, after_s: float = 0.0
    ) -> None:
        """Bring one coordinate to a value, smoothly within `how` seconds or after a profile."""
        delta = to - self.levels[channel]
        if abs(delta) > NOTHING:
            profile = MinimumJerk(how) if isinstance(how, int | float) else how
            self.courses[channel].moves.append(Move(self.now_s + after_s, delta, profile))
            self.levels[channel] = to

    def bend(self, how_s: float, *, after_s: float = 0.0, **degrees: float) -> None:
        """Bring joints, named like their channels in lower case, to angles in degrees."""
        for name, angle_deg in degrees.items():
            self.move(Channel[name.upper()], np.radians(angle_deg), how_s, after_s=after_s)

    def shift(
        self, direction: FloatArray, metres: float, how: float | Profile, *, after_s: float = 0.0
    ) -> None:
        """Move the hips along a direction (3,) of the body's axes as they are turned now."""
        world = self.axes @ direction * metres
        for channel, delta in zip(WORLD, world, strict=True):
            self.move(channel, self.levels[channel] + delta, how, after_s=after_s)

    def turn(
        self, axis: FloatArray, degrees: float, how: float | Profile, *, after_s: float = 0.0
    ) -> None:
        """Turn the whole body about an axis (3,) of its own; turns follow one another."""
        start_s = self.now_s + after_s
        assert start_s > self.turns[-1].end_s - NOTHING, "turns must not overlap"
        profile = MinimumJerk(how) if isinstance(how, int | float) else how
        unit = axis / np.linalg.norm(axis)
        self.turns.append(Turn(start_s, unit, np.radians(degrees), self.axes, profile))

    def wave(
        self,
        channel: Channel,
        amplitude: float,
        frequency_hz: float,
        *,
        seconds: float,
        phase_rad: float | None = None,
        ramp_s: float = 0.6,
    ) -> None:
        """Add a sinusoid from now on for `seconds`; its phase is random unless given."""
        phase_rad = self.rng.uniform(0.0, 2.0 * np.pi) if phase_rad is None else phase_rad
        if abs(amplitude) > NOTHING:
            ramp_s = min(ramp_s, seconds / 2.0)
            end_s = self.now_s + seconds
            wave = Wave(self.now_s, end_s, amplitude, frequency_hz, phase_rad, ramp_s)
            self.courses[channel].waves.append(wave)

    def shake(
        self,
        direction: FloatArray,
        amplitude_m: float,
        frequency_hz: float,
        *,
        seconds: float,
        phase_rad: float,
    ) -> None:
        """Add a sinusoid of the hips along a direction (3,) of the body's axes as turned now."""
        for channel, part_m in zip(WORLD, self.axes @ direction * amplitude_m, strict=True):
            self.wave(channel, part_m, frequency_hz, seconds=seconds, phase_rad=phase_rad)

    def finish(self) -> Motion:
        """The whole motion, with breath and heartbeat."""
        seconds, self.now_s = self.now_s, 0.0
        self._breathe(seconds)
        self.now_s = seconds
        return Motion(seconds, self.courses, self.turns)

    def _breathe(self, seconds: float) -> None:
        """Chest excursion of about 0.5° at 0.25 Hz, with a heartbeat of a few mg on it."""
        breath_hz = self.rng.uniform(0.20, 0.30)
        heart_hz = self.rng.uniform(1.0, 1.3)
        for amplitude_deg, frequency_hz in (
            (0.35, breath_hz),
            (0.15, 1.13 * breath_hz),
            (0.004, heart_hz),
            (0.002, 5.0 * heart_hz),
        ):
            self.wave(Channel.SPINE_FLEX, np.radians(amplitude_deg), frequency_hz, seconds=seconds)


def play(script: Sequence[Activity], body: Body, rng: np.random.Generator) -> Stage:
    """Play every activity of a script from a standing start."""
    stage = Stage(body, rng)
    for activity in script:
        activity(stage)
    return stage


def _rotation(axis: FloatArray, angle_rad: float) -> FloatArray:
    """The rotation matrix (3, 3) about a unit vector."""
    x, y, z = axis
    skew = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + np.sin(angle_rad) * skew + (1 - np.cos(angle_rad)) * skew @ skew)
