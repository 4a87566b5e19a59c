"""Whether bends look as they do in a rigid brace: a careful indication, never that one is worn.

A rigid thoracolumbar brace makes chest and pelvis bend as one. Without it the lumbar spine gives
about two thirds of the first 30° of bending forward and about half of the next (Esola et al. 1996,
Spine 21:71). So bends to which it gives next to nothing are consistent with a brace. They are as
consistent with bending at the hips with a straight back, which patients are taught, and with a
fusion; a brace worn loosely is not seen. The limits are engineering judgement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.body import BodyChunk, Segment
from analytics.detector import Variables, kernel, opened, variables
from analytics.events import Event
from sensors.types import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class BraceParams:
    """Which bends are looked at, and when they are stiff."""

    upright_deg: float = 15.0
    """A bend begins and ends with the chest inclined by less …"""
    least_deg: float = 30.0
    """… and goes at least so far: below, the error of two sensors hides the difference."""
    most_deg: float = 70.0
    """Whoever goes further may be lying down."""
    stiff_share: float = 0.2
    """Of the bend that the spine gives, below which it is stiff; unbraced it is about a half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BraceIndication:
    """How many bends were seen, and how many of them were stiff."""

    bends: int
    stiff_bends: int

    @property
    def consistent(self) -> bool | None:
        """Whether four of five bends were stiff; None with fewer than ten, which tell nothing."""
        return self.stiff_bends >= 0.8 * self.bends if self.bends >= 10 else None


class BraceDetector:
    """Counts bends out of upright and back, and those in which chest and pelvis moved as one.

    Needs a trunk and a pelvis sensor whose front is known. It finds no events; see `indication`.
    """

    def __init__(self, params: BraceParams | None = None) -> None:
        params = params or BraceParams()
        self._limits = variables(
            upright_cos=np.cos(np.radians(params.upright_deg)),
            least_deg=params.least_deg,
            most_deg=params.most_deg,
            stiff_share=params.stiff_share,
        )
        self._state = variables(
            seen=0, upright=0, trunk_x=0, trunk_z=0, pelvis_x=0, pelvis_z=0,
            bending=0, trunk_deg=0, pelvis_deg=0, deepest_deg=0, pelvis_then_deg=0,
            bends=0, stiff=0,
        )  # fmt: skip

    def update(self, chunk: BodyChunk) -> list[Event]:
        """See `Detector.update`."""
        trunk, pelvis = chunk.segments.get(Segment.TRUNK), chunk.segments.get(Segment.PELVIS)
        if trunk and pelvis and trunk.facing_known and pelvis.facing_known:
            self._state["seen"] = 1
            _follow(trunk.up, pelvis.up, self._limits, self._state)
        return []

    def finish(self) -> list[Event]:
        """See `Detector.finish`; a bend that is not over does not count."""
        return []

    def indication(self) -> BraceIndication | None:
        """What the bends so far look like, None where the sensors cannot tell."""
        if not self._state["seen"]:
            return None
        return BraceIndication(
            bends=int(self._state["bends"]), stiff_bends=int(self._state["stiff"])
        )


@kernel
def _follow(trunk_up: FloatArray, pelvis_up: FloatArray, given: Variables, kept: Variables) -> None:
    limits, state = opened(given), opened(kept)
    for i in range(len(trunk_up)):
        if np.isnan(trunk_up[i, 2]) or np.isnan(pelvis_up[i, 2]):
            state.upright = state.bending = 0.0
        elif trunk_up[i, 2] > limits.upright_cos:
            if state.bending:
                _close(limits, state)
            state.upright = 1.0
            state.trunk_x, state.trunk_z = trunk_up[i, 0], trunk_up[i, 2]
            state.pelvis_x, state.pelvis_z = pelvis_up[i, 0], pelvis_up[i, 2]
        elif state.upright:
            _follow_bend(trunk_up, pelvis_up, i, state)


@kernel
def _follow_bend(trunk_up: FloatArray, pelvis_up: FloatArray, i: int, state: np.record) -> None:
    """Keep the deepest sample of a bend and what the pelvis did in it."""
    if not state.bending:
        state.bending = 1.0
        state.trunk_deg = state.deepest_deg = _pitch_deg(state.trunk_x, state.trunk_z)
        state.pelvis_deg = _pitch_deg(state.pelvis_x, state.pelvis_z)
    trunk_deg = _pitch_deg(trunk_up[i, 0], trunk_up[i, 2])
    if trunk_deg > state.deepest_deg:
        state.deepest_deg = trunk_deg
        state.pelvis_then_deg = _pitch_deg(pelvis_up[i, 0], pelvis_up[i, 2])


@kernel
def _close(limits: np.record, state: np.record) -> None:
    """Count the bend that ends here, if it went far enough and not too far."""
    state.bending = 0.0
    bent_deg = state.deepest_deg - state.trunk_deg
    if limits.least_deg <= bent_deg <= limits.most_deg:
        spine_deg = bent_deg - (state.pelvis_then_deg - state.pelvis_deg)
        state.bends += 1
        if abs(spine_deg) < limits.stiff_share * bent_deg:
            state.stiff += 1


@kernel
def _pitch_deg(up_x: float, up_z: float) -> float:
    return float(np.degrees(np.arctan2(-up_x, up_z)))
