"""Recording from virtual sensors: the live product without hardware.

The sensors are a process of their own, so that the hub does as much as with real ones, and no more.
It imports bumble, which takes its time: import it where it is needed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from fivepoint.finding import assigned
from fivepoint.hub import Plan, stopping_on_signals
from fivepoint.options import Worn
from fivepoint.performance import (
    Performance,
    PerformanceError,
    Played,
    Ready,
    Refused,
    Told,
)
from fivepoint.recorder import Guiding, Radio, run_guide, run_hub
from sensors.ble import Found, scan
from sensors.errors import FivepointError
from sensors.recording import RecordingKind
from sensors.recording.manifest import calibration_from_json
from sensors.types import Calibration, Placement
from sensors.virtual.radio import tuned_to

_Run = Callable[[Mapping[Placement, Found], Radio, asyncio.Event], Awaitable[None]]

_SCAN_S = 0.3
_LAST_PACKETS_S = 0.5


@dataclass(frozen=True, slots=True)
class VirtualSensors:
    """Virtual sensors that were found, and what they play."""

    radio: Radio
    worn: Mapping[Placement, Found]
    kind: RecordingKind
    calibrations: tuple[Calibration, ...]
    process: Process

    async def played(self) -> None:
        """Wait until they have played it all, and what they sent last has come."""
        await _told(self.process)
        await asyncio.sleep(_LAST_PACKETS_S)


@asynccontextmanager
async def virtual_sensors(
    performance: Performance, rate_hz: float
) -> AsyncIterator[VirtualSensors]:
    """Virtual sensors that begin to play when all of them stream; they end on leaving.

    They are a process of their own, which ends when this one does, however that comes about.
    Raises PerformanceError for an unknown scenario or family.
    """
    async with _player(performance) as process:
        ready = await _told(process)
        if isinstance(ready, Refused):
            raise PerformanceError(ready.reason)
        if not isinstance(ready, Ready):
            raise FivepointError(
                "The virtual sensors ended before they began, so nothing was recorded; read the "
                "message above."
            )
        async with tuned_to(ready.port) as backend:
            worn = [Worn(placement, address) for placement, address in ready.worn.items()]
            yield VirtualSensors(
                Radio(backend, rate_hz, ready.time.now),
                assigned(worn, await scan(_SCAN_S, backend=backend)),
                ready.kind,
                tuple(map(calibration_from_json, ready.calibrations)),
                process,
            )


def record_virtual(plan: Plan, performance: Performance, rate_hz: float) -> None:
    """Record until the scenario is over, the planned duration is, or somebody stops it.

    The kind and the calibrations of the recording are those of the scenario. Raises what
    `virtual_sensors` and `Hub.run` raise.
    """
    asyncio.run(_record(plan, performance, rate_hz))


def calibrate_virtual(performance: Performance, rate_hz: float, to: Guiding) -> None:
    """Guide virtual sensors through what they play anyway, and write their calibration.

    Raises CalibrationError if they do not play the poses, and what `record_virtual` raises.
    """
    with TemporaryDirectory(prefix="fivepoint-") as folder:
        plan = Plan(folder=Path(folder), kind=RecordingKind.CALIBRATION)
        asyncio.run(_calibrate(plan, performance, rate_hz, to))


async def _record(plan: Plan, performance: Performance, rate_hz: float) -> None:
    async with virtual_sensors(performance, rate_hz) as sensors:
        plan = replace(plan, kind=sensors.kind, calibrations=sensors.calibrations, virtual=True)
        await _until_played(sensors, partial(run_hub, plan))


async def _calibrate(plan: Plan, performance: Performance, rate_hz: float, to: Guiding) -> None:
    async with virtual_sensors(performance, rate_hz) as sensors:
        await _until_played(sensors, partial(run_guide, plan, to=to))


async def _until_played(sensors: VirtualSensors, run: _Run) -> None:
    with stopping_on_signals() as stop:
        ending = asyncio.create_task(sensors.played())
        ending.add_done_callback(lambda _: stop.set())
        await run(sensors.worn, sensors.radio, stop)
        ending.cancel()


@asynccontextmanager
async def _player(performance: Performance) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "fivepoint.player", msgspec.json.encode(performance).decode()),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=PIPE,
        stdout=PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def _told(process: Process) -> Told:
    """What the sensors tell next; that they ended is like having played it all."""
    assert process.stdout is not None
    line = await process.stdout.readline()
    return msgspec.json.decode(line, type=Told) if line else Played()
