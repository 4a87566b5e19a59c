"""The script that Streamlit runs for every visitor: style, navigation, then the chosen page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from sensors.errors import FivepointError

HERE = Path(__file__).resolve().parent

st.set_page_config(page_title="Fivepoint", layout="wide")
st.html(HERE / "style.css")
page = st.navigation(
    [
        st.Page(HERE / "views" / "today.py", title="Today", default=True),
        st.Page(HERE / "views" / "progress.py", title="Progress"),
        st.Page(HERE / "views" / "caseload.py", title="Caseload"),
        st.Page(HERE / "views" / "patient.py", title="Patient"),
        st.Page(HERE / "views" / "session.py", title="Session"),
    ],
    position="top",
)
try:
    page.run()
except FivepointError as error:
    st.error(str(error))
