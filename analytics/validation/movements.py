"""Rises, hard landings and stumbles in recordings of others, by sensors mounted anyhow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analytics.detector import detect
from analytics.events import Event, NearFall, NearFallKind, StandUp
from analytics.near_falls import StumbleDetector
from analytics.transfers import TransferDetector
from analytics.validation.fall_trials import Trial, read_trials
from analytics.validation.figures import ALL, Figure, Kind, Unit, pooled, rate, share

SET = "SisFall waist"
RISE, LANDING, STUMBLE = "rises", "hard landings", "stumbles"

TOLD: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "slow rises from a chair found": (RISE, ("D07", "D09")),
    "quick rises from a chair found": (RISE, ("D08", "D10")),
    "toppling back into the chair told as a hard landing": (LANDING, ("D11",)),
    "sitting down quickly told so too": (LANDING, ("D08", "D10")),
    "stumbles told": (STUMBLE, ("D18",)),
}
"""What is to be found in which activities."""

ALSO: Mapping[str, tuple[str, ...]] = {
    RISE: ("D11", "D15", "D17"),
    LANDING: (),
    STUMBLE: (),
}
"""Other activities that have it: toppling back follows a rise, squatting and leaving a car end in
one."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A trial, and what was told in it."""

    trial: Trial
    told: frozenset[str]

    @property
    def group(self) -> str:
        """Whether somebody young or older did it."""
        return "older" if self.trial.subject.startswith("SE") else "young"


def movement_figures(datasets: Path) -> Iterator[Figure]:
    """Activities in which what was done is told, by person, and what is told where it was not."""
    yield from told_figures(list(read_trials(datasets, "sisfall")))


def told_figures(trials: Sequence[Trial]) -> Iterator[Figure]:
    """The same of trials that were read already."""
    seen = [Seen(trial, frozenset(_told(trial))) for trial in trials if not trial.is_fall]
    for what, (told, exercises) in TOLD.items():
        for group in ("young", "older"):
            done = [s for s in seen if s.trial.exercise in exercises and s.group == group]
            yield from _shares(Kind(SET, f"{what}, {group}", Unit.SHARE), told, done)
    for told, also in ALSO.items():
        having = {each for kind, where in TOLD.values() if kind == told for each in where}
        others = [s for s in seen if s.trial.exercise not in having.union(also)]
        hours = sum(s.trial.duration_s for s in others) / 3600.0
        kind = Kind(SET, f"{told} told where there were none", Unit.PER_HOUR)
        yield rate(kind, ALL, sum(told in s.told for s in others), hours)


def _told(trial: Trial) -> Iterator[str]:
    events: list[Event] = [
        *detect(TransferDetector(), trial.body),
        *detect(StumbleDetector(), trial.body),
    ]
    for event in events:
        if isinstance(event, StandUp):
            yield RISE
        elif isinstance(event, NearFall):
            yield STUMBLE if event.kind is NearFallKind.STUMBLE else LANDING


def _shares(kind: Kind, told: str, done: Sequence[Seen]) -> Iterator[Figure]:
    by_subject: dict[str, list[bool]] = {}
    for each in done:
        by_subject.setdefault(each.trial.subject, []).append(told in each.told)
    for subject, found in sorted(by_subject.items()):
        yield share(kind, subject, sum(found), len(found))
    yield pooled(
        kind,
        [sum(found) for found in by_subject.values()],
        [len(found) for found in by_subject.values()],
    )
