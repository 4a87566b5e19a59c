"""How a recovery went so far, read from the store for the pages that draw it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from analytics.outcomes import PAIN
from analytics.pathway import load_pathway
from analytics.prescription import Prescription
from analytics.store import Cursor
from analytics.store.queries import DayRow, daily, falls, outcomes, weekly
from dashboard import recovery
from dashboard.charts import Frame, Point
from dashboard.palette import Palette


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What was done and felt since the index date of a plan, and what it is drawn upon."""

    frame: Frame
    days: Sequence[DayRow]
    measures: recovery.WeeklyMeasures
    mobility: recovery.MobilityTrends
    pain: Sequence[Point]


def read_course(cursor: Cursor, plan: Prescription, today: date, palette: Palette) -> Course:
    """The course of the patient whose plan it is, until today."""
    patient_id, index_date = plan.patient_id, plan.index_date
    days = daily(cursor, patient_id, index_date, today + timedelta(days=1))
    weeks = weekly(cursor, patient_id)
    return Course(
        frame=recovery.frame(
            load_pathway(plan.pathway_id),
            index_date,
            today=today,
            falls=falls(cursor, patient_id),
            palette=palette,
        ),
        days=days,
        measures=recovery.weekly_measures(weeks, days, index_date),
        mobility=recovery.mobility_trends(weeks),
        pain=recovery.pain_points(outcomes(cursor, patient_id, PAIN), index_date),
    )
