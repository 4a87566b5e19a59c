"""Which movements are bridges: with a calibrated sensor, and with one mounted anyhow."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from analytics.body import BODY_RATE_HZ, Segment
from analytics.bridging.lever import LeverArm
from analytics.bridging.limits import RangeParams, SetParams
from analytics.bridging.measures import Worn, repetition
from analytics.bridging.movement import FORCE, SUPINE, Movement
from analytics.events import Repetition
from sensors.types import FloatArray

_GATE_MARGIN_S = 0.5
_KNEE_UP_SIN = np.sin(np.radians(10.0))
"""At rest the knee is higher than the hip, since the feet stand on the ground."""

_FLAT_SIN = np.sin(np.radians(25.0))
"""At rest nobody lies with the head so far down; a sensor put on upside down may say so."""

_SEEN_PART = 0.6
"""A lift at the first samples, or a lowering at the last, is whole from this part of the other."""

_REMEMBERED = 5


class Judge(Protocol):
    """Decides on movements in the order of their ends."""

    def allows(self, movement: Movement) -> bool:
        """Whether nothing that can be seen of it speaks against its being a bridge."""
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
        self._usual = _Usual(params)

    def allows(self, movement: Movement) -> bool:
        """See `Judge.allows`."""
        return (
            _is_lift(movement, self._params.min_deg, self._params)
            and not self._sways(movement)
            and self._lies_supine(movement)
            and self._may_rise(movement)
            and self._is_followed(movement)
        )

    def consider(self, movement: Movement) -> list[Repetition]:
        """See `Judge.consider`: decided at once."""
        if not self.allows(movement):
            return []
        return [self._usual.compared(_repetition(movement, self._worn))]

    def finish(self) -> list[Repetition]:
        """See `Judge.finish`: nothing waits."""
        return []

    def _may_rise(self, movement: Movement) -> bool:
        """Whether the sensor rises with the tilt; the trunk's arm is too short to tell.

        Where the samples end too soon to tell, it is not taken to.
        """
        if self._worn.segment is Segment.TRUNK:
            return True
        arm = LeverArm()
        _learn(arm, movement)
        if movement.stretch.closes and arm.error_m == np.inf:
            return False
        upper_m = arm.along(movement.axis) + self._params.arm_errors * arm.error_m
        return upper_m >= _min_arm_m(self._worn.segment, self._params)

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


@dataclass(frozen=True, slots=True, eq=False)
class _Member:
    """A movement of a set, up or down, as the repetition that it would make if it went up."""

    repetition: Repetition
    axis: FloatArray
    range_deg: float
    unrest_ms2: float


class UnknownMounting:
    """A sensor mounted anyhow: only sets of like movements count, in which the sensor rises.

    Both directions are kept until the lever arm tells which way is up and that the hips rise at
    all; then the whole set is reported, and after that each repetition at its end.
    """

    def __init__(self, worn: Worn, ranges: RangeParams, sets: SetParams) -> None:
        self._worn = worn
        self._ranges, self._sets = ranges, sets
        self._usual = _Usual(ranges)
        self._members: list[_Member] = []
        self._stray: tuple[_Member, Movement] | None = None
        self._last: _Member | None = None
        self._arm = LeverArm()
        self._known = False

    def consider(self, movement: Movement) -> list[Repetition]:
        """See `Judge.consider`: one unlike movement is passed over, two end the set."""
        if not self.allows(movement):
            return []
        times = movement.timing
        member = _Member(
            _repetition(movement, self._worn),
            movement.axis,
            0.5 * (times.range_deg + times.return_deg),
            _unrest_ms2(movement),
        )
        if self._last is None or self._are_alike(self._last, member):
            return self._join(member, movement)
        stray, self._stray = self._stray, (member, movement)
        if stray is None:
            return []
        done = self._close()
        if self._are_alike(stray[0], member):
            done += self._join(*stray)
        return done + self._join(member, movement)

    def finish(self) -> list[Repetition]:
        """See `Judge.finish`: a set still in doubt goes by the arm itself."""
        return self._close()

    def _join(self, member: _Member, movement: Movement) -> list[Repetition]:
        self._stray = None
        self._last = member
        self._members.append(member)
        _learn(self._arm, movement)
        waited_enough = len(self._members) >= self._sets.max_waiting
        done = self._report(0.0 if self._known or waited_enough else self._sets.sure_errors)
        self._members = self._members[-self._sets.max_waiting :]
        return done

    def _report(self, errors: float) -> list[Repetition]:
        """The members that go up, if they are a set in which the sensor surely rises."""
        rising = [member for member in self._members if self._arm.along(member.axis) > 0.0]
        if not self._known and not self._is_set(rising, errors):
            return []
        self._known = True
        self._members = []
        return [self._usual.compared(member.repetition) for member in rising]

    def _is_set(self, rising: Sequence[_Member], errors: float) -> bool:
        sets = self._sets
        if len(rising) < sets.min_repetitions:
            return False
        arm_m = float(np.median([self._arm.along(member.axis) for member in rising]))
        usual_deg = float(np.median([member.range_deg for member in rising]))
        usual_hold_s = float(np.median([member.repetition.hold_s for member in rising]))
        min_arm_m = max(sets.min_arm_m, _min_arm_m(self._worn.segment, self._ranges))
        return (
            arm_m - errors * self._arm.error_m >= min_arm_m
            and arm_m * np.radians(usual_deg) >= sets.min_rise_m
            and usual_deg <= sets.max_usual_deg
            and usual_hold_s >= sets.min_usual_hold_s
            and np.median([member.unrest_ms2 for member in rising]) <= sets.max_usual_unrest_ms2
        )

    def _close(self) -> list[Repetition]:
        done = self._report(errors=0.0)
        self._members, self._last, self._stray = [], None, None
        self._arm = LeverArm()
        self._known = False
        return done

    def allows(self, movement: Movement) -> bool:
        """See `Judge.allows`: by itself, whatever the set is like."""
        times = movement.timing
        shortest, longest = (limit_s * BODY_RATE_HZ for limit_s in self._sets.phase_s)
        phases = times.hold_start - times.start, times.end - times.hold_end
        return (
            _is_lift(movement, self._sets.min_deg, self._ranges)
            and self._comes_back_alike(movement)
            and shortest <= min(phases)
            and max(phases) <= longest
            and times.hold_end - times.hold_start <= self._sets.max_hold_s * BODY_RATE_HZ
            and _unrest_ms2(movement) <= self._sets.max_unrest_ms2
        )

    def _comes_back_alike(self, movement: Movement) -> bool:
        times, stretch = movement.timing, movement.stretch
        smaller, larger = sorted((times.range_deg, times.return_deg))
        return stretch.opens or stretch.closes or smaller >= self._sets.min_alike_part * larger

    def _are_alike(self, before: _Member, member: _Member) -> bool:
        pause_s = member.repetition.start_s - before.repetition.end_s
        ratio = member.range_deg / before.range_deg
        return (
            pause_s <= self._sets.max_pause_s
            and abs(float(member.axis @ before.axis)) >= self._sets.min_alignment
            and 1.0 / self._sets.max_range_ratio <= ratio <= self._sets.max_range_ratio
        )


class _Usual:
    """What is usual in the last repetitions, to tell those that were only tried."""

    def __init__(self, params: RangeParams) -> None:
        self._params = params
        self._last: deque[Repetition] = deque(maxlen=_REMEMBERED)

    def compared(self, repetition: Repetition) -> Repetition:
        """The repetition, partial if it was cut off, or is shallow or short beside the usual.

        What is usual is forgotten after a pause. Shallow and short ones take part in it: several
        alike are not tries.
        """
        if self._last and repetition.start_s - self._last[-1].end_s > self._params.max_pause_s:
            self._last.clear()
        tried = bool(self._last) and self._is_tried(repetition)
        if not repetition.partial:
            self._last.append(repetition)
        return replace(repetition, partial=repetition.partial or tried)

    def _is_tried(self, repetition: Repetition) -> bool:
        peak_deg = np.median([usual.peak_deg for usual in self._last])
        hold_s = np.median([usual.hold_s for usual in self._last])
        shallow = repetition.peak_deg < self._params.shallow_part * peak_deg
        holds = hold_s >= self._params.min_usual_hold_s
        short = holds and repetition.hold_s < self._params.short_part * hold_s
        return bool(shallow or short)


def _learn(arm: LeverArm, movement: Movement) -> None:
    times = movement.timing
    near = movement.part(times.start - BODY_RATE_HZ, times.end + BODY_RATE_HZ)
    force_ms2, tilt_deg = movement.stretch.samples[near, FORCE], movement.tilt_deg[near]
    arm.learn(force_ms2, np.radians(tilt_deg), movement.axis)


def _min_arm_m(segment: Segment, params: RangeParams) -> float:
    """Smallest lever arm of a bridge; a trunk's is too short to tell."""
    arms_m = {Segment.PELVIS: params.min_pelvis_arm_m, Segment.THIGH: params.min_thigh_arm_m}
    return arms_m.get(segment, -np.inf)


def _unrest_ms2(movement: Movement) -> float:
    """Median deviation of the specific force."""
    times = movement.timing
    force_ms2 = movement.stretch.samples[movement.part(times.start, times.end), FORCE]
    return float(np.median(np.abs(force_ms2 - np.median(force_ms2))))


def _is_lift(movement: Movement, min_deg: float, params: RangeParams) -> bool:
    """Whether it goes far enough, not too far, and comes back."""
    times = movement.timing
    far_enough = min_deg <= times.range_deg <= params.max_deg
    return far_enough and (movement.comes_back or movement.stretch.closes)


def _repetition(movement: Movement, worn: Worn) -> Repetition:
    times, stretch = movement.timing, movement.stretch
    cut_start = stretch.opens and times.range_deg < _SEEN_PART * times.return_deg
    cut_end = stretch.closes and times.return_deg < _SEEN_PART * times.range_deg
    return repetition(movement, worn, partial=cut_start or cut_end)
