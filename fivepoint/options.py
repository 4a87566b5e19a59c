"""Command-line options and arguments that several commands share, and how their text is read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import typer

from sensors.types import Placement


class Span(NamedTuple):
    """Two times in seconds from the start of a recording."""

    start_s: float
    end_s: float


def span(text: str) -> Span:
    """Read "A:B"."""
    try:
        start_s, end_s = (float(part) for part in text.split(":"))
    except ValueError:
        start_s, end_s = 0.0, -1.0
    if not 0 <= start_s < end_s:
        raise typer.BadParameter(f"'{text}' is not a time span; write it as 2:7 (seconds A:B)")
    return Span(start_s, end_s)


class Band(NamedTuple):
    """Two angles in degrees."""

    low_deg: float
    high_deg: float


def band(text: str) -> Band:
    """Read "LOW:HIGH"."""
    try:
        low_deg, high_deg = (float(part) for part in text.split(":"))
    except ValueError as error:
        raise typer.BadParameter(f"'{text}' is not a band; write it as 5:20 (degrees)") from error
    return Band(low_deg, high_deg)


class Worn(NamedTuple):
    """Where a sensor is worn, and its name or address; None for the nearest one."""

    placement: Placement
    sensor: str | None


def worn(text: str) -> Worn:
    """Read "PLACEMENT" or "PLACEMENT=SENSOR"."""
    placement, _, sensor = text.partition("=")
    if placement not in list(Placement):
        raise typer.BadParameter(
            f"'{placement}' is no place to wear a sensor; choose one of: {', '.join(Placement)}"
        )
    return Worn(Placement(placement), sensor or None)


Format = Literal["csv", "sisfall", "umafall", "mex", "dsads", "broad"]
"""What `import` understands."""

TopicName = Literal["orientation", "posture", "spine", "bridging", "falls", "movements"]
"""What `validate` measures."""

PORT = typer.Option(min=1, max=65535, help="Port on the loopback address.")
Port = Annotated[int, PORT]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Recordings = Annotated[
    list[Path], typer.Argument(metavar="REC...", help="Recordings, or folders of them.")
]
CalibrationFile = Annotated[
    Path | None, typer.Option(metavar="CAL.json", help="Calibration made before.")
]
ExtensionBand = Annotated[
    Band | None,
    typer.Option(parser=band, metavar="LOW:HIGH", help="Degrees of extension that count."),
]
ExtensionLimit = Annotated[float, typer.Option(help="Degrees of extension that are too much.")]
FlexionLimit = Annotated[float, typer.Option(help="Degrees of bending forward allowed.")]
STILL = typer.Option(parser=span, metavar="A:B", help="Seconds of standing still.")
LYING = typer.Option(parser=span, metavar="A:B", help="Seconds of lying flat on the back.")
BEND = typer.Option(parser=span, metavar="A:B", help="Seconds of a bend forward, or of a lift.")
Worns = Annotated[
    list[Worn] | None,
    typer.Option(
        "--wear",
        parser=worn,
        metavar="PLACEMENT[=SENSOR]",
        help="Where each sensor is worn; without its name or address, the nearest. Once a sensor.",
    ),
]
Rate = Annotated[float, typer.Option(min=1, help="Samples a second to ask for.")]
Virtual = Annotated[
    str | None,
    typer.Option(metavar="SCENARIO", help="Virtual sensors that play this, or a recording."),
]
FamilyName = Annotated[str, typer.Option("--family", help="virtual: the kind of sensor.")]
FaultList = Annotated[
    str, typer.Option(help="virtual: what goes wrong, as in loss=0.01,drop_every_s=30.")
]
Speed = Annotated[float, typer.Option(min=0.1, help="virtual: times faster than true.")]
