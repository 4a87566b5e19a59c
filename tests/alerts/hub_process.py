"""A hub in a process of its own, to be killed: it records a simulated fall, faster than true.

Its argument is the folder of recordings.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from fivepoint.hub import Hub, Plan, stopping_on_signals
from sensors.recording import RecordingKind, read_recording
from sensors.replay import ReplaySource

ROOT = Path(__file__).resolve().parents[2]
SPEED = 20.0


async def record(folder: Path) -> None:
    recording = read_recording(ROOT / "sample_streams" / "fall_forward")
    plan = Plan(
        folder=folder,
        kind=RecordingKind.DAY,
        calibrations=recording.header.calibrations,
        all_day=True,
    )
    with stopping_on_signals() as stop:
        await Hub(plan).run(stop, [ReplaySource(recording, speed=SPEED)])


if __name__ == "__main__":
    asyncio.run(record(Path(sys.argv[1])))
