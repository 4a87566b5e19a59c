"""Where somebody sat, as far as a thigh sensor tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import SupportsFloat

import numpy as np

from analytics.body import BODY_RATE_HZ, BodyChunk, Segment
from analytics.detector import Variables, kernel, opened, variables
from analytics.events import Event, SittingBout
from sensors.types import FloatArray

_STANDING, _SITTING, _NEITHER = 0.0, 1.0, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SittingParams:
    """How sitting is told from standing and lying."""

    thigh_deg: float = 45.0
    """The thigh inclines by more in sitting and less in standing; as in activity monitors worn at
    the thigh (Grant et al. 2006, doi:10.1136/bjsm.2006.030262)."""
    hysteresis_deg: float = 10.0
    """Sitting starts above 55° and ends below 35°: swinging legs and low steps change nothing."""
    trunk_deg: float = 60.0
    """With the trunk, or else the pelvis, inclined by more, somebody lies."""
    dwell_s: float = 2.0
    """A change that is taken back sooner is none."""
    tau_s: float = 0.5
    """Time constant of the low-pass on the verticals."""
    max_gap_s: float = 2.0
    """Samples missing for longer end a bout."""


class SittingDetector:
    """Finds bouts of sitting: the thigh level, the trunk or the pelvis upright.

    Without a thigh sensor sitting and standing look alike and nothing is found; the thigh alone
    lies level in bed too. Bouts are dated from when they began.
    """

    def __init__(self, params: SittingParams | None = None) -> None:
        params = params or SittingParams()
        self._limits = variables(
            weight=1.0 - np.exp(-1.0 / (BODY_RATE_HZ * params.tau_s)),
            on_cos=np.cos(np.radians(params.thigh_deg + params.hysteresis_deg)),
            off_cos=np.cos(np.radians(params.thigh_deg - params.hysteresis_deg)),
            trunk_cos=np.cos(np.radians(params.trunk_deg)),
            dwell=round(params.dwell_s * BODY_RATE_HZ),
            max_missing=round(params.max_gap_s * BODY_RATE_HZ),
        )
        self._state = variables(
            index=0,
            missing=0,
            thigh=np.nan,
            trunk=np.nan,
            shown=_NEITHER,
            shown_from=0,
            sitting=0,
            start=0,
        )

    def update(self, chunk: BodyChunk) -> list[Event]:
        """See `Detector.update`: the bouts that ended."""
        thigh = chunk.segments.get(Segment.THIGH)
        trunk = chunk.segments.get(Segment.TRUNK) or chunk.segments.get(Segment.PELVIS)
        if thigh is None or trunk is None or not (thigh.calibrated and trunk.calibrated):
            return []
        ended = np.empty((len(chunk), 2))
        count = _follow(thigh.up, trunk.up, self._limits, self._state, ended)
        return [_bout(*row) for row in ended[:count]]

    def finish(self) -> list[Event]:
        """See `Detector.finish`: the bout that lasted to the end."""
        if not self._state["sitting"]:
            return []
        return [_bout(self._state["start"], self._state["index"])]


def _bout(start_index: SupportsFloat, end_index: SupportsFloat) -> SittingBout:
    return SittingBout(
        start_s=float(start_index) / BODY_RATE_HZ, end_s=float(end_index) / BODY_RATE_HZ
    )


@kernel
def _follow(
    thigh_up: FloatArray, trunk_up: FloatArray, given: Variables, kept: Variables, ended: FloatArray
) -> int:
    """Write first and end index of each bout that ended into `ended`."""
    limits, state = opened(given), opened(kept)
    count = 0
    for i in range(len(thigh_up)):
        if np.isnan(thigh_up[i, 2]) or np.isnan(trunk_up[i, 2]):
            state.missing += 1
        else:
            state.missing = 0
            _low_pass(thigh_up[i, 2], trunk_up[i, 2], limits.weight, state)
        shown = _shown(limits, state)
        if shown != state.shown:
            state.shown = shown
            state.shown_from = state.index - max(state.missing - 1, 0)
        settles = state.missing > 0 or state.index - state.shown_from >= limits.dwell
        state.index += 1
        sitting = 1.0 if shown == _SITTING else 0.0
        if settles and sitting != state.sitting:
            if state.sitting:
                ended[count, 0], ended[count, 1] = state.start, state.shown_from
                count += 1
            state.start = state.shown_from
            state.sitting = sitting
    return count


@kernel
def _low_pass(thigh: float, trunk: float, weight: float, state: np.record) -> None:
    if np.isnan(state.thigh):
        state.thigh, state.trunk = thigh, trunk
    state.thigh += weight * (thigh - state.thigh)
    state.trunk += weight * (trunk - state.trunk)


@kernel
def _shown(limits: np.record, state: np.record) -> float:
    """What the verticals show now; what they showed before, between the limits and in a gap."""
    if state.missing > limits.max_missing:
        state.thigh = state.trunk = np.nan
        return _NEITHER
    if state.missing > 0:
        return float(state.shown)
    if state.trunk < limits.trunk_cos:
        return _NEITHER
    limit = limits.off_cos if state.shown == _SITTING else limits.on_cos
    return _SITTING if state.thigh < limit else _STANDING
