"""How sensors sit and err: from poses, from walking, and from gravity in all directions."""

from analytics.calibration.held import (
    MAX_FORCE_ERROR,
    MAX_POSE_SD_MS2,
    CalibrationError,
    Seconds,
    between,
)
from analytics.calibration.poses import POSE_ANGLE_DEG, angle_deg, calibrate

__all__ = [
    "MAX_FORCE_ERROR",
    "MAX_POSE_SD_MS2",
    "POSE_ANGLE_DEG",
    "CalibrationError",
    "Seconds",
    "angle_deg",
    "between",
    "calibrate",
]
