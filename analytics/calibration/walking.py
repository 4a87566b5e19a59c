"""How a sensor sits where nobody said which seconds show which pose: from walking and gravity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from analytics.body import SEGMENT_OF, Segment
from analytics.calibration.held import MAX_POSE_SD_MS2
from analytics.calibration.poses import POSE_ANGLE_DEG, angle_deg, mounting
from analytics.calibration.windows import windows
from analytics.stepping import has_steps
from sensors.recording import Recording, RecordingKind
from sensors.types import Calibration, FloatArray, StreamInfo

WINDOW_S = 4.0
LEAST_SHARE = 0.9
"""Of the samples of a window, more than this have come."""

MAX_SWAY_DEG = 15.0

BLOCK_S = 0.5
UPRIGHT_DEG = 15.0
BEND_DEG = (25.0, 70.0)
"""How far a bend goes; who tilts further may be lying down."""

MAX_BEND_S = 6.0
MIN_BENDS = 5
MIN_AGREEMENT = 0.9
"""Length of the mean of unit vectors; 0.9 is a spread of about 25°."""


def plausible_calibrations(recording: Recording) -> tuple[Calibration, ...]:
    """Calibrate from the first walking found, where nobody said which seconds show which pose.

    Walking people are upright. One still pose says nothing, since the mounting is not known; only
    in exercise and positioning recordings, which are done lying on the back, is the first still
    lying taken to be supine. Elsewhere the front of a trunk sensor is where it tilts to when its
    wearer bends, sits down and stands up, if that is always the same way (see `_bends_front`). A
    sensor that shows no walking gets no calibration.
    """
    found = []
    for info in recording.header.streams:
        walking = _first_walking(recording, info)
        if walking is None:
            continue
        calibration = mounting(info, standing=walking, front=None, made_from=recording.header.id)
        found.append(_faced(replace(calibration, method="walking"), recording, info, walking))
    return tuple(found)


def _faced(
    upright: Calibration, recording: Recording, info: StreamInfo, walking: FloatArray
) -> Calibration:
    """The calibration with its front, if that can be told."""
    lying = _first_lying(recording, info, walking)
    if lying is not None:
        faced = mounting(info, standing=walking, front=lying, made_from=upright.made_from)
        supine_up = faced.rotation @ lying / np.linalg.norm(lying)
        return replace(faced, method="walking and first lying", supine_up=supine_up)
    if SEGMENT_OF[info.placement] is Segment.TRUNK:
        front = _bends_front(_verticals(recording, info), walking)
        if front is not None:
            faced = mounting(info, standing=walking, front=front, made_from=upright.made_from)
            return replace(faced, method="walking and bends", front_seen=True)
    return upright


def _bends_front(ups: Iterable[FloatArray], standing: FloatArray) -> FloatArray | None:
    """The front (3,) of a trunk sensor from bends out of upright and back, None if not clear.

    `ups` are stretches of unit verticals (n, 3), two a second. People bend, sit down and stand up
    forward, and hardly ever tilt back and come up again within seconds. Five bends must agree.
    A sensor at the waist is no use here: on a soft belly it was seen to tilt back in every bend.
    """
    z = standing / np.linalg.norm(standing)
    ways: list[FloatArray] = []
    for up in ups:
        for bend in _bends(up, np.degrees(np.arccos(np.clip(up @ z, -1.0, 1.0)))):
            across = bend - (bend @ z) * z
            ways.append(across / np.linalg.norm(across))
            mean = np.mean(ways[-MIN_BENDS:], axis=0)
            if len(ways) >= MIN_BENDS and np.linalg.norm(mean) > MIN_AGREEMENT:
                return np.asarray(-mean)
    return None


def _bends(up: FloatArray, inclined_deg: FloatArray) -> Iterator[FloatArray]:
    """The vertical (3,) at the deepest point of each bend from upright to upright."""
    (upright,) = np.nonzero(inclined_deg < UPRIGHT_DEG)
    low_deg, high_deg = BEND_DEG
    for before, after in pairwise(upright.tolist()):
        if 1 < after - before <= MAX_BEND_S / BLOCK_S:
            deepest = before + int(np.argmax(inclined_deg[before:after]))
            if low_deg <= inclined_deg[deepest] <= high_deg:
                yield up[deepest]


def _verticals(recording: Recording, info: StreamInfo) -> Iterator[FloatArray]:
    """Unit verticals (n, 3), two a second, of a minute at a time with hardly any sample missing."""
    size = max(round(BLOCK_S * info.rate_hz), 1)
    for acc in windows(recording, info, 60.0, least_share=LEAST_SHARE):
        blocks = acc[: len(acc) // size * size].reshape(-1, size, 3).mean(axis=1)
        yield blocks / np.linalg.norm(blocks, axis=1, keepdims=True)


def _first_walking(recording: Recording, info: StreamInfo) -> FloatArray | None:
    """Mean specific force (3,) over the first two windows in a row that look like walking."""
    for before, after in pairwise(windows(recording, info, WINDOW_S, least_share=LEAST_SHARE)):
        means = before.mean(axis=0), after.mean(axis=0)
        if (
            has_steps(before, info.rate_hz)
            and has_steps(after, info.rate_hz)
            and angle_deg(*means) < MAX_SWAY_DEG
        ):
            mean: FloatArray = np.mean(means, axis=0)
            return mean
    return None


def _first_lying(recording: Recording, info: StreamInfo, standing: FloatArray) -> FloatArray | None:
    if recording.header.kind not in (RecordingKind.EXERCISE, RecordingKind.POSITIONING):
        return None
    low_deg, high_deg = POSE_ANGLE_DEG
    for acc in windows(recording, info, WINDOW_S, least_share=LEAST_SHARE):
        gravity: FloatArray = acc.mean(axis=0)
        still = acc.std(axis=0).max() < MAX_POSE_SD_MS2
        if still and low_deg <= angle_deg(standing, gravity) <= high_deg:
            return gravity
    return None
