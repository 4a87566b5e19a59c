"""What analysis, storage and queries take, on recordings that are simulated here."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np

from analytics.pathway import load_pathway
from analytics.pipeline import CHUNK_S, Pipeline, analyze
from analytics.prescription import prescribe, progress
from analytics.session import Session
from analytics.store import Store, StoredSession, ingest_all
from analytics.store.queries import (
    add_patient,
    add_prescription,
    caseload,
    daily,
    sessions,
    today,
    weekly,
)
from benchmarks.peers import peers
from sensors.recording import Recording, RecordingHeader, RecordingKind, write_recording
from sensors.simulator import BridgingSet, VirtualSensor, day_at_home, exercise_session, simulate
from sensors.simulator.sessions import Script
from sensors.types import Chunk, Placement

RATE_HZ = 100.0
CHUNK_SAMPLES = 10
PATIENTS = 40
WEEKS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number; None where what it measures is not installed."""

    what: str
    value: float | None
    unit: str


def measure(folder: Path) -> Iterator[Figure]:
    """All figures, in the order in which they are taken; `folder` is filled with scratch files."""
    hour = _hour(folder / "hour")
    analyze(hour)
    yield from _throughput(hour)
    yield from _latency(hour)
    yield _peak_memory(_day(folder / "day", hour))
    yield from _storage(hour)
    yield from _queries(folder)


def _hour(folder: Path) -> Recording:
    """An hour at home with two sensors at 100 Hz."""
    script = day_at_home(minutes=60.0, rng=np.random.default_rng(1))
    return recorded(folder, script, RecordingKind.DAY, Placement.STERNUM, Placement.PELVIS)


def _day(folder: Path, hour: Recording) -> Recording:
    """24 such hours."""
    seconds = math.ceil(hour.duration_s)
    chunks = (
        replace(chunk, t_s=chunk.t_s + number * seconds)
        for number in range(24)
        for chunk in hour.chunks(60.0)
    )
    return write_recording(folder, replace(hour.header, id=folder.name), chunks)


def recorded(
    folder: Path,
    script: Script,
    kind: RecordingKind,
    *placements: Placement,
    rate_hz: float = RATE_HZ,
) -> Recording:
    """What sensors at these placements record of a script."""
    sensors = [VirtualSensor(placement=placement, rate_hz=rate_hz) for placement in placements]
    simulation = simulate(script, sensors=sensors, seed=1)
    header = RecordingHeader(
        id=folder.name,
        started_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        kind=kind,
        streams=simulation.infos,
        calibrations=simulation.true_calibrations(),
    )
    return write_recording(folder, header, simulation.chunks())


def _throughput(hour: Recording) -> Iterator[Figure]:
    hours = hour.duration_s / 3600
    chunks = list(hour.chunks(CHUNK_S))
    yield Figure(
        what="two-sensor recording analyzed from memory",
        value=hours / _best_s(lambda: _analyzed(hour, chunks)),
        unit="h/s",
    )
    yield Figure(
        what="two-sensor recording analyzed from disk",
        value=hours / _best_s(lambda: analyze(hour)),
        unit="h/s",
    )
    for what, run in peers(chunks, RATE_HZ):
        value = None if run is None else hours / _best_s(run)
        yield Figure(what=f"the same, only {what}", value=value, unit="h/s")


def _analyzed(hour: Recording, chunks: list[Chunk]) -> Session:
    pipeline = Pipeline(hour.header)
    for chunk in chunks:
        pipeline.push(chunk)
    pipeline.finish()
    return pipeline.session()


def _latency(hour: Recording) -> Iterator[Figure]:
    """Of pushing a tenth of a second of one sensor, over ten minutes."""
    pipeline = Pipeline(hour.header)
    taken_s = []
    for chunk in hour.chunks(CHUNK_SAMPLES / RATE_HZ):
        if chunk.t_s[0] > 600.0:
            break
        start_s = time.perf_counter()
        pipeline.push(chunk)
        taken_s.append(time.perf_counter() - start_s)
    for percent in (50, 99):
        yield Figure(
            what=f"latency of a chunk of {CHUNK_SAMPLES} samples, p{percent}",
            value=1e6 * float(np.percentile(taken_s, percent)),
            unit="µs",
        )


PEAK_MEMORY_PROGRAM = """
import sys
from pathlib import Path
from analytics.pipeline import analyze
from benchmarks.memory import peak_mib
from sensors.recording import read_recording
analyze(read_recording(Path(sys.argv[1])))
print(peak_mib())
"""


def _peak_memory(day: Recording) -> Figure:
    """Of a process of its own that analyzes the day."""
    value = float("nan")
    with suppress(subprocess.CalledProcessError):  # Windows has no module `resource`
        command = [sys.executable, "-c", PEAK_MEMORY_PROGRAM, str(day.folder)]
        value = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return Figure(what="peak memory of analyzing 24 hours", value=value, unit="MiB")


def _storage(hour: Recording) -> Iterator[Figure]:
    size_bytes = sum(path.stat().st_size for path in hour.folder.glob("*.parquet"))
    yield Figure(
        what="stored size of a sample of six axes",
        value=size_bytes / sum(hour.sample_counts.values()),
        unit="B",
    )


def _queries(folder: Path) -> Iterator[Figure]:
    """On a caseload whose every day repeats one analyzed exercise session."""
    on = date(2026, 3, 2)
    script = exercise_session(BridgingSet(), rng=np.random.default_rng(1))
    exercise = recorded(folder / "exercise", script, RecordingKind.EXERCISE, Placement.PELVIS)
    with Store.open(folder / "store" / "fivepoint.duckdb") as store:
        _fill(store, analyze(exercise), exercise.folder, on)
        with store.cursor() as cursor:
            queries: dict[str, Callable[[], object]] = {
                "today": lambda: today(cursor, "p0", on),
                "weekly": lambda: weekly(cursor, "p0"),
                "daily": lambda: daily(cursor, "p0", on - timedelta(weeks=WEEKS), on),
                "sessions": lambda: sessions(cursor, "p0"),
                f"caseload of {PATIENTS}": lambda: caseload(cursor, on),
            }
            for name, query in queries.items():
                yield Figure(what=f"query: {name}", value=1e3 * _best_s(query), unit="ms")


def _fill(store: Store, session: Session, folder: Path, on: date) -> None:
    pathway = load_pathway("conservative")
    first_day = on - timedelta(weeks=WEEKS)
    for number in range(PATIENTS):
        patient_id = f"p{number}"
        with store.cursor() as cursor:
            add_patient(
                cursor, patient_id, label=patient_id, birth_year=1950, time_zone="Europe/Berlin"
            )
            first = prescribe(
                pathway,
                pathway.phases[0],
                patient_id=patient_id,
                index_date=first_day,
                valid_from=first_day,
            )
            add_prescription(cursor, first)
            later = progress(first, pathway.phases[1], valid_from=first_day + timedelta(weeks=2))
            add_prescription(cursor, later)
    repeated = (
        replace(
            session,
            recording_id=f"p{number}-{day}",
            patient=f"p{number}",
            started_at=session.started_at - timedelta(days=day),
        )
        for number in range(PATIENTS)
        for day in range(7 * WEEKS)
    )
    ingest_all(store, (StoredSession(session=each, path=folder) for each in repeated))


def _best_s(run: Callable[[], object], times: int = 3) -> float:
    """The shortest of several runs: what the machine can do when nothing disturbs it."""
    stamps = [time.perf_counter()]
    for _ in range(times):
        run()
        stamps.append(time.perf_counter())
    return min(end - start for start, end in pairwise(stamps))
