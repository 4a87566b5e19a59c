"""What the store keeps of people: who they are, what is prescribed, what they enter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analytics.limits import NOTHING_PRESCRIBED, USUAL, Limits, Prescribed
from analytics.outcomes import PAIN, Outcome, OutcomeSource
from analytics.pathway import Evidence, load_pathway
from analytics.prescription import progress, revise
from analytics.store import StoreError, queries
from tests.stored import FRACTURE, PATIENT, add, at, day, opened, plan


def test_a_patient_shows_the_pathway_of_the_latest_prescription(tmp_path: Path) -> None:
    with opened(tmp_path) as (_, cursor):
        assert queries.patient(cursor, PATIENT).pathway_id is None
        queries.add_prescription(cursor, plan())
        found = queries.patient(cursor, PATIENT)
    assert (found.label, found.birth_year, found.time_zone) == ("One", 1949, "Europe/Berlin")
    assert (found.pathway_id, found.index_date) == ("conservative", FRACTURE)
    assert found.pathway_title == "Conservative treatment"


def test_a_stature_stays_when_a_patient_moves(tmp_path: Path) -> None:
    with opened(tmp_path) as (_, cursor):
        assert queries.patient(cursor, PATIENT).stature_m is None
        queries.set_stature(cursor, PATIENT, 1.62)
        add(cursor, PATIENT, "Asia/Tokyo")
        found = queries.patient(cursor, PATIENT)
    assert (found.stature_m, found.time_zone) == (1.62, "Asia/Tokyo")


def test_an_unknown_patient_and_an_unknown_time_zone_are_told(tmp_path: Path) -> None:
    with opened(tmp_path) as (_, cursor):
        with pytest.raises(StoreError, match="no patient 'nobody'"):
            queries.patient(cursor, "nobody")
        with pytest.raises(StoreError, match="no time zone 'Mars'"):
            add(cursor, "marvin", "Mars")
        assert [patient.id for patient in queries.patients(cursor)] == [PATIENT]


def test_prescriptions_are_added_as_versions_and_read_back_whole(tmp_path: Path) -> None:
    first = plan("acute")
    early = progress(first, load_pathway("conservative").phase("early"), valid_from=day(14))
    second = replace(early, flexion_limit_deg=45.0)
    with opened(tmp_path) as (_, cursor):
        queries.add_prescription(cursor, first)
        queries.add_prescription(cursor, second)
        assert queries.prescriptions(cursor, PATIENT) == [first, second]
        assert queries.prescriptions(cursor, PATIENT)[1].flexion_limit_deg == 45.0
        assert queries.prescription(cursor, PATIENT, day(-1)) is None
        assert queries.prescription(cursor, PATIENT, day(13)) == first
        assert queries.prescription(cursor, PATIENT, day(14)) == second


def test_of_two_people_who_change_the_same_prescription_the_second_is_told(tmp_path: Path) -> None:
    first = plan()
    with opened(tmp_path) as (_, cursor):
        queries.add_prescription(cursor, first)
        queries.add_prescription(cursor, revise(first, valid_from=day(3), items=first.items[:1]))
        with pytest.raises(StoreError, match="look at the latest"):
            queries.add_prescription(cursor, revise(first, valid_from=day(4), items=()))
        assert len(queries.prescriptions(cursor, PATIENT)) == 2


def test_limits_are_those_of_the_prescription_of_the_day_where_the_patient_lives(
    tmp_path: Path,
) -> None:
    first = plan("acute")
    (lying,) = [item for item in first.items if item.evidence is Evidence.EXTENSION]
    narrower = replace(lying, band_deg=(5.0, 12.0), alarm_deg=15.0)
    second = revise(first, valid_from=day(3), items=(narrower,), flexion_limit_deg=30.0)
    with opened(tmp_path) as (_, cursor):
        assert queries.prescribed_by_day(cursor, PATIENT).at(at(day(0), 9)) == Prescribed()
        queries.add_prescription(cursor, first)
        queries.add_prescription(cursor, second)
        prescribed = queries.prescribed_by_day(cursor, PATIENT)
        assert queries.prescribed_by_day(cursor, "nobody") == NOTHING_PRESCRIBED
    narrow = Limits(band_deg=(5.0, 12.0), over_deg=15.0, flexion_deg=30.0)
    assert [prescribed.at(at(day(2), hour)).limits for hour in (9, 22, 23)] == [
        USUAL,
        USUAL,
        narrow,
    ]


def test_outcomes_come_back_in_the_order_of_their_dates(tmp_path: Path) -> None:
    entries = [
        Outcome(patient_id=PATIENT, measure=PAIN, date=day(2), value=4),
        Outcome(
            patient_id=PATIENT,
            measure="tug",
            date=day(2),
            value=13.2,
            source=OutcomeSource.CLINICIAN,
        ),
        Outcome(patient_id=PATIENT, measure=PAIN, date=day(1), value=6),
    ]
    with opened(tmp_path) as (_, cursor):
        for entry in entries:
            queries.add_outcome(cursor, entry)
        assert queries.outcomes(cursor, PATIENT, PAIN) == [entries[2], entries[0]]
        assert queries.outcomes(cursor, PATIENT, "tug") == [entries[1]]
        assert queries.recent_outcomes(cursor, PAIN, day(2)) == {PATIENT: [entries[0]]}
