"""Recording from virtual sensors: the live product without hardware.

It imports bumble, which takes its time: import it where it is needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from fivepoint.finding import assigned
from fivepoint.hub import Plan, stopping_on_signals
from fivepoint.options import Worn
from fivepoint.recorder import Guiding, Radio, run_guide, run_hub
from fivepoint.simulated import calibrated_simulation
from sensors.ble import Found, scan
from sensors.devices import FAMILIES
from sensors.devices.family import Family
from sensors.errors import FivepointError
from sensors.recording import RecordingKind, read_recording
from sensors.simulator import SCENARIOS
from sensors.types import Calibration, Chunk, Placement
from sensors.virtual import Faults, VirtualDevice, VirtualRadio, motions

_Run = Callable[[Mapping[Placement, Found], Radio, asyncio.Event], Awaitable[None]]

_SCAN_S = 0.3
_LAST_PACKETS_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """What virtual sensors of a family play, a scenario or a recording, and how well.

    `speed` above 1 suits families with a clock of their own only: the others are timed by when
    their packets arrive.
    """

    scenario: str
    family: str
    speed: float = 1.0
    faults: Faults | None = None


def read_faults(text: str) -> Faults:
    """Read faults from "loss=0.01,drop_every_s=30"; FivepointError says which there are."""
    parts = [part.split("=", 1) for part in text.split(",") if part]
    names = [field.name for field in fields(Faults)]
    try:
        return Faults(**{names[names.index(name.strip())]: float(value) for name, value in parts})
    except ValueError as error:
        raise FivepointError(
            f"'{text}' does not name faults, so nothing was recorded; write them as "
            f"loss=0.01,drop_every_s=30, choosing from: {', '.join(names)}."
        ) from error


def record_virtual(plan: Plan, performance: Performance, rate_hz: float) -> None:
    """Record until the scenario is over, the planned duration is, or somebody stops it.

    The kind and the calibrations of the recording are those of the scenario. Raises
    FivepointError for an unknown scenario or family, and what `Hub.run` raises.
    """
    scene = _scene(performance.scenario)
    plan = replace(plan, kind=scene.kind, calibrations=scene.calibrations)
    asyncio.run(_perform(performance, scene, rate_hz, partial(run_hub, plan)))


def calibrate_virtual(performance: Performance, rate_hz: float, to: Guiding) -> None:
    """Guide virtual sensors through what they play anyway, and write their calibration.

    Raises CalibrationError if they do not play the poses, and what `record_virtual` raises.
    """
    scene = _scene(performance.scenario)
    with TemporaryDirectory(prefix="fivepoint-") as folder:
        plan = Plan(folder=Path(folder), kind=RecordingKind.CALIBRATION)
        asyncio.run(_perform(performance, scene, rate_hz, partial(run_guide, plan, to=to)))


async def _perform(performance: Performance, scene: _Scene, rate_hz: float, run: _Run) -> None:
    family = _family(performance.family)
    devices = [
        VirtualDevice(
            family, motion, address=f"C0:FF:EE:00:00:{number:02X}", faults=performance.faults
        )
        for number, motion in enumerate(motions(scene.chunks).values(), start=1)
    ]
    async with VirtualRadio(devices, speed=performance.speed) as virtual:
        radio = Radio(virtual.backend, rate_hz, virtual.now)
        worn = [Worn(device.motion.placement, device.address) for device in devices]
        sensors = assigned(worn, await scan(_SCAN_S, backend=radio.backend))
        with stopping_on_signals() as stop:
            ending = asyncio.create_task(_stop_when_played(virtual, stop))
            await run(sensors, radio, stop)
            ending.cancel()


class _Scene(NamedTuple):
    chunks: Iterable[Chunk]
    kind: RecordingKind
    calibrations: tuple[Calibration, ...]


def _scene(name: str) -> _Scene:
    """A scenario by its name, or a recording by its folder."""
    if name not in SCENARIOS and Path(name).is_dir():
        recording = read_recording(Path(name))
        header = recording.header
        return _Scene(recording.chunks(), header.kind, header.calibrations)
    simulation, calibrations = calibrated_simulation(name)
    return _Scene(simulation.chunks(), SCENARIOS[name].kind, calibrations)


def _family(name: str) -> Family:
    if name not in FAMILIES:
        raise FivepointError(
            f"There is no family {name!r} of sensors, so nothing was recorded; choose one of: "
            f"{', '.join(FAMILIES)}."
        )
    return FAMILIES[name]


async def _stop_when_played(radio: VirtualRadio, stop: asyncio.Event) -> None:
    await radio.played()
    await asyncio.sleep(_LAST_PACKETS_S)
    stop.set()
