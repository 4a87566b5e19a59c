"""What a topic gives as a section of a Markdown document, with drawings beside it.

The plot of the figures is drawn by hand: one row a figure, one dot a person or trial, a bar for the
interval over all of them. So the document is made again byte for byte, without a drawing library.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from analytics.validation.figures import ALL, Figure, Unit
from analytics.validation.findings import Finding, Listing, Plate
from analytics.validation.worn import ValidationError

ROW_PX = 26
LABEL_PX = 500
PLOT_PX = 330
VALUE_PX = 150
MARGIN_PX = 24
INK, DOT, ASKED = "#1f2933", "#2b6cb0", "#c05621"

Rows = dict[tuple[str, str], list[Figure]]


def write_section(document: Path, topic: str, findings: Sequence[Finding]) -> list[Path]:
    """Put the findings where the document has the topic's markers; return the drawings written.

    The markers are `<!-- validate TOPIC -->` and `<!-- end TOPIC -->`. Raises ValidationError if
    the document lacks them.
    """
    begin, end = f"<!-- validate {topic} -->", f"<!-- end {topic} -->"
    try:
        text = document.read_text(encoding="utf-8")
    except OSError as error:
        raise _unwritten(document, error.strerror or str(error)) from error
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise _unwritten(document, f"there is no place marked '{begin}' … '{end}'")
    figures = [each for each in findings if isinstance(each, Figure)]
    rows = Plate(name="", caption=topic, svg=svg(figures))
    plates = [rows, *(each for each in findings if isinstance(each, Plate))]
    parts, drawings = [markdown(figures)], []
    parts += [listing_markdown(each) for each in findings if isinstance(each, Listing)]
    for plate in plates:
        name = "-".join(filter(None, (document.stem, topic, plate.name)))
        drawing = document.with_name(f"{name}.svg")
        drawing.write_text(plate.svg, encoding="utf-8")
        drawings.append(drawing)
        parts.append(f"![{plate.caption}]({drawing.name})")
    section = "\n\n".join((begin, *parts, end))
    document.write_text(f"{before}{section}{after}", encoding="utf-8")
    return drawings


def markdown(figures: Iterable[Figure]) -> str:
    """A table of the figures over all people or trials of each set."""
    lines = ["| set | what | found (95 %) | cases | asked |", "|---|---|---|---|---|"]
    for each in figures:
        if each.subject == ALL:
            asked = "" if each.asked is None else asked_text(each)
            lines.append(
                f"| {each.data_set} | {each.what} | {value_text(each)} ({interval_text(each)}) "
                f"| {each.count:,} | {asked} |"
            )
    return "\n".join(lines)


def listing_markdown(listing: Listing) -> str:
    """A table under its title."""
    rows = [listing.columns, ("---",) * len(listing.columns), *listing.rows]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"**{listing.title}**", "", *lines])


def svg(figures: Iterable[Figure]) -> str:
    """A row for each figure: a dot a subject, and over all of them a tick on its interval.

    Each unit stands apart, with its scale below.
    """
    rows: Rows = {}
    for each in figures:
        rows.setdefault((each.data_set, each.what), []).append(each)
    parts, top = [], MARGIN_PX
    for unit in Unit:
        of_unit = {key: found for key, found in rows.items() if found[0].unit is unit}
        if of_unit:
            parts += _rows_svg(of_unit, unit, top)
            top += ROW_PX * (len(of_unit) + 1) + MARGIN_PX
    width = LABEL_PX + PLOT_PX + VALUE_PX
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" '
        f'font-family="sans-serif" font-size="12" fill="{INK}">'
    )
    ground = f'<rect width="{width}" height="{top}" fill="white"/>'
    return "\n".join([head, ground, *parts, "</svg>"]) + "\n"


def value_text(figure: Figure) -> str:
    """The value with its unit."""
    return _with_unit(figure.value, figure.unit)


def interval_text(figure: Figure) -> str:
    """The interval without its unit."""
    digits = _digits(figure.unit)
    return f"{figure.low:.{digits}f}–{figure.high:.{digits}f}"


def asked_text(figure: Figure) -> str:
    """What was asked, as a limit."""
    sign = "≥" if figure.unit is Unit.SHARE else "≤"
    return f"{sign} {figure.asked:g}{_spaced(figure.unit)}"


def _rows_svg(rows: Rows, unit: Unit, top: int) -> list[str]:
    low, high = _range(rows, unit)

    def x(value: float) -> float:
        part = (min(max(value, low), high) - low) / (high - low)
        return round(LABEL_PX + PLOT_PX * part, 1)

    parts = []
    for row, ((data_set, what), found) in enumerate(rows.items()):
        y = top + ROW_PX * row + ROW_PX // 2
        overall = next((each for each in found if each.subject == ALL), found[-1])
        parts.append(_text(8, y, f"{data_set}: {what}"))
        parts.append(_line(x(low), y, x(high), y, "#d5dbe1", 1))
        if overall.asked is not None:
            parts.append(_line(x(overall.asked), y - 8, x(overall.asked), y + 8, ASKED, 2))
        parts.append(_line(x(overall.low), y, x(overall.high), y, INK, 3))
        parts += [
            f'<circle cx="{x(each.value)}" cy="{y}" r="4" fill="{DOT}" fill-opacity="0.5"/>'
            for each in found
            if each.subject != ALL
        ]
        parts.append(_line(x(overall.value), y - 6, x(overall.value), y + 6, INK, 3))
        parts.append(_text(LABEL_PX + PLOT_PX + 14, y, value_text(overall)))
    below = top + ROW_PX * len(rows) + ROW_PX // 2
    return [*parts, *(_text(x(at), below, _with_unit(at, unit), "middle") for at in (low, high))]


def _range(rows: Rows, unit: Unit) -> tuple[float, float]:
    """The scale of all rows of one unit: shares up from the worst, errors and rates up from 0."""
    values = [each.value for found in rows.values() for each in found]
    if unit is Unit.SHARE:
        return min(90.0, 10.0 * (min(values) // 10.0)), 100.0
    return 0.0, float(int(max(values)) + 1)


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y + 4}" text-anchor="{anchor}">{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: int) -> str:
    return (
        f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}" stroke-width="{width}"/>'
    )


def _with_unit(value: float, unit: Unit) -> str:
    return f"{value:.{_digits(unit)}f}{_spaced(unit)}"


def _spaced(unit: Unit) -> str:
    return unit.value if unit is Unit.DEGREES else f" {unit}"


def _digits(unit: Unit) -> int:
    return 1 if unit is Unit.SHARE else 2


def _unwritten(document: Path, reason: str) -> ValidationError:
    return ValidationError(
        f"{document}: {reason}, so nothing was written; name the document with the topic's section."
    )
