"""Charts are pure: what goes in is what their specification says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import altair as alt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.adherence import DayStatus
from analytics.events import Fall, Posture, Repetition
from dashboard import charts, signal_charts
from dashboard.charts import Band, CalendarDay, Frame, Point, WeekValue
from dashboard.palette import DARK, LIGHT, Palette, palette
from dashboard.signal_charts import Doubt, Span, Window
from dashboard.words import STATUS_SYMBOL, STATUS_WORD

FRAME = Frame(
    bands=(
        Band(title="Early: first steps", start_week=0, end_week=2),
        Band(title="Late", start_week=2, end_week=52),
    ),
    end_week=12,
    palette=LIGHT,
)
WEEKS = (
    WeekValue(week=0, label="5 Oct to 11 Oct", value=40, target=70),
    WeekValue(week=1, label="12 Oct to 18 Oct", value=None, target=70),
    WeekValue(week=2, label="19 Oct to 25 Oct", value=0, target=None),
)
BRIDGE = Repetition(
    start_s=10.0,
    end_s=18.0,
    hold_start_s=11.5,
    hold_end_s=16.5,
    peak_deg=20.0,
    roll_deg=None,
    sparc=None,
    partial=False,
)
FALL = Fall(impact_s=30.0, probability=0.9, peak_g=4.0, posture_after=Posture.LEFT, inactive_s=20.0)
MINUTE = Window(start_s=0.0, end_s=60.0, palette=LIGHT)


def layers(chart: alt.LayerChart, mark: str) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """The layers of one mark type with their data, in the order they are drawn."""
    spec = chart.to_dict()
    return [
        (layer, spec["datasets"][layer.get("data", spec.get("data"))["name"]])
        for layer in spec["layer"]
        if layer["mark"]["type"] == mark
    ]


def rows(chart: alt.LayerChart, mark: str) -> list[dict[str, Any]]:
    """The data of all layers of one mark type."""
    return [row for _, data in layers(chart, mark) for row in data]


def texts(chart: alt.LayerChart) -> list[str]:
    """What the text marks of a chart say."""
    return [
        row[layer["encoding"]["text"]["field"]]
        if "text" in layer["encoding"]
        else layer["mark"]["text"]
        for layer, data in layers(chart, "text")
        for row in data
    ]


def test_a_week_without_data_shows_a_question_mark_and_not_an_empty_bar() -> None:
    chart = charts.weekly_dose(WEEKS, FRAME)
    bars = [row["value"] for row in rows(chart, "rect") if "value" in row]
    assert bars == [40, 0]
    assert texts(chart).count("?") == 1


def test_what_was_prescribed_is_a_line_in_the_weeks_that_had_a_prescription() -> None:
    lines = rows(charts.weekly_dose(WEEKS, FRAME), "rule")
    assert [(line["start"], line["target"]) for line in lines] == [(0, 70), (1, 70)]


def test_a_tooltip_tells_days_done_and_prescribed() -> None:
    bars = [row for row in rows(charts.weekly_dose(WEEKS, FRAME), "rect") if "value" in row]
    assert bars[0]["text"] == "5 Oct to 11 Oct: 40 of 70 prescribed"


def test_phase_bands_lie_behind_and_end_with_the_view() -> None:
    chart = charts.trend((Point(week=1.5, label="x", value=4),), FRAME, name="Pain", highest=10)
    bands = rows(chart, "rect")
    assert [(band["start"], band["end"]) for band in bands] == [(0, 2), (2, 12)]
    assert chart.to_dict()["layer"][0]["mark"]["type"] == "rect"
    assert {"Early", "Late"} <= set(texts(chart))


@pytest.mark.parametrize("falls", [0, 2])
def test_every_fall_is_named_on_the_chart(falls: int) -> None:
    frame = Frame(
        bands=FRAME.bands,
        end_week=12,
        palette=LIGHT,
        falls=[Point(week=3.0 + n, label="Fall", value=0.0) for n in range(falls)],
    )
    assert texts(charts.weekly_dose(WEEKS, frame)).count("▼ fall") == falls


def test_the_calendar_tells_all_states_apart_by_symbol_and_word() -> None:
    days = [
        CalendarDay(
            week="16 Nov",
            weekday=weekday,
            state=status.value,
            symbol=STATUS_SYMBOL[status],
            text=STATUS_WORD[status],
        )
        for weekday, status in zip(charts.WEEKDAYS, DayStatus, strict=False)
    ]
    shown = rows(charts.adherence_calendar(days, ["16 Nov"], LIGHT), "text")
    assert len({row["symbol"] for row in shown}) == len(DayStatus)
    assert len({row["text"] for row in shown}) == len(DayStatus)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_stand_out_from_the_page_as_wcag_asks(colours: Palette) -> None:
    for text in (colours.ink, colours.quiet, colours.missed):
        assert contrast(text, colours.page) >= 4.5
    for mark in (colours.band, colours.line, colours.second_line, colours.third_line):
        assert contrast(mark, colours.page) >= 3.0
    for cell in (colours.done, colours.partly, colours.missed):
        assert contrast(colours.page, cell) >= 4.5


def test_dark_pages_get_dark_colours_and_all_others_light_ones() -> None:
    assert palette("dark") is DARK
    assert palette("light") is LIGHT
    assert palette(None) is LIGHT


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours as WCAG 2.2 defines it."""
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


@settings(max_examples=40)
@given(samples=st.integers(2000, 20000), spike=st.floats(0.0, 1.0, exclude_max=True))
def test_a_thinned_signal_keeps_its_extremes(samples: int, spike: float) -> None:
    values = np.sin(np.arange(samples) / 50.0)
    values[int(spike * samples)] = 9.0
    kept = signal_charts.thinned(np.arange(samples) / 50.0, values, points=200)
    assert len(kept) <= 200
    assert values[kept].max() == 9.0
    assert np.all(np.diff(kept) > 0)


def test_a_gap_is_still_a_gap_in_a_thinned_signal() -> None:
    values = np.zeros(10_000)
    values[4000:6000] = np.nan
    kept = signal_charts.thinned(np.arange(10_000) / 50.0, values, points=200)
    assert np.isnan(values[kept]).any()
    assert not np.isfinite(values[kept][(kept > 4100) & (kept < 5900)]).any()


def test_a_short_signal_is_shown_whole() -> None:
    kept = signal_charts.thinned(np.arange(5.0), np.arange(5.0))
    assert kept.tolist() == [0, 1, 2, 3, 4]


def test_repetitions_are_shaded_with_their_hold_and_numbered() -> None:
    t_s = np.arange(0.0, 60.0, 0.02)
    chart = signal_charts.angles(t_s, {"trunk": np.zeros_like(t_s)}, [BRIDGE], MINUTE)
    shaded = rows(chart, "rect")[0]
    assert (shaded["start"], shaded["hold_start"], shaded["hold_end"], shaded["end"]) == (
        *(10.0, 11.5, 16.5, 18.0),
    )
    assert shaded["text"] == "1: hold 5.0 s, peak 20°"
    assert texts(chart) == ["1"]


def test_a_band_holds_what_is_in_doubt_about_a_line() -> None:
    t_s = np.arange(0.0, 60.0, 0.02)
    doubt = Doubt(line="spine", half_deg=np.full_like(t_s, 2.0))
    chart = signal_charts.angles(t_s, {"spine": np.full_like(t_s, 5.0)}, [], MINUTE, doubt)
    assert {(row["low"], row["high"]) for row in rows(chart, "area")} == {(3.0, 7.0)}


def test_numbers_that_would_overlap_are_left_out_and_partial_ones_are_in_brackets() -> None:
    t_s = np.arange(0.0, 60.0, 0.02)
    later = replace(BRIDGE, start_s=20.0, end_s=22.0, partial=True)
    for window, labels in (
        (MINUTE, ["1", "(2)"]),
        (Window(start_s=0.0, end_s=3600.0, palette=LIGHT), ["", ""]),
    ):
        chart = signal_charts.angles(t_s, {"trunk": t_s}, [BRIDGE, later], window)
        assert texts(chart) == labels


def test_only_what_lies_in_the_window_is_drawn() -> None:
    t_s = np.arange(0.0, 60.0, 0.02)
    later = Window(start_s=40.0, end_s=50.0, palette=LIGHT)
    chart = signal_charts.angles(t_s, {"trunk": t_s}, [BRIDGE], later)
    values = [row["value"] for row in rows(chart, "line")]
    assert min(values) >= 40.0
    assert max(values) < 50.0
    assert texts(chart) == []


@pytest.mark.parametrize(("end_s", "labels"), [(60.0, ["▼ fall"]), (20.0, [])])
def test_a_fall_is_marked_where_it_is_in_the_window(end_s: float, labels: list[str]) -> None:
    t_s = np.arange(0.0, 60.0, 0.02)
    window = Window(start_s=0.0, end_s=end_s, palette=LIGHT)
    assert texts(signal_charts.impacts(t_s, np.ones_like(t_s), [FALL], window)) == labels


def test_lanes_hold_what_lasts_and_are_left_out_where_nothing_does() -> None:
    span = Span(lane="Posture", name="supine", start_s=-5.0, end_s=90.0)
    chart = signal_charts.lanes([span], MINUTE)
    assert chart is not None
    assert [(row["start"], row["end"]) for row in rows(chart, "bar")] == [(0.0, 60.0)]
    assert texts(chart) == ["supine"]
    assert signal_charts.lanes([span], Window(start_s=95, end_s=99, palette=LIGHT)) is None


@settings(max_examples=40)
@given(start_s=st.floats(0, 5000), length_s=st.floats(10, 90_000))
def test_time_axes_have_a_few_round_ticks(start_s: float, length_s: float) -> None:
    window = Window(start_s=start_s, end_s=start_s + length_s, palette=LIGHT)
    chart = signal_charts.lanes([Span(lane="a", name="b", start_s=0, end_s=1e6)], window)
    assert chart is not None
    ticks = chart.to_dict()["layer"][0]["encoding"]["x"]["axis"]["values"]
    assert 1 <= len(ticks) <= 14
    assert all(window.start_s <= tick <= window.end_s for tick in ticks)
