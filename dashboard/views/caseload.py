"""Caseload: who needs a call and why, then everyone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import streamlit as st

from analytics.outcomes import PAIN, Outcome
from analytics.store.queries import (
    CaseloadRow,
    FallRow,
    Patient,
    Severity,
    caseload,
    falls,
    patients,
    recent_outcomes,
)
from dashboard import data, words
from dashboard.data import cursor
from dashboard.selection import open_patient

_MOST_CALLS_SHOWN = 8
_PAIN_DAYS_SHOWN = 28


def _calls(heading: str, rows: list[CaseloadRow]) -> None:
    if not rows:
        return
    st.header(heading, anchor=False)
    shown = rows[:_MOST_CALLS_SHOWN]
    _cards(
        {
            row.patient_id: f"**{row.label}**: {_why(row)}  \n{row.phase_title}, week {row.week}"
            for row in shown
        }
    )
    if len(rows) > _MOST_CALLS_SHOWN:
        st.markdown(f"and {len(rows) - _MOST_CALLS_SHOWN} more, on top of the table below.")


def _cards(texts: Mapping[str, str]) -> None:
    """A card for each patient id, with a way to the patient."""
    for patient_id, text in texts.items():
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(text, width="stretch")
            if st.button("Open", key=f"open-{patient_id}"):
                open_patient(patient_id)


def _unplanned_text(patient: Patient, fallen: Sequence[FallRow]) -> str:
    """Somebody of whom only falls are looked for: the latest comes first."""
    if not fallen:
        return f"**{patient.label}**"
    return f"**{patient.label}**: fell on {words.day_text(fallen[0].date)}"


def _urgency(row: CaseloadRow) -> Severity | None:
    return row.reasons[0].severity if row.reasons else None


def _why(row: CaseloadRow) -> str:
    return " · ".join(reason.text for reason in row.reasons)


def _percent(share: float | None) -> int | None:
    return None if share is None else round(100 * share)


def _table_row(row: CaseloadRow, pain: list[Outcome]) -> dict[str, object]:
    return {
        "Patient": row.label,
        "Why to call": _why(row),
        "Adherence": _percent(row.adherence_7d),
        "Before": _percent(row.adherence_prev_7d),
        "Days seen": row.days_with_data_7d,
        "Pain": row.pain_latest,
        "Pain trend": [entry.value for entry in pain],
        "Falls": row.falls_14d,
        "Week": row.week,
        "Phase": row.phase_title,
        "Last recording": row.last_recording_on,
        "Pathway": row.pathway_title,
    }


_COLUMNS = {
    "Why to call": st.column_config.TextColumn(width="medium"),
    "Adherence": st.column_config.ProgressColumn(
        format="%d %%", min_value=0, max_value=100, help="Dose done of prescribed, last 7 days"
    ),
    "Before": st.column_config.NumberColumn(format="%d %%", help="The same in the 7 days before"),
    "Days seen": st.column_config.NumberColumn(
        format="%d of 7", help="Days of the last 7 with the sensor worn"
    ),
    "Pain": st.column_config.NumberColumn(format="%d", help="Latest entry, 0 to 10"),
    "Pain trend": st.column_config.LineChartColumn(
        y_min=0, y_max=10, help=f"The entries of the last {_PAIN_DAYS_SHOWN} days"
    ),
    "Falls": st.column_config.NumberColumn(help="In the last 14 days"),
    "Last recording": st.column_config.DateColumn(format="D MMM YYYY"),
}

with cursor() as connection:
    everyone = patients(connection)
    today = data.today(everyone)
    rows = caseload(connection, today)
    planned = {row.patient_id for row in rows}
    unplanned = {
        each.id: _unplanned_text(each, falls(connection, each.id))
        for each in everyone
        if each.id not in planned
    }
    pain = recent_outcomes(connection, PAIN, since=today - timedelta(days=_PAIN_DAYS_SHOWN))

st.title(f"Caseload, {words.day_text(today)}", anchor=False)
if not everyone:
    st.info("There is no patient yet. Run `fivepoint demo` to see a demo caseload.")
    st.stop()

_calls("Call today", [row for row in rows if _urgency(row) is Severity.TODAY])
_calls("Call this week", [row for row in rows if _urgency(row) is Severity.SOON])
if rows and all(_urgency(row) in (None, Severity.INFO) for row in rows):
    st.success("Nobody needs a call today.")

if unplanned:
    st.header("Without a prescription", anchor=False)
    _cards(unplanned)
if not rows:
    st.stop()

st.header(f"All {len(rows)} patients with a prescription", anchor=False)
st.markdown("Click a heading to sort, any cell to open its patient.")
picked = st.dataframe(
    [_table_row(row, pain.get(row.patient_id, [])) for row in rows],
    column_config=_COLUMNS,
    hide_index=True,
    on_select="rerun",
    selection_mode="single-cell",
    row_height=44,
    placeholder=words.UNKNOWN,
)
if picked.selection.cells:
    open_patient(rows[picked.selection.cells[0][0]].patient_id)
