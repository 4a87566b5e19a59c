"""The values that travel from a sensor to a detector.

Units are SI throughout: seconds, m/s², rad/s. Times inside a recording are seconds from its start,
and intervals are half-open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

GRAVITY_MS2 = 9.80665
"""Standard gravity in m/s² (CGPM 1901)."""

FULL_SCALE_COUNTS = 32767
"""Largest count of the signed 16-bit samples that recordings hold."""


class Placement(StrEnum):
    """Where on the body a sensor is worn."""

    STERNUM = "sternum"
    UPPER_BACK = "upper_back"
    WAIST = "waist"
    PELVIS = "pelvis"
    THIGH = "thigh"


class Clock(StrEnum):
    """What a stream's time stamps are made of."""

    DEVICE = "device"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamInfo:
    """What is known about one sensor's stream before its first sample.

    `acc_scale_ms2` and `gyro_scale_rads` are the values of one count: samples are whole counts, so
    that a recording holds exactly what the detectors saw. `gyro_scale_rads` is None for a sensor
    without a gyroscope.
    """

    placement: Placement
    rate_hz: float
    acc_scale_ms2: float
    gyro_scale_rads: float | None = None
    device_id: str = ""
    model: str = ""
    clock: Clock = Clock.DEVICE


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Consecutive samples of one sensor, in the sensor's own axes.

    `t_s` (n,) rises strictly, in seconds from the start of the recording; missing samples show as
    steps longer than the sample interval, inside a chunk or between two. `acc` (n, 3) is specific
    force in m/s², `gyro` (n, 3) angular rate in rad/s or None.
    """

    placement: Placement
    t_s: FloatArray
    acc: FloatArray
    gyro: FloatArray | None


def by_placement(chunks: Iterable[Chunk]) -> dict[Placement, Chunk]:
    """Each sensor's samples in one piece, from chunks that follow each other in its stream."""
    parts: dict[Placement, list[Chunk]] = {}
    for chunk in chunks:
        parts.setdefault(chunk.placement, []).append(chunk)
    return {placement: _in_one_piece(own) for placement, own in parts.items()}


def _in_one_piece(parts: Sequence[Chunk]) -> Chunk:
    gyros = [part.gyro for part in parts if part.gyro is not None]
    return Chunk(
        parts[0].placement,
        np.concatenate([part.t_s for part in parts]),
        np.concatenate([part.acc for part in parts]),
        np.concatenate(gyros) if gyros else None,
    )


@dataclass(frozen=True, slots=True)
class Gap:
    """Samples missing from a stream between `start_s` and `end_s`."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AccCorrection:
    """What makes an accelerometer read gravity alike in every direction, in its own axes.

    True specific force is `gain * measured + offset_ms2`, each (3,). `error_before_ms2` and
    `error_after_ms2` tell by how much the still samples it was made from missed gravity, in the
    mean.
    """

    gain: FloatArray
    offset_ms2: FloatArray
    error_before_ms2: float
    error_after_ms2: float
    method: str

    def applied(self, acc: FloatArray) -> FloatArray:
        """Specific force (n, 3) in m/s² from what was measured."""
        return acc * self.gain + self.offset_ms2


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationQuality:
    """How far the poses of a calibration can be trusted; None where none of them tells.

    `sway_ms2` is the largest standard deviation of the specific force while a pose was held.
    `off_square_deg` is by how much lying misses a right angle to standing, mostly the shape of the
    chest. `disagreement_deg` is the angle between the left-right axis that the poses give and the
    one that a bend or a lift turned about.
    """

    sway_ms2: float
    off_square_deg: float | None = None
    disagreement_deg: float | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Calibration:
    """How one sensor sits on its body segment; made once, valid until the sensor slips.

    `rotation` (3, 3) takes sensor axes to segment axes: x to the front, y to the left, z up along
    the spine (for the thigh: towards the hip), so that `rotation @ acc` is (0, 0, g) standing still
    and (g, 0, 0) lying flat on the back. `supine_up` (3,) is the unit vertical seen in segment axes
    while lying flat, the personal zero of lying angles; None where no lying pose was seen, and then
    only inclination can be known, unless `front_seen` says that bending forward told the front:
    else it is arbitrary and `facing_known` is False. `acc_correction` is for the accelerometer
    before anything else, None for one that is taken as it is.
    """

    placement: Placement
    rotation: FloatArray
    supine_up: FloatArray | None
    method: str
    made_from: str
    device_id: str = ""
    front_seen: bool = False
    quality: CalibrationQuality | None = None
    acc_correction: AccCorrection | None = None

    @property
    def facing_known(self) -> bool:
        """Whether x is the front, and not any horizontal."""
        return self.front_seen or self.supine_up is not None
