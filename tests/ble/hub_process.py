"""A hub in a process of its own, to be killed: it records virtual sensors that are elsewhere.

Its arguments are the folder of recordings, then port, start and speed of the air, then the address
of each sensor. Like a hub that knows its sensors, it also waits for those that are not heard.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from fivepoint.hub import Plan, stopping_on_signals
from fivepoint.recorder import Radio, run_hub
from sensors.ble import Found
from sensors.devices import FAMILIES
from sensors.recording import RecordingKind
from sensors.virtual.airtime import AirTime
from sensors.virtual.radio import tuned_to
from tests.ble.air import PLACEMENTS

FAMILY = FAMILIES["movella_dot"]
"""It keeps nothing on board, so that a dropped link leaves a gap."""

RATE_HZ = 30.0


async def record(folder: Path, port: int, time: AirTime, addresses: list[str]) -> None:
    found = [Found(address, address, FAMILY) for address in addresses]
    plan = Plan(folder=folder, kind=RecordingKind.DAY)
    async with tuned_to(port) as backend:
        with stopping_on_signals() as stop:
            worn = dict(zip(PLACEMENTS, found, strict=False))
            await run_hub(plan, worn, Radio(backend, RATE_HZ, time.now), stop)


if __name__ == "__main__":
    folder, port, started_s, speed, *addresses = sys.argv[1:]
    time = AirTime(float(started_s), float(speed))
    asyncio.run(record(Path(folder), int(port), time, addresses))
