"""Samples on the body's own axes and clock: what the front end gives and the detectors take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from sensors.types import FloatArray, Placement

BODY_RATE_HZ = 50.0
"""Rate of the common time grid: sample k lies at k / BODY_RATE_HZ seconds."""


class Segment(StrEnum):
    """The part of the body that a sensor tells of."""

    TRUNK = "trunk"
    PELVIS = "pelvis"
    THIGH = "thigh"


SEGMENT_OF = {
    Placement.STERNUM: Segment.TRUNK,
    Placement.UPPER_BACK: Segment.TRUNK,
    Placement.WAIST: Segment.PELVIS,
    Placement.PELVIS: Segment.PELVIS,
    Placement.THIGH: Segment.THIGH,
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SegmentChunk:
    """One segment's samples on the body grid.

    `acc` (n, 3) in m/s², `gyro` (n, 3) in rad/s and `up` (n, 3), the unit vertical, are in segment
    axes: x to the front, y to the left, z up along the spine. `peak_ms2` (n,) is the largest
    specific force within the grid interval, which averaging onto the grid would hide. All are NaN
    where samples are missing; `gyro` is NaN throughout for a sensor without one. While
    `calibrated` is False the axes are the sensor's own; while `facing_known` is False the turn
    about z is arbitrary. `supine_up` (3,) is the personal zero of lying angles, or None.
    `tilt_sigma_deg` is the standard deviation of the axes' tilt beyond that of a calibration, after
    they were corrected for a slip of the sensor. `rate_hz` is the sensor's own rate: what is faster
    than half of it is not in the samples.
    """

    acc: FloatArray
    gyro: FloatArray
    up: FloatArray
    peak_ms2: FloatArray
    calibrated: bool
    facing_known: bool
    supine_up: FloatArray | None
    rate_hz: float
    tilt_sigma_deg: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class BodyChunk:
    """Grid samples `start_index`, `start_index` + 1, … of every worn segment, all of one length."""

    start_index: int
    segments: Mapping[Segment, SegmentChunk]

    def __len__(self) -> int:
        return len(next(iter(self.segments.values())).peak_ms2)

    @property
    def t_s(self) -> FloatArray:
        """Times (n,) of the samples, in seconds from the start of the recording."""
        return (self.start_index + np.arange(len(self))) / BODY_RATE_HZ


def joined(chunks: Sequence[BodyChunk]) -> BodyChunk:
    """Chunks that follow each other as one; their segments sit as in the first of them."""
    if len(chunks) == 1:
        return chunks[0]
    segments = {
        name: replace(
            segment,
            acc=np.concatenate([chunk.segments[name].acc for chunk in chunks]),
            gyro=np.concatenate([chunk.segments[name].gyro for chunk in chunks]),
            up=np.concatenate([chunk.segments[name].up for chunk in chunks]),
            peak_ms2=np.concatenate([chunk.segments[name].peak_ms2 for chunk in chunks]),
        )
        for name, segment in chunks[0].segments.items()
    }
    return BodyChunk(chunks[0].start_index, segments)
