"""Fit the fall model on published recordings and show how it does on people and sets it never saw.

    FIVEPOINT_DATASETS=… python -m benchmarks.fit_falls [--write]

SisFall and UMAFall are read by the importers and brought through the front end like any recording.
`--write` puts the coefficients, fitted on both sets, where `analytics.falls.model` looks for them.
"""

from __future__ import annotations

import math
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from scipy.stats import chi2

import analytics.falls
from analytics.falls.model import MODEL_FILE, FallModel
from analytics.validation.fall_trials import Trial, falls_called, fitted, read_trials
from analytics.validation.nuisances import worn_otherwise
from sensors.types import Placement


def main(arguments: Sequence[str]) -> int:
    """Print the held-out results; with `--write` also fit and write the model."""
    folder = os.environ.get("FIVEPOINT_DATASETS")
    if not folder:
        print("FIVEPOINT_DATASETS is not set, so nothing was fitted; set it to the data folder.")
        return 1
    sisfall = list(read_trials(Path(folder), "sisfall"))
    umafall = list(read_trials(Path(folder), "umafall"))
    report(sisfall, umafall, list(read_trials(Path(folder), "sisfall", worn_otherwise)))
    if "--write" in arguments:
        told = f"SisFall: {_counted(sisfall)}; UMAFall: {_counted(umafall)}"
        model = fitted(sisfall + umafall, told)
        target = Path(analytics.falls.__file__).with_name(MODEL_FILE)
        target.write_bytes(msgspec.json.format(msgspec.json.encode(model), indent=2) + b"\n")
        print(f"\nWrote {target}.")
    return 0


def report(sisfall: list[Trial], umafall: list[Trial], otherwise: list[Trial]) -> None:
    """Print the results on people and sets that the model was not fitted on.

    `otherwise` is SisFall as if worn otherwise.
    """
    print(f"{'fitted on → tested on':38}{'falls found':>27}{'clean activities':>28}{'false/h':>22}")
    left_out = _left_out_scores(sisfall)
    old = [trial.subject.startswith("SE") for trial in sisfall]
    _line("SisFall, leaving one person out", left_out)
    _line("… of these SE06", [s for s in left_out if s.trial.subject == "SE06"])
    young = fitted([t for t, is_old in zip(sisfall, old, strict=True) if not is_old])
    _line("SisFall young → old", _scores(young, [t for t in sisfall if t.subject[1] == "E"]))
    model = fitted(sisfall)
    for place in (Placement.WAIST, Placement.STERNUM):
        there = [trial for trial in umafall if trial.placement is place]
        _line(f"SisFall → UMAFall {place}", _scores(model, there))
    model = fitted(umafall)
    _line("UMAFall → SisFall", _scores(model, sisfall))
    _line("UMAFall → SisFall, worn otherwise", _scores(model, otherwise))
    _line("UMAFall, leaving one person out", _left_out_scores(umafall))


@dataclass(frozen=True, slots=True)
class _Score:
    """How often the whole detector called a fall in a trial; in a fall, only where it happened."""

    trial: Trial
    calls: int


def _scores(model: FallModel, trials: Sequence[Trial]) -> list[_Score]:
    return [_Score(trial, len(falls_called(model, trial))) for trial in trials]


def _left_out_scores(trials: Sequence[Trial]) -> list[_Score]:
    scores = []
    for subject in sorted({trial.subject for trial in trials}):
        model = fitted([trial for trial in trials if trial.subject != subject])
        scores += _scores(model, [trial for trial in trials if trial.subject == subject])
    return scores


def _line(name: str, scores: Sequence[_Score]) -> None:
    falls = [score.calls > 0 for score in scores if score.trial.is_fall]
    activities = [score for score in scores if not score.trial.is_fall]
    clean = sum(score.calls == 0 for score in activities)
    alarms = sum(score.calls for score in activities)
    hours = sum(score.trial.duration_s for score in activities) / 3600
    print(
        f"{name:38}{_share(sum(falls), len(falls)):>27}{_share(clean, len(activities)):>28}"
        f"{_rate(alarms, hours):>22}"
    )
    missed = Counter(s.trial.exercise for s in scores if s.trial.is_fall and not s.calls)
    called = Counter(s.trial.exercise for s in activities if s.calls)
    for what, counts in (("missed", missed), ("falsely called", called)):
        if counts:
            print(f"    {what}: {', '.join(f'{n} {name}' for name, n in sorted(counts.items()))}")


def _rate(alarms: int, hours: float) -> str:
    """Alarms an hour with the exact 95 % interval of a Poisson count."""
    low = chi2.ppf(0.025, 2 * alarms) / 2 if alarms else 0.0
    high = chi2.ppf(0.975, 2 * alarms + 2) / 2
    return f"{alarms / hours:.2f} ({low / hours:.2f}–{high / hours:.2f})"


def _share(successes: int, trials: int) -> str:
    """Percentage with Wilson's 95 % interval."""
    z = 1.96
    p = successes / trials
    centre = (p + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z * math.sqrt(p * (1 - p) / trials + z**2 / (4 * trials**2)) / (1 + z**2 / trials)
    low, high = 100 * (centre - half), 100 * (centre + half)
    return f"{successes}/{trials} {100 * p:.1f} ({low:.1f}–{high:.1f})"


def _counted(trials: Sequence[Trial]) -> str:
    falls = sum(trial.is_fall for trial in trials)
    people = len({trial.subject for trial in trials})
    places = ", ".join(sorted({trial.placement for trial in trials}))
    return f"{falls} falls, {len(trials) - falls} activities of {people} people at {places}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
