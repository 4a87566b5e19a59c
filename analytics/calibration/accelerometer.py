"""Gain and offset of an accelerometer, found from gravity alone while the sensor lies still."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import least_squares

from analytics.calibration.held import CalibrationError, Seconds
from analytics.calibration.windows import windows
from sensors.recording import Recording
from sensors.types import (
    GRAVITY_MS2,
    AccCorrection,
    FloatArray,
    Placement,
    StreamInfo,
    by_placement,
)

MAX_STILL_SD_MS2 = 0.013 * GRAVITY_MS2
"""A window is still if every axis varies by less than 13 mg (van Hees 2014)."""

LONG_WINDOW_S = 10.0
MIN_WINDOWS = 50
"""Still windows from which a fit is tried, eight minutes of them; as in actipy."""

MIN_REACH_MS2 = 0.3 * GRAVITY_MS2
"""Each axis must have pointed up and down by so much, else its gain is not seen (van Hees 2014)."""

MAX_ERROR_MS2 = 0.01 * GRAVITY_MS2
"""A fit that leaves more than 10 mg, 0.6° of tilt, is not believed (van Hees 2014)."""

POSE_WINDOW_S = 2.0
MIN_POSE_MS2 = 0.8 * GRAVITY_MS2
"""Resting on one of six sides, an axis feels so much of gravity at least (37° off)."""


def auto_correction(recording: Recording, info: StreamInfo) -> AccCorrection:
    """The correction that a long recording gives by itself.

    After van Hees et al. 2014 (doi:10.1152/japplphysiol.00421.2014): the mean forces of all still
    windows of 10 s should lie on a sphere of radius g. Departing from it, the fit is a robust least
    squares instead of an iterated closest point, and temperature is left out. Raises
    CalibrationError with the reason where the windows are few, where they show an axis on one
    side of the sphere only, and where the fit does not bring them nearer to it. A sensor worn on
    the trunk alone seldom hangs upside down: then the reason is just that.
    """
    means = _still_means(recording, info, LONG_WINDOW_S)
    if len(means) < MIN_WINDOWS:
        raise _refused(
            info.placement, f"it lay still for {len(means) * LONG_WINDOW_S / 60:.0f} min only"
        )
    reach_ms2 = np.minimum(means.max(axis=0), -means.min(axis=0))
    if reach_ms2.min() < MIN_REACH_MS2:
        axis = "xyz"[int(np.argmin(reach_ms2))]
        raise _refused(info.placement, f"its {axis} axis never pointed both up and down")
    return _believed(info.placement, fitted(means, "still periods"))


def six_pose_correction(
    recording: Recording, info: StreamInfo, rests: Sequence[Seconds] = ()
) -> AccCorrection:
    """The correction from a recording in which the sensor rested on each of its six sides in turn.

    A few seconds on each suffice, in any order. `rests` are known to be such, and nothing else of
    the recording is looked at. Raises CalibrationError where a side is missing.
    """
    if rests:
        means = _means_during(rests, recording, info)
    else:
        means = _still_means(recording, info, POSE_WINDOW_S)
    for axis in range(3):
        for sign, way in ((1.0, "up"), (-1.0, "down")):
            if not (sign * means[:, axis] > MIN_POSE_MS2).any():
                raise _refused(info.placement, f"it never rested with its {'xyz'[axis]} axis {way}")
    return _believed(info.placement, fitted(means, "six poses"))


def fitted(means_ms2: FloatArray, method: str) -> AccCorrection:
    """Gain and offset that bring forces at rest (n, 3) nearest to a sphere of radius g."""

    def off_sphere(parameters: FloatArray) -> FloatArray:
        corrected = means_ms2 * parameters[:3] + parameters[3:]
        return np.asarray(np.linalg.norm(corrected, axis=1) - GRAVITY_MS2)

    start = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    found = least_squares(off_sphere, start, loss="soft_l1", f_scale=MAX_ERROR_MS2).x
    return AccCorrection(
        gain=found[:3],
        offset_ms2=found[3:],
        error_before_ms2=float(np.abs(off_sphere(start)).mean()),
        error_after_ms2=float(np.abs(off_sphere(found)).mean()),
        method=method,
    )


def _believed(placement: Placement, correction: AccCorrection) -> AccCorrection:
    if not correction.error_after_ms2 < min(correction.error_before_ms2, MAX_ERROR_MS2):
        error_mg = 1000.0 * correction.error_after_ms2 / GRAVITY_MS2
        raise _refused(placement, f"{error_mg:.1f} mg of error would be left")
    return correction


def _still_means(recording: Recording, info: StreamInfo, window_s: float) -> FloatArray:
    """Mean forces (n, 3) of the windows without movement."""
    means = [
        acc.mean(axis=0)
        for acc in windows(recording, info, window_s, least_share=0.5)
        if acc.std(axis=0).max() < MAX_STILL_SD_MS2
    ]
    return np.array(means).reshape(-1, 3)


def _means_during(spans: Sequence[Seconds], recording: Recording, info: StreamInfo) -> FloatArray:
    """Mean forces (n, 3) of spans of time."""
    stream = by_placement(recording.chunks())[info.placement]
    inside = [(stream.t_s >= start_s) & (stream.t_s < end_s) for start_s, end_s in spans]
    return np.array([stream.acc[each].mean(axis=0) for each in inside])


def _refused(placement: Placement, reason: str) -> CalibrationError:
    return CalibrationError(
        f"the {placement} sensor's accelerometer is not corrected, since {reason}; "
        "rest it on each of its six sides for some seconds"
    )
