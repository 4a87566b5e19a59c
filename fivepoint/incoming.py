"""Chunks of sources that are there from the start or turn up later, in order of arrival."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable

from sensors.source import Source, opened
from sensors.types import Chunk

MOST_WAITING_CHUNKS = 1024
"""Chunks that wait for the next beat; a source that is faster than that is held up."""

LET_GO_S = 8.0
"""A source that goes on for so long is told again: libraries below may drop a cancellation."""


class Incoming:
    """Reads sources in tasks of the running loop, until they end or `close` lets them go.

    The first error of one is kept in `failure`; then nothing more is to be expected.
    """

    def __init__(self) -> None:
        self.sources: list[Source] = []
        self.failure: Exception | None = None
        self._arrived: asyncio.Queue[Chunk] = asyncio.Queue(MOST_WAITING_CHUNKS)
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, source: Source) -> None:
        """Read this source too."""
        self.sources.append(source)
        self._tasks.append(asyncio.create_task(self._read(source)))

    def add_later(self, joining: AsyncIterable[Source]) -> None:
        """Read each of these as soon as it comes."""
        self._tasks.append(asyncio.create_task(self._join(joining)))

    def taken(self) -> list[Chunk]:
        """What has come since this was last asked."""
        return [self._arrived.get_nowait() for _ in range(self._arrived.qsize())]

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        done = self.failure is not None or all(task.done() for task in self._tasks)
        return done and self._arrived.empty()

    async def close(self) -> None:
        """Let all sources go; what came before can still be taken."""
        left = set(self._tasks)
        while left:
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=LET_GO_S)

    async def _read(self, source: Source) -> None:
        try:
            async with opened(source) as chunks:
                async for chunk in chunks:
                    await self._arrived.put(chunk)
        except Exception as error:
            self.failure = self.failure or error

    async def _join(self, joining: AsyncIterable[Source]) -> None:
        try:
            async for source in joining:
                self.add(source)
        except Exception as error:
            self.failure = self.failure or error
