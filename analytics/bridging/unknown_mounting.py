"""Which movements are bridges, from a sensor that is mounted anyhow."""

from __future__ import annotations

import numpy as np

from analytics.body import BODY_RATE_HZ
from analytics.bridging.judges import around, is_lift, judged_repetition
from analytics.bridging.lever import LeverArm
from analytics.bridging.limits import RangeParams, SetParams
from analytics.bridging.measures import Worn
from analytics.bridging.movement import FORCE, Movement
from analytics.bridging.rising import Member, RisingRule, rising
from analytics.bridging.usual import Usual
from analytics.events import Repetition
from sensors.types import FloatArray


class UnknownMounting:
    """A sensor mounted anyhow: only sets of like movements count, in which the sensor rises.

    Both directions are kept until the lever arm tells which way is up and that the hips rise at
    all; then the whole set is reported, and after that each repetition at its end.
    """

    def __init__(self, worn: Worn, ranges: RangeParams, sets: SetParams) -> None:
        self._worn = worn
        self._ranges, self._sets = ranges, sets
        self._rule = RisingRule(worn.segment, ranges, sets)
        self._usual = Usual(ranges)
        self._members: list[Member] = []
        self._stray: tuple[Member, Movement] | None = None
        self._last: Member | None = None
        self._arm = LeverArm()
        self._known = False

    @property
    def rise_axis(self) -> FloatArray | None:
        """See `Judge.rise_axis`: of the last repetition of a set that is known to be one."""
        if not self._known or self._last is None:
            return None
        axis = self._last.axis
        return axis if self._arm.along(axis) > 0.0 else -axis

    @property
    def knows_until_s(self) -> float:
        """See `Judge.knows_until_s`: for as long as a set may pause."""
        return (
            -np.inf if self._last is None else self._last.repetition.end_s + self._sets.max_pause_s
        )

    def allows_hold(self, movement: Movement) -> bool:
        """See `Judge.allows_hold`: as the set is known, and like its movements."""
        return (
            self._known
            and self._last is not None
            and self._allows_lift(movement)
            and self._is_like(movement.timing.range_deg, self._last.least_deg)
        )

    def consider(self, movement: Movement) -> list[Repetition]:
        """See `Judge.consider`: one unlike movement is passed over, two end the set."""
        if not self._allows(movement):
            return []
        times = movement.timing
        member = Member(
            judged_repetition(movement, self._worn),
            movement.axis,
            0.5 * (times.range_deg + times.return_deg),
            min(times.range_deg, times.return_deg),
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

    def _join(self, member: Member, movement: Movement) -> list[Repetition]:
        self._stray = None
        if self._last is not None and member.repeats(self._last):
            return []
        self._last = member
        self._members.append(member)
        near = around(movement)
        self._arm.learn(
            movement.stretch.samples[near, FORCE],
            movement.up[near],
            movement.stretch.first + near.start,
        )
        done = self._report(ended=len(self._members) >= self._sets.max_waiting)
        self._members = self._members[-self._sets.max_waiting :]
        return done

    def _report(self, *, ended: bool) -> list[Repetition]:
        """The members that go up, if they are a set in which the hips rise."""
        if not self._known and not self._rule.fits(self._members, self._arm, ended=ended):
            return []
        self._known = True
        up = rising(self._members, self._arm)
        self._members = []
        return [self._usual.compared(member.repetition) for member in up]

    def _close(self) -> list[Repetition]:
        done = self._report(ended=True)
        self._members, self._last, self._stray = [], None, None
        self._arm = LeverArm()
        self._known = False
        return done

    def _allows(self, movement: Movement) -> bool:
        return (
            self._allows_lift(movement)
            and self._comes_back_alike(movement)
            and self._is_phase(movement.timing.end - movement.timing.hold_end)
        )

    def _allows_lift(self, movement: Movement) -> bool:
        times = movement.timing
        return (
            is_lift(movement, self._sets.min_deg, self._ranges)
            and self._is_phase(times.hold_start - times.start)
            and times.hold_end - times.hold_start <= self._sets.max_hold_s * BODY_RATE_HZ
            and _unrest_ms2(movement) <= self._sets.max_unrest_ms2
        )

    def _is_phase(self, samples: float) -> bool:
        """Whether a lift or a lowering may last for so many samples."""
        shortest_s, longest_s = self._sets.phase_s
        return shortest_s <= samples / BODY_RATE_HZ <= longest_s

    def _comes_back_alike(self, movement: Movement) -> bool:
        times, stretch = movement.timing, movement.stretch
        smaller, larger = sorted((times.range_deg, times.return_deg))
        return stretch.opens or stretch.closes or smaller >= self._sets.min_alike_part * larger

    def _are_alike(self, before: Member, member: Member) -> bool:
        pause_s = member.repetition.start_s - before.repetition.end_s
        return (
            pause_s <= self._sets.max_pause_s
            and abs(float(member.axis @ before.axis)) >= self._sets.min_alignment
            and self._is_like(member.least_deg, before.least_deg)
        )

    def _is_like(self, range_deg: float, other_deg: float) -> bool:
        most = self._sets.max_range_ratio
        return other_deg <= most * range_deg and range_deg <= most * other_deg


def _unrest_ms2(movement: Movement) -> float:
    """Median deviation of the specific force."""
    times = movement.timing
    force_ms2 = movement.stretch.samples[movement.part(times.start, times.end), FORCE]
    return float(np.median(np.abs(force_ms2 - np.median(force_ms2))))
