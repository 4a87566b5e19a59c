"""Commands that find, calibrate and record sensors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analytics.limits import Prescribed, prescribed_always
from fivepoint import options
from fivepoint.settings import load_settings
from sensors.recording import RecordingKind


def scan(
    seconds: Annotated[float, typer.Option(min=1, help="How long to listen.")] = 8.0,
    identify: Annotated[
        str | None, typer.Option(metavar="SENSOR", help="Make this one blink instead.")
    ] = None,
) -> None:
    """Show the sensors that are heard, with signal and battery. The nearest comes first."""
    from fivepoint.finding import identify_and_print, scan_and_print

    if identify is None:
        scan_and_print(seconds)
    else:
        identify_and_print(identify, seconds)


def doctor(
    seconds: Annotated[float, typer.Option(min=1, help="How long to watch each sensor.")] = 10.0,
    tap: Annotated[
        bool, typer.Option("--tap", help="Compare the clocks of sensors tapped together.")
    ] = False,
) -> None:
    """Find out what keeps sensors from being recorded. Says what to do about it."""
    from fivepoint.doctor import diagnose

    failed = 0
    for finding in diagnose(load_settings().recordings_folder, seconds=seconds, tapped=tap):
        print(f"{'ok  ' if finding.well else 'FAIL'}  {finding.text}", flush=True)
        failed += not finding.well
    raise typer.Exit(1 if failed else 0)


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
    """Learn how the sensors sit, guided or from a recording.

    You are guided through standing, lying and one lift; with --from, the poses are in a recording.
    """
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
    """Record from sensors until Ctrl-C or for a time. Goes on through dropped links."""
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
