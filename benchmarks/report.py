"""The benchmark as a table or as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from benchmarks.figures import measure
from benchmarks.live import measure_live


def run_and_print(*, as_json: bool, minutes: float) -> None:
    """Take all figures, the live ones over so many minutes, and print them."""
    with (
        TemporaryDirectory(prefix="fivepoint-benchmark-") as folder,
        Console(stderr=True).status("Measuring"),
    ):
        figures = [*measure(Path(folder)), *measure_live(Path(folder), minutes)]
    if as_json:
        print(json.dumps([asdict(figure) for figure in figures]))
        return
    table = Table("what", "value", "unit")
    for figure in figures:
        value = "not installed" if figure.value is None else f"{figure.value:.3g}"
        table.add_row(figure.what, value, figure.unit)
    Console().print(table)
