"""How a sensor sits on its body segment, found from poses of the wearer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from analytics.calibration.bend import Bend, bend_of
from analytics.calibration.held import CalibrationError, Held, Pose, Seconds, held_poses
from sensors.types import (
    AccCorrection,
    Calibration,
    CalibrationQuality,
    Chunk,
    FloatArray,
    Placement,
    StreamInfo,
)

POSE_ANGLE_DEG = (55.0, 125.0)
"""Gravity turns by about 90° from standing to lying flat; outside these it was another pose."""

MIN_BEND_DEG = 8.0
"""Half of a shallow bridge: a smaller turn does not tell its axis well."""

MIN_PLANAR_SHARE = 0.8
"""Of the turning in a bend about one axis; healthy bends and lifts reach 0.9 and more."""

MAX_BEND_START_DEG = 20.0
"""A bend that begins further from standing tells no front."""

MAX_DISAGREEMENT_DEG = 30.0
"""Between the axes of the poses and of the bend; lying on the side makes it 90°."""

_TOLD = {Pose.STILL: "standing", Pose.LYING: "supine", Pose.BEND: "a bend"}


def calibrate(
    streams: Sequence[StreamInfo],
    chunks: Iterable[Chunk],
    *,
    still: Seconds,
    lying: Seconds | None = None,
    lying_chunks: Iterable[Chunk] | None = None,
    bend: Seconds | None = None,
    corrections: Mapping[Placement, AccCorrection] | None = None,
    made_from: str,
) -> tuple[Calibration, ...]:
    """Calibrate every sensor from known seconds of standing, of lying supine and of one bend.

    `chunks` are the samples of `streams` in order of time, `made_from` names the recording they
    are from; `lying_chunks` are those of the recording that `lying` is in, if it is another one.
    z is gravity while standing, x gravity while lying made orthogonal to it, y = z × x. The bend,
    forward from standing or a lift of the hips, checks the left-right axis of the sensors that it
    turned (see `CalibrationQuality`); without a lying pose a bend from standing also tells the
    front. With neither, x is an arbitrary horizontal.

    Of a pose the longest still part counts. Raises `CalibrationError` with the reason where there
    is none, no sample or no gravity, where standing and lying are not about a right angle apart,
    and where the bend turned no sensor or one about another axis.
    """
    corrections = corrections or {}
    here = {Pose.STILL: still} | ({Pose.BEND: bend} if bend else {})
    there = {Pose.LYING: lying} if lying else {}
    if lying_chunks is None:
        held = held_poses(streams, chunks, here | there, corrections)
    else:
        held = held_poses(streams, chunks, here, corrections)
        held |= held_poses(streams, lying_chunks, there, corrections)
    found = []
    for info in streams:
        own = {pose: held[pose, info.placement] for pose in (*here, *there)}
        correction = corrections.get(info.placement)
        found.append(_calibrated(info, own, correction, made_from))
    if bend and all(each.quality.disagreement_deg is None for each in found if each.quality):
        raise CalibrationError(_hardly_turned(held[Pose.BEND, found[0].placement]))
    return tuple(found)


def mounting(
    info: StreamInfo,
    *,
    standing: FloatArray,
    front: FloatArray | None,
    made_from: str,
) -> Calibration:
    """The calibration whose z is the gravity (3,) of standing and whose x is towards `front`.

    `front` is any vector (3,) in the sensor's front half plane, made orthogonal to z; None leaves
    the front unknown.
    """
    z = standing / np.linalg.norm(standing)
    some = np.eye(3)[np.argmin(np.abs(z))] if front is None else front
    x = some - (some @ z) * z
    x /= np.linalg.norm(x)
    return Calibration(
        placement=info.placement,
        rotation=np.array([x, np.cross(z, x), z]),
        supine_up=None,
        method="standing",
        made_from=made_from,
        device_id=info.device_id,
    )


def angle_deg(a: FloatArray, b: FloatArray) -> float:
    """The angle between two vectors (3,) of any length."""
    cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def _calibrated(
    info: StreamInfo,
    poses: Mapping[Pose, Held],
    correction: AccCorrection | None,
    made_from: str,
) -> Calibration:
    standing = poses[Pose.STILL].acc.mean(axis=0)
    lying = poses[Pose.LYING].acc.mean(axis=0) if Pose.LYING in poses else None
    bend = _bend(poses, info) if Pose.BEND in poses else None
    front = lying
    if lying is not None:
        _check_right_angle(info.placement, standing, lying)
    elif Pose.BEND in poses:
        front = _front_of(poses[Pose.BEND], standing, bend)
    calibration = mounting(info, standing=standing, front=front, made_from=made_from)
    lateral = calibration.rotation[1]
    disagreement_deg = None if bend is None else _disagreement_deg(info.placement, lateral, bend)
    if bend is not None and lying is not None:
        _check_forward(info.placement, calibration, bend)
    supine_up = None if lying is None else calibration.rotation @ lying / np.linalg.norm(lying)
    return replace(
        calibration,
        supine_up=supine_up,
        front_seen=lying is None and front is not None,
        method=" and ".join(_TOLD[pose] for pose in poses),
        quality=CalibrationQuality(
            sway_ms2=max(felt.sway_ms2 for pose, felt in poses.items() if pose is not Pose.BEND),
            off_square_deg=None if lying is None else abs(angle_deg(standing, lying) - 90.0),
            disagreement_deg=disagreement_deg,
        ),
        acc_correction=correction,
    )


def _bend(poses: Mapping[Pose, Held], info: StreamInfo) -> Bend | None:
    """The bend, if it turned this sensor; CalibrationError if it did not keep to one axis."""
    pose = poses[Pose.BEND]
    bend = bend_of(pose.acc, pose.gyro, poses[Pose.STILL].gyro.mean(axis=0), info.rate_hz)
    if bend is None or bend.turned_deg < MIN_BEND_DEG:
        return None
    if bend.planar_share < MIN_PLANAR_SHARE:
        raise CalibrationError(
            f"{pose.where} turned about several axes, so it cannot be calibrated; bend straight "
            "forward or lift the hips evenly, without twisting"
        )
    return bend


def _hardly_turned(pose: Held) -> str:
    return (
        f"{pose.where} hardly turned, so it cannot be calibrated; give the seconds of one bend "
        "forward or lift of the hips"
    )


def _front_of(pose: Held, standing: FloatArray, bend: Bend | None) -> FloatArray:
    """The sensor's front (3,), from bending forward out of standing."""
    if bend is None:
        raise CalibrationError(_hardly_turned(pose))
    if angle_deg(standing, bend.start) > MAX_BEND_START_DEG:
        raise CalibrationError(
            f"{pose.where} did not begin upright, so it does not tell the front and nothing was "
            "calibrated; give a bend forward from standing, or a lying pose"
        )
    front = np.cross(bend.axis, standing)
    return front if bend.furthest @ front < 0.0 else -front


def _disagreement_deg(placement: Placement, lateral: FloatArray, bend: Bend) -> float:
    turned_deg = angle_deg(lateral, bend.axis)
    disagreement_deg = min(turned_deg, 180.0 - turned_deg)
    if disagreement_deg > MAX_DISAGREEMENT_DEG:
        raise CalibrationError(
            f"the bend turned the {placement} sensor about an axis {disagreement_deg:.0f}° off the "
            "left-right one of standing and lying, so it cannot be calibrated; lie flat on the "
            "back, and bend straight forward or lift the hips evenly"
        )
    return disagreement_deg


def _check_forward(placement: Placement, calibration: Calibration, bend: Bend) -> None:
    """Whether a bend out of standing went away from the side that lying has up."""
    x, _, z = calibration.rotation
    if angle_deg(z, bend.start) <= MAX_BEND_START_DEG and bend.furthest @ x > 0.0:
        raise CalibrationError(
            f"the bend of the {placement} sensor went to the back, if lying was on the back, so it "
            "cannot be calibrated; lie on the back and not on the front, and bend forward"
        )


def _check_right_angle(placement: Placement, standing: FloatArray, lying: FloatArray) -> None:
    turned_deg = angle_deg(standing, lying)
    low_deg, high_deg = POSE_ANGLE_DEG
    if not low_deg <= turned_deg <= high_deg:
        raise CalibrationError(
            f"the {placement} sensor turned by {turned_deg:.0f}° from standing to lying, not about "
            "90°, so it cannot be calibrated; give seconds of standing still and of lying flat"
        )
