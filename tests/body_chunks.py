"""Body samples for detector tests, built from how a segment is held over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np

from analytics.body import BODY_RATE_HZ, BodyChunk, Segment, SegmentChunk
from sensors.types import GRAVITY_MS2, Calibration, Chunk, FloatArray, Placement, StreamInfo

SUPINE_UP = np.array([1.0, 0.0, 0.0])

Keyframe = tuple[float, float, float]


def up_path(*keyframes: Keyframe, rate_hz: float = BODY_RATE_HZ) -> FloatArray:
    """Unit verticals (n, 3) that pass linearly through (time s, inclination °, azimuth °).

    Azimuth 0 leans back (supine), 90 to the right side, 180 to the front (prone), -90 to the left.
    """
    time_s, inclination_deg, azimuth_deg = np.array(keyframes).T
    grid_s = np.arange(round(time_s[-1] * rate_hz)) / rate_hz
    inclination = np.radians(np.interp(grid_s, time_s, inclination_deg))
    azimuth = np.radians(np.interp(grid_s, time_s, azimuth_deg))
    across = np.sin(inclination)
    return np.column_stack(
        (across * np.cos(azimuth), across * np.sin(azimuth), np.cos(inclination))
    )


def segment(
    up: FloatArray,
    *,
    acc: FloatArray | None = None,
    calibrated: bool = True,
    supine_up: FloatArray | None = SUPINE_UP,
) -> SegmentChunk:
    """A segment that is held so without moving, unless `acc` says otherwise."""
    acc = GRAVITY_MS2 * up if acc is None else acc
    return SegmentChunk(
        acc=acc,
        gyro=np.where(np.isnan(up), np.nan, 0.0),
        up=up,
        peak_ms2=np.linalg.norm(acc, axis=1),
        calibrated=calibrated,
        facing_known=calibrated and supine_up is not None,
        supine_up=supine_up if calibrated else None,
        rate_hz=BODY_RATE_HZ,
    )


def body(segments: Mapping[Segment, FloatArray]) -> BodyChunk:
    """A whole stream in one chunk, from each segment's verticals."""
    return BodyChunk(0, {name: segment(up) for name, up in segments.items()})


def without(chunk: BodyChunk, name: Segment, start_s: float, end_s: float) -> BodyChunk:
    """The chunk with one segment's samples missing between two times."""
    missing = (chunk.t_s >= start_s) & (chunk.t_s < end_s)
    there = chunk.segments[name]
    gone = replace(
        there,
        acc=np.where(missing[:, np.newaxis], np.nan, there.acc),
        gyro=np.where(missing[:, np.newaxis], np.nan, there.gyro),
        up=np.where(missing[:, np.newaxis], np.nan, there.up),
        peak_ms2=np.where(missing, np.nan, there.peak_ms2),
    )
    return BodyChunk(chunk.start_index, {**chunk.segments, name: gone})


def cut(chunk: BodyChunk, cuts: Iterable[int]) -> list[BodyChunk]:
    """The same samples in several chunks, cut before the given samples."""
    bounds = sorted({0, len(chunk), *(c for c in cuts if 0 < c < len(chunk))})
    return [_part(chunk, start, end) for start, end in pairwise(bounds)]


def joined(chunks: Iterable[BodyChunk]) -> BodyChunk:
    """Consecutive chunks as one."""
    parts = list(chunks)
    return BodyChunk(
        parts[0].start_index,
        {name: _whole([part.segments[name] for part in parts]) for name in parts[0].segments},
    )


def _whole(parts: list[SegmentChunk]) -> SegmentChunk:
    return replace(
        parts[0],
        acc=np.concatenate([part.acc for part in parts]),
        gyro=np.concatenate([part.gyro for part in parts]),
        up=np.concatenate([part.up for part in parts]),
        peak_ms2=np.concatenate([part.peak_ms2 for part in parts]),
    )


def _part(chunk: BodyChunk, start: int, end: int) -> BodyChunk:
    segments = {
        name: replace(
            whole,
            acc=whole.acc[start:end],
            gyro=whole.gyro[start:end],
            up=whole.up[start:end],
            peak_ms2=whole.peak_ms2[start:end],
        )
        for name, whole in chunk.segments.items()
    }
    return BodyChunk(chunk.start_index + start, segments)


def upright_sensor(
    placement: Placement, rate_hz: float = BODY_RATE_HZ, *, gyro: bool = True
) -> tuple[StreamInfo, Calibration]:
    """A sensor mounted along the segment's axes, with what is known of it."""
    info = StreamInfo(
        placement=placement,
        rate_hz=rate_hz,
        acc_scale_ms2=16.0 * GRAVITY_MS2 / 2**15,
        gyro_scale_rads=np.radians(2000.0) / 2**15 if gyro else None,
    )
    calibration = Calibration(
        placement=placement,
        rotation=np.eye(3),
        supine_up=SUPINE_UP,
        method="mounted so",
        made_from="",
    )
    return info, calibration


def sensed(info: StreamInfo, up: FloatArray, seed: int = 0) -> Chunk:
    """What an upright sensor senses of a segment whose vertical follows `up` (n, 3), with noise."""
    rng = np.random.default_rng(seed)
    t_s = np.arange(len(up)) / info.rate_hz
    acc = GRAVITY_MS2 * up + rng.normal(0.0, 0.2, up.shape)
    gyro = np.cross(np.gradient(up, t_s, axis=0), up) + rng.normal(0.0, 0.01, up.shape)
    return Chunk(info.placement, t_s, acc, None if info.gyro_scale_rads is None else gyro)
