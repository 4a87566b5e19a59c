"""The angle of the spine with its uncertainty, standing, lying flat and on the side.

With two sensors it is the flexion of the trunk's long axis in the sagittal plane of the pelvis. On
the side that plane is level, gravity tells nothing of it, and the angle is a difference of two
headings. Each is integrated from the angular rate; what the body does keeps their offset:

- *The flexion axes stay parallel on average* (D. Laidig, T. Schauer and T. Seel, ICORR 2017,
  doi:10.1109/ICORR.2017.8009375, for hinges): upright, on the back and on the front the left-right
  axes of trunk and pelvis point the same way but for the twist of the spine, which does not last.
  Nothing is taken from them while they stand steeply, as on the side.
- *The body turns as one* (J. Favre, B. M. Jolles, R. Aissaoui and K. Aminian, J Biomech
  2008;41(5):1029–1035, of knees, who asked for such a movement): while trunk and pelvis turn
  alike, as in rolling over, their level angular rates are one vector seen from two headings. Here
  it is found instead of asked for.
- *A body at rest does not turn*: what a gyroscope tells then is its bias. Orientation filters take
  any turn of less than 2 °/s for bias after a second and a half; here it must be steady for twelve
  seconds and come to no more than a breath and the bias may, so that a slow movement of the spine
  is not lost. For the same reason the inclination of a quiet segment follows its own gravity,
  where the filters take twenty seconds to settle after a slow movement.

The first two measure the offset for a Kalman filter of one state; its variance grows with what the
biases may have done since the last rest and with movement too slow to be seen.

Rest also tells the offsets of the accelerometers, from the size of gravity in each pose. A
calibration hides them in the poses it was made from; on the front they come back twice.
"""

from __future__ import annotations

import math

import numpy as np

from analytics.body import BodyChunk, Segment
from analytics.spine.angle_kernel import follow, incline
from analytics.spine.state import new_state
from sensors.types import FloatArray

ZERO_SIGMA_DEG = 0.2
"""Of the neutral, how still a pose is held, and of inclination at rest."""

ALONE_SIGMA_DEG = 4.0
"""Of a trunk alone: how much the unseen pelvis may tilt along."""


class SpineAngle:
    """Follows the extension of the spine, with its standard deviation.

    With a trunk and a pelvis sensor extension is relative, against the personal neutral: 0 upright,
    where the calibration put both upright, and the value of the calibrated flat pose lying; in
    between a mixture. Without a gyroscope in both, the trunk is taken not to be twisted, which
    tells nothing on the side. The standard deviation is that of sensors on rigid segments: what
    skin does over the bones comes on top.

    With the trunk alone it is the inclination against flat supine or prone, only while lying, and
    less sure: raising the hips or the head end of the bed reads as bending, and it is less than the
    extension is, since the pelvis tilts along. Without a lying calibration, or with a pelvis sensor
    alone, there is no angle.
    """

    def __init__(self) -> None:
        self._state = new_state()

    def update(self, chunk: BodyChunk) -> FloatArray:
        """Extension and its standard deviation (n, 2), degrees; NaN where it cannot be known."""
        trunk, pelvis = chunk.segments.get(Segment.TRUNK), chunk.segments.get(Segment.PELVIS)
        if trunk is None or trunk.supine_up is None:
            return np.full((len(chunk), 2), np.nan)
        angle = np.empty((len(trunk.up), 2))
        if pelvis is None:
            lying_deg = _pitch_deg(trunk.supine_up) + 90.0
            sigma_deg = math.hypot(ALONE_SIGMA_DEG, trunk.tilt_sigma_deg)
            incline(trunk.up, lying_deg, sigma_deg, angle)
        elif pelvis.supine_up is None:
            angle[:] = np.nan
        else:
            lying_deg = _pitch_deg(trunk.supine_up) - _pitch_deg(pelvis.supine_up)
            zero_variance = ZERO_SIGMA_DEG**2 + trunk.tilt_sigma_deg**2 + pelvis.tilt_sigma_deg**2
            follow(
                (trunk.acc, trunk.gyro, trunk.up),
                (pelvis.acc, pelvis.gyro, pelvis.up),
                (lying_deg, zero_variance),
                self._state,
                angle,
            )
        return angle


def _pitch_deg(up: FloatArray) -> float:
    return math.degrees(math.atan2(-up[0], up[2]))
