"""Where the trunk was bent forward beyond the limit while upright."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.body import BODY_RATE_HZ, BodyChunk, Segment
from analytics.detector import Variables, kernel, opened, variables
from analytics.events import Event, FlexionBout, Posture
from analytics.limits import USUAL, Limits
from sensors.types import FloatArray

MIN_SAGITTAL = np.sin(np.radians(45.0))
"""Share of gravity in the sagittal plane from which a tilt is forward rather than to the side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexionParams:
    """What counts as one bend, beyond the limit that is prescribed."""

    hysteresis_deg: float = 5.0
    """The bout ends this far below the limit."""
    min_s: float = 1.0
    """A shorter peak is noise or a stumble."""
    max_s: float = 30.0
    """Whoever stays down longer is lying on the front."""
    upright_deg: float = 45.0
    """A bend starts from less inclination than this …"""
    max_lead_s: float = 5.0
    """… not longer ago than this; whoever lies on the front and props up comes from elsewhere."""


class FlexionDetector:
    """Finds bends of the trunk from upright to beyond `limits.flexion_deg` and back.

    The trunk's inclination is judged, not the spine's own curve: with one sensor the two cannot be
    told apart, and the load on the spine follows the inclination. Needs a trunk sensor whose
    calibration knows the front.
    """

    def __init__(self, limits: Limits = USUAL, params: FlexionParams | None = None) -> None:
        self._limits = _limits(limits.flexion_deg, params or FlexionParams())
        self._state = variables(index=0, upright_at=-np.inf, bent=0, start=0, peak_deg=0)

    def update(self, chunk: BodyChunk) -> list[Event]:
        """See `Detector.update`: the bends that ended."""
        trunk = chunk.segments.get(Segment.TRUNK)
        if trunk is None or not trunk.facing_known:
            return []
        ended = np.empty((len(chunk), 3))
        count = _follow(np.ascontiguousarray(trunk.up), self._limits, self._state, ended)
        return [_bout(row) for row in ended[:count]]

    def finish(self) -> list[Event]:
        """See `Detector.finish`: a bend that lasted to the end."""
        row = np.empty(3)
        return [_bout(row)] if _finish(self._limits, self._state, row) else []


def _bout(row: FloatArray) -> FlexionBout:
    start_index, end_index, peak_deg = row.tolist()
    return FlexionBout(
        start_s=start_index / BODY_RATE_HZ,
        end_s=end_index / BODY_RATE_HZ,
        peak_deg=peak_deg,
        posture=Posture.UPRIGHT,
    )


def _limits(limit_deg: float, params: FlexionParams) -> Variables:
    stop_deg = limit_deg - params.hysteresis_deg
    return variables(
        start_deg=limit_deg,
        stop_deg=stop_deg,
        upright_cos=np.cos(np.radians(min(params.upright_deg, stop_deg))),
        min_count=round(params.min_s * BODY_RATE_HZ),
        max_count=round(params.max_s * BODY_RATE_HZ),
        max_lead=round(params.max_lead_s * BODY_RATE_HZ),
    )


@kernel
def _follow(up: FloatArray, given: Variables, kept: Variables, ended: FloatArray) -> int:
    """Write first and end index and peak angle of each bend that ended into `ended`."""
    limits, state = opened(given), opened(kept)
    count = 0
    for i in range(len(up)):
        if up[i, 2] > limits.upright_cos:
            state.upright_at = state.index
            pitch_deg = 0.0
        else:
            pitch_deg = _forward_pitch_deg(up[i])
        if state.bent:
            if pitch_deg >= limits.stop_deg:
                state.peak_deg = max(state.peak_deg, pitch_deg)
            else:
                count += _close(limits, state, ended[count])
        elif pitch_deg >= limits.start_deg and state.index - state.upright_at <= limits.max_lead:
            state.bent = 1
            state.start = state.index
            state.peak_deg = pitch_deg
        state.index += 1
    return count


@kernel
def _forward_pitch_deg(up: FloatArray) -> float:
    """How far the trunk is bent forward, in degrees; 0 backward, sideways and where unseen."""
    if up[0] < 0.0 and up[0] ** 2 + up[2] ** 2 > MIN_SAGITTAL**2:
        return float(np.degrees(np.arctan2(-up[0], up[2])))
    return 0.0


@kernel
def _finish(given: Variables, kept: Variables, row: FloatArray) -> int:
    return _close(opened(given), opened(kept), row)


@kernel
def _close(limits: np.record, state: np.record, row: FloatArray) -> int:
    was_bent, state.bent = state.bent, 0.0
    length = state.index - state.start
    if not was_bent or length < limits.min_count or length > limits.max_count:
        return 0
    row[0], row[1], row[2] = state.start, state.index, state.peak_deg
    return 1
