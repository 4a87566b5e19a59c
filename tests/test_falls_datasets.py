"""Falls in recordings that others made, by people and sensors the fitted model did not see."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from analytics.pipeline import analyze
from analytics.validation.fall_trials import Trial, fitted, read_trials
from analytics.validation.falls_judged import fall_figures, judged
from analytics.validation.falls_recorded import held_out, held_out_figures, sport_figures
from analytics.validation.figures import ALL, Unit
from analytics.validation.movements import told_figures
from analytics.validation.nuisances import NUISANCES
from sensors.importers import IMPORTERS, Selection, import_all

pytestmark = pytest.mark.slow

SISFALL = IMPORTERS["sisfall"]
SE06 = Selection(
    subjects=("SE06",),
    exercises=("F01", "F05", "F08", "F11", "F15", "D05", "D08", "D11", "D13", "D14"),
)
"""Falls forwards, backwards and sideways, and what resembles them, five times each."""


@pytest.fixture(scope="module")
def sisfall(datasets: Path) -> list[Trial]:
    return list(read_trials(datasets, "sisfall"))


def test_falls_of_an_older_person_are_found_by_importing_and_analyzing(
    datasets: Path, tmp_path: Path
) -> None:
    steps = import_all(SISFALL, datasets / "sisfall", tmp_path / "out", selection=SE06)
    called = {step.recording.folder.name: bool(analyze(step.recording).falls) for step in steps}
    assert len(called) == 50
    assert part([found for name, found in called.items() if name.startswith("F")]) >= 0.9
    assert part([found for name, found in called.items() if name.startswith("D")]) <= 0.04


def test_people_and_sets_never_seen_are_judged_as_asked(
    datasets: Path, sisfall: list[Trial]
) -> None:
    umafall = list(read_trials(datasets, "umafall"))
    figures = held_out_figures(held_out(sisfall, umafall))
    asked = [each for each in figures if each.subject == ALL and each.asked is not None]
    assert len(asked) == 10
    assert [each for each in asked if not each.met] == []


def test_neither_mounting_nor_rate_nor_range_matter(datasets: Path, sisfall: list[Trial]) -> None:
    """Within two points of what the sensors themselves give, 96 % of the falls."""
    otherwise = list(read_trials(datasets, "umafall", NUISANCES["worn otherwise"]))
    figures = fall_figures("UMAFall", "", judged(fitted(sisfall), otherwise))
    shares = [each for each in figures if each.subject == ALL and each.unit is Unit.SHARE]
    assert len(shares) == 2
    assert all(each.value >= 94.0 for each in shares)


def test_sport_and_exercise_raise_no_alarm(datasets: Path) -> None:
    """Over six hours of stairs, treadmill, rowing, jumping and basketball."""
    figures = [each for each in sport_figures(datasets) if each.subject != ALL]
    assert len(figures) > 19
    assert [each.subject for each in figures if each.count] == []


def test_movements_are_told_where_they_are_and_hardly_elsewhere(sisfall: list[Trial]) -> None:
    figures = [each for each in told_figures(sisfall) if each.subject == ALL]
    assert len(figures) == 13
    assert all(each.value >= 20.0 for each in figures if each.unit is Unit.SHARE)
    assert all(each.value <= 0.5 for each in figures if each.unit is Unit.PER_HOUR)


def part(found: Sequence[bool]) -> float:
    return sum(found) / len(found)
