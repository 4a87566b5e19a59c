"""Patients, plans and sessions for the tests of the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from analytics.body import Segment
from analytics.brace import BraceIndication
from analytics.events import (
    BackExtension,
    Confidence,
    ExtensionBout,
    Fall,
    FlexionBout,
    NearFall,
    NearFallKind,
    OverExtension,
    PadSlip,
    Posture,
    PostureBout,
    Repetition,
    SensorSlip,
    SittingBout,
    StandUp,
    WalkingBout,
    WearBout,
    WearState,
)
from analytics.limits import USUAL
from analytics.pathway import load_pathway
from analytics.prescription import Prescription, prescribe
from analytics.session import Session, StreamSummary
from analytics.spine import SpineSummary, Unseen, UnseenReason
from analytics.store import Cursor, Store, queries
from sensors.recording import RecordingKind
from sensors.types import Gap, Placement

FRACTURE = date(2026, 3, 2)
PATIENT = "one"
FOLDER = Path("recordings") / "one"


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Store, Cursor]]:
    """An empty store with one patient in Berlin, and a cursor."""
    with Store.open(folder / "fivepoint.duckdb") as store, store.cursor() as cursor:
        add(cursor, PATIENT)
        yield store, cursor


def add(cursor: Cursor, patient_id: str, time_zone: str = "Europe/Berlin") -> None:
    queries.add_patient(
        cursor, patient_id, label=patient_id.title(), birth_year=1949, time_zone=time_zone
    )


def plan(phase_id: str = "early", **changes: Any) -> Prescription:
    """The conservative plan of a phase: by default 10 bridges and 20 minutes of extension a day."""
    pathway = load_pathway("conservative")
    made = prescribe(
        pathway,
        pathway.phase(phase_id),
        patient_id=PATIENT,
        index_date=FRACTURE,
        valid_from=FRACTURE,
    )
    return replace(made, **changes)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def day(number: int) -> date:
    """The date that many days after the fracture."""
    return FRACTURE + timedelta(days=number)


def bridges(
    count: int, hold_s: float = 4.0, partial: bool = False, start_s: float = 0.0
) -> tuple[Repetition, ...]:
    """Bridges every ten seconds, each a degree higher than the last."""
    return tuple(
        Repetition(
            start_s=start_s + 10.0 * number,
            end_s=start_s + 10.0 * number + hold_s + 2.0,
            hold_start_s=start_s + 10.0 * number + 1.0,
            hold_end_s=start_s + 10.0 * number + 1.0 + hold_s,
            peak_deg=20.0 + number,
            rise_part=0.3,
            roll_deg=None,
            sag_degs=0.2,
            sag_deg=0.8,
            tremor_degs=0.4,
            sparc=-1.8,
            ldlj=-7.5,
            partial=partial,
        )
        for number in range(count)
    )


def back_extensions(count: int, partial: bool = False) -> tuple[BackExtension, ...]:
    return tuple(
        BackExtension(
            start_s=10.0 * number,
            end_s=10.0 * number + 7.0,
            hold_start_s=10.0 * number + 1.0,
            hold_end_s=10.0 * number + 5.0,
            peak_deg=14.0,
            partial=partial,
        )
        for number in range(count)
    )


def stand_ups(count: int, every_s: float = 10.0, duration_s: float = 2.0) -> tuple[StandUp, ...]:
    return tuple(
        StandUp(start_s=every_s * number, end_s=every_s * number + duration_s, rise_m=0.35)
        for number in range(count)
    )


def walk(stride_regularity: float = 0.8, start_s: float = 0.0) -> WalkingBout:
    return WalkingBout(
        start_s=start_s,
        end_s=start_s + 30.0,
        steps=54,
        cadence_hz=1.8,
        step_regularity=0.85,
        stride_regularity=stride_regularity,
    )


def near_fall(at_s: float, kind: NearFallKind = NearFallKind.STUMBLE) -> NearFall:
    return NearFall(at_s=at_s, kind=kind, peak_g=2.5)


def extended(minutes: float, mean_deg: float = 12.0, start_s: float = 0.0) -> ExtensionBout:
    return ExtensionBout(
        start_s=start_s,
        end_s=start_s + 60.0 * minutes,
        mean_deg=mean_deg,
        peak_deg=mean_deg + 2.0,
        posture=Posture.SUPINE,
        in_band_s=60.0 * minutes if 5.0 <= mean_deg <= 20.0 else 0.0,
        interruptions=0,
        sigma_deg=0.7,
        confidence=Confidence.FULL,
    )


def fall(impact_s: float = 100.0) -> Fall:
    return Fall(
        impact_s=impact_s,
        probability=0.97,
        peak_g=4.2,
        posture_after=Posture.LEFT,
        inactive_s=12.0,
    )


def worn(start_s: float, end_s: float, state: WearState = WearState.WORN) -> WearBout:
    return WearBout(state=state, start_s=start_s, end_s=end_s)


def session(recording_id: str = "one", **changes: Any) -> Session:
    """An hour of the patient on the day of the fracture at 10:00 in Berlin, worn, nothing done."""
    made = Session(
        recording_id=recording_id,
        patient=PATIENT,
        started_at=at(FRACTURE, 9),
        kind=RecordingKind.EXERCISE,
        duration_s=3600.0,
        algorithm_version="1",
        limits=USUAL,
        streams=(),
        postures=(),
        spine=None,
        spine_unseen=(),
        hyperextension=(),
        over_extension=(),
        pad_slips=(),
        sensor_slips=(),
        sitting=(),
        sitting_known=False,
        brace=None,
        flexion=(),
        repetitions=(),
        falls=(),
        wear=(worn(0.0, changes.get("duration_s", 3600.0)),),
    )
    return replace(made, **changes)


def full_session(recording_id: str = "one", **changes: Any) -> Session:
    """A session with something of everything."""
    streams = (
        StreamSummary(
            placement=Placement.WAIST,
            model="simulated",
            rate_hz=50.0,
            samples=179_000,
            coverage=0.99,
            gaps=(Gap(1.5, 2.25), Gap(70.0, 71.0)),
        ),
        StreamSummary(
            placement=Placement.STERNUM,
            model="",
            rate_hz=52.0,
            samples=187_200,
            coverage=1.0,
            gaps=(),
        ),
    )
    bend = FlexionBout(start_s=5.0, end_s=6.5, peak_deg=48.0, posture=Posture.UPRIGHT)
    return session(
        recording_id,
        streams=streams,
        postures=(
            PostureBout(posture=Posture.UPRIGHT, start_s=0.0, end_s=1800.0),
            PostureBout(posture=Posture.SUPINE, start_s=1800.0, end_s=3600.0),
        ),
        spine=SpineSummary(
            observable_s=3500.0,
            p05_deg=-3.0,
            p50_deg=1.5,
            p95_deg=12.25,
            sigma_deg=0.75,
            confidence=Confidence.FULL,
        ),
        spine_unseen=(Unseen(reason=UnseenReason.ON_THE_SIDE, seconds=100.0),),
        hyperextension=(extended(10.0, start_s=1800.0),),
        over_extension=(
            OverExtension(start_s=1.0, end_s=9.0, peak_deg=33.0, posture=Posture.PRONE),
        ),
        pad_slips=(PadSlip(start_s=1900.0, end_s=2100.0, from_deg=12.0, to_deg=8.5),),
        sensor_slips=(SensorSlip(start_s=10.0, end_s=40.0, segment=Segment.TRUNK, tilt_deg=9.0),),
        sitting=(SittingBout(start_s=100.0, end_s=1700.0),),
        sitting_known=True,
        brace=BraceIndication(bends=14, stiff_bends=12),
        flexion=(bend,),
        repetitions=bridges(12) + bridges(1, partial=True),
        falls=(fall(),),
        back_extensions=back_extensions(3),
        stand_ups=stand_ups(4),
        walks=(walk(),),
        near_falls=(near_fall(50.0), near_fall(900.0, NearFallKind.HARD_SIT_DOWN)),
        **changes,
    )
