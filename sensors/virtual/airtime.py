"""Time on the virtual air, which may pass faster than true time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AirTime:
    """Time that runs `speed` times as fast as true time, from `started_s` on.

    `started_s` is by the clock of event loops, `time.monotonic`, which all processes share.
    """

    started_s: float
    speed: float

    def now(self) -> float:
        """Seconds since the start."""
        return (asyncio.get_running_loop().time() - self.started_s) * self.speed

    async def sleep_until(self, at_s: float) -> None:
        """Sleep until `now` is `at_s`; not at all if it is past."""
        wait_s = (at_s - self.now()) / self.speed
        if wait_s > 0:
            await asyncio.sleep(wait_s)
