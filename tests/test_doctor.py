"""What the doctor finds on computers that are well and on those that are not."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from analytics.events import Posture
from fivepoint import computer
from fivepoint.computer import Finding
from fivepoint.doctor import Watched, being_recorded, judged, together, watch
from fivepoint.live import LivePhase, LiveSensor, LiveState
from sensors.ble import scan
from sensors.devices import FAMILIES
from sensors.types import GRAVITY_MS2, Chunk, Placement
from sensors.virtual.device import VirtualDevice
from sensors.virtual.faults import Faults
from sensors.virtual.motion import Motion
from sensors.virtual.radio import VirtualRadio
from tests.ble.fast_time import in_fast_time
from tests.ble.test_alignment import tapped

ROOT = Path(__file__).resolve().parent.parent
WATCHED_S = 4.0


def lying_still(felt_ms2: float = GRAVITY_MS2) -> Motion:
    t_s = np.arange(0.0, 20.0, 0.5)
    acc = np.tile([0.0, 0.0, felt_ms2], (len(t_s), 1))
    return Motion(Chunk(Placement.PELVIS, t_s, acc, np.zeros_like(acc)))


def watched(*devices: VirtualDevice) -> list[Watched]:
    """What comes of virtual sensors."""

    async def run() -> list[Watched]:
        async with VirtualRadio(devices) as radio:
            backend = radio.backend
            found = await scan(0.3, backend=backend)
            return await asyncio.gather(
                *(watch(each, backend, seconds=WATCHED_S, now=radio.now) for each in found)
            )

    return in_fast_time(run())


def examined(
    faults: Faults | None = None, battery_percent: int = 90, felt_ms2: float = GRAVITY_MS2
) -> list[Finding]:
    """What is found of a virtual sensor."""
    device = VirtualDevice(
        FAMILIES["movesense"], lying_still(felt_ms2), address="C0:FF:EE:00:00:01", faults=faults
    )
    device.peripheral.battery_percent = battery_percent
    (came,) = watched(device)
    return judged(came)


def complaints(findings: list[Finding]) -> str:
    return "\n".join(finding.text for finding in findings if not finding.well)


def test_a_good_sensor_is_well_in_every_respect() -> None:
    findings = examined()
    assert complaints(findings) == ""
    told = "\n".join(finding.text for finding in findings)
    reach = f"up to {FAMILIES['movesense'].settings(100.0).acc_range_g:.0f} g"
    for part in ("dBm", "90 % battery", "of 104", "lost 0.0%", reach):
        assert part in told


def test_a_link_that_loses_samples_is_told() -> None:
    (finding,) = [each for each in examined(Faults(loss=0.2)) if not each.well]
    assert "lost" in finding.text
    assert "nearer" in finding.text


def test_an_empty_battery_is_told() -> None:
    assert "has 7 % battery" in complaints(examined(battery_percent=7))


def test_a_sensor_that_feels_half_of_gravity_is_told() -> None:
    assert "feels 0.50 g where at rest" in complaints(examined(felt_ms2=GRAVITY_MS2 / 2))


def test_sensors_that_are_tapped_together_are_told_how_far_apart_they_show_it() -> None:
    devices = [
        VirtualDevice(
            FAMILIES["movesense"], Motion(tapped(place)), address=f"C0:FF:EE:00:00:0{number}"
        )
        for number, place in enumerate((Placement.STERNUM, Placement.PELVIS), 1)
    ]
    [finding] = together(watched(*devices))
    assert finding.well
    assert "show the same taps" in finding.text


def test_sensors_that_were_not_tapped_cannot_be_compared() -> None:
    still = [
        VirtualDevice(FAMILIES["movesense"], lying_still(), address=f"C0:FF:EE:00:00:0{number}")
        for number in (1, 2)
    ]
    came = watched(*still)
    assert "felt no taps together" in complaints(together(came))
    assert "two sensors or more" in complaints(together(came[:1]))


def test_sensors_that_are_being_recorded_are_told_as_their_recorder_tells_them() -> None:
    good = LiveSensor(
        placement=Placement.PELVIS,
        model="Movesense",
        connected=True,
        battery_percent=80,
        rssi_dbm=-60,
        samples=10_000,
        missing_s=0.5,
        silent_s=0.1,
    )
    away = structs.replace(good, placement=Placement.STERNUM, connected=False)
    state = LiveState(
        phase=LivePhase.RECORDING,
        recording_id="day",
        started_at=datetime.now(UTC),
        updated_at=datetime.now(UTC),
        elapsed_s=100.0,
        posture=Posture.UNKNOWN,
        extension_deg=None,
        extension_sigma_deg=None,
        repetitions=0,
        last_repetition=None,
        suspected_fall=None,
        falls=(),
        sensors=(good, away),
    )
    battery, loss, link = being_recorded(state)
    assert battery.well
    assert loss.well
    assert "80 % battery" in battery.text
    assert "lost 0.5%" in loss.text
    assert "sternum" in complaints([link])


def test_a_computer_without_an_adapter_is_told(tmp_path: Path) -> None:
    assert "has no Bluetooth adapter" in complaints([computer.adapter(tmp_path / "bluetooth")])
    for name in ("hci0", "hci0:64"):
        (tmp_path / name).mkdir()
    assert computer.adapter(tmp_path) == Finding(True, "Bluetooth adapter hci0")


@pytest.mark.parametrize(
    ("kind", "soft", "hard", "told"),
    [
        ("bluetooth", "0", "0", ""),
        ("wlan", "1", "1", ""),
        ("bluetooth", "1", "0", "rfkill unblock"),
        ("bluetooth", "0", "1", "switch or key"),
    ],
)
def test_a_radio_that_is_switched_off_is_told(
    kind: str, soft: str, hard: str, told: str, tmp_path: Path
) -> None:
    radio = tmp_path / "rfkill0"
    radio.mkdir()
    for name, content in (("type", kind), ("soft", soft), ("hard", hard)):
        (radio / name).write_text(f"{content}\n")
    found = complaints([computer.switch(tmp_path)])
    assert told in found
    assert bool(found) == bool(told)


@pytest.mark.parametrize(
    ("version", "well"), [("5.55", True), ("5.82", True), ("5.54", False), (None, False)]
)
def test_a_bluetooth_service_that_is_missing_or_too_old_is_told(
    version: str | None, well: bool
) -> None:
    assert computer.bluez(version).well is well


def test_a_clock_that_is_behind_is_told(tmp_path: Path) -> None:
    assert computer.clock(datetime.now(UTC), tmp_path).well
    assert "set it" in complaints([computer.clock(datetime(1970, 1, 1, 1, tzinfo=UTC), tmp_path)])


def test_a_clock_that_was_set_back_since_the_last_recording_is_told(tmp_path: Path) -> None:
    recording = tmp_path / "recording"
    recording.mkdir()
    tomorrow_s = (datetime.now(UTC) + timedelta(days=1)).timestamp()
    os.utime(recording, (tomorrow_s, tomorrow_s))
    assert "set back" in complaints([computer.clock(datetime.now(UTC), tmp_path)])


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computer, "LEAST_FREE_BYTES", 10**18)
    assert "a day may not fit" in complaints([computer.disk(tmp_path)])


def test_there_is_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computer, "LEAST_FREE_BYTES", 0)
    assert computer.disk(tmp_path).well


@pytest.mark.skipif(sys.platform != "linux", reason="the way to Bluetooth differs")
def test_without_bluetooth_the_command_fails_with_a_remedy(tmp_path: Path) -> None:
    nowhere = {
        "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/none",
        "FIVEPOINT_DATA": str(tmp_path / "data"),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-m", "fivepoint", "doctor"],
        env={**os.environ, **nowhere},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (1, "")
    failing = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert failing
    assert all(", so " in line or "; " in line for line in failing)
