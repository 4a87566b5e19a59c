"""Calibration files: made from one recording, used on others until the sensor slips."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sensors.recording.files import explained, replace_file
from sensors.recording.manifest import (
    CalibrationJson,
    calibration_from_json,
    calibration_to_json,
    encode,
    read_json,
)
from sensors.types import Calibration


def read_calibrations(path: Path) -> tuple[Calibration, ...]:
    """The calibrations in a file; RecordingError if it holds none that can be used."""
    stored = read_json(path, list[CalibrationJson], "a list of calibrations")
    return tuple(calibration_from_json(item) for item in stored)


def write_calibrations(path: Path, calibrations: Iterable[Calibration]) -> None:
    """Write a calibration file, replacing an older one in one step."""
    content = encode([calibration_to_json(item) for item in calibrations])
    with explained("the calibration was not saved; choose a folder that you may write to."):
        replace_file(path, content)
