"""Patient: dose, hold, extension, pain and falls over the pathway; the plan and its sources."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import streamlit as st

from analytics.pathway import Pathway, load_pathway
from analytics.phases import phase_on
from analytics.prescription import Prescription
from analytics.store import Cursor
from analytics.store.queries import Patient, SessionRow, prescriptions, sessions
from dashboard import charts, data, provenance, recovery, words
from dashboard.course import read_course
from dashboard.data import cursor
from dashboard.figures import figure
from dashboard.palette import palette
from dashboard.selection import chosen_patient, open_session


def _session_row(row: SessionRow, zone: ZoneInfo) -> dict[str, object]:
    return {
        "Started": row.started_at.astimezone(zone).replace(tzinfo=None),
        "Kind": row.kind,
        "Length, min": row.duration_s / 60,
        "Repetitions": row.repetitions,
        "Hold, s": row.hold_median_s,
        "Extension, min": row.extension_min,
        "Falls": row.falls,
        "Coverage": 100 * row.coverage,
    }


_SESSION_COLUMNS = {
    "Started": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
    "Length, min": st.column_config.NumberColumn(format="%.1f"),
    "Hold, s": st.column_config.NumberColumn(format="%.1f", help="Median of the repetitions"),
    "Extension, min": st.column_config.NumberColumn(
        format="%.0f", help="Lying within the prescribed band"
    ),
    "Coverage": st.column_config.NumberColumn(
        format="%.0f %%", help="Share of the expected samples that arrived"
    ),
}


def _show(connection: Cursor, patient: Patient) -> None:
    st.title(patient.label, anchor=False)
    today = data.today([patient])
    plans = [p for p in prescriptions(connection, patient.id) if p.valid_from <= today]
    if plans:
        _show_course(connection, patient, plans[-1], today)
    else:
        st.info("Nothing is prescribed yet, so there is no pathway to compare with.")
    _show_recordings(patient, sessions(connection, patient.id))


def _show_course(connection: Cursor, patient: Patient, plan: Prescription, today: date) -> None:
    pathway = load_pathway(plan.pathway_id)
    _where_on_the_pathway(patient, plan, pathway, today)
    course = read_course(connection, plan, today, palette(st.context.theme.type))
    _week_by_week(course.measures, course.pain, course.frame)
    _on_the_feet(course.mobility, course.frame)
    _prescribed(plan, pathway, today)


def _where_on_the_pathway(
    patient: Patient, plan: Prescription, pathway: Pathway, today: date
) -> None:
    decision = phase_on(pathway, plan.index_date, today, override=plan.phase_id)
    born = f"Born {patient.birth_year} · " if patient.birth_year else ""
    counted_from = words.day_text(plan.index_date, today=today)
    st.markdown(
        f"{born}{pathway.title} · {pathway.counted_from} on {counted_from} · "
        f"**week {decision.week}: {plan.phase_title}**"
    )
    st.markdown(f"Why this phase: {'; '.join(decision.reasons)}.")


def _week_by_week(
    measures: recovery.WeeklyMeasures, pain: Sequence[charts.Point], frame: charts.Frame
) -> None:
    st.header("Week by week", anchor=False)
    st.markdown("Bars: done. Lines: prescribed. **?** week without data. **▼** fall.")
    columns = st.columns(2)
    shown = {
        "Repetitions a week": measures.repetitions,
        "Median hold, seconds": measures.hold_s,
        "Extension, minutes a week": measures.extension_min,
    }
    for index, (title, values) in enumerate(shown.items()):
        chart = charts.weekly_dose(values, frame) if values else None
        with columns[index % 2]:
            figure(title, chart, "Neither prescribed nor recorded so far.")
    chart = charts.trend(pain, frame, name="Pain", highest=10) if pain else None
    with columns[1]:
        figure("Pain, 0 to 10", chart, "No entry yet; the patient enters pain on the page Today.")


def _on_the_feet(trends: recovery.MobilityTrends, frame: charts.Frame) -> None:
    rises, evenness, near_falls = trends.stand_up_s, trends.evenness, trends.near_falls
    if not near_falls:
        return
    st.header("On the feet", anchor=False)
    st.markdown(
        "From the sensors worn at home: trends, not a diagnosis. Medians of the week's rises from "
        "a seat and of its walks; evenness is the autocorrelation of the vertical acceleration at "
        "one stride, times 100. About half of the stumbles are seen, and brisk sit-downs count too."
    )
    left, right = st.columns(2)
    with left:
        chart = charts.trend(rises, frame, name="Standing up") if rises else None
        figure("Standing up, seconds", chart, "No rise from a seat was seen so far.")
        chart = charts.weekly_dose(near_falls, frame) if trends.any_near_fall else None
        figure("Stumbles and hard sit-downs a week", chart, "None was seen so far.")
    with right:
        chart = charts.trend(evenness, frame, name="Evenness", highest=100) if evenness else None
        figure("Evenness of the strides, 0 to 100", chart, "No walk of 10 s was seen so far.")


def _prescribed(plan: Prescription, pathway: Pathway, today: date) -> None:
    st.header("Prescription", anchor=False)
    st.markdown(
        f"Version {plan.version}, valid from {words.day_text(plan.valid_from, today=today)}: "
        f"{plan.phase_title}."
    )
    st.table(provenance.prescribed_rows(plan), hide_index=True)
    st.markdown(words.limits_text(plan.limits()))
    with st.expander("Where the numbers come from"):
        st.markdown(provenance.MARKS)
        st.table(provenance.source_rows(plan, pathway), hide_index=True)
    advance = pathway.phase(plan.phase_id).advance
    if advance is not None:
        st.markdown(f"**Move on when:** {advance.text} ({advance.mark}); a clinician confirms.")


def _show_recordings(patient: Patient, recordings: Sequence[SessionRow]) -> None:
    st.header("Recordings", anchor=False)
    if not recordings:
        st.info("No recording yet. Recordings show here once they are ingested.")
        return
    st.markdown("Click a heading to sort, any cell to see the signal.")
    picked = st.dataframe(
        [_session_row(row, ZoneInfo(patient.time_zone)) for row in recordings],
        column_config=_SESSION_COLUMNS,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-cell",
        placeholder=words.UNKNOWN,
    )
    if picked.selection.cells:
        open_session(patient.id, recordings[picked.selection.cells[0][0]].recording_id)


with cursor() as connection:
    _show(connection, chosen_patient(connection))
