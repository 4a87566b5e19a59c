"""What every importer is made of: finding the recordings of a source, and reading one of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import pi
from pathlib import Path

from sensors.errors import FivepointError
from sensors.types import GRAVITY_MS2, Chunk, Clock, Placement, StreamInfo

UNKNOWN_START = datetime(2000, 1, 1, tzinfo=UTC)
"""`started_at` of recordings whose files do not tell when they were made."""

_DPS_TO_RADS = pi / 180


class ImporterError(FivepointError):
    """A file or folder cannot be imported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One recording to be: its name, its files, and who did what in it where the layout tells."""

    name: str
    paths: tuple[Path, ...]
    subject: str = ""
    exercise: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What the files of an item hold: each stream in one chunk."""

    streams: tuple[tuple[StreamInfo, Chunk], ...]
    started_at: datetime = UNKNOWN_START


@dataclass(frozen=True, slots=True)
class Importer:
    """`find` lists what a file or folder holds, in order; `read` reads one of these."""

    find: Callable[[Path], list[Item]]
    read: Callable[[Item], Imported]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which subjects, exercises and placements to import; empty means all of them."""

    subjects: tuple[str, ...] = ()
    exercises: tuple[str, ...] = ()
    placements: tuple[Placement, ...] = ()


def unusable(path: Path, reason: str, remedy: str) -> ImporterError:
    """The error for a file that cannot be imported, in one printable line."""
    printable = "".join(c if c.isprintable() else " " for c in reason)
    return ImporterError(
        f"{path}: {' '.join(printable.split())[:200]}, so nothing was imported from it; {remedy}."
    )


def find_files(
    source: Path, example: str, name: re.Pattern[str]
) -> list[tuple[Path, re.Match[str]]]:
    """The source itself, or the files below it, whose names match; sorted by name.

    Raises ImporterError, with the `example` of what was looked for, if there is none.
    """
    try:
        paths = [source] if source.is_file() else sorted(source.rglob("*"), key=lambda p: p.name)
    except OSError as error:
        raise unusable(source, error.strerror or str(error), "check the permissions") from error
    found = [(path, match) for path in paths if (match := name.fullmatch(path.name))]
    if not found:
        reason = f"no file named like {example}" if source.exists() else "no such file or folder"
        raise unusable(source, reason, "name the folder of the data set or one of its files")
    return found


def read_bytes(path: Path) -> bytes:
    """The file's content; ImporterError if it cannot be read or is empty."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise unusable(path, error.strerror or str(error), "check the file") from error
    if not content.strip():
        raise unusable(path, "the file is empty", "give a file with samples")
    return content


def stream_info(
    placement: Placement,
    rate_hz: float,
    *,
    acc_range_g: float,
    gyro_range_dps: float | None,
    model: str,
    clock: Clock = Clock.DEVICE,
) -> StreamInfo:
    """A stream whose 16-bit counts span the given ranges."""
    gyro_scale = None if gyro_range_dps is None else gyro_range_dps * _DPS_TO_RADS / 32768
    return StreamInfo(
        placement=placement,
        rate_hz=rate_hz,
        acc_scale_ms2=acc_range_g * GRAVITY_MS2 / 32768,
        gyro_scale_rads=gyro_scale,
        model=model,
        clock=clock,
    )


def selected(items: Iterable[Item], selection: Selection) -> list[Item]:
    """The items of the wanted subjects and exercises; ImporterError names any that is not there."""
    items = list(items)
    subjects = _known({item.subject for item in items}, selection.subjects, "subject")
    exercises = _known({item.exercise for item in items}, selection.exercises, "exercise")
    chosen = [item for item in items if item.subject in subjects and item.exercise in exercises]
    if not chosen:
        raise ImporterError(
            f"No recording of subjects {', '.join(selection.subjects)} has the exercises "
            f"{', '.join(selection.exercises)}, so nothing was imported; choose fewer conditions."
        )
    return chosen


def _known(there: set[str], wanted: tuple[str, ...], what: str) -> set[str]:
    unknown = [name for name in wanted if name not in there or not name]
    if unknown:
        known = ", ".join(sorted(there - {""})) or f"none, for the layout names no {what}"
        raise ImporterError(
            f"There is no {what} {', '.join(unknown)} in the source, so nothing was imported; "
            f"there are: {known}."
        )
    return set(wanted) or there
