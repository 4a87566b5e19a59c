"""What the stated probability of a fall is worth: how often it is one, and where to draw the line.

The probability of a trial is the largest that its events end with, the falls and the dismissed; 0
where nothing was looked at twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from analytics.detector import detect
from analytics.events import DismissedFall, Fall
from analytics.falls import FallDetector, FallParams
from analytics.falls.model import FallModel
from analytics.validation.chart import Axis, Chart
from analytics.validation.fall_trials import HIT_WITHIN_S, Trial, falls_called
from analytics.validation.figures import Kind, Unit, share
from analytics.validation.findings import Finding, Listing, Plate
from sensors.types import FloatArray

LOOKED_AT = 0.02
"""Events are followed from this probability on."""

EDGES = (0.0, 0.05, 0.2, 0.5, 0.8, 0.95, 1.0)
THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)

Sets: TypeAlias = Mapping[str, tuple[FallModel, Sequence[Trial]]]
"""The trials of each set, and a model that was fitted on another."""


def probability_findings(sets: Sets) -> Iterator[Finding]:
    """Tables and drawings of calibration and of the operating curve."""
    yield from _calibration(sets)
    yield from _operating_curve(sets)


def trial_probability(model: FallModel, trial: Trial) -> float:
    """How likely the detector takes it, in the end, that a fall is in this trial."""
    detector = FallDetector(FallParams(least_probability=LOOKED_AT), model)
    return max(
        (
            event.probability
            for event in detect(detector, trial.body)
            if isinstance(event, Fall | DismissedFall)
            and (not trial.is_fall or abs(event.impact_s - trial.strongest_s) <= HIT_WITHIN_S)
        ),
        default=0.0,
    )


def brier(stated: FloatArray, happened: NDArray[np.bool_]) -> float:
    """Mean square of what the stated probabilities missed by (Brier 1950)."""
    return float(np.mean((stated - happened) ** 2))


def calibration_error(stated: FloatArray, happened: NDArray[np.bool_]) -> float:
    """Expected calibration error: the mean gap between stated and true share of a bin."""
    gaps = [
        within.sum() * abs(stated[within].mean() - happened[within].mean())
        for within in _bins(stated)
        if within.any()
    ]
    return float(sum(gaps) / len(stated))


def _bins(stated: FloatArray) -> list[NDArray[np.bool_]]:
    return [
        (stated >= low) & ((stated < high) | (high == EDGES[-1])) for low, high in pairwise(EDGES)
    ]


def _calibration(sets: Sets) -> Iterator[Finding]:
    chart = Chart(
        Axis(title="stated probability", range=(0.0, 1.0), ticks=(0.0, 0.25, 0.5, 0.75, 1.0)),
        Axis(title="share that were falls", range=(0.0, 1.0), ticks=(0.0, 0.25, 0.5, 0.75, 1.0)),
    )
    chart.line((0.0, 0.0), (1.0, 1.0))
    rows = []
    for name, (model, trials) in sets.items():
        stated = np.array([trial_probability(model, trial) for trial in trials])
        happened = np.array([trial.is_fall for trial in trials])
        points = []
        for (low, high), within in zip(pairwise(EDGES), _bins(stated), strict=True):
            if within.any():
                mean = float(stated[within].mean())
                of_bin = share(
                    Kind(name, "", Unit.SHARE), "", int(happened[within].sum()), int(within.sum())
                )
                points.append((mean, of_bin.value / 100))
                chart.interval(mean, of_bin.low / 100, of_bin.high / 100)
                told = f"{of_bin.value:.0f} % ({of_bin.low:.0f}–{of_bin.high:.0f})"
                rows.append((name, f"{low:g}–{high:g}", f"{mean:.2f}", told, f"{of_bin.count:,}"))
        chart.curve(name, points)
        errors = f"Brier score {brier(stated, happened):.3f}"
        gap = f"expected calibration error {calibration_error(stated, happened):.3f}"
        rows.append((name, "all", f"{stated.mean():.2f}", f"{errors}, {gap}", f"{len(trials):,}"))
    yield Listing(
        title="What the stated probability is worth",
        columns=("set, model of the other", "stated", "mean", "were falls (95 %)", "trials"),
        rows=tuple(rows),
    )
    caption = "How many of the trials with a stated probability were falls"
    yield Plate(name="calibration", caption=caption, svg=chart.svg())


def _operating_curve(sets: Sets) -> Iterator[Finding]:
    points: dict[str, list[tuple[float, float]]] = {}
    rows = []
    for name, (model, trials) in sets.items():
        falls = [trial for trial in trials if trial.is_fall]
        activities = [trial for trial in trials if not trial.is_fall]
        hours = sum(trial.duration_s for trial in activities) / 3600.0
        for least in THRESHOLDS:
            params = FallParams(least_probability=least)
            hits = [bool(falls_called(model, trial, params)) for trial in falls]
            calls = [len(falls_called(model, trial, params)) for trial in activities]
            found, clean = 100.0 * np.mean(hits), 100.0 * calls.count(0) / len(calls)
            per_hour = sum(calls) / hours
            points.setdefault(name, []).append((per_hour, float(found)))
            told = (f"{found:.1f} %", f"{clean:.1f} %", f"{per_hour:.2f}")
            rows.append((name, f"{least:g}", *told))
    chart = Chart(
        Axis(title="false alarms an hour", range=(0.0, 8.0), ticks=(0.0, 2.0, 4.0, 6.0, 8.0)),
        Axis(title="falls found, %", range=(80.0, 100.0), ticks=(80.0, 85.0, 90.0, 95.0, 100.0)),
    )
    for name, curve in points.items():
        chart.curve(name, curve)
    yield Listing(
        title="Where to draw the line",
        columns=("set, model of the other", "called from", "found", "clean", "false an hour"),
        rows=tuple(rows),
    )
    caption = "Falls found against false alarms, by the probability from which a fall is called"
    yield Plate(name="operating-curve", caption=caption, svg=chart.svg())
