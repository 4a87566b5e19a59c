"""What was prescribed and what was seen of one patient: a day, many days, weeks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from analytics.adherence import DayRow, Seen, day_status
from analytics.outcomes import PAIN
from analytics.pathway import Evidence
from analytics.prescription import Prescription
from analytics.store.database import Cursor, named_rows
from analytics.store.queries.people import prescription
from analytics.store.queries.recordings import FallRow, falls

ITEM_DAYS = """
    SELECT patient_id, day AS date, item_id AS item, title, unit, evidence, per_day AS prescribed,
        days_per_week, hold_s, cap_per_day, done, recorded, worn
    FROM item_days($first_day, $end_day)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TodayView:
    """What a patient sees of one day; `plan` is None before anything is prescribed.

    `week` counts whole weeks since the index date; `pain` is the day's latest entry.
    """

    date: date
    plan: Prescription | None
    week: int | None
    items: tuple[DayRow, ...]
    pain: float | None
    last_fall: FallRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekRow:
    """One week since the index date (the first is 0).

    Medians are over the week's whole repetitions, its rises from a seat and its walks.
    `extension_min` is the time in the prescribed band. Minutes upright and in bed and times up are
    means over days with a day recording. What is None was not seen.
    """

    week: int
    start_date: date
    repetitions: int
    prescribed_repetitions: float
    hold_median_s: float | None
    prescribed_hold_s: float | None
    peak_median_deg: float | None
    extension_min: float
    prescribed_extension_min: float
    upright_min_per_day: float | None
    bed_rest_min_per_day: float | None
    times_up_per_day: float | None
    pain_mean: float | None
    falls: int
    stand_up_median_s: float | None
    stride_regularity: float | None
    near_falls: int


def today(cursor: Cursor, patient_id: str, on: date) -> TodayView:
    """What is prescribed on a date and how far it was done."""
    plan = prescription(cursor, patient_id, on)
    row = cursor.execute(
        """
        SELECT arg_max(value, entered_at) FROM outcomes
        WHERE patient_id = ? AND measure = ? AND day = ?
        """,
        [patient_id, PAIN, on],
    ).fetchone()
    past_falls = [fall for fall in falls(cursor, patient_id) if fall.date <= on]
    return TodayView(
        date=on,
        plan=plan,
        week=None if plan is None else (on - plan.index_date).days // 7,
        items=tuple(daily(cursor, patient_id, on, on + timedelta(days=1))),
        pain=row[0] if row else None,
        last_fall=past_falls[0] if past_falls else None,
    )


def daily(cursor: Cursor, patient_id: str, start: date, end: date) -> list[DayRow]:
    """Every prescribed item of each day from `start` up to, not including, `end`."""
    cursor.execute(
        ITEM_DAYS + "WHERE patient_id = $patient_id ORDER BY day, position",
        {"first_day": start, "end_day": end, "patient_id": patient_id},
    )
    return [day_row(row) for row in named_rows(cursor)]


def weekly(cursor: Cursor, patient_id: str) -> list[WeekRow]:
    """Every week from the index date to the one with the last recording or entry."""
    bounds = cursor.execute(_FOLLOWED, {"patient_id": patient_id}).fetchone()
    if bounds is None or None in bounds:
        return []
    index_date, last_day = bounds
    cursor.execute(
        _WEEKLY,
        {
            "patient_id": patient_id,
            "pain": PAIN,
            "index_date": index_date,
            "end_day": last_day + timedelta(days=1),
        },
    )
    return [WeekRow(**row) for row in named_rows(cursor)]


_FOLLOWED = """
    SELECT
        (SELECT arg_max(index_date, version) FROM prescriptions WHERE patient_id = $patient_id),
        greatest(
            (SELECT max(day) FROM session_days WHERE patient_id = $patient_id),
            (SELECT max(day) FROM outcomes WHERE patient_id = $patient_id))
"""

_WEEKLY = """
    WITH weeks AS (
        SELECT week, CAST($index_date + CAST(week * 7 AS INTEGER) AS DATE) AS start_date
        FROM range(0, ($end_day - $index_date + 6) // 7) AS r (week)
    ), prescribed AS (
        SELECT week_of(day, $index_date) AS week,
            sum(per_day) FILTER (evidence = 'bridges') AS repetitions,
            max(hold_s) FILTER (evidence = 'bridges') AS hold_s,
            sum(per_day) FILTER (evidence = 'extension') AS extension_min
        FROM item_days($index_date, $end_day) WHERE patient_id = $patient_id GROUP BY week
    ), done AS (
        SELECT week_of(r.day, $index_date) AS week, count(*) AS repetitions,
            median(hold_end_s - hold_start_s) AS hold_s, median(peak_deg) AS peak_deg
        FROM repetitions AS r JOIN sessions AS s USING (recording_id)
        WHERE s.patient_id = $patient_id AND NOT r.partial GROUP BY week
    ), upright AS (
        SELECT week_of(day, $index_date) AS week, avg(upright_min) AS upright_min,
            avg(bed_rest_min) AS bed_rest_min, avg(times_up) AS times_up
        FROM daily_totals WHERE patient_id = $patient_id GROUP BY week
    ), extension AS (
        SELECT week_of(day, $index_date) AS week, sum(extension_min) AS extension_min
        FROM daily_extension WHERE patient_id = $patient_id GROUP BY week
    ), pain AS (
        SELECT week_of(day, $index_date) AS week, avg(value) AS mean
        FROM outcomes WHERE patient_id = $patient_id AND measure = $pain GROUP BY week
    ), fallen AS (
        SELECT week_of(day, $index_date) AS week, count(*) AS falls
        FROM patient_falls WHERE patient_id = $patient_id GROUP BY week
    ), rises AS (
        SELECT week_of(r.day, $index_date) AS week, median(r.end_s - r.start_s) AS stand_up_s
        FROM stand_ups AS r JOIN sessions AS s USING (recording_id)
        WHERE s.patient_id = $patient_id GROUP BY week
    ), walked AS (
        SELECT week_of(r.day, $index_date) AS week, median(r.stride_regularity) AS regularity
        FROM walks AS r JOIN sessions AS s USING (recording_id)
        WHERE s.patient_id = $patient_id GROUP BY week
    ), nearly AS (
        SELECT week_of(r.day, $index_date) AS week, count(*) AS near_falls
        FROM near_falls AS r JOIN sessions AS s USING (recording_id)
        WHERE s.patient_id = $patient_id GROUP BY week
    )
    SELECT w.week, w.start_date,
        coalesce(d.repetitions, 0) AS repetitions,
        coalesce(p.repetitions, 0) AS prescribed_repetitions,
        d.hold_s AS hold_median_s, p.hold_s AS prescribed_hold_s, d.peak_deg AS peak_median_deg,
        coalesce(e.extension_min, 0) AS extension_min,
        coalesce(p.extension_min, 0) AS prescribed_extension_min,
        u.upright_min AS upright_min_per_day, u.bed_rest_min AS bed_rest_min_per_day,
        u.times_up AS times_up_per_day, n.mean AS pain_mean,
        coalesce(f.falls, 0) AS falls, t.stand_up_s AS stand_up_median_s,
        k.regularity AS stride_regularity, coalesce(a.near_falls, 0) AS near_falls
    FROM weeks AS w
    LEFT JOIN prescribed AS p USING (week)
    LEFT JOIN done AS d USING (week)
    LEFT JOIN upright AS u USING (week)
    LEFT JOIN extension AS e USING (week)
    LEFT JOIN pain AS n USING (week)
    LEFT JOIN fallen AS f USING (week)
    LEFT JOIN rises AS t USING (week)
    LEFT JOIN walked AS k USING (week)
    LEFT JOIN nearly AS a USING (week)
    ORDER BY w.week
"""


def day_row(row: dict[str, Any]) -> DayRow:
    """A row of `ITEM_DAYS` with its status."""
    evidence = Evidence(row["evidence"])
    seen = Seen(amount=row["done"], recorded=row["recorded"], worn=row["worn"])
    return DayRow(
        date=row["date"],
        item=row["item"],
        title=row["title"],
        unit=row["unit"],
        evidence=evidence,
        status=day_status(row["prescribed"], seen, evidence),
        prescribed=row["prescribed"],
        done=seen.amount or 0.0,
        days_per_week=row["days_per_week"],
        hold_s=row["hold_s"],
        cap_per_day=row["cap_per_day"],
    )
