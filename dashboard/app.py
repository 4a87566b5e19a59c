"""Routes and navigation of the dashboard."""

import streamlit as st

st.set_page_config(page_title="Fivepoint", layout="wide")
st.title("hello")
st.caption("x")
