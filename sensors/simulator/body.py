"""The simulated body: its size, its habitual poses and where sensors sit on it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from sensors.types import FloatArray, Placement


class Segment(StrEnum):
    """A rigid part of the body that can carry a sensor."""

    PELVIS = "pelvis"
    THORAX = "thorax"
    THIGH = "thigh"


SEGMENT_OF = {
    Placement.STERNUM: Segment.THORAX,
    Placement.UPPER_BACK: Segment.THORAX,
    Placement.WAIST: Segment.PELVIS,
    Placement.PELVIS: Segment.PELVIS,
    Placement.THIGH: Segment.THIGH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Size and habitual poses of one person.

    Lengths follow from stature after Drillis and Contini, as printed in Winter, Biomechanics and
    Motor Control of Human Movement, 4th ed., fig. 4.1: trunk (hip to shoulder) 0.288, thigh 0.245,
    shank 0.246, hip height 0.530. The trunk's split into pelvis, lumbar and thorax follows the
    usual lengths of the lumbar (18 cm) and thoracic (28 cm, to C7) spine.

    Segment axes are x to the front, y to the left, z up along the spine; all are aligned with the
    vertical in quiet standing. Lying flat on the back, the pelvis is pitched by
    `supine_pitch_deg` from the horizontal and the spine flexed by `supine_flex_deg` more than in
    standing (a pillow, a stiff kyphosis); both are personal.
    """

    stature_m: float = 1.62
    supine_pitch_deg: float = 2.0
    supine_flex_deg: float = 4.0
    bridge_thorax_share: float = 0.85
    """Pitch of the thorax in a bridge as a share of the pelvis's: the upper back stays down."""
    seat_height_m: float = 0.53
    bed_height_m: float = 0.60
    floor_height_m: float = 0.10

    @property
    def trunk_m(self) -> float:
        """From the hip to the shoulder."""
        return 0.288 * self.stature_m

    @property
    def pelvis_m(self) -> float:
        """From the hip to the lumbosacral joint."""
        return 0.20 * self.trunk_m

    @property
    def lumbar_m(self) -> float:
        """From the lumbosacral to the thoracolumbar joint."""
        return 0.34 * self.trunk_m

    @property
    def thorax_m(self) -> float:
        """From the thoracolumbar joint to the shoulder."""
        return 0.46 * self.trunk_m

    @property
    def thigh_m(self) -> float:
        """From the hip to the knee."""
        return 0.245 * self.stature_m

    @property
    def shank_m(self) -> float:
        """From the knee to the ankle."""
        return 0.246 * self.stature_m

    @property
    def hip_height_m(self) -> float:
        """Of the hip above the ground, standing."""
        return 0.530 * self.stature_m

    def sensor_offset_m(self, placement: Placement) -> FloatArray:
        """Where the sensor sits (3,) from its segment's lower joint (thigh: from the hip)."""
        depth_m = 0.060 * self.stature_m
        offsets = {
            Placement.STERNUM: (depth_m, 0.0, 0.6 * self.thorax_m),
            Placement.UPPER_BACK: (-depth_m, 0.0, 0.75 * self.thorax_m),
            Placement.WAIST: (0.8 * depth_m, -depth_m, self.pelvis_m),
            Placement.PELVIS: (-depth_m, 0.0, 0.7 * self.pelvis_m),
            Placement.THIGH: (0.7 * depth_m, -0.8 * depth_m, -0.5 * self.thigh_m),
        }
        return np.array(offsets[placement])

    def supine_up(self, segment: Segment) -> FloatArray:
        """The unit vertical (3,) in the segment's axes while lying flat on the back."""
        flex_deg = self.supine_flex_deg if segment is Segment.THORAX else 0.0
        raised_deg = 0.0 if segment is Segment.THIGH else self.supine_pitch_deg + flex_deg
        pitch = np.radians(-90.0 + raised_deg)
        return np.array([-np.sin(pitch), 0.0, np.cos(pitch)])
