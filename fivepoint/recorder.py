"""Recording from Bluetooth sensors: from finding them to the finished recording."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fivepoint.doctor import why_no_bluetooth
from fivepoint.hub import Hub, Plan, begin, stopping_on_signals
from fivepoint.options import Worn
from fivepoint.output import summary
from sensors.ble import Backend, BleSource, BluetoothError, Found, scan
from sensors.errors import FivepointError
from sensors.types import Placement

SCAN_S = 8.0
"""How long to listen: sensors advertise about once a second, and not every call is heard."""


@dataclass(frozen=True, slots=True)
class Radio:
    """How sensors are reached: over which Bluetooth, at which rate, by which clock in seconds."""

    backend: Backend
    rate_hz: float
    now: Callable[[], float] = time.monotonic


def record(plan: Plan, worn: Sequence[Worn], rate_hz: float) -> None:
    """Record from sensors until the planned duration is over or somebody stops it.

    Raises FivepointError if a sensor is not there, and what `Hub.run` raises.
    """
    asyncio.run(_record(plan, worn, rate_hz))


def scan_and_print(seconds: float) -> None:
    """Print the sensors that are heard, the strongest first; FivepointError if there are none."""
    for sensor in asyncio.run(_heard(Backend(), seconds)):
        signal = "connected" if sensor.rssi_dbm is None else f"{sensor.rssi_dbm} dBm"
        print(f"{sensor.name}  {sensor.family.model}  {signal}  {sensor.address}")


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


async def run_hub(
    plan: Plan, sensors: Mapping[Placement, Found], radio: Radio, stop: asyncio.Event
) -> None:
    """Record from sensors that were found, and print where it goes and what was found in it."""
    started_s, started_at = radio.now(), datetime.now(UTC)

    def clock() -> float:
        return radio.now() - started_s

    sources = [
        BleSource(sensor, placement, clock=clock, backend=radio.backend, rate_hz=radio.rate_hz)
        for placement, sensor in sensors.items()
    ]
    header = begin(plan, [info for source in sources for info in source.infos], started_at)
    worn = ", ".join(f"{placement} ({sensor.name})" for placement, sensor in sensors.items())
    print(f"Recording {worn} into {plan.folder / header.id}; Ctrl-C ends it", flush=True)
    if header.resumes is not None:
        print(f"It continues {header.resumes}, which was cut off", flush=True)
    result = await Hub(sources, header, plan, clock).run(stop)
    print(summary(result.session))


async def _record(plan: Plan, worn: Sequence[Worn], rate_hz: float) -> None:
    backend = Backend()
    found = await _heard(backend, SCAN_S)
    with stopping_on_signals() as stop:
        await run_hub(plan, assigned(worn, found), Radio(backend, rate_hz), stop)


async def _heard(backend: Backend, seconds: float) -> list[Found]:
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


def _is_called(sensor: Found, name: str) -> bool:
    return name.casefold() in (sensor.name.casefold(), sensor.address.casefold())
