"""Charts of repetitions side by side: one bar each, parted by sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import altair as alt
import pyarrow as pa

from dashboard.palette import Palette

_HEIGHT = 240
_FONT_SIZE = 15
_MOST_NUMBERED = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A value of repetition `number`; one that is not counted is drawn hollow."""

    number: int
    set_number: int
    value: float
    counted: bool


def repetition_bars(
    bars: Sequence[Bar],
    unit: str,
    colours: Palette,
    *,
    target: float | None = None,
    least: tuple[float, float] = (0.0, 0.0),
) -> alt.LayerChart:
    """A bar for each repetition in their order, with a line at the target if there is one.

    The axis shows at least the range `least`, so that little does not look like much.
    """
    values = [bar.value for bar in bars]
    shown = [min(least[0], *values), max(least[1], *values, target or 0.0)]
    layers = [
        _measured(bars, unit, colours, shown),
        *_set_marks(bars, colours),
        *_target_marks(target, unit, colours),
    ]
    chart: alt.LayerChart = (
        alt.LayerChart(layer=layers)
        .properties(height=_HEIGHT)
        .configure_axis(
            labelFontSize=_FONT_SIZE,
            titleFontSize=_FONT_SIZE,
            labelColor=colours.ink,
            titleColor=colours.ink,
        )
    )
    return chart


def _measured(
    bars: Sequence[Bar], unit: str, colours: Palette, shown: Sequence[float]
) -> alt.Chart:
    table = pa.table(
        {
            "number": [bar.number for bar in bars],
            "value": [bar.value for bar in bars],
            "fill": [1.0 if bar.counted else 0.0 for bar in bars],
            "text": [
                f"{bar.value:.1f} {unit}{'' if bar.counted else ', not counted'}" for bar in bars
            ],
        }
    )
    drawn = alt.Chart(table).mark_bar(color=colours.band, stroke=colours.band, strokeWidth=1.5)
    measured: alt.Chart = drawn.encode(
        x=alt.X("number:O", axis=_numbers(bars)),
        y=alt.Y(
            "value:Q",
            scale=alt.Scale(domain=shown, nice=True),
            axis=alt.Axis(title=None, tickCount=5),
        ),
        fillOpacity=alt.FillOpacity("fill:Q", scale=None),
        tooltip=[
            alt.Tooltip("number:O", title="Repetition"),
            alt.Tooltip("text:N", title="Measured"),
        ],
    )
    return measured


def _numbers(bars: Sequence[Bar]) -> alt.Axis:
    """Every number, or the first of each set where there are too many to read."""
    firsts = [bar.number for bar in bars[:1]]
    firsts += [after.number for before, after in pairwise(bars) if _parted(before, after)]
    shown = [bar.number for bar in bars] if len(bars) <= _MOST_NUMBERED else firsts
    return alt.Axis(title="Repetition", values=shown, labelAngle=0)


def _set_marks(bars: Sequence[Bar], colours: Palette) -> list[alt.Chart]:
    """A line before each further set."""
    starts = [after.number for before, after in pairwise(bars) if _parted(before, after)]
    if not starts:
        return []
    base = alt.Chart(pa.table({"number": starts})).encode(x=alt.X("number:O", bandPosition=0.0))
    return [base.mark_rule(color=colours.quiet, strokeDash=[2, 3])]


def _parted(before: Bar, after: Bar) -> bool:
    return before.set_number != after.set_number


def _target_marks(target: float | None, unit: str, colours: Palette) -> list[alt.Chart]:
    if target is None:
        return []
    table = pa.table({"target": [target], "text": [f"{target:g} {unit}"]})
    line = alt.Chart(table).mark_rule(color=colours.partly, strokeWidth=2.5, strokeDash=[8, 4])
    return [line.encode(y=alt.Y("target:Q"), tooltip=alt.Tooltip("text:N", title="Prescribed"))]
