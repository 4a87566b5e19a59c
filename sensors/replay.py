"""A recording played again through the interface of a live sensor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from sensors.recording import Recording
from sensors.types import Chunk, StreamInfo


class ReplaySource:
    """Gives the chunks of a recording when their last sample was taken, as a sensor would.

    `speed` 1 is real time, 10 ten times that, infinity as fast as they are read. `chunk_s` is the
    length of a chunk, by which a sensor's notifications lag.
    """

    def __init__(self, recording: Recording, *, speed: float = 1.0, chunk_s: float = 0.1) -> None:
        if not speed > 0:
            raise ValueError(f"speed is {speed}; it must be above zero")
        self._recording = recording
        self._speed = speed
        self._chunk_s = chunk_s

    @property
    def infos(self) -> tuple[StreamInfo, ...]:
        """The recording's streams."""
        return self._recording.header.streams

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        clock = asyncio.get_running_loop()
        started = clock.time()
        for chunk in self._recording.chunks(self._chunk_s):
            due = started + float(chunk.t_s[-1]) / self._speed
            await asyncio.sleep(max(0.0, due - clock.time()))
            yield chunk
