"""What people do in bed for exercise, or otherwise, without lifting the hips: no bridges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sensors.simulator.activities import BendKnees
from sensors.simulator.exercises import BackExtension
from sensors.simulator.kinematics import HOOK_ELEVATION_DEG
from sensors.simulator.motion import Channel
from sensors.simulator.stage import LYING, Activity, Pose, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class KneeRoll(Activity):
    """Let both bent knees sink to a side, and back: the pelvis turns along by a third."""

    degrees: float = 35.0
    seconds: float = 4.0
    hold_s: float = 1.0

    starts_from = (Pose.SUPINE,)

    def _play(self, stage: Stage) -> None:
        if stage.levels[Channel.HIP_FLEX] < np.radians(0.8 * HOOK_ELEVATION_DEG):
            BendKnees()(stage)
        for share in (1.0, 0.0):
            turned_deg = share * self.degrees
            stage.bend(
                0.5 * self.seconds,
                pelvis_twist=turned_deg / 3.0,
                spine_twist=-turned_deg / 3.0,
                hip_turn=2.0 / 3.0 * turned_deg,
            )
            stage.wait(0.5 * self.seconds + share * self.hold_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clam(Activity):
    """Lying on a side, open the upper knee and close it again, the feet together."""

    degrees: float = 35.0
    seconds: float = 3.0
    hold_s: float = 1.0

    starts_from = (Pose.LEFT, Pose.RIGHT)

    def _play(self, stage: Stage) -> None:
        outward = 1.0 if stage.pose is Pose.RIGHT else -1.0
        for share in (1.0, 0.0):
            stage.bend(
                0.5 * self.seconds,
                hip_turn=outward * share * self.degrees,
                pelvis_twist=outward * share * 3.0,
            )
            stage.wait(0.5 * self.seconds + share * self.hold_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeelSlide(Activity):
    """Slide a heel towards the seat and away again; the pelvis follows by a degree or two."""

    seconds: float = 5.0
    pelvis_deg: float = 1.5

    starts_from = (Pose.SUPINE,)

    def _play(self, stage: Stage) -> None:
        pitch = stage.levels[Channel.PELVIS_PITCH]
        for share in (1.0, 0.0):
            rocked = pitch - share * np.radians(self.pelvis_deg)
            stage.move(Channel.PELVIS_PITCH, rocked, 0.5 * self.seconds)
            BendKnees(bent=share > 0.0, seconds=0.5 * self.seconds)(stage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cough(Activity):
    """A bout of coughs, each a jerk of the trunk by some degrees."""

    coughs: int = 4
    degrees: float = 6.0

    starts_from = LYING

    def _play(self, stage: Stage) -> None:
        flex = stage.levels[Channel.SPINE_FLEX]
        for _ in range(self.coughs):
            size_rad = np.radians(self.degrees * stage.rng.uniform(0.6, 1.4))
            stage.move(Channel.SPINE_FLEX, flex + size_rad, 0.25)
            stage.move(Channel.SPINE_FLEX, flex, 0.5, after_s=0.25)
            stage.wait(stage.rng.uniform(0.75, 1.2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Superman(Activity):
    """Lying on the front, lift chest and thighs together, hold and come down."""

    peak_deg: float = 12.0
    thigh_deg: float = 10.0
    hold_s: float = 3.0

    starts_from = (Pose.PRONE,)

    def _play(self, stage: Stage) -> None:
        lift = BackExtension(peak_deg=self.peak_deg, hold_s=self.hold_s)
        stage.bend(lift.lift_s, hip_flex=-self.thigh_deg)
        stage.bend(lift.lower_s, after_s=lift.lift_s + lift.hold_s, hip_flex=0.0)
        lift(stage)
