"""Recording as a user types it, from virtual sensors through the real Bluetooth stack above HCI."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from analytics.pipeline import analyze
from fivepoint.cli import main
from fivepoint.finding import assigned
from fivepoint.hub import Plan
from fivepoint.joining import Patience
from fivepoint.live import LIVE_NAME, LivePhase, read_live
from fivepoint.options import Worn
from fivepoint.recorder import Radio, run_hub
from fivepoint.simulated import calibrated_simulation
from sensors.ble import Found, scan
from sensors.devices import FAMILIES
from sensors.errors import FivepointError
from sensors.recording import Recording, RecordingKind, find_recordings, read_recording
from sensors.types import Placement
from sensors.virtual.device import VirtualDevice
from sensors.virtual.motion import motions
from sensors.virtual.radio import VirtualRadio
from tests.test_cli import data_folder, refusal

__all__ = ["data_folder"]

ROOT = Path(__file__).resolve().parent.parent
MOVESENSE = FAMILIES["movesense"]
NEAR = Found("AA:01", "Movesense 1", MOVESENSE, -50)
FAR = Found("AA:02", "Movesense 2", MOVESENSE, -80)

on_unix = pytest.mark.skipif(sys.platform == "win32", reason="no such signals on Windows")


def virtual(folder: Path, *more: str, speed: float = 8.0) -> list[str]:
    return ["record", "--virtual", "fall_forward", "--out", str(folder), f"--speed={speed}", *more]


def only_recording(folder: Path) -> Recording:
    (path,) = find_recordings(folder)
    return read_recording(path)


@pytest.mark.slow
def test_a_virtual_fall_is_recorded_and_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(virtual(tmp_path)) == 0
    begun, done = capsys.readouterr().out.splitlines()
    assert begun.startswith("Recording sternum (Movesense ")
    assert ", 1 fall" in done
    recording = only_recording(tmp_path)
    assert recording.header.kind is RecordingKind.DAY
    assert {info.device_id for info in recording.header.streams} == {
        "C0:FF:EE:00:00:01",
        "C0:FF:EE:00:00:02",
    }
    assert not any(recording.gaps.values())
    state = read_live(tmp_path / LIVE_NAME)
    assert state is not None
    assert state.falls == analyze(recording).falls


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_can_be_recorded(family: str, tmp_path: Path) -> None:
    assert main(virtual(tmp_path, "--family", family, "--duration", "4", speed=1.0)) == 0
    recording = only_recording(tmp_path)
    assert {info.model for info in recording.header.streams} == {FAMILIES[family].model}
    assert recording.duration_s == pytest.approx(4.0, abs=1.5)


def test_a_recording_can_be_played_too(tmp_path: Path) -> None:
    played = str(ROOT / "sample_streams" / "chest_acc_only")
    command = ["record", "--virtual", played, "--out", str(tmp_path), "--duration", "3"]
    assert main(command) == 0
    recording = only_recording(tmp_path)
    assert recording.header.kind is RecordingKind.EXERCISE
    assert [info.placement for info in recording.header.streams] == [Placement.STERNUM]


async def stop_when_samples_came(folder: Path, stop: asyncio.Event) -> None:
    while samples(folder) == 0:
        await asyncio.sleep(0.05)
    stop.set()


@pytest.mark.parametrize("family", FAMILIES)
def test_at_the_end_every_sensor_has_been_told_to_stop(family: str, tmp_path: Path) -> None:
    simulation, _ = calibrated_simulation("fall_forward")
    motion = motions(simulation.chunks())[Placement.PELVIS]
    device = VirtualDevice(FAMILIES[family], motion, address="C0:FF:EE:00:00:01")

    async def run() -> None:
        async with VirtualRadio([device]) as radio:
            (sensor,) = await scan(0.2, backend=radio.backend)
            reached = Radio(radio.backend, 100.0, radio.now)
            stop = asyncio.Event()
            stopping = asyncio.create_task(stop_when_samples_came(tmp_path, stop))
            await run_hub(Plan(folder=tmp_path), {Placement.PELVIS: sensor}, reached, stop)
            await stopping
            assert not device.connected
            can_be_stopped = bool(FAMILIES[family].stop())
            assert device.streaming is not can_be_stopped

    asyncio.run(run())


@pytest.mark.slow
def test_faults_are_played_and_told(tmp_path: Path) -> None:
    faults = ["--family", "movella_dot", "--faults", "drop_every_s=3,away_s=1"]
    assert main(virtual(tmp_path, *faults, "--duration", "12", speed=1.0)) == 0
    recording = only_recording(tmp_path)
    assert all(recording.gaps[info.placement] for info in recording.header.streams)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "--wear"),
        (["--wear", "knee"], "'knee' is no place"),
        (["--wear", "pelvis", "--virtual", "fall_forward"], "--wear"),
        (["--virtual", "fall_forward"], "--virtual needs --out"),
        (["--virtual", "tango", "--out", "OUT"], "tango"),
        (["--virtual", "fall_forward", "--out", "OUT", "--family", "abacus"], "abacus"),
        (["--virtual", "fall_forward", "--out", "OUT", "--faults", "rain=1"], "rain"),
        (["--virtual", "fall_forward", "--out", "OUT", "--faults", "loss=much"], "much"),
        (["--virtual", "fall_forward", "--out", "OUT", "--duration", "0"], "--duration"),
    ],
)
def test_what_cannot_be_recorded_is_refused_in_one_line(
    arguments: list[str],
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["record", *arguments]) != 0
    assert told in refusal(capsys)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the way to Bluetooth differs")
@pytest.mark.parametrize("command", [["scan"], ["record", "--wear", "pelvis", "--out", "OUT"]])
def test_without_bluetooth_it_says_so_in_one_line(command: list[str], tmp_path: Path) -> None:
    nowhere = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/none", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "fivepoint", *command],
        env={**os.environ, **nowhere},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("error: ")
    assert "adapter" in done.stderr or "bluetooth service" in done.stderr
    assert list(tmp_path.iterdir()) == []


# Which sensor is worn where


def test_the_nearest_sensor_is_taken_where_none_is_named() -> None:
    assert assigned([Worn(Placement.PELVIS, None)], [NEAR, FAR]) == {Placement.PELVIS: NEAR}


@pytest.mark.parametrize("name", ["Movesense 1", "movesense 1", "aa:01"])
def test_a_named_sensor_is_not_taken_by_another_place(name: str) -> None:
    worn = [Worn(Placement.PELVIS, None), Worn(Placement.STERNUM, name)]
    assert assigned(worn, [NEAR, FAR]) == {Placement.STERNUM: NEAR, Placement.PELVIS: FAR}


@pytest.mark.parametrize(
    "worn",
    [
        [Worn(Placement.PELVIS, "Movesense 3")],
        [Worn(Placement.PELVIS, None), Worn(Placement.STERNUM, None), Worn(Placement.THIGH, None)],
    ],
)
def test_a_sensor_that_is_not_heard_is_told(worn: list[Worn]) -> None:
    with pytest.raises(FivepointError, match=r"among those heard \(Movesense 1, Movesense 2\)"):
        assigned(worn, [NEAR, FAR])


def test_a_sensor_that_is_heard_late_joins_and_the_recording_goes_on_with_both(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simulation, _ = calibrated_simulation("fall_forward")
    devices = [
        VirtualDevice(MOVESENSE, motion, address=f"C0:FF:EE:00:00:0{number}")
        for number, motion in enumerate(motions(simulation.chunks()).values(), start=1)
    ]

    async def run() -> None:
        async with VirtualRadio(devices) as radio:
            (first, *_) = await scan(0.3, backend=radio.backend)
            reached = Radio(radio.backend, 104.0, radio.now, Patience(scan_s=0.3))
            missing = [Worn(Placement.PELVIS, None)]
            stop = asyncio.Event()
            stopping = asyncio.create_task(stop_when_samples_came(tmp_path, stop))
            plan = Plan(folder=tmp_path)
            await run_hub(plan, {Placement.STERNUM: first}, reached, stop, missing=missing)
            await stopping

    asyncio.run(run())
    assert "pelvis is not heard yet" in capsys.readouterr().out
    alone, both = sorted(
        (read_recording(folder) for folder in find_recordings(tmp_path)),
        key=lambda recording: recording.header.started_at,
    )
    assert [len(each.header.streams) for each in (alone, both)] == [1, 2]
    assert both.header.resumes == alone.header.id
    assert not any((*alone.gaps[Placement.STERNUM], *both.gaps[Placement.STERNUM]))
    pause_s = (both.header.started_at - alone.header.started_at).total_seconds()
    first_s = float(next(iter(both.chunks(1.0))).t_s[0])
    assert pause_s + first_s <= alone.duration_s + 0.1


# Real processes


@contextmanager
def recorder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "fivepoint", *virtual(folder, speed=4.0)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not condition():
        assert process.poll() is None
        time.sleep(0.02)


def samples(folder: Path) -> int:
    state = read_live(folder / LIVE_NAME)
    return 0 if state is None else min(sensor.samples for sensor in state.sensors)


def recording_id(folder: Path) -> str | None:
    state = read_live(folder / LIVE_NAME)
    return None if state is None else state.recording_id


@on_unix
@pytest.mark.slow
def test_after_a_kill_the_next_recording_resumes_what_was_cut_off(tmp_path: Path) -> None:
    with recorder(tmp_path) as process:
        wait_for(lambda: samples(tmp_path) >= 800, process)
        known = samples(tmp_path)
        process.kill()
    killed = recording_id(tmp_path)
    with recorder(tmp_path) as process:
        wait_for(lambda: recording_id(tmp_path) != killed, process)
        wait_for(lambda: samples(tmp_path) >= 300, process)
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate()
    assert process.returncode == 0
    assert f"It continues {killed}" in printed
    first, second = sorted(
        (read_recording(folder) for folder in find_recordings(tmp_path)),
        key=lambda recording: recording.header.started_at,
    )
    assert second.header.resumes == first.header.id == killed
    assert (
        min(first.sample_counts.values()) >= known - 4.0 * 1.0 * 104
    )  # what a second brings is at stake
    state = read_live(tmp_path / LIVE_NAME)
    assert state is not None
    assert state.phase is LivePhase.FINISHED
