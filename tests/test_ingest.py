"""Ingest: each recording once, whole or not at all, whatever happens."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.events import Posture, WearState
from analytics.limits import USUAL, Limits
from analytics.pathway import Evidence
from analytics.pipeline import analyze
from analytics.prescription import Prescription, revise
from analytics.store import Cursor, Store, StoreError, ingest, ingest_folder, queries
from analytics.store.days import session_days
from sensors.recording import RecordingHeader, RecordingKind, read_recording, write_recording
from sensors.types import GRAVITY_MS2, Chunk, Placement, StreamInfo
from tests.stored import (
    FOLDER,
    FRACTURE,
    PATIENT,
    add,
    at,
    bridges,
    day,
    extended,
    fall,
    full_session,
    opened,
    plan,
    session,
    worn,
)

TABLES = (
    "sessions",
    "session_days",
    "streams",
    "gaps",
    "postures",
    "extension_bouts",
    "flexion_bouts",
    "repetitions",
    "falls",
    "wear_bouts",
)

MORNING = at(FRACTURE, 9)
NARROW = Limits(band_deg=(5.0, 12.0), over_deg=15.0, flexion_deg=45.0)

INGEST_SLOWLY = """
import sys, time
from pathlib import Path
from analytics.store import Store, ingest
from tests.stored import FOLDER, full_session
with Store.open(Path(sys.argv[1])) as store:
    for number in range(int(sys.argv[2])):
        ingest(store, full_session(f"r{number}"), FOLDER)
        print(number, flush=True)
"""

INGEST_ON_A_FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from analytics.store import Store, StoreError, ingest
from tests.stored import FOLDER, full_session
store = Store.open(Path(sys.argv[1]))
ingest(store, full_session("fits"), FOLDER)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
try:
    for number in range(1000):
        ingest(store, full_session(f"r{number}"), FOLDER)
except StoreError as error:
    print(number, error)
"""


def rows(cursor: Cursor) -> dict[str, int]:
    """How many rows each table holds."""
    counts = {}
    for table in TABLES:
        (counts[table],) = cursor.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
    return counts


def record(
    folder: Path,
    recording_id: str,
    *,
    started_at: datetime = MORNING,
    patient: str | None = PATIENT,
) -> Path:
    """Five seconds of somebody standing still."""
    info = StreamInfo(placement=Placement.WAIST, rate_hz=50.0, acc_scale_ms2=0.005)
    t_s = np.arange(250) / 50.0
    acc = np.tile([0.0, 0.0, GRAVITY_MS2], (len(t_s), 1))
    header = RecordingHeader(
        id=recording_id,
        started_at=started_at,
        kind=RecordingKind.OTHER,
        streams=(info,),
        patient=patient,
    )
    chunk = Chunk(placement=Placement.WAIST, t_s=t_s, acc=acc, gyro=None)
    write_recording(folder / recording_id, header, [chunk])
    return folder / recording_id


def test_a_session_comes_back_as_it_was_stored(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, cursor):
        for recording_id in ("one", "two"):
            assert ingest(store, full_session(recording_id), FOLDER)
        stored = queries.session(cursor, "two")
    assert stored.session == full_session("two")
    assert stored.path == FOLDER.resolve()


def test_an_unknown_recording_is_told(tmp_path: Path) -> None:
    with opened(tmp_path) as (_, cursor), pytest.raises(StoreError, match="'none' is not in"):
        queries.session(cursor, "none")


def test_ingesting_again_changes_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, cursor):
        ingest(store, full_session(), FOLDER)
        before = rows(cursor)
        changed = full_session()
        assert not ingest(store, replace(changed, repetitions=bridges(99)), FOLDER)
        assert rows(cursor) == before


def test_another_algorithm_version_replaces_what_was_found(tmp_path: Path) -> None:
    later = session("one", algorithm_version="2", repetitions=bridges(3))
    with opened(tmp_path) as (store, cursor):
        ingest(store, full_session("one"), FOLDER)
        ingest(store, full_session("two"), FOLDER)
        assert ingest(store, later, FOLDER)
        assert queries.session(cursor, "one").session == later
        assert queries.session(cursor, "two").session == full_session("two")
        assert rows(cursor)["repetitions"] == 3 + 13


def test_a_recording_of_nobody_known_is_kept_and_counts_once_the_patient_is_added(
    tmp_path: Path,
) -> None:
    with opened(tmp_path) as (store, cursor):
        ingest(store, session(patient="ben", repetitions=bridges(4)), FOLDER)
        ingest(store, session("nobody", patient=None), FOLDER)
        add(cursor, "ben", "Asia/Tokyo")
        queries.add_prescription(cursor, plan(patient_id="ben"))
        done = queries.daily(cursor, "ben", day(0), day(1))[0].done
    assert done == 4


def test_an_error_while_writing_leaves_nothing_behind(tmp_path: Path) -> None:
    broken = replace(full_session(), wear=(worn(0.0, None),))  # type: ignore[arg-type]
    with opened(tmp_path) as (store, cursor):
        with pytest.raises(StoreError, match="nothing of this entry was saved"):
            ingest(store, broken, FOLDER)
        assert set(rows(cursor).values()) == {0}
        assert ingest(store, full_session(), FOLDER)


def test_a_folder_is_analyzed_and_stored_once_and_progress_is_told(tmp_path: Path) -> None:
    recordings = [record(tmp_path / "data", f"r{number}") for number in range(3)]
    told: list[tuple[int, int, Path]] = []
    with opened(tmp_path) as (store, cursor):
        first = ingest_folder(store, tmp_path / "data", lambda *step: told.append(step))
        again = ingest_folder(store, tmp_path / "data")
        stored = queries.session(cursor, "r1")
    assert (first.ingested, first.known, first.bad) == (3, 0, ())
    assert (again.ingested, again.known, again.bad) == (0, 3, ())
    assert told == [(number, 3, path) for number, path in enumerate(recordings, start=1)]
    assert stored.session == analyze(read_recording(recordings[1]))


def test_a_bad_recording_is_reported_and_the_others_are_taken(tmp_path: Path) -> None:
    data = tmp_path / "data"
    good, bad = record(data, "good"), record(data, "bad")
    (bad / "recording.json").write_text("{}")
    with opened(tmp_path) as (store, cursor):
        report = ingest_folder(store, data)
        assert [row.recording_id for row in queries.sessions(cursor, PATIENT)] == [good.name]
    assert report.ingested == 1
    assert [each.path for each in report.bad] == [bad]
    assert "\n" not in report.bad[0].reason


def test_a_recording_still_being_written_is_left_alone(tmp_path: Path) -> None:
    whole = record(tmp_path / "data", "one")
    whole.rename(whole.with_name(".one.partial"))
    with opened(tmp_path) as (store, _):
        report = ingest_folder(store, tmp_path / "data")
    assert (report.ingested, report.known, report.bad) == (0, 0, ())


def narrower(from_day: int) -> Prescription:
    """The patient's second prescription, with other angles than the usual ones."""
    first = plan("acute")
    (lying,) = [item for item in first.items if item.evidence is Evidence.EXTENSION]
    items = (replace(lying, band_deg=(5.0, 12.0), alarm_deg=15.0),)
    return revise(first, valid_from=day(from_day), items=items, flexion_limit_deg=45.0)


def test_a_recording_is_analyzed_with_the_limits_prescribed_for_its_day(tmp_path: Path) -> None:
    paths = [record(tmp_path / "data", f"d{n}", started_at=at(day(n), 9)) for n in range(3)]
    with opened(tmp_path) as (store, cursor):
        queries.add_prescription(cursor, plan("acute"))
        queries.add_prescription(cursor, narrower(1))
        ingest_folder(store, tmp_path / "data")
        found = [queries.session(cursor, path.name).session for path in paths]
    assert [each.limits for each in found] == [USUAL, NARROW, NARROW]
    assert found[1] == analyze(read_recording(paths[1]), limits=NARROW)


def test_when_limits_change_afterwards_the_recordings_of_those_days_are_analyzed_again_once(
    tmp_path: Path,
) -> None:
    for number in range(3):
        record(tmp_path / "data", f"d{number}", started_at=at(day(number), 9))
    record(tmp_path / "data", "nobody", started_at=at(day(2), 9), patient=None)
    with opened(tmp_path) as (store, cursor):
        queries.add_prescription(cursor, plan("acute"))
        assert ingest_folder(store, tmp_path / "data").ingested == 4
        before = rows(cursor)
        queries.add_prescription(cursor, narrower(1))
        assert [ingest_folder(store, tmp_path / "data").ingested for _ in range(2)] == [2, 0]
        names = ("d0", "d1", "d2", "nobody")
        found = [queries.session(cursor, name).session.limits for name in names]
        assert rows(cursor) == before
    assert found == [USUAL, NARROW, NARROW, USUAL]


def test_a_prescription_of_the_same_angles_leaves_recordings_as_they_are(tmp_path: Path) -> None:
    record(tmp_path / "data", "one")
    with opened(tmp_path) as (store, cursor):
        ingest_folder(store, tmp_path / "data")
        queries.add_prescription(cursor, plan("acute"))
        assert ingest_folder(store, tmp_path / "data").ingested == 0


def test_a_move_to_another_time_zone_may_change_the_day_and_with_it_the_limits(
    tmp_path: Path,
) -> None:
    record(tmp_path / "data", "late", started_at=at(day(0), 20))
    with opened(tmp_path) as (store, cursor):
        queries.add_prescription(cursor, plan("acute"))
        queries.add_prescription(cursor, narrower(1))
        ingest_folder(store, tmp_path / "data")
        assert queries.session(cursor, "late").session.limits == USUAL
        add(cursor, PATIENT, "Asia/Tokyo")
        assert [ingest_folder(store, tmp_path / "data").ingested for _ in range(2)] == [1, 0]
        assert queries.session(cursor, "late").session.limits == NARROW


def test_what_was_stored_stays_if_it_cannot_be_analyzed_again(tmp_path: Path) -> None:
    path = record(tmp_path / "data", "one")
    with opened(tmp_path) as (store, cursor):
        queries.add_prescription(cursor, plan("acute"))
        ingest_folder(store, tmp_path / "data")
        stored = queries.session(cursor, "one")
        queries.add_prescription(cursor, narrower(0))
        (path / "waist.parquet").write_bytes(b"")
        assert len(ingest_folder(store, tmp_path / "data").bad) == 1
        assert queries.session(cursor, "one") == stored


def test_an_error_while_replacing_leaves_what_was_stored(tmp_path: Path) -> None:
    before = full_session("one")
    broken = replace(before, limits=NARROW, wear=(worn(0.0, None),))  # type: ignore[arg-type]
    with opened(tmp_path) as (store, cursor):
        ingest(store, before, FOLDER)
        with pytest.raises(StoreError, match="nothing of this entry was saved"):
            ingest(store, broken, FOLDER)
        assert queries.session(cursor, "one").session == before


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, _), pytest.raises(StoreError, match="no folder"):
        ingest_folder(store, tmp_path / "missing")


def test_a_recording_that_was_moved_is_found_again_and_a_copy_changes_nothing(
    tmp_path: Path,
) -> None:
    original = record(tmp_path / "data", "one")
    with opened(tmp_path) as (store, cursor):
        ingest_folder(store, tmp_path / "data")
        shutil.copytree(original, tmp_path / "data" / "copy")
        assert ingest_folder(store, tmp_path / "data").known == 2
        assert queries.session(cursor, "one").path == original.resolve()
        shutil.rmtree(original)
        assert ingest_folder(store, tmp_path / "data").known == 1
        assert queries.session(cursor, "one").path.name == "copy"
        assert rows(cursor)["sessions"] == 1


@pytest.mark.slow
def test_a_killed_ingest_leaves_whole_recordings_and_the_next_one_completes_them(
    tmp_path: Path,
) -> None:
    path, wanted, killed_after = tmp_path / "fivepoint.duckdb", 30, 9
    writer = subprocess.Popen(
        [sys.executable, "-c", INGEST_SLOWLY, str(path), str(wanted)],
        stdout=subprocess.PIPE,
        text=True,
    )
    with writer:
        assert writer.stdout is not None
        for _ in range(killed_after):
            writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
    once = full_session()
    with Store.open(path) as store, store.cursor() as cursor:
        stored = rows(cursor)
        assert killed_after <= stored["sessions"] < wanted
        assert stored["repetitions"] == stored["sessions"] * len(once.repetitions)
        assert stored["wear_bouts"] == stored["sessions"] * len(once.wear)
        assert stored["gaps"] == stored["sessions"] * 2
        written = sum(ingest(store, full_session(f"r{n}"), FOLDER) for n in range(wanted))
        assert written == wanted - stored["sessions"]
        assert rows(cursor)["sessions"] == wanted
        assert rows(cursor)["repetitions"] == wanted * len(once.repetitions)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="limits a file's size; run it on Linux or macOS")
def test_a_full_disk_is_told_and_what_was_stored_before_stays(tmp_path: Path) -> None:
    path = tmp_path / "fivepoint.duckdb"
    writer = subprocess.run(
        [sys.executable, "-c", INGEST_ON_A_FULL_DISK, str(path)], capture_output=True, text=True
    )
    number, _, message = writer.stdout.partition(" ")
    assert "nothing of this entry was saved; make room" in message, writer.stderr
    with Store.open(path) as store, store.cursor() as cursor:
        assert rows(cursor)["sessions"] == 1 + int(number)
        assert queries.session(cursor, "fits").session == full_session("fits")


starts_min = st.integers(0, 60 * 24 * 400)
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Tokyo", "Pacific/Apia"])


@given(starts_min, st.floats(1.0, 200_000.0), zones)
def test_the_days_of_a_recording_share_out_all_of_its_time(
    start_min: int, duration_s: float, zone: str
) -> None:
    started_at = at(FRACTURE, 0) + timedelta(minutes=start_min)
    half_off = worn(duration_s / 2, duration_s, WearState.NOT_WORN)
    days = session_days(
        session(
            started_at=started_at,
            duration_s=duration_s,
            wear=(worn(0.0, duration_s / 2), half_off),
            repetitions=bridges(1),
        ),
        ZoneInfo(zone),
    )
    assert sum(each.recorded_min for each in days) == pytest.approx(duration_s / 60)
    assert sum(each.not_worn_min for each in days) == pytest.approx(duration_s / 120)
    assert sum(each.repetitions for each in days) == 1
    assert days[0].day == started_at.astimezone(ZoneInfo(zone)).date()
    assert max(each.recorded_min for each in days) <= 25 * 60  # the day the clock goes back


lifts = st.lists(st.integers(0, 6), max_size=5)


def test_whatever_a_session_holds_it_comes_back_the_same(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, cursor):
        recording_id = count()

        @settings(max_examples=20)
        @given(lifts, lifts, st.booleans())
        def comes_back(holds_s: list[int], bouts_min: list[int], upright: bool) -> None:
            posture = Posture.UPRIGHT if upright else Posture.PRONE
            made = session(
                f"r{next(recording_id)}",
                repetitions=tuple(lift for hold in holds_s for lift in bridges(1, hold + 0.125)),
                hyperextension=tuple(replace(extended(m + 1), posture=posture) for m in bouts_min),
                falls=tuple(fall(float(impact)) for impact in holds_s),
            )
            ingest(store, made, FOLDER)
            assert queries.session(cursor, made.recording_id).session == made

        comes_back()
