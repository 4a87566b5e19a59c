"""Charts of one recording: its signals with what was found in them, on one time axis in seconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import altair as alt
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tsdownsample import NaNMinMaxLTTBDownsampler

from analytics.events import Fall, Repetition
from dashboard.palette import Palette
from dashboard.words import clock_text
from sensors.types import FloatArray

POINTS_SHOWN = 1500
"""Points of a line that a screen can show; longer signals are thinned to so many."""

_AXIS_HEIGHT = 76
_ANGLE_HEIGHT = 400
_IMPACT_HEIGHT = 240
_LANE_HEIGHT = 44
_LEAST_RANGE_G = 2.0
_FONT_SIZE = 15
_AXIS_WIDTH = 90
_SHORTEST_LABELLED = 0.06
_CLOSEST_NUMBERED = 0.02
_MOST_TICKS = 12
_TICK_STEPS_S = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)
_DASHES = [[1, 0], [7, 3], [2, 2], [10, 3, 2, 3]]
_CLOCK = "floor(datum.value / 60) + ':' + format(datum.value % 60, '02d')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The part of a recording that is shown, and the colours."""

    start_s: float
    end_s: float
    palette: Palette

    def shows(self, start_s: float, end_s: float) -> bool:
        """Whether any of the interval is in the window."""
        return start_s < self.end_s and end_s > self.start_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of the recording with a name, in the lane of its kind."""

    lane: str
    name: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """How far to either side of a line the truth may be: `half_deg` (n,)."""

    line: str
    half_deg: FloatArray


def thinned(t_s: FloatArray, values: FloatArray, points: int = POINTS_SHOWN) -> NDArray[np.intp]:
    """Indices of the samples that keep the shape and the extremes of a signal (MinMaxLTTB).

    Missing values stay missing, so that a gap shows as a gap.
    """
    if len(values) <= points:
        return np.arange(len(values))
    downsampler = NaNMinMaxLTTBDownsampler()  # type: ignore[no-untyped-call]
    indices = downsampler.downsample(
        np.ascontiguousarray(t_s), np.ascontiguousarray(values), n_out=points
    )
    return np.asarray(indices, dtype=np.intp)


def angles(
    t_s: FloatArray,
    angles_deg: Mapping[str, FloatArray],
    repetitions: Sequence[Repetition],
    window: Window,
    doubt: Doubt | None = None,
) -> alt.LayerChart:
    """Angle lines with every repetition shaded and numbered, its hold darker.

    A band lies around the line of which something is in doubt.
    """
    colours = window.palette
    names = list(angles_deg)
    palette = [colours.line, colours.second_line, colours.third_line, colours.quiet]
    legend = alt.Legend(
        title=None,
        orient="top",
        labelFontSize=_FONT_SIZE,
        labelColor=colours.ink,
        symbolType="stroke",
        symbolSize=900,
        symbolStrokeWidth=3,
    )
    shades = alt.Scale(domain=names, range=palette[: len(names)])
    dashes = alt.Scale(domain=names, range=_DASHES[: len(names)])
    lines = (
        alt.Chart(_lines(t_s, angles_deg, window))
        .mark_line(strokeWidth=2, clip=True)
        .encode(
            x=_time_axis("t_s", window),
            y=alt.Y("value:Q", axis=alt.Axis(title=None, minExtent=_AXIS_WIDTH)),
            color=alt.Color("name:N", scale=shades, legend=legend),
            strokeDash=alt.StrokeDash("name:N", scale=dashes, legend=legend),
        )
    )
    bands = [] if doubt is None else [_band(t_s, angles_deg[doubt.line], doubt, window)]
    marks = _repetition_marks(repetitions, window)
    return _finished([*marks, *bands, lines], colours, _ANGLE_HEIGHT)


def impacts(
    t_s: FloatArray, peak_g: FloatArray, falls: Sequence[Fall], window: Window
) -> alt.LayerChart:
    """The largest acceleration at any sensor in units of gravity, with the detected falls."""
    highest_g = float(np.nanmax(peak_g, initial=_LEAST_RANGE_G)) * 1.1
    line = (
        alt.Chart(_lines(t_s, {"peak": peak_g}, window))
        .mark_line(strokeWidth=1.5, clip=True, color=window.palette.quiet)
        .encode(
            x=_time_axis("t_s", window),
            y=alt.Y(
                "value:Q",
                scale=alt.Scale(domain=[0, highest_g], nice=False),
                axis=alt.Axis(title=None, minExtent=_AXIS_WIDTH, tickCount=4),
            ),
        )
    )
    return _finished([line, *_fall_marks(falls, window)], window.palette, _IMPACT_HEIGHT)


def lanes(spans: Iterable[Span], window: Window) -> alt.LayerChart | None:
    """Named stretches in lanes above each other; None where the window has none."""
    shown = [span for span in spans if window.shows(span.start_s, span.end_s)]
    if not shown:
        return None
    table = pa.table(
        {
            "lane": [span.lane for span in shown],
            "start": [max(span.start_s, window.start_s) for span in shown],
            "end": [min(span.end_s, window.end_s) for span in shown],
            "label": [_fitting(span, window) for span in shown],
            "text": [
                f"{span.name}, {clock_text(span.start_s)} to {clock_text(span.end_s)}"
                for span in shown
            ],
        }
    )
    order = list(dict.fromkeys(span.lane for span in shown))
    base = alt.Chart(table).encode(
        x=_time_axis("start", window),
        y=alt.Y("lane:N", sort=order, axis=alt.Axis(title=None, minExtent=_AXIS_WIDTH)),
        tooltip=alt.Tooltip("text:N", title="Found"),
    )
    colours = window.palette
    boxes = base.mark_bar(
        height=30, color=colours.band, fillOpacity=0.18, stroke=colours.band, strokeWidth=1
    ).encode(x2=alt.X2("end:Q"))
    labels = base.mark_text(align="left", dx=5, fontSize=14, color=colours.ink).encode(
        text=alt.Text("label:N")
    )
    return _finished([boxes, labels], colours, _LANE_HEIGHT * len(order) + _AXIS_HEIGHT)


def _lines(t_s: FloatArray, signals: Mapping[str, FloatArray], window: Window) -> pa.Table:
    inside = slice(*np.searchsorted(t_s, (window.start_s, window.end_s)))
    parts = []
    for name, values in signals.items():
        t, v = t_s[inside], values[inside]
        kept = thinned(t, v)
        parts.append(
            pa.table(
                {
                    "t_s": t[kept],
                    "value": pa.array(v[kept], from_pandas=True),
                    "name": [name] * len(kept),
                }
            )
        )
    return pa.concat_tables(parts)


def _band(t_s: FloatArray, values: FloatArray, doubt: Doubt, window: Window) -> alt.Chart:
    inside = slice(*np.searchsorted(t_s, (window.start_s, window.end_s)))
    t, v, half = t_s[inside], values[inside], doubt.half_deg[inside]
    kept = thinned(t, v)
    table = pa.table(
        {
            "t_s": t[kept],
            "low": pa.array((v - half)[kept], from_pandas=True),
            "high": pa.array((v + half)[kept], from_pandas=True),
        }
    )
    base = alt.Chart(table).encode(
        x=_time_axis("t_s", window), y=alt.Y("low:Q"), y2=alt.Y2("high:Q")
    )
    band: alt.Chart = base.mark_area(opacity=0.25, clip=True, color=window.palette.third_line)
    return band


def _repetition_marks(repetitions: Sequence[Repetition], window: Window) -> list[alt.Chart]:
    shown = [
        (number, repetition)
        for number, repetition in enumerate(repetitions, start=1)
        if window.shows(repetition.start_s, repetition.end_s)
    ]
    if not shown:
        return []
    table = pa.table(
        {
            "start": [repetition.start_s for _, repetition in shown],
            "end": [repetition.end_s for _, repetition in shown],
            "hold_start": [repetition.hold_start_s for _, repetition in shown],
            "hold_end": [repetition.hold_end_s for _, repetition in shown],
            "label": _numbers(shown, window),
            "colour": [
                window.palette.partly if repetition.partial else window.palette.done
                for _, repetition in shown
            ],
            "text": [
                f"{n}: hold {r.hold_s:.1f} s, peak {r.peak_deg:.0f}°"
                f"{', not counted' if r.partial else ''}"
                for n, r in shown
            ],
        }
    )
    base = alt.Chart(table).encode(
        fill=alt.Fill("colour:N", scale=None), tooltip=alt.Tooltip("text:N", title="Repetition")
    )
    whole = base.mark_rect(opacity=0.16, clip=True).encode(
        x=_time_axis("start", window), x2=alt.X2("end:Q")
    )
    hold = base.mark_rect(opacity=0.22, clip=True).encode(
        x=_time_axis("hold_start", window), x2=alt.X2("hold_end:Q")
    )
    labels = base.mark_text(
        align="left", dx=3, y=10, fontSize=14, fontWeight="bold", clip=True
    ).encode(x=_time_axis("start", window), text=alt.Text("label:N"))
    return [whole, hold, labels]


def _numbers(shown: Sequence[tuple[int, Repetition]], window: Window) -> list[str]:
    """The numbers, in brackets where a repetition is not counted; none where they would overlap."""
    starts_s = [repetition.start_s for _, repetition in shown]
    pairs = pairwise(starts_s)
    if any(_share(first, second, window) < _CLOSEST_NUMBERED for first, second in pairs):
        return [""] * len(shown)
    return [f"({n})" if repetition.partial else f"{n}" for n, repetition in shown]


def _fall_marks(falls: Sequence[Fall], window: Window) -> list[alt.Chart]:
    shown = [fall for fall in falls if window.shows(fall.impact_s, fall.impact_s)]
    if not shown:
        return []
    table = pa.table(
        {
            "t_s": [fall.impact_s for fall in shown],
            "text": [
                f"{clock_text(fall.impact_s)}, {fall.peak_g:.1f} g, probability "
                f"{fall.probability:.0%}, then still for {fall.inactive_s:.0f} s"
                for fall in shown
            ],
        }
    )
    base = alt.Chart(table).encode(
        x=_time_axis("t_s", window), tooltip=alt.Tooltip("text:N", title="Fall")
    )
    colour = window.palette.missed
    return [
        base.mark_rule(color=colour, strokeWidth=2, strokeDash=[5, 4]),
        base.mark_text(
            text="▼ fall",
            color=colour,
            fontSize=_FONT_SIZE,
            fontWeight="bold",
            align="left",
            baseline="bottom",
            dx=-6,
            dy=-4,
            y=0,
        ),
    ]


def _fitting(span: Span, window: Window) -> str:
    """The name where the stretch is long enough to hold it."""
    return span.name if _share(span.start_s, span.end_s, window) >= _SHORTEST_LABELLED else ""


def _share(start_s: float, end_s: float, window: Window) -> float:
    """How much of the window an interval takes."""
    inside_s = min(end_s, window.end_s) - max(start_s, window.start_s)
    return inside_s / (window.end_s - window.start_s)


def _ticks(window: Window) -> list[int]:
    """Round times, at most a dozen of them."""
    length_s = window.end_s - window.start_s
    step_s = next((s for s in _TICK_STEPS_S if length_s / s <= _MOST_TICKS), _TICK_STEPS_S[-1])
    first = -int(-window.start_s // step_s)
    return list(range(first * step_s, int(window.end_s) + 1, step_s))


def _time_axis(field: str, window: Window) -> alt.X:
    return alt.X(
        f"{field}:Q",
        scale=alt.Scale(domain=[window.start_s, window.end_s], nice=False),
        axis=alt.Axis(
            title="Time in the recording, min:s",
            values=_ticks(window),
            labelExpr=_CLOCK,
            grid=False,
        ),
    )


def _finished(layers: Sequence[alt.Chart], colours: Palette, height: int) -> alt.LayerChart:
    configured: alt.LayerChart = (
        alt.LayerChart(layer=list(layers))
        .properties(height=height)
        .configure_axis(
            labelFontSize=_FONT_SIZE,
            titleFontSize=_FONT_SIZE,
            labelColor=colours.ink,
            titleColor=colours.ink,
            labelLimit=200,
        )
    )
    return configured
