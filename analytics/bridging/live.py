"""What a coach needs to know of a bridge while it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from analytics.body import BODY_RATE_HZ
from analytics.bridging.phase import BridgePhase, PhaseParams, PhaseTracker
from analytics.events import Repetition
from sensors.types import FloatArray

_CONFIRMED_WITHIN = round(3.0 * BODY_RATE_HZ)
"""Samples until a bridge that was not reported was none; most are reported after 0.8 s."""

MeasureHold = Callable[[tuple[int, int, int], int], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveBridge:
    """The bridge of the moment, as seen at `at_s` of the recording.

    `repetitions` are the whole ones so far. One counts from when the hips are down; should the
    detector not confirm it, which takes it about a second, it is taken back. `hold_s` runs while
    the hips are held up; lowering and at rest it is that of the last hold, and once the repetition
    is confirmed, its own. In its first second a hold is timed roughly.
    """

    at_s: float
    phase: BridgePhase
    repetitions: int
    hold_s: float

    def remaining_hold_s(self, prescribed_hold_s: float) -> float:
        """How much longer to hold; the whole while there is no hold."""
        held_s = self.hold_s if self.phase is BridgePhase.HOLD else 0.0
        return max(prescribed_hold_s - held_s, 0.0)


class LiveFollower:
    """Follows the phases of bridges beside the detector, and reconciles them with what it reports.

    `measure_hold` measures the hold that a lift (see `PhaseTracker.lift`) has led to after so many
    samples: the sample at which it began, or None if it is no bridge's. It follows from sample
    `start` on, before which `confirmed` whole repetitions were reported.
    """

    def __init__(
        self,
        first_index: int,
        rise_axis: FloatArray,
        params: PhaseParams,
        measure_hold: MeasureHold,
        *,
        start: int = 0,
        confirmed: int = 0,
    ) -> None:
        self._first_index = first_index
        self._rise_axis = rise_axis
        self._tracker = PhaseTracker(params, start)
        self._measure_hold = measure_hold
        self._confirmed = confirmed
        self._last: Repetition | None = None

    def follow(self, rows: FloatArray) -> None:
        """Take the next rows (n, COLUMNS)."""
        taken = 0
        while taken < len(rows):
            taken += self._tracker.follow(rows[taken:], self._rise_axis)
            if self._tracker.awaits:
                self._judge()

    def reported(self, repetitions: Iterable[Repetition]) -> None:
        """The detector has reported these."""
        for repetition in repetitions:
            self._confirmed += not repetition.partial
            self._last = repetition

    @property
    def state(self) -> LiveBridge:
        """What is known now."""
        top, done = self._tracker.done
        is_new = done >= 0 and not self._is_reported(top)
        is_pending = is_new and self._tracker.count - done <= _CONFIRMED_WITHIN
        phase, hold_s = self._tracker.phase, self._tracker.hold_s
        if phase is BridgePhase.LIFT:
            hold_s = 0.0
        elif phase is BridgePhase.REST and not is_pending:
            hold_s = 0.0 if self._last is None else self._last.hold_s
        return LiveBridge(
            at_s=(self._first_index + self._tracker.count - 1) / BODY_RATE_HZ,
            phase=phase,
            repetitions=self._confirmed + is_pending,
            hold_s=hold_s,
        )

    def _judge(self) -> None:
        hold_start = self._measure_hold(self._tracker.lift, self._tracker.count)
        if hold_start is None:
            self._tracker.deny()
        else:
            self._tracker.accept(hold_start)

    def _is_reported(self, top: int) -> bool:
        return self._last is not None and self._last.end_s * BODY_RATE_HZ > self._first_index + top
