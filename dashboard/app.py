"""Routes and navigation of the dashboard; started by `dashboard.server`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from sensors.errors import FivepointError

HERE = Path(__file__).resolve().parent

st.set_page_config(page_title="Fivepoint", layout="wide")
st.html(HERE / "style.css")
page = st.navigation(
    [
        st.Page(HERE / "views" / "today.py", title="Today", icon=":material/today:", default=True),
        st.Page(HERE / "views" / "progress.py", title="Progress", icon=":material/trending_up:"),
        st.Page(HERE / "views" / "caseload.py", title="Caseload", icon=":material/groups:"),
        st.Page(HERE / "views" / "patient.py", title="Patient", icon=":material/person:"),
        st.Page(HERE / "views" / "session.py", title="Session", icon=":material/ssid_chart:"),
    ],
    position="top",
)
try:
    page.run()
except FivepointError as error:
    st.error(str(error))
