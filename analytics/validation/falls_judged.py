"""Trials of falls and activities, judged by a model that never saw their people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from analytics.body import BODY_RATE_HZ, BodyChunk
from analytics.falls import FallDetector
from analytics.falls.model import FallModel
from analytics.validation.fall_trials import HIT_WITHIN_S, Trial, falls_called, fitted
from analytics.validation.figures import ALL, Figure, Kind, Unit, pooled, rate, share

LIVE_S = 0.2
"""How many seconds a live stream gives at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A trial, and how many falls were called in it: in a fall only where it happened."""

    trial: Trial
    calls: int

    @property
    def right(self) -> bool:
        """A fall that was found, or an activity without a call."""
        return (self.calls > 0) == self.trial.is_fall


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked: shares in percent and false alarms an hour; None where nothing is."""

    found: float | None = None
    clean: float | None = None
    false_per_hour: float | None = None


NOTHING_ASKED = Asked()

Grouping: TypeAlias = Callable[[Trial], str]


def judged(model: FallModel | None, trials: Sequence[Trial]) -> list[Judged]:
    """Each trial as the whole detector takes it; without a model, as the one that is shipped."""
    return [Judged(trial, len(falls_called(model, trial))) for trial in trials]


def leaving_one_out(trials: Sequence[Trial]) -> list[Judged]:
    """Each person's trials as judged by the model fitted on everybody else's."""
    found = []
    for subject in sorted({trial.subject for trial in trials}):
        model = fitted([trial for trial in trials if trial.subject != subject])
        found += judged(model, [trial for trial in trials if trial.subject == subject])
    return found


def by_subject(trial: Trial) -> str:
    """Who did it."""
    return trial.subject


def by_exercise(trial: Trial) -> str:
    """What was done."""
    return trial.exercise


def fall_figures(
    data_set: str,
    how: str,
    results: Sequence[Judged],
    asked: Asked = NOTHING_ASKED,
    grouping: Grouping = by_subject,
) -> Iterator[Figure]:
    """Falls found, activities without an alarm, and alarms an hour, by group and over all."""
    falls = [each for each in results if each.trial.is_fall]
    activities = [each for each in results if not each.trial.is_fall]
    if falls:
        yield from _shares(
            Kind(data_set, f"{how}, falls found", Unit.SHARE, asked.found), falls, grouping
        )
    if activities:
        clean = Kind(data_set, f"{how}, activities clean", Unit.SHARE, asked.clean)
        yield from _shares(clean, activities, grouping)
        yield from _rates(
            Kind(data_set, f"{how}, false alarms", Unit.PER_HOUR, asked.false_per_hour),
            activities,
            grouping,
        )


def decision_delays_s(model: FallModel, trial: Trial) -> list[float]:
    """How long after a fall's strongest moment it was first suspected: one number, or none.

    None where it never was: the fall was missed, or the recording ended before it was decided.
    """
    detector = FallDetector(model=model)
    for part in _pieces(trial.body):
        detector.update(part)
        fall = detector.suspected
        if fall is not None and abs(fall.impact_s - trial.strongest_s) <= HIT_WITHIN_S:
            known_s = (part.start_index + len(part)) / BODY_RATE_HZ
            return [known_s - trial.strongest_s]
    return []


def _pieces(body: Sequence[BodyChunk]) -> Iterator[BodyChunk]:
    """The samples as they would come live."""
    step = round(LIVE_S * BODY_RATE_HZ)
    for chunk in body:
        for first in range(0, len(chunk), step):
            within = slice(first, first + step)
            yield BodyChunk(
                chunk.start_index + first,
                {
                    name: replace(
                        segment,
                        acc=segment.acc[within],
                        gyro=segment.gyro[within],
                        up=segment.up[within],
                        peak_ms2=segment.peak_ms2[within],
                    )
                    for name, segment in chunk.segments.items()
                },
            )


def _shares(kind: Kind, results: Sequence[Judged], grouping: Grouping) -> Iterator[Figure]:
    groups = _grouped(results, grouping)
    for name, group in groups.items():
        yield share(kind, name, sum(each.right for each in group), len(group))
    hits = [sum(each.right for each in group) for group in groups.values()]
    yield pooled(kind, hits, [len(group) for group in groups.values()])


def _rates(kind: Kind, results: Sequence[Judged], grouping: Grouping) -> Iterator[Figure]:
    for name, group in _grouped(results, grouping).items():
        yield rate(kind, name, *_alarms(group))
    yield rate(kind, ALL, *_alarms(results))


def _alarms(results: Sequence[Judged]) -> tuple[int, float]:
    """False alarms, and in how many hours."""
    hours = float(np.sum([each.trial.duration_s for each in results])) / 3600.0
    return sum(each.calls for each in results), hours


def _grouped(results: Sequence[Judged], grouping: Grouping) -> dict[str, list[Judged]]:
    groups: dict[str, list[Judged]] = {}
    for each in sorted(results, key=lambda each: grouping(each.trial)):
        groups.setdefault(grouping(each.trial), []).append(each)
    return groups
