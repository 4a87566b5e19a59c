"""What sensors felt in the poses of a calibration, and whether each was held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import takewhile

import numpy as np

from sensors.errors import FivepointError
from sensors.types import GRAVITY_MS2, AccCorrection, Chunk, FloatArray, Placement, StreamInfo

MAX_POSE_SD_MS2 = 0.6
"""A pose counts as still below this standard deviation; standing sway stays under half of it."""

MIN_STILL_S = 2.0
"""Of the seconds given the longest still part counts, if it is no shorter than this."""

MAX_FORCE_ERROR = 0.2
"""At rest a sensor feels gravity; one that misses it by more is set to another range or unit."""

Seconds = tuple[float, float]
"""Start and end within a recording, half-open."""


class CalibrationError(FivepointError):
    """The seconds given do not show the pose that they should."""


class Pose(StrEnum):
    """What the wearer does in the seconds that are given; a bend is a movement."""

    STILL = "still"
    LYING = "lying"
    BEND = "bend"


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What one sensor felt in one pose: `acc` (n, 3) in m/s² and `gyro` (n, 3) in rad/s.

    `gyro` is NaN without one, and `where` tells people which sensor and pose it is.
    """

    acc: FloatArray
    gyro: FloatArray
    rate_hz: float
    where: str

    @classmethod
    def of(
        cls, info: StreamInfo, chunks: Sequence[Chunk], correction: AccCorrection | None, where: str
    ) -> Held:
        """Of chunks that follow each other, with the accelerometer corrected."""
        acc = np.concatenate([np.empty((0, 3)), *(chunk.acc for chunk in chunks)])
        gyros = [chunk.gyro for chunk in chunks if chunk.gyro is not None]
        gyro = np.concatenate(gyros) if gyros else np.full_like(acc, np.nan)
        acc = acc if correction is None else correction.applied(acc)
        return cls(acc, gyro, info.rate_hz, where)

    @property
    def sway_ms2(self) -> float:
        """The largest standard deviation of the specific force along an axis."""
        return float(self.acc.std(axis=0).max())

    def still_part(self) -> Held:
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


def held_poses(
    streams: Sequence[StreamInfo],
    chunks: Iterable[Chunk],
    spans: Mapping[Pose, Seconds],
    corrections: Mapping[Placement, AccCorrection],
) -> dict[tuple[Pose, Placement], Held]:
    """What every sensor felt in every pose: of a pose that is held, in its longest still part.

    Raises CalibrationError where there is no sample, no still part, or no gravity in it.
    """
    held = _felt(streams, chunks, spans, corrections)
    for (pose, placement), felt in held.items():
        _check_present(felt)
        if pose is not Pose.BEND:
            held[pose, placement] = felt.still_part()
            _check_still(held[pose, placement])
    return held


def between(chunk: Chunk, start_s: float, end_s: float) -> Chunk:
    """The samples of a chunk in a half-open interval of time."""
    inside = slice(*np.searchsorted(chunk.t_s, (start_s, end_s)))
    gyro = None if chunk.gyro is None else chunk.gyro[inside]
    return Chunk(chunk.placement, chunk.t_s[inside], chunk.acc[inside], gyro)


def _felt(
    streams: Sequence[StreamInfo],
    chunks: Iterable[Chunk],
    spans: Mapping[Pose, Seconds],
    corrections: Mapping[Placement, AccCorrection],
) -> dict[tuple[Pose, Placement], Held]:
    infos = {info.placement: info for info in streams}
    parts: dict[tuple[Pose, Placement], list[Chunk]] = {
        (pose, placement): [] for pose in spans for placement in infos
    }
    last_s = max(end_s for _, end_s in spans.values())
    for chunk in takewhile(lambda chunk: chunk.t_s[0] < last_s, chunks):
        for pose, (start_s, end_s) in spans.items():
            if (pose, chunk.placement) in parts:
                parts[pose, chunk.placement].append(between(chunk, start_s, end_s))
    return {
        (pose, placement): Held.of(
            infos[placement],
            part,
            corrections.get(placement),
            _where(pose, placement, spans[pose]),
        )
        for (pose, placement), part in parts.items()
    }


def _where(pose: Pose, placement: Placement, seconds: Seconds) -> str:
    return f"the {placement} sensor between {seconds[0]:g} and {seconds[1]:g} s ({pose})"


def _check_present(held: Held) -> None:
    if len(held.acc) == 0:
        raise CalibrationError(
            f"no samples of {held.where}, so it cannot be calibrated; give seconds inside the "
            "recording"
        )


def _check_still(held: Held) -> None:
    if held.sway_ms2 > MAX_POSE_SD_MS2:
        raise CalibrationError(
            f"{held.where} moved by {held.sway_ms2:.1f} m/s², so it cannot be calibrated; "
            "give seconds in which the pose was held still"
        )
    force_g = float(np.linalg.norm(held.acc.mean(axis=0))) / GRAVITY_MS2
    if abs(force_g - 1.0) > MAX_FORCE_ERROR:
        raise CalibrationError(
            f"{held.where} felt {force_g:.2f} g at rest and not 1, so it cannot be calibrated; "
            "check the sensor's range and the unit of its acceleration"
        )
