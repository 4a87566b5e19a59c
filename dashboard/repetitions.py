"""The repetitions of a recording, set by set: what was noticed, their bars and their table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import altair as alt
import streamlit as st

from analytics.bridging.measures import hip_rise_m
from analytics.bridging.quality import exact_line, remarks
from analytics.bridging.sets import RepetitionSet
from analytics.events import Repetition
from dashboard import words
from dashboard.palette import Palette
from dashboard.repetition_charts import Bar, repetition_bars

Row = dict[str, object]

_ROLL_SHOWN_DEG = (-8.0, 8.0)

COLUMNS = {
    "Noticed": st.column_config.TextColumn(width="large"),
    **{
        name: st.column_config.NumberColumn(format="%.1f")
        for name in ("Lift, s", "Hold, s", "Lower, s")
    },
    "Peak, °": st.column_config.NumberColumn(format="%.0f", help="Largest pelvic tilt from rest"),
    "Rise, cm": st.column_config.NumberColumn(
        format="%.0f", help="Of the hips, estimated from tilt and stature, within about a sixth"
    ),
    "Left side up, °": st.column_config.NumberColumn(
        help="Mean pelvic roll in the hold; below 0 the left side is down"
    ),
    "Sag, °": st.column_config.NumberColumn(format="%.1f", help="Tilt lost in the hold"),
    "Sag, °/s": st.column_config.NumberColumn(
        format="%.1f", help="How fast the tilt falls in the hold"
    ),
    "Tremor, °/s": st.column_config.NumberColumn(
        format="%.2f", help="In the hold, 4 to 12 Hz, root mean square"
    ),
    "Tremor, m/s²": st.column_config.NumberColumn(
        format="%.3f", help="In the hold, 4 to 12 Hz, root mean square"
    ),
    "SPARC": st.column_config.NumberColumn(
        format="%.1f", help="Smoothness of lift and lowering; −1.4 is smoothest"
    ),
    "LDLJ": st.column_config.NumberColumn(
        format="%.1f", help="Jerkiness of lift and lowering; −5.3 is smoothest"
    ),
}
"""How the columns of `table` look, and what they mean."""


def set_text(number: int, one: RepetitionSet, prescribed_hold_s: float | None) -> str:
    """A set in a line: how many, when, how regular, and what was noticed."""
    count = len(one.whole)
    parts = [f"{count} repetition{'' if count == 1 else 's'}"]
    if one.rest_before_s is not None:
        parts.append(f"after {words.duration_text(one.rest_before_s)} of rest")
    noticed = exact_line(remarks(one, prescribed_hold_s))
    if noticed:
        parts.append(noticed)
    if one.peak_variation is not None and one.tempo_variation is not None:
        parts.append(f"peak varies by {one.peak_variation:.0%}, pace by {one.tempo_variation:.0%}")
    return f"**Set {number}** at {words.clock_text(one.start_s)}: {', '.join(parts)}."


def table(
    sets: Sequence[RepetitionSet], prescribed_hold_s: float | None, stature_m: float | None
) -> list[Row]:
    """A row for each repetition, without the columns of which nothing is known."""
    rows = [
        {
            "No.": number,
            "Set": set_number,
            "At": words.clock_text(each.start_s),
            "Noticed": _noticed(each, prescribed_hold_s),
            **_measures(each, stature_m),
        }
        for set_number, number, each in _numbered(sets)
    ]
    known = {name for row in rows for name, value in row.items() if value is not None}
    return [{name: value for name, value in row.items() if name in known} for row in rows]


def charts(
    sets: Sequence[RepetitionSet], prescribed_hold_s: float | None, colours: Palette
) -> dict[str, alt.LayerChart]:
    """Charts of hold, peak and, where it is known, roll, by their titles."""
    hold = "Hold, seconds"
    if prescribed_hold_s is not None:
        hold += f" (prescribed {prescribed_hold_s:g})"
    rolls_deg = bars(sets, lambda each: each.roll_deg)
    drawn = {
        hold: repetition_bars(
            bars(sets, lambda each: each.hold_s), "s", colours, target=prescribed_hold_s
        ),
        "Peak, degrees": repetition_bars(bars(sets, lambda each: each.peak_deg), "°", colours),
    }
    if rolls_deg:
        drawn["Left side up, degrees"] = repetition_bars(
            rolls_deg, "°", colours, least=_ROLL_SHOWN_DEG
        )
    return drawn


def bars(sets: Sequence[RepetitionSet], measure: Callable[[Repetition], float | None]) -> list[Bar]:
    """A bar for each repetition of which the measure is known."""
    return [
        Bar(
            number=number,
            set_number=set_number,
            value=value,
            counted=not each.partial,
        )
        for set_number, number, each in _numbered(sets)
        if (value := measure(each)) is not None
    ]


def _numbered(sets: Sequence[RepetitionSet]) -> Iterator[tuple[int, int, Repetition]]:
    """Each repetition with the number of its set and its own, counted through all sets."""
    number = 0
    for set_number, one in enumerate(sets, start=1):
        for each in one.repetitions:
            number += 1
            yield set_number, number, each


def _noticed(repetition: Repetition, prescribed_hold_s: float | None) -> str:
    alone = RepetitionSet(repetitions=(repetition,), rest_before_s=None)
    return exact_line(remarks(alone, prescribed_hold_s))


def _measures(repetition: Repetition, stature_m: float | None) -> Row:
    rise_m = hip_rise_m(repetition.rise_part, stature_m)
    roll_deg = repetition.roll_deg
    return {
        "Lift, s": repetition.lift_s,
        "Hold, s": repetition.hold_s,
        "Lower, s": repetition.lower_s,
        "Peak, °": repetition.peak_deg,
        "Rise, cm": None if rise_m is None else 100.0 * rise_m,
        "Left side up, °": None if roll_deg is None else round(roll_deg),
        "Sag, °": repetition.sag_deg,
        "Sag, °/s": repetition.sag_degs,
        "Tremor, °/s": repetition.tremor_degs,
        "Tremor, m/s²": repetition.tremor_ms2,
        "SPARC": repetition.sparc,
        "LDLJ": repetition.ldlj,
    }
