"""Commands that measure Fivepoint itself: how right it is, and how fast."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fivepoint import options


def validate(
    topic: Annotated[options.TopicName, typer.Argument(help="What to compare with a known truth.")],
    datasets: Annotated[
        Path | None,
        typer.Argument(metavar="[FOLDER]", help="Published recordings; or FIVEPOINT_DATASETS."),
    ] = None,
    json: options.Json = False,
    write: Annotated[
        Path | None, typer.Option(metavar="DOC.md", help="Renew the topic's section there too.")
    ] = None,
) -> None:
    """Measure how right the analysis is, where the truth is known."""
    from analytics.validation.topics import Topic
    from fivepoint.validate import validate_and_print

    validate_and_print(Topic(topic), datasets, as_json=json, document=write)


def benchmark(
    json: options.Json = False,
    minutes: Annotated[
        float, typer.Option(min=1, help="How long each three live sensors are recorded.")
    ] = 1.0,
) -> None:
    """Measure how fast Fivepoint is on this machine."""
    from benchmarks.report import run_and_print

    run_and_print(as_json=json, minutes=minutes)
