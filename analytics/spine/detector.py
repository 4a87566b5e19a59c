"""Where the spine was held extended: hyperextension positioning, and what went wrong in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from analytics.body import BODY_RATE_HZ, BodyChunk, Segment
from analytics.detector import Variables, variables
from analytics.events import Confidence, Event, ExtensionBout, OverExtension, PadSlip
from analytics.limits import USUAL, Limits
from analytics.posture import posture_of
from analytics.spine.angle import SpineAngle
from analytics.spine.holds import (
    BINS_PER_DEG,
    FOUND_COLUMNS,
    MISSING,
    ON_THE_SIDE,
    OVER,
    PAD_SLIP,
    UPRIGHT,
    finish,
    follow,
    new_state,
)
from sensors.types import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class SpineParams:
    """What counts as held in extension, beside the limits that are prescribed.

    The literature knows no threshold: maximal standing extension is 20.6 ± 13.3° in the lower and
    8.9 ± 11.1° in the upper lumbar spine.
    """

    start_deg: float = 5.0
    """Smallest extension told from the error of two sensors (4–11° absolute, under 2° relative);
    a band prescribed below it goes before."""
    hysteresis_deg: float = 2.0
    """The hold is over so far below."""
    dwell_s: float = 10.0
    """A hold for less is movement; positioning lasts minutes, most bridges less than 10 s."""
    alone_dwell_s: float = 60.0
    """The same for a trunk sensor alone, to which the hold of a bridge looks like extension."""
    max_pause_s: float = 2.5
    """An interruption for less, as in a cough, does not end the hold."""
    cutoff_hz: float = 2.0
    """Low-pass for episodes of posture."""
    over_hysteresis_deg: float = 5.0
    """An alarm lasts until so far below: none goes on and off within an error of the angle."""
    over_dwell_s: float = 3.0
    """Shorter is a stretch."""
    pad_slip_deg: float = 3.0
    """Loss of extension that is told: twice the error of two sensors lying still."""
    pad_mean_s: float = 10.0
    """Over which extension is averaged for that: a few breaths."""
    pad_step_deg: float = 2.0
    """Change from one mean to the next from which the person moved, not the pad."""


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

    `limits` tell which extension counts, and which is too much.

    In a bridge trunk and pelvis tilt together, so that their angle changes little; what is left is
    told from positioning by the dwell time alone. A bridge held extended for longer counts.

    A slipping pad has no published definition. Here it is extension lost by `pad_slip_deg` within
    one hold lying on the back or front, in no step as large as `pad_step_deg`.
    """

    def __init__(self, limits: Limits = USUAL, params: SpineParams | None = None) -> None:
        self._params = params or SpineParams()
        self._limits = _limits(limits, self._params)
        self._angle = SpineAngle()
        self._confidence = Confidence.FULL
        self._blind: UnseenReason | None = None
        self._state = new_state()

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
            self._state["unseen"][MISSING] += len(chunk)
            return []
        self._look_at_sensors(chunk)
        found = np.empty((3 * len(chunk), FOUND_COLUMNS))
        angle = self._angle.update(chunk)
        count = follow(angle, trunk.up, self._limits, self._state, found)
        return [self._event(row) for row in found[:count]]

    def finish(self) -> list[Event]:
        """See `Detector.finish`: what lasted to the end."""
        found = np.empty((2, FOUND_COLUMNS))
        return [self._event(row) for row in found[: finish(self._limits, self._state, found)]]

    def summary(self) -> SpineSummary | None:
        """The extension so far, or None where it was never observable."""
        cumulative = np.cumsum(self._state["histogram"])
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
        unseen = self._state["unseen"]
        if self._blind is not None:
            reasons = {self._blind: int(unseen.sum())}
        else:
            reasons = {
                UnseenReason.MISSING_SAMPLES: int(unseen[MISSING]),
                UnseenReason.ON_THE_SIDE: int(unseen[ON_THE_SIDE]),
                UnseenReason.UPRIGHT_ALONE: int(unseen[UPRIGHT]),
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
        if kind == PAD_SLIP:
            return PadSlip(start_s=start_s, end_s=end_s, from_deg=values[0], to_deg=values[1])
        posture = posture_of(row[-3:])
        if kind == OVER:
            return OverExtension(start_s=start_s, end_s=end_s, peak_deg=values[0], posture=posture)
        return ExtensionBout(
            start_s=start_s,
            end_s=end_s,
            mean_deg=values[0],
            peak_deg=values[1],
            posture=posture,
            in_band_s=values[2] / BODY_RATE_HZ,
            interruptions=int(values[3]),
            sigma_deg=values[4],
            confidence=self._confidence,
        )


def _percentile_deg(cumulative: NDArray[np.int64], share: float) -> float:
    index = int(np.searchsorted(cumulative, share * cumulative[-1]))
    return round((index + 0.5) / BINS_PER_DEG - 180.0, 2)


def _limits(limits: Limits, params: SpineParams) -> Variables:
    low_deg, high_deg = limits.band_deg
    start_deg = min(params.start_deg, low_deg)
    return variables(
        weight=1.0 - np.exp(-2.0 * np.pi * params.cutoff_hz / BODY_RATE_HZ),
        start_deg=start_deg,
        stop_deg=start_deg - params.hysteresis_deg,
        dwell=round(params.dwell_s * BODY_RATE_HZ),
        max_pause=round(params.max_pause_s * BODY_RATE_HZ),
        low_deg=low_deg,
        high_deg=high_deg,
        over_deg=limits.over_deg,
        over_stop_deg=limits.over_deg - params.over_hysteresis_deg,
        over_dwell=round(params.over_dwell_s * BODY_RATE_HZ),
        slip_deg=params.pad_slip_deg,
        step_deg=params.pad_step_deg,
        pad_block=round(params.pad_mean_s * BODY_RATE_HZ),
        alone=0.0,
    )
