"""The turning points of a segment's tilt, and the samples around the last of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from analytics.body import BODY_RATE_HZ
from analytics.bridging.movement import COLUMNS, Stretch
from analytics.bridging.swings import Mark, SwingEvent
from analytics.history import History
from sensors.types import FloatArray

E = TypeVar("E")

_KEPT = round(150.0 * BODY_RATE_HZ)
"""Samples that are kept to be looked at once a movement is over."""

_MARGIN = round(1.5 * BODY_RATE_HZ)
"""Samples that are looked at before the lowest one, to know the rest."""


class Turns:
    """Follows where a tilt turns, and hands out each movement once, when it may have come back.

    Samples count from the first one, which is `first_index` on the body grid.
    """

    def __init__(self, first_index: int) -> None:
        self._first_index = first_index
        self._history = History(columns=COLUMNS, kept=_KEPT)
        self._points: list[int] = []
        self._started_at = 0
        self._judged_top = -1

    def room(self, count: int) -> FloatArray:
        """Rows (count, COLUMNS) for the next samples, to be written at once."""
        return self._history.room(count)

    def heed(
        self, event: SwingEvent, judge: Callable[[Stretch, SwingEvent], list[E] | None]
    ) -> list[E]:
        """Take what the swings tell next; return what `judge` finds in the movement before it.

        It may answer None: then the movement is not over, and the next event asks again.
        """
        if event.mark is Mark.START:
            self._points = [event.index]
            self._started_at = event.index
            return []
        found = self._judged(event, judge)
        if event.mark is not Mark.SETTLED:
            self._points = [*self._points[-1:], event.index]
        if event.mark is Mark.BREAK:
            found += self._judged(event, judge)
        return found

    def cut_off(self, began: int, low: int, top: int, end: int) -> Stretch:
        """The samples around a top, of a movement since `began` that is taken to end at `end`."""
        first = max(low - _MARGIN, began, end - _KEPT)
        return Stretch(
            first=self._first_index + first,
            samples=self._history.part(first, end),
            low=max(low - first, 0),
            top=top - first,
            closes=True,
        )

    def _judged(
        self, event: SwingEvent, judge: Callable[[Stretch, SwingEvent], list[E] | None]
    ) -> list[E]:
        if len(self._points) < 2 or self._points[1] == self._judged_top:
            return []
        low, top = self._points
        first = max(low - _MARGIN, self._started_at, event.noticed_at - _KEPT)
        if top <= max(first, low):
            return []
        stretch = Stretch(
            first=self._first_index + first,
            samples=self._history.part(first, event.noticed_at + 1),
            low=max(low - first, 0),
            top=top - first,
            opens=low == self._started_at,
            closes=event.mark is Mark.BREAK,
        )
        found = judge(stretch, event)
        if found is None:
            return []
        self._judged_top = top
        return found
