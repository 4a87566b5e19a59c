"""The figures of a validation as a table, as JSON, or in a document."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from analytics.validation.document import asked_text, interval_text, value_text, write_section
from analytics.validation.figures import Figure
from analytics.validation.topics import Topic, validate


def validate_and_print(
    topic: Topic, datasets: Path | None, *, as_json: bool, document: Path | None
) -> None:
    """Measure a topic and print its figures; with `document`, write its section there too."""
    with Console(stderr=True).status("Validating"):
        figures = list(validate(topic, datasets))
    if as_json:
        print(json.dumps([_json(figure) for figure in figures]))
    else:
        Console().print(_table(figures))
    if document is not None:
        plot = write_section(document, topic, figures)
        print(f"{document} and {plot} written")


def _table(figures: list[Figure]) -> Table:
    table = Table("set", "who", "what", "found", "95 %", "cases", "asked")
    for each in figures:
        asked = "" if each.asked is None else f"{asked_text(each)} {'✓' if each.met else '✗'}"
        table.add_row(
            each.data_set,
            each.subject,
            each.what,
            value_text(each),
            interval_text(each),
            f"{each.count:,}",
            asked,
        )
    return table


def _json(figure: Figure) -> dict[str, Any]:
    """A figure with its verdict; what is not a number is null."""
    fields = asdict(figure) | {"met": figure.met}
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in fields.items()
    }
