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
from numpy.typing import NDArray

from analytics.back_extension import BackExtensionDetector
from analytics.body import BodyChunk, Segment
from analytics.bridging import BridgingDetector
from analytics.detector import Detector, detect
from analytics.falls import FallDetector
from analytics.flexion import FlexionDetector, FlexionParams
from analytics.frontend import FrontEnd
from analytics.limits import Limits
from analytics.near_falls import StumbleDetector
from analytics.pipeline import Pipeline
from analytics.posture import PostureDetector
from analytics.session import Session
from analytics.spine import SpineDetector
from analytics.transfers import TransferDetector
from analytics.walking import WalkingDetector
from analytics.wear import WearDetector, WearParams
from sensors.recording import RecordingHeader, RecordingKind
from sensors.simulator import (
    BackExtension,
    BendKnees,
    Bridge,
    Extend,
    Fall,
    FallKind,
    GetUp,
    LieDown,
    Pose,
    Rest,
    Stand,
    TurnInBed,
    VirtualSensor,
    Walk,
    simulate,
)
from sensors.types import Chunk, Placement
from tests.body_chunks import cut, joined, without

BRIDGE = Bridge(hold_s=3.0)
SIMULATION = simulate(
    [
        *(Stand(3.0), LieDown(side_s=3.0), Extend(extension_deg=12.0, seconds=10.0, change_s=3.0)),
        *(BendKnees(), Rest(2.0), BRIDGE, Rest(2.0), BRIDGE, Rest(2.0), BRIDGE, Rest(3.0)),
        *(TurnInBed(to=Pose.LEFT), Rest(4.0), TurnInBed(to=Pose.PRONE), Rest(4.0)),
        *(BackExtension(hold_s=2.0), Rest(3.0), GetUp(), Stand(3.0)),
        *(Walk(seconds=14.0, leg_s=14.0, stumbles=True), Stand(3.0)),
        *(Fall(kind=FallKind.FORWARD), Rest(6.0)),
    ],
    sensors=[
        VirtualSensor(placement=Placement.STERNUM, rate_hz=104.0),
        VirtualSensor(placement=Placement.PELVIS),
    ],
    seed=1,
)
DURATION_S = SIMULATION.duration_s
HEADER = RecordingHeader(
    id="everything",
    started_at=datetime(2026, 3, 1, tzinfo=UTC),
    kind=RecordingKind.EXERCISE,
    streams=SIMULATION.infos,
    calibrations=SIMULATION.true_calibrations(),
)

DETECTORS: dict[str, Callable[[], Detector]] = {
    "posture": PostureDetector,
    "spine": SpineDetector,
    "flexion": lambda: FlexionDetector(Limits(flexion_deg=25.0), FlexionParams(min_s=0.3)),
    "bridging": BridgingDetector,
    "falls": FallDetector,
    "back extension": BackExtensionDetector,
    "transfers": TransferDetector,
    "walking": WalkingDetector,
    "stumbles": StumbleDetector,
    "wear": lambda: WearDetector(WearParams(min_s=4.0, block_s=1.0, max_sd_ms2=0.5)),
}

cuts = st.lists(st.integers(0, int(DURATION_S * 50)), max_size=30)
losses = st.lists(
    st.tuples(
        st.sampled_from([Segment.TRUNK, Segment.PELVIS]),
        st.floats(0.0, DURATION_S),
        st.floats(0.02, 8.0),
    ),
    max_size=4,
)


@pytest.fixture(scope="module")
def samples() -> list[Chunk]:
    """All samples of each sensor."""
    return [SIMULATION.samples(info.placement) for info in HEADER.streams]


@pytest.fixture(scope="module")
def stream(samples: list[Chunk]) -> BodyChunk:
    """Lying down, held extension, bridges, a turn, getting up and a fall, in one chunk."""
    front_end = FrontEnd(HEADER.streams, HEADER.calibrations)
    chunks = [chunk for whole in samples for chunk in front_end.push(whole)]
    return joined([*chunks, *front_end.finish()])


@pytest.mark.parametrize("name", DETECTORS)
def test_the_stream_has_something_for_every_detector(name: str, stream: BodyChunk) -> None:
    assert detect(DETECTORS[name](), [stream])


@pytest.mark.parametrize("name", DETECTORS)
@settings(max_examples=40)
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


@settings(max_examples=25)
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


def without_samples(samples: list[Chunk], lost: list[tuple[int, float, float]]) -> list[Chunk]:
    """The samples without the stretches lost: (sensor, start s, length s)."""
    left = list(samples)
    for sensor, start_s, length_s in lost:
        t_s = left[sensor].t_s
        left[sensor] = _kept(left[sensor], (t_s < start_s) | (t_s >= start_s + length_s))
    return left


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


def _kept(chunk: Chunk, mask: NDArray[np.bool_]) -> Chunk:
    gyro = None if chunk.gyro is None else chunk.gyro[mask]
    return Chunk(chunk.placement, chunk.t_s[mask], chunk.acc[mask], gyro)


@settings(max_examples=25)
@given(
    cut_times_s=st.lists(st.floats(0.0, DURATION_S), max_size=20),
    lost=st.lists(
        st.tuples(st.integers(0, 1), st.floats(0.0, DURATION_S), st.floats(0.01, 8.0)), max_size=4
    ),
)
def test_a_pipeline_gives_the_same_session_however_its_streams_are_cut(
    samples: list[Chunk], cut_times_s: list[float], lost: list[tuple[int, float, float]]
) -> None:
    left = without_samples(samples, lost)
    assert session(left, cut_times_s) == session(left, [])


def test_a_pipeline_gives_the_same_session_chunk_by_tiny_chunk(samples: list[Chunk]) -> None:
    left = without_samples(samples, [(0, 30.0, 0.5), (1, 60.0, 5.0)])
    tiny = np.arange(0.05, DURATION_S, 0.05).tolist()
    assert session(left, tiny) == session(left, [])
