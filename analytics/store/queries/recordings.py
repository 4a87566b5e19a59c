"""Analyzed recordings and the falls in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from analytics.store.database import Cursor, named_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One analyzed recording; `repetitions` are the whole ones.

    `extension_min` is the time lying in the prescribed band, which is what counts.
    """

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


def sessions(cursor: Cursor, patient_id: str) -> list[SessionRow]:
    """A patient's recordings, the latest first."""
    cursor.execute(
        """
        SELECT s.recording_id, s.started_at, s.day AS date, s.kind, s.duration_s, s.coverage,
            coalesce(r.repetitions, 0) AS repetitions, r.hold_median_s,
            coalesce(e.extension_min, 0) AS extension_min, coalesce(f.falls, 0) AS falls,
            s.algorithm_version, s.path
        FROM sessions AS s
        LEFT JOIN (
            SELECT recording_id, count(*) AS repetitions,
                median(hold_end_s - hold_start_s) AS hold_median_s
            FROM repetitions WHERE NOT partial GROUP BY recording_id
        ) AS r USING (recording_id)
        LEFT JOIN (
            SELECT recording_id, sum(extension_min) AS extension_min
            FROM lying_extension GROUP BY recording_id
        ) AS e USING (recording_id)
        LEFT JOIN (
            SELECT recording_id, count(*) AS falls FROM falls GROUP BY recording_id
        ) AS f USING (recording_id)
        WHERE s.patient_id = ?
        ORDER BY s.started_at DESC
        """,
        [patient_id],
    )
    return [_session_row(row) for row in named_rows(cursor)]


def falls(cursor: Cursor, patient_id: str) -> list[FallRow]:
    """A patient's falls, the latest first."""
    cursor.execute(
        """
        SELECT recording_id, started_at, day AS date, impact_s, probability, peak_g, posture_after,
            inactive_s
        FROM patient_falls WHERE patient_id = ? ORDER BY started_at DESC, impact_s DESC
        """,
        [patient_id],
    )
    return [_fall_row(row) for row in named_rows(cursor)]


def _session_row(columns: dict[str, Any]) -> SessionRow:
    started_at, path = columns.pop("started_at"), columns.pop("path")
    return SessionRow(**columns, started_at=started_at.replace(tzinfo=UTC), path=Path(path))


def _fall_row(columns: dict[str, Any]) -> FallRow:
    started_at = columns.pop("started_at").replace(tzinfo=UTC)
    return FallRow(**columns, at=started_at + timedelta(seconds=columns["impact_s"]))
