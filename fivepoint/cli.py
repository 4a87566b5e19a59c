"""The command line: each command calls the room that does the work and prints what it gave.

Rooms are imported inside the commands, so that each command loads only what it needs.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from analytics.limits import USUAL, Limits, Prescribed, prescribed_always
from fivepoint import options
from fivepoint.alerts.commands import app as alarm
from fivepoint.settings import DEFAULT_PORT, Settings, load_settings
from sensors.errors import FivepointError
from sensors.importers import (
    IMPORTERS,
    AccUnit,
    CsvLayout,
    GyroUnit,
    Selection,
    TimeUnit,
    csv_importer,
)
from sensors.recording import RecordingKind
from sensors.types import Placement

app = typer.Typer(
    name="fivepoint",
    help="Recovery from an osteoporotic spine fracture, followed with motion sensors. "
    "Not a medical device and not an emergency service.",
    add_completion=False,
    rich_markup_mode=None,
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; every expected failure ends in one line on stderr and a non-zero code."""
    try:
        return int(app(arguments, standalone_mode=False) or 0)
    except FivepointError as error:
        message, code = str(error), 1
    except TyperException as error:
        message, code = error.format_message(), error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        message, code = f"{error.filename}: {error.strerror}, so the command stopped there", 1
    except (KeyboardInterrupt, typer.Abort):
        return 130
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return code


app.add_typer(alarm, name="alarm")


@app.callback(invoke_without_command=True)
def start(context: typer.Context) -> None:
    """Without a command, show the demo."""
    if context.invoked_subcommand is None:
        demo()


@app.command()
def demo(
    port: options.Port = DEFAULT_PORT,
    no_browser: options.NoBrowser = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make the household anew.")] = False,
) -> None:
    """Build the demo household if need be, and open its dashboard."""
    from dashboard.server import serve
    from fivepoint.demo import open_demo

    household = open_demo(load_settings().demo_folder, rebuild=rebuild)
    serve(household.store_path, port=port, open_browser=not no_browser, today=household.today)


@app.command()
def up(
    scenario: Annotated[
        str | None, typer.Argument(help="virtual: what is played, or a recording.")
    ] = None,
    wear: options.Worns = None,
    virtual: Annotated[
        bool, typer.Option("--virtual", help="Record virtual sensors that play SCENARIO.")
    ] = False,
    family: options.FamilyName = "movesense",
    faults: options.FaultList = "",
    speed: options.Speed = 1.0,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Data folder; else your own.")
    ] = None,
    port: Annotated[int | None, options.PORT] = None,
    no_browser: options.NoBrowser = False,
) -> None:
    """Record all day from the sensors you wear, and open the dashboard on your own data.

    Without --wear, the sensors that settings.toml in the data folder names are recorded.
    """
    from fivepoint.up import up as record_and_serve

    if virtual and wear:
        raise typer.BadParameter("give --wear or --virtual, not both")
    if scenario and not virtual:
        raise typer.BadParameter("SCENARIO needs --virtual")
    performance = None
    if virtual:
        from fivepoint.performance import Performance, read_faults

        performance = Performance(
            scenario=scenario or "bridging_good",
            family=family,
            speed=speed,
            faults=read_faults(faults),
        )
    settings = load_settings() if out is None else Settings(out.resolve())
    if virtual and out is None:
        settings = Settings(settings.virtual_folder)
    record_and_serve(settings, wear or (), performance, port=port, open_browser=not no_browser)


@app.command()
def ingest(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of recordings; without it, your own.")
    ] = None,
) -> None:
    """Analyze the recordings that the store does not know yet, and store what was found."""
    from fivepoint.intake import take_in

    settings = load_settings()
    failed = take_in(settings.store_path, folder or settings.recordings_folder)
    raise typer.Exit(1 if failed else 0)


@app.command()
def analyze(
    recordings: options.Recordings,
    json: options.Json = False,
    calibration: options.CalibrationFile = None,
    extension_band: options.ExtensionBand = None,
    extension_limit: options.ExtensionLimit = USUAL.over_deg,
    flexion_limit: options.FlexionLimit = USUAL.flexion_deg,
) -> None:
    """Print what is found in recordings: a line each, or with --json an object each."""
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


@app.command()
def replay(
    recording: Annotated[Path, typer.Argument(metavar="REC", help="Recording folder.")],
    speed: Annotated[
        float, typer.Option(min=0.01, help="Times faster than it was recorded.")
    ] = 1.0,
) -> None:
    """Play a recording through the live path, and print each event as it is found."""
    from fivepoint.output import replay_and_print

    replay_and_print(recording, speed=speed)


@app.command()
def record(
    wear: options.Worns = None,
    duration: Annotated[float | None, typer.Option(min=1, help="Seconds; else until Ctrl-C.")] = (
        None
    ),
    kind: Annotated[RecordingKind, typer.Option(help="What is going to be done.")] = (
        RecordingKind.OTHER
    ),
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of recordings; else your own.")
    ] = None,
    patient: Annotated[str | None, typer.Option(help="Whose recording it is.")] = None,
    hold: Annotated[
        float | None,
        typer.Option(min=0, metavar="SECONDS", help="Prescribed hold, to count down live."),
    ] = None,
    calibration: options.CalibrationFile = None,
    rate: options.Rate = 100.0,
    virtual: options.Virtual = None,
    family: options.FamilyName = "movesense",
    faults: options.FaultList = "",
    speed: options.Speed = 1.0,
) -> None:
    """Record from Bluetooth sensors, until Ctrl-C or for a time, safely through dropped links."""
    from fivepoint.hub import Plan
    from sensors.recording import read_calibrations

    if (virtual is None) == (not wear):
        raise typer.BadParameter("say where sensors are worn with --wear, or else give --virtual")
    if virtual is not None and out is None:
        raise typer.BadParameter("--virtual needs --out, apart from your own recordings")
    plan = Plan(
        folder=out or load_settings().recordings_folder,
        kind=kind,
        patient=patient,
        calibrations=() if calibration is None else read_calibrations(calibration),
        duration_s=duration,
        prescribed=prescribed_always(Prescribed(hold_s=hold)),
    )
    if virtual is None:
        from fivepoint.recorder import record as record_sensors

        record_sensors(plan, wear or [], rate)
        return
    from fivepoint.performance import Performance, read_faults
    from fivepoint.virtual import record_virtual

    performance = Performance(
        scenario=virtual, family=family, speed=speed, faults=read_faults(faults)
    )
    record_virtual(plan, performance, rate)


@app.command()
def scan(
    seconds: Annotated[float, typer.Option(min=1, help="How long to listen.")] = 8.0,
    identify: Annotated[
        str | None, typer.Option(metavar="SENSOR", help="Make this one blink instead.")
    ] = None,
) -> None:
    """Show the sensors that can be heard, the nearest first, with their signal and battery."""
    from fivepoint.finding import identify_and_print, scan_and_print

    if identify is None:
        scan_and_print(seconds)
    else:
        identify_and_print(identify, seconds)


@app.command()
def doctor(
    seconds: Annotated[float, typer.Option(min=1, help="How long to watch each sensor.")] = 10.0,
    tap: Annotated[
        bool, typer.Option("--tap", help="Compare the clocks of sensors tapped together.")
    ] = False,
) -> None:
    """Find out what keeps sensors from being recorded, and what to do about it."""
    from fivepoint.doctor import diagnose

    failed = 0
    for finding in diagnose(load_settings().recordings_folder, seconds=seconds, tapped=tap):
        print(f"{'ok  ' if finding.well else 'FAIL'}  {finding.text}", flush=True)
        failed += not finding.well
    raise typer.Exit(1 if failed else 0)


@app.command()
def calibrate(
    wear: options.Worns = None,
    out: Annotated[
        Path | None, typer.Option(metavar="CAL.json", help="File to write; else the one of `up`.")
    ] = None,
    no_lift: Annotated[
        bool, typer.Option("--no-lift", help="Do not ask for the hips to be lifted.")
    ] = False,
    rate: options.Rate = 100.0,
    virtual: options.Virtual = None,
    family: options.FamilyName = "movesense",
    speed: options.Speed = 1.0,
    source: Annotated[
        Path | None, typer.Option("--from", metavar="REC", help="From this recording instead.")
    ] = None,
    still: Annotated[options.Span | None, options.STILL] = None,
    lying: Annotated[options.Span | None, options.LYING] = None,
    lying_from: Annotated[
        Path | None, typer.Option(metavar="REC", help="--lying is in this other recording.")
    ] = None,
    bend: Annotated[options.Span | None, options.BEND] = None,
    six_poses: Annotated[
        bool, typer.Option("--six-poses", help="First rest the sensors on each of their sides.")
    ] = False,
    six_poses_from: Annotated[
        Path | None, typer.Option(metavar="REC", help="They rest so in this other recording.")
    ] = None,
) -> None:
    """Be guided through standing, lying and one lift, or take the poses from a recording."""
    if [bool(wear), virtual is not None, source is not None].count(True) != 1:
        raise typer.BadParameter("give one of --wear, --virtual and --from")
    if virtual is not None and out is None:
        raise typer.BadParameter("--virtual needs --out, apart from your own calibration")
    if six_poses if source else six_poses_from:
        raise typer.BadParameter("--six-poses is guided; with --from, give --six-poses-from")
    settings = load_settings()
    file = out or settings.calibration_path
    if source is not None:
        if still is None:
            raise typer.BadParameter("--from needs --still, the seconds of standing still")
        from fivepoint.calibrating import Poses, calibrate_from

        poses = Poses(still=still, lying=lying, lying_from=lying_from, bend=bend)
        calibrate_from(source, file, poses, six_poses=six_poses_from)
        return
    from fivepoint.recorder import Guiding

    to = Guiding(file, lift=not no_lift, six_poses=six_poses)
    if virtual is None:
        from fivepoint.recorder import calibrate_live

        calibrate_live(settings.recordings_folder, wear or [], rate, to)
        return
    from fivepoint.performance import Performance
    from fivepoint.virtual import calibrate_virtual

    calibrate_virtual(Performance(scenario=virtual, family=family, speed=speed), rate, to)


@app.command()
def simulate(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="Its name; any other word lists them.")
    ],
    destination: Annotated[Path, typer.Argument(metavar="DEST", help="Recording to write.")],
    seed: Annotated[int, typer.Option(min=0, help="Another one gives another recording.")] = 1,
) -> None:
    """Simulate a person doing something and write what the sensors saw, with the truth."""
    from fivepoint.simulated import write_scenario

    recording = write_scenario(scenario, destination, seed)
    print(f"{destination}: {recording.duration_s:.0f} s simulated")


@app.command()
def benchmark(
    json: options.Json = False,
    minutes: Annotated[
        float, typer.Option(min=0.5, help="How long each three live sensors are recorded.")
    ] = 1.0,
) -> None:
    """Measure how fast this machine analyzes, answers, stores and records."""
    from benchmarks.report import run_and_print

    run_and_print(as_json=json, minutes=minutes)


@app.command()
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
    """Measure how right the analysis is, on recordings whose truth is known."""
    from analytics.validation.topics import Topic
    from fivepoint.validate import validate_and_print

    validate_and_print(Topic(topic), datasets, as_json=json, document=write)


@app.command("import")
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
    """Turn other people's files into recordings, each in a folder of its own below DEST."""
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


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
