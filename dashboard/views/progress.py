"""Progress: the patient's recovery beside the recommended pathway."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from analytics.outcomes import PAIN
from analytics.pathway import load_pathway
from analytics.store.queries import daily, falls, outcomes, prescription, weekly
from dashboard import charts, parts, recovery
from dashboard.data import cursor, today_of
from dashboard.palette import palette
from dashboard.selection import chosen_patient

_CALENDAR_WEEKS = 12

with cursor() as connection:
    patient = chosen_patient(connection)
    today = today_of(patient)
    plan = prescription(connection, patient.id, today)
    if plan is None:
        st.title("Your progress", anchor=False)
        st.info("Nothing is prescribed yet. Your progress shows here once you have a plan.")
        st.stop()
    weeks = weekly(connection, patient.id)
    days = daily(connection, patient.id, plan.index_date, today + timedelta(days=1))
    pain = recovery.pain_points(outcomes(connection, patient.id, PAIN), plan.index_date)
    fallen = falls(connection, patient.id)

colours = palette(st.context.theme.type)
pathway = load_pathway(plan.pathway_id)
frame = recovery.frame(pathway, plan.index_date, today=today, falls=fallen, palette=colours)

st.title("Your progress", anchor=False)
st.markdown(
    f"**{(today - plan.index_date).days // 7} weeks** since the {pathway.counted_from}. "
    f"Your plan: {pathway.title}."
)
st.html(parts.phase_steps(pathway, pathway.phase(plan.phase_id)))

st.header("Day by day", anchor=False)
first_shown = today - timedelta(days=today.weekday(), weeks=_CALENDAR_WEEKS - 1)
cells = recovery.calendar([row for row in days if row.date >= first_shown], today)
if cells:
    st.html(parts.calendar_legend())
    st.altair_chart(charts.adherence_calendar(cells, colours), width="content")
else:
    st.info("The first day of your plan is not over yet. Each day will get its mark here.")

st.header("Week by week", anchor=False)
st.markdown("Bars show what you did, lines what was prescribed, **?** a week without data.")
measures = recovery.weekly_measures(weeks, days, plan.index_date)
shown = {
    "Lifts a week": measures.repetitions,
    "How long you hold each lift, in seconds": measures.hold_s,
    "Minutes a week lying in slight extension": measures.extension_min,
}
for title, values in shown.items():
    if values:
        st.subheader(title, anchor=False)
        st.altair_chart(charts.weekly_dose(values, frame), width="stretch")
if not any(shown.values()):
    st.info("Wear your sensors when you exercise: each week will show here.")

st.subheader("Pain, 0 to 10", anchor=False)
if pain:
    st.altair_chart(charts.pain_trend(pain, frame), width="stretch")
else:
    st.info("Enter your pain on the page Today, and its course shows here.")
st.html(parts.notice())
