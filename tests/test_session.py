"""A recording goes in, what was done in it comes out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest

from analytics.body import Segment
from analytics.events import Posture, WearState
from analytics.pipeline import ALGORITHM_VERSION, Pipeline, analyze
from analytics.session import session_json
from analytics.trace import trace
from sensors.recording import Recording, RecordingHeader, RecordingKind, quantized, write_recording
from sensors.simulator import (
    GetUp,
    Sit,
    SitDown,
    Stand,
    StandUp,
    VirtualSensor,
    calibration_poses,
    simulate,
)
from sensors.types import Chunk, Gap, Placement
from tests.body_chunks import sensed, up_path, upright_sensor

TRUNK_PATH = ((0, 0, 0), (20, 0, 0), (22, 90, 0), (30, 90, 0), (31, 102, 0), (50, 102, 0))
PELVIS_PATH = ((0, 0, 0), (20, 0, 0), (22, 90, 0), (50, 90, 0))


def header(*placements: Placement, gyro: bool = False) -> RecordingHeader:
    sensors = [upright_sensor(placement, gyro=gyro) for placement in placements]
    return RecordingHeader(
        id="lie-down",
        started_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        kind=RecordingKind.POSITIONING,
        streams=tuple(info for info, _ in sensors),
        patient="p1",
        calibrations=tuple(calibration for _, calibration in sensors),
    )


def samples(of: RecordingHeader) -> list[Chunk]:
    """Standing, lying down, then extended by 12°."""
    return [
        quantized(
            sensed(info, up_path(*(PELVIS_PATH if "pelvis" in info.placement else TRUNK_PATH))),
            info,
        )
        for info in of.streams
    ]


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    described = header(Placement.STERNUM, Placement.PELVIS)
    return write_recording(tmp_path / "lie-down", described, samples(described))


def test_a_session_says_who_when_and_by_which_algorithms(recording: Recording) -> None:
    session = analyze(recording)
    assert (session.recording_id, session.patient) == ("lie-down", "p1")
    assert session.started_at == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    assert session.kind == RecordingKind.POSITIONING
    assert session.duration_s == pytest.approx(recording.duration_s) == 50.0
    assert session.algorithm_version == ALGORITHM_VERSION


def test_a_session_holds_what_every_detector_found(recording: Recording) -> None:
    session = analyze(recording)
    assert [bout.posture for bout in session.postures] == [Posture.UPRIGHT, Posture.SUPINE]
    (hold,) = session.hyperextension
    assert hold.mean_deg == pytest.approx(12.0, abs=0.5)
    assert session.spine is not None
    assert session.spine.p95_deg == pytest.approx(12.0, abs=1.0)
    assert [bout.state for bout in session.wear] == [WearState.WORN]
    assert session.flexion == ()


def test_lost_samples_show_in_coverage_and_gaps(tmp_path: Path) -> None:
    described = header(Placement.STERNUM)
    (whole,) = samples(described)
    kept = (whole.t_s < 10.0) | (whole.t_s >= 15.0)
    chunk = Chunk(whole.placement, whole.t_s[kept], whole.acc[kept], None)
    (stream,) = analyze(write_recording(tmp_path / "gap", described, [chunk])).streams
    assert stream.samples == 2250
    assert stream.coverage == pytest.approx(0.9)
    assert stream.gaps == (Gap(10.0, 15.0),)


def test_a_calibration_given_goes_before_the_recordings_own(recording: Recording) -> None:
    assert [bout.posture for bout in analyze(recording, ()).postures] == [Posture.UNKNOWN]


def test_of_two_sensors_on_one_segment_the_first_is_analyzed_and_both_are_counted(
    tmp_path: Path,
) -> None:
    described = header(Placement.STERNUM, Placement.UPPER_BACK)
    session = analyze(write_recording(tmp_path / "two", described, samples(described)))
    assert [stream.samples for stream in session.streams] == [2500, 2500]
    assert len(session.postures) == 2


def test_a_pipeline_fed_live_gives_the_session_of_its_recording(recording: Recording) -> None:
    pipeline = Pipeline(recording.header)
    events = [event for chunk in recording.chunks(0.2) for event in pipeline.push(chunk)]
    events += pipeline.finish()
    session = pipeline.session()
    assert session == analyze(recording)
    assert set(events) == {*session.postures, *session.hyperextension, *session.wear}


def test_a_pipeline_without_samples_has_an_empty_session() -> None:
    pipeline = Pipeline(header(Placement.STERNUM))
    assert pipeline.finish() == []
    session = pipeline.session()
    assert (session.duration_s, session.postures, session.spine) == (0.0, (), None)
    assert session.streams[0].coverage == 0.0


def test_the_json_of_a_session_is_one_object_with_every_part(recording: Recording) -> None:
    session = analyze(recording)
    described = json.loads(msgspec.json.encode(session_json(session)))
    assert described == json.loads(json.dumps(session_json(session), allow_nan=False))
    assert list(described) == [
        "recording_id",
        "started_at",
        "duration_s",
        "algorithm_version",
        "limits",
        "streams",
        "posture",
        "spine",
        "hyperextension",
        "flexion",
        "repetitions",
        "falls",
        "dismissed_falls",
        "wear",
        "spine_unseen",
        "over_extension",
        "pad_slips",
        "sensor_slips",
        "sitting",
        "posture_summary",
        "brace",
        "sets",
        "back_extensions",
        "stand_ups",
        "walks",
        "near_falls",
    ]
    assert described["limits"] == {"band_deg": [5, 20], "over_deg": 30, "flexion_deg": 60}
    assert described["started_at"] == "2026-03-01T09:30:00+00:00"
    assert set(described["streams"][0]) == {
        "placement", "model", "rate_hz", "samples", "coverage", "gaps",
    }  # fmt: skip
    assert described["posture"][0]["posture"] == "upright"
    assert set(described["spine"]["extension_deg"]) == {"p05", "p50", "p95"}
    assert set(described["hyperextension"][0]) == {
        "start_s", "end_s", "mean_deg", "peak_deg", "posture", "in_band_s", "interruptions",
        "sigma_deg", "confidence",
    }  # fmt: skip


def test_a_trace_holds_the_angles_behind_the_session(recording: Recording) -> None:
    signals = trace(recording)
    at_45_s = int(np.searchsorted(signals.t_s, 45.0))
    assert signals.pitch_deg[Segment.TRUNK][at_45_s] == pytest.approx(-102.0, abs=1.0)
    assert signals.pitch_deg[Segment.PELVIS][at_45_s] == pytest.approx(-90.0, abs=1.0)
    assert signals.extension_deg[at_45_s] == pytest.approx(12.0, abs=1.5)
    assert np.nanmax(signals.peak_g) == pytest.approx(1.0, abs=0.15)
    assert set(signals.pitch_deg) == {Segment.TRUNK, Segment.PELVIS}


def test_a_trace_has_no_pitch_on_the_side(tmp_path: Path) -> None:
    described = header(Placement.STERNUM)
    info = described.streams[0]
    turning = sensed(info, up_path((0, 0, 0), (10, 0, 0), (12, 90, -90), (20, 90, -90)))
    signals = trace(write_recording(tmp_path / "side", described, [quantized(turning, info)]))
    pitch_deg = signals.pitch_deg[Segment.TRUNK]
    assert np.isfinite(pitch_deg[1 : 10 * 50]).all()
    assert np.isnan(pitch_deg[13 * 50 :]).all()


def test_a_trace_without_calibration_has_no_angles(recording: Recording) -> None:
    signals = trace(recording, ())
    assert signals.pitch_deg == {}
    assert np.isnan(signals.extension_deg).all()
    assert len(signals.peak_g) == len(signals.t_s)


def test_sitting_is_known_where_a_thigh_sensor_is_worn_with_another(tmp_path: Path) -> None:
    script = [*calibration_poses(), GetUp(), Stand(5.0), SitDown(), Sit(40.0), StandUp()]
    placements = (Placement.STERNUM, Placement.THIGH)
    sensors = [VirtualSensor(placement=placement) for placement in placements]
    simulation = simulate([*script, Stand(5.0)], sensors=sensors, seed=1)
    header = RecordingHeader(
        id="sitting",
        started_at=datetime(2026, 3, 1, tzinfo=UTC),
        kind=RecordingKind.DAY,
        streams=simulation.infos,
        calibrations=simulation.true_calibrations(),
    )
    recording = write_recording(tmp_path / "sitting", header, simulation.chunks())
    found = session_json(analyze(recording))
    assert 40.0 < sum(bout["end_s"] - bout["start_s"] for bout in found["sitting"]) < 60.0
    assert found["posture_summary"]["times_up"] == 1
    trunk = simulation.true_calibrations()[:1]
    assert session_json(analyze(recording, trunk))["sitting"] is None
