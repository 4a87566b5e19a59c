"""Bridges in recordings that others made: MEx, thigh accelerometer, mounting not known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analytics.body import BodyChunk
from analytics.bridging import BridgingDetector
from analytics.detector import detect
from analytics.events import Repetition
from analytics.frontend import FrontEnd
from sensors.types import GRAVITY_MS2, Chunk, Placement, StreamInfo

BRIDGING = "02_act_1.csv"
OTHERS = [f"{name}_act_1.csv" for name in ("01", "03", "04", "05", "06", "07")] + ["04_act_2.csv"]
INFO = StreamInfo(placement=Placement.THIGH, rate_hz=100.0, acc_scale_ms2=GRAVITY_MS2 / 64)


def body_chunks(path: Path) -> Iterator[BodyChunk]:
    table = np.genfromtxt(path, delimiter=",", dtype=str, invalid_raise=False)
    stamps = np.array([stamp.replace(" ", "T") for stamp in table[:, 0]], dtype="datetime64[us]")
    t_s = (stamps - stamps[0]) / np.timedelta64(1, "s")
    rising = np.diff(np.maximum.accumulate(t_s), prepend=-1.0) > 0.0
    acc = GRAVITY_MS2 * table[rising, 1:].astype(float)
    front_end = FrontEnd([INFO])
    yield from front_end.push(Chunk(Placement.THIGH, t_s[rising], acc, None))
    yield from front_end.finish()


def repetitions(path: Path) -> list[Repetition]:
    found = detect(BridgingDetector(), body_chunks(path))
    return [event for event in found if isinstance(event, Repetition)]


def overlap(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Intersection over union of two intervals."""
    shared = min(a[1], b[1]) - max(a[0], b[0])
    return max(shared, 0.0) / (max(a[1], b[1]) - min(a[0], b[0]))


@pytest.fixture(scope="module")
def trials(datasets: Path) -> dict[str, Any]:
    truth = json.loads((datasets / "mex" / "bridging_truth.json").read_text())
    found: dict[str, Any] = truth["trials"]
    return found


@pytest.mark.slow
def test_repetitions_are_counted_within_the_annotated_range_in_every_trial(
    datasets: Path, trials: dict[str, Any]
) -> None:
    outside = {}
    for subject, trial in trials.items():
        done = sum(not r.partial for r in repetitions(datasets / "mex" / trial["file"]))
        if not trial["reps_min"] <= done <= trial["reps_max"]:
            outside[subject] = done
    assert outside == {}


@pytest.mark.slow
def test_raised_intervals_agree_with_the_annotated_ones(
    datasets: Path, trials: dict[str, Any]
) -> None:
    overlaps = []
    for trial in trials.values():
        raised = [
            (0.5 * (r.start_s + r.hold_start_s), 0.5 * (r.hold_end_s + r.end_s))
            for r in repetitions(datasets / "mex" / trial["file"])
        ]
        overlaps += [
            max(overlap((start_s, end_s), interval) for interval in raised)
            for start_s, end_s in trial["raised_intervals_s"]
        ]
    assert np.median(overlaps) > 0.9
    assert min(overlaps) > 0.6


@pytest.mark.slow
def test_most_other_exercises_are_not_taken_for_bridges(datasets: Path) -> None:
    folders = sorted((datasets / "mex" / "act").iterdir())
    paths = [folder / name for folder in folders for name in OTHERS if (folder / name).exists()]
    confused = [path for path in paths if sum(not r.partial for r in repetitions(path)) > 1]
    assert len(confused) <= 0.05 * len(paths)
