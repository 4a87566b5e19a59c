"""The last samples of a stream, kept so that a movement can be looked at once it is over."""

from __future__ import annotations

import numpy as np

from sensors.types import FloatArray

BLOCK = 2048
"""Most samples that are taken at a time."""


class History:
    """Rows of the last samples, by their number since the first.

    `kept` rows before any of the last block are there, and a block more, since the end of a stream
    is noticed only after the gap that ends it.
    """

    def __init__(self, *, columns: int, kept: int) -> None:
        self._kept = kept + BLOCK
        self._rows = np.empty((2 * self._kept + BLOCK, columns))
        self._count = 0
        self._first = 0

    @property
    def end(self) -> int:
        """The number of the sample after the last."""
        return self._first + self._count

    def room(self, count: int) -> FloatArray:
        """Rows for the next samples, at most `BLOCK`."""
        if self._count + count > len(self._rows):
            dropped = self._count - self._kept
            self._rows[: self._kept] = self._rows[dropped : self._count]
            self._count = self._kept
            self._first += dropped
        self._count += count
        return self._rows[self._count - count : self._count]

    def part(self, start: int, end: int) -> FloatArray:
        """A copy of the rows from number `start` to, not including, `end`."""
        return self._rows[start - self._first : end - self._first].copy()
