"""Charts as they stand on a page, with a name that screen readers say."""

from __future__ import annotations

import altair as alt
import streamlit as st


def figure(title: str, chart: alt.LayerChart | None, otherwise: str = "") -> None:
    """A chart below its title, or why there is none."""
    st.subheader(title, anchor=False)
    if chart is None:
        st.info(otherwise)
    else:
        draw(chart, title)


def draw(chart: alt.LayerChart, name: str) -> None:
    """A chart alone, as wide as its place."""
    st.altair_chart(chart.properties(description=name), width="stretch")
