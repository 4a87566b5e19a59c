"""Virtual sensors for listeners in other processes of this machine, over HCI on a loopback port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from bumble.controller import Controller
from bumble.transport.common import StreamPacketSink, StreamPacketSource

from sensors.virtual.air import Air


@asynccontextmanager
async def served(air: Air) -> AsyncIterator[int]:
    """The port, on the loopback address, where listeners reach the sensors on the air.

    Each listener brings its host and is given a controller of its own. When it goes, however
    that comes about, the controller goes with it, and the sensors are free for the next.
    """
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Listener(air), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


class _Listener(StreamPacketSource):
    def __init__(self, air: Air) -> None:
        super().__init__()
        self._air = air
        self._controller: Controller | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._controller = self._air.controller("listener")
        self._controller.host = StreamPacketSink(cast(asyncio.WriteTransport, transport))
        self.set_packet_sink(self._controller)

    def connection_lost(self, error: Exception | None) -> None:
        if self._controller is not None:
            self._air.remove(self._controller)
