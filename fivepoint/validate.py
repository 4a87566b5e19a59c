"""What a validation gives, as tables, as JSON, or in a document."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table

from analytics.validation.document import asked_text, interval_text, value_text, write_section
from analytics.validation.figures import ALL, Figure, Unit
from analytics.validation.findings import Finding, Listing
from analytics.validation.topics import Topic, validate

CAPTION = "Each person and trial: --json"
_WIDE_COLUMNS = 110
"""A terminal as wide has room to name the subject who is worst off."""


def validate_and_print(
    topic: Topic, datasets: Path | None, *, as_json: bool, document: Path | None
) -> None:
    """Measure a topic and print what it gives; with `document`, write its section there too."""
    findings = []
    with Console(stderr=True).status("Validating") as status:
        for finding in validate(topic, datasets):
            findings.append(finding)
            status.update(f"Validating: {_headline(finding)}")
    figures = [each for each in findings if isinstance(each, Figure)]
    listings = [each for each in findings if isinstance(each, Listing)]
    if as_json:
        print(json.dumps([*map(_json, figures), *map(asdict, listings)]))
    else:
        console = Console()
        table = _table(figures, with_worst=console.width >= _WIDE_COLUMNS)
        console.print(table, *map(_listing_table, listings), sep="\n")
    if document is not None:
        drawings = write_section(document, topic, findings)
        print(f"{document} and {len(drawings)} drawings beside it written", file=sys.stderr)


def _headline(finding: Finding) -> str:
    """What has just been measured, in a line."""
    if isinstance(finding, Figure):
        return f"{finding.data_set}, {finding.what}, {finding.subject}"
    return finding.title if isinstance(finding, Listing) else finding.caption


def _listing_table(listing: Listing) -> Table:
    table = Table(*listing.columns, title=listing.title)
    for row in listing.rows:
        table.add_row(*row)
    return table


def _table(figures: list[Figure], *, with_worst: bool) -> Table:
    """A row for each figure over all subjects, and of these who is worst off."""
    numbers = (Column(each, no_wrap=True) for each in ("found", "95 %", "of", "asked"))
    table = Table("what", *numbers, box=SIMPLE_HEAD, show_edge=False, caption=CAPTION)
    if with_worst:
        table.add_column("worst")
    for whole in figures:
        if whole.subject == ALL:
            row = (
                f"{whole.data_set}: {whole.what}",
                value_text(whole),
                interval_text(whole),
                f"{whole.count:,}",
                _verdict(whole),
            )
            table.add_row(*row, *([_worst(whole, figures)] if with_worst else []))
    return table


def _verdict(figure: Figure) -> str:
    if figure.asked is None:
        return ""
    return f"{asked_text(figure)} {_mark(figure)}"


def _mark(figure: Figure) -> str:
    return {True: "✓", False: "✗", None: ""}[figure.met]


def _worst(whole: Figure, figures: list[Figure]) -> str:
    subjects = [
        each
        for each in figures
        if (each.data_set, each.what) == (whole.data_set, whole.what) and each.subject != ALL
    ]
    if not subjects:
        return ""
    pick = min if whole.unit is Unit.SHARE else max
    worst = pick(subjects, key=lambda each: each.value)
    return f"{worst.subject}: {value_text(worst)} {_mark(worst)}"


def _json(figure: Figure) -> dict[str, Any]:
    """A figure with its verdict; what is not a number is null."""
    fields = asdict(figure) | {"met": figure.met}
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in fields.items()
    }
