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
from analytics.store.database import Cursor
from analytics.store.queries.progress import ITEM_DAYS, day_row


def caseload(cursor: Cursor, on: date) -> list[CaseloadRow]:
    """Every patient with a prescription, who needs a call first on top."""
    days = _item_days_of_all(cursor, on)
    rows = cursor.execute(_CASES, {"on": on, "pain": PAIN}).fetchall()
    named = [dict(zip(_CASE_FIELDS, row, strict=True)) for row in rows]
    return caseload_rows([_case(facts, days[facts["patient_id"]], on) for facts in named], on)


_CASE_FIELDS = (
    "patient_id",
    "label",
    "pathway_title",
    "phase_title",
    "phase_end_week",
    "week",
    "plan_since",
    "last_recording_on",
    "pain_latest",
    "pain_change",
    "falls_14d",
    "days_since_fall",
    "over_alarm",
)

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
        week_of($on, a.index_date), s.day, l.day, n.value, n.change,
        coalesce(f.falls, 0), $on - f.day, coalesce(x.bouts, 0)
    FROM patients AS p
    JOIN plan AS a USING (patient_id)
    JOIN start AS s USING (patient_id)
    LEFT JOIN latest AS l USING (patient_id)
    LEFT JOIN pain AS n USING (patient_id)
    LEFT JOIN fallen AS f USING (patient_id)
    LEFT JOIN alarmed AS x USING (patient_id)
"""


def _item_days_of_all(cursor: Cursor, on: date) -> dict[str, list[DayRow]]:
    rows = cursor.execute(
        ITEM_DAYS + "WHERE evidence <> $reported",
        {
            "first_day": on - timedelta(days=14),
            "end_day": on + timedelta(days=1),
            "reported": Evidence.REPORT.value,
        },
    ).fetchall()
    days: dict[str, list[DayRow]] = defaultdict(list)
    for patient_id, *columns in rows:
        days[patient_id].append(day_row(*columns))
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
