"""The whole caseload at once: what is known of every patient, for the ranking."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from math import inf
from typing import Any

from analytics.adherence import DayRow, adherence
from analytics.caseload import CaseFacts, CaseloadRow, caseload_rows
from analytics.outcomes import PAIN
from analytics.pathway import Evidence
from analytics.store.database import Cursor, named_rows
from analytics.store.queries.progress import ITEM_DAYS, day_row


def caseload(cursor: Cursor, on: date) -> list[CaseloadRow]:
    """Every patient with a prescription, who needs a call first on top."""
    days = _item_days_of_all(cursor, on)
    cursor.execute(_CASES, {"on": on, "pain": PAIN})
    cases = [_case(row, days[row["patient_id"]], on) for row in named_rows(cursor)]
    return caseload_rows(cases, on)


_CASES = """
    WITH plan AS (
        SELECT * FROM plans
        WHERE valid_from <= $on AND (valid_until IS NULL OR valid_until > $on)
    ), start AS (
        SELECT patient_id, min(valid_from) AS day FROM prescriptions GROUP BY patient_id
    ), latest AS (
        SELECT patient_id, max(day) AS day FROM sessions WHERE day <= $on GROUP BY patient_id
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
    ), alarmed AS (
        SELECT patient_id, count(*) AS bouts
        FROM lying_extension
        WHERE too_far AND day BETWEEN $on - 7 AND $on
        GROUP BY patient_id
    )
    SELECT p.patient_id, p.label, a.pathway_title, a.phase_title, a.phase_end_week,
        week_of($on, a.index_date) AS week, s.day AS plan_since, l.day AS last_recording_on,
        n.value AS pain_latest, n.change AS pain_change, coalesce(f.falls, 0) AS falls_14d,
        $on - f.day AS days_since_fall, coalesce(x.bouts, 0) AS over_alarm
    FROM patients AS p
    JOIN plan AS a USING (patient_id)
    JOIN start AS s USING (patient_id)
    LEFT JOIN latest AS l USING (patient_id)
    LEFT JOIN pain AS n USING (patient_id)
    LEFT JOIN fallen AS f USING (patient_id)
    LEFT JOIN alarmed AS x USING (patient_id)
"""


def _item_days_of_all(cursor: Cursor, on: date) -> dict[str, list[DayRow]]:
    cursor.execute(
        ITEM_DAYS + "WHERE evidence <> $reported",
        {
            "first_day": on - timedelta(days=14),
            "end_day": on + timedelta(days=1),
            "reported": Evidence.REPORT.value,
        },
    )
    days: defaultdict[str, list[DayRow]] = defaultdict(list)
    for row in named_rows(cursor):
        days[row["patient_id"]].append(day_row(row))
    return days


def _case(facts: dict[str, Any], days: list[DayRow], on: date) -> CaseFacts:
    week_ago = on - timedelta(days=7)
    last_days = [row for row in days if row.date >= week_ago]
    return CaseFacts(
        **facts,
        last_week=adherence(row for row in last_days if row.date < on),
        week_before=adherence(row for row in days if row.date < week_ago),
        over_cap=tuple(row for row in last_days if row.done > (row.cap_per_day or inf)),
    )
