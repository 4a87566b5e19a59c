"""Calibration: how a sensor sits on the body, from poses or from walking."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from analytics.calibration import CalibrationError, Seconds, calibrate
from analytics.calibration.walking import plausible_calibrations
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


def bending(deg: float, *, about: str = "y") -> FloatArray:
    """Bent from upright and back in four seconds, forward or (about x) to the side."""
    angle_deg = deg * 0.5 * (1.0 - np.cos(2 * np.pi * np.arange(int(4 * RATE_HZ)) / (4 * RATE_HZ)))
    turns = Rotation.from_euler(about, angle_deg[:, np.newaxis], degrees=True)
    force: FloatArray = turns.inv().apply(UPRIGHT)
    return np.asarray(still(UPRIGHT, 4.0) - UPRIGHT + force)


def test_a_pose_is_taken_from_the_longest_still_part_of_its_seconds(tmp_path: Path) -> None:
    settling = np.concatenate([walking(2), still(UPRIGHT, 5)])
    calibration = calibrate_from(record(tmp_path / "r", settling), still=(0, 7))
    np.testing.assert_allclose(calibration.rotation @ UPRIGHT, UPRIGHT, atol=0.1)


def test_lying_may_come_from_another_recording(tmp_path: Path) -> None:
    standing = record(tmp_path / "standing", still(UPRIGHT, 5))
    lying = record(tmp_path / "lying", still(SUPINE, 5))
    (calibration,) = calibrate(
        standing.header.streams,
        standing.chunks(),
        still=(0, 5),
        lying=(0, 5),
        lying_chunks=lying.chunks(),
        made_from="poses",
    )
    assert calibration.supine_up is not None
    assert np.degrees(np.arccos(calibration.supine_up @ SUPINE / GRAVITY_MS2)) < 0.5


def test_quality_tells_stillness_the_right_angle_and_the_agreement_of_a_bend(
    tmp_path: Path,
) -> None:
    recording = record(tmp_path / "r", still(UPRIGHT, 5), bending(40), still(SUPINE, 5))
    (calibration,) = calibrate(
        recording.header.streams,
        recording.chunks(),
        still=(0, 5),
        bend=(5, 9),
        lying=(9, 14),
        made_from="poses",
    )
    quality = calibration.quality
    assert quality is not None
    assert quality.sway_ms2 == pytest.approx(0.05, abs=0.01)
    assert quality.off_square_deg == pytest.approx(10.0, abs=0.2)
    assert quality.disagreement_deg == pytest.approx(0.0, abs=2.0)
    assert calibration.method == "standing and a bend and supine"


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10_000))
def test_standing_and_a_bend_forward_tell_the_front_without_lying(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    mounting = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    folder = tmp_path_factory.mktemp("bend") / "recording"
    recording = record(folder, still(UPRIGHT, 5), bending(40), mounting=mounting)
    (calibration,) = calibrate(
        recording.header.streams,
        recording.chunks(),
        still=(0, 5),
        bend=(5, 9),
        made_from="poses",
    )
    between = Rotation.from_matrix(calibration.rotation @ mounting.T)
    assert np.degrees(between.magnitude()) < 2.0
    assert calibration.facing_known
    assert calibration.supine_up is None


@pytest.mark.parametrize(
    ("bend", "message"),
    [
        (bending(40, about="x"), "about an axis 9.° off"),
        (bending(3), "hardly turned"),
        (np.concatenate([bending(40), bending(40, about="x")]), "about several axes"),
    ],
)
def test_a_bad_bend_is_refused_with_its_reason(
    tmp_path: Path, bend: FloatArray, message: str
) -> None:
    recording = record(tmp_path / "r", still(UPRIGHT, 5), still(SUPINE, 5), bend)
    with pytest.raises(CalibrationError, match=message):
        calibrate(
            recording.header.streams,
            recording.chunks(),
            still=(0, 5),
            lying=(5, 10),
            bend=(10, 10 + len(bend) / RATE_HZ),
            made_from="poses",
        )


def test_lying_on_the_front_is_refused_where_a_bend_tells(tmp_path: Path) -> None:
    prone = Rotation.from_euler("y", -85, degrees=True).apply(UPRIGHT)
    recording = record(tmp_path / "r", still(UPRIGHT, 5), bending(40), still(prone, 5))
    with pytest.raises(CalibrationError, match="lie on the back and not on the front"):
        calibrate(
            recording.header.streams,
            recording.chunks(),
            still=(0, 5),
            bend=(5, 9),
            lying=(9, 14),
            made_from="poses",
        )


def test_a_sensor_set_to_another_range_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match=r"felt 0\.25 g at rest"):
        calibrate_from(record(tmp_path / "r", 0.25 * still(UPRIGHT, 5)), still=(0, 5))


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


def test_bends_of_everyday_life_tell_the_front_where_no_pose_was_held(tmp_path: Path) -> None:
    day = [bending(35) for _ in range(6)]
    mounting = Rotation.from_euler("xyz", [70, 20, 130], degrees=True).as_matrix()
    recording = record(tmp_path / "r", walking(12), *day, still(UPRIGHT, 40), mounting=mounting)
    (calibration,) = plausible_calibrations(recording)
    between = Rotation.from_matrix(calibration.rotation @ mounting.T)
    assert np.degrees(between.magnitude()) < 6.0
    assert (calibration.facing_known, calibration.supine_up) == (True, None)


def test_bends_that_do_not_agree_tell_no_front(tmp_path: Path) -> None:
    day = [bending(35, about=axis) for axis in "xyxyxy"]
    recording = record(tmp_path / "r", walking(12), *day, still(UPRIGHT, 40))
    (calibration,) = plausible_calibrations(recording)
    assert not calibration.facing_known


def test_without_walking_nothing_is_guessed(tmp_path: Path) -> None:
    recording = record(tmp_path / "r", still(UPRIGHT, 20), still(SUPINE, 20))
    assert plausible_calibrations(recording) == ()
