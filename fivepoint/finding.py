"""Finding sensors: which are heard, and which of them is worn where."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.console import Console

from fivepoint.computer import why_no_bluetooth
from fivepoint.options import Worn
from sensors.ble import Backend, BluetoothError, Found, SensorError, battery, identify, scan
from sensors.errors import FivepointError
from sensors.types import Placement

SCAN_S = 8.0
"""How long to listen: sensors advertise about once a second, and not every call is heard."""


BATTERY_S = 8.0
"""How long a sensor may take to connect and tell its battery."""

_UNKNOWN = "?"


class Surveyed(NamedTuple):
    """What a scan shows of one sensor."""

    name: str
    sensor: str
    signal: str
    battery: str
    address: str


def scan_and_print(seconds: float) -> None:
    """Print the sensors that are heard, the strongest first; FivepointError if there are none."""
    heading = Surveyed(*map(str.upper, Surveyed._fields))
    for line in _aligned([heading, *asyncio.run(surveyed(Backend(), seconds))]):
        print(line)


def identify_and_print(name: str, seconds: float) -> None:
    """Make the sensor of this name or address blink; FivepointError as of `blinking`."""
    print(asyncio.run(blinking(name, Backend(), seconds)))


async def surveyed(backend: Backend, seconds: float) -> list[Surveyed]:
    """What there is to know of each sensor heard, the strongest first.

    Sensors are asked for their batteries one after another, except those that are connected: to
    connect once more would end what they stream. FivepointError if no sensor is heard.
    """
    with Console(stderr=True).status(f"Listening for {seconds:g} s") as status:
        rows = []
        for sensor in await heard(backend, seconds):
            status.update(f"Asking {sensor.name} for its battery")
            signal = "connected" if sensor.rssi_dbm is None else f"{sensor.rssi_dbm} dBm"
            told = await _told_battery(sensor, backend)
            rows.append(Surveyed(sensor.name, sensor.family.model, signal, told, sensor.address))
        return rows


async def blinking(name: str, backend: Backend, seconds: float) -> str:
    """Make the sensor of this name or address blink; FivepointError if it is not there or cannot.

    One that is connected is left alone: connecting once more would end what it streams.
    """
    sensors = await heard(backend, seconds)
    sensor = next((each for each in sensors if _is_called(each, name)), None)
    if sensor is None:
        raise FivepointError(
            f"No sensor {name} is among those heard ({', '.join(each.name for each in sensors)}), "
            "so none blinks; wake it, bring it near, or give the name that `scan` shows."
        )
    if sensor.rssi_dbm is None:
        raise FivepointError(
            f"{sensor.name} is connected, perhaps to a recorder that asking would disturb, so it "
            "was not made to blink; end the recorder, or switch the sensor off and on."
        )
    if not await identify(sensor, backend=backend):
        raise FivepointError(
            f"{sensor.family.model} cannot be made to blink, so {sensor.name} stays as it is; hold "
            "it to the computer and `scan` again: the nearest sensor comes first."
        )
    return f"{sensor.name} blinks"


async def find_worn(worn: Sequence[Worn], backend: Backend) -> dict[Placement, Found]:
    """The sensors that are to be worn, as they are heard now; FivepointError if one is not."""
    return assigned(worn, await heard(backend, SCAN_S))


async def heard(backend: Backend, seconds: float) -> list[Found]:
    """The sensors that are heard in so many seconds, the strongest first.

    Raises FivepointError if there are none.
    """
    try:
        found = await scan(seconds, backend=backend)
    except BluetoothError as error:
        raise why_no_bluetooth(error) from error
    if not found:
        raise FivepointError(
            f"No sensor of a known kind was heard in {seconds:g} s, so there is nothing to record; "
            "switch it on, bring it near, and end any other program that is connected to it."
        )
    return found


def assigned(worn: Sequence[Worn], found: Sequence[Found]) -> dict[Placement, Found]:
    """Which sensor is worn where, of those found, the strongest first.

    Raises FivepointError if one of them is not there.
    """
    sensors = there(worn, found)
    for placement, name in worn:
        if placement not in sensors:
            raise FivepointError(
                f"No sensor {name or 'is left'} for the {placement} among those heard "
                f"({', '.join(each.name for each in found)}), so nothing is recorded; wake it, "
                "bring it near, or give the name that `scan` shows."
            )
    return sensors


def there(worn: Iterable[Worn], found: Sequence[Found]) -> dict[Placement, Found]:
    """The same for those that are there."""
    left = list(found)
    sensors: dict[Placement, Found] = {}
    for placement, name in sorted(worn, key=lambda each: each.sensor is None):
        sensor = next((each for each in left if name is None or _is_called(each, name)), None)
        if sensor is not None:
            left.remove(sensor)
            sensors[placement] = sensor
    return sensors


def _is_called(sensor: Found, name: str) -> bool:
    return name.casefold() in (sensor.name.casefold(), sensor.address.casefold())


async def _told_battery(sensor: Found, backend: Backend) -> str:
    """How full the battery is, if the sensor is free to be asked and tells soon enough."""
    if sensor.rssi_dbm is None:
        return _UNKNOWN
    try:
        async with asyncio.timeout(BATTERY_S):
            level = await battery(sensor, backend=backend)
    except (SensorError, TimeoutError):
        return _UNKNOWN
    return f"{level.percent} %{', charging' if level.charging else ''}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines whose columns stand below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
