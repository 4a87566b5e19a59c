"""Validation: intervals as the textbooks have them, documents made again, and what was asked."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.validation.bridges_recorded import recorded_figures
from analytics.validation.bridges_rejected import exercises_figures, hours_figures
from analytics.validation.bridges_simulated import body_of
from analytics.validation.chart import RIGHT_PX, WIDTH_PX, Axis, Chart
from analytics.validation.document import markdown, svg, write_section
from analytics.validation.falls_probability import brier, calibration_error
from analytics.validation.falls_simulated import home_figures
from analytics.validation.figures import (
    ALL,
    Figure,
    Kind,
    Unit,
    mean_of,
    pooled,
    quantile,
    rate,
    rmse,
    share,
)
from analytics.validation.findings import Listing, Plate
from analytics.validation.repetitions import UNKNOWN, matched
from analytics.validation.simulated import true_postures
from analytics.validation.topics import Topic, validate
from analytics.validation.worn import ValidationError
from fivepoint.cli import main
from sensors.simulator import Bridge
from sensors.simulator.variation import any_bridging_set

SHARE = Kind("set", "what", Unit.SHARE, 98.0)
ERROR = Kind("set", "what", Unit.DEGREES, 2.0)


def test_a_share_has_wilsons_interval() -> None:
    figure = share(SHARE, "p1", 9, 10)
    assert figure.value == 90.0
    assert figure.low == pytest.approx(59.58, abs=0.01)
    assert figure.high == pytest.approx(98.21, abs=0.01)
    assert figure.met is False


def test_a_share_over_people_is_no_surer_than_its_cases_or_its_people() -> None:
    alike = pooled(SHARE, [10, 10, 10], [10, 10, 10])
    assert alike.high == pytest.approx(100.0)
    assert 85.0 < alike.low < 90.0
    unlike = pooled(SHARE, [1000, 500], [1000, 1000])
    assert unlike.low == 50.0
    assert unlike.high == 100.0


def test_an_error_has_an_interval_from_its_blocks() -> None:
    rng = np.random.default_rng(0)
    figure = rmse(ERROR, "p1", rng.normal(0.0, 1.5, 6000), rate_hz=10.0)
    assert figure.low < 1.5 < figure.high
    assert figure.high - figure.low < 0.2
    assert figure.met is True


def test_a_rate_has_garwoods_interval() -> None:
    kind = Kind("set", "what", Unit.PER_HOUR, 0.6)
    none, three = rate(kind, "p1", 0, 10.0), rate(kind, "p1", 3, 10.0)
    assert (none.value, none.low) == (0.0, 0.0)
    assert none.high == pytest.approx(0.3689, abs=0.0001)
    assert (three.low, three.high) == pytest.approx((0.0619, 0.8767), abs=0.0001)
    assert (none.met, rate(kind, "p1", 7, 10.0).met) == (True, False)


def test_a_quantile_is_no_surer_than_its_groups() -> None:
    kind = Kind("set", "what", Unit.SECONDS)
    figure = quantile(kind, ALL, [[0.1] * 50, [0.3] * 50, []], 0.5)
    assert (figure.low, figure.high, figure.count) == (0.1, 0.3, 100)


def test_each_found_interval_is_matched_to_one_true_one_by_their_overlap() -> None:
    true = [(0.0, 4.0), (5.0, 9.0), (20.0, 24.0)]
    found = [(3.0, 9.0), (0.0, 3.5), (30.0, 31.0)]
    assert matched(true, found) == [1, 0, None]
    assert matched([], found) == []


def test_the_mean_of_one_has_no_interval() -> None:
    alone = mean_of(ERROR, [share(SHARE, "p1", 1, 2)])
    assert np.isnan(alone.low)
    several = mean_of(ERROR, [share(SHARE, name, n, 4) for n, name in enumerate("abcd")])
    assert several.subject == ALL
    assert several.low < several.value < several.high


def figures() -> list[Figure]:
    people = [share(SHARE, name, hits, 40) for name, hits in (("p1", 40), ("p2", 38))]
    return [*people, pooled(SHARE, [40, 38], [40, 40]), mean_of(ERROR, people)]


def test_the_table_holds_what_is_known_of_all_people() -> None:
    lines = markdown(figures()).splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("| set | what | 97.5 % (")
    assert lines[2].endswith("| 80 | ≥ 98 % |")


def test_the_plot_has_a_dot_a_person() -> None:
    drawing = ET.fromstring(svg(figures()))  # noqa: S314
    assert len(drawing.findall("{http://www.w3.org/2000/svg}circle")) == 2


def test_a_section_is_renewed_and_the_rest_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "doc.md"
    document.write_text("before\n<!-- validate spine -->\nold\n<!-- end spine -->\nafter\n")
    (plot,) = write_section(document, "spine", figures())
    once = document.read_text(encoding="utf-8")
    write_section(document, "spine", figures())
    assert document.read_text(encoding="utf-8") == once
    assert once.startswith("before\n")
    assert once.endswith("after\n")
    assert "old" not in once
    assert plot.name in once


def test_what_was_missed_and_every_drawing_stand_in_the_section(tmp_path: Path) -> None:
    document = tmp_path / "doc.md"
    document.write_text("<!-- validate falls -->\n<!-- end falls -->\n")
    missed = Listing(title="Missed", columns=("trial", "peak"), rows=(("F01", "3 g"),))
    x, y = (Axis(title=name, range=(0.0, 1.0), ticks=(0.5,)) for name in "xy")
    chart = Chart(x, y)
    chart.curve("set", [(0.2, 0.1), (2.0, 0.9)])
    plate = Plate(name="curve", caption="A curve", svg=chart.svg())
    drawings = write_section(document, "falls", [*figures(), missed, plate])
    assert [drawing.name for drawing in drawings] == ["doc-falls.svg", "doc-falls-curve.svg"]
    written = document.read_text(encoding="utf-8")
    assert "| trial | peak |\n| --- | --- |\n| F01 | 3 g |" in written
    assert "![A curve](doc-falls-curve.svg)" in written
    drawing = ET.fromstring(drawings[1].read_text())  # noqa: S314
    placed = [circle.get("cx") for circle in drawing.iter("{http://www.w3.org/2000/svg}circle")]
    assert placed[1] == str(float(WIDTH_PX - RIGHT_PX)), "a point beyond the axis is at its end"


def test_a_document_without_the_section_is_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "doc.md"
    document.write_text("nothing\n")
    with pytest.raises(ValidationError, match="no place marked"):
        write_section(document, "spine", figures())
    assert document.read_text() == "nothing\n"


def test_true_postures_are_compared_away_from_their_changes() -> None:
    truth = {
        "posture": [
            {"posture": "upright", "start_s": 0.0, "end_s": 10.0},
            {"posture": "supine", "start_s": 10.0, "end_s": 20.0},
        ]
    }
    names, settled = true_postures(truth, np.arange(20))
    assert names.tolist() == ["upright"] * 10 + ["supine"] * 10
    assert np.flatnonzero(settled).tolist() == [2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 16, 17]


def test_without_recordings_nothing_is_validated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FIVEPOINT_DATASETS", raising=False)
    assert main(["validate", "orientation"]) == 1
    assert "FIVEPOINT_DATASETS is not set" in capsys.readouterr().err
    assert main(["validate", "posture", str(tmp_path)]) == 1
    assert "nothing was validated on dsads" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_prints_an_object_a_figure(
    datasets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", "orientation", str(datasets), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert all(figure["met"] for figure in printed)
    assert {"data_set", "subject", "what", "value", "low", "high", "unit"} <= set(printed[0])


@pytest.mark.slow
def test_the_table_shows_each_figure_over_all_beside_the_worst_subject(
    datasets: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    assert main(["validate", "orientation", str(datasets)]) == 0
    figures = [line for line in capsys.readouterr().out.splitlines() if "BROAD" in line]
    assert len(figures) == 2, "as worn, and mounted at random"
    assert all("≤ 0.7° ✓" in line and "07_undisturbed" in line for line in figures)


def measured(topic: Topic, datasets: Path | None = None) -> list[Figure]:
    return [each for each in validate(topic, datasets) if isinstance(each, Figure)]


@pytest.mark.slow
def test_postures_of_other_peoples_recordings_are_told_as_asked(datasets: Path) -> None:
    found = measured(Topic.POSTURE, datasets)
    missed = [each for each in found if each.met is False]
    assert {each.subject for each in missed} <= {"06", ALL}, "only one trial shows no lying"
    assert all(each.value > 90.0 for each in missed if each.subject == ALL)
    asked = [each for each in found if each.asked is not None]
    assert len(asked) > 40


@pytest.mark.slow
def test_spine_extension_is_within_what_was_asked_on_average() -> None:
    overall = [each for each in measured(Topic.SPINE) if each.subject == ALL]
    assert sum(each.met is True for each in overall) == 6
    assert not any(each.met is False for each in overall)


@pytest.mark.slow
def test_bridges_are_counted_and_timed_as_annotated_and_other_exercises_left_alone(
    datasets: Path,
) -> None:
    found = list(recorded_figures(datasets))
    overall = [each for each in found if each.subject == ALL and each.asked is not None]
    assert len(overall) == 10
    assert all(each.met for each in overall)
    rates = [each for each in found if each.unit is Unit.PER_HOUR and each.subject == ALL]
    assert [each.count for each in rates] == [0, 0, 0], "in bed, in sport, and mounted anyhow"


def test_each_bridge_of_a_simulated_body_is_compared_with_what_its_segment_did() -> None:
    body = body_of(seed=0)
    result = body.results["pelvis", ""]
    assert result.exact == (True, True)
    assert all(1.0 < whole_s < 13.0 for whole_s in body.whole_s)
    assert len(result.hold_errors_s) == len(result.peak_errors_deg) == 20
    assert np.median(np.abs(result.hold_errors_s)) < 0.15
    assert np.median(np.abs(result.peak_errors_deg)) < 1.0


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_no_drawn_bridge_leaves_the_speeds_and_heights_that_are_stated(seed: int) -> None:
    rng = np.random.default_rng(seed)
    script = any_bridging_set(rng, reps=10).script(rng)
    bridges = [activity for activity in script if isinstance(activity, Bridge)]
    assert len(bridges) == 10
    assert all(4.9 < bridge.peak_deg < 40.0 for bridge in bridges)
    assert all(bridge.lift_s + bridge.hold_s + bridge.lower_s < 14.0 for bridge in bridges)


@pytest.mark.slow
def test_an_hour_at_home_and_other_exercises_hold_no_bridge_for_calibrated_sensors() -> None:
    figures = [*hours_figures(hours=1), *exercises_figures(bodies=1)]
    overall = [each for each in figures if each.subject == ALL and UNKNOWN not in each.what]
    assert len(overall) == 14
    assert {each.value for each in overall if each.unit is Unit.PER_HOUR} == {0.0}
    assert all(each.value > 95.0 for each in overall if each.unit is Unit.SHARE)


@pytest.mark.slow
def test_two_hours_at_home_raise_no_alarm() -> None:
    figures = list(home_figures(days=1))
    assert len(figures) == 5
    assert all(each.met for each in figures)


def test_a_probability_is_worth_as_much_as_falls_follow_it() -> None:
    happened = np.array([True, True, True, False])
    assert calibration_error(np.full(4, 0.75), happened) == pytest.approx(0.0)
    assert brier(np.full(4, 0.75), happened) == pytest.approx(0.1875)
    assert calibration_error(np.array([0.99, 0.99, 0.01, 0.01]), happened) == pytest.approx(0.25)
