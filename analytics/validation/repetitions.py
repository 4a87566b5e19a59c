"""Repetitions found in one stream, and which of the true ones each of them is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from analytics.bridging import BridgingDetector
from analytics.detector import detect
from analytics.events import Repetition
from analytics.frontend import FrontEnd
from analytics.validation.worn import Stream
from sensors.types import Calibration

Interval: TypeAlias = tuple[float, float]
"""From and until when, in seconds."""


def repetitions(stream: Stream, calibration: Calibration | None = None) -> list[Repetition]:
    """The bridges that one sensor shows, with or without knowing how it sits."""
    info, chunk = stream
    front_end = FrontEnd([info], [] if calibration is None else [calibration])
    events = detect(BridgingDetector(), [*front_end.push(chunk), *front_end.finish()])
    return [event for event in events if isinstance(event, Repetition)]


def whole(found: Iterable[Repetition]) -> int:
    """How many of them count."""
    return sum(not repetition.partial for repetition in found)


def raised(repetition: Repetition) -> Interval:
    """While the hips are higher than half way, if lift and lowering are even."""
    return (
        0.5 * (repetition.start_s + repetition.hold_start_s),
        0.5 * (repetition.hold_end_s + repetition.end_s),
    )


def overlap(a: Interval, b: Interval) -> float:
    """Intersection over union of two intervals."""
    shared_s = min(a[1], b[1]) - max(a[0], b[0])
    return max(shared_s, 0.0) / (max(a[1], b[1]) - min(a[0], b[0]))


def matched(true: Sequence[Interval], found: Sequence[Interval]) -> list[int | None]:
    """For each true interval the index of the found one it is, or None.

    Pairs are made in the order of their overlap, each interval in one pair at most.
    """
    pairs = sorted(
        (
            (overlap(one, other), index, candidate)
            for index, one in enumerate(true)
            for candidate, other in enumerate(found)
        ),
        reverse=True,
    )
    matches: list[int | None] = [None] * len(true)
    for part, index, candidate in pairs:
        if part > 0.0 and matches[index] is None and candidate not in matches:
            matches[index] = candidate
    return matches
