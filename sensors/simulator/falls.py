"""Falls, also out of bed, slides and stumbles.

The hips drop and the trunk tilts, each speeding up under gravity that the legs partly resist and
each stopped within centimetres. Hips of people who fall in care homes strike at 2.1 ± 0.6 m/s
(Choi et al. 2015, J Biomech 48:911) and in laboratories at 2 to 4.8 m/s (van den Kroonenberg et al.
1996, J Biomech 29:807) after some 0.6 to 0.9 s; at the waist that gives peaks of 3 to 8 g for less
than a tenth of a second after a low-g phase (Bourke et al. 2007, Gait Posture 26:194).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sensors.simulator.activities import Side, curl
from sensors.simulator.motion import Channel, Drop
from sensors.simulator.stage import (
    FRONT,
    LEFT,
    UP,
    Activity,
    FallTruth,
    NearFallTruth,
    Pose,
    Stage,
)


class FallKind(StrEnum):
    """How a fall goes."""

    FORWARD = "forward"
    BACKWARD = "backward"
    LATERAL = "lateral"
    SYNCOPE = "syncope"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall(Activity):
    """Fall to the floor, from standing or from a seat, and end prone, supine or on `side`.

    `fall_s` lasts from losing balance to the contact of the hips and `stop_s` is how long the floor
    takes to stop them. A syncope drops the hips first; the trunk follows to the side.
    """

    kind: FallKind
    side: Side = Pose.LEFT
    fall_s: float = 0.75
    stop_s: float = 0.09

    starts_from = (Pose.STANDING, Pose.SITTING)

    def _play(self, stage: Stage) -> None:
        seated = "_from_sitting" if stage.pose is Pose.SITTING else ""
        sideways = -1.0 if self.side is Pose.LEFT else 1.0
        axis, landing, drift_m = {
            FallKind.FORWARD: (LEFT, Pose.PRONE, 0.4 * FRONT),
            FallKind.BACKWARD: (-LEFT, Pose.SUPINE, -0.3 * FRONT),
        }.get(self.kind, (sideways * FRONT, self.side, -0.3 * sideways * LEFT))
        hips = Drop(self.fall_s, self.stop_s)
        late_s = 0.4 * self.fall_s if self.kind is FallKind.SYNCOPE else 0.0
        trunk = Drop(self.fall_s + 0.12, self.stop_s)
        stage.falls.append(FallTruth(stage.now_s + hips.peak_s, self.kind + seated))
        stage.shift(drift_m, 1.0, self.fall_s)
        stage.move(Channel.Z, stage.body.floor_height_m, hips)
        stage.turn(axis, 90.0, trunk, after_s=late_s)
        self._crumple(stage)
        stage.wait(late_s + trunk.duration_s)
        curl(stage, landing, 1.0)
        stage.wait(1.0)

    def _crumple(self, stage: Stage) -> None:
        """The joints give way while falling: little forwards, much when the legs fail."""
        hip_deg = 20.0 if self.kind is FallKind.FORWARD else 60.0
        flex_deg = 25.0 if self.kind is FallKind.SYNCOPE else 12.0
        stage.bend(0.8 * self.fall_s, hip_flex=hip_deg, spine_flex=flex_deg)


@dataclass(frozen=True, slots=True, kw_only=True)
class FallOutOfBed(Activity):
    """Roll over the edge of the bed, from lying on the back, and end prone on the floor."""

    side: Side = Pose.LEFT
    fall_s: float = 0.45
    stop_s: float = 0.09

    starts_from = (Pose.SUPINE,)

    def _play(self, stage: Stage) -> None:
        turn = 1.0 if self.side is Pose.LEFT else -1.0
        hips = Drop(self.fall_s, self.stop_s)
        stage.turn(UP, 60.0 * turn, 0.5)
        stage.wait(0.5)
        stage.falls.append(FallTruth(stage.now_s + hips.peak_s, "out_of_bed"))
        stage.shift(LEFT, 0.4 * turn, 0.5 * self.fall_s)
        stage.move(Channel.Z, stage.body.floor_height_m, hips)
        stage.turn(UP, 120.0 * turn, Drop(self.fall_s + 0.1, self.stop_s))
        stage.wait(hips.duration_s + 0.3)
        curl(stage, Pose.PRONE, 1.0)
        stage.wait(1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftSlide(Activity):
    """Slide down a wall to the floor and sink to the side: no more than 1.8 g throughout."""

    seconds: float = 2.2
    seated_s: float = 0.5
    side: Side = Pose.LEFT

    starts_from = (Pose.STANDING,)

    def _play(self, stage: Stage) -> None:
        slide = Drop(self.seconds, 0.3)
        stage.falls.append(FallTruth(stage.now_s + slide.peak_s, "soft_slide"))
        stage.bend(self.seconds, pelvis_pitch=-15.0, spine_flex=22.0, hip_flex=70.0)
        stage.shift(FRONT, 0.3, self.seconds)
        stage.move(Channel.Z, stage.body.floor_height_m, slide)
        stage.wait(slide.duration_s + self.seated_s)
        sink = Drop(1.3, 0.25, rebound=0.05)
        stage.turn(FRONT, -90.0 if self.side is Pose.LEFT else 90.0, sink)
        curl(stage, self.side, 1.3)
        stage.wait(sink.duration_s)


@dataclass(frozen=True, slots=True)
class Stumble(Activity):
    """Trip and recover: a lurch, a hard step, upright again."""

    starts_from = (Pose.STANDING,)

    def _play(self, stage: Stage) -> None:
        height_m = stage.body.hip_height_m
        stage.shift(FRONT, 0.3, 0.6)
        stage.bend(0.35, pelvis_pitch=14.0, spine_flex=8.0, hip_flex=25.0)
        step = Drop(0.28, 0.10)
        stage.near_falls.append(NearFallTruth(stage.now_s + step.peak_s, "stumble"))
        stage.move(Channel.Z, height_m - 0.06, step)
        stage.wait(0.7)
        stage.bend(0.9, pelvis_pitch=0.0, spine_flex=0.0, hip_flex=0.0)
        stage.move(Channel.Z, height_m, 0.9)
        stage.wait(1.0)
