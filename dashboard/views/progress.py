"""Progress: the patient's recovery beside the recommended pathway."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import streamlit as st

from analytics.pathway import load_pathway
from analytics.store import Cursor
from analytics.store.queries import DayRow, Patient, prescription
from dashboard import charts, data, parts, recovery, words
from dashboard.course import read_course
from dashboard.data import cursor
from dashboard.figures import draw, figure
from dashboard.palette import palette
from dashboard.selection import chosen_patient

_CALENDAR_WEEKS = 12


def _show(connection: Cursor, patient: Patient) -> None:
    st.title("Your progress", anchor=False)
    today = data.today([patient])
    plan = prescription(connection, patient.id, today)
    if plan is None:
        st.info("Nothing is prescribed yet. Your progress shows here once you have a plan.")
        return
    pathway = load_pathway(plan.pathway_id)
    st.markdown(
        f"**{words.weeks_text(today - plan.index_date)}** since the {pathway.counted_from}. "
        f"Your plan: {pathway.title}."
    )
    st.html(parts.phase_steps(pathway, pathway.phase(plan.phase_id)))
    course = read_course(connection, plan, today, palette(st.context.theme.type))
    _day_by_day(course.days, today)
    _week_by_week(course.measures, course.frame)
    _mobility(course.mobility, course.frame)
    _pain(course.pain, course.frame)


def _day_by_day(days: Sequence[DayRow], today: date) -> None:
    st.header("Day by day", anchor=False)
    first_shown = today - timedelta(days=today.weekday(), weeks=_CALENDAR_WEEKS - 1)
    cells = recovery.calendar([row for row in days if row.date >= first_shown], today)
    if not cells:
        st.info("The first day of your plan is not over yet. Each day will get its mark here.")
        return
    st.html(parts.calendar_legend())
    colours = palette(st.context.theme.type)
    columns = recovery.calendar_weeks(first_shown, _CALENDAR_WEEKS)
    draw(charts.adherence_calendar(cells, columns, colours), "Day by day")


def _week_by_week(measures: recovery.WeeklyMeasures, frame: charts.Frame) -> None:
    st.header("Week by week", anchor=False)
    shown = {
        "Lifts a week": measures.repetitions,
        "How long you hold each lift, in seconds": measures.hold_s,
        "Minutes a week lying in slight extension": measures.extension_min,
    }
    if not any(shown.values()):
        st.info("Wear your sensors when you exercise: each week will show here.")
        return
    st.markdown("Bars show what you did, lines what was prescribed, **?** a week without data.")
    for title, values in shown.items():
        if values:
            figure(title, charts.weekly_dose(values, frame))


def _mobility(trends: recovery.MobilityTrends, frame: charts.Frame) -> None:
    if not trends.near_falls:
        return
    st.header("On your feet", anchor=False)
    st.markdown(
        "What your sensors notice at home. **These are trends to talk about with your care team, "
        "not a diagnosis.**"
    )
    if trends.stand_up_s:
        chart = charts.trend(trends.stand_up_s, frame, name="To stand up")
        figure("Seconds to stand up from a seat", chart)
    if trends.evenness:
        chart = charts.trend(trends.evenness, frame, name="Evenness", highest=100)
        figure("How even your steps are: 100 would be all alike", chart)
    st.subheader("Stumbles and hard sit-downs a week", anchor=False)
    if trends.any_near_fall:
        st.markdown("Some are missed, and a brisk sit-down may be counted.")
        draw(charts.weekly_dose(trends.near_falls, frame), "Stumbles and hard sit-downs a week")
    else:
        st.markdown("None was noticed so far. Some are missed.")


def _pain(points: Sequence[charts.Point], frame: charts.Frame) -> None:
    st.header("Pain, 0 to 10", anchor=False)
    if points:
        draw(charts.trend(points, frame, name="Pain", highest=10), "Pain, 0 to 10")
    else:
        st.info("Enter your pain on the page Today, and its course shows here.")


with cursor() as connection:
    _show(connection, chosen_patient(connection))
    st.html(parts.notice())
