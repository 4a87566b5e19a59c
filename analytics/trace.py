"""The signals behind a session, for plots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.body import BodyChunk, Segment, SegmentChunk
from analytics.frontend import FrontEnd, SlipGuard
from analytics.pipeline import CHUNK_S, calibrations_for, one_per_segment
from analytics.spine import SpineAngle
from sensors.recording import Recording
from sensors.types import GRAVITY_MS2, Calibration, FloatArray

_ON_THE_SIDE_SIN = np.sin(np.radians(60.0))
"""Beyond, a degree of roll is two of pitch and more: its line would only jump about."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Trace:
    """A recording's angles, each (n,) on the 50 Hz grid `t_s`, NaN where not known.

    `pitch_deg` holds every segment whose front is known, bent forward positive (upright 0, supine
    -90, prone 90); on the side there is none. `extension_deg` is what `SpineDetector` follows,
    before its low-pass, with the standard deviation `sigma_deg`; `peak_g` is the largest specific
    force at any sensor in units of gravity.
    """

    t_s: FloatArray
    pitch_deg: Mapping[Segment, FloatArray]
    extension_deg: FloatArray
    sigma_deg: FloatArray
    peak_g: FloatArray


def trace(recording: Recording, calibrations: Sequence[Calibration] | None = None) -> Trace:
    """The signals of a recording, calibrated as in `analyze`."""
    chunks = list(_body_chunks(recording, calibrations_for(recording, calibrations)))
    names = [name for name, part in chunks[0].segments.items() if part.facing_known]
    spine = SpineAngle()
    angle = np.concatenate([spine.update(chunk) for chunk in chunks])
    pitches = {name: [_pitch_deg(chunk.segments[name]) for chunk in chunks] for name in names}
    return Trace(
        t_s=np.concatenate([chunk.t_s for chunk in chunks]),
        pitch_deg={name: np.concatenate(parts) for name, parts in pitches.items()},
        extension_deg=angle[:, 0],
        sigma_deg=angle[:, 1],
        peak_g=np.concatenate([_peak_g(chunk) for chunk in chunks]),
    )


def _body_chunks(recording: Recording, calibrations: Sequence[Calibration]) -> Iterator[BodyChunk]:
    worn = one_per_segment(recording.header.streams)
    front_end, slip_guard = FrontEnd(worn, calibrations), SlipGuard()
    for chunk in recording.chunks(CHUNK_S):
        if any(chunk.placement is info.placement for info in worn):
            for part in front_end.push(chunk):
                yield from slip_guard.update(part)[0]
    for part in front_end.finish():
        yield from slip_guard.update(part)[0]


def _pitch_deg(segment: SegmentChunk) -> FloatArray:
    x, y, z = segment.up.T
    return np.where(np.abs(y) > _ON_THE_SIDE_SIN, np.nan, np.degrees(np.arctan2(-x, z)))


def _peak_g(chunk: BodyChunk) -> FloatArray:
    peak_ms2: FloatArray = np.fmax.reduce([part.peak_ms2 for part in chunk.segments.values()])
    return peak_ms2 / GRAVITY_MS2
