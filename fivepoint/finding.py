"""Finding sensors: which are heard, and which of them is worn where."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fivepoint.computer import why_no_bluetooth
from fivepoint.options import Worn
from sensors.ble import Backend, BluetoothError, Found, scan
from sensors.errors import FivepointError
from sensors.types import Placement

SCAN_S = 8.0
"""How long to listen: sensors advertise about once a second, and not every call is heard."""


def scan_and_print(seconds: float) -> None:
    """Print the sensors that are heard, the strongest first; FivepointError if there are none."""
    for sensor in asyncio.run(heard(Backend(), seconds)):
        signal = "connected" if sensor.rssi_dbm is None else f"{sensor.rssi_dbm} dBm"
        print(f"{sensor.name}  {sensor.family.model}  {signal}  {sensor.address}")


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
    left = list(found)
    sensors: dict[Placement, Found] = {}
    for placement, name in sorted(worn, key=lambda each: each.sensor is None):
        sensor = next((each for each in left if name is None or _is_called(each, name)), None)
        if sensor is None:
            raise FivepointError(
                f"No sensor {name or 'is left'} for the {placement} among those heard "
                f"({', '.join(each.name for each in found)}), so nothing is recorded; wake it, "
                "bring it near, or give the name that `scan` shows."
            )
        left.remove(sensor)
        sensors[placement] = sensor
    return sensors


def _is_called(sensor: Found, name: str) -> bool:
    return name.casefold() in (sensor.name.casefold(), sensor.address.casefold())
