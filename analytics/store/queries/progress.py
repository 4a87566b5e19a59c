"""What was prescribed and what was seen: a day, many days, weeks, and the whole caseload."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from analytics.adherence import DayRow, Seen, adherence, day_status
from analytics.caseload import CaseFacts, CaseloadRow, caseload_rows
from analytics.outcomes import PAIN
from analytics.pathway import Evidence
from analytics.prescription import Prescription
from analytics.store.database import Cursor
from analytics.store.queries.people import prescription
from analytics.store.queries.recordings import FallRow, falls

_ITEM_DAYS = """
    SELECT patient_id, day, item_id, title, unit, evidence, per_day, hold_s, cap_per_day, done,
        recorded, worn
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

    Medians are over the week's whole repetitions. `extension_min` is the time in the prescribed
    band, `upright_min_per_day` the mean of days with a day recording. What is None was not seen.
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
    pain_mean: float | None
    falls: int


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
    rows = cursor.execute(
        _ITEM_DAYS + "WHERE patient_id = $patient_id ORDER BY day, position",
        {"first_day": start, "end_day": end, "patient_id": patient_id},
    ).fetchall()
    return [_day_row(*columns) for _, *columns in rows]


def weekly(cursor: Cursor, patient_id: str) -> list[WeekRow]:
    """Every week from the index date to the one with the last recording or entry."""
    bounds = cursor.execute(_FOLLOWED, {"patient_id": patient_id}).fetchone()
    if bounds is None or None in bounds:
        return []
    index_date, last_day = bounds
    rows = cursor.execute(
        _WEEKLY,
        {
            "patient_id": patient_id,
            "pain": PAIN,
            "index_date": index_date,
            "end_day": last_day + timedelta(days=1),
        },
    ).fetchall()
    names = WeekRow.__dataclass_fields__
    return [WeekRow(**dict(zip(names, row, strict=True))) for row in rows]


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
        SELECT (day - $index_date) // 7 AS week,
            sum(per_day) FILTER (evidence = 'bridges') AS repetitions,
            max(hold_s) FILTER (evidence = 'bridges') AS hold_s,
            sum(per_day) FILTER (evidence = 'extension') AS extension_min
        FROM item_days($index_date, $end_day) WHERE patient_id = $patient_id GROUP BY week
    ), done AS (
        SELECT (r.day - $index_date) // 7 AS week, count(*) AS repetitions,
            median(hold_end_s - hold_start_s) AS hold_s, median(peak_deg) AS peak_deg
        FROM repetitions AS r JOIN sessions AS s USING (recording_id)
        WHERE s.patient_id = $patient_id AND NOT r.partial GROUP BY week
    ), upright AS (
        SELECT (day - $index_date) // 7 AS week, avg(upright_min) AS upright_min
        FROM daily_totals WHERE patient_id = $patient_id GROUP BY week
    ), extension AS (
        SELECT (day - $index_date) // 7 AS week, sum(extension_min) AS extension_min
        FROM daily_extension WHERE patient_id = $patient_id GROUP BY week
    ), pain AS (
        SELECT (day - $index_date) // 7 AS week, avg(value) AS mean
        FROM outcomes WHERE patient_id = $patient_id AND measure = $pain GROUP BY week
    ), fallen AS (
        SELECT (day - $index_date) // 7 AS week, count(*) AS falls
        FROM patient_falls WHERE patient_id = $patient_id GROUP BY week
    )
    SELECT w.week, w.start_date, coalesce(d.repetitions, 0), coalesce(p.repetitions, 0),
        d.hold_s, p.hold_s, d.peak_deg, coalesce(e.extension_min, 0),
        coalesce(p.extension_min, 0), u.upright_min, n.mean, coalesce(f.falls, 0)
    FROM weeks AS w
    LEFT JOIN prescribed AS p USING (week)
    LEFT JOIN done AS d USING (week)
    LEFT JOIN upright AS u USING (week)
    LEFT JOIN extension AS e USING (week)
    LEFT JOIN pain AS n USING (week)
    LEFT JOIN fallen AS f USING (week)
    ORDER BY w.week
"""


def caseload(cursor: Cursor, on: date) -> list[CaseloadRow]:
    """Every patient with a prescription, who needs a call first on top."""
    days = _item_days_of_all(cursor, on)
    names = (
        "patient_id",
        "label",
        "pathway_title",
        "phase_title",
        "phase_end_week",
        "week",
        "plan_since",
        "last_recording_at",
        "days_since_recording",
        "pain_latest",
        "pain_change",
        "falls_14d",
        "days_since_fall",
        "excess_extension",
    )
    rows = cursor.execute(_CASES, {"on": on, "pain": PAIN}).fetchall()
    cases = [_case(dict(zip(names, row, strict=True)), days, on) for row in rows]
    return caseload_rows(cases, on)


_CASES = """
    WITH plan AS (
        SELECT * FROM plans
        WHERE valid_from <= $on AND (valid_until IS NULL OR valid_until > $on)
    ), start AS (
        SELECT patient_id, min(valid_from) AS day FROM prescriptions GROUP BY patient_id
    ), latest AS (
        SELECT patient_id, max(started_at) AS started_at, max(day) AS day
        FROM sessions WHERE day <= $on GROUP BY patient_id
    ), entry AS (
        SELECT patient_id, day, arg_max(value, entered_at) AS value
        FROM outcomes WHERE measure = $pain AND day BETWEEN $on - 14 AND $on
        GROUP BY patient_id, day
    ), last_entry AS (
        SELECT patient_id, max(day) AS day, arg_max(value, day) AS value
        FROM entry GROUP BY patient_id
    ), pain AS (
        SELECT l.patient_id, l.value, l.value - avg(e.value) AS change
        FROM last_entry AS l
        LEFT JOIN entry AS e
            ON e.patient_id = l.patient_id AND e.day BETWEEN l.day - 7 AND l.day - 1
        GROUP BY l.patient_id, l.value
    ), fallen AS (
        SELECT patient_id, count(*) AS falls, max(day) AS day
        FROM patient_falls WHERE day BETWEEN $on - 13 AND $on GROUP BY patient_id
    ), excess AS (
        SELECT patient_id, count(*) AS bouts
        FROM lying_extension
        WHERE mean_deg > alarm_deg AND day BETWEEN $on - 7 AND $on
        GROUP BY patient_id
    )
    SELECT p.patient_id, p.label, a.pathway_title, a.phase_title, a.phase_end_week,
        ($on - a.index_date) // 7, s.day, l.started_at, $on - l.day, n.value, n.change,
        coalesce(f.falls, 0), $on - f.day, coalesce(x.bouts, 0)
    FROM patients AS p
    JOIN plan AS a USING (patient_id)
    JOIN start AS s USING (patient_id)
    LEFT JOIN latest AS l USING (patient_id)
    LEFT JOIN pain AS n USING (patient_id)
    LEFT JOIN fallen AS f USING (patient_id)
    LEFT JOIN excess AS x USING (patient_id)
"""


def _item_days_of_all(cursor: Cursor, on: date) -> dict[str, list[DayRow]]:
    rows = cursor.execute(
        _ITEM_DAYS + "WHERE evidence <> $reported",
        {
            "first_day": on - timedelta(days=14),
            "end_day": on + timedelta(days=1),
            "reported": Evidence.REPORT.value,
        },
    ).fetchall()
    days: dict[str, list[DayRow]] = defaultdict(list)
    for patient_id, *columns in rows:
        days[patient_id].append(_day_row(*columns))
    return days


def _case(facts: dict[str, Any], days: dict[str, list[DayRow]], on: date) -> CaseFacts:
    own = days.get(facts["patient_id"], [])
    week_ago = on - timedelta(days=7)
    last_at: datetime | None = facts.pop("last_recording_at")
    excess = [
        f"{row.done:.0f} {row.unit} on {row.date:%d %B}, cap {row.cap_per_day:.0f}"
        for row in own
        if row.cap_per_day is not None and row.done > row.cap_per_day and row.date >= week_ago
    ][-1:]
    bouts = facts.pop("excess_extension")
    if bouts:
        excess.append(f"extension above the limit {bouts} times in a week")
    return CaseFacts(
        **facts,
        last_recording_at=last_at and last_at.replace(tzinfo=UTC),
        last_week=adherence(row for row in own if week_ago <= row.date < on),
        week_before=adherence(row for row in own if row.date < week_ago),
        excess=tuple(excess),
    )


def _day_row(
    day: date,
    item_id: str,
    title: str,
    unit: str,
    evidence: str,
    per_day: float,
    hold_s: float | None,
    cap_per_day: float | None,
    done: float | None,
    recorded: bool,
    worn: bool,
) -> DayRow:
    kind = Evidence(evidence)
    seen = Seen(amount=done, recorded=recorded, worn=worn)
    return DayRow(
        date=day,
        item=item_id,
        title=title,
        unit=unit,
        evidence=kind,
        status=day_status(per_day, seen, kind),
        prescribed=per_day,
        done=done or 0.0,
        hold_s=hold_s,
        cap_per_day=cap_per_day,
    )
