"""Calibration: how a sensor sits on the body, from poses or from walking."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from analytics.calibration import CalibrationError, Seconds, calibrate, plausible_calibrations
from sensors.recording import Recording, RecordingHeader, RecordingKind, write_recording
from sensors.types import GRAVITY_MS2, Calibration, Chunk, FloatArray, Placement, StreamInfo

RATE_HZ = 50.0
UPRIGHT = np.array([0.0, 0.0, GRAVITY_MS2])
SUPINE = Rotation.from_euler("y", 80, degrees=True).apply(UPRIGHT)


def still(force: FloatArray, duration_s: float) -> FloatArray:
    noise = np.random.default_rng(0).normal(0.0, 0.05, (int(duration_s * RATE_HZ), 3))
    return force + noise


def walking(duration_s: float) -> FloatArray:
    t_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    acc = still(UPRIGHT, duration_s)
    acc[:, 2] += 2.0 * np.sin(2 * np.pi * 1.8 * t_s)
    acc[:, 0] += 1.0 * np.sin(2 * np.pi * 1.8 * t_s + 1.0)
    return acc


def record(
    folder: Path,
    *parts: FloatArray,
    mounting: FloatArray | None = None,
    kind: RecordingKind = RecordingKind.OTHER,
) -> Recording:
    """A recording of one sensor whose axes are the segment's turned by `mounting`."""
    acc = np.concatenate(parts) @ (np.eye(3) if mounting is None else mounting)
    info = StreamInfo(placement=Placement.STERNUM, rate_hz=RATE_HZ, acc_scale_ms2=1e-3)
    header = RecordingHeader(
        id="poses", started_at=datetime(2026, 3, 1, tzinfo=UTC), kind=kind, streams=(info,)
    )
    chunk = Chunk(Placement.STERNUM, np.arange(len(acc)) / RATE_HZ, acc, None)
    return write_recording(folder, header, [chunk])


def calibrate_from(
    recording: Recording, still: Seconds, lying: Seconds | None = None
) -> Calibration:
    (calibration,) = calibrate(
        recording.header.streams, recording.chunks(), still=still, lying=lying, made_from="poses"
    )
    return calibration


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10_000))
def test_standing_and_lying_undo_any_mounting(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    mounting = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    folder = tmp_path_factory.mktemp("poses") / "recording"
    recording = record(folder, still(UPRIGHT, 5), still(SUPINE, 5), mounting=mounting)
    calibration = calibrate_from(recording, still=(0.5, 4.5), lying=(5.5, 9.5))
    between = Rotation.from_matrix(calibration.rotation @ mounting.T)
    assert np.degrees(between.magnitude()) < 0.5
    assert calibration.supine_up is not None
    assert np.degrees(np.arccos(calibration.supine_up @ SUPINE / GRAVITY_MS2)) < 0.5


def test_standing_alone_leaves_the_front_unknown(tmp_path: Path) -> None:
    recording = record(tmp_path / "r", still(UPRIGHT, 5))
    calibration = calibrate_from(recording, still=(0, 5))
    assert not calibration.facing_known
    np.testing.assert_allclose(calibration.rotation @ UPRIGHT, UPRIGHT, atol=0.05)


@pytest.mark.parametrize(
    ("parts", "lying", "message"),
    [
        ((still(UPRIGHT, 10),), (6, 9), "turned by 0° from standing to lying"),
        ((still(UPRIGHT, 5), walking(5)), (6, 9), "moved by"),
        ((still(UPRIGHT, 5), still(SUPINE, 5)), (12, 15), "no samples of the sternum sensor"),
    ],
)
def test_a_bad_pose_is_refused_with_its_reason(
    tmp_path: Path, parts: tuple[FloatArray, ...], lying: tuple[float, float], message: str
) -> None:
    with pytest.raises(CalibrationError, match=message):
        calibrate_from(record(tmp_path / "r", *parts), still=(0, 5), lying=lying)


def test_walking_tells_which_way_is_up(tmp_path: Path) -> None:
    mounting = Rotation.from_euler("xyz", [70, 20, 130], degrees=True).as_matrix()
    recording = record(tmp_path / "r", still(SUPINE, 20), walking(20), mounting=mounting)
    (calibration,) = plausible_calibrations(recording)
    assert not calibration.facing_known
    up = calibration.rotation @ mounting.T @ UPRIGHT / GRAVITY_MS2
    assert np.degrees(np.arccos(up[2])) < 3


def test_the_first_lying_of_an_exercise_recording_is_taken_to_be_supine(tmp_path: Path) -> None:
    parts = walking(12), still(SUPINE, 12)
    (exercise,) = plausible_calibrations(
        record(tmp_path / "exercise", *parts, kind=RecordingKind.EXERCISE)
    )
    (day,) = plausible_calibrations(record(tmp_path / "day", *parts, kind=RecordingKind.DAY))
    assert exercise.facing_known
    assert not day.facing_known


def test_without_walking_nothing_is_guessed(tmp_path: Path) -> None:
    recording = record(tmp_path / "r", still(UPRIGHT, 20), still(SUPINE, 20))
    assert plausible_calibrations(recording) == ()
