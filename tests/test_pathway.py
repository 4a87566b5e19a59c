"""Pathway templates: where every number comes from, and which phase holds when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from importlib import resources
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.limits import Limits, LimitsError
from analytics.pathway import (
    PATHWAY_IDS,
    Evidence,
    Exercise,
    Mark,
    Number,
    Pathway,
    PathwayError,
    Positioning,
    load_pathway,
    read_pathway,
    sourced_values,
)
from analytics.phases import phase_dates, phase_on
from analytics.prescription import (
    ItemKind,
    Prescription,
    PrescriptionError,
    Unit,
    prescribe,
    progress,
    revise,
)

START = date(2026, 3, 2)


@pytest.fixture(params=PATHWAY_IDS)
def pathway(request: pytest.FixtureRequest) -> Pathway:
    return load_pathway(request.param)


def planned(
    pathway_id: str, phase_id: str, *unlocked: str, at_target: bool = False
) -> Prescription:
    pathway = load_pathway(pathway_id)
    return prescribe(
        pathway,
        pathway.phase(phase_id),
        patient_id="one",
        index_date=START,
        valid_from=START,
        unlocked=unlocked,
        at_target=at_target,
    )


def own_copy(folder: Path, change: Callable[[str], str]) -> Path:
    """A user's edited copy of the conservative template."""
    template = resources.files("analytics") / "pathways" / "conservative.toml"
    text = template.read_text(encoding="utf-8")
    edited = change(text)
    assert edited != text
    file = folder / "conservative.toml"
    file.write_text(edited, encoding="utf-8")
    return file


def test_a_template_covers_a_year_without_a_hole(pathway: Pathway) -> None:
    weeks = [phase.weeks for phase in pathway.phases]
    assert weeks[0].start == 0
    assert weeks[-1].end == 52
    assert all(early.end == late.start for early, late in pairwise(weeks))


def test_every_number_that_claims_a_source_names_a_listed_one_and_none_is_listed_in_vain(
    pathway: Pathway,
) -> None:
    named = {key for value in sourced_values(pathway) for key in value.source}
    assert named == pathway.sources.keys()
    assert all(v.source for v in sourced_values(pathway) if v.mark is Mark.SOURCED)
    assert len(list(sourced_values(pathway))) > 50


def test_every_template_forbids_movements_and_tells_when_to_stop(pathway: Pathway) -> None:
    assert len(pathway.forbid) == 3
    assert pathway.stop.emergency
    assert pathway.stop.same_day
    assert pathway.stop.session


def test_the_five_point_support_grows_from_five_lifts_to_three_sets_of_ten() -> None:
    item = load_pathway("conservative").phase("early").item("five_point")
    assert isinstance(item, Exercise)
    assert item.target is not None
    assert item.start.reps == Number(value=5, mark=Mark.DEFAULT)
    assert item.target.reps == Number(value=10, mark=Mark.SOURCED, source=("fh21",))
    assert item.target.sets == Number(value=3, mark=Mark.SOURCED, source=("fh21",))
    assert item.target.hold_s == Number(value=5, mark=Mark.SOURCED, source=("yy",))
    assert item.cap_per_day == Number(value=60, mark=Mark.DEFAULT)


def test_positioning_is_prescribed_early_in_a_band_below_its_alarm() -> None:
    item = load_pathway("conservative").phase("acute").item("hyperextension")
    assert isinstance(item, Positioning)
    assert (item.band_deg.value, item.band_deg.upto, item.alarm_deg.value) == (5, 20, 30)


@pytest.mark.parametrize("pathway_id", ["after_mis_tlif", "after_internal_fixation"])
def test_after_fusion_hyperextension_is_forbidden_and_bridging_waits_for_the_surgeon(
    pathway_id: str,
) -> None:
    pathway = load_pathway(pathway_id)
    assert "Lying in hyperextension" in [each.text for each in pathway.phase("protect").forbid]
    bridging = pathway.phase("stabilise").item("five_point")
    assert isinstance(bridging, Exercise)
    assert bridging.unlock is not None
    assert planned(pathway_id, "stabilise").item_shown_by(Evidence.BRIDGES) is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('title = "Conservative treatment"', "titel = 1", "unknown field `titel`"),
        ("cap_per_day = {value = 60,", 'cap_per_day = {value = "60",', "cap_per_day.value"),
        ("alarm_deg = {value = 30,", "alarm_deg = {value = -30,", "alarm_deg"),
        ("course_weeks = {value = 6, ", "course_weeks = {valu = 6, ", "course_weeks"),
        ('mark = "S", source = ["pad"]', 'mark = "S"', "must name its source"),
        ('source = ["pad"]', 'source = ["elsewhere"]', "'elsewhere' is not listed"),
        (
            "start = 6, end = 12",
            "start = 7, end = 12",
            "'strengthen' must start where 'early' ends",
        ),
        ("start = 2, end = 6", "start = 6, end = 2", "0 <= start < end"),
        ('id = "early"', 'id = "acute"', "the id 'acute' is given 2 times"),
        ('id = "conservative"', 'id = "other"', "`id` is 'other'"),
        ("alarm_deg = {value = 30,", "alarm_deg = {value = 15,", "not above `alarm_deg`"),
        ("flexion_limit_deg = {value = 60,", "flexion_limit_deg = {value = 5,", "10 and 90"),
        ("every_days = {value = 1,", "every_days = {value = 0,", "every_days"),
        ("days_per_week = {value = 2, upto = 3,", "days_per_week = {value = 9,", "7 days"),
        ('kind = "positioning"', 'kind = "posture"', "posture"),
        ("[stop]", "[stop", "line"),
    ],
)
def test_a_bad_edit_is_told_in_one_line_with_file_and_key(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    own_copy(tmp_path, lambda text: text.replace(old, new, 1))
    with pytest.raises(PathwayError) as caught:
        read_pathway(tmp_path / "conservative.toml")
    message = str(caught.value)
    assert "conservative.toml" in message
    assert told in message
    assert "\n" not in message


def test_an_unknown_pathway_is_told_with_those_there_are() -> None:
    with pytest.raises(PathwayError, match=r"no pathway 'none'.*conservative"):
        load_pathway("none")


def test_a_phase_or_item_that_a_pathway_lacks_is_told_with_those_it_has() -> None:
    pathway = load_pathway("conservative")
    with pytest.raises(PathwayError, match=r"no phase 'late'.*acute, early"):
        pathway.phase("late")
    with pytest.raises(PathwayError, match=r"no item 'otago'.*five_point"):
        pathway.phase("early").item("otago")


@given(st.sampled_from(PATHWAY_IDS), st.integers(0, 52 * 7 - 1))
def test_every_day_of_the_year_has_the_phase_whose_weeks_it_lies_in(
    pathway_id: str, day: int
) -> None:
    on = START + timedelta(days=day)
    decision = phase_on(load_pathway(pathway_id), START, on)
    assert decision.phase.weeks.start <= day / 7 < decision.phase.weeks.end
    first, end = phase_dates(decision.phase, START)
    assert first <= on < end
    assert (decision.day, decision.week) == (day, day // 7)


def test_the_decision_tells_the_day_and_the_weeks_it_rests_on() -> None:
    decision = phase_on(load_pathway("conservative"), START, START + timedelta(days=15))
    assert decision.phase.id == "early"
    assert decision.reasons == (
        "day 15 (week 2) after the fracture, within weeks 2 to 6 of 'Early: five-point support'",
    )


def test_a_clinician_keeps_a_patient_in_a_phase_and_the_decision_says_so() -> None:
    pathway = load_pathway("conservative")
    decision = phase_on(pathway, START, START + timedelta(days=15), override="acute")
    assert decision.phase.id == "acute"
    assert "within weeks 2 to 6" in decision.reasons[0]
    assert "clinician" in decision.reasons[1]


def test_before_the_start_the_first_phase_holds_and_after_the_end_the_last() -> None:
    pathway = load_pathway("after_pvp_pkp")
    before = phase_on(pathway, START, START - timedelta(days=3))
    after = phase_on(pathway, START, START + timedelta(weeks=60))
    assert (before.phase.id, after.phase.id) == ("protect", "maintain")
    assert "3 days before the operation" in before.reasons[0]
    assert "past the pathway's 52 weeks" in after.reasons[0]


def test_the_default_prescription_multiplies_the_template_out_to_a_day() -> None:
    plan = planned("conservative", "early")
    bridging = plan.item_shown_by(Evidence.BRIDGES)
    lying = plan.item_shown_by(Evidence.EXTENSION)
    assert bridging is not None
    assert lying is not None
    assert (bridging.per_day, bridging.unit, bridging.hold_s) == (10, Unit.REPETITIONS, 3)
    assert (lying.per_day, lying.unit, lying.band_deg) == (20, Unit.MINUTES, (5, 20))
    kinds = {item.kind for item in plan.items}
    assert {ItemKind.WALKING, ItemKind.BRACE, ItemKind.MEDICATION} < kinds


def test_the_target_dose_is_prescribed_when_asked_for() -> None:
    bridging = planned("conservative", "early", at_target=True).item_shown_by(Evidence.BRIDGES)
    assert bridging is not None
    assert (bridging.per_day, bridging.hold_s) == (30, 5)


def test_a_locked_exercise_is_prescribed_once_it_is_released() -> None:
    assert "prone_swallow" not in [item.id for item in planned("conservative", "strengthen").items]
    released = planned("conservative", "strengthen", "prone_swallow")
    assert "prone_swallow" in [item.id for item in released.items]


def test_three_point_support_takes_the_place_of_five_point_support() -> None:
    items = planned("conservative", "strengthen", "three_point").items
    assert [item.id for item in items if item.evidence is Evidence.BRIDGES] == ["three_point"]


def test_two_kinds_of_bridge_at_once_are_refused_as_sensors_cannot_tell_them_apart() -> None:
    with pytest.raises(PrescriptionError, match="two items for 'bridges'"):
        planned("conservative", "strengthen", "five_point", "three_point")


def test_the_next_phase_is_the_next_version_and_leaves_the_first_as_it_was() -> None:
    first = planned("conservative", "acute")
    pathway = load_pathway("conservative")
    second = progress(first, pathway.phase("early"), valid_from=START + timedelta(days=14))
    assert (first.version, first.phase_id) == (1, "acute")
    assert (second.version, second.phase_id, second.phase_weeks) == (2, "early", (2, 6))
    assert second.index_date == first.index_date


def test_the_past_cannot_be_prescribed_anew() -> None:
    plan = planned("conservative", "early")
    with pytest.raises(PrescriptionError, match="the past would change"):
        revise(plan, valid_from=START - timedelta(days=1), items=plan.items)


@pytest.mark.parametrize("change", [{"per_day": 0.0}, {"days_per_week": 8.0}])
def test_a_dose_that_is_none_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(PrescriptionError, match="is no dose"):
        replace(planned("conservative", "early").items[0], **change)  # type: ignore[arg-type]


def test_a_band_above_its_alarm_is_refused() -> None:
    lying = planned("conservative", "acute").item_shown_by(Evidence.EXTENSION)
    assert lying is not None
    plan = planned("conservative", "acute")
    with pytest.raises(LimitsError, match="no band of extension"):
        revise(plan, valid_from=START, items=(replace(lying, band_deg=(20.0, 40.0)),))


def test_the_angles_of_a_plan_are_those_of_its_template_until_a_clinician_changes_them() -> None:
    plan = planned("conservative", "acute")
    assert plan.limits() == Limits(band_deg=(5, 20), over_deg=30, flexion_deg=60)
    changed = revise(plan, valid_from=START, items=plan.items, flexion_limit_deg=40.0)
    assert changed.limits().flexion_deg == 40.0
    phase = load_pathway("conservative").phase("early")
    assert progress(changed, phase, valid_from=START).limits().flexion_deg == 40.0


def test_a_template_may_set_another_limit_to_bending(tmp_path: Path) -> None:
    own_copy(
        tmp_path,
        lambda text: text.replace(
            "flexion_limit_deg = {value = 60", "flexion_limit_deg = {value = 45"
        ),
    )
    pathway = read_pathway(tmp_path / "conservative.toml")
    plan = prescribe(
        pathway, pathway.phases[0], patient_id="one", index_date=START, valid_from=START
    )
    assert plan.limits().flexion_deg == 45.0


def test_a_limit_to_bending_that_cannot_be_followed_is_refused() -> None:
    with pytest.raises(LimitsError, match="no limit to bending"):
        replace(planned("conservative", "early"), flexion_limit_deg=5.0)
