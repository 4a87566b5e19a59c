"""Analyzed recordings and the falls in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from analytics.store.database import Cursor


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
    rows = cursor.execute(
        """
        SELECT s.recording_id, s.started_at, s.day, s.kind, s.duration_s, s.coverage,
            coalesce(r.repetitions, 0), r.hold_median_s, coalesce(e.extension_min, 0),
            coalesce(f.falls, 0), s.algorithm_version, s.path
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


def falls(cursor: Cursor, patient_id: str) -> list[FallRow]:
    """A patient's falls, the latest first."""
    rows = cursor.execute(
        """
        SELECT recording_id, started_at, day, impact_s, probability, peak_g, posture_after,
            inactive_s
        FROM patient_falls WHERE patient_id = ? ORDER BY started_at DESC, impact_s DESC
        """,
        [patient_id],
    ).fetchall()
    return [
        FallRow(
            recording_id=recording_id,
            at=started_at.replace(tzinfo=UTC) + timedelta(seconds=impact_s),
            date=day,
            impact_s=impact_s,
            probability=probability,
            peak_g=peak_g,
            posture_after=posture_after,
            inactive_s=inactive_s,
        )
        for (
            recording_id,
            started_at,
            day,
            impact_s,
            probability,
            peak_g,
            posture_after,
            inactive_s,
        ) in rows
    ]
