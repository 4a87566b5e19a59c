"""The process of virtual sensors, which `fivepoint.virtual` starts: `python -m fivepoint.player`.

It takes a performance as JSON, tells on standard output when its sensors can be found and when they
have played it all, and ends with whoever holds the other end of its standard input.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from fivepoint.performance import Performance, Played, Ready, Refused, Told
from fivepoint.simulated import calibrated_simulation
from sensors.devices import FAMILIES
from sensors.devices.family import Family
from sensors.errors import FivepointError
from sensors.recording import RecordingKind, read_recording
from sensors.recording.manifest import calibration_to_json
from sensors.simulator import SCENARIOS
from sensors.types import Calibration, Chunk
from sensors.virtual.air import Air
from sensors.virtual.device import VirtualDevice
from sensors.virtual.motion import motions
from sensors.virtual.serving import served


def main(performance: Performance) -> None:
    """Play until the parent is gone."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then stops us
    try:
        scene = _scene(performance.scenario)
        devices = _devices(performance, scene)
    except FivepointError as error:
        _tell(Refused(str(error)))
        return
    asyncio.run(_play(Air(devices, speed=performance.speed), devices, scene))


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


def _devices(performance: Performance, scene: _Scene) -> list[VirtualDevice]:
    family = _family(performance.family)
    return [
        VirtualDevice(
            family, motion, address=f"C0:FF:EE:00:00:{number:02X}", faults=performance.faults
        )
        for number, motion in enumerate(motions(scene.chunks).values(), start=1)
    ]


def _family(name: str) -> Family:
    if name not in FAMILIES:
        raise FivepointError(
            f"There is no family {name!r} of sensors, so nothing was recorded; choose one of: "
            f"{', '.join(FAMILIES)}."
        )
    return FAMILIES[name]


async def _play(air: Air, devices: list[VirtualDevice], scene: _Scene) -> None:
    async with air, served(air) as port:
        ready = Ready(
            port,
            air.time,
            {device.motion.placement: device.address for device in devices},
            scene.kind,
            tuple(map(calibration_to_json, scene.calibrations)),
        )
        _tell(ready)
        await air.played()
        _tell(Played())
        await asyncio.Event().wait()


def _tell(told: Told) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(0)


if __name__ == "__main__":
    main(msgspec.json.decode(sys.argv[1], type=Performance))
