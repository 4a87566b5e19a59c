"""Every question that is asked of the store, one named function each.

All take a cursor of the calling thread (`Store.cursor`); SQL is written nowhere else.
"""

from analytics.adherence import DayRow
from analytics.caseload import CaseloadRow, Severity
from analytics.store.queries.people import (
    Patient,
    add_outcome,
    add_patient,
    add_prescription,
    add_report,
    outcomes,
    patient,
    patients,
    prescribed_by_day,
    prescription,
    prescriptions,
    recent_outcomes,
    set_stature,
)
from analytics.store.queries.progress import TodayView, WeekRow, daily, today, weekly
from analytics.store.queries.recordings import (
    FallRow,
    SessionRow,
    falls,
    sessions,
)
from analytics.store.queries.worklist import caseload
from analytics.store.sessions import session

__all__ = [
    "CaseloadRow",
    "DayRow",
    "FallRow",
    "Patient",
    "SessionRow",
    "Severity",
    "TodayView",
    "WeekRow",
    "add_outcome",
    "add_patient",
    "add_prescription",
    "add_report",
    "caseload",
    "daily",
    "falls",
    "outcomes",
    "patient",
    "patients",
    "prescribed_by_day",
    "prescription",
    "prescriptions",
    "recent_outcomes",
    "session",
    "sessions",
    "set_stature",
    "today",
    "weekly",
]
