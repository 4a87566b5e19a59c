"""Falls in recordings that others made, by people and sensors the fitted model did not see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from analytics.detector import detect
from analytics.events import Fall
from analytics.falls import FallDetector
from analytics.falls.model import FallModel
from analytics.frontend import FrontEnd
from analytics.session import analyze
from analytics.validation.fall_trials import fitted, read_trials
from sensors.importers import IMPORTERS, Selection, import_all
from sensors.types import GRAVITY_MS2, Chunk, StreamInfo

pytestmark = pytest.mark.slow

SISFALL = IMPORTERS["sisfall"]
SE06 = Selection(subjects=("SE06",))


@pytest.fixture(scope="module")
def stranger(datasets: Path) -> FallModel:
    """A model that knows neither SisFall's people nor its sensor."""
    return fitted(list(read_trials(datasets, "umafall")), "UMAFall")


def shares(called: Sequence[tuple[bool, bool]]) -> tuple[float, float]:
    """Share of falls called, and of activities called, from (is fall, called)."""
    falls = [each for is_fall, each in called if is_fall]
    activities = [each for is_fall, each in called if not is_fall]
    return float(np.mean(falls)), float(np.mean(activities))


def trials(datasets: Path) -> Iterator[tuple[bool, StreamInfo, Chunk]]:
    for item in SISFALL.find(datasets / "sisfall"):
        if item.subject in SE06.subjects:
            ((info, chunk),) = SISFALL.read(item).streams
            yield item.exercise.startswith("F"), info, chunk


def called(info: StreamInfo, chunk: Chunk, model: FallModel | None = None) -> list[Fall]:
    front_end = FrontEnd([info])
    body = front_end.push(chunk) + front_end.finish()
    events = detect(FallDetector(model=model), body)
    return [event for event in events if isinstance(event, Fall)]


def test_falls_of_an_older_person_are_found_by_importing_and_analyzing(
    datasets: Path, tmp_path: Path
) -> None:
    steps = import_all(SISFALL, datasets / "sisfall", tmp_path / "out", selection=SE06)
    found = [
        (step.recording.folder.name.startswith("F"), bool(analyze(step.recording).falls))
        for step in steps
    ]
    fall_share, activity_share = shares(found)
    assert len(found) == 154
    assert fall_share >= 0.9
    assert activity_share <= 0.02


def test_a_model_of_another_data_set_finds_them_too(datasets: Path, stranger: FallModel) -> None:
    found = [
        (is_fall, bool(called(info, chunk, stranger))) for is_fall, info, chunk in trials(datasets)
    ]
    fall_share, activity_share = shares(found)
    assert fall_share >= 0.9
    assert activity_share <= 0.05


@pytest.mark.parametrize(("every", "range_g"), [(2, 8.0), (4, 4.0), (8, 16.0)])
def test_neither_mounting_nor_rate_nor_range_matter(
    datasets: Path, stranger: FallModel, every: int, range_g: float
) -> None:
    rng = np.random.default_rng(every)
    found = []
    for is_fall, info, chunk in trials(datasets):
        turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        limit_ms2 = range_g * GRAVITY_MS2
        acc = np.clip(chunk.acc[::every] @ turn.T, -limit_ms2, limit_ms2)
        slower = StreamInfo(
            placement=info.placement,
            rate_hz=info.rate_hz / every,
            acc_scale_ms2=info.acc_scale_ms2,
        )
        worn_so = Chunk(chunk.placement, chunk.t_s[::every], acc, None)
        found.append((is_fall, bool(called(slower, worn_so, stranger))))
    fall_share, activity_share = shares(found)
    assert fall_share >= 0.9
    assert activity_share <= 0.05


def test_sport_and_exercise_raise_no_alarm(datasets: Path) -> None:
    """Over six hours of stairs, treadmill, rowing, jumping and basketball."""
    for item in IMPORTERS["dsads"].find(datasets / "dsads_torso"):
        ((info, chunk),) = IMPORTERS["dsads"].read(item).streams
        found_s = [fall.impact_s for fall in called(info, chunk)]
        assert [each for each in found_s if 5.0 < each < chunk.t_s[-1] - 5.0] == [], item.name
