"""Calibration files from the poses in recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from analytics.calibration import CalibrationError, Seconds, calibrate
from analytics.calibration.accelerometer import auto_correction, six_pose_correction
from fivepoint.complaint import complain
from fivepoint.output import calibrated
from sensors.errors import FivepointError
from sensors.recording import (
    Recording,
    read_calibrations,
    read_recording,
    write_calibrations,
)
from sensors.types import AccCorrection, Placement, StreamInfo

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
    print(calibrated(out, calibrations))


def rest_corrections(
    recording: Recording, rests: Sequence[Seconds]
) -> dict[Placement, AccCorrection]:
    """Those of sensors that lay still in `rests`; why one of them has none is told."""
    if not rests:
        return {}
    return _possible(recording, lambda info: six_pose_correction(recording, info, rests))


def known_corrections(file: Path, streams: Iterable[StreamInfo]) -> dict[Placement, AccCorrection]:
    """Those that a calibration file has of the same sensors, wherever they are worn now.

    One that cannot be read has none, and is told.
    """
    try:
        calibrations = read_calibrations(file) if file.exists() else ()
    except FivepointError as error:
        complain(error)
        return {}
    known = {each.device_id: each.acc_correction for each in calibrations}
    found = {info.placement: known.get(info.device_id) for info in streams if info.device_id}
    return {place: correction for place, correction in found.items() if correction is not None}


def _corrections(recording: Recording, six_poses: Path | None) -> dict[Placement, AccCorrection]:
    if six_poses is not None:
        rested = read_recording(six_poses)
        return {info.placement: six_pose_correction(rested, info) for info in rested.header.streams}
    if recording.duration_s < LONG_S:
        return {}
    return _possible(recording, lambda info: auto_correction(recording, info))


def _possible(
    recording: Recording, correction: Callable[[StreamInfo], AccCorrection]
) -> dict[Placement, AccCorrection]:
    found = {}
    for info in recording.header.streams:
        try:
            found[info.placement] = correction(info)
        except CalibrationError as error:
            complain(error)
    return found
