"""How far the spine is extended, and where it was held so: hyperextension positioning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.body import BODY_RATE_HZ, BodyChunk, Segment, SegmentChunk
from analytics.detector import kernel, record
from analytics.events import Event, ExtensionBout
from analytics.posture import posture_of
from sensors.types import FloatArray

UPRIGHT_COS = np.cos(np.radians(30.0))
"""Up to this inclination the neutral is that of standing …"""

LYING_COS = np.cos(np.radians(60.0))
"""… from this on that of lying flat, and in between a mixture, so that the angle never jumps."""

MIN_SAGITTAL = np.sin(np.radians(45.0))
"""Share of gravity that the sagittal plane must hold for a tilt in it to be seen: lying on the
side, gravity says nothing of bending (93° of error measured)."""

_BIN_DEG = 0.1
_BINS = round(360.0 / _BIN_DEG)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpineParams:
    """What counts as held in extension.

    The literature knows no threshold: maximal standing extension is 20.6 ± 13.3° in the lower and
    8.9 ± 11.1° in the upper lumbar spine, and a clinician's limit goes before these defaults.
    """

    start_deg: float = 5.0
    """Smallest extension told from the error of two sensors (4–11° absolute, under 2° relative)."""
    stop_deg: float = 3.0
    """Extension below which the hold is over."""
    dwell_s: float = 10.0
    """A hold for less is movement; positioning lasts minutes, most bridges less than 10 s."""
    alone_dwell_s: float = 60.0
    """The same for a trunk sensor alone, to which the hold of a bridge looks like extension."""
    max_pause_s: float = 2.5
    """An interruption for less, as in a cough, does not end the hold."""
    cutoff_hz: float = 2.0
    """Low-pass for episodes of posture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpineSummary:
    """The extension over all the time it could be seen; percentiles to 0.1°."""

    observable_s: float
    p05_deg: float
    p50_deg: float
    p95_deg: float


class SpineDetector:
    """Follows the sagittal angle between trunk and pelvis and finds where extension was held.

    With a trunk and a pelvis sensor the angle is their relative pitch against its personal neutral
    (see `extension_deg`). With the trunk alone it is the trunk's pitch against flat supine or
    prone, only while lying: less sure, since raising the hips or the head end of the bed reads as
    bending, and less than it is, since the pelvis tilts along. Without a lying calibration, or with
    a pelvis sensor alone, there is no angle.

    The neutral of the back also serves on the front, where the offsets of both accelerometers
    (10 mg each are 0.6°) count twice: 2–4° of error there against 1° in the calibrated poses.

    In a bridge trunk and pelvis tilt together, so that their angle changes little; what is left is
    told from positioning by the dwell time alone. A bridge held extended for longer counts.
    """

    def __init__(self, params: SpineParams | None = None) -> None:
        self._params = params or SpineParams()
        self._limits = _limits(self._params)
        self._histogram = np.zeros(_BINS, dtype=np.int64)
        self._state = record(
            index=0,
            extension_deg=np.nan,
            lying=0,
            extended=0,
            open=0,
            start=0,
            end=0,
            count=0,
            sum_deg=0,
            pause_count=0,
            pause_sum_deg=0,
            peak_deg=0,
            up_x=0,
            up_y=0,
            up_z=0,
        )

    @property
    def extension_deg(self) -> float:
        """The extension at the last sample; NaN while it cannot be seen."""
        return float(self._state.extension_deg)

    def update(self, chunk: BodyChunk) -> list[Event]:
        """See `Detector.update`: the extension bouts that ended."""
        angle_deg = chunk_extension_deg(chunk)
        trunk = chunk.segments.get(Segment.TRUNK)
        if trunk is None:
            return []
        if Segment.PELVIS not in chunk.segments:
            self._limits.dwell = round(self._params.alone_dwell_s * BODY_RATE_HZ)
        ended = np.empty((len(chunk), 7))
        up = np.ascontiguousarray(trunk.up)
        count = _follow(angle_deg, up, self._limits, self._state, self._histogram, ended)
        return [_bout(row) for row in ended[:count]]

    def finish(self) -> list[Event]:
        """See `Detector.finish`: the bout that lasted to the end."""
        row = np.empty(7)
        return [_bout(row)] if _close(self._limits, self._state, row) else []

    def summary(self) -> SpineSummary | None:
        """The extension so far, or None where it was never observable."""
        cumulative = np.cumsum(self._histogram)
        total = int(cumulative[-1])
        if total == 0:
            return None
        return SpineSummary(
            observable_s=total / BODY_RATE_HZ,
            p05_deg=_percentile_deg(cumulative, 0.05),
            p50_deg=_percentile_deg(cumulative, 0.50),
            p95_deg=_percentile_deg(cumulative, 0.95),
        )


def chunk_extension_deg(chunk: BodyChunk) -> FloatArray:
    """Extension (n,) in degrees at every sample of a chunk, NaN where it cannot be seen."""
    trunk, pelvis = chunk.segments.get(Segment.TRUNK), chunk.segments.get(Segment.PELVIS)
    if trunk is None or trunk.supine_up is None:
        return np.full(len(chunk), np.nan)
    if pelvis is None:
        lying_deg = _pitch_deg(trunk.supine_up) + 90.0
        return extension_deg(np.ascontiguousarray(trunk.up), _resting_pelvis(trunk), lying_deg)
    if pelvis.supine_up is None:
        return np.full(len(chunk), np.nan)
    lying_deg = _pitch_deg(trunk.supine_up) - _pitch_deg(pelvis.supine_up)
    return extension_deg(np.ascontiguousarray(trunk.up), np.ascontiguousarray(pelvis.up), lying_deg)


@kernel
def extension_deg(trunk_up: FloatArray, pelvis_up: FloatArray, lying_deg: float) -> FloatArray:
    """Spine extension (n,) in degrees from the verticals (n, 3) in trunk and pelvis axes.

    It is the relative pitch of the two segments against the personal neutral, which is 0 upright
    (where the calibration put both upright) and `lying_deg` lying flat. NaN where samples are
    missing or where gravity leaves the sagittal plane of either segment; the plane of the two is
    taken to be one, so that twisting the spine while lying half on the side shows as bending.
    """
    angle_deg = np.full(len(trunk_up), np.nan)
    for i in range(len(trunk_up)):
        tx, tz = trunk_up[i, 0], trunk_up[i, 2]
        px, pz = pelvis_up[i, 0], pelvis_up[i, 2]
        if min(tx * tx + tz * tz, px * px + pz * pz) > MIN_SAGITTAL**2:
            pitch_deg = np.degrees(np.arctan2(tz * px - tx * pz, tx * px + tz * pz))
            lying = (UPRIGHT_COS - tz) / (UPRIGHT_COS - LYING_COS)
            angle_deg[i] = min(max(lying, 0.0), 1.0) * lying_deg - pitch_deg
    return angle_deg


def _resting_pelvis(trunk: SegmentChunk) -> FloatArray:
    """The vertical (n, 3) in a pelvis that lies flat where the trunk lies, and is unseen else."""
    up = np.zeros_like(trunk.up)
    up[:, 0] = np.where(trunk.up[:, 2] < LYING_COS, np.sign(trunk.up[:, 0]), np.nan)
    return up


def _pitch_deg(up: FloatArray) -> float:
    return float(np.degrees(np.arctan2(-up[0], up[2])))


def _percentile_deg(cumulative: NDArray[np.int64], share: float) -> float:
    index = int(np.searchsorted(cumulative, share * cumulative[-1]))
    return round((index + 0.5) * _BIN_DEG - 180.0, 2)


def _bout(row: FloatArray) -> ExtensionBout:
    start_index, end_index, mean_deg, peak_deg = row[:4].tolist()
    return ExtensionBout(
        start_s=start_index / BODY_RATE_HZ,
        end_s=end_index / BODY_RATE_HZ,
        mean_deg=mean_deg,
        peak_deg=peak_deg,
        posture=posture_of(row[4:]),
    )


def _limits(params: SpineParams) -> np.record:
    return record(
        weight=1.0 - np.exp(-2.0 * np.pi * params.cutoff_hz / BODY_RATE_HZ),
        start_deg=params.start_deg,
        stop_deg=params.stop_deg,
        dwell=round(params.dwell_s * BODY_RATE_HZ),
        max_pause=round(params.max_pause_s * BODY_RATE_HZ),
    )


@kernel
def _follow(
    angle_deg: FloatArray,
    trunk_up: FloatArray,
    limits: np.record,
    state: np.record,
    histogram: NDArray[np.int64],
    ended: FloatArray,
) -> int:
    """Follow the holds; write those that ended into `ended` and every angle into `histogram`."""
    count = 0
    for i in range(len(angle_deg)):
        _low_pass(angle_deg[i], limits, state, histogram)
        turned = _lies_down_or_gets_up(trunk_up[i, 2], state)
        too_long = state.index - state.end >= limits.max_pause
        if state.open and (turned or too_long):
            count += _close(limits, state, ended[count])
        if state.extended:
            _extend(trunk_up[i], state)
        elif state.open and not np.isnan(state.extension_deg):
            state.pause_count += 1
            state.pause_sum_deg += state.extension_deg
        state.index += 1
    return count


@kernel
def _low_pass(
    angle_deg: float, limits: np.record, state: np.record, histogram: NDArray[np.int64]
) -> None:
    if np.isnan(angle_deg):
        state.extension_deg = np.nan
        state.extended = 0
        return
    smooth_deg: float = state.extension_deg
    if np.isnan(smooth_deg):
        smooth_deg = angle_deg
    smooth_deg += limits.weight * (angle_deg - smooth_deg)
    limit_deg = limits.stop_deg if state.extended else limits.start_deg
    state.extended = smooth_deg >= limit_deg
    state.extension_deg = smooth_deg
    histogram[int(np.floor((smooth_deg + 180.0) / _BIN_DEG)) % _BINS] += 1


@kernel
def _lies_down_or_gets_up(up_z: float, state: np.record) -> bool:
    """Whether the neutral changes here, and with it what the angle is measured against."""
    lying = up_z < (UPRIGHT_COS if state.lying else LYING_COS)
    turned = lying != state.lying and not np.isnan(up_z)
    if turned:
        state.lying = lying
    return bool(turned)


@kernel
def _extend(up: FloatArray, state: np.record) -> None:
    """Take an extended sample into the hold, and the pause before it, or start a hold."""
    if not state.open:
        state.open = 1
        state.start = state.index
        state.count = state.sum_deg = 0.0
        state.pause_count = state.pause_sum_deg = 0.0
        state.up_x = state.up_y = state.up_z = 0.0
        state.peak_deg = state.extension_deg
    state.end = state.index + 1
    state.count += state.pause_count + 1
    state.sum_deg += state.pause_sum_deg + state.extension_deg
    state.pause_count = state.pause_sum_deg = 0.0
    state.peak_deg = max(state.peak_deg, state.extension_deg)
    state.up_x += up[0]
    state.up_y += up[1]
    state.up_z += up[2]


@kernel
def _close(limits: np.record, state: np.record, row: FloatArray) -> int:
    """End the hold; if it was long enough, write its indices, mean, peak and the sum of `up`."""
    was_open, state.open = state.open, 0.0
    if not was_open or state.end - state.start < limits.dwell:
        return 0
    row[0], row[1] = state.start, state.end
    row[2], row[3] = state.sum_deg / state.count, state.peak_deg
    row[4], row[5], row[6] = state.up_x, state.up_y, state.up_z
    return 1
