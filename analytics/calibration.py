"""How a sensor sits on its body segment, found from poses of the wearer or from walking."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, takewhile

import numpy as np

from sensors.errors import FivepointError
from sensors.recording import Recording, RecordingKind
from sensors.types import Calibration, Chunk, FloatArray, Placement, StreamInfo

MAX_POSE_SD_MS2 = 0.6
"""A pose counts as still below this standard deviation; standing sway stays under half of it."""

POSE_ANGLE_DEG = (55.0, 125.0)
"""Gravity turns by about 90° from standing to lying flat; outside these it was another pose."""

WINDOW_S = 4.0
STEP_PERIOD_S = (0.35, 0.85)
"""Steps of a slow walk to a brisk one (70 to 170 a minute)."""

MIN_STEP_REGULARITY = 0.5
"""Autocorrelation of the specific force at the step period (Moe-Nilssen and Helbostad 2004)."""

WALKING_SD_MS2 = (0.6, 6.0)
MAX_SWAY_DEG = 15.0

Seconds = tuple[float, float]


class CalibrationError(FivepointError):
    """The seconds given do not show the pose that they should."""


def calibrate(
    streams: Sequence[StreamInfo],
    chunks: Iterable[Chunk],
    *,
    still: Seconds,
    lying: Seconds | None = None,
    made_from: str,
) -> tuple[Calibration, ...]:
    """Calibrate every sensor from known seconds of standing and of lying supine.

    `chunks` are the samples of `streams` in order of time, `made_from` names the recording they
    are from. z is gravity while standing, x gravity while lying made orthogonal to it, y = z × x.
    Without a lying pose x is an arbitrary horizontal. Raises `CalibrationError` where a pose was
    not held still, has no samples, or the two are not about a right angle apart.
    """
    poses = {"still": still} if lying is None else {"still": still, "lying": lying}
    means = _poses(streams, chunks, poses)
    method = "standing" if lying is None else "standing and supine"
    return tuple(
        _calibration(
            info,
            standing=means["still", info.placement],
            lying=means.get(("lying", info.placement)),
            method=method,
            made_from=made_from,
        )
        for info in streams
    )


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
        found.append(
            _calibration(
                info,
                standing=walking,
                lying=lying,
                method="walking" if lying is None else "walking and first lying",
                made_from=recording.header.id,
            )
        )
    return tuple(found)


def _calibration(
    info: StreamInfo,
    *,
    standing: FloatArray,
    lying: FloatArray | None,
    method: str,
    made_from: str,
) -> Calibration:
    z = standing / np.linalg.norm(standing)
    if lying is None:
        front = np.eye(3)[np.argmin(np.abs(z))]
    else:
        _check_right_angle(info.placement, z, lying)
        front = lying
    x = front - (front @ z) * z
    x /= np.linalg.norm(x)
    rotation = np.array([x, np.cross(z, x), z])
    return Calibration(
        placement=info.placement,
        rotation=rotation,
        supine_up=None if lying is None else rotation @ lying / np.linalg.norm(lying),
        method=method,
        made_from=made_from,
        device_id=info.device_id,
    )


def _check_right_angle(placement: Placement, z: FloatArray, lying: FloatArray) -> None:
    angle_deg = _angle_deg(z, lying)
    low_deg, high_deg = POSE_ANGLE_DEG
    if not low_deg <= angle_deg <= high_deg:
        raise CalibrationError(
            f"the {placement} sensor turned by {angle_deg:.0f}° from standing to lying, not about "
            "90°, so it cannot be calibrated; give seconds of standing still and of lying flat"
        )


def _poses(
    streams: Sequence[StreamInfo], chunks: Iterable[Chunk], poses: Mapping[str, Seconds]
) -> dict[tuple[str, Placement], FloatArray]:
    """Mean specific force (3,) of every sensor in every pose."""
    parts: dict[tuple[str, Placement], list[FloatArray]] = {
        (name, info.placement): [np.empty((0, 3))] for name in poses for info in streams
    }
    last_s = max(end_s for _, end_s in poses.values())
    for chunk in takewhile(lambda chunk: chunk.t_s[0] < last_s, chunks):
        for name, (start_s, end_s) in poses.items():
            inside = (chunk.t_s >= start_s) & (chunk.t_s < end_s)
            parts[name, chunk.placement].append(chunk.acc[inside])
    return {
        (name, placement): _pose(
            np.concatenate(part),
            f"the {placement} sensor between {poses[name][0]:g} and {poses[name][1]:g} s ({name})",
        )
        for (name, placement), part in parts.items()
    }


def _pose(acc: FloatArray, where: str) -> FloatArray:
    if len(acc) == 0:
        raise CalibrationError(
            f"no samples of {where}, so it cannot be calibrated; give seconds inside the recording"
        )
    sd_ms2 = float(acc.std(axis=0).max())
    if sd_ms2 > MAX_POSE_SD_MS2:
        raise CalibrationError(
            f"{where} moved by {sd_ms2:.1f} m/s², so it cannot be calibrated; "
            "give seconds in which the pose was held still"
        )
    mean: FloatArray = acc.mean(axis=0)
    return mean


def _first_walking(recording: Recording, info: StreamInfo) -> FloatArray | None:
    """Mean specific force (3,) over the first two windows in a row that look like walking."""
    for before, after in pairwise(_windows(recording, info)):
        means = before.mean(axis=0), after.mean(axis=0)
        if (
            _is_walking(before, info.rate_hz)
            and _is_walking(after, info.rate_hz)
            and _angle_deg(*means) < MAX_SWAY_DEG
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
        if still and low_deg <= _angle_deg(standing, gravity) <= high_deg:
            return gravity
    return None


def _windows(recording: Recording, info: StreamInfo) -> Iterator[FloatArray]:
    """Accelerations (n, 3) of one sensor in windows of four seconds, hardly any sample missing."""
    for chunk in recording.chunks(chunk_s=WINDOW_S):
        if chunk.placement is info.placement and len(chunk.acc) > 0.9 * WINDOW_S * info.rate_hz:
            yield chunk.acc


def _angle_deg(a: FloatArray, b: FloatArray) -> float:
    cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
