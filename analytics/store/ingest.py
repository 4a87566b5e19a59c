"""From recordings to rows: each recording once, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any, NamedTuple

from analytics.limits import Limits, PrescribedByDay
from analytics.pipeline import ALGORITHM_VERSION, analyze
from analytics.session import Session
from analytics.store.database import Cursor, Store, StoreError, named_rows, transaction
from analytics.store.queries.people import prescribed_by_day
from analytics.store.sessions import (
    StoredSession,
    delete_sessions,
    insert_sessions,
    limits_of,
    limits_row,
)
from sensors.errors import FivepointError
from sensors.recording import read_recording
from sensors.recording.manifest import MANIFEST_NAME

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


class _Basis(NamedTuple):
    """What decides what is found in a recording."""

    algorithm_version: str
    limits: Limits


def ingest(store: Store, session: Session, path: Path) -> bool:
    """Store a session and where its recording lies; True when rows were written.

    See `ingest_all`.
    """
    return ingest_all(store, [StoredSession(session=session, path=path)]) == 1


def ingest_all(store: Store, analyzed: Iterable[StoredSession]) -> int:
    """Store sessions and where their recordings lie; return how many were written.

    All rows are written in one transaction. A recording that is known from the same algorithm
    version and limits is left as it is; what was found with others is replaced. Raises StoreError
    when the disk does not take the rows; then the store is as before.
    """
    with store.writing, store.cursor() as cursor, transaction(cursor):
        new = {
            each.session.recording_id: each
            for each in analyzed
            if not _stays_stored(cursor, each.session.recording_id, _basis(each.session), each.path)
        }
        delete_sessions(cursor, list(new))
        insert_sessions(cursor, new.values())
    return len(new)


def ingest_folder(
    store: Store,
    folder: Path,
    on_progress: Progress | None = None,
    *,
    skip: Container[Path] = (),
) -> IngestReport:
    """Analyze and store every recording below a folder that is not stored as it would be found now.

    That is by this algorithm version, with the limits prescribed for the patient's day on which it
    began: one whose limits were changed afterwards is analyzed again. Those in `skip` are passed
    over. A recording that cannot be read or analyzed is reported and the others are still taken.
    Raises StoreError when there is no such folder.
    """
    if not folder.is_dir():
        raise StoreError(
            f"There is no folder {folder}, so no recording was ingested; "
            "name the folder that holds your recordings."
        )
    recordings = [path for path in _recordings_below(folder) if path not in skip]
    up_to_date = _up_to_date(store)
    ingested, bad = 0, []
    for number, path in enumerate(recordings, start=1):
        if str(path.resolve()) not in up_to_date:
            try:
                ingested += _ingest_recording(store, path)
            except FivepointError as error:
                bad.append(BadRecording(path, str(error)))
        if on_progress:
            on_progress(number, len(recordings), path)
    known = len(recordings) - ingested - len(bad)
    return IngestReport(ingested=ingested, known=known, bad=tuple(bad))


def _recordings_below(folder: Path) -> list[Path]:
    """Whole recordings; one still being written lies in a hidden folder."""
    return sorted(
        manifest.parent
        for manifest in folder.glob(f"**/{MANIFEST_NAME}")
        if not any(part.startswith(".") for part in manifest.relative_to(folder).parts)
    )


def _ingest_recording(store: Store, path: Path) -> bool:
    recording = read_recording(path)
    header = recording.header
    with store.writing, store.cursor() as cursor:
        limits = prescribed_by_day(cursor, header.patient).at(header.started_at).limits
        if _stays_stored(cursor, header.id, _Basis(ALGORITHM_VERSION, limits), path):
            return False
    return ingest(store, analyze(recording, limits=limits), path)


def _basis(session: Session) -> _Basis:
    return _Basis(session.algorithm_version, session.limits)


def _stays_stored(cursor: Cursor, recording_id: str, basis: _Basis, path: Path) -> bool:
    """Whether a result on that basis is stored; its folder is noted anew if it has moved."""
    row = cursor.execute(
        """
        SELECT path FROM sessions WHERE recording_id = ? AND algorithm_version = ?
            AND band_low_deg = ? AND band_high_deg = ? AND over_deg = ? AND flexion_deg = ?
        """,
        [recording_id, basis.algorithm_version, *limits_row(basis.limits).values()],
    ).fetchone()
    if row and not Path(row[0]).exists():
        _note_move(cursor, recording_id, path)
    return row is not None


def _note_move(cursor: Cursor, recording_id: str, path: Path) -> None:
    cursor.execute(
        "UPDATE sessions SET path = ? WHERE recording_id = ?", [str(path.resolve()), recording_id]
    )


def _up_to_date(store: Store) -> set[str]:
    """Folders of the recordings that are stored as they would be found now."""
    with store.cursor() as cursor:
        cursor.execute(
            """
            SELECT path, patient_id, started_at, band_low_deg, band_high_deg, over_deg, flexion_deg
            FROM sessions WHERE algorithm_version = ?
            """,
            [ALGORITHM_VERSION],
        )
        rows = named_rows(cursor)
        prescribed = {
            patient_id: prescribed_by_day(cursor, patient_id)
            for patient_id in {row["patient_id"] for row in rows}
        }
    return {row["path"] for row in rows if limits_of(row) == _due(row, prescribed)}


def _due(row: dict[str, Any], prescribed: dict[str | None, PrescribedByDay]) -> Limits:
    """The limits by which a stored recording is to be analyzed now."""
    return prescribed[row["patient_id"]].at(row["started_at"].replace(tzinfo=UTC)).limits
