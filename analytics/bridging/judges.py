"""Which movements are bridges, from a calibrated sensor; what every judge asks of them."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from analytics.body import BODY_RATE_HZ, Segment
from analytics.bridging.lever import lever_arm_m
from analytics.bridging.limits import RangeParams, min_arm_m
from analytics.bridging.measures import Worn, repetition
from analytics.bridging.movement import FORCE, SUPINE, Movement
from analytics.bridging.usual import Usual
from analytics.events import Repetition
from sensors.types import FloatArray

_GATE_MARGIN_S = 0.5
_KNEE_UP_SIN = np.sin(np.radians(10.0))
"""At rest the knee is higher than the hip, since the feet stand on the ground."""

_FLAT_SIN = np.sin(np.radians(25.0))
"""At rest nobody lies with the head so far down; a sensor put on upside down may say so."""

_SEEN_PART = 0.6
"""A lift at the first samples, or a lowering at the last, is whole from this part of the other …"""

_REST_S = 0.5
"""… or if so much rest was seen beside it."""


class Judge(Protocol):
    """Decides on movements in the order of their ends."""

    @property
    def rise_axis(self) -> FloatArray | None:
        """Where the vertical moves (3,) when the hips rise, if the movements have shown it."""
        ...

    @property
    def knows_until_s(self) -> float:
        """Until when, if nothing else comes, it is known which way the hips rise."""
        ...

    def allows_hold(self, movement: Movement) -> bool:
        """Whether a movement that is still held up may be a bridge, by all that can be seen."""
        ...

    def consider(self, movement: Movement) -> list[Repetition]:
        """The repetitions that this movement, or the waiting ones before it, turn out to be."""
        ...

    def finish(self) -> list[Repetition]:
        """The stream has ended: those that still waited."""
        ...


class KnownMounting:
    """A calibrated sensor: the hips must rise, and the person lie on the back throughout."""

    def __init__(self, worn: Worn, params: RangeParams) -> None:
        self._worn = worn
        self._params = params
        self._usual = Usual(params)

    @property
    def rise_axis(self) -> None:
        """See `Judge.rise_axis`: the calibration has told."""
        return None

    @property
    def knows_until_s(self) -> float:
        """See `Judge.knows_until_s`: for good."""
        return np.inf

    def allows_hold(self, movement: Movement) -> bool:
        """See `Judge.allows_hold`: as one that is over."""
        return self._allows(movement)

    def _allows(self, movement: Movement) -> bool:
        return (
            is_lift(movement, self._least_deg(movement), self._params)
            and not self._sways(movement)
            and self._lies_supine(movement)
            and self._may_rise(movement)
            and self._is_followed(movement)
        )

    def _least_deg(self, movement: Movement) -> float:
        in_set = self._usual.is_in_set(movement.at_s(movement.timing.start))
        small = in_set and self._worn.segment is not Segment.PELVIS
        return self._params.min_other_deg if small else self._params.min_deg

    def consider(self, movement: Movement) -> list[Repetition]:
        """See `Judge.consider`: decided at once."""
        if not self._allows(movement):
            return []
        return [self._usual.compared(judged_repetition(movement, self._worn))]

    def finish(self) -> list[Repetition]:
        """See `Judge.finish`: nothing waits."""
        return []

    def _may_rise(self, movement: Movement) -> bool:
        """Whether the sensor rises with the tilt; the trunk's arm is too short to tell.

        Where the samples end too soon to tell, it is not taken to.
        """
        if self._worn.segment is Segment.TRUNK:
            return True
        near = around(movement)
        arm_m, error_m = lever_arm_m(
            movement.stretch.samples[near, FORCE], np.radians(movement.tilt_deg[near])
        )
        if movement.stretch.closes and error_m == np.inf:
            return False
        upper_m = arm_m + self._params.arm_errors * error_m
        return upper_m >= min_arm_m(self._worn.segment, self._params)

    def _sways(self, movement: Movement) -> bool:
        """Whether it leaves the sagittal plane: where that is known, by more than the hips roll."""
        if not self._worn.facing_known:
            return movement.sway_part > self._params.max_sway_part
        sideways = movement.up[:, 1]
        turned = np.arcsin(np.clip(sideways[movement.hold].mean(), -1.0, 1.0))
        turned -= np.arcsin(np.clip(sideways[movement.rest].mean(), -1.0, 1.0))
        usual_deg = self._params.max_roll_part * movement.timing.range_deg
        return bool(abs(turned) > np.radians(min(self._params.max_roll_deg, usual_deg)))

    def _is_followed(self, movement: Movement) -> bool:
        """Whether the segment of a second sensor, if one is worn, tilts along."""
        part = movement.fellow_part
        return part is None or part >= self._params.min_fellow_part

    def _lies_supine(self, movement: Movement) -> bool:
        margin, times = _GATE_MARGIN_S * BODY_RATE_HZ, movement.timing
        near = movement.part(times.start - margin, times.end + margin)
        if not movement.stretch.samples[near, SUPINE].all():
            return False
        head_down = -movement.up[movement.rest, 2].mean()
        if self._worn.segment is Segment.THIGH:
            return bool(head_down > _KNEE_UP_SIN)
        return bool(head_down < _FLAT_SIN)


def around(movement: Movement) -> slice:
    """The movement with a second before and after it."""
    times = movement.timing
    return movement.part(times.start - BODY_RATE_HZ, times.end + BODY_RATE_HZ)


def is_lift(movement: Movement, min_deg: float, params: RangeParams) -> bool:
    """Whether it goes far enough, not too far, and comes back."""
    times = movement.timing
    far_enough = min_deg <= times.range_deg <= params.max_deg
    return far_enough and (movement.comes_back or movement.stretch.closes)


def judged_repetition(movement: Movement, worn: Worn) -> Repetition:
    """The movement as a repetition, partial where the samples do not show all of it."""
    times, stretch = movement.timing, movement.stretch
    rest = _REST_S * BODY_RATE_HZ
    rests_before = times.start >= rest
    rests_after = movement.comes_back and times.end < len(movement.tilt_deg) - rest
    lift_part = times.range_deg / max(times.return_deg, 1e-9)
    cut_start = stretch.opens and not rests_before and lift_part < _SEEN_PART
    cut_end = stretch.closes and not rests_after and lift_part > 1.0 / _SEEN_PART
    return repetition(movement, worn, partial=cut_start or cut_end)
