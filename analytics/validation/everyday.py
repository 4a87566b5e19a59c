"""Postures over minutes of everyday activities: DSADS, a sensor on the chest, 25 Hz."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from analytics.calibration import calibrate
from analytics.events import Posture
from analytics.validation.figures import Figure, Kind, Unit, pooled, share
from analytics.validation.worn import (
    Stream,
    labels,
    mountings,
    postures,
    read_set,
    streams,
    turned,
    without_gyro,
)
from sensors.types import Calibration, FloatArray

RANDOM_MOUNTINGS = 3
POSE_S = (1.0, 6.0)
"""Five seconds of standing and five of lying on the back calibrate each person."""

STANDING, LYING_BACK, LYING_RIGHT = "a02", "a03", "a04"
UPRIGHT = (STANDING, "a05", "a06", "a09", "a10", "a11", "a12")
"""Standing, stairs, walking (in a car park and on a treadmill) and running."""

SIDES = {LYING_BACK: Posture.SUPINE, LYING_RIGHT: Posture.RIGHT}
ASKED_LYING, ASKED_SIDE = 99.5, 98.0

Subject = Mapping[str, Stream]
"""The streams of one person by activity."""


def everyday_figures(datasets: Path) -> Iterator[Figure]:
    """Lying told from upright, and the side of lying, for each person, sample by sample."""
    posed = (*UPRIGHT, *SIDES)
    wearers = {
        name: {activity: stream for activity, stream in person.items() if activity in posed}
        for name, person in people(datasets).items()
    }
    as_worn, *random = mountings(RANDOM_MOUNTINGS)
    yield from _figures(wearers, [as_worn], "")
    yield from _figures(wearers, random, ", random mounting")
    alone = {
        name: {activity: without_gyro(stream) for activity, stream in person.items()}
        for name, person in wearers.items()
    }
    yield from _figures(alone, random, ", random mounting, no gyroscope")


def people(datasets: Path) -> dict[str, Subject]:
    """The people of the set by name, each with all that they did."""
    items, name = read_set(datasets, "dsads")
    found: dict[str, dict[str, Stream]] = {}
    for item in items:
        (stream,) = streams(item, name)
        found.setdefault(item.subject, {})[item.exercise] = stream
    return dict(found)


def calibration_of(worn: Subject) -> Calibration:
    """How a person's sensor sits, from standing and lying on the back."""
    info, standing = worn[STANDING]
    _, lying = worn[LYING_BACK]
    (calibration,) = calibrate(
        [info], [standing], still=POSE_S, lying=POSE_S, lying_chunks=[lying], made_from=STANDING
    )
    return calibration


def _figures(
    people: Mapping[str, Subject], rotations: Sequence[FloatArray], how: str
) -> Iterator[Figure]:
    lying = Kind("DSADS chest", f"lying told from upright{how}", Unit.SHARE, ASKED_LYING)
    side = Kind("DSADS chest", f"side of lying{how}", Unit.SHARE, ASKED_SIDE)
    counted = {
        name: [_counted(person, rotation) for rotation in rotations]
        for name, person in people.items()
    }
    for kind, first in ((lying, 0), (side, 2)):
        hits = {name: sum(each[first] for each in all_) for name, all_ in counted.items()}
        counts = {name: sum(each[first + 1] for each in all_) for name, all_ in counted.items()}
        for name in people:
            yield share(kind, name, hits[name], counts[name])
        yield pooled(kind, list(hits.values()), list(counts.values()))


def _counted(person: Subject, rotation: FloatArray) -> tuple[int, int, int, int]:
    """Samples with lying told right, samples, lying samples with the side right, lying samples."""
    worn = {activity: (info, turned(chunk, rotation)) for activity, (info, chunk) in person.items()}
    calibration = calibration_of(worn)
    told = side = 0
    total = lying_total = 0
    for activity, stream in worn.items():
        found = labels(postures(stream, calibration))
        total += len(found)
        if activity in SIDES:
            lying_total += len(found)
            told += sum(label not in (Posture.UPRIGHT, Posture.UNKNOWN) for label in found)
            side += sum(label == SIDES[activity] for label in found)
        else:
            told += sum(label == Posture.UPRIGHT for label in found)
    return told, total, side, lying_total
