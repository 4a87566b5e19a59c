"""What the store tells of progress: days, weeks and recordings beside the plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from analytics.adherence import DayStatus
from analytics.events import Posture, PostureBout, WearState
from analytics.outcomes import PAIN, Outcome
from analytics.pathway import Evidence, load_pathway
from analytics.prescription import progress
from analytics.store import ingest, queries
from sensors.recording import RecordingKind
from tests.stored import (
    FOLDER,
    FRACTURE,
    PATIENT,
    add,
    at,
    back_extensions,
    bridges,
    day,
    extended,
    fall,
    near_fall,
    opened,
    plan,
    session,
    stand_ups,
    walk,
    worn,
)


def test_each_day_is_told_apart_as_done_partly_not_done_no_data_or_not_worn(
    tmp_path: Path,
) -> None:
    laid_aside = (worn(0.0, 3600.0, WearState.NOT_WORN),)
    with opened(tmp_path) as (store, cursor):
        queries.add_prescription(cursor, plan())
        recorded = [
            session("d0", started_at=at(day(0), 9), repetitions=bridges(9)),
            session("d1", started_at=at(day(1), 9), repetitions=bridges(3)),
            session("d2", started_at=at(day(2), 9), repetitions=bridges(9, partial=True)),
            session("d4", started_at=at(day(4), 9), wear=laid_aside),
        ]
        for each in recorded:
            ingest(store, each, FOLDER)
        rows = queries.daily(cursor, PATIENT, day(0), day(5))
    bridging = [row for row in rows if row.evidence is Evidence.BRIDGES]
    assert [(row.date, row.done) for row in bridging] == [
        (day(0), 9),
        (day(1), 3),
        (day(2), 0),
        (day(3), 0),
        (day(4), 0),
    ]
    assert [row.status for row in bridging] == [
        DayStatus.DONE,
        DayStatus.PARTLY,
        DayStatus.NOT_DONE,
        DayStatus.NO_DATA,
        DayStatus.NOT_WORN,
    ]


def test_only_lying_extension_in_the_prescribed_band_counts(tmp_path: Path) -> None:
    bouts = (
        extended(10.0),
        extended(7.0, mean_deg=3.0),
        extended(7.0, mean_deg=24.0),
        replace(extended(7.0), posture=Posture.UPRIGHT),
        extended(6.0, mean_deg=20.0),
    )
    with opened(tmp_path) as (store, cursor):
        queries.add_prescription(cursor, plan("acute"))
        ingest(store, session(hyperextension=bouts), FOLDER)
        lying, *_ = queries.daily(cursor, PATIENT, day(0), day(1))
    assert lying.item == "hyperextension"
    assert lying.done == pytest.approx(16.0)
    assert (lying.prescribed, lying.status) == (20.0, DayStatus.DONE)


def test_of_a_bout_only_the_minutes_in_the_prescribed_band_count(tmp_path: Path) -> None:
    partly = replace(extended(10.0, mean_deg=21.0), in_band_s=240.0)
    with opened(tmp_path) as (store, cursor):
        queries.add_prescription(cursor, plan("acute"))
        ingest(store, session(hyperextension=(partly,)), FOLDER)
        lying, *_ = queries.daily(cursor, PATIENT, day(0), day(1))
    assert lying.done == pytest.approx(4.0)


def test_a_report_tells_of_items_that_no_sensor_sees_and_the_last_one_holds(
    tmp_path: Path,
) -> None:
    with opened(tmp_path) as (_, cursor):
        queries.add_prescription(cursor, plan())
        queries.add_report(cursor, PATIENT, day(0), "walking", 20.0)
        queries.add_report(cursor, PATIENT, day(0), "walking", 5.0)
        rows = {row.item: row for row in queries.daily(cursor, PATIENT, day(0), day(1))}
    assert (rows["walking"].done, rows["walking"].status) == (5.0, DayStatus.PARTLY)
    assert rows["brace"].status is DayStatus.NO_DATA


def test_a_night_recording_is_shared_between_the_two_days_it_touches(tmp_path: Path) -> None:
    # 23:59:30 in Berlin in summer: the third lift is after midnight
    late = session(started_at=at(date(2026, 7, 1), 21, 59) + timedelta(seconds=30))
    lifts = tuple(
        replace(lift, start_s=start_s, end_s=start_s + 5.0)
        for lift, start_s in zip(bridges(3), (0.0, 15.0, 30.0), strict=True)
    )
    with opened(tmp_path) as (store, cursor):
        queries.add_prescription(cursor, plan())
        ingest(store, replace(late, repetitions=lifts), FOLDER)
        first, second = (
            row
            for row in queries.daily(cursor, PATIENT, date(2026, 7, 1), date(2026, 7, 3))
            if row.evidence is Evidence.BRIDGES
        )
    assert (first.done, second.done) == (2, 1)


@pytest.mark.parametrize(("changing", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_on_which_the_clocks_change_has_an_hour_less_or_more(
    changing: date, hours: int, tmp_path: Path
) -> None:
    midnight = datetime.combine(changing, time(), ZoneInfo("Europe/Berlin")).astimezone(UTC)
    whole = session(started_at=midnight, duration_s=(hours + 1) * 3600.0)
    with opened(tmp_path) as (store, cursor):
        ingest(store, whole, FOLDER)
        days = cursor.execute("SELECT day, recorded_min FROM session_days ORDER BY day").fetchall()
    assert days == [(changing, 60.0 * hours), (changing + timedelta(days=1), 60.0)]


def test_days_follow_the_patient_to_another_time_zone(tmp_path: Path) -> None:
    evening = session(started_at=at(day(0), 20), repetitions=bridges(4), falls=(fall(),))
    with opened(tmp_path) as (store, cursor):
        queries.add_prescription(cursor, plan())
        ingest(store, evening, FOLDER)
        assert queries.sessions(cursor, PATIENT)[0].date == day(0)
        add(cursor, PATIENT, "Asia/Tokyo")
        assert queries.sessions(cursor, PATIENT)[0].date == day(1)
        assert queries.falls(cursor, PATIENT)[0].date == day(1)
        done = {row.date: row.done for row in queries.daily(cursor, PATIENT, day(0), day(2))}
        assert queries.session(cursor, "one").session == evening
    assert done[day(1)] == 0  # the last item of the day is a reported one
    assert len(done) == 2


def test_today_shows_the_plan_what_is_done_the_pain_and_the_last_fall(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, cursor):
        queries.add_prescription(cursor, plan())
        for number in (3, 9):
            fallen = session(f"f{number}", started_at=at(day(number), 9), falls=(fall(60.0),))
            ingest(store, fallen, FOLDER)
        for value in (7, 5):
            queries.add_outcome(
                cursor, Outcome(patient_id=PATIENT, measure=PAIN, date=day(8), value=value)
            )
        view = queries.today(cursor, PATIENT, day(8))
        before = queries.today(cursor, PATIENT, day(-1))
    assert view.plan == plan()
    assert (view.week, view.pain) == (1, 5)
    assert [row.item for row in view.items] == [item.id for item in plan().items]
    assert view.last_fall is not None
    assert (view.last_fall.date, view.last_fall.at) == (day(3), at(day(3), 9, 1))
    assert (before.plan, before.items, before.last_fall) == (None, (), None)


def test_weeks_add_up_from_the_index_date_to_the_last_entry(tmp_path: Path) -> None:
    lying = PostureBout(posture=Posture.SUPINE, start_s=0.0, end_s=3600.0)
    upright = PostureBout(posture=Posture.UPRIGHT, start_s=3600.0, end_s=10_800.0)
    at_home = session(
        "home",
        started_at=at(day(8), 9),
        kind=RecordingKind.DAY,
        duration_s=14_400.0,
        postures=(lying, upright),
        hyperextension=(extended(15.0),),
        falls=(fall(),),
    )
    with opened(tmp_path) as (store, cursor):
        queries.add_prescription(cursor, plan())
        for number, hold_s in ((0, 3.0), (6, 5.0), (7, 4.0)):
            lifts = bridges(5, hold_s)
            ingest(
                store,
                session(f"s{number}", started_at=at(day(number), 9), repetitions=lifts),
                FOLDER,
            )
        ingest(store, at_home, FOLDER)
        for number, value in ((1, 6), (2, 8), (9, 4)):
            queries.add_outcome(
                cursor, Outcome(patient_id=PATIENT, measure=PAIN, date=day(number), value=value)
            )
        first, second = queries.weekly(cursor, PATIENT)
    assert (first.week, first.start_date) == (0, day(0))
    assert (first.repetitions, first.prescribed_repetitions) == (10, 70)
    assert (first.hold_median_s, first.prescribed_hold_s) == (4.0, 3.0)
    assert (first.peak_median_deg, first.pain_mean, first.falls) == (22.0, 7.0, 0)
    assert (first.extension_min, first.upright_min_per_day) == (0.0, None)
    assert (second.week, second.start_date, second.repetitions) == (1, day(7), 5)
    # the week so far: three days up to the last entry
    assert (second.prescribed_repetitions, second.prescribed_extension_min) == (30, 60)
    assert (second.extension_min, second.upright_min_per_day) == (15.0, 120.0)
    assert (second.bed_rest_min_per_day, second.times_up_per_day) == (60.0, 1.0)
    assert (second.pain_mean, second.falls) == (4.0, 1)


def test_what_was_before_the_index_date_is_in_no_week(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, cursor):
        queries.add_prescription(cursor, plan())
        for number in (-2, 1):
            lifts = bridges(5)
            ingest(
                store,
                session(f"s{number}", started_at=at(day(number), 9), repetitions=lifts),
                FOLDER,
            )
        (first,) = queries.weekly(cursor, PATIENT)
    assert first.repetitions == 5


def test_a_week_tells_how_somebody_rose_and_walked_and_nearly_fell(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, cursor):
        queries.add_prescription(cursor, plan())
        for number, duration_s, regularity in ((0, 2.0, 0.8), (1, 3.0, 0.7), (8, 4.0, 0.6)):
            moved = session(
                f"s{number}",
                started_at=at(day(number), 9),
                stand_ups=stand_ups(2, every_s=600.0, duration_s=duration_s),
                walks=(walk(regularity),),
                near_falls=(near_fall(100.0),) * number,
            )
            ingest(store, moved, FOLDER)
        first, second = queries.weekly(cursor, PATIENT)
    assert (first.stand_up_median_s, first.stride_regularity, first.near_falls) == (2.5, 0.75, 1)
    assert (second.stand_up_median_s, second.stride_regularity) == (4.0, 0.6)
    assert second.near_falls == 8


def test_back_extensions_and_rises_in_a_row_count_for_their_own_items(tmp_path: Path) -> None:
    moved = session(
        repetitions=bridges(2),
        back_extensions=back_extensions(5) + back_extensions(1, partial=True),
        stand_ups=stand_ups(8) + stand_ups(2, every_s=1000.0)[1:],
    )
    with opened(tmp_path) as (store, cursor):
        phase = load_pathway("conservative").phase("strengthen")
        queries.add_prescription(cursor, plan())
        unlocked = ("five_point", "prone_swallow")
        queries.add_prescription(
            cursor, progress(plan(), phase, valid_from=FRACTURE, unlocked=unlocked)
        )
        ingest(store, moved, FOLDER)
        rows = queries.daily(cursor, PATIENT, day(0), day(1))
        (totals,) = cursor.execute("SELECT sit_to_stands FROM daily_totals").fetchall()
    done = {row.evidence: row.done for row in rows if row.evidence is not Evidence.REPORT}
    assert done == {Evidence.BRIDGES: 2, Evidence.BACK_EXTENSIONS: 5}
    assert totals == (8,)


def test_a_patient_without_plan_or_data_has_no_weeks(tmp_path: Path) -> None:
    with opened(tmp_path) as (_, cursor):
        assert queries.weekly(cursor, PATIENT) == []
        queries.add_prescription(cursor, plan())
        assert queries.weekly(cursor, PATIENT) == []
        assert queries.sessions(cursor, PATIENT) == []


def test_sessions_are_listed_the_latest_first_with_what_was_found(tmp_path: Path) -> None:
    found = bridges(3, 3.0) + bridges(1, 9.0) + bridges(5, 1.0, partial=True)
    with opened(tmp_path) as (store, cursor):
        ingest(store, session("early", started_at=at(day(0), 9)), FOLDER)
        ingest(
            store,
            session(
                "late",
                started_at=at(day(1), 9),
                repetitions=found,
                hyperextension=(
                    extended(5.0),
                    replace(extended(4.0), in_band_s=150.0),
                    replace(extended(9.0), posture=Posture.UPRIGHT),
                ),
                falls=(fall(),),
            ),
            FOLDER,
        )
        late, early = queries.sessions(cursor, PATIENT)
    assert (late.recording_id, late.started_at) == ("late", at(day(1), 9))
    assert (late.repetitions, late.hold_median_s, late.extension_min, late.falls) == (4, 3, 7.5, 1)
    assert (early.repetitions, early.hold_median_s, early.extension_min) == (0, None, 0)
    assert late.path == FOLDER.resolve()
