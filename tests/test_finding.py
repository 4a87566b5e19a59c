"""What a scan tells of the sensors around, and how one of them is picked out."""

from __future__ import annotations

import pytest
from bleak import BleakClient, BleakScanner

from fivepoint import finding
from fivepoint.finding import Surveyed, blinking, surveyed
from sensors.ble import Backend
from sensors.devices import FAMILIES
from sensors.errors import FivepointError
from sensors.virtual.device import VirtualDevice
from sensors.virtual.radio import VirtualRadio
from tests.ble.air import sensor, until
from tests.ble.fast_time import in_fast_time

LISTENING_S = 0.3


def scanned(*devices: VirtualDevice) -> dict[str, Surveyed]:
    """What `scan` shows of sensors, by their kind."""

    async def story() -> list[Surveyed]:
        async with VirtualRadio(devices) as radio:
            rows = await surveyed(radio.backend, LISTENING_S)
            assert not any(device.connected for device in devices)
        return rows

    return {row.sensor: row for row in in_fast_time(story())}


def asked_to_blink(device: VirtualDevice, name: str) -> str:
    """What is told when a sensor is asked to blink by its name."""

    async def story() -> str:
        async with VirtualRadio([device]) as radio:
            return await blinking(name, radio.backend, LISTENING_S)

    return in_fast_time(story())


async def connect_elsewhere(device: VirtualDevice, backend: Backend) -> None:
    """Connect as another program does, which a scan sees as connected."""
    there = await BleakScanner.find_device_by_address(device.address, **backend.scanning())
    assert there is not None
    await BleakClient(there, backend=backend.client).connect()
    await until(lambda: device.connected)


def test_each_sensor_is_told_with_its_kind_signal_and_battery() -> None:
    dot, chest = sensor(0, family="movella_dot"), sensor(1, family="polar_h10")
    dot.peripheral.battery_percent = 64
    rows = scanned(dot, chest)
    assert rows[FAMILIES["movella_dot"].model].battery == "64 %"
    assert rows[FAMILIES["polar_h10"].model].battery == "100 %"
    assert rows[FAMILIES["polar_h10"].model].name == chest.peripheral.profile.name
    assert all(row.signal.endswith(" dBm") for row in rows.values())


def test_a_sensor_that_does_not_tell_its_battery_in_time_is_shown_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(finding, "BATTERY_S", 0.0)
    [row] = scanned(sensor(0)).values()
    assert row.battery == "?"


def test_a_sensor_that_is_connected_is_not_disturbed() -> None:
    async def story() -> None:
        device = sensor(0, family="movella_dot")
        async with VirtualRadio([device]) as radio:
            await connect_elsewhere(device, radio.backend)
            [row] = await surveyed(radio.backend, LISTENING_S)
            assert (row.signal, row.battery) == ("connected", "?")
            with pytest.raises(FivepointError, match="perhaps to a recorder"):
                await blinking(device.address, radio.backend, LISTENING_S)
            assert device.connected

    in_fast_time(story())


def test_a_sensor_that_can_blink_does_by_name_or_address() -> None:
    device = sensor(0, family="capture2go")
    name = device.peripheral.profile.name
    assert asked_to_blink(device, name.upper()) == f"{name} blinks"
    device = sensor(0, family="capture2go")
    assert asked_to_blink(device, device.address.lower()) == f"{name} blinks"


def test_a_sensor_that_cannot_blink_says_how_else_to_tell_it() -> None:
    with pytest.raises(FivepointError, match="hold it to the computer"):
        asked_to_blink(sensor(0, family="witmotion"), "C0:DE:00:00:00:01")


def test_a_sensor_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(FivepointError, match=r"No sensor pelvis .*\(Movesense "):
        asked_to_blink(sensor(0), "pelvis")


def test_columns_stand_below_each_other_and_lines_end_without_blanks() -> None:
    assert finding._aligned([("NAME", "BATTERY"), ("Movesense 1", "?")]) == [
        "NAME         BATTERY",
        "Movesense 1  ?",
    ]
