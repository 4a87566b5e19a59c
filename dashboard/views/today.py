"""Today: what is prescribed, what is done, how to do it, how it feels and when to stop."""

from __future__ import annotations

from datetime import date

import streamlit as st

from analytics.bridging.quality import plain_line, remarks
from analytics.bridging.sets import RepetitionSet
from analytics.caseload import CallRules
from analytics.outcomes import PAIN, Outcome
from analytics.pathway import Evidence, Pathway, load_pathway
from analytics.store import Cursor
from analytics.store.queries import (
    DayRow,
    Patient,
    TodayView,
    add_outcome,
    add_report,
    session,
    sessions,
    today,
)
from dashboard import data, parts, words
from dashboard.alarm_panel import tell_of_the_alarm
from dashboard.data import cursor
from dashboard.recovery import portions
from dashboard.selection import chosen_patient

_HOW_TO = {
    Evidence.BRIDGES: """
1. Lie on your back. **Head, both elbows and both heels** press into the bed.
2. Breathe out and **slowly lift your hips**. Hold, and keep breathing.
3. **Lower slowly**, rest, and start again.
""",
    Evidence.BACK_EXTENSIONS: """
1. Lie on your **front**, the arms at your sides.
2. Breathe out and **slowly lift your chest** a little. Look down, hold, and keep breathing.
3. **Lower slowly**, rest, and start again.
""",
    Evidence.SIT_TO_STANDS: """
1. Sit on the front half of a **firm chair that cannot slip**, the feet under your knees.
2. Lean forward and **stand up**, if you can without using your hands.
3. **Sit down slowly**, and start again.
""",
    Evidence.EXTENSION: """
1. Lie on your back on a **firm bed, without a pillow**.
2. The **pad** goes under the level of the fracture.
3. Lie still and breathe calmly. **Take the pad away if it hurts more.**
""",
}

_PAIN_LEVELS = [float(level) for level in range(11)]


@st.dialog("When to stop, and whom to call", width="large")
def _stop_rules(pathway: Pathway) -> None:
    st.error("**Call the emergency number now**\n" + parts.statements(pathway.stop.emergency))
    st.warning("**Call your care team today**\n" + parts.statements(pathway.stop.same_day))
    st.info("**Stop the exercise**\n" + parts.statements(pathway.stop.session))


def _seen(row: DayRow, pathway: Pathway, phase_id: str, last_set: RepetitionSet | None) -> None:
    """An item that the sensors count, and of bridges how the last ones were done."""
    with st.container(border=True):
        st.header(row.title, anchor=False)
        st.html(parts.amount(row))
        st.progress(min(row.done / row.prescribed, 1.0))
        st.markdown(portions(pathway.phase(phase_id).item(row.item), row))
        if last_set is not None and row.evidence is Evidence.BRIDGES:
            st.success(f"**Your last set.** {plain_line(remarks(last_set, row.hold_s))}")
        st.markdown(_HOW_TO[row.evidence])


def _reported(row: DayRow, patient: Patient) -> None:
    """An item that only the patient can tell of."""
    key = f"{row.item}-{patient.id}-{row.date}"
    st.checkbox(
        f"{row.title}: {row.prescribed:g} {words.unit_text(row.unit, row.prescribed)}",
        value=row.done > 0,
        key=key,
        on_change=_save_report,
        args=(key, row, patient),
    )


def _save_report(key: str, row: DayRow, patient: Patient) -> None:
    amount = row.prescribed if st.session_state[key] else 0.0
    with cursor() as connection:
        add_report(connection, patient.id, row.date, row.item, amount)


def _ask_pain(patient: Patient, on: date, pain: float | None) -> None:
    st.header("How strong is your pain now?", anchor=False)
    key = f"pain-{patient.id}-{on}"
    st.session_state.setdefault(key, pain)
    st.segmented_control(
        "0 is no pain, 10 the worst you can imagine. Tap a number.",
        _PAIN_LEVELS,
        format_func=lambda level: f"{level:.0f}",
        key=key,
        on_change=_save_pain,
        args=(key, patient, on, pain),
        width="stretch",
    )
    if pain is None:
        return
    st.success(f"Saved for today: pain {pain:g} of 10. Tap another number to correct it.")
    if pain >= CallRules().pain_high:
        st.error("This is strong pain. Do not exercise now, and read **When to stop** above.")


def _save_pain(key: str, patient: Patient, on: date, before: float | None) -> None:
    value = st.session_state[key]
    if value is None:  # a second tap on the same number: it stays
        st.session_state[key] = before
        return
    with cursor() as connection:
        add_outcome(connection, Outcome(patient_id=patient.id, measure=PAIN, date=on, value=value))


def _last_set(connection: Cursor, patient_id: str, on: date) -> RepetitionSet | None:
    """The last bridges of a day, if there were any."""
    for row in sessions(connection, patient_id):
        if row.date == on and row.repetitions:
            return session(connection, row.recording_id).session.sets[-1]
    return None


def _speak_of_falls(view: TodayView) -> None:
    fall = view.last_fall
    if fall is not None and (view.date - fall.date).days <= CallRules().fall_days:
        st.warning(
            f"A fall was noticed on {words.day_text(fall.date, today=view.date)}. If anything "
            "hurts that did not hurt before, call your care team today."
        )


def _show(patient: Patient, view: TodayView, last_set: RepetitionSet | None) -> None:
    heading, stop = st.columns([3, 1], vertical_alignment="bottom")
    heading.title(words.long_day_text(view.date), anchor=False)
    if view.plan is None:
        _speak_of_falls(view)
        st.info("Nothing is prescribed yet. Your physiotherapist will set up your plan with you.")
        tell_of_the_alarm()
        st.html(parts.notice())
        return
    pathway = load_pathway(view.plan.pathway_id)
    if stop.button("When to stop", type="primary", width="stretch"):
        _stop_rules(pathway)
    _speak_of_falls(view)
    for row in view.items:
        if row.evidence is not Evidence.REPORT:
            _seen(row, pathway, view.plan.phase_id, last_set)
    reported = [row for row in view.items if row.evidence is Evidence.REPORT]
    if reported:
        st.header("Also today", anchor=False)
        st.markdown("Tick what you have done.")
    for row in reported:
        _reported(row, patient)
    _ask_pain(patient, view.date, view.pain)
    tell_of_the_alarm()
    st.page_link("views/progress.py", label="See your progress", icon=":material/arrow_forward:")
    st.html(parts.notice())


with cursor() as connection:
    patient = chosen_patient(connection)
    on = data.today([patient])
    _show(patient, today(connection, patient.id, on), _last_set(connection, patient.id, on))
