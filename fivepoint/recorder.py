"""Recording from Bluetooth sensors: from finding them to the finished recording."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from analytics.calibration import CalibrationError, calibrate
from fivepoint.doctor import why_no_bluetooth
from fivepoint.guide import Guide, GuidedSource
from fivepoint.hub import Hub, Plan, begin, stopping_on_signals
from fivepoint.live import LIVE_NAME, read_live, status_line
from fivepoint.options import Worn
from fivepoint.output import summary
from fivepoint.poses import told
from sensors.ble import Backend, BleSource, BluetoothError, Found, scan
from sensors.errors import FivepointError
from sensors.recording import RecordingKind, write_calibrations
from sensors.source import merge
from sensors.types import Placement

SCAN_S = 8.0
"""How long to listen: sensors advertise about once a second, and not every call is heard."""


@dataclass(frozen=True, slots=True)
class Radio:
    """How sensors are reached: over which Bluetooth, at which rate, by which clock in seconds."""

    backend: Backend
    rate_hz: float
    now: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Guiding:
    """Where a guided calibration goes, and whether the hips are to be lifted for it."""

    file: Path
    lift: bool


def record(plan: Plan, worn: Sequence[Worn], rate_hz: float) -> None:
    """Record from sensors until the planned duration is over or somebody stops it.

    Raises FivepointError if a sensor is not there, and what `Hub.run` raises.
    """
    asyncio.run(_record(plan, worn, rate_hz))


def calibrate_live(folder: Path, worn: Sequence[Worn], rate_hz: float, to: Guiding) -> None:
    """Guide through the poses of a calibration and write what they show.

    The poses are recorded into a folder of recordings.

    Raises CalibrationError if a pose is not taken, FivepointError if a sensor is not there, and
    what `Hub.run` raises.
    """
    plan = Plan(folder=folder, kind=RecordingKind.CALIBRATION)
    asyncio.run(_calibrate(plan, worn, rate_hz, to))


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
    begun = _Begun(plan, sensors, radio)
    worn = ", ".join(f"{placement} ({sensor.name})" for placement, sensor in sensors.items())
    print(f"Recording {worn} into {plan.folder / begun.header.id}; Ctrl-C ends it", flush=True)
    if begun.header.resumes is not None:
        print(f"It continues {begun.header.resumes}, which was cut off", flush=True)
    showing = asyncio.create_task(_show(plan.folder / LIVE_NAME, begun.header.id))
    try:
        result = await Hub(begun.sources, begun.header, plan, begun.clock).run(stop)
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
    print(summary(result.session))


async def run_guide(
    plan: Plan, sensors: Mapping[Placement, Found], radio: Radio, stop: asyncio.Event, to: Guiding
) -> None:
    """Guide somebody who wears the sensors through the poses, and write their calibration."""
    begun = _Begun(plan, sensors, radio)
    guide = Guide(sensors, lambda text: print(text, flush=True), lift=to.lift)
    guided = GuidedSource(merge(*begun.sources), guide)
    result = await Hub([guided], begun.header, plan, begun.clock).run(stop)
    if guide.still is None or not guide.done:
        raise CalibrationError(
            "It was stopped before all poses were seen, so nothing was calibrated; start again"
        )
    calibrations = calibrate(
        begun.header.streams,
        result.recording.chunks(),
        still=guide.still,
        lying=guide.lying,
        bend=guide.lift,
        made_from=begun.header.id,
    )
    write_calibrations(to.file, calibrations)
    print(told(to.file, calibrations))


async def _show(live_path: Path, recording_id: str) -> None:
    """Show the live state on standard error once a second, where somebody can see it."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return
    with console.status("Connecting") as status:
        while True:
            await asyncio.sleep(1.0)
            state = read_live(live_path)
            if state is not None and state.recording_id == recording_id:
                status.update(status_line(state))


class _Begun:
    """Sources of one recording that begins now, its header, and its clock from 0."""

    def __init__(self, plan: Plan, sensors: Mapping[Placement, Found], radio: Radio) -> None:
        self._radio = radio
        self._started_s, started_at = radio.now(), datetime.now(UTC)
        self.sources = [
            BleSource(sensor, place, clock=self.clock, backend=radio.backend, rate_hz=radio.rate_hz)
            for place, sensor in sensors.items()
        ]
        infos = [info for source in self.sources for info in source.infos]
        self.header = begin(plan, infos, started_at)

    def clock(self) -> float:
        return self._radio.now() - self._started_s


async def _found(worn: Sequence[Worn], backend: Backend) -> dict[Placement, Found]:
    return assigned(worn, await _heard(backend, SCAN_S))


async def _record(plan: Plan, worn: Sequence[Worn], rate_hz: float) -> None:
    backend = Backend()
    sensors = await _found(worn, backend)
    with stopping_on_signals() as stop:
        await run_hub(plan, sensors, Radio(backend, rate_hz), stop)


async def _calibrate(plan: Plan, worn: Sequence[Worn], rate_hz: float, to: Guiding) -> None:
    backend = Backend()
    sensors = await _found(worn, backend)
    with stopping_on_signals() as stop:
        await run_guide(plan, sensors, Radio(backend, rate_hz), stop, to)


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
