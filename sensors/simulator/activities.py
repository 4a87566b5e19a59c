"""Everyday activities: standing, walking, sitting, lying, turning, getting up, resting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sensors.simulator.kinematics import HOOK_ELEVATION_DEG
from sensors.simulator.motion import Channel, Drop
from sensors.simulator.stage import (
    FRONT,
    LEFT,
    LYING,
    UP,
    Activity,
    NearFallTruth,
    Pose,
    Stage,
    StandUpTruth,
    WalkTruth,
)
from sensors.types import GRAVITY_MS2

TWIST_DEG = {Pose.SUPINE: 0.0, Pose.LEFT: 90.0, Pose.PRONE: 180.0, Pose.RIGHT: -90.0}
"""Turn about the long axis that leads from lying on the back to each lying pose."""

SHAKES = (
    (UP, 1.0, 1.0, 0.0),
    (UP, 0.25, 2.0, 0.0),
    (UP, 0.15, 4.0, 0.0),
    (FRONT, 0.6, 1.0, 1.2),
    (LEFT, 0.4, 0.5, 0.0),
)
"""What walking does to the hips: direction, share of the vertical peak, cycles a step, lead."""

SWINGS = (
    (Channel.PELVIS_LIST, 3.0, 0.5, 0.0),
    (Channel.PELVIS_TWIST, 4.0, 0.5, 1.0),
    (Channel.PELVIS_PITCH, 1.2, 1.0, 0.5),
    (Channel.SPINE_LATERAL, -2.5, 0.5, 0.0),
    (Channel.SPINE_TWIST, -7.0, 0.5, 1.0),
    (Channel.SPINE_FLEX, -0.8, 1.0, 0.5),
    (Channel.HIP_FLEX, 20.0, 0.5, 1.0),
)
"""How the joints swing in walking: amplitude in degrees, cycles a step, lead in radians."""

Side = Literal[Pose.LEFT, Pose.RIGHT]


@dataclass(frozen=True, slots=True)
class Stand(Activity):
    """Stand quietly, swaying by a few tenths of a degree (Winter 1995, Gait Posture 3:193)."""

    seconds: float

    starts_from = (Pose.STANDING,)

    def _play(self, stage: Stage) -> None:
        _sway(stage, 0.25, self.seconds)
        stage.stay(self.seconds)


@dataclass(frozen=True, slots=True)
class Sit(Activity):
    """Stay seated."""

    seconds: float

    starts_from = (Pose.SITTING,)

    def _play(self, stage: Stage) -> None:
        _sway(stage, 0.3, self.seconds)
        stage.stay(self.seconds)


@dataclass(frozen=True, slots=True)
class Rest(Activity):
    """Lie still; `fidgets` are small shifts of a few degrees at random times."""

    seconds: float
    fidgets: int = 0

    starts_from = LYING

    def _play(self, stage: Stage) -> None:
        latest_s = self.seconds - 8.0
        for start_s in np.sort(stage.rng.uniform(0.0, max(latest_s, 0.0), self.fidgets)):
            size_rad = np.radians(stage.rng.uniform(1.0, 3.0))
            channel = stage.rng.choice([Channel.PELVIS_TWIST, Channel.SPINE_TWIST])
            stage.move(Channel(channel), size_rad, 1.2, after_s=start_s)
            stage.move(Channel(channel), 0.0, 1.5, after_s=start_s + stage.rng.uniform(2.0, 6.0))
        stage.stay(self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk(Activity):
    """Walk to and fro in straight legs with turns between them.

    Cadence, vertical acceleration at the trunk and pelvic rotations are those of older adults
    (Menz, Lord & Fitzpatrick 2003, Gait Posture 18:35; Perry & Burnfield, Gait Analysis). Each leg
    is of one rhythm, unless `unsteadiness` adds movement between its harmonics, as a share of the
    vertical peak. A walk that `stumbles` does so once, half way: the hips drop, a hard step stops
    them, and the walk goes on.
    """

    seconds: float
    cadence_hz: float = 1.8
    vertical_g: float = 0.25
    leg_s: float = 10.0
    unsteadiness: float = 0.0
    stumbles: bool = False

    starts_from = (Pose.STANDING,)

    def _play(self, stage: Stage) -> None:
        legs = max(1, round(self.seconds / self.leg_s))
        turn_s = min(1.8, 0.4 * self.leg_s) if legs > 1 else 0.0
        start_s = stage.now_s
        stage.bend(1.0, pelvis_pitch=2.0, spine_flex=2.0)
        steps_hz = []
        if self.stumbles:
            self._stumble(stage, 0.5 * self.seconds)
        for leg in range(legs):
            steps_hz.append(self._leg(stage, self.seconds / legs - turn_s))
            if turn_s:
                stage.turn(UP, 180.0 if leg % 2 else -180.0, turn_s)
                stage.wait(turn_s)
        stage.bend(0.8, after_s=-0.8, pelvis_pitch=0.0, spine_flex=0.0)
        cadence_hz = float(np.mean(steps_hz))
        stage.walks.append(WalkTruth(start_s=start_s, end_s=stage.now_s, cadence_hz=cadence_hz))

    def _leg(self, stage: Stage, seconds: float) -> float:
        """Walk straight on; return the steps a second."""
        step_hz = self.cadence_hz * stage.rng.uniform(0.96, 1.04)
        step_rad = stage.rng.uniform(0.0, 2.0 * np.pi)
        for direction, share, per_step, lead_rad in SHAKES:
            frequency_hz = per_step * step_hz
            amplitude_m = share * self.vertical_g * GRAVITY_MS2 / (2 * np.pi * frequency_hz) ** 2
            stage.shake(
                direction,
                amplitude_m,
                frequency_hz,
                seconds=seconds,
                phase_rad=per_step * step_rad + lead_rad,
            )
        for channel, degrees, per_step, lead_rad in SWINGS:
            stage.wave(
                channel,
                np.radians(degrees),
                per_step * step_hz,
                seconds=seconds,
                phase_rad=per_step * step_rad + lead_rad,
            )
        if self.unsteadiness:
            self._waver(stage, step_hz, seconds)
        stage.wait(seconds)
        return step_hz

    def _stumble(self, stage: Stage, after_s: float) -> None:
        step = Drop(0.3, 0.06)
        height_m = stage.levels[Channel.Z]
        stage.bend(0.4, after_s=after_s, pelvis_pitch=14.0, spine_flex=10.0)
        stage.bend(1.2, after_s=after_s + 0.5, pelvis_pitch=2.0, spine_flex=2.0)
        stage.move(Channel.Z, height_m - 0.08, step, after_s=after_s)
        stage.move(Channel.Z, height_m, 1.0, after_s=after_s + 0.6)
        stage.near_falls.append(NearFallTruth(stage.now_s + after_s + step.peak_s, "stumble"))

    def _waver(self, stage: Stage, step_hz: float, seconds: float) -> None:
        for _ in range(4):
            frequency_hz = step_hz * stage.rng.uniform(0.6, 1.7)
            peak_ms2 = self.unsteadiness * self.vertical_g * GRAVITY_MS2
            stage.shake(
                UP,
                peak_ms2 / (2 * np.pi * frequency_hz) ** 2,
                frequency_hz,
                seconds=seconds,
                phase_rad=stage.rng.uniform(0.0, 2.0 * np.pi),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SitDown(Activity):
    """Sit down; `hard` drops the last part onto the seat (2 to 3 g at the hips)."""

    seconds: float = 2.0
    hard: bool = False

    starts_from = (Pose.STANDING,)

    def _play(self, stage: Stage) -> None:
        seconds = 1.2 if self.hard else self.seconds
        landing = Drop(0.55 * seconds, 0.14) if self.hard else seconds
        stage.bend(0.6 * seconds, pelvis_pitch=20.0, spine_flex=15.0)
        stage.bend(0.6 * seconds, after_s=0.6 * seconds, pelvis_pitch=-8.0, spine_flex=12.0)
        stage.bend(seconds, hip_flex=80.0)
        stage.shift(FRONT, -0.35, seconds)
        stage.move(Channel.Z, stage.body.seat_height_m, landing, after_s=0.15 * seconds)
        if isinstance(landing, Drop):
            at_s = stage.now_s + 0.15 * seconds + landing.peak_s
            stage.near_falls.append(NearFallTruth(at_s, "hard_sit_down"))
        stage.wait(1.4 * seconds)
        stage.pose = Pose.SITTING


@dataclass(frozen=True, slots=True, kw_only=True)
class StandUp(Activity):
    """Stand up from a seat, leaning forward first."""

    seconds: float = 2.0

    starts_from = (Pose.SITTING,)

    def _play(self, stage: Stage) -> None:
        start_s = stage.now_s
        stage.bend(0.5 * self.seconds, pelvis_pitch=25.0, spine_flex=12.0)
        stage.wait(0.35 * self.seconds)
        _rise(stage, 0.65 * self.seconds)
        stage.stand_ups.append(StandUpTruth(start_s=start_s, end_s=stage.now_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class LieDown(Activity):
    """Lie down on the bed: by a log-roll over one side, or at once backwards.

    A log-roll (sit, lower the trunk sideways with the legs coming up, roll as one piece) is what
    people with a spine fracture are taught; `side_s` is the pause on the side.
    """

    side: Side = Pose.LEFT
    side_s: float = 4.0
    seconds: float = 3.0
    quick: bool = False

    starts_from = (Pose.STANDING, Pose.SITTING)

    def _play(self, stage: Stage) -> None:
        if stage.pose is Pose.STANDING:
            SitDown(seconds=1.2 if self.quick else 2.2)(stage)
        stage.move(Channel.Z, stage.body.bed_height_m, self.seconds)
        if self.quick:
            self._fall_back(stage)
            return
        stage.turn(FRONT, -90.0 if self.side is Pose.LEFT else 90.0, self.seconds)
        curl(stage, self.side, 0.8 * self.seconds)
        stage.wait(self.seconds)
        stage.stay(self.side_s)
        TurnInBed(to=Pose.SUPINE)(stage)

    def _fall_back(self, stage: Stage) -> None:
        stage.turn(LEFT, -90.0, Drop(1.1, 0.22, rebound=0.1))
        curl(stage, Pose.SUPINE, 1.6)
        stage.wait(2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnInBed(Activity):
    """Turn about the long axis, the shoulders a little ahead of the hips."""

    to: Pose
    seconds: float = 2.5
    lead_deg: float = 8.0

    starts_from = LYING

    def _play(self, stage: Stage) -> None:
        degrees = (TWIST_DEG[self.to] - TWIST_DEG[stage.pose] + 180.0) % 360.0 - 180.0
        lead_deg = np.sign(degrees) * self.lead_deg
        stage.turn(UP, degrees, self.seconds)
        stage.bend(0.5 * self.seconds, spine_twist=lead_deg)
        stage.bend(0.6 * self.seconds, after_s=0.5 * self.seconds, spine_twist=0.0)
        curl(stage, self.to, self.seconds)
        stage.wait(1.1 * self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class GetUp(Activity):
    """Get up from lying to standing: over the side from a bed, over the knees from prone."""

    side: Side = Pose.LEFT
    side_s: float = 3.0
    seconds: float = 3.0
    rise: StandUp = StandUp()

    starts_from = LYING

    def _play(self, stage: Stage) -> None:
        if stage.pose is Pose.SUPINE:
            TurnInBed(to=self.side)(stage)
            stage.stay(self.side_s)
        axis = {Pose.LEFT: FRONT, Pose.RIGHT: -FRONT, Pose.PRONE: -LEFT}[stage.pose]
        stage.turn(axis, 90.0, self.seconds)
        stage.bend(self.seconds, pelvis_pitch=-8.0, spine_flex=12.0, hip_flex=80.0)
        height_m = max(stage.levels[Channel.Z], 0.45)
        stage.move(Channel.Z, height_m, self.seconds)
        stage.wait(self.seconds)
        stage.pose = Pose.SITTING
        Sit(2.0)(stage)
        self.rise(stage)


@dataclass(frozen=True, slots=True, kw_only=True)
class BendKnees(Activity):
    """Set the feet on the bed (hook-lying), or stretch the legs again."""

    bent: bool = True
    seconds: float = 2.5

    starts_from = (Pose.SUPINE,)

    def _play(self, stage: Stage) -> None:
        raised_deg = HOOK_ELEVATION_DEG if self.bent else 0.0
        stage.bend(self.seconds, hip_flex=stage.body.supine_pitch_deg + raised_deg)
        stage.wait(self.seconds)


def curl(stage: Stage, pose: Pose, seconds: float) -> None:
    """Bring hips and spine into the habit of a lying pose."""
    body = stage.body
    habits = {
        Pose.SUPINE: (body.supine_pitch_deg, body.supine_flex_deg, body.supine_pitch_deg),
        Pose.PRONE: (0.0, body.supine_flex_deg - 2.0, 0.0),
    }
    pitch_deg, flex_deg, hip_deg = habits.get(pose, (0.0, body.supine_flex_deg + 6.0, 45.0))
    stage.bend(seconds, pelvis_pitch=pitch_deg, spine_flex=flex_deg, hip_flex=hip_deg)
    stage.pose = pose


def _rise(stage: Stage, seconds: float) -> None:
    stage.bend(seconds, hip_flex=0.0)
    stage.bend(seconds, after_s=0.3 * seconds, pelvis_pitch=0.0, spine_flex=0.0)
    stage.shift(FRONT, 0.35, seconds)
    stage.move(Channel.Z, stage.body.hip_height_m, seconds)
    stage.wait(1.3 * seconds)
    stage.pose = Pose.STANDING


def _sway(stage: Stage, degrees: float, seconds: float) -> None:
    for channel in (Channel.PELVIS_PITCH, Channel.PELVIS_LIST):
        for frequency_hz in (stage.rng.uniform(0.1, 0.25), stage.rng.uniform(0.3, 0.6)):
            stage.wave(channel, 0.7 * np.radians(degrees), frequency_hz, seconds=seconds)
