"""`up` as it runs: a hub and a dashboard, and what becomes of them when one of the three ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from analytics.limits import Limits, Prescribed
from analytics.store import Store, queries
from dashboard.ingesting import Intake
from fivepoint import up as upping
from fivepoint.allday import IN_VAIN, Day
from fivepoint.cli import main
from fivepoint.live import LIVE_NAME, LiveState, read_live
from fivepoint.options import Worn
from fivepoint.settings import Settings, Wishes, read_wishes
from sensors.errors import FivepointError
from sensors.recording import (
    RESUMED_WITHIN,
    Spool,
    find_recordings,
    read_recording,
    recover,
    write_recording,
)
from sensors.types import Placement
from tests.sensors.making import WAIST, header, steady
from tests.stored import FRACTURE, at, plan
from tests.test_cli import data_folder, refusal

__all__ = ["data_folder"]

ROOT = Path(__file__).resolve().parent.parent
STREAMS = ROOT / "sample_streams"

on_unix = pytest.mark.skipif(sys.platform == "win32", reason="no such signals on Windows")


HOLD = """
import sys
from pathlib import Path
from analytics.store import Store
store = Store.open(Path(sys.argv[1]) / "fivepoint.duckdb")
print("held", flush=True)
sys.stdin.read()
"""


# What the user has set


def test_without_settings_nothing_is_worn(tmp_path: Path) -> None:
    assert read_wishes(tmp_path / "settings.toml") == Wishes()
    assert Wishes().wear == {}


def test_a_data_folder_that_cannot_be_is_told_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(FivepointError, match="name another data folder in FIVEPOINT_DATA"):
        assert Settings(file).recordings_folder


def test_settings_name_the_sensors(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('patient = "p1"\nrate_hz = 50\n[wear]\nsternum = "Movesense 1"\npelvis = ""')
    wishes = read_wishes(file)
    assert (wishes.patient, wishes.rate_hz) == ("p1", 50.0)
    assert wishes.wear == {Placement.STERNUM: "Movesense 1", Placement.PELVIS: ""}


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('rate_hz = "fast"', "$.rate_hz"),
        ("port = 99999", "$.port"),
        ('[wear]\nknee = ""', "knee"),
        ("colour = 1", "colour"),
        ("patient = p1", "line 1"),
    ],
)
def test_what_cannot_be_understood_is_told_with_its_place(
    text: str, where: str, data_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data_folder.mkdir()
    (data_folder / "settings.toml").write_text(text)
    assert main(["up", "--no-browser"]) == 1
    told = refusal(capsys)
    assert where in told
    assert "settings.toml" in told


@pytest.mark.parametrize(
    "arguments", [["bridging_good"], ["--virtual", "--wear", "pelvis"], ["--wear", "knee"]]
)
def test_what_makes_no_sense_is_refused(
    arguments: list[str], data_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up", *arguments]) != 0
    refusal(capsys)
    assert not data_folder.exists()


def test_a_store_that_is_in_use_is_told_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert main(["up", "--out", str(tmp_path), "--no-browser"]) == 1
        process.kill()
    assert "in use by another process" in refusal(capsys)


# What is prescribed


def test_a_process_that_would_fail_again_is_not_started_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    keeper = upping.Keeper(["-c", f"raise SystemExit({IN_VAIN})"], "It stopped")
    keeper.wait()
    assert capsys.readouterr().err == ""


def test_the_hub_is_told_what_is_prescribed_to_the_wearer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(tmp_path)
    with Store.open(settings.store_path) as store, store.cursor() as cursor:
        queries.add_patient(cursor, "me", label="Me", birth_year=None, time_zone="Asia/Tokyo")
        queries.add_prescription(cursor, plan(patient_id="me", flexion_limit_deg=35.0))
    started: list[Day] = []

    def start(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        if "fivepoint.allday" in arguments:
            started.append(msgspec.json.decode(arguments[-1], type=Day))
        return subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE)

    monkeypatch.setattr(upping, "start_child", start)
    monkeypatch.setattr(upping, "serve", lambda *_, **__: None)
    upping.up(settings, [Worn(Placement.PELVIS, None)], None, port=None, open_browser=False)
    (day,) = started
    assert day.prescribed.time_zone == "Asia/Tokyo"
    assert day.prescribed.at(at(FRACTURE, 12)) == Prescribed(
        limits=Limits(flexion_deg=35.0), hold_s=3.0
    )


# Taking in while the pages are open


def test_a_recording_that_appears_is_taken_in_once(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.duckdb") as store:
        intake = Intake(store, tmp_path)
        assert intake.look() == 0
        shutil.copytree(STREAMS / "chest_acc_only", tmp_path / "r")
        assert [intake.look(), intake.look()] == [1, 0]


def test_a_prescription_that_is_entered_meanwhile_reaches_what_was_taken_in_before(
    tmp_path: Path,
) -> None:
    recording = write_recording(tmp_path / "r", header(WAIST), [steady(WAIST, 2)])
    on = recording.header.started_at.date()
    with Store.open(tmp_path / "a.duckdb") as store, store.cursor() as cursor:
        queries.add_patient(cursor, "p1", label="P", birth_year=None, time_zone="UTC")
        intake = Intake(store, tmp_path)
        assert [intake.look(), intake.look()] == [1, 0]
        changed = plan(patient_id="p1", valid_from=on, flexion_limit_deg=35.0)
        queries.add_prescription(cursor, changed)
        assert [intake.look(), intake.look()] == [1, 0]
        stored = queries.session(cursor, recording.header.id).session
    assert stored.limits == Limits(flexion_deg=35.0)


def test_a_bad_recording_is_told_once_and_does_not_keep_others_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("a", "b"):
        shutil.copytree(STREAMS / "chest_acc_only", tmp_path / name)
    (tmp_path / "a" / "sternum.parquet").write_bytes(b"")
    with Store.open(tmp_path / "a.duckdb") as store:
        intake = Intake(store, tmp_path)
        assert [intake.look() for _ in range(3)] == [1, 0, 0]
    assert len(caplog.records) == 1
    assert "damaged" in caplog.text


def test_what_was_cut_off_just_now_is_left_to_the_recorder_that_continues_it(
    tmp_path: Path,
) -> None:
    with Spool(tmp_path / "r", header()) as spool:
        spool.append(steady(WAIST, 2))
    with Store.open(tmp_path / "a.duckdb") as store:
        intake = Intake(store, tmp_path)
        assert intake.look() == 0
        assert not (tmp_path / "r").exists()
        old_s = time.time() - RESUMED_WITHIN.total_seconds() - 60
        os.utime(tmp_path / ".r.spool" / "samples.arrow", (old_s, old_s))
        assert intake.look() == 1


# Real processes


class Running:
    """`up` in a data folder, as somebody would start it."""

    def __init__(self, process: subprocess.Popen[str], recordings: Path) -> None:
        self.process = process
        self.recordings = recordings

    def wait_for(self, condition: Callable[[], object]) -> None:
        while not condition():
            assert self.process.poll() is None
            time.sleep(0.05)

    def live(self) -> LiveState | None:
        return read_live(self.recordings / LIVE_NAME)

    def samples(self) -> int:
        state = self.live()
        return 0 if state is None else min(sensor.samples for sensor in state.sensors)

    def children(self) -> dict[str, int]:
        """The process ids of hub, alarm and dashboard."""
        listed = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
        ).stdout.splitlines()
        kinds = {"allday": "hub", "alerts.process": "alarm", "streamlit": "dashboard"}
        return {
            kind: int(line.split()[0])
            for line in listed
            for word, kind in kinds.items()
            if word in line
        }


@contextmanager
def up(folder: Path, *arguments: str, **environment: str) -> Iterator[Running]:
    command = ["up", "--out", str(folder), "--no-browser", "--port", "18600", *arguments]
    process = subprocess.Popen(
        [sys.executable, "-m", "fivepoint", *command],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Running(process, folder / "recordings")
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def recording_id(state: LiveState | None) -> str | None:
    return None if state is None else state.recording_id


def alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def stored(folder: Path) -> list[str]:
    with Store.open(folder / "fivepoint.duckdb") as store, store.cursor() as cursor:
        return sorted(each.recording_id for each in queries.sessions(cursor, "me"))


@on_unix
@pytest.mark.slow
def test_a_killed_hub_is_started_again_and_both_recordings_are_stored_once(tmp_path: Path) -> None:
    with up(tmp_path, "--virtual", "fall_forward") as running:
        running.wait_for(lambda: running.samples() >= 200)
        killed = running.live()
        assert killed is not None
        os.kill(running.children()["hub"], signal.SIGKILL)
        running.wait_for(
            lambda: (now := running.live()) and now.recording_id != killed.recording_id
        )
        running.wait_for(lambda: running.samples() >= 200)
        running.process.terminate()
        printed, _ = running.process.communicate()
    assert running.process.returncode == 0
    assert f"It continues {killed.recording_id}" in printed
    first, second = (read_recording(each) for each in find_recordings(tmp_path / "recordings"))
    assert second.header.resumes == first.header.id == killed.recording_id
    ids = [first.header.id, second.header.id]
    with Store.open(tmp_path / "fivepoint.duckdb") as store:
        Intake(store, tmp_path / "recordings").look()
    assert stored(tmp_path) == ids


@on_unix
@pytest.mark.slow
def test_a_killed_alarm_is_started_again_and_nothing_is_left_when_up_is_killed(
    tmp_path: Path,
) -> None:
    with up(tmp_path, "--virtual", "fall_forward") as running:
        running.wait_for(lambda: running.samples() >= 100)
        killed = running.children()["alarm"]
        os.kill(killed, signal.SIGKILL)
        running.wait_for(lambda: running.children().get("alarm", killed) != killed)
        children = running.children()
        assert set(children) == {"hub", "alarm", "dashboard"}
        running.process.kill()
        deadline_s = time.monotonic() + 30
        while any(map(alive, children.values())) and time.monotonic() < deadline_s:
            time.sleep(0.1)
        assert not any(map(alive, children.values()))
    (folder,) = find_recordings(tmp_path / "recordings")
    assert read_recording(folder).duration_s > 0.5
    assert recover(tmp_path / "recordings") == []


@pytest.mark.skipif(sys.platform != "linux", reason="the way to Bluetooth differs")
@pytest.mark.slow
def test_without_bluetooth_or_calibration_it_says_so_once_and_shows_the_pages(
    tmp_path: Path,
) -> None:
    nowhere = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/none"}
    with up(tmp_path, "--wear", "sternum", **nowhere) as running:
        assert running.process.stdout is not None
        printed = [running.process.stdout.readline() for _ in range(4)]
        running.process.terminate()
        rest, _ = running.process.communicate()
    assert rest == ""
    assert sum(line.startswith("error: ") for line in printed) == 1
    assert sum("not calibrated" in line for line in printed) == 1
    assert any("Fivepoint is open at" in line for line in printed)
    assert any("sternum is not heard yet" in line for line in printed)
