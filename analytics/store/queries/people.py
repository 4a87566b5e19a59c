"""Patients, their prescriptions, and what they and their clinicians enter."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import available_timezones

from analytics.limits import NOTHING_PRESCRIBED, PrescribedByDay
from analytics.outcomes import Outcome, OutcomeSource
from analytics.pathway import Evidence
from analytics.prescription import (
    ItemKind,
    PrescribedItem,
    Prescription,
    Unit,
    by_day,
)
from analytics.store.database import Cursor, StoreError, named_rows, transaction
from analytics.store.sessions import redate_sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A patient with the pathway now followed; None where nothing is prescribed yet."""

    id: str
    label: str
    birth_year: int | None
    time_zone: str
    stature_m: float | None = None
    pathway_id: str | None = None
    pathway_title: str | None = None
    index_date: date | None = None


def patients(cursor: Cursor) -> list[Patient]:
    """All patients in the order of their labels."""
    cursor.execute(
        """
        SELECT patient_id AS id, label, birth_year, time_zone, stature_m,
            arg_max(pathway_id, version) AS pathway_id,
            arg_max(pathway_title, version) AS pathway_title,
            arg_max(index_date, version) AS index_date
        FROM patients LEFT JOIN prescriptions USING (patient_id)
        GROUP BY ALL ORDER BY label, id
        """
    )
    return [Patient(**row) for row in named_rows(cursor)]


def patient(cursor: Cursor, patient_id: str) -> Patient:
    """One patient. Raises StoreError for an unknown one."""
    for each in patients(cursor):
        if each.id == patient_id:
            return each
    raise StoreError(
        f"There is no patient {patient_id!r} in the store, so nothing can be shown or saved; "
        "choose one from the caseload or add the patient first."
    )


def add_patient(
    cursor: Cursor, patient_id: str, *, label: str, birth_year: int | None, time_zone: str
) -> Patient:
    """Add a patient, or give a known one a new label, birth year or time zone.

    Days are those of `time_zone` (a name such as "Europe/Vienna"), also of what is already stored.
    """
    if time_zone not in available_timezones():
        raise StoreError(
            f"There is no time zone {time_zone!r}, so days could not be told and the patient was "
            'not saved; give a name such as "Europe/Vienna".'
        )
    with transaction(cursor):
        cursor.execute(
            """
            INSERT INTO patients (patient_id, label, birth_year, time_zone) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET label = excluded.label, birth_year = excluded.birth_year,
                time_zone = excluded.time_zone
            """,
            [patient_id, label, birth_year, time_zone],
        )
        redate_sessions(cursor, patient_id)
    return patient(cursor, patient_id)


def set_stature(cursor: Cursor, patient_id: str, stature_m: float) -> None:
    """Keep how tall a known patient is, from which the rise of the hips is told in centimetres."""
    with transaction(cursor):
        cursor.execute(
            "UPDATE patients SET stature_m = ? WHERE patient_id = ?", [stature_m, patient_id]
        )


def prescriptions(cursor: Cursor, patient_id: str) -> list[Prescription]:
    """All versions of a patient's prescription, the first one first."""
    items = _prescribed_items(cursor, patient_id)
    cursor.execute(
        """
        SELECT version, valid_from, pathway_id, pathway_title, index_date, phase_id, phase_title,
            phase_start_week, phase_end_week, flexion_limit_deg
        FROM prescriptions WHERE patient_id = ? ORDER BY version
        """,
        [patient_id],
    )
    found = []
    for row in named_rows(cursor):
        weeks = row.pop("phase_start_week"), row.pop("phase_end_week")
        own = tuple(items[row["version"]])
        found.append(Prescription(patient_id=patient_id, phase_weeks=weeks, items=own, **row))
    return found


def _prescribed_items(cursor: Cursor, patient_id: str) -> dict[int, list[PrescribedItem]]:
    """The items of each version."""
    cursor.execute(
        """
        SELECT version, item_id AS id, kind, title, per_day, unit, evidence, days_per_week, hold_s,
            band_low_deg, band_high_deg, alarm_deg, cap_per_day
        FROM prescribed_items WHERE patient_id = ? ORDER BY version, position
        """,
        [patient_id],
    )
    items: defaultdict[int, list[PrescribedItem]] = defaultdict(list)
    for row in named_rows(cursor):
        items[row.pop("version")].append(_item(row))
    return items


def prescription(cursor: Cursor, patient_id: str, on: date) -> Prescription | None:
    """The version valid on a date, None before the first."""
    valid = [each for each in prescriptions(cursor, patient_id) if each.valid_from <= on]
    return valid[-1] if valid else None


def prescribed_by_day(cursor: Cursor, patient_id: str | None) -> PrescribedByDay:
    """What recordings of a patient are measured against; nothing special for one not known."""
    row = cursor.execute(
        "SELECT time_zone FROM patients WHERE patient_id = ?", [patient_id]
    ).fetchone()
    if patient_id is None or row is None:
        return NOTHING_PRESCRIBED
    return by_day(prescriptions(cursor, patient_id), row[0])


def add_prescription(cursor: Cursor, new: Prescription) -> None:
    """Add the next version. Raises StoreError when somebody else added that version meanwhile."""
    with transaction(cursor):
        row = cursor.execute(
            """
            SELECT coalesce(max(version), 0), max(valid_from) FROM prescriptions
            WHERE patient_id = ?
            """,
            [new.patient_id],
        ).fetchone()
        version, valid_from = row or (0, None)
        if new.version != version + 1 or (valid_from and new.valid_from < valid_from):
            raise StoreError(
                f"Version {new.version} of the prescription does not follow version {version} "
                f"from {valid_from}, so it was not saved; look at the latest and change that one."
            )
        cursor.execute(
            "INSERT INTO prescriptions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                new.patient_id,
                new.version,
                new.valid_from,
                new.pathway_id,
                new.pathway_title,
                new.index_date,
                new.phase_id,
                new.phase_title,
                *new.phase_weeks,
                new.flexion_limit_deg,
            ],
        )
        for position, item in enumerate(new.items):
            cursor.execute(
                "INSERT INTO prescribed_items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [new.patient_id, new.version, position, *_columns(item)],
            )


def outcomes(cursor: Cursor, patient_id: str, measure: str) -> list[Outcome]:
    """All values of a measure, in the order of their dates."""
    rows = cursor.execute(
        """
        SELECT day, value, source FROM outcomes
        WHERE patient_id = ? AND measure = ? ORDER BY day, entered_at
        """,
        [patient_id, measure],
    ).fetchall()
    return [_outcome(patient_id, measure, *row) for row in rows]


def recent_outcomes(cursor: Cursor, measure: str, since: date) -> dict[str, list[Outcome]]:
    """Every patient's values of a measure from a date on, in the order of their dates."""
    rows = cursor.execute(
        """
        SELECT patient_id, day, value, source FROM outcomes
        WHERE measure = ? AND day >= ? ORDER BY day, entered_at
        """,
        [measure, since],
    ).fetchall()
    found: dict[str, list[Outcome]] = defaultdict(list)
    for patient_id, *columns in rows:
        found[patient_id].append(_outcome(patient_id, measure, *columns))
    return dict(found)


def add_outcome(cursor: Cursor, outcome: Outcome) -> None:
    """Add one value; the latest entry of a day is the one that counts as that day's."""
    row = [
        outcome.patient_id,
        outcome.measure,
        outcome.date,
        outcome.value,
        outcome.source.value,
        _now(),
    ]
    with transaction(cursor):
        cursor.execute("INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?)", row)


def add_report(cursor: Cursor, patient_id: str, on: date, item_id: str, amount: float) -> None:
    """Note what the patient says was done of an item that no sensor sees, in the item's unit."""
    row = [patient_id, on, item_id, amount, _now()]
    with transaction(cursor):
        cursor.execute("INSERT INTO reports VALUES (?, ?, ?, ?, ?)", row)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _outcome(patient_id: str, measure: str, day: date, value: float, source: str) -> Outcome:
    return Outcome(
        patient_id=patient_id,
        measure=measure,
        date=day,
        value=value,
        source=OutcomeSource(source),
    )


def _columns(item: PrescribedItem) -> list[object]:
    low, high = item.band_deg or (None, None)
    return [
        item.id,
        item.kind.value,
        item.title,
        item.per_day,
        item.unit.value,
        item.evidence.value,
        item.days_per_week,
        item.hold_s,
        low,
        high,
        item.alarm_deg,
        item.cap_per_day,
    ]


def _item(columns: dict[str, Any]) -> PrescribedItem:
    low_deg, high_deg = columns.pop("band_low_deg"), columns.pop("band_high_deg")
    words = {
        "kind": ItemKind(columns["kind"]),
        "unit": Unit(columns["unit"]),
        "evidence": Evidence(columns["evidence"]),
    }
    band_deg = None if low_deg is None else (low_deg, high_deg)
    return PrescribedItem(**columns | words, band_deg=band_deg)
