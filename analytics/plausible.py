"""How a sensor sits where nobody said which seconds show which pose: from walking and gravity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from analytics.calibration import MAX_POSE_SD_MS2, POSE_ANGLE_DEG, angle_deg, mounting
from sensors.recording import Recording, RecordingKind
from sensors.types import Calibration, FloatArray, StreamInfo

WINDOW_S = 4.0
STEP_PERIOD_S = (0.35, 0.85)
"""Steps of a slow walk to a brisk one (70 to 170 a minute)."""

MIN_STEP_REGULARITY = 0.5
"""Autocorrelation of the specific force at the step period (Moe-Nilssen and Helbostad 2004)."""

WALKING_SD_MS2 = (0.6, 6.0)
MAX_SWAY_DEG = 15.0


def plausible_calibrations(recording: Recording) -> tuple[Calibration, ...]:
    """Calibrate from the first walking found, where nobody said which seconds show which pose.

    Walking people are upright. One still pose says nothing, since the mounting is not known; only
    in exercise and positioning recordings, which are done lying on the back, is the first still
    lying taken to be supine. A sensor that shows no walking gets no calibration.
    """
    found = []
    for info in recording.header.streams:
        walking = _first_walking(recording, info)
        if walking is None:
            continue
        lying = _first_lying(recording, info, walking)
        found.append(_calibration(info, walking, lying, recording.header.id))
    return tuple(found)


def _calibration(
    info: StreamInfo, walking: FloatArray, lying: FloatArray | None, made_from: str
) -> Calibration:
    calibration = mounting(info, standing=walking, front=lying, made_from=made_from)
    if lying is None:
        return replace(calibration, method="walking")
    supine_up = calibration.rotation @ lying / np.linalg.norm(lying)
    return replace(calibration, method="walking and first lying", supine_up=supine_up)


def _first_walking(recording: Recording, info: StreamInfo) -> FloatArray | None:
    """Mean specific force (3,) over the first two windows in a row that look like walking."""
    for before, after in pairwise(_windows(recording, info)):
        means = before.mean(axis=0), after.mean(axis=0)
        if (
            _is_walking(before, info.rate_hz)
            and _is_walking(after, info.rate_hz)
            and angle_deg(*means) < MAX_SWAY_DEG
        ):
            mean: FloatArray = np.mean(means, axis=0)
            return mean
    return None


def _is_walking(acc: FloatArray, rate_hz: float) -> bool:
    force = np.linalg.norm(acc, axis=1)
    force -= force.mean()
    low_ms2, high_ms2 = WALKING_SD_MS2
    if not low_ms2 < force.std() < high_ms2:
        return False
    lags = range(round(STEP_PERIOD_S[0] * rate_hz), round(STEP_PERIOD_S[1] * rate_hz) + 1)
    power = force @ force / len(force)
    regularity = max(force[lag:] @ force[:-lag] / (len(force) - lag) for lag in lags) / power
    return bool(regularity > MIN_STEP_REGULARITY)


def _first_lying(recording: Recording, info: StreamInfo, standing: FloatArray) -> FloatArray | None:
    if recording.header.kind not in (RecordingKind.EXERCISE, RecordingKind.POSITIONING):
        return None
    low_deg, high_deg = POSE_ANGLE_DEG
    for acc in _windows(recording, info):
        gravity: FloatArray = acc.mean(axis=0)
        still = acc.std(axis=0).max() < MAX_POSE_SD_MS2
        if still and low_deg <= angle_deg(standing, gravity) <= high_deg:
            return gravity
    return None


def _windows(recording: Recording, info: StreamInfo) -> Iterator[FloatArray]:
    """Accelerations (n, 3) of one sensor in windows of four seconds, hardly any sample missing."""
    for chunk in recording.chunks(chunk_s=WINDOW_S):
        if chunk.placement is info.placement and len(chunk.acc) > 0.9 * WINDOW_S * info.rate_hz:
            yield chunk.acc
