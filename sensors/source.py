"""Where samples come from: a sensor, a replayed recording or a simulation look the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from sensors.types import Chunk, StreamInfo

_MOST_WAITING_CHUNKS = 64


class Source(Protocol):
    """Streams known beforehand, and their chunks as they come; each stream's in order of time."""

    @property
    def infos(self) -> tuple[StreamInfo, ...]:
        """The streams whose chunks will come."""
        ...

    def __aiter__(self) -> AsyncIterator[Chunk]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How a sensor is connected just now; None for what is not known.

    `lost_s` is how much of its stream is missing since its first sample.
    """

    connected: bool
    battery_percent: int | None = None
    rssi_dbm: int | None = None
    lost_s: float = 0.0


@runtime_checkable
class LinkedSource(Source, Protocol):
    """A source of one stream over a link that can be bad or break."""

    @property
    def link(self) -> Link:
        """The link as it is now."""
        ...


@asynccontextmanager
async def opened(source: Source) -> AsyncIterator[AsyncIterator[Chunk]]:
    """The chunks of a source; what it does at its end, such as to let go, is done on leaving."""
    chunks = aiter(source)
    try:
        yield chunks
    finally:
        if isinstance(chunks, AsyncGenerator):
            await chunks.aclose()


def merge(*sources: Source) -> Source:
    """All sources as one, their chunks in order of arrival.

    It ends when all have ended. An error of one is raised, and then the others are let go.
    """
    return _Merged(sources)


class _Merged:
    def __init__(self, sources: tuple[Source, ...]) -> None:
        self._sources = sources

    @property
    def infos(self) -> tuple[StreamInfo, ...]:
        return tuple(info for source in self._sources for info in source.infos)

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        arrivals: asyncio.Queue[Chunk | Exception | None] = asyncio.Queue(_MOST_WAITING_CHUNKS)
        tasks = [asyncio.create_task(_pump(source, arrivals)) for source in self._sources]
        running = len(tasks)
        try:
            while running:
                arrival = await arrivals.get()
                if isinstance(arrival, Exception):
                    raise arrival
                if arrival is None:
                    running -= 1
                else:
                    yield arrival
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _pump(source: Source, arrivals: asyncio.Queue[Chunk | Exception | None]) -> None:
    try:
        async with opened(source) as chunks:
            async for chunk in chunks:
                await arrivals.put(chunk)
    except Exception as error:
        await arrivals.put(error)
    else:
        await arrivals.put(None)
