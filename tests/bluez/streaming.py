"""A program that streams from the one sensor that BlueZ hears, until it is killed."""

from __future__ import annotations

import asyncio
from time import monotonic

from sensors.ble import Backend, BleSource, scan
from sensors.types import Placement


async def stream() -> None:
    """Say "streaming" with the first samples, and stream on."""
    [found] = await scan(0.3, backend=Backend())
    source = BleSource(found, Placement.WAIST, clock=monotonic, backend=Backend())
    said = False
    async for _ in source:
        if not said:
            print("streaming", flush=True)
            said = True


if __name__ == "__main__":
    asyncio.run(stream())
