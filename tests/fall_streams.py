"""Made-up streams of falls and of what resembles them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analytics.body import BODY_RATE_HZ, BodyChunk, Segment, SegmentChunk
from analytics.detector import detect
from analytics.events import Fall
from analytics.falls import FallDetector
from sensors.types import GRAVITY_MS2
from tests.body_chunks import Keyframe, cut, segment, up_path

IMPACT_S = 6.0
LYING_INCLINATION_DEG = 95.0

Push = tuple[float, float, float]


def held(*keyframes: Keyframe, pushes: tuple[Push, ...] = ()) -> SegmentChunk:
    """A segment held along `up_path`, its force scaled by pushes of (time s, width s, factor)."""
    up = up_path(*keyframes)
    time_s = np.arange(len(up)) / BODY_RATE_HZ
    factor = np.ones(len(up))
    for at_s, width_s, scale in pushes:
        factor += (scale - 1.0) * np.exp(-0.5 * ((time_s - at_s) / width_s) ** 2)
    sway = 0.01 * np.sin(2 * np.pi * 1.3 * time_s)[:, np.newaxis]
    return segment(up, acc=GRAVITY_MS2 * (factor[:, np.newaxis] * up + sway))


def fall(*, azimuth_deg: float = 0.0, lying_s: float = 8.0, at_s: float = IMPACT_S) -> SegmentChunk:
    """Standing, a fall that lands at `at_s`, and lying still until the end."""
    return held(
        (0.0, 0.0, azimuth_deg),
        (at_s - 0.7, 5.0, azimuth_deg),
        (at_s, LYING_INCLINATION_DEG, azimuth_deg),
        (at_s + lying_s, LYING_INCLINATION_DEG, azimuth_deg),
        pushes=((at_s - 0.35, 0.15, 0.3), (at_s, 0.05, 4.0)),
    )


def fall_and_walk(lying_s: float) -> SegmentChunk:
    """A fall, lying still for a while, then getting up and walking for 20 s."""
    up_s = IMPACT_S + lying_s + 3.0
    steps = tuple((float(t), 0.06, 1.6) for t in np.arange(IMPACT_S + lying_s, up_s + 20.0, 0.55))
    return held(
        (0.0, 0.0, 0.0),
        (IMPACT_S - 0.7, 5.0, 0.0),
        (IMPACT_S, LYING_INCLINATION_DEG, 0.0),
        (IMPACT_S + lying_s, LYING_INCLINATION_DEG, 0.0),
        (up_s, 0.0, 0.0),
        (up_s + 20.0, 0.0, 0.0),
        pushes=((IMPACT_S - 0.35, 0.15, 0.3), (IMPACT_S, 0.05, 4.0), *steps),
    )


def sinking(depth_m: float, *, lies_after_s: float = 2.0, lying_s: float = 8.0) -> SegmentChunk:
    """Standing, sinking upright within 2 s to a stop in 0.12 s, sitting, then lying on the left."""
    lies_s = IMPACT_S + lies_after_s
    up = up_path(
        (0.0, 0.0, -90.0),
        (lies_s, 5.0, -90.0),
        (lies_s + 2.0, 90.0, -90.0),
        (lies_s + 2.0 + lying_s, 90.0, -90.0),
    )
    time_s = np.arange(len(up)) / BODY_RATE_HZ - IMPACT_S
    down_ms2 = depth_m / 1.92
    stop_ms2 = down_ms2 * 1.9 / 0.12
    force = np.where((time_s >= -1.9) & (time_s < 0.0), -down_ms2, 0.0)
    force = np.where((time_s >= 0.0) & (time_s < 0.12), stop_ms2, force)
    return segment(up, acc=(GRAVITY_MS2 + force)[:, np.newaxis] * up)


def pelvis(chunk: SegmentChunk) -> BodyChunk:
    return BodyChunk(0, {Segment.PELVIS: chunk})


def falls(chunk: BodyChunk, pieces: int = 1) -> list[Fall]:
    cuts = np.linspace(0, len(chunk), pieces + 1).astype(int).tolist()
    return [event for event in detect(FallDetector(), cut(chunk, cuts)) if isinstance(event, Fall)]


def uncalibrated(chunk: SegmentChunk) -> BodyChunk:
    return pelvis(replace(chunk, calibrated=False, facing_known=False))
