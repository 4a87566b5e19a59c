"""From recordings to rows: each recording once, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from analytics.session import ALGORITHM_VERSION, Session, analyze
from analytics.store.database import Cursor, Store, transaction
from analytics.store.sessions import delete_session, insert_session
from sensors.errors import FivepointError
from sensors.recording import read_recording

Progress = Callable[[int, int, Path], None]
"""Called with how many recordings are through, how many there are, and the one just taken."""


@dataclass(frozen=True, slots=True)
class BadRecording:
    """A recording that could not be ingested, and the line that says why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What became of a folder of recordings."""

    ingested: int
    known: int
    bad: tuple[BadRecording, ...]


def ingest(store: Store, session: Session, path: Path) -> bool:
    """Store a session and where its recording lies; True when rows were written.

    All rows are written in one transaction. A recording that is known from the same algorithm
    version is left as it is; what another version found is replaced.
    """
    where = str(path.resolve())
    with store.writing, store.cursor() as cursor, transaction(cursor):
        known = cursor.execute(
            "SELECT algorithm_version, path FROM sessions WHERE recording_id = ?",
            [session.recording_id],
        ).fetchone()
        if known == (session.algorithm_version, where):
            return False
        if known and known[0] == session.algorithm_version:
            _move(cursor, session.recording_id, where)
            return False
        if known:
            delete_session(cursor, session.recording_id)
        insert_session(cursor, session, where)
    return True


def ingest_folder(store: Store, folder: Path, on_progress: Progress | None = None) -> IngestReport:
    """Analyze and store every recording below a folder that this algorithm version has not seen.

    A recording that cannot be read or analyzed is reported and the others are still taken.
    """
    recordings = sorted(manifest.parent for manifest in folder.glob("**/recording.json"))
    seen = _seen_paths(store)
    ingested, bad = 0, []
    for number, path in enumerate(recordings, start=1):
        if str(path.resolve()) not in seen:
            try:
                ingested += _ingest_recording(store, path)
            except FivepointError as error:
                bad.append(BadRecording(path, str(error)))
        if on_progress:
            on_progress(number, len(recordings), path)
    known = len(recordings) - ingested - len(bad)
    return IngestReport(ingested=ingested, known=known, bad=tuple(bad))


def _ingest_recording(store: Store, path: Path) -> bool:
    recording = read_recording(path)
    with store.cursor() as cursor:
        known = cursor.execute(
            "SELECT 1 FROM sessions WHERE recording_id = ? AND algorithm_version = ?",
            [recording.header.id, ALGORITHM_VERSION],
        ).fetchone()
        if known:
            _move(cursor, recording.header.id, str(path.resolve()))
            return False
    return ingest(store, analyze(recording), path)


def _seen_paths(store: Store) -> set[str]:
    with store.cursor() as cursor:
        rows = cursor.execute(
            "SELECT path FROM sessions WHERE algorithm_version = ?", [ALGORITHM_VERSION]
        ).fetchall()
    return {path for (path,) in rows}


def _move(cursor: Cursor, recording_id: str, path: str) -> None:
    cursor.execute("UPDATE sessions SET path = ? WHERE recording_id = ?", [path, recording_id])
