"""Charts of recovery beside the pathway: pure functions from values to Altair charts.

Time runs in weeks since the fracture or the operation, so that what was done lies over the phase
bands and targets of the pathway.

Channels are given as objects of their class, here and in the other charts: to find the class for a
string takes altair as long as to build the rest of a layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import altair as alt
import pyarrow as pa

from dashboard.palette import Palette

CHART_HEIGHT = 320
_FONT_SIZE = 16
_AXIS_WIDTH = 46
_BAR_INSET_WEEKS = 0.12
_HEADROOM = 1.15
_CALENDAR_HEIGHT = 360
_GAP = 0.12

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A phase of the pathway, in weeks since the index date, half-open."""

    title: str
    start_week: float
    end_week: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekValue:
    """One week of one measure; `value` None where nothing is known of it.

    `week` counts from the index date and `label` names its days; `target` is what was prescribed.
    """

    week: int
    label: str
    value: float | None
    target: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A single measured value, `week` in fractions of weeks since the index date."""

    week: float
    label: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDay:
    """A cell of the calendar: `week` names its column, `weekday` its row, `state` its colour."""

    week: str
    weekday: str
    state: str
    symbol: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What all charts of one patient share: bands, the span in weeks, falls and colours."""

    bands: Sequence[Band]
    end_week: float
    palette: Palette
    falls: Sequence[Point] = ()


def weekly_dose(weeks: Sequence[WeekValue], frame: Frame) -> alt.LayerChart:
    """Bars of what was done each week, a line at what was prescribed, over the phase bands.

    A week of which nothing is known shows a question mark, so that it is not taken for an empty
    one.
    """
    known = [week for week in weeks if week.value is not None]
    table = pa.table(
        {
            "start": [week.week + _BAR_INSET_WEEKS for week in known],
            "end": [week.week + 1 - _BAR_INSET_WEEKS for week in known],
            "value": [week.value for week in known],
            "text": [_value_text(week) for week in known],
        }
    )
    highest = max((n for week in weeks for n in (week.value, week.target) if n), default=1.0)
    bars = (
        alt.Chart(table)
        .mark_rect(color=frame.palette.line)
        .encode(
            x=_weeks_axis(frame, "start"),
            x2=alt.X2("end:Q"),
            y=_measure_axis("value", highest * _HEADROOM, least_step=1),
            y2=alt.Y2Datum(0),
            tooltip=alt.Tooltip("text:N", title="Done"),
        )
    )
    return _over_bands(frame, bars, *_unknown(weeks, frame), *_target(weeks, frame))


def trend(
    points: Sequence[Point], frame: Frame, *, name: str, highest: float | None = None
) -> alt.LayerChart:
    """A line through measured values over the phase bands, from 0 to `highest` if that is given."""
    if highest is None:
        highest = _HEADROOM * max((point.value for point in points), default=1.0)
    colour = frame.palette.second_line
    line = (
        alt.Chart(_rows(points))
        .mark_line(
            color=colour,
            strokeWidth=3,
            point=alt.OverlayMarkDef(color=colour, size=70, filled=True),
        )
        .encode(
            x=_weeks_axis(frame, "week"),
            y=_measure_axis("value", highest),
            tooltip=alt.Tooltip("label:N", title=name),
        )
    )
    return _over_bands(frame, line)


def adherence_calendar(
    days: Sequence[CalendarDay], weeks: Sequence[str], colours: Palette
) -> alt.LayerChart:
    """One cell a day, a column for each of `weeks`; a symbol tells the state, colour repeats it."""
    states = {
        "done": colours.done,
        "partly": colours.partly,
        "not_done": colours.missed,
        "no_data": colours.quiet,
        "not_worn": colours.quiet,
    }
    base = alt.Chart(_rows(days)).encode(
        x=alt.X(
            "week:O",
            scale=alt.Scale(domain=list(weeks), paddingInner=_GAP),
            axis=alt.Axis(orient="top", labelAngle=0, labelOverlap=True),
            title=None,
        ),
        y=alt.Y(
            "weekday:O",
            scale=alt.Scale(domain=list(WEEKDAYS), paddingInner=_GAP),
            title=None,
        ),
        tooltip=alt.Tooltip("text:N", title="Day"),
    )
    measured = alt.FieldOneOfPredicate(field="state", oneOf=["done", "partly", "not_done"])
    scale = alt.Scale(domain=list(states), range=list(states.values()))
    boxes = base.mark_rect(cornerRadius=5, strokeWidth=2).encode(
        fill=alt.Fill("state:N", scale=scale, legend=None),
        stroke=alt.Stroke("state:N", scale=scale, legend=None),
        fillOpacity=alt.when(measured).then(alt.value(1)).otherwise(alt.value(0)),
    )
    symbols = base.mark_text(fontSize=20, fontWeight="bold").encode(
        text=alt.Text("symbol:N"),
        color=alt.when(measured).then(alt.value(colours.page)).otherwise(alt.value(colours.quiet)),
    )
    chart = alt.LayerChart(layer=[boxes, symbols])
    return _finished(chart, colours, height=_CALENDAR_HEIGHT)


def _over_bands(frame: Frame, *layers: alt.Chart) -> alt.LayerChart:
    chart = alt.LayerChart(layer=[*_phase_bands(frame), *layers, *_fall_marks(frame)])
    return _finished(chart, frame.palette, height=CHART_HEIGHT)


def _phase_bands(frame: Frame) -> list[alt.Chart]:
    """Shaded phases; their titles stand in two rows in turn, as phases can be short."""
    shown = [band for band in frame.bands if band.start_week < frame.end_week]
    return [
        layer
        for parity, opacity in enumerate((0.05, 0.14))
        for layer in _shaded(shown[parity::2], frame, opacity=opacity, row=parity)
    ]


def _shaded(bands: Sequence[Band], frame: Frame, *, opacity: float, row: int) -> list[alt.Chart]:
    if not bands:
        return []
    table = pa.table(
        {
            "title": [band.title.partition(":")[0] for band in bands],
            "start": [band.start_week for band in bands],
            "end": [min(band.end_week, frame.end_week) for band in bands],
        }
    )
    base = alt.Chart(table).encode(x=_weeks_axis(frame, "start"))
    return [
        base.mark_rect(color=frame.palette.band, opacity=opacity).encode(x2=alt.X2("end:Q")),
        base.mark_text(
            align="left",
            baseline="bottom",
            y=0,
            dx=4,
            dy=-4 - row * (_FONT_SIZE + 2),
            fontSize=_FONT_SIZE,
            color=frame.palette.ink,
        ).encode(text=alt.Text("title:N")),
    ]


def _target(weeks: Sequence[WeekValue], frame: Frame) -> list[alt.Chart]:
    known = [week for week in weeks if week.target is not None]
    if not known:
        return []
    table = pa.table(
        {
            "start": [week.week for week in known],
            "end": [week.week + 1 for week in known],
            "target": [week.target for week in known],
            "text": [f"{week.label}: prescribed {week.target:g}" for week in known],
        }
    )
    line = alt.Chart(table).mark_rule(color=frame.palette.second_line, strokeWidth=4)
    return [
        line.encode(
            x=_weeks_axis(frame, "start"),
            x2=alt.X2("end:Q"),
            y=alt.Y("target:Q"),
            tooltip=alt.Tooltip("text:N", title="Prescribed"),
        )
    ]


def _unknown(weeks: Sequence[WeekValue], frame: Frame) -> list[alt.Chart]:
    missing = [week for week in weeks if week.value is None]
    if not missing:
        return []
    table = pa.table(
        {
            "middle": [week.week + 0.5 for week in missing],
            "text": [f"{week.label}: no data" for week in missing],
        }
    )
    marks = alt.Chart(table).mark_text(
        text="?", fontSize=20, fontWeight="bold", dy=-14, color=frame.palette.quiet
    )
    return [
        marks.encode(
            x=_weeks_axis(frame, "middle"),
            y=alt.YDatum(0),
            tooltip=alt.Tooltip("text:N", title="No data"),
        )
    ]


def _fall_marks(frame: Frame) -> list[alt.Chart]:
    if not frame.falls:
        return []
    base = alt.Chart(_rows(frame.falls)).encode(
        x=_weeks_axis(frame, "week"), tooltip=alt.Tooltip("label:N", title="Fall")
    )
    return [
        base.mark_rule(color=frame.palette.missed, strokeWidth=2, strokeDash=[5, 4]),
        base.mark_text(
            text="▼ fall",
            color=frame.palette.missed,
            fontSize=14,
            fontWeight="bold",
            align="left",
            dx=5,
            y=12,
        ),
    ]


def _weeks_axis(frame: Frame, field: str) -> alt.X:
    return alt.X(
        f"{field}:Q",
        scale=alt.Scale(domain=[0, frame.end_week], nice=False),
        axis=alt.Axis(title="Week", grid=False, tickMinStep=1, format="d"),
    )


def _measure_axis(field: str, highest: float, *, least_step: float = 0.1) -> alt.Y:
    return alt.Y(
        f"{field}:Q",
        scale=alt.Scale(domain=[0, highest], nice=False),
        axis=alt.Axis(title=None, minExtent=_AXIS_WIDTH, tickCount=5, tickMinStep=least_step),
    )


def _finished(chart: alt.LayerChart, colours: Palette, *, height: int) -> alt.LayerChart:
    configured: alt.LayerChart = chart.properties(height=height).configure_axis(
        labelFontSize=_FONT_SIZE,
        titleFontSize=_FONT_SIZE,
        labelColor=colours.ink,
        titleColor=colours.ink,
        labelLimit=200,
    )
    return configured


def _rows(values: Sequence[Point] | Sequence[CalendarDay]) -> pa.Table:
    return pa.Table.from_pylist([asdict(value) for value in values])


def _value_text(week: WeekValue) -> str:
    target = "" if week.target is None else f" of {week.target:g} prescribed"
    return f"{week.label}: {week.value:g}{target}"
