"""How a sensor sits on its body segment, found from poses of the wearer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

import numpy as np

from analytics.calibration.bend import Bend, bend_of
from sensors.errors import FivepointError
from sensors.types import (
    GRAVITY_MS2,
    AccCorrection,
    Calibration,
    CalibrationQuality,
    Chunk,
    FloatArray,
    Placement,
    StreamInfo,
)

MAX_POSE_SD_MS2 = 0.6
"""A pose counts as still below this standard deviation; standing sway stays under half of it."""

POSE_ANGLE_DEG = (55.0, 125.0)
"""Gravity turns by about 90° from standing to lying flat; outside these it was another pose."""

MIN_STILL_S = 2.0
"""Of the seconds given the longest still part counts, if it is no shorter than this."""

MAX_FORCE_ERROR = 0.2
"""At rest a sensor feels gravity; one that misses it by more is set to another range or unit."""

MIN_BEND_DEG = 8.0
"""Half of a shallow bridge: a smaller turn does not tell its axis well."""

MIN_PLANAR_SHARE = 0.8
"""Of the turning in a bend about one axis; healthy bends and lifts reach 0.9 and more."""

MAX_BEND_START_DEG = 20.0
"""A bend that begins further from standing tells no front."""

MAX_DISAGREEMENT_DEG = 30.0
"""Between the axes of the poses and of the bend; lying on the side makes it 90°."""

Seconds = tuple[float, float]


class CalibrationError(FivepointError):
    """The seconds given do not show the pose that they should."""


_POSES = {"still": "standing", "lying": "supine", "bend": "a bend"}


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """What one sensor felt in one pose: `acc` (n, 3) and `gyro` (n, 3), NaN without one."""

    acc: FloatArray
    gyro: FloatArray
    rate_hz: float
    where: str

    @classmethod
    def of(
        cls, info: StreamInfo, chunks: Sequence[Chunk], correction: AccCorrection | None, where: str
    ) -> _Held:
        acc = np.concatenate([np.empty((0, 3)), *(chunk.acc for chunk in chunks)])
        gyros = [chunk.gyro for chunk in chunks if chunk.gyro is not None]
        gyro = np.concatenate(gyros) if gyros else np.full_like(acc, np.nan)
        acc = acc if correction is None else correction.applied(acc)
        return cls(acc, gyro, info.rate_hz, where)

    @property
    def sway_ms2(self) -> float:
        return float(self.acc.std(axis=0).max())

    def still_part(self) -> _Held:
        """The longest still part, in steps of a twentieth; all of it if there is none."""
        step = max(len(self.acc) // 20, 1)
        shortest = min(round(MIN_STILL_S * self.rate_hz), len(self.acc))
        for count in range(len(self.acc), shortest - 1, -step):
            for start in range(0, len(self.acc) - count + 1, step):
                part = slice(start, start + count)
                held = replace(self, acc=self.acc[part], gyro=self.gyro[part])
                if count and held.sway_ms2 <= MAX_POSE_SD_MS2:
                    return held
        return self


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
    here = {"still": still} | ({"bend": bend} if bend else {})
    there = {"lying": lying} if lying else {}
    if lying_chunks is None:
        held = _held(streams, chunks, here | there, corrections or {})
    else:
        held = _held(streams, chunks, here, corrections or {})
        held |= _held(streams, lying_chunks, there, corrections or {})
    held = {key: pose if key[0] == "bend" else pose.still_part() for key, pose in held.items()}
    for (name, _), pose in held.items():
        _check_present(pose)
        if name != "bend":
            _check_still(pose)
    found = tuple(
        _calibrated(
            info,
            {name: held[name, info.placement] for name in (*here, *there)},
            (corrections or {}).get(info.placement),
            made_from,
        )
        for info in streams
    )
    if bend and all(each.quality.disagreement_deg is None for each in found if each.quality):
        raise CalibrationError(_hardly_turned(held["bend", found[0].placement]))
    return found


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


def between(chunk: Chunk, start_s: float, end_s: float) -> Chunk:
    """The samples of a chunk in a half-open interval of time."""
    inside = slice(*np.searchsorted(chunk.t_s, (start_s, end_s)))
    gyro = None if chunk.gyro is None else chunk.gyro[inside]
    return Chunk(chunk.placement, chunk.t_s[inside], chunk.acc[inside], gyro)


def angle_deg(a: FloatArray, b: FloatArray) -> float:
    """The angle between two vectors (3,) of any length."""
    cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def _calibrated(
    info: StreamInfo,
    poses: Mapping[str, _Held],
    correction: AccCorrection | None,
    made_from: str,
) -> Calibration:
    standing = poses["still"].acc.mean(axis=0)
    lying = poses["lying"].acc.mean(axis=0) if "lying" in poses else None
    bend = _bend(poses, info) if "bend" in poses else None
    front = lying
    if lying is not None:
        _check_right_angle(info.placement, standing, lying)
    elif "bend" in poses:
        front = _front_of(poses["bend"], standing, bend)
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
        method=" and ".join(_POSES[name] for name in poses),
        quality=CalibrationQuality(
            sway_ms2=max(pose.sway_ms2 for name, pose in poses.items() if name != "bend"),
            off_square_deg=None if lying is None else abs(angle_deg(standing, lying) - 90.0),
            disagreement_deg=disagreement_deg,
        ),
        acc_correction=correction,
    )


def _bend(poses: Mapping[str, _Held], info: StreamInfo) -> Bend | None:
    """The bend, if it turned this sensor; CalibrationError if it did not keep to one axis."""
    pose = poses["bend"]
    bend = bend_of(pose.acc, pose.gyro, poses["still"].gyro.mean(axis=0), info.rate_hz)
    if bend is None or bend.turned_deg < MIN_BEND_DEG:
        return None
    if bend.planar_share < MIN_PLANAR_SHARE:
        raise CalibrationError(
            f"{pose.where} turned about several axes, so it cannot be calibrated; bend straight "
            "forward or lift the hips evenly, without twisting"
        )
    return bend


def _hardly_turned(pose: _Held) -> str:
    return (
        f"{pose.where} hardly turned, so it cannot be calibrated; give the seconds of one bend "
        "forward or lift of the hips"
    )


def _front_of(pose: _Held, standing: FloatArray, bend: Bend | None) -> FloatArray:
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


def _held(
    streams: Sequence[StreamInfo],
    chunks: Iterable[Chunk],
    poses: Mapping[str, Seconds],
    corrections: Mapping[Placement, AccCorrection],
) -> dict[tuple[str, Placement], _Held]:
    """What every sensor felt in every pose."""
    infos = {info.placement: info for info in streams}
    parts: dict[tuple[str, Placement], list[Chunk]] = {
        (name, placement): [] for name in poses for placement in infos
    }
    last_s = max(end_s for _, end_s in poses.values())
    for chunk in takewhile(lambda chunk: chunk.t_s[0] < last_s, chunks):
        for name, (start_s, end_s) in poses.items():
            if (name, chunk.placement) in parts:
                parts[name, chunk.placement].append(between(chunk, start_s, end_s))
    return {
        (name, placement): _Held.of(
            infos[placement],
            part,
            corrections.get(placement),
            _where(name, placement, poses[name]),
        )
        for (name, placement), part in parts.items()
    }


def _where(name: str, placement: Placement, seconds: Seconds) -> str:
    return f"the {placement} sensor between {seconds[0]:g} and {seconds[1]:g} s ({name})"


def _check_present(pose: _Held) -> None:
    if len(pose.acc) == 0:
        raise CalibrationError(
            f"no samples of {pose.where}, so it cannot be calibrated; give seconds inside the "
            "recording"
        )


def _check_still(pose: _Held) -> None:
    if pose.sway_ms2 > MAX_POSE_SD_MS2:
        raise CalibrationError(
            f"{pose.where} moved by {pose.sway_ms2:.1f} m/s², so it cannot be calibrated; "
            "give seconds in which the pose was held still"
        )
    force_g = float(np.linalg.norm(pose.acc.mean(axis=0))) / GRAVITY_MS2
    if abs(force_g - 1.0) > MAX_FORCE_ERROR:
        raise CalibrationError(
            f"{pose.where} felt {force_g:.2f} g at rest and not 1, so it cannot be calibrated; "
            "check the sensor's range and the unit of its acceleration"
        )
