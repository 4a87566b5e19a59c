"""What the tests of recordings are made from: headers, and chunks of random samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import numpy as np
from numpy.testing import assert_array_equal

from sensors.recording import RecordingHeader, RecordingKind
from sensors.types import GRAVITY_MS2, Chunk, FloatArray, Placement, StreamInfo, by_placement

STARTED_AT = datetime(2026, 3, 1, 7, 30, tzinfo=UTC)

WAIST = StreamInfo(
    placement=Placement.WAIST,
    rate_hz=100.0,
    acc_scale_ms2=16 * GRAVITY_MS2 / 32768,
    gyro_scale_rads=0.001,
    device_id="w1",
    model="made",
)
STERNUM = StreamInfo(
    placement=Placement.STERNUM, rate_hz=50.0, acc_scale_ms2=8 * GRAVITY_MS2 / 32768
)


def header(*streams: StreamInfo) -> RecordingHeader:
    return RecordingHeader(
        id="made-1",
        started_at=STARTED_AT,
        kind=RecordingKind.EXERCISE,
        streams=streams or (WAIST, STERNUM),
        patient="p1",
    )


def signal(info: StreamInfo, t_s: FloatArray, seed: int = 0) -> Chunk:
    """A stream of noise round gravity at the given times."""
    random = np.random.default_rng(seed)
    acc = random.normal(0, 0.1, (len(t_s), 3)) + np.array([0, 0, GRAVITY_MS2])
    gyro = None if info.gyro_scale_rads is None else random.normal(0, 0.05, (len(t_s), 3))
    return Chunk(info.placement, t_s, acc, gyro)


def steady(info: StreamInfo, duration_s: float, start_s: float = 0.0, seed: int = 0) -> Chunk:
    """A stream without gaps from `start_s`."""
    samples = round(duration_s * info.rate_hz)
    return signal(info, start_s + np.arange(samples) / info.rate_hz, seed)


def part(chunk: Chunk, start: int, end: int) -> Chunk:
    gyro = None if chunk.gyro is None else chunk.gyro[start:end]
    return Chunk(chunk.placement, chunk.t_s[start:end], chunk.acc[start:end], gyro)


def cut(chunk: Chunk, every: int) -> Iterator[Chunk]:
    for start in range(0, len(chunk.t_s), every):
        yield part(chunk, start, start + every)


def joined(chunks: Iterable[Chunk], placement: Placement) -> Chunk:
    """The chunks of one placement as one."""
    return by_placement(chunks)[placement]


def assert_same(found: Chunk, expected: Chunk) -> None:
    """Bit for bit."""
    assert found.placement == expected.placement
    assert_array_equal(found.t_s, expected.t_s)
    assert_array_equal(found.acc, expected.acc)
    assert (found.gyro is None) == (expected.gyro is None)
    if found.gyro is not None and expected.gyro is not None:
        assert_array_equal(found.gyro, expected.gyro)


def assert_one_line(error: Exception) -> None:
    assert str(error).isprintable()
