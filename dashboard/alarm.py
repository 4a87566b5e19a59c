"""The alarm as the pages see it: what it does just now, and what people answer.

Files in a folder of their own, so that page, command line and alarm need nothing of each other.
This module does not import Streamlit: the alarm's own process uses it too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import msgspec

ALARM_VARIABLE = "FIVEPOINT_ALARM"
"""Environment variable that tells the dashboard process where the alarm's files are, if any."""

STALE_AFTER_S = 10.0
"""A state this old was left by an alarm that no longer runs."""

_STATE_NAME = "alarm.json"
_ANSWERS_NAME = "answers.jsonl"

T = TypeVar("T")


class Stage(StrEnum):
    """What the alarm does."""

    WATCHING = "watching"
    ASKING = "asking"
    TELLING = "telling"


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """A step that the alarm has taken, in words."""

    at: datetime
    text: str


class AlarmState(msgspec.Struct, frozen=True, kw_only=True):
    """What the alarm was doing at `updated_at`.

    `episode` is the fall that it is answering, or has answered last; `left_s` is how long the
    person has to answer, `history` what was done about that fall. `contacts` are named only.
    `problems` tells what would keep an alarm from being heard, as last found at `checked_at`.
    """

    updated_at: datetime
    stage: Stage
    episode: str
    left_s: float
    history: tuple[Happened, ...]
    contacts: tuple[str, ...]
    checked_at: datetime | None
    problems: tuple[str, ...]


class Said(StrEnum):
    """What somebody answers to an alarm."""

    OK = "ok"
    ACKNOWLEDGED = "acknowledged"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """That the person is well, or that somebody, `by` name if known, takes care of the fall."""

    episode: str
    said: Said
    by: str
    at: datetime


def publish(folder: Path, state: AlarmState) -> None:
    """Put the state in place of the one before; a reader sees either, never half of one."""
    partial = folder / f".{_STATE_NAME}.partial"
    partial.write_bytes(msgspec.json.encode(state))
    partial.replace(folder / _STATE_NAME)


def read_alarm(folder: Path, now: datetime) -> AlarmState | None:
    """What the alarm does just now, or None if it does not run."""
    try:
        state = msgspec.json.decode((folder / _STATE_NAME).read_bytes(), type=AlarmState)
    except (OSError, msgspec.DecodeError):
        return None
    age_s = (now - state.updated_at).total_seconds()
    return state if abs(age_s) <= STALE_AFTER_S else None


def give_answer(folder: Path, answer: Answer) -> None:
    """Leave an answer for the alarm, which takes it within half a second."""
    append_line(folder / _ANSWERS_NAME, answer)


def answers(folder: Path) -> list[Answer]:
    """All answers that were ever given."""
    return list(read_lines(folder / _ANSWERS_NAME, Answer))


def append_line(path: Path, value: msgspec.Struct) -> None:
    """Add a value as a line of JSON, on the disk when this returns; only its owner may read it.

    A line that a killed process left unfinished stays as it is, apart.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        length = file.seek(0, os.SEEK_END)
        file.seek(max(length - 1, 0))
        torn = file.read(1) not in (b"", b"\n")
        file.write(b"\n" * torn + msgspec.json.encode(value) + b"\n")
        file.flush()
        os.fsync(descriptor)


def read_lines(path: Path, kind: type[T]) -> Iterator[T]:
    """The values of a file of lines, without those that are torn; none if there is no file."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            yield msgspec.json.decode(line, type=kind)
        except msgspec.DecodeError:
            continue
