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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
from scipy.optimize import minimize
from scipy.stats import chi2

import analytics.falls
from analytics.body import SEGMENT_OF, BodyChunk
from analytics.detector import detect
from analytics.events import Fall
from analytics.falls import FallDetector
from analytics.falls.features import FEATURES
from analytics.falls.impacts import Impact, ImpactFinder, ImpactParams
from analytics.falls.model import MODEL_FILE, FallModel, Term
from analytics.frontend import FrontEnd
from sensors.importers import IMPORTERS, ImporterError, Item
from sensors.types import GRAVITY_MS2, Chunk, FloatArray, Placement, StreamInfo

HIT_WITHIN_S = 3.0
"""A fall is found by a call this close to its strongest moment, the trial's only truth."""

RIDGE = 3.0
"""Weight of the penalty on squared coefficients, in trials: keeps correlated features in check."""

ACTIVITY_WEIGHT = 0.4
"""What all activities weigh together against all falls: to miss a fall is the graver error."""

FALLING = {"tilted_s", "least_g", "ln_restless"}
"""Features of which more may only make a fall less likely; of all others only more likely."""

ROUNDS = 3
"""How often the impact that stands for a fall is chosen again with the model just fitted."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Trial:
    """One sensor's recording of one fall or activity, and every impact in it."""

    data_set: str
    placement: Placement
    subject: str
    exercise: str
    is_fall: bool
    duration_s: float
    strongest_s: float
    body: tuple[BodyChunk, ...]
    hits: FloatArray
    """Features (n, k) of the impacts close to the trial's strongest moment."""
    impacts: FloatArray
    """Features (n, k) of all impacts that may have been falls."""


def main(arguments: Sequence[str]) -> int:
    """Print the held-out results; with `--write` also fit and write the model."""
    folder = os.environ.get("FIVEPOINT_DATASETS")
    if not folder:
        print("FIVEPOINT_DATASETS is not set, so nothing was fitted; set it to the data folder.")
        return 1
    sisfall = list(read_trials(Path(folder), "sisfall"))
    umafall = list(read_trials(Path(folder), "umafall"))
    report(sisfall, umafall, list(read_trials(Path(folder), "sisfall", otherwise=True)))
    if "--write" in arguments:
        told = f"SisFall: {_counted(sisfall)}; UMAFall: {_counted(umafall)}"
        model = fit(sisfall + umafall, told)
        target = Path(analytics.falls.__file__).with_name(MODEL_FILE)
        target.write_bytes(msgspec.json.format(msgspec.json.encode(model), indent=2) + b"\n")
        print(f"\nWrote {target}.")
    return 0


def read_trials(datasets: Path, name: str, *, otherwise: bool = False) -> Iterator[Trial]:
    """Every trunk stream of every trial of a data set, if so desired as if worn `otherwise`."""
    importer = IMPORTERS[name]
    rng = np.random.default_rng(1)
    for item in importer.find(datasets / name):
        try:
            streams = importer.read(item).streams
        except ImporterError as error:
            print(error, file=sys.stderr)
            continue
        for info, chunk in streams:
            if info.placement is not Placement.THIGH:
                strongest_s = float(chunk.t_s[np.argmax(np.linalg.norm(chunk.acc, axis=1))])
                stream = _worn_otherwise(info, chunk, rng) if otherwise else (info, chunk)
                yield _trial(name, item, *stream, strongest_s)


def _worn_otherwise(
    info: StreamInfo, chunk: Chunk, rng: np.random.Generator
) -> tuple[StreamInfo, Chunk]:
    """The stream of a sensor without gyro that sits anyhow, at 20 to 100 Hz and up to 4 to 16 g."""
    every = int(rng.choice([2, 4, 8, 10]))
    limit_ms2 = rng.choice([4.0, 8.0, 16.0]) * GRAVITY_MS2
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    acc = np.clip(chunk.acc[::every] @ turn.T, -limit_ms2, limit_ms2)
    slower = StreamInfo(
        placement=info.placement,
        rate_hz=info.rate_hz / every,
        acc_scale_ms2=info.acc_scale_ms2,
    )
    return slower, Chunk(chunk.placement, chunk.t_s[::every], acc, None)


def _trial(data_set: str, item: Item, info: StreamInfo, chunk: Chunk, strongest_s: float) -> Trial:
    front_end = FrontEnd([info])
    body = (*front_end.push(chunk), *front_end.finish())
    finder = ImpactFinder(0, ImpactParams())
    impacts = [i for part in body for i in finder.update(part.segments[SEGMENT_OF[info.placement]])]
    impacts += finder.finish()
    return Trial(
        data_set=data_set,
        placement=info.placement,
        subject=item.subject,
        exercise=item.exercise,
        is_fall=item.exercise.startswith("F"),
        duration_s=float(chunk.t_s[-1] - chunk.t_s[0]),
        strongest_s=strongest_s,
        body=body,
        hits=_features([i for i in impacts if abs(i.time_s - strongest_s) <= HIT_WITHIN_S]),
        impacts=_features(impacts),
    )


def fit(trials: Sequence[Trial], fitted_on: str) -> FallModel:
    """A ridge-penalized logistic regression; falls and activities weigh the same together.

    A fall is one example: of the impacts close to its strongest moment the likeliest, as the last
    round judged. The impacts of an activity share the weight √n, so that jogging is not all. The
    coefficients keep the signs that the features' meaning gives them.
    """
    falls = [trial for trial in trials if trial.is_fall and len(trial.hits)]
    activities = [trial for trial in trials if not trial.is_fall and len(trial.impacts)]
    negative = np.concatenate([trial.impacts for trial in activities])
    weights = np.concatenate(
        [np.full(len(trial.impacts), len(trial.impacts) ** -0.5) for trial in activities]
    )
    weights *= ACTIVITY_WEIGHT * len(falls) / weights.sum()
    chosen = [
        trial.hits[np.argmax(trial.hits[:, FEATURES.index("ln_force_rms")])] for trial in falls
    ]
    for _ in range(ROUNDS):
        model = _regression(np.array(chosen), negative, weights, fitted_on)
        chosen = [max(trial.hits, key=model.logit) for trial in falls]
    return model


def _regression(
    positive: FloatArray, negative: FloatArray, negative_weights: FloatArray, fitted_on: str
) -> FallModel:
    values = np.concatenate((positive, negative))
    weights = np.concatenate((np.ones(len(positive)), negative_weights))
    sign = np.concatenate((np.ones(len(positive)), -np.ones(len(negative))))
    mean = np.average(values, axis=0, weights=weights)
    sd = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weights))
    design = np.column_stack(((values - mean) / sd, np.ones(len(values))))
    penalty = np.append(np.full(len(mean), RIDGE), 0.0)

    def loss(coefficients: FloatArray) -> tuple[float, FloatArray]:
        margin = sign * (design @ coefficients)
        pull = weights * sign / (1.0 + np.exp(margin))
        value = (weights * np.logaddexp(0.0, -margin)).sum()
        return value + 0.5 * (
            penalty * coefficients**2
        ).sum(), penalty * coefficients - pull @ design

    bounds = [(None, 0.0) if name in FALLING else (0.0, None) for name in FEATURES]
    start = np.zeros(design.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)]).x
    terms = tuple(
        Term(feature=name, coefficient=float(b), mean=float(m), sd=float(s))
        for name, b, m, s in zip(FEATURES, found, mean, sd, strict=False)
    )
    fitted_at = datetime.now(UTC).date().isoformat()
    return FallModel(
        fitted_on=fitted_on, fitted_at=fitted_at, intercept=float(found[-1]), terms=terms
    )


def report(sisfall: list[Trial], umafall: list[Trial], otherwise: list[Trial]) -> None:
    """Print the results on people and sets that the model was not fitted on.

    `otherwise` is SisFall as if worn otherwise.
    """
    print(f"{'fitted on → tested on':38}{'falls found':>27}{'clean activities':>28}{'false/h':>22}")
    left_out = _left_out_scores(sisfall)
    old = [trial.subject.startswith("SE") for trial in sisfall]
    _line("SisFall, leaving one person out", left_out)
    _line("… of these SE06", [s for s in left_out if s.trial.subject == "SE06"])
    young = fit([t for t, is_old in zip(sisfall, old, strict=True) if not is_old], "")
    _line("SisFall young → old", _scores(young, [t for t in sisfall if t.subject[1] == "E"]))
    model = fit(sisfall, "")
    for place in (Placement.WAIST, Placement.STERNUM):
        there = [trial for trial in umafall if trial.placement is place]
        _line(f"SisFall → UMAFall {place}", _scores(model, there))
    model = fit(umafall, "")
    _line("UMAFall → SisFall", _scores(model, sisfall))
    _line("UMAFall → SisFall, worn otherwise", _scores(model, otherwise))
    _line("UMAFall, leaving one person out", _left_out_scores(umafall))


@dataclass(frozen=True, slots=True)
class _Score:
    """How often the whole detector called a fall in a trial; in a fall, only where it happened."""

    trial: Trial
    calls: int


def _scores(model: FallModel, trials: Sequence[Trial]) -> list[_Score]:
    return [_Score(trial, _calls(model, trial)) for trial in trials]


def _calls(model: FallModel, trial: Trial) -> int:
    events = detect(FallDetector(model=model), trial.body)
    found_s = [event.impact_s for event in events if isinstance(event, Fall)]
    if trial.is_fall:
        return sum(abs(each_s - trial.strongest_s) <= HIT_WITHIN_S for each_s in found_s)
    return len(found_s)


def _left_out_scores(trials: Sequence[Trial]) -> list[_Score]:
    scores = []
    for subject in sorted({trial.subject for trial in trials}):
        model = fit([trial for trial in trials if trial.subject != subject], "")
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


def _features(impacts: Sequence[Impact]) -> FloatArray:
    values = [impact.features.values for impact in impacts if impact.features is not None]
    return np.array(values).reshape(-1, len(FEATURES))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
