"""Live, replay and batch agree bit for bit: no result depends on where the stream is cut."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from heapq import merge
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.body import BodyChunk, Segment
from analytics.detector import Detector, detect
from analytics.flexion import FlexionDetector
from analytics.posture import PostureDetector
from analytics.session import Pipeline, Session
from analytics.spine import SpineDetector
from analytics.wear import WearDetector, WearParams
from sensors.recording import RecordingHeader, RecordingKind
from sensors.types import Chunk, Placement
from tests.body_chunks import body, cut, sensed, up_path, upright_sensor, without

DURATION_S = 100
TRUNK = (
    *((0, 0, 180), (5, 5, 180), (6, 80, 180), (9, 75, 180), (10, 0, 180), (14, 0, 0)),
    *((16, 88, 0), (22, 100, 10), (40, 102, 12), (42, 90, 0), (56, 90, 0), (58, 90, 90)),
    *((68, 88, 90), (70, 20, 0), (DURATION_S, 5, 0)),
)
PELVIS = (
    *((0, 0, 180), (5, 0, 180), (6, 30, 180), (9, 30, 180), (10, 0, 180), (14, 0, 0)),
    *((16, 88, 0), (22, 92, 10), (40, 90, 12), (42, 90, 0), (44, 115, 0), (49, 114, 0)),
    *((51, 91, 0), (56, 90, 0), (58, 90, 90), (68, 88, 90), (70, 10, 0), (DURATION_S, 5, 0)),
)

DETECTORS: dict[str, Callable[[], Detector]] = {
    "posture": PostureDetector,
    "spine": SpineDetector,
    "flexion": FlexionDetector,
    "wear": lambda: WearDetector(WearParams(min_s=10.0, block_s=3.0)),
}

cuts = st.lists(st.integers(0, DURATION_S * 50), max_size=30)
losses = st.lists(
    st.tuples(
        st.sampled_from([Segment.TRUNK, Segment.PELVIS]),
        st.floats(0.0, DURATION_S),
        st.floats(0.02, 8.0),
    ),
    max_size=4,
)


@pytest.fixture(scope="module")
def stream() -> BodyChunk:
    """Bending, lying down, held extension, a bridge, a turn, getting up; shaken up to 70 s."""
    chunk = body({Segment.TRUNK: up_path(*TRUNK), Segment.PELVIS: up_path(*PELVIS)})
    rng = np.random.default_rng(1)
    for segment in chunk.segments.values():
        shaken = rng.normal(0.0, 0.5, segment.acc.shape)
        segment.acc[: 70 * 50] += shaken[: 70 * 50]
    return chunk


@pytest.mark.parametrize("name", DETECTORS)
def test_the_stream_has_something_for_every_detector(name: str, stream: BodyChunk) -> None:
    assert detect(DETECTORS[name](), [stream])


@pytest.mark.parametrize("name", DETECTORS)
@settings(max_examples=40, deadline=None)
@given(cuts=cuts, losses=losses)
def test_a_detector_finds_the_same_however_its_stream_is_cut(
    name: str, stream: BodyChunk, cuts: list[int], losses: list[tuple[Segment, float, float]]
) -> None:
    for segment, start_s, lost_s in losses:
        stream = without(stream, segment, start_s, start_s + lost_s)
    assert detect(DETECTORS[name](), cut(stream, cuts)) == detect(DETECTORS[name](), [stream])


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_finds_the_same_sample_by_sample(name: str, stream: BodyChunk) -> None:
    single = cut(stream, range(len(stream)))
    assert detect(DETECTORS[name](), single) == detect(DETECTORS[name](), [stream])


@settings(max_examples=25, deadline=None)
@given(cuts=cuts, losses=losses)
def test_the_summary_of_the_spine_does_not_depend_on_the_cuts(
    stream: BodyChunk, cuts: list[int], losses: list[tuple[Segment, float, float]]
) -> None:
    for segment, start_s, lost_s in losses:
        stream = without(stream, segment, start_s, start_s + lost_s)
    pieces, whole = SpineDetector(), SpineDetector()
    detect(pieces, cut(stream, cuts))
    detect(whole, [stream])
    assert pieces.summary() == whole.summary()


SENSORS = (upright_sensor(Placement.STERNUM, 104.0), upright_sensor(Placement.PELVIS, 52.0))
HEADER = RecordingHeader(
    id="restless",
    started_at=datetime(2026, 3, 1, tzinfo=UTC),
    kind=RecordingKind.EXERCISE,
    streams=tuple(info for info, _ in SENSORS),
    calibrations=tuple(calibration for _, calibration in SENSORS),
)


def sensed_streams(lost: list[tuple[int, float, float]]) -> list[Chunk]:
    """What both sensors sense, without the stretches lost: (sensor, start s, length s)."""
    whole = [
        sensed(info, up_path(*path, rate_hz=info.rate_hz))
        for (info, _), path in zip(SENSORS, (TRUNK, PELVIS), strict=True)
    ]
    for sensor, start_s, length_s in lost:
        chunk = whole[sensor]
        whole[sensor] = _kept(chunk, (chunk.t_s < start_s) | (chunk.t_s >= start_s + length_s))
    return whole


def session(streams: list[Chunk], cut_times_s: list[float]) -> Session:
    """The session of both streams, cut at the given times and merged in order."""
    bounds = [0.0, *sorted(cut_times_s), DURATION_S + 1.0]
    pieces = [
        [_kept(chunk, (chunk.t_s >= start) & (chunk.t_s < end)) for start, end in pairwise(bounds)]
        for chunk in streams
    ]
    there = [[piece for piece in chunks if len(piece.t_s)] for chunks in pieces]
    pipeline = Pipeline(HEADER)
    for chunk in merge(*there, key=lambda chunk: float(chunk.t_s[0])):
        pipeline.push(chunk)
    pipeline.finish()
    return pipeline.session()


def _kept(chunk: Chunk, mask: np.typing.NDArray[np.bool_]) -> Chunk:
    gyro = None if chunk.gyro is None else chunk.gyro[mask]
    return Chunk(chunk.placement, chunk.t_s[mask], chunk.acc[mask], gyro)


@settings(max_examples=25, deadline=None)
@given(
    cut_times_s=st.lists(st.floats(0.0, DURATION_S), max_size=20),
    lost=st.lists(
        st.tuples(st.integers(0, 1), st.floats(0.0, DURATION_S), st.floats(0.01, 8.0)), max_size=4
    ),
)
def test_a_pipeline_gives_the_same_session_however_its_streams_are_cut(
    cut_times_s: list[float], lost: list[tuple[int, float, float]]
) -> None:
    streams = sensed_streams(lost)
    assert session(streams, cut_times_s) == session(streams, [])


def test_a_pipeline_gives_the_same_session_chunk_by_tiny_chunk() -> None:
    streams = sensed_streams([(0, 30.0, 0.5), (1, 60.0, 5.0)])
    tiny = np.arange(0.05, DURATION_S, 0.05).tolist()
    assert session(streams, tiny) == session(streams, [])
