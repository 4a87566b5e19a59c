"""Whom and what the pages show: kept in the address, so that a link or a reload shows the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import streamlit as st

from analytics.store import Cursor
from analytics.store.queries import Patient, SessionRow, patients
from dashboard.words import session_text

_PATIENT = "patient"
_RECORDING = "recording"


def chosen_patient(connection: Cursor) -> Patient:
    """The patient in the address, else the one looked at last, else the first.

    Offers a choice where the store has several; ends the page with what to do where it has none.
    """
    everyone = {patient.id: patient for patient in patients(connection)}
    if not everyone:
        st.info(
            "There is no patient yet. Run `fivepoint demo` to see a demo household, or add a "
            "patient and ingest recordings."
        )
        st.stop()
    wanted = st.query_params.get(_PATIENT, st.session_state.get(_PATIENT, ""))
    ids = list(everyone)
    if wanted not in everyone:
        wanted = ids[0]
    if len(ids) > 1:
        wanted = st.selectbox(
            "Patient",
            ids,
            index=ids.index(wanted),
            format_func=lambda patient_id: everyone[patient_id].label,
            width=420,
        )
    remember_patient(wanted)
    return everyone[wanted]


def remember_patient(patient_id: str) -> None:
    """Make this the patient of the next pages and of the address."""
    st.session_state[_PATIENT] = patient_id
    st.query_params[_PATIENT] = patient_id


def open_patient(patient_id: str) -> NoReturn:
    """Go to the page of a patient."""
    remember_patient(patient_id)
    st.switch_page("views/patient.py", query_params={_PATIENT: patient_id})


def open_session(patient_id: str, recording_id: str) -> NoReturn:
    """Go to the page of a recording."""
    st.session_state[_RECORDING] = recording_id
    st.switch_page(
        "views/session.py", query_params={_PATIENT: patient_id, _RECORDING: recording_id}
    )


def chosen_session(sessions: Sequence[SessionRow], time_zone: str) -> SessionRow:
    """The recording in the address, else the one looked at last, else the latest."""
    by_id = {session.recording_id: session for session in sessions}
    wanted = st.query_params.get(_RECORDING, st.session_state.get(_RECORDING, ""))
    ids = list(by_id)
    chosen = st.selectbox(
        "Recording",
        ids,
        index=ids.index(wanted) if wanted in by_id else 0,
        format_func=lambda recording_id: session_text(by_id[recording_id], time_zone),
        width=560,
    )
    st.session_state[_RECORDING] = chosen
    st.query_params[_RECORDING] = chosen
    return by_id[chosen]
