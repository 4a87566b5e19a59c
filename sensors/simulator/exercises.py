"""Rehabilitation: bridges, back extension, extended positioning, pelvic tilts."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from sensors.simulator.activities import BendKnees
from sensors.simulator.kinematics import HOOK_ELEVATION_DEG, hip_rise_m
from sensors.simulator.motion import Channel
from sensors.simulator.stage import Activity, BridgeTruth, Pose, RepetitionTruth, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge(Activity):
    """The five-point support: the knees bent, the hips lift, hold and come down.

    `peak_deg` is the pelvis's change of pitch from the rest before; the hold loses `sag_deg` of it
    steadily and trembles. `roll_deg` is the pelvic roll during the hold, positive with the left
    side up. A `cut_short` bridge is lowered at once when it gets there and counts as partial.
    Movements of older adults decelerate longer, in overlapping submovements (Ketcham et al. 2002,
    J Gerontol B 57:P54): `late_share` of the way is left to a second one that ends the movement.
    """

    peak_deg: float = 22.0
    lift_s: float = 1.5
    hold_s: float = 5.0
    lower_s: float = 1.8
    sag_deg: float = 0.0
    roll_deg: float = 0.0
    tremor_deg: float = 0.015
    late_share: float = 0.0
    cut_short: bool = False

    starts_from = (Pose.SUPINE,)

    def _play(self, stage: Stage) -> None:
        if stage.levels[Channel.HIP_FLEX] < np.radians(0.8 * HOOK_ELEVATION_DEG):
            BendKnees()(stage)
        hold_s = 0.0 if self.cut_short else self.hold_s
        start_s = stage.now_s
        hold_start_s = start_s + self.lift_s
        hold_end_s = hold_start_s + hold_s
        self._reach(stage, self.peak_deg, self.lift_s)
        stage.bend(self.lift_s, pelvis_twist=-self.roll_deg, spine_twist=self.roll_deg)
        tremor_hz = stage.rng.uniform(5.0, 10.0)
        stage.wave(
            Channel.BRIDGE,
            np.radians(self.tremor_deg),
            tremor_hz,
            seconds=2.0 * self.lift_s + hold_s,
            ramp_s=self.lift_s,
        )
        stage.wait(self.lift_s)
        if hold_s:
            stage.bend(hold_s, bridge=self.peak_deg - self.sag_deg)
            stage.wait(hold_s)
        self._reach(stage, 0.0, self.lower_s)
        stage.bend(self.lower_s, pelvis_twist=0.0, spine_twist=0.0)
        stage.wait(self.lower_s)
        stage.repetitions.append(
            BridgeTruth(
                start_s=start_s,
                end_s=stage.now_s,
                hold_start_s=hold_start_s,
                hold_end_s=hold_end_s,
                peak_deg=self.peak_deg,
                partial=self.cut_short,
                rise_m=hip_rise_m(stage.body, np.radians(self.peak_deg)),
                roll_deg=self.roll_deg,
                sag_deg=self.sag_deg if hold_s else 0.0,
                tremor_degs=sqrt(2.0) * np.pi * tremor_hz * self.tremor_deg,
            )
        )

    def _reach(self, stage: Stage, height_deg: float, seconds: float) -> None:
        """Lift or lower in two submovements, the later one overlapping the first."""
        way_deg = height_deg - np.degrees(stage.levels[Channel.BRIDGE])
        first_s = (1.0 - self.late_share) * seconds
        stage.bend(first_s, bridge=height_deg - self.late_share * way_deg)
        stage.bend(0.5 * seconds, after_s=0.5 * seconds, bridge=height_deg)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackExtension(Activity):
    """Lift the chest from the bed, lying on the front, hold and come down.

    `peak_deg` is the thorax's change of pitch from the rest before; the hold loses `sag_deg` of it.
    """

    peak_deg: float = 15.0
    lift_s: float = 1.5
    hold_s: float = 4.0
    lower_s: float = 1.8
    sag_deg: float = 0.5

    starts_from = (Pose.PRONE,)

    def _play(self, stage: Stage) -> None:
        rest_deg = np.degrees(stage.levels[Channel.SPINE_FLEX])
        start_s = stage.now_s
        for raised_deg, seconds in (
            (self.peak_deg, self.lift_s),
            (self.peak_deg - self.sag_deg, self.hold_s),
            (0.0, self.lower_s),
        ):
            stage.bend(seconds, spine_flex=rest_deg - raised_deg)
            stage.wait(seconds)
        stage.back_extensions.append(
            RepetitionTruth(
                start_s=start_s,
                end_s=stage.now_s,
                hold_start_s=start_s + self.lift_s,
                hold_end_s=start_s + self.lift_s + self.hold_s,
                peak_deg=self.peak_deg,
                partial=False,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend(Activity):
    """A pad under the fracture level (or a push) extends the spine, and later leaves it again.

    From `extension_deg` beyond the neutral of the pose, the extension decays by `slip_deg` while it
    is held, as when the pad slips. Pelvis and thorax share the movement.
    """

    extension_deg: float
    seconds: float
    slip_deg: float = 0.0
    change_s: float = 8.0
    pelvis_share: float = 0.4

    def _play(self, stage: Stage) -> None:
        neutral = (stage.levels[Channel.PELVIS_PITCH], stage.levels[Channel.SPINE_FLEX])
        for extension_deg, seconds in (
            (self.extension_deg, self.change_s),
            (self.extension_deg - self.slip_deg, self.seconds),
            (0.0, self.change_s),
        ):
            extension_rad = np.radians(extension_deg)
            stage.move(
                Channel.PELVIS_PITCH, neutral[0] + self.pelvis_share * extension_rad, seconds
            )
            stage.move(Channel.SPINE_FLEX, neutral[1] - extension_rad, seconds)
            stage.wait(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class PelvicTilt(Activity):
    """Rock the pelvis backwards against the bed and let go: what a bridge is not."""

    degrees: float = 7.0
    seconds: float = 3.0

    starts_from = (Pose.SUPINE,)

    def _play(self, stage: Stage) -> None:
        pitch, flex = stage.levels[Channel.PELVIS_PITCH], stage.levels[Channel.SPINE_FLEX]
        rock = np.radians(self.degrees)
        for share in (1.0, 0.0):
            stage.move(Channel.PELVIS_PITCH, pitch - share * rock, self.seconds / 2.0)
            stage.move(Channel.SPINE_FLEX, flex + share * rock, self.seconds / 2.0)
            stage.wait(self.seconds / 2.0)
