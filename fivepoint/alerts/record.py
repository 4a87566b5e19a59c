"""The record of the alarm: every step it has taken and every check of it, a line each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dashboard.alarm import append_line, read_lines
from fivepoint.alerts.checking import Check
from fivepoint.alerts.episode import Episode
from fivepoint.alerts.response import Entry

RECORD_NAME = "record.jsonl"
CHECKS_NAME = "checks.jsonl"


def read_record(folder: Path) -> list[Entry]:
    """All steps, in order; a line that was cut off by a power cut is left out."""
    return list(read_lines(folder / RECORD_NAME, Entry))


def write_step(folder: Path, entry: Entry) -> None:
    """Add a step, on the disk when this returns; raises OSError if the disk refuses."""
    append_line(folder / RECORD_NAME, entry)


def read_last_check(folder: Path) -> Check | None:
    """The last check of the alarm, if there was one."""
    checks = list(read_lines(folder / CHECKS_NAME, Check))
    return checks[-1] if checks else None


def write_check(folder: Path, check: Check) -> None:
    """Add a check; raises OSError if the disk refuses."""
    append_line(folder / CHECKS_NAME, check)


def latest_episode(entries: Sequence[Entry]) -> Episode | None:
    """The fall that began to be answered last, as far as it has come."""
    episodes = {entry.episode.id: entry.episode for entry in entries}
    return list(episodes.values())[-1] if episodes else None
