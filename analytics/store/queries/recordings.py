"""Analyzed recordings: their list, one as it was stored, and falls."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from analytics.session import Session, StreamSummary
from analytics.spine import SpineSummary
from analytics.store.database import Cursor, StoreError
from analytics.store.tables import EVENT_TABLES, EventTable, event_of
from sensors.recording import RecordingKind
from sensors.types import Gap, Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One analyzed recording; `repetitions` are the whole ones, `extension_min` all bouts."""

    recording_id: str
    started_at: datetime
    date: date
    kind: str
    duration_s: float
    coverage: float
    repetitions: int
    hold_median_s: float | None
    extension_min: float
    falls: int
    algorithm_version: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class FallRow:
    """One detected fall; `at` is aware UTC, `date` the patient's local date."""

    recording_id: str
    at: datetime
    date: date
    impact_s: float
    probability: float
    peak_g: float
    posture_after: str
    inactive_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A session and the folder of the recording it was analyzed from."""

    session: Session
    path: Path


def sessions(cursor: Cursor, patient_id: str) -> list[SessionRow]:
    """A patient's recordings, the latest first."""
    rows = cursor.execute(
        """
        SELECT s.recording_id, s.started_at,
            CAST(local_time(s.started_at, s.time_zone) AS DATE), s.kind, s.duration_s, s.coverage,
            coalesce(r.repetitions, 0), r.hold_median_s, coalesce(e.extension_min, 0),
            coalesce(f.falls, 0), s.algorithm_version, s.path
        FROM patient_sessions AS s
        LEFT JOIN (
            SELECT recording_id, count(*) AS repetitions,
                median(hold_end_s - hold_start_s) AS hold_median_s
            FROM repetitions WHERE NOT partial GROUP BY recording_id
        ) AS r USING (recording_id)
        LEFT JOIN (
            SELECT recording_id, sum(end_s - start_s) / 60 AS extension_min
            FROM extension_bouts GROUP BY recording_id
        ) AS e USING (recording_id)
        LEFT JOIN (
            SELECT recording_id, count(*) AS falls FROM falls GROUP BY recording_id
        ) AS f USING (recording_id)
        WHERE s.patient_id = ?
        ORDER BY s.started_at DESC
        """,
        [patient_id],
    ).fetchall()
    return [
        SessionRow(
            recording_id=recording_id,
            started_at=started_at.replace(tzinfo=UTC),
            date=day,
            kind=kind,
            duration_s=duration_s,
            coverage=coverage,
            repetitions=repetitions,
            hold_median_s=hold_median_s,
            extension_min=extension_min,
            falls=fall_count,
            algorithm_version=algorithm_version,
            path=Path(path),
        )
        for (
            recording_id,
            started_at,
            day,
            kind,
            duration_s,
            coverage,
            repetitions,
            hold_median_s,
            extension_min,
            fall_count,
            algorithm_version,
            path,
        ) in rows
    ]


def session(cursor: Cursor, recording_id: str) -> StoredSession:
    """One session as it was stored. Raises StoreError for an unknown recording."""
    row = cursor.execute(
        """
        SELECT patient_id, started_at, kind, duration_s, algorithm_version, path,
            spine_observable_s, spine_p05_deg, spine_p50_deg, spine_p95_deg
        FROM sessions WHERE recording_id = ?
        """,
        [recording_id],
    ).fetchone()
    if row is None:
        raise StoreError(
            f"Recording {recording_id!r} is not in the store, so it cannot be shown; "
            "ingest the folder it lies in."
        )
    patient, started_at, kind, duration_s, algorithm_version, path, *spine = row
    events = {table.session_field: _events(cursor, table, recording_id) for table in EVENT_TABLES}
    stored = Session(
        recording_id=recording_id,
        patient=patient,
        started_at=started_at.replace(tzinfo=UTC),
        kind=RecordingKind(kind),
        duration_s=duration_s,
        algorithm_version=algorithm_version,
        streams=_streams(cursor, recording_id),
        spine=_spine(*spine),
        **events,
    )
    return StoredSession(session=stored, path=Path(path))


def _spine(
    observable_s: float | None, p05_deg: float, p50_deg: float, p95_deg: float
) -> SpineSummary | None:
    if observable_s is None:
        return None
    return SpineSummary(
        observable_s=observable_s, p05_deg=p05_deg, p50_deg=p50_deg, p95_deg=p95_deg
    )


def _events(cursor: Cursor, table: EventTable, recording_id: str) -> tuple[Any, ...]:
    rows = cursor.execute(
        f"SELECT {', '.join(table.columns)} FROM {table.name} "  # noqa: S608
        "WHERE recording_id = ? ORDER BY rowid",
        [recording_id],
    ).fetchall()
    return tuple(event_of(table, row) for row in rows)


def _streams(cursor: Cursor, recording_id: str) -> tuple[StreamSummary, ...]:
    gaps = defaultdict(list)
    for placement, start_s, end_s in cursor.execute(
        "SELECT placement, start_s, end_s FROM gaps WHERE recording_id = ? ORDER BY rowid",
        [recording_id],
    ).fetchall():
        gaps[placement].append(Gap(start_s, end_s))
    rows = cursor.execute(
        """
        SELECT placement, model, rate_hz, samples, coverage
        FROM streams WHERE recording_id = ? ORDER BY rowid
        """,
        [recording_id],
    ).fetchall()
    return tuple(
        StreamSummary(
            placement=Placement(placement),
            model=model,
            rate_hz=rate_hz,
            samples=samples,
            coverage=coverage,
            gaps=tuple(gaps[placement]),
        )
        for placement, model, rate_hz, samples, coverage in rows
    )


def falls(cursor: Cursor, patient_id: str) -> list[FallRow]:
    """A patient's falls, the latest first."""
    rows = cursor.execute(
        """
        SELECT recording_id, fell_at, day, impact_s, probability, peak_g, posture_after, inactive_s
        FROM patient_falls WHERE patient_id = ? ORDER BY fell_at DESC
        """,
        [patient_id],
    ).fetchall()
    return [
        FallRow(
            recording_id=recording_id,
            at=at.replace(tzinfo=UTC),
            date=day,
            impact_s=impact_s,
            probability=probability,
            peak_g=peak_g,
            posture_after=posture_after,
            inactive_s=inactive_s,
        )
        for recording_id, at, day, impact_s, probability, peak_g, posture_after, inactive_s in rows
    ]
