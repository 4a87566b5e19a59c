"""Whether like movements of a sensor that is mounted anyhow raise the hips: by its lever arm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.body import Segment
from analytics.bridging.lever import LeverArm
from analytics.bridging.limits import RangeParams, SetParams, min_arm_m
from analytics.events import Repetition
from sensors.types import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A movement of a set, up or down, as the repetition that it would make if it went up.

    `range_deg` is the mean of its lift and lowering, `least_deg` the smaller of them.
    """

    repetition: Repetition
    axis: FloatArray
    range_deg: float
    least_deg: float
    unrest_ms2: float

    def repeats(self, before: Member) -> bool:
        """Whether it is the same lift as the one before, which sagged on its way."""
        same_way = float(self.axis @ before.axis) > 0.0
        return same_way and self.repetition.start_s < before.repetition.hold_end_s


class RisingRule:
    """What the arm of a set must be for bridges.

    A thigh turns about the knee and a pelvis about the shoulders, so their arms are long. An arm
    that is shorter, as in some bridges and many other exercises, must come with a modest, held and
    steady movement. A trunk's arm is short, since it turns about the shoulders too.
    """

    def __init__(self, segment: Segment, ranges: RangeParams, sets: SetParams) -> None:
        self._on_trunk = segment is Segment.TRUNK
        self._sets = sets
        self._least_m = min_arm_m(segment, ranges)

    def fits(self, members: Sequence[Member], arm: LeverArm, *, ended: bool) -> bool:
        """Whether those of the members, up and down, that go up are bridges.

        While the set goes on, `ended` False, more certainty is asked.
        """
        sets = self._sets
        up = rising(members, arm)
        if len(up) < sets.min_repetitions:
            return False
        arm_m = _median(arm.along(member.axis) for member in up)
        rise_m = arm_m * np.radians(_median(member.range_deg for member in up))
        likely = ended and not self._on_trunk
        errors = sets.likely_errors if likely else sets.sure_errors
        surely_m = arm_m - errors * _median(arm.error_m(member.axis) for member in up)
        if self._on_trunk:
            least_m, most_m = sets.trunk_arm_m
            held = self._are_held(up, sets.trunk_hold_s, sets.trunk_deg)
            return held and least_m <= surely_m and arm_m <= most_m and rise_m >= sets.trunk_rise_m
        return surely_m >= self._min_arm_m(members, up) and rise_m >= sets.min_rise_m

    def _min_arm_m(self, members: Sequence[Member], up: Sequence[Member]) -> float:
        sets = self._sets
        least_m = sets.plain_arm_m
        if self._are_held(up, sets.modest_hold_s, sets.modest_deg):
            least_m = min(sets.min_arm_m + sets.wandering_arm_m * _wandering(members), least_m)
        return max(least_m, self._least_m)

    def _are_held(self, up: Sequence[Member], hold_s: float, most_deg: float) -> bool:
        """Whether they are usually held for so long, calmly, and go no further."""
        return (
            _median(member.repetition.hold_s for member in up) >= hold_s
            and _median(member.range_deg for member in up) <= most_deg
            and _median(member.unrest_ms2 for member in up) <= self._sets.max_usual_unrest_ms2
        )


def rising(members: Iterable[Member], arm: LeverArm) -> list[Member]:
    """Those that raise the sensor."""
    return [member for member in members if arm.along(member.axis) > 0.0]


def _wandering(members: Sequence[Member]) -> float:
    """One less the mean cosine between the axes of the movements, up or down, and their mean."""
    axes = np.array([member.axis for member in members])
    axes *= np.sign(axes @ axes[-1])[:, np.newaxis]
    return 1.0 - float(np.linalg.norm(axes.mean(axis=0)))


def _median(values: Iterable[float]) -> float:
    return float(np.median(list(values)))
