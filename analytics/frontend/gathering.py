"""Body samples held back until there are enough of them to be worth a call of the detectors."""

from __future__ import annotations

from analytics.body import BodyChunk, joined


class Gathering:
    """Puts the samples of a live stream together: a call costs as much for two as for twenty."""

    def __init__(self, least: int) -> None:
        self._least = least
        self._held: list[BodyChunk] = []
        self._count = 0

    def add(self, chunk: BodyChunk) -> list[BodyChunk]:
        """Take the next samples; return what is at least `least` long, or cannot be joined."""
        given = [] if self._fits(chunk) else self.rest()
        self._held.append(chunk)
        self._count += len(chunk)
        return given + self.rest() if self._count >= self._least else given

    def rest(self) -> list[BodyChunk]:
        """Return what is still held back, in one piece."""
        held, self._held, self._count = self._held, [], 0
        return [joined(held)] if held else []

    def _fits(self, chunk: BodyChunk) -> bool:
        """Whether the axes of what is held are as sure as those of the next samples."""
        return not self._held or all(
            segment.tilt_sigma_deg == chunk.segments[name].tilt_sigma_deg
            for name, segment in self._held[-1].segments.items()
        )
