"""What is found in every sample stream is what really happened in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analytics.body import BODY_RATE_HZ
from analytics.pipeline import analyze
from analytics.session import Session
from analytics.trace import trace
from sensors.recording import Recording, read_recording

FOLDER = Path(__file__).parents[1] / "sample_streams"
NAMES = sorted(path.parent.name for path in FOLDER.glob("*/truth.json"))

HOLD_TOLERANCE_S = 0.3
EXTENSION_TOLERANCE_DEG = 3.0
BOUNDARY_TOLERANCE_S = 2.0
IMPACT_TOLERANCE_S = 5.0
"""A slide goes on for seconds after the hips have stopped."""

Truth = Mapping[str, Any]
Analyzed = tuple[Recording, Session, Truth]


@pytest.fixture(scope="module", params=NAMES)
def analyzed(request: pytest.FixtureRequest) -> Analyzed:
    recording = read_recording(FOLDER / request.param)
    truth = recording.truth()
    assert truth is not None
    return recording, analyze(recording), truth


def test_there_are_ten_streams_of_at_most_twenty_megabytes() -> None:
    assert len(NAMES) >= 10
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) <= 20e6


def test_repetitions_are_exact(analyzed: Analyzed) -> None:
    _, session, truth = analyzed
    found = [repetition.partial for repetition in session.repetitions]
    assert found == [repetition["partial"] for repetition in truth["repetitions"]]


def test_hold_times_are_within_their_tolerance(analyzed: Analyzed) -> None:
    _, session, truth = analyzed
    held_s = [rep["hold_end_s"] - rep["hold_start_s"] for rep in truth["repetitions"]]
    found_s = [repetition.hold_s for repetition in session.repetitions]
    assert found_s == pytest.approx(held_s, abs=HOLD_TOLERANCE_S)


def test_postures_are_dated_within_their_tolerance(analyzed: Analyzed) -> None:
    _, session, truth = analyzed
    assert [bout.posture for bout in session.postures] == [b["posture"] for b in truth["posture"]]
    starts_s = [bout["start_s"] for bout in truth["posture"]]
    found_s = [bout.start_s for bout in session.postures]
    assert found_s == pytest.approx(starts_s, abs=BOUNDARY_TOLERANCE_S)


def test_held_extension_is_found_within_its_tolerance(analyzed: Analyzed) -> None:
    _, session, truth = analyzed
    bouts = truth["hyperextension"]
    found = session.hyperextension
    assert [bout.posture for bout in found] == [bout["posture"] for bout in bouts]
    means_deg = [bout["mean_deg"] for bout in bouts]
    assert [bout.mean_deg for bout in found] == pytest.approx(
        means_deg, abs=EXTENSION_TOLERANCE_DEG
    )


def test_extension_is_within_its_tolerance_second_by_second(analyzed: Analyzed) -> None:
    """Upright, supine and prone; on the side see the tests of the angle itself."""
    recording, _, truth = analyzed
    if len(recording.header.streams) == 1:
        return
    found_deg = trace(recording).extension_deg[:: int(BODY_RATE_HZ)]
    true_deg = np.array(truth["extension_deg"]["values"])[: len(found_deg)]
    second = np.arange(len(true_deg))
    flat = np.zeros(len(true_deg), dtype=bool)
    for bout in truth["posture"]:
        if bout["posture"] in ("upright", "supine", "prone"):
            flat |= (second >= bout["start_s"]) & (second < bout["end_s"])
    error_deg = np.abs(found_deg[: len(true_deg)] - true_deg)[flat]
    assert np.nanpercentile(error_deg, 99) < EXTENSION_TOLERANCE_DEG
    assert np.isfinite(error_deg).mean() > 0.8


def test_each_fall_is_found_and_no_other(analyzed: Analyzed) -> None:
    _, session, truth = analyzed
    impacts_s = [fall["impact_s"] for fall in truth["falls"]]
    found_s = [fall.impact_s for fall in session.falls]
    assert found_s == pytest.approx(impacts_s, abs=IMPACT_TOLERANCE_S)
