"""A small caseload for the tests of what people see, around one simulated recording."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from analytics.events import Confidence, ExtensionBout, Fall, Posture, Repetition
from analytics.outcomes import PAIN, Outcome
from analytics.pathway import load_pathway
from analytics.pipeline import analyze
from analytics.prescription import Prescription, prescribe, progress
from analytics.session import Session
from analytics.store import Cursor, Store
from analytics.store.ingest import ingest
from analytics.store.queries import add_outcome, add_patient, add_prescription
from sensors.recording import RecordingHeader, RecordingKind, write_recording
from sensors.simulator import (
    Bridge,
    Extend,
    LieDown,
    Rest,
    SitDown,
    Stand,
    VirtualSensor,
    simulate,
)
from sensors.types import Placement

WEEKS = 6
"""How long the patients with a history have been followed."""

TIMED = ("start_s", "end_s", "hold_start_s", "hold_end_s", "peak_deg", "partial")
"""Of a true repetition, what a found one has too."""


def build_household(folder: Path, today: date) -> Path:
    """Make a store below `folder`: exemplary, fading, fallen, new, and without a plan."""
    session, recording = _session(folder / "recording")
    path = folder / "household.duckdb"
    with Store.open(path) as store:
        with store.cursor() as cursor:
            for patient_id in ("exemplary", "fading", "fallen", "new", "unplanned"):
                add_patient(
                    cursor,
                    patient_id,
                    label=f"The {patient_id} one",
                    birth_year=1949,
                    time_zone="Europe/Berlin",
                )
            _plan(cursor, "new", today - timedelta(days=1))
            for patient_id in ("exemplary", "fading", "fallen"):
                _plan(cursor, patient_id, today - timedelta(weeks=WEEKS))
                _pain(cursor, patient_id, today)
        for days_ago in range(1, WEEKS * 7 - 14):
            on = today - timedelta(days=days_ago)
            ingest(store, _dated(session, "exemplary", on), recording)
            if days_ago > 10 and days_ago % 3:
                ingest(store, _dated(session, "fading", on, repetitions=3), recording)
        fallen = _dated(session, "fallen", today - timedelta(days=1), fell=True)
        ingest(store, fallen, recording)
    return path


def _session(folder: Path) -> tuple[Session, Path]:
    """One bridging and positioning session of two sensors, as simulated and analyzed.

    The repetitions, the extension and the loss are given, so that the pages show them whatever the
    detectors find.
    """
    simulation = simulate(
        [
            Stand(10.0),
            SitDown(),
            LieDown(),
            Rest(15.0),
            *(each for _ in range(10) for each in (Bridge(), Rest(3.0))),
            Extend(extension_deg=12.0, seconds=1200.0),
        ],
        sensors=[
            VirtualSensor(placement=Placement.STERNUM, loss=0.01),
            VirtualSensor(placement=Placement.PELVIS),
        ],
        seed=7,
    )
    header = RecordingHeader(
        id="household",
        started_at=datetime(2026, 1, 5, 9, tzinfo=UTC),
        kind=RecordingKind.EXERCISE,
        streams=simulation.infos,
        calibrations=simulation.true_calibrations(),
    )
    session = analyze(write_recording(folder, header, simulation.chunks()))
    repetitions = tuple(
        Repetition(
            **{name: truth[name] for name in TIMED},
            rise_part=0.2,
            roll_deg=-6.0,
            sag_degs=0.1,
            tremor_degs=0.4,
            sparc=-1.8,
            ldlj=-7.5,
        )
        for truth in simulation.truth["repetitions"]
    )
    bout = ExtensionBout(
        start_s=session.duration_s - 1210.0,
        end_s=session.duration_s - 10.0,
        mean_deg=12.0,
        peak_deg=13.0,
        posture=Posture.SUPINE,
        in_band_s=1200.0,
        interruptions=0,
        sigma_deg=0.7,
        confidence=Confidence.FULL,
    )
    return replace(session, repetitions=repetitions, hyperextension=(bout,)), folder


def _dated(
    session: Session, patient_id: str, on: date, *, repetitions: int = 10, fell: bool = False
) -> Session:
    fall = Fall(
        impact_s=5.0, probability=0.97, peak_g=4.2, posture_after=Posture.LEFT, inactive_s=40.0
    )
    return replace(
        session,
        recording_id=f"{patient_id}-{on}",
        patient=patient_id,
        started_at=datetime.combine(on, time(9), UTC),
        repetitions=session.repetitions[:repetitions],
        falls=(fall,) if fell else (),
    )


def _plan(cursor: Cursor, patient_id: str, index_date: date) -> None:
    pathway = load_pathway("conservative")
    first: Prescription = prescribe(
        pathway,
        pathway.phases[0],
        patient_id=patient_id,
        index_date=index_date,
        valid_from=index_date,
    )
    add_prescription(cursor, first)
    second_phase = index_date + timedelta(weeks=2)
    if second_phase <= index_date + timedelta(weeks=WEEKS) and patient_id != "new":
        add_prescription(cursor, progress(first, pathway.phases[1], valid_from=second_phase))


def _pain(cursor: Cursor, patient_id: str, today: date) -> None:
    for days_ago in range(WEEKS * 7, 0, -3):
        value = round(2 + 5 * days_ago / (WEEKS * 7))
        if patient_id == "fallen" and days_ago <= 3:
            value = 8
        add_outcome(
            cursor,
            Outcome(
                patient_id=patient_id,
                measure=PAIN,
                date=today - timedelta(days=days_ago),
                value=value,
            ),
        )
