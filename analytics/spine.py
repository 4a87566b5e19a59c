"""Where the spine was held extended: hyperextension positioning, and what went wrong in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.body import BODY_RATE_HZ, BodyChunk, Segment
from analytics.detector import Variables, kernel, opened, variables
from analytics.events import Confidence, Event, ExtensionBout, OverExtension, PadSlip
from analytics.extension import SpineAngle
from analytics.extension_kernel import LYING_COS, UPRIGHT_COS
from analytics.posture import posture_of
from sensors.types import FloatArray

_BIN_DEG = 0.1
_BINS = round(360.0 / _BIN_DEG)
_BOUT, _OVER, _PAD_SLIP = range(3)
_FOUND_COLUMNS = 11
_MISSING, _ON_THE_SIDE, _UPRIGHT = range(3)
_FLAT = 0.5
"""Largest squared sideways part of the vertical at which one lies on a pad, not beside it (45°)."""


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
    band_deg: tuple[float, float] = (5.0, 20.0)
    """The band that counts, as the pathways prescribe it unless a clinician changed it."""
    over_deg: float = 30.0
    """Extension that alarms, as the pathways have it …"""
    over_stop_deg: float = 25.0
    """… until below this: no alarm goes on and off within an error of the angle."""
    over_dwell_s: float = 3.0
    """Shorter is a stretch."""
    pad_slip_deg: float = 3.0
    """Loss of extension that is told: twice the error of two sensors lying still."""
    pad_step_deg: float = 2.0
    """Change from one ten seconds to the next from which the person moved, not the pad."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpineSummary:
    """The extension over all the time it could be seen; percentiles to 0.1°.

    `sigma_deg` is the mean standard deviation of the angle.
    """

    observable_s: float
    p05_deg: float
    p50_deg: float
    p95_deg: float
    sigma_deg: float
    confidence: Confidence


class UnseenReason(StrEnum):
    """Why the extension of the spine could not be known."""

    MISSING_SAMPLES = "missing_samples"
    ON_THE_SIDE = "on_the_side"
    UPRIGHT_ALONE = "upright_alone"
    NO_TRUNK_SENSOR = "no_trunk_sensor"
    NOT_CALIBRATED = "not_calibrated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """For how long extension could not be known, and why.

    ON_THE_SIDE is also any other time in which the error would have been too large: on the side a
    sensor without a gyroscope, or a trunk sensor alone, sees no bending, and two with gyroscopes
    lose it after some time. UPRIGHT_ALONE is the time up with the trunk sensor alone, to which
    leaning is the same as bending.
    """

    reason: UnseenReason
    seconds: float


class SpineDetector:
    """Follows the extension of the spine (see `SpineAngle`) and finds where it was held.

    In a bridge trunk and pelvis tilt together, so that their angle changes little; what is left is
    told from positioning by the dwell time alone. A bridge held extended for longer counts.

    A slipping pad has no published definition. Here it is extension lost by `pad_slip_deg`, between
    means over ten seconds, within one hold lying on the back or front, in no step as large as
    `pad_step_deg`.
    """

    def __init__(self, params: SpineParams | None = None) -> None:
        self._params = params or SpineParams()
        self._limits = _limits(self._params)
        self._angle = SpineAngle()
        self._confidence = Confidence.FULL
        self._blind: UnseenReason | None = None
        self._histogram = np.zeros(_BINS, dtype=np.int64)
        self._unseen = np.zeros(3, dtype=np.int64)
        self._state = _new_state()

    @property
    def extension_deg(self) -> float:
        """The extension at the last sample; NaN while it cannot be seen."""
        return float(self._state["extension_deg"])

    @property
    def sigma_deg(self) -> float:
        """Its standard deviation."""
        return float(self._state["sigma_deg"])

    def update(self, chunk: BodyChunk) -> list[Event]:
        """See `Detector.update`: the extension bouts that ended, and what went wrong."""
        trunk = chunk.segments.get(Segment.TRUNK)
        if trunk is None:
            self._blind = UnseenReason.NO_TRUNK_SENSOR
            self._unseen[_MISSING] += len(chunk)
            return []
        self._look_at_sensors(chunk)
        found = np.empty((3 * len(chunk), _FOUND_COLUMNS))
        count = _follow(
            self._angle.update(chunk),
            trunk.up,
            self._limits,
            self._state,
            self._histogram,
            self._unseen,
            found,
        )
        return [self._event(row) for row in found[:count]]

    def finish(self) -> list[Event]:
        """See `Detector.finish`: what lasted to the end."""
        found = np.empty((2, _FOUND_COLUMNS))
        return [self._event(row) for row in found[: _finish(self._limits, self._state, found)]]

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
            sigma_deg=round(float(self._state["all_sigma_deg"]) / total, 2),
            confidence=self._confidence,
        )

    def unseen(self) -> tuple[Unseen, ...]:
        """For how long nothing was known so far, and why; nothing for what never was so."""
        if self._blind is not None:
            reasons = {self._blind: int(self._unseen.sum())}
        else:
            reasons = {
                UnseenReason.MISSING_SAMPLES: int(self._unseen[_MISSING]),
                UnseenReason.ON_THE_SIDE: int(self._unseen[_ON_THE_SIDE]),
                UnseenReason.UPRIGHT_ALONE: int(self._unseen[_UPRIGHT]),
            }
        return tuple(
            Unseen(reason=reason, seconds=count / BODY_RATE_HZ)
            for reason, count in reasons.items()
            if count
        )

    def _look_at_sensors(self, chunk: BodyChunk) -> None:
        trunk, pelvis = chunk.segments[Segment.TRUNK], chunk.segments.get(Segment.PELVIS)
        if trunk.supine_up is None or (pelvis is not None and pelvis.supine_up is None):
            self._blind = UnseenReason.NOT_CALIBRATED
        if pelvis is None and self._confidence is Confidence.FULL:
            self._confidence = Confidence.LOWER
            self._limits["dwell"] = round(self._params.alone_dwell_s * BODY_RATE_HZ)
            self._limits["alone"] = 1.0

    def _event(self, row: FloatArray) -> Event:
        kind, start_index, end_index, *values = row.tolist()
        start_s, end_s = start_index / BODY_RATE_HZ, end_index / BODY_RATE_HZ
        if kind == _PAD_SLIP:
            return PadSlip(start_s=start_s, end_s=end_s, from_deg=values[0], to_deg=values[1])
        posture = posture_of(row[-3:])
        if kind == _OVER:
            return OverExtension(start_s=start_s, end_s=end_s, peak_deg=values[0], posture=posture)
        return ExtensionBout(
            start_s=start_s,
            end_s=end_s,
            mean_deg=values[0],
            peak_deg=values[1],
            posture=posture,
            band_low_deg=self._params.band_deg[0],
            band_high_deg=self._params.band_deg[1],
            in_band_s=values[2] / BODY_RATE_HZ,
            interruptions=int(values[3]),
            sigma_deg=values[4],
            confidence=self._confidence,
        )


def _percentile_deg(cumulative: NDArray[np.int64], share: float) -> float:
    index = int(np.searchsorted(cumulative, share * cumulative[-1]))
    return round((index + 0.5) * _BIN_DEG - 180.0, 2)


def _limits(params: SpineParams) -> Variables:
    return variables(
        weight=1.0 - np.exp(-2.0 * np.pi * params.cutoff_hz / BODY_RATE_HZ),
        start_deg=params.start_deg,
        stop_deg=params.stop_deg,
        dwell=round(params.dwell_s * BODY_RATE_HZ),
        max_pause=round(params.max_pause_s * BODY_RATE_HZ),
        low_deg=params.band_deg[0],
        high_deg=params.band_deg[1],
        over_deg=params.over_deg,
        over_stop_deg=params.over_stop_deg,
        over_dwell=round(params.over_dwell_s * BODY_RATE_HZ),
        slip_deg=params.pad_slip_deg,
        step_deg=params.pad_step_deg,
        slip_block=round(10.0 * BODY_RATE_HZ),
        alone=0.0,
    )


def _new_state() -> Variables:
    angle = {"extension_deg": np.nan, "sigma_deg": np.nan, "all_sigma_deg": 0.0}
    hold = ("open", "start", "end", "count", "sum_deg", "peak_deg", "up_x", "up_y", "up_z")
    detail = ("in_band", "interruptions", "held", "sum_sigma_deg", "pause_count", "pause_sum_deg")
    over = ("over", "over_start", "over_peak_deg", "over_up_x", "over_up_y", "over_up_z")
    pad = ("pad_count", "pad_sum_deg", "pad_last_deg", "pad_level_deg", "pad_start")
    counts = dict.fromkeys(("index", "lying", "extended", *hold, *detail, *over, *pad), 0.0)
    return variables(**angle, **counts)


@kernel
def _follow(
    angle: FloatArray,
    trunk_up: FloatArray,
    given: Variables,
    kept: Variables,
    histogram: NDArray[np.int64],
    unseen: NDArray[np.int64],
    found: FloatArray,
) -> int:
    """Follow the holds; write what ended into `found` and every angle into `histogram`."""
    limits, state = opened(given), opened(kept)
    count = 0
    for i in range(len(angle)):
        up_z = trunk_up[i, 2]
        if np.isnan(angle[i, 0]):
            state.extension_deg = state.sigma_deg = np.nan
            state.extended = 0.0
            if np.isnan(up_z):
                unseen[_MISSING] += 1
            elif limits.alone and up_z >= LYING_COS:
                unseen[_UPRIGHT] += 1
            else:
                unseen[_ON_THE_SIDE] += 1
        else:
            _low_pass(angle[i, 0], angle[i, 1], limits, state, histogram)
        turned = _lies_down_or_gets_up(up_z, state)
        count += _follow_excess(trunk_up, i, limits, state, found[count])
        if state.open and (turned or state.index - state.end >= limits.max_pause):
            count += _close(limits, state, found[count])
        if state.extended:
            _extend(trunk_up, i, limits, state)
            if state.lying and trunk_up[i, 1] ** 2 < _FLAT:
                count += _follow_pad(limits, state, found[count])
        elif state.open and not np.isnan(state.extension_deg):
            state.pause_count += 1.0
            state.pause_sum_deg += state.extension_deg
        state.index += 1.0
    return count


@kernel
def _finish(given: Variables, kept: Variables, found: FloatArray) -> int:
    limits, state = opened(given), opened(kept)
    count = _end_excess(limits, state, found[0])
    return count + _close(limits, state, found[count])


@kernel
def _low_pass(
    angle_deg: float,
    sigma_deg: float,
    limits: Any,
    state: Any,
    histogram: NDArray[np.int64],
) -> None:
    smooth_deg: float = state.extension_deg
    if np.isnan(smooth_deg):
        smooth_deg = angle_deg
    smooth_deg += limits.weight * (angle_deg - smooth_deg)
    limit_deg = limits.stop_deg if state.extended else limits.start_deg
    state.extended = 1.0 if smooth_deg >= limit_deg else 0.0
    state.extension_deg = smooth_deg
    state.sigma_deg = sigma_deg
    state.all_sigma_deg += sigma_deg
    histogram[int(np.floor((smooth_deg + 180.0) / _BIN_DEG)) % _BINS] += 1


@kernel
def _lies_down_or_gets_up(up_z: float, state: Any) -> bool:
    """Whether the neutral changes here, and with it what the angle is measured against."""
    lying = up_z < (UPRIGHT_COS if state.lying else LYING_COS)
    turned = lying != state.lying and not np.isnan(up_z)
    if turned:
        state.lying = lying
    return bool(turned)


@kernel
def _extend(up: FloatArray, i: int, limits: Any, state: Any) -> None:
    """Take an extended sample into the hold, and the pause before it, or start a hold."""
    if not state.open:
        state.open = 1.0
        state.start = state.index
        state.count = state.sum_deg = state.held = state.sum_sigma_deg = 0.0
        state.in_band = state.interruptions = 0.0
        state.pause_count = state.pause_sum_deg = 0.0
        state.up_x = state.up_y = state.up_z = 0.0
        state.peak_deg = state.extension_deg
        state.pad_count = state.pad_sum_deg = 0.0
        state.pad_level_deg = state.pad_last_deg = -np.inf
    if state.index > state.end and state.count:
        state.interruptions += 1.0
    state.end = state.index + 1.0
    state.count += state.pause_count + 1.0
    state.sum_deg += state.pause_sum_deg + state.extension_deg
    state.pause_count = state.pause_sum_deg = 0.0
    state.held += 1.0
    state.sum_sigma_deg += state.sigma_deg
    if limits.low_deg <= state.extension_deg <= limits.high_deg:
        state.in_band += 1.0
    state.peak_deg = max(state.peak_deg, state.extension_deg)
    state.up_x += up[i, 0]
    state.up_y += up[i, 1]
    state.up_z += up[i, 2]


@kernel
def _close(limits: Any, state: Any, row: FloatArray) -> int:
    """End the hold; if it was long enough, write it."""
    was_open, state.open = state.open, 0.0
    if not was_open or state.end - state.start < limits.dwell:
        return 0
    row[0], row[1], row[2] = _BOUT, state.start, state.end
    row[3], row[4] = state.sum_deg / state.count, state.peak_deg
    row[5], row[6] = state.in_band, state.interruptions
    row[7] = state.sum_sigma_deg / state.held
    row[8], row[9], row[10] = state.up_x, state.up_y, state.up_z
    return 1


@kernel
def _follow_excess(up: FloatArray, i: int, limits: Any, state: Any, row: FloatArray) -> int:
    """Follow extension beyond what is safe; write it when it ends."""
    if not state.over:
        if state.extension_deg >= limits.over_deg:
            state.over = 1.0
            state.over_start = state.index
            state.over_peak_deg = state.extension_deg
            state.over_up_x, state.over_up_y, state.over_up_z = up[i, 0], up[i, 1], up[i, 2]
        return 0
    if state.extension_deg >= limits.over_stop_deg:
        state.over_peak_deg = max(state.over_peak_deg, state.extension_deg)
        return 0
    return _end_excess(limits, state, row)


@kernel
def _end_excess(limits: Any, state: Any, row: FloatArray) -> int:
    was_over, state.over = state.over, 0.0
    if not was_over or state.index - state.over_start < limits.over_dwell:
        return 0
    row[0], row[1], row[2], row[3] = _OVER, state.over_start, state.index, state.over_peak_deg
    row[8], row[9], row[10] = state.over_up_x, state.over_up_y, state.over_up_z
    return 1


@kernel
def _follow_pad(limits: Any, state: Any, row: FloatArray) -> int:
    """Compare the means of ten seconds each; write a slow loss."""
    state.pad_count += 1.0
    state.pad_sum_deg += state.extension_deg
    if state.pad_count < limits.slip_block:
        return 0
    mean_deg = state.pad_sum_deg / limits.slip_block
    state.pad_count = state.pad_sum_deg = 0.0
    moved = abs(mean_deg - state.pad_last_deg) >= limits.step_deg
    state.pad_last_deg = mean_deg
    lost_deg = state.pad_level_deg - mean_deg
    if moved or lost_deg <= 0.0:
        state.pad_level_deg = mean_deg
        state.pad_start = state.index
    elif lost_deg >= limits.slip_deg:
        row[0], row[1], row[2] = _PAD_SLIP, state.pad_start, state.index
        row[3], row[4] = state.pad_level_deg, mean_deg
        state.pad_level_deg = mean_deg
        state.pad_start = state.index
        return 1
    return 0
