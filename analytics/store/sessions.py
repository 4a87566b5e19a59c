"""One session written to its tables and read back from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from analytics.brace import BraceIndication
from analytics.events import Confidence
from analytics.limits import Limits
from analytics.session import Session, StreamSummary
from analytics.spine import SpineSummary
from analytics.store.database import Cursor, StoreError, named_rows
from analytics.store.days import local_day, session_days
from analytics.store.tables import EVENT_TABLES, EventTable, event_of
from sensors.recording import RecordingKind
from sensors.types import Gap, Placement

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A session and the folder of the recording it was analyzed from."""

    session: Session
    path: Path


def session(cursor: Cursor, recording_id: str) -> StoredSession:
    """One session as it was stored. Raises StoreError for an unknown recording."""
    cursor.execute("SELECT * FROM sessions WHERE recording_id = ?", [recording_id])
    rows = named_rows(cursor)
    if not rows:
        raise StoreError(
            f"Recording {recording_id!r} is not in the store, so it cannot be shown; "
            "ingest the folder it lies in."
        )
    (row,) = rows
    events = {table.session_field: _events(cursor, table, recording_id) for table in EVENT_TABLES}
    stored = Session(
        recording_id=recording_id,
        patient=row["patient_id"],
        started_at=row["started_at"].replace(tzinfo=UTC),
        kind=RecordingKind(row["kind"]),
        duration_s=row["duration_s"],
        algorithm_version=row["algorithm_version"],
        limits=limits_of(row),
        streams=_streams(cursor, recording_id),
        spine=_spine(row),
        sitting_known=row["sitting_known"],
        brace=_brace(row),
        **events,
    )
    return StoredSession(session=stored, path=Path(row["path"]))


def _spine(row: dict[str, Any]) -> SpineSummary | None:
    if row["spine_observable_s"] is None:
        return None
    return SpineSummary(
        observable_s=row["spine_observable_s"],
        p05_deg=row["spine_p05_deg"],
        p50_deg=row["spine_p50_deg"],
        p95_deg=row["spine_p95_deg"],
        sigma_deg=row["spine_sigma_deg"],
        confidence=Confidence(row["spine_confidence"]),
    )


def _brace(row: dict[str, Any]) -> BraceIndication | None:
    if row["brace_bends"] is None:
        return None
    return BraceIndication(bends=row["brace_bends"], stiff_bends=row["brace_stiff_bends"])


def _events(cursor: Cursor, table: EventTable, recording_id: str) -> tuple[Any, ...]:
    rows = cursor.execute(
        f"SELECT {', '.join(table.columns)} FROM {table.name} "  # noqa: S608
        "WHERE recording_id = ? ORDER BY rowid",
        [recording_id],
    ).fetchall()
    return tuple(event_of(table, row) for row in rows)


def _streams(cursor: Cursor, recording_id: str) -> tuple[StreamSummary, ...]:
    gaps: defaultdict[str, list[Gap]] = defaultdict(list)
    cursor.execute("SELECT * FROM gaps WHERE recording_id = ? ORDER BY rowid", [recording_id])
    for row in named_rows(cursor):
        gaps[row["placement"]].append(Gap(row["start_s"], row["end_s"]))
    cursor.execute("SELECT * FROM streams WHERE recording_id = ? ORDER BY rowid", [recording_id])
    return tuple(
        StreamSummary(
            placement=Placement(row["placement"]),
            model=row["model"],
            rate_hz=row["rate_hz"],
            samples=row["samples"],
            coverage=row["coverage"],
            gaps=tuple(gaps[row["placement"]]),
        )
        for row in named_rows(cursor)
    )


def insert_sessions(cursor: Cursor, stored: Iterable[StoredSession]) -> None:
    """Write all rows of sessions, on the days of their patients' time zones."""
    tables: defaultdict[str, Rows] = defaultdict(list)
    for each in stored:
        for table, rows in _rows(cursor, each).items():
            tables[table] += [{"recording_id": each.session.recording_id, **row} for row in rows]
    for table, rows in tables.items():
        if rows:
            given = cursor.from_arrow(pa.Table.from_pylist(rows))
            given.query("given", f"INSERT INTO {table} BY NAME SELECT * FROM given")  # noqa: S608


def delete_sessions(cursor: Cursor, recording_ids: Sequence[str]) -> None:
    """Remove all rows of those of the sessions that are stored."""
    which = "recording_id IN (SELECT unnest(?))"
    found = cursor.execute(
        f"SELECT recording_id FROM sessions WHERE {which}",  # noqa: S608
        [list(recording_ids)],
    ).fetchall()
    if not found:
        return
    events = (table.name for table in EVENT_TABLES)
    for table in ("sessions", "session_days", "streams", "gaps", *events):
        cursor.execute(f"DELETE FROM {table} WHERE {which}", [list(recording_ids)])  # noqa: S608


def redate_sessions(cursor: Cursor, patient_id: str) -> None:
    """Write a patient's sessions anew, after the time zone became known or changed."""
    rows = cursor.execute(
        "SELECT recording_id FROM sessions WHERE patient_id = ?", [patient_id]
    ).fetchall()
    stored = [session(cursor, recording_id) for (recording_id,) in rows]
    delete_sessions(cursor, [recording_id for (recording_id,) in rows])
    insert_sessions(cursor, stored)


def _rows(cursor: Cursor, stored: StoredSession) -> dict[str, Rows]:
    """The rows of one session by their tables."""
    session = stored.session
    zone = _time_zone(cursor, session.patient)
    day = local_day(session.started_at, 0.0, zone)
    rows = {
        "sessions": [_session_row(session, day, str(stored.path.resolve()))],
        "session_days": _day_rows(session, zone),
        "streams": _stream_rows(session),
        "gaps": _gap_rows(session),
    }
    return rows | {table.name: _event_rows(table, session, zone) for table in EVENT_TABLES}


def _time_zone(cursor: Cursor, patient_id: str | None) -> ZoneInfo:
    """The patient's, UTC for a patient not known yet."""
    row = cursor.execute(
        "SELECT time_zone FROM patients WHERE patient_id = ?", [patient_id]
    ).fetchone()
    return ZoneInfo(row[0] if row else "UTC")


def _session_row(session: Session, day: date, path: str) -> dict[str, Any]:
    spine = session.spine
    return {
        "patient_id": session.patient,
        "started_at": session.started_at.astimezone(UTC).replace(tzinfo=None),
        "day": day,
        "kind": session.kind.value,
        "duration_s": session.duration_s,
        "algorithm_version": session.algorithm_version,
        "coverage": min((stream.coverage for stream in session.streams), default=0.0),
        "path": path,
        "spine_observable_s": spine.observable_s if spine else None,
        "spine_p05_deg": spine.p05_deg if spine else None,
        "spine_p50_deg": spine.p50_deg if spine else None,
        "spine_p95_deg": spine.p95_deg if spine else None,
        "spine_sigma_deg": spine.sigma_deg if spine else None,
        "spine_confidence": spine.confidence.value if spine else None,
        "sitting_known": session.sitting_known,
        "brace_bends": session.brace.bends if session.brace else None,
        "brace_stiff_bends": session.brace.stiff_bends if session.brace else None,
        **limits_row(session.limits),
    }


def limits_of(row: dict[str, Any]) -> Limits:
    """The limits that the columns of a session hold."""
    return Limits(
        band_deg=(row["band_low_deg"], row["band_high_deg"]),
        over_deg=row["over_deg"],
        flexion_deg=row["flexion_deg"],
    )


def limits_row(limits: Limits) -> dict[str, float]:
    """The columns of a session's limits."""
    low_deg, high_deg = limits.band_deg
    return {
        "band_low_deg": low_deg,
        "band_high_deg": high_deg,
        "over_deg": limits.over_deg,
        "flexion_deg": limits.flexion_deg,
    }


def _day_rows(session: Session, zone: ZoneInfo) -> Rows:
    return [{"patient_id": session.patient, **asdict(day)} for day in session_days(session, zone)]


def _stream_rows(session: Session) -> Rows:
    names = ("placement", "model", "rate_hz", "samples", "coverage")
    return [{name: getattr(stream, name) for name in names} for stream in session.streams]


def _gap_rows(session: Session) -> Rows:
    return [
        {"placement": stream.placement, "start_s": gap.start_s, "end_s": gap.end_s}
        for stream in session.streams
        for gap in stream.gaps
    ]


def _event_rows(table: EventTable, session: Session, zone: ZoneInfo) -> Rows:
    rows = []
    for event in getattr(session, table.session_field):
        day = {}
        if table.dated_by:
            day["day"] = local_day(session.started_at, getattr(event, table.dated_by), zone)
        rows.append(day | {name: getattr(event, name) for name in table.columns})
    return rows
