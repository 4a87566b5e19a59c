"""Commands that make recordings without sensors, and find out what is in recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analytics.limits import USUAL, Limits
from fivepoint import options
from fivepoint.settings import load_settings
from sensors.importers import (
    IMPORTERS,
    AccUnit,
    CsvLayout,
    GyroUnit,
    Selection,
    TimeUnit,
    csv_importer,
)
from sensors.types import Placement


def import_(
    layout: Annotated[
        options.Format, typer.Argument(metavar="FORMAT", help="csv, or a published layout.")
    ],
    source: Annotated[Path, typer.Argument(metavar="SRC", help="A file, or a folder of them.")],
    destination: Annotated[Path, typer.Argument(metavar="DEST", help="Folder of recordings.")],
    subjects: Annotated[str, typer.Option(help="Only these, as in SE06,SA01.")] = "",
    exercises: Annotated[str, typer.Option(help="Only these, as in 02,03.")] = "",
    placement: Annotated[
        list[Placement] | None, typer.Option(help="csv: where it was worn; else: only these.")
    ] = None,
    rate: Annotated[float | None, typer.Option(help="csv: samples a second.")] = None,
    columns: Annotated[str, typer.Option(help="csv: the columns, _ for ignored.")] = (
        "t,ax,ay,az,gx,gy,gz"
    ),
    acc_unit: Annotated[AccUnit, typer.Option(help="csv: unit of ax, ay, az.")] = AccUnit.G,
    gyro_unit: Annotated[GyroUnit, typer.Option(help="csv: unit of gx, gy, gz.")] = GyroUnit.DPS,
    t_unit: Annotated[TimeUnit, typer.Option(help="csv: unit of t.")] = TimeUnit.S,
    header: Annotated[bool, typer.Option("--header", help="csv: skip the first line.")] = False,
    delimiter: Annotated[str, typer.Option(help="csv: between columns.")] = ",",
    still: Annotated[options.Span | None, options.STILL] = None,
    lying: Annotated[options.Span | None, options.LYING] = None,
    calibration: options.CalibrationFile = None,
    patient: Annotated[str | None, typer.Option(help="Whose recordings these are.")] = None,
) -> None:
    """Turn files into recordings. Each gets a folder of its own below DEST."""
    from fivepoint.intake import calibrating, import_files

    placements = tuple(placement or ())
    if lying and not still:
        raise typer.BadParameter("--lying needs --still too; give both time spans")
    if layout == "csv":
        if len(placements) != 1:
            raise typer.BadParameter("a csv file is of one sensor; give one --placement")
        importer = csv_importer(
            CsvLayout(
                placement=placements[0],
                rate_hz=rate,
                columns=tuple(columns.split(",")),
                acc_unit=acc_unit,
                gyro_unit=gyro_unit,
                t_unit=t_unit,
                header=header,
                delimiter=delimiter,
            )
        )
    else:
        importer = IMPORTERS[layout]
    import_files(
        importer,
        source,
        destination,
        selection=Selection(
            subjects=_names(subjects), exercises=_names(exercises), placements=placements
        ),
        calibrate=calibrating(calibration, still, lying),
        patient=patient,
    )


def simulate(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="Its name; any other word lists them.")
    ],
    destination: Annotated[Path, typer.Argument(metavar="DEST", help="Recording to write.")],
    seed: Annotated[int, typer.Option(min=0, help="Another one gives another recording.")] = 1,
) -> None:
    """Simulate a person as sensors see them. The truth is written too."""
    from fivepoint.simulated import write_scenario

    recording = write_scenario(scenario, destination, seed)
    print(f"{destination}: {recording.duration_s:.0f} s simulated")


def analyze(
    recordings: options.Recordings,
    json: options.Json = False,
    calibration: options.CalibrationFile = None,
    extension_band: options.ExtensionBand = None,
    extension_limit: options.ExtensionLimit = USUAL.over_deg,
    flexion_limit: options.FlexionLimit = USUAL.flexion_deg,
) -> None:
    """Print what is found in recordings. A line each, or with --json an object each."""
    from fivepoint.output import analyze_and_print
    from sensors.recording import read_calibrations

    calibrations = None if calibration is None else read_calibrations(calibration)
    limits = Limits(
        band_deg=extension_band or USUAL.band_deg,
        over_deg=extension_limit,
        flexion_deg=flexion_limit,
    )
    failed = analyze_and_print(recordings, calibrations, limits, as_json=json)
    raise typer.Exit(1 if failed else 0)


def replay(
    recording: Annotated[Path, typer.Argument(metavar="REC", help="Recording folder.")],
    speed: Annotated[
        float, typer.Option(min=0.01, help="Times faster than it was recorded.")
    ] = 1.0,
) -> None:
    """Play a recording through the live path, printing what is found."""
    from fivepoint.output import replay_and_print

    replay_and_print(recording, speed=speed)


def ingest(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of recordings; without it, your own.")
    ] = None,
) -> None:
    """Analyze new recordings into the store."""
    from fivepoint.intake import take_in

    settings = load_settings()
    failed = take_in(settings.store_path, folder or settings.recordings_folder)
    raise typer.Exit(1 if failed else 0)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
