"""Bridges in recordings that others made, and what is taken for them where there are none.

MEx shows the only bridges: a thigh accelerometer, mounting not known. `bridging_truth.json` beside
it holds when the hips were raised, between the crossings of half the height, read off plots, and
between how many repetitions people may differ in counting.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from analytics.events import Repetition
from analytics.validation.everyday import calibration_of, people
from analytics.validation.figures import ALL, Figure, Kind, Unit, pooled, quantile, rate, share
from analytics.validation.lying_down import calibrated_trials
from analytics.validation.nuisances import at_rate, lossy, noisy
from analytics.validation.repetitions import (
    Interval,
    matched,
    overlap,
    raised,
    repetitions,
    whole,
)
from analytics.validation.worn import (
    Stream,
    ValidationError,
    mountings,
    read_set,
    streams,
    turned,
)
from sensors.importers import Item
from sensors.types import FloatArray

MEX = "MEx thigh"
BRIDGING = "02"
EXERCISES = {
    "01": "knee rolling",
    "03": "pelvic tilt",
    "04": "clam",
    "05": "repeated extension",
    "06": "prone punch",
    "07": "superman",
}
SENSORS = {
    "25 Hz": partial(at_rate, rate_hz=25.0),
    "noise 0.03 g": partial(noisy, sd_g=0.03),
    "10 % lost": partial(lossy, share=0.1),
}
"""What other sensors would have made of the same bridges."""

ASKED_MEDIAN, ASKED_LEAST = 85.0, 60.0
ASKED_OTHERS = 95.0
MOST_FALSE = 1
"""As many false repetitions a trial of another exercise may show."""


def recorded_figures(datasets: Path) -> Iterator[Figure]:
    """Bridges found as annotated, and false repetitions in everything else."""
    items, _ = read_set(datasets, "mex")
    as_worn, random = mountings(1)
    yield from _bridging_figures(items, _truth(datasets), as_worn, "")
    yield from _bridging_figures(items, _truth(datasets), random, ", random mounting")
    yield from _nuisance_figures(items, _truth(datasets))
    yield from _other_exercise_figures(items)
    yield from _in_bed_figures(datasets)
    yield from _everyday_figures(datasets)


def _truth(datasets: Path) -> dict[str, Any]:
    path = datasets / "mex" / "bridging_truth.json"
    try:
        trials: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["trials"]
    except (OSError, ValueError, KeyError) as error:
        raise ValidationError(
            f"{path} cannot be read, so bridges were not validated; put the annotation of the "
            "repetitions there."
        ) from error
    return trials


def _bridging_figures(
    items: list[Item], truth: dict[str, Any], rotation: FloatArray, how: str
) -> Iterator[Figure]:
    counted = Kind(MEX, f"bridges as many as annotated{how}", Unit.SHARE, 100.0)
    median = Kind(MEX, f"overlap with the annotated, median{how}", Unit.SHARE, ASKED_MEDIAN)
    enough = Kind(MEX, f"annotated bridges overlapped by 60 %{how}", Unit.SHARE, 100.0)
    right: list[int] = []
    overlaps: list[list[float]] = []
    for item in items:
        if item.exercise == BRIDGING:
            trial = truth[item.subject]
            ((info, chunk),) = streams(item, "mex")
            found = repetitions((info, turned(chunk, rotation)))
            right.append(_is_right(trial, found))
            yield share(counted, item.subject, right[-1], 1)
            overlaps.append(_overlaps_percent(trial["raised_intervals_s"], found))
            yield quantile(median, item.subject, [overlaps[-1]], 0.5)
            yield share(enough, item.subject, *_enough(overlaps[-1]))
    yield pooled(counted, right, [1] * len(right))
    yield quantile(median, ALL, overlaps, 0.5)
    hits, counts = zip(*map(_enough, overlaps), strict=True)
    yield pooled(enough, hits, counts)


def _nuisance_figures(items: list[Item], truth: dict[str, Any]) -> Iterator[Figure]:
    """Counts as sensors would have led to that are slower, noisier or lose packets."""
    for name, change in SENSORS.items():
        kind = Kind(MEX, f"bridges as many as annotated, {name}", Unit.SHARE, 100.0)
        right = []
        for number, item in enumerate(items):
            if item.exercise == BRIDGING:
                ((info, chunk),) = streams(item, "mex")
                found = repetitions(change(info, chunk, np.random.default_rng(number)))
                right.append(_is_right(truth[item.subject], found))
                yield share(kind, item.subject, right[-1], 1)
        yield pooled(kind, right, [1] * len(right))


def _is_right(trial: dict[str, Any], found: list[Repetition]) -> bool:
    """Whether as many were found as people may have counted."""
    return bool(trial["reps_min"] <= whole(found) <= trial["reps_max"])


def _overlaps_percent(true: list[Interval], found: list[Repetition]) -> list[float]:
    """How far each annotated interval and the found one that matches it overlap."""
    intervals = [raised(repetition) for repetition in found]
    matches = matched(true, intervals)
    return [
        0.0 if match is None else 100.0 * overlap(interval, intervals[match])
        for interval, match in zip(true, matches, strict=True)
    ]


def _enough(overlaps: list[float]) -> tuple[int, int]:
    return sum(each >= ASKED_LEAST for each in overlaps), len(overlaps)


def _other_exercise_figures(items: list[Item]) -> Iterator[Figure]:
    kind = Kind(MEX, f"other exercises with at most {MOST_FALSE} bridge", Unit.SHARE, ASKED_OTHERS)
    clean: dict[str, list[bool]] = {}
    for item in items:
        if item.exercise in EXERCISES:
            ((info, chunk),) = streams(item, "mex")
            found = whole(repetitions((info, chunk)))
            clean.setdefault(item.exercise, []).append(found <= MOST_FALSE)
    for exercise, each in clean.items():
        yield share(kind, EXERCISES[exercise], sum(each), len(each))
    yield pooled(kind, [sum(each) for each in clean.values()], [*map(len, clean.values())])


def _in_bed_figures(datasets: Path) -> Iterator[Figure]:
    """Lying down, getting up and turning over, calibrated from other trials of the person."""
    kind = Kind("SisFall waist", "false bridges lying down and turning", Unit.PER_HOUR)
    counts: dict[str, int] = {}
    hours: dict[str, float] = {}
    for trial, calibration in calibrated_trials(datasets, "sisfall"):
        found = whole(repetitions(trial.stream, calibration))
        counts[trial.exercise] = counts.get(trial.exercise, 0) + found
        hours[trial.exercise] = hours.get(trial.exercise, 0.0) + _hours(trial.stream)
    yield from _rates(kind, counts, hours)


def _everyday_figures(datasets: Path) -> Iterator[Figure]:
    """A chest sensor in sport and exercise, with its mounting known and not."""
    for calibrated, how in ((True, ""), (False, ", mounting unknown")):
        kind = Kind("DSADS chest", f"false bridges in sport and rest{how}", Unit.PER_HOUR)
        counts: dict[str, int] = {}
        hours: dict[str, float] = {}
        for person in people(datasets).values():
            calibration = calibration_of(person) if calibrated else None
            for activity, stream in person.items():
                found = whole(repetitions(stream, calibration))
                counts[activity] = counts.get(activity, 0) + found
                hours[activity] = hours.get(activity, 0.0) + _hours(stream)
        yield from _rates(kind, counts, hours)


def _rates(kind: Kind, counts: dict[str, int], hours: dict[str, float]) -> Iterator[Figure]:
    for name, count in counts.items():
        yield rate(kind, name, count, hours[name])
    yield rate(kind, ALL, sum(counts.values()), sum(hours.values()))


def _hours(stream: Stream) -> float:
    times_s = stream[1].t_s
    return float(times_s[-1] - times_s[0]) / 3600.0
