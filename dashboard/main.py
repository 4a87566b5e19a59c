"""The script that Streamlit runs for every visitor: style, navigation, then the chosen page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.alarm_panel import ask_after_a_fall
from sensors.errors import FivepointError

HERE = Path(__file__).resolve().parent

st.html(HERE / "style.css")
for_patients = [
    st.Page(HERE / "views" / "today.py", title="Today", default=True),
    st.Page(HERE / "views" / "progress.py", title="Progress"),
]
for_physiotherapists = [
    st.Page(HERE / "views" / "caseload.py", title="Caseload"),
    st.Page(HERE / "views" / "patient.py", title="Patient"),
    st.Page(HERE / "views" / "session.py", title="Session"),
]
page = st.navigation([*for_patients, *for_physiotherapists], position="top")
is_for_patients = page in for_patients
st.set_page_config(
    page_title=f"{page.title} · Fivepoint", layout="centered" if is_for_patients else "wide"
)
try:
    with st.container(key="for-patients" if is_for_patients else "for-clinic"):
        ask_after_a_fall()
        page.run()
except FivepointError as error:
    st.error(str(error))
