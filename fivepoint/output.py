"""What the commands print: results on standard output, progress and complaints beside it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress, track

from analytics.events import DismissedFall, Event, Fall, NearFall
from analytics.limits import Limits
from analytics.pipeline import Pipeline, analyze, calibrations_for
from analytics.session import Session, session_json
from fivepoint.complaint import complain
from sensors.errors import FivepointError
from sensors.recording import Recording, find_recordings, read_recording
from sensors.replay import ReplaySource
from sensors.types import GRAVITY_MS2, Calibration

T = TypeVar("T")


def with_progress(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """The items, with a progress bar on standard error where somebody can see it."""
    console = Console(stderr=True)
    yield from track(items, what, total=total, console=console, disable=not console.is_terminal)


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """The same for work that tells how much is done of how much."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def analyze_and_print(
    paths: Sequence[Path],
    calibrations: Sequence[Calibration] | None,
    limits: Limits,
    *,
    as_json: bool,
) -> int:
    """Analyze recordings and print what was found; return how many could not be analyzed.

    Calibrations that are given take the place of the recordings' own.
    """
    folders: list[Path] = []
    failed = 0
    for path in paths:
        try:
            folders += find_recordings(path)
        except FivepointError as error:
            complain(error)
            failed += 1
    for folder in with_progress(folders, "Analyzing"):
        try:
            session = analyze(read_recording(folder), calibrations, limits=limits)
        except FivepointError as error:
            complain(error)
            failed += 1
        else:
            print(json.dumps(session_json(session)) if as_json else summary(session), flush=True)
    return failed


def replay_and_print(folder: Path, *, speed: float) -> None:
    """Push a recording through the live path at its own pace, printing events as they come."""
    recording = read_recording(folder)
    pipeline = Pipeline(recording.header, calibrations_for(recording, None))
    asyncio.run(_replay(recording, pipeline, speed))
    print(summary(pipeline.session()))


async def _replay(recording: Recording, pipeline: Pipeline, speed: float) -> None:
    async for chunk in ReplaySource(recording, speed=speed):
        for event in pipeline.push(chunk):
            print(_event_line(event), flush=True)
    for event in pipeline.finish():
        print(_event_line(event), flush=True)


def summary(session: Session) -> str:
    """What was found in a recording, in one line."""
    whole = [repetition for repetition in session.repetitions if not repetition.partial]
    extension_min = sum(bout.end_s - bout.start_s for bout in session.hyperextension) / 60
    coverage = min((stream.coverage for stream in session.streams), default=0.0)
    lifts = [lift for lift in session.back_extensions if not lift.partial]
    parts = [
        f"{session.duration_s / 60:.1f} min",
        f"{coverage:.0%} received",
        _counted(whole, "repetition", "repetitions"),
        f"{extension_min:.1f} min extended",
        _counted(session.falls, "fall", "falls"),
    ]
    for found, one, many in (
        (lifts, "back extension", "back extensions"),
        (session.stand_ups, "rise from a seat", "rises from a seat"),
        (session.walks, "walk", "walks"),
        (session.near_falls, "near-fall", "near-falls"),
    ):
        parts += [_counted(found, one, many)] if found else []
    return f"{session.recording_id}: {', '.join(parts)}"


def _counted(found: Sequence[Event], one: str, many: str) -> str:
    return f"{len(found)} {one if len(found) == 1 else many}"


def calibrated(file: Path, calibrations: Iterable[Calibration]) -> str:
    """A line for each sensor that a calibration file holds, with how good its poses were."""
    return "\n".join(f"{file}: {_calibration_line(calibration)}" for calibration in calibrations)


def _calibration_line(calibration: Calibration) -> str:
    quality, correction = calibration.quality, calibration.acc_correction
    parts = [f"{calibration.placement} calibrated"]
    if quality is not None:
        parts.append(f"moved by {quality.sway_ms2:.2f} m/s² in the poses")
        if quality.off_square_deg is not None:
            parts.append(f"lying {quality.off_square_deg:.0f}° off a right angle to standing")
        if quality.disagreement_deg is not None:
            parts.append(f"the bend agrees within {quality.disagreement_deg:.0f}°")
    if correction is not None:
        before_mg, after_mg = (
            1000.0 * error_ms2 / GRAVITY_MS2
            for error_ms2 in (correction.error_before_ms2, correction.error_after_ms2)
        )
        parts.append(f"accelerometer corrected from {before_mg:.0f} to {after_mg:.1f} mg of error")
    if not calibration.facing_known:
        parts.append("its front is not known, so neither is the side of lying")
    return ", ".join(parts)


def _event_line(event: Event) -> str:
    """An event in a line: when, what, and all that is known of it."""
    known = {field.name: getattr(event, field.name) for field in fields(event)}
    values = [f"{name} {_value_text(value)}" for name, value in known.items() if value is not None]
    return f"{_at_s(event):9.2f} s  {type(event).__name__}: {', '.join(values)}"


def _value_text(value: object) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _at_s(event: Event) -> float:
    match event:
        case Fall() | DismissedFall():
            return event.impact_s
        case NearFall():
            return event.at_s
        case _:
            return event.start_s
