"""The demo household: patients whose history comes from analyzing what their sensors recorded.

Bodies, movements and sensors are simulated; recordings, analysis, store and pages are the real
ones. What no sensor sees, pain, is entered as the patients would.
"""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from multiprocessing import get_context
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from analytics.limits import PrescribedByDay
from analytics.outcomes import PAIN, Outcome
from analytics.pathway import Evidence, load_pathway
from analytics.phases import phase_dates
from analytics.pipeline import ALGORITHM_VERSION, analyze
from analytics.prescription import (
    ItemKind,
    Prescription,
    by_day,
    prescribe,
    progress,
    revise,
)
from analytics.store import Cursor, Store, StoredSession, ingest_all
from analytics.store.queries import add_outcome, add_patient, add_prescription, set_stature
from fivepoint.demo_people import PEOPLE, Person
from fivepoint.output import with_progress
from fivepoint.simulated import calibrated
from sensors.recording import RecordingHeader, RecordingKind, write_recording
from sensors.simulator import (
    Body,
    BridgingSet,
    Manner,
    Rest,
    VirtualSensor,
    calibration_poses,
    day_at_home,
    exercise_session,
    fall_at_home,
    positioning_session,
    simulate,
    up_and_about,
)
from sensors.simulator.sessions import Script
from sensors.types import Placement
from sensors.version import VERSION

TIME_ZONE = "Europe/Berlin"
FRESH_DAYS = 7
"""A demo older than this is made anew, so that its last week is not long ago."""

SET_REPETITIONS = 10
CHUNK_S = 600.0
PAD_MIN = 20.0
TABLE_MIN = 35.0
UP_ON = (1, 4)
"""Days before today, and before each week earlier, on which the sensors stay on for a while after
the exercises."""


class Activity(StrEnum):
    """What is recorded."""

    BRIDGES = "bridges"
    PAD = "pad"
    HOME = "home"
    TABLE = "table"
    FALL = "fall"


KINDS = {
    Activity.BRIDGES: RecordingKind.EXERCISE,
    Activity.PAD: RecordingKind.POSITIONING,
    Activity.HOME: RecordingKind.DAY,
    Activity.TABLE: RecordingKind.DAY,
    Activity.FALL: RecordingKind.DAY,
}


@dataclass(frozen=True, slots=True)
class Demo:
    """A store with the demo's people, and the day on which it was made."""

    store_path: Path
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """One recording to simulate, write and analyze."""

    folder: Path
    person: Person
    day: date
    days_ago: int
    activity: Activity
    prescribed: PrescribedByDay
    repetitions: int = 0
    hold_s: float = 0.0

    @property
    def id(self) -> str:
        return f"{self.person.id}-{self.day}-{self.activity}"

    @property
    def seed(self) -> list[int]:
        """What chance begins with: the same on whatever day the demo is made."""
        return [*f"{self.person.id}-{self.days_ago}-{self.activity}".encode()]

    @property
    def share(self) -> float:
        """How much of the time since the fracture or operation has passed."""
        return 1.0 - self.days_ago / self.person.days

    @property
    def manner(self) -> Manner:
        """How the person moves about on that day."""
        return Manner(
            unsteadiness=self.person.unsteadiness.at(self.share),
            stand_up_s=self.person.stand_up_s.at(self.share),
            stumble_share=self.person.stumble_share,
        )


def open_demo(folder: Path, *, rebuild: bool = False) -> Demo:
    """The demo in a folder, made if it is missing, outdated or unwanted as it is."""
    stamp = folder / "demo.json"
    wanted = {"version": VERSION, "algorithm_version": ALGORITHM_VERSION}
    if stamp.exists() and not rebuild:
        made = msgspec.json.decode(stamp.read_bytes(), type=dict[str, str])
        made_on = date.fromisoformat(made.pop("made_on"))
        if made == wanted and 0 <= (_now().date() - made_on).days <= FRESH_DAYS:
            return Demo(folder / "fivepoint.duckdb", made_on)
    print("Making the demo household; this takes about half a minute.", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    made_on = _now().date()
    store_path = _make(folder, made_on)
    stamp.write_bytes(msgspec.json.encode({**wanted, "made_on": made_on.isoformat()}))
    return Demo(store_path, made_on)


def _make(folder: Path, today: date) -> Path:
    store_path = folder / "fivepoint.duckdb"
    with Store.open(store_path) as store:
        tasks = []
        with store.cursor() as cursor:
            for person in PEOPLE:
                plans = _enter(cursor, person, today)
                tasks += list(_tasks(folder / "recordings", person, plans, today))
        with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
            with _ctrl_c_for_the_parent_alone():
                analyzed = pool.map(_record, tasks, chunksize=4)
            ingest_all(store, with_progress(analyzed, "Making the demo", len(tasks)))
    return store_path


@contextmanager
def _ctrl_c_for_the_parent_alone() -> Iterator[None]:
    """Processes that are started meanwhile are not interrupted by Ctrl-C."""
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _enter(cursor: Cursor, person: Person, today: date) -> list[Prescription]:
    """Add a person with the plans of their pathway so far and their answers about pain."""
    add_patient(
        cursor, person.id, label=person.label, birth_year=person.birth_year, time_zone=TIME_ZONE
    )
    set_stature(cursor, person.id, Body().stature_m)
    plans = _plans(person, today)
    for plan in plans:
        add_prescription(cursor, plan)
    rng = np.random.default_rng([*person.id.encode()])
    for day in range(0, person.days, 2):
        value = person.pain.at(day / person.days) + rng.normal(0.0, 0.6)
        answer = Outcome(
            patient_id=person.id,
            measure=PAIN,
            date=today - timedelta(days=person.days - day),
            value=round(min(max(value, 0.0), 10.0)),
        )
        add_outcome(cursor, answer)
    return plans


def _plans(person: Person, today: date) -> list[Prescription]:
    """A plan for each phase that has begun; from its third week on, exercises at target dose."""
    pathway = load_pathway(person.pathway_id)
    index_date = today - timedelta(days=person.days)
    plans: list[Prescription] = []
    for phase in pathway.phases:
        starts_on, ends_on = phase_dates(phase, index_date)
        if starts_on > today:
            break
        unlocked = tuple(item.id for item in phase.items if item.id == "five_point")
        if plans:
            plan = progress(plans[-1], phase, valid_from=starts_on, unlocked=unlocked)
        else:
            plan = prescribe(
                pathway,
                phase,
                patient_id=person.id,
                index_date=index_date,
                valid_from=starts_on,
                unlocked=unlocked,
            )
        plans.append(plan)
        raised_on = starts_on + timedelta(weeks=2)
        if raised_on < min(ends_on, today):
            full = progress(plan, phase, valid_from=raised_on, unlocked=unlocked, at_target=True)
            items = (
                full_item if full_item.kind is ItemKind.EXERCISE else item
                for item, full_item in zip(plan.items, full.items, strict=True)
            )
            plans.append(revise(plan, valid_from=raised_on, items=tuple(items)))
    return plans


def _tasks(folder: Path, person: Person, plans: list[Prescription], today: date) -> Iterator[_Task]:
    """What is recorded of a person, day by day until yesterday, and what is done today so far."""
    rng = np.random.default_rng([*person.id.encode(), 1])
    for ago in range(person.days, -1, -1):
        day = today - timedelta(days=ago)
        base = _Task(
            folder=folder,
            person=person,
            day=day,
            days_ago=ago,
            activity=Activity.HOME,
            prescribed=by_day(plans, TIME_ZONE),
        )
        if ago in person.falls:
            yield replace(base, activity=Activity.FALL)
        elif rng.random() < person.attendance.at(base.share):
            plan = [plan for plan in plans if plan.valid_from <= day][-1]
            yield from _done(base, plan, rng)
        elif rng.random() < person.worn:
            yield base
        elif rng.random() < person.unworn:
            yield replace(base, activity=Activity.TABLE)


def _done(base: _Task, plan: Prescription, rng: np.random.Generator) -> Iterator[_Task]:
    """The exercises of a day on which they are done."""
    bridges = plan.item_shown_by(Evidence.BRIDGES)
    if bridges is not None:
        effort = base.person.effort.at(base.share) * rng.uniform(0.9, 1.05)
        hold_s = (bridges.hold_s or 3.0) * base.person.hold.at(base.share)
        repetitions = max(round(bridges.per_day * effort), 1)
        yield replace(base, activity=Activity.BRIDGES, repetitions=repetitions, hold_s=hold_s)
    if plan.item_shown_by(Evidence.EXTENSION) is not None:
        yield replace(base, activity=Activity.PAD)


def _record(task: _Task) -> StoredSession:
    """Simulate what a person does, record it through the sensors, and analyze the recording."""
    rng = np.random.default_rng(task.seed)
    rate_hz = 26.0 if task.activity in (Activity.BRIDGES, Activity.FALL) else 13.0
    sensors = [
        VirtualSensor(placement=placement, rate_hz=rate_hz)
        for placement in (Placement.STERNUM, Placement.PELVIS)
    ]
    simulation = simulate(_script(task, rng), sensors=sensors, seed=int(rng.integers(2**31)))
    local = datetime.combine(task.day, time(9, int(rng.integers(60))), ZoneInfo(TIME_ZONE))
    header = RecordingHeader(
        id=task.id,
        patient=task.person.id,
        started_at=local.astimezone(UTC),
        kind=KINDS[task.activity],
        streams=simulation.infos,
        calibrations=calibrated(simulation, task.id),
    )
    folder = task.folder / task.id
    recording = write_recording(folder, header, simulation.chunks(CHUNK_S))
    session = analyze(recording, limits=task.prescribed.at(header.started_at).limits)
    return StoredSession(session=session, path=folder)


def _script(task: _Task, rng: np.random.Generator) -> Script:
    person = task.person
    match task.activity:
        case Activity.BRIDGES:
            script = exercise_session(*_sets(task), rng=rng, pause_s=20.0)
            after = up_and_about(rng=rng, manner=task.manner) if task.days_ago % 7 in UP_ON else []
            return [*script, *after]
        case Activity.PAD:
            extension_deg = person.extension_deg + rng.normal(0.0, 1.0)
            minutes = PAD_MIN * min(person.effort.at(task.share), 1.0)
            return positioning_session(extension_deg=extension_deg, minutes=minutes, slip_deg=2.0)
        case Activity.HOME:
            return day_at_home(minutes=8.0, rng=rng, manner=task.manner)
        case Activity.TABLE:
            return [*calibration_poses(), Rest(60.0 * TABLE_MIN)]
        case Activity.FALL:
            return fall_at_home(person.falls[task.days_ago], rng=rng)


def _sets(task: _Task) -> Iterator[BridgingSet]:
    person = task.person
    for start in range(0, task.repetitions, SET_REPETITIONS):
        yield BridgingSet(
            reps=min(SET_REPETITIONS, task.repetitions - start),
            hold_s=task.hold_s,
            peak_deg=person.peak_deg.at(task.share),
            roll_deg=person.roll_deg,
            fatigue=person.fatigue,
            rest_s=3.0,
        )


def _now() -> datetime:
    return datetime.now(ZoneInfo(TIME_ZONE))
