"""Gain and offset of an accelerometer are found from gravity, or refused with the reason."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from analytics.body import Segment
from analytics.calibration import CalibrationError, calibrate
from analytics.calibration.accelerometer import auto_correction, fitted, six_pose_correction
from analytics.frontend import FrontEnd
from sensors.recording import Recording, RecordingHeader, RecordingKind, write_recording
from sensors.types import GRAVITY_MS2, AccCorrection, Chunk, FloatArray, Placement, StreamInfo

RATE_HZ = 25.0
GAIN = np.array([1.02, 0.985, 1.01])
OFFSET_MS2 = np.array([0.2, -0.25, 0.15])
SIDES = np.array([axis for i in range(3) for axis in (np.eye(3)[i], -np.eye(3)[i])])


def directions(count: int, *, seed: int = 0) -> FloatArray:
    found = np.random.default_rng(seed).normal(size=(count, 3))
    unit: FloatArray = found / np.linalg.norm(found, axis=1, keepdims=True)
    return unit


def record(folder: Path, ups: FloatArray, hold_s: float, *, noise_ms2: float = 0.02) -> Recording:
    """Held still in each direction by a sensor with gain and offset errors, moved in between."""
    rng = np.random.default_rng(1)
    parts = []
    for up in ups:
        force = np.tile(GRAVITY_MS2 * up, (round(hold_s * RATE_HZ), 1))
        moving = GRAVITY_MS2 * up + rng.normal(0.0, 2.0, (round(RATE_HZ), 3))
        parts += [force + rng.normal(0.0, noise_ms2, force.shape), moving]
    acc = (np.concatenate(parts) - OFFSET_MS2) / GAIN
    info = StreamInfo(placement=Placement.STERNUM, rate_hz=RATE_HZ, acc_scale_ms2=1e-3)
    header = RecordingHeader(
        id="still",
        started_at=datetime(2026, 3, 1, tzinfo=UTC),
        kind=RecordingKind.OTHER,
        streams=(info,),
    )
    chunk = Chunk(Placement.STERNUM, np.arange(len(acc)) / RATE_HZ, acc, None)
    return write_recording(folder, header, [chunk])


def corrected_error_mg(correction: AccCorrection) -> float:
    """Largest error left in any direction, in thousandths of g."""
    force = GRAVITY_MS2 * directions(500, seed=9)
    felt = (force - OFFSET_MS2) / GAIN
    left = np.linalg.norm(correction.applied(felt) - force, axis=1)
    return float(1000.0 * left.max() / GRAVITY_MS2)


def test_a_long_recording_corrects_itself(tmp_path: Path) -> None:
    recording = record(tmp_path / "r", directions(40), 29.0)
    correction = auto_correction(recording, recording.header.streams[0])
    assert corrected_error_mg(correction) < 2.0
    assert correction.error_after_ms2 < 0.1 * correction.error_before_ms2


def test_six_poses_correct_a_sensor(tmp_path: Path) -> None:
    recording = record(tmp_path / "r", SIDES, 7.0)
    correction = six_pose_correction(recording, recording.header.streams[0])
    assert corrected_error_mg(correction) < 2.0


def test_a_few_windows_that_moved_do_not_spoil_the_fit() -> None:
    felt = (GRAVITY_MS2 * directions(100) - OFFSET_MS2) / GAIN
    felt[:5] *= 1.05
    assert corrected_error_mg(fitted(felt, "still periods")) < 3.0


@pytest.mark.parametrize(
    ("ups", "hold_s", "message"),
    [
        (directions(5), 29.0, "lay still for . min only"),
        (np.abs(directions(40)), 29.0, "never pointed both up and down"),
    ],
)
def test_a_recording_that_cannot_tell_is_refused_with_the_reason(
    tmp_path: Path, ups: FloatArray, hold_s: float, message: str
) -> None:
    recording = record(tmp_path / "r", ups, hold_s)
    with pytest.raises(CalibrationError, match=message):
        auto_correction(recording, recording.header.streams[0])


def test_a_missing_side_is_named(tmp_path: Path) -> None:
    recording = record(tmp_path / "r", SIDES[:-1], 7.0)
    with pytest.raises(CalibrationError, match="never rested with its z axis down"):
        six_pose_correction(recording, recording.header.streams[0])


def test_a_corrected_sensor_is_calibrated_and_analyzed_corrected(tmp_path: Path) -> None:
    recording = record(tmp_path / "r", SIDES, 7.0)
    (info,) = recording.header.streams
    (calibration,) = calibrate(
        [info],
        recording.chunks(),
        still=(32.5, 38.5),
        lying=(0.5, 6.5),
        corrections={info.placement: six_pose_correction(recording, info)},
        made_from="still",
    )
    front_end = FrontEnd([info], [calibration])
    chunks = [each for chunk in recording.chunks() for each in front_end.push(chunk)]
    acc = np.concatenate([chunk.segments[Segment.TRUNK].acc for chunk in chunks])
    lying = acc[50:300].mean(axis=0)
    np.testing.assert_allclose(lying, [GRAVITY_MS2, 0.0, 0.0], atol=0.03)
