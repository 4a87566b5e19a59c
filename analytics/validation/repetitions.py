"""Repetitions found by sensors, and which of the true ones each of them is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from analytics.bridging import BridgingDetector
from analytics.calibration import calibrate
from analytics.detector import detect
from analytics.events import Repetition
from analytics.frontend import FrontEnd
from analytics.validation.worn import Stream, without_gyro
from sensors.simulator import Simulation
from sensors.types import Calibration, Placement

Interval: TypeAlias = tuple[float, float]
"""From and until when, in seconds."""

UNKNOWN = ", mounting unknown"
WORN = {"": (True, True), ", no gyroscope": (False, True), UNKNOWN: (True, False)}
"""How a sensor is worn: whether it has a gyroscope, and whether it was calibrated."""

WhichSensor: TypeAlias = tuple[str, str]
"""Where it sits, and how it is worn."""


def repetitions(stream: Stream, calibration: Calibration | None = None) -> list[Repetition]:
    """The bridges that one sensor shows, with or without knowing how it sits."""
    info, chunk = stream
    front_end = FrontEnd([info], [] if calibration is None else [calibration])
    events = detect(BridgingDetector(), [*front_end.push(chunk), *front_end.finish()])
    return [event for event in events if isinstance(event, Repetition)]


def found_by_each(simulation: Simulation) -> dict[WhichSensor, list[Repetition]]:
    """The repetitions that each simulated sensor shows alone, worn in each way."""
    found = {}
    for calibration, info in zip(calibrated(simulation), simulation.infos, strict=True):
        stream = info, simulation.samples(info.placement)
        for how, (has_gyro, known) in WORN.items():
            found[str(info.placement), how] = repetitions(
                stream if has_gyro else without_gyro(stream), calibration if known else None
            )
    return found


def found_together(simulation: Simulation, pair: Sequence[Placement]) -> list[Repetition]:
    """The repetitions that several simulated sensors show together, calibrated."""
    infos = [info for info in simulation.infos if info.placement in pair]
    front_end = FrontEnd(infos, [c for c in calibrated(simulation) if c.placement in pair])
    chunks = (chunk for chunk in simulation.chunks(1.0) if chunk.placement in pair)
    body = [part for chunk in chunks for part in front_end.push(chunk)]
    events = detect(BridgingDetector(), [*body, *front_end.finish()])
    return [event for event in events if isinstance(event, Repetition)]


def calibrated(simulation: Simulation) -> tuple[Calibration, ...]:
    """How the sensors sit, from the standing and lying that the simulation begins with."""
    return calibrate(
        simulation.infos,
        [simulation.samples(info.placement) for info in simulation.infos],
        still=simulation.still_s,
        lying=simulation.lying_s,
        made_from="simulation",
    )


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
