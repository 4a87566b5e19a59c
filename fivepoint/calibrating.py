"""Calibration files from the poses in recordings, and how good they are, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from analytics.autocalibration import auto_correction, six_pose_correction
from analytics.calibration import CalibrationError, Seconds, calibrate
from fivepoint.output import complain
from sensors.recording import Recording, read_recording, write_calibrations
from sensors.types import GRAVITY_MS2, AccCorrection, Calibration, Placement

LONG_S = 6 * 3600.0
"""From this length on a recording may show enough still poses to correct its accelerometers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poses:
    """The seconds of known poses; lying may be in another recording."""

    still: Seconds
    lying: Seconds | None = None
    lying_from: Path | None = None
    bend: Seconds | None = None


def calibrate_from(source: Path, out: Path, poses: Poses, *, six_poses: Path | None = None) -> None:
    """Make a calibration file from the poses in recordings, and say how good it is.

    The accelerometers are corrected from the recording `six_poses`, or from `source` itself if it
    is long and shows them in enough poses.
    """
    recording = read_recording(source)
    other = None if poses.lying_from is None else read_recording(poses.lying_from)
    calibrations = calibrate(
        recording.header.streams,
        recording.chunks(),
        still=poses.still,
        lying=poses.lying,
        lying_chunks=None if other is None else other.chunks(),
        bend=poses.bend,
        corrections=_corrections(recording, six_poses),
        made_from=recording.header.id,
    )
    write_calibrations(out, calibrations)
    print(told(out, calibrations))


def told(file: Path, calibrations: Iterable[Calibration]) -> str:
    """A line for each sensor that a calibration file holds, with how good its poses were."""
    return "\n".join(f"{file}: {_told(calibration)}" for calibration in calibrations)


def _told(calibration: Calibration) -> str:
    quality, correction = calibration.quality, calibration.acc_correction
    parts = [f"{calibration.placement} calibrated"]
    if quality is not None:
        parts.append(f"moved by {quality.sway_ms2:.2f} m/s² in the poses")
        if quality.off_square_deg is not None:
            parts.append(f"lying {quality.off_square_deg:.0f}° off a right angle to standing")
        if quality.disagreement_deg is not None:
            parts.append(f"the bend agrees within {quality.disagreement_deg:.0f}°")
    if correction is not None:
        before_mg, after_mg = (
            1000.0 * error_ms2 / GRAVITY_MS2
            for error_ms2 in (correction.error_before_ms2, correction.error_after_ms2)
        )
        parts.append(f"accelerometer corrected from {before_mg:.0f} to {after_mg:.1f} mg of error")
    if not calibration.facing_known:
        parts.append("its front is not known, so neither is the side of lying")
    return ", ".join(parts)


def _corrections(recording: Recording, six_poses: Path | None) -> dict[Placement, AccCorrection]:
    if six_poses is not None:
        rested = read_recording(six_poses)
        return {info.placement: six_pose_correction(rested, info) for info in rested.header.streams}
    if recording.duration_s < LONG_S:
        return {}
    found = {}
    for info in recording.header.streams:
        try:
            found[info.placement] = auto_correction(recording, info)
        except CalibrationError as error:
            complain(error)
    return found
