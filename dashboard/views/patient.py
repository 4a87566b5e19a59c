"""Patient: dose, hold, extension, pain and falls over the pathway; the plan and its sources."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from analytics.outcomes import PAIN
from analytics.pathway import load_pathway, phase_on
from analytics.store.queries import (
    SessionRow,
    daily,
    falls,
    outcomes,
    prescriptions,
    sessions,
    weekly,
)
from dashboard import charts, data, provenance, recovery, words
from dashboard.data import cursor
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

with cursor() as connection:
    patient = chosen_patient(connection)
    today = data.today([patient])
    plans = [p for p in prescriptions(connection, patient.id) if p.valid_from <= today]
    recordings = sessions(connection, patient.id)
    weeks = weekly(connection, patient.id)
    fallen = falls(connection, patient.id)
    reported_pain = outcomes(connection, patient.id, PAIN)
    days = (
        daily(connection, patient.id, plans[-1].index_date, today + timedelta(days=1))
        if plans
        else []
    )

st.title(patient.label, anchor=False)
if not plans:
    st.info("Nothing is prescribed yet, so there is no pathway to compare with.")
    st.stop()

plan = plans[-1]
pathway = load_pathway(plan.pathway_id)
decision = phase_on(pathway, plan.index_date, today, override=plan.phase_id)
frame = recovery.frame(
    pathway,
    plan.index_date,
    today=today,
    falls=fallen,
    palette=palette(st.context.theme.type),
)
born = f"Born {patient.birth_year} · " if patient.birth_year else ""
st.markdown(
    f"{born}{pathway.title} · {pathway.counted_from} on "
    f"{words.day_text(plan.index_date, today=today)} · **week {decision.week}: {plan.phase_title}**"
)
st.markdown(f"Why this phase: {'; '.join(decision.reasons)}.")

measures = recovery.weekly_measures(weeks, days, plan.index_date)
pain = recovery.pain_points(reported_pain, plan.index_date)
shown = {
    "Repetitions a week": measures.repetitions,
    "Median hold, seconds": measures.hold_s,
    "Extension, minutes a week": measures.extension_min,
}
st.markdown("Bars: done. Lines: prescribed. **?** week without data. **▼** fall.")
columns = st.columns(2)
for index, (title, values) in enumerate(shown.items()):
    with columns[index % 2]:
        st.subheader(title, anchor=False)
        if values:
            st.altair_chart(charts.weekly_dose(values, frame), width="stretch")
        else:
            st.info("Neither prescribed nor recorded so far.")
with columns[1]:
    st.subheader("Pain, 0 to 10", anchor=False)
    if pain:
        st.altair_chart(charts.trend(pain, frame, name="Pain", highest=10), width="stretch")
    else:
        st.info("No entry yet; the patient enters pain on the page Today.")

trends = recovery.mobility_trends(weeks)
if trends.near_falls:
    st.header("On the feet", anchor=False)
    st.markdown(
        "From the sensors worn at home: trends, not a diagnosis. Medians of the week's rises from "
        "a seat and of its walks; evenness is the autocorrelation of the vertical acceleration at "
        "one stride, times 100. About half of the stumbles are seen, and brisk sit-downs count too."
    )
    columns = st.columns(2)
    with columns[0]:
        st.subheader("Standing up, seconds", anchor=False)
        if trends.stand_up_s:
            chart = charts.trend(trends.stand_up_s, frame, name="Standing up")
            st.altair_chart(chart, width="stretch")
        else:
            st.info("No rise from a seat was seen so far.")
        st.subheader("Stumbles and hard sit-downs a week", anchor=False)
        st.altair_chart(charts.weekly_dose(trends.near_falls, frame), width="stretch")
    with columns[1]:
        st.subheader("Evenness of the strides, 0 to 100", anchor=False)
        if trends.evenness:
            chart = charts.trend(trends.evenness, frame, name="Evenness", highest=100)
            st.altair_chart(chart, width="stretch")
        else:
            st.info("No walk of ten seconds was seen so far.")

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

st.header("Recordings", anchor=False)
if not recordings:
    st.info("No recording yet. Recordings show here once they are ingested.")
    st.stop()
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
