"""The doctor on Linux: sensors examined through bleak's own BlueZ backend, and permission."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from fivepoint import computer
from fivepoint.computer import Finding
from fivepoint.doctor import diagnose
from fivepoint.finding import heard
from sensors.ble import Backend, BluetoothDeniedError
from sensors.virtual.radio import VirtualRadio
from tests.ble.air import sensor
from tests.bluez.stand_in import bluez

if sys.platform != "linux":
    pytest.skip("BlueZ is Linux's: its path is checked there", allow_module_level=True)

WATCHED_S = 2.0


@pytest.fixture
def linux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computer with an adapter and BlueZ, as far as its files tell; its folder of recordings."""
    (tmp_path / "bluetooth" / "hci0").mkdir(parents=True)
    monkeypatch.setattr(computer, "BLUETOOTH_FOLDER", tmp_path / "bluetooth")
    monkeypatch.setattr(computer, "RFKILL_FOLDER", tmp_path / "rfkill")
    tool = tmp_path / "bin" / "bluetoothctl"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho bluetoothctl: 5.66\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    return recordings


@pytest.mark.slow
def test_all_is_well_with_two_sensors_of_different_kinds(linux: Path) -> None:
    async def story() -> list[Finding]:
        devices = [sensor(0), sensor(1, family="capture2go")]
        async with VirtualRadio(devices) as radio, bluez(radio.backend) as stand_in:
            findings = await diagnosed(linux)
            assert stand_in.refusals == []
            assert not any(device.connected or device.streaming for device in devices)
        return findings

    findings = asyncio.run(story())
    assert [each.text for each in findings if not each.well] == []
    told = "\n".join(each.text for each in findings)
    for part in ("adapter hci0", "BlueZ 5.66", "may be used", "100 % battery", "of 104", "of 100"):
        assert part in told


def test_a_user_whom_the_bus_keeps_from_bluez_is_told_with_the_remedy(linux: Path) -> None:
    async def story() -> list[Finding]:
        async with VirtualRadio([sensor(0)]) as radio, bluez(radio.backend, allowed=False):
            return await diagnosed(linux)

    [denied] = [each for each in asyncio.run(story()) if not each.well]
    assert "may not be used from here (AccessDenied)" in denied.text
    assert "usermod -aG bluetooth" in denied.text
    assert "\n" not in denied.text


def test_a_scan_says_the_same_even_if_the_adapter_is_hidden_too(
    linux: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with VirtualRadio([]) as radio, bluez(radio.backend, allowed=False):
            await heard(Backend(), 0.1)

    monkeypatch.setattr(computer, "BLUETOOTH_FOLDER", linux / "nowhere")
    with pytest.raises(BluetoothDeniedError, match="AccessDenied"):
        asyncio.run(story())


async def diagnosed(recordings: Path) -> list[Finding]:
    """What the doctor finds; it runs a loop of its own, beside that of BlueZ."""
    return await asyncio.to_thread(lambda: list(diagnose(recordings, seconds=WATCHED_S)))
