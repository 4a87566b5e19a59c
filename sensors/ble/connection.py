"""One connection to one sensor, which ends with an orderly stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak_retry_connector import BLEAK_RETRY_EXCEPTIONS, establish_connection

from sensors.ble.backend import Backend
from sensors.ble.scanning import Found, located
from sensors.devices.family import Family, Read, Write

_LINK_ERRORS = (*BLEAK_RETRY_EXCEPTIONS, OSError, KeyError, AssertionError)
"""What bleak lets out when a link breaks or the bus goes down while it is at work."""

_LOOK_S = 5.0
_SILENCE_S = 5.0
_ANSWER_S = 5.0
_STOP_S = 3.0


class LinkLostError(Exception):
    """The link is gone, or as good as gone, and why; it can be made again."""


class SilentError(LinkLostError):
    """The link seems to stand, but nothing comes over it."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a sensor sent, and when it arrived by the clock that was given."""

    arrival_s: float
    characteristic: str
    data: bytes


class Connection:
    """A connected sensor: what it sends arrives in order; every failure is LinkLostError."""

    def __init__(self, family: Family, clock: Callable[[], float]) -> None:
        self._family = family
        self._clock = clock
        self._arrivals: asyncio.Queue[Arrival | None] = asyncio.Queue()
        self._client: BleakClient | None = None

    async def arrival(self) -> Arrival:
        """What arrives next; LinkLostError if the link ends, also if nothing comes for 5 s."""
        with _lost_links():
            async with asyncio.timeout(_SILENCE_S):
                arrival = await self._arrivals.get()
        if arrival is None:
            raise LinkLostError("the link broke")
        return arrival

    async def ask(self, requests: Sequence[Write | Read]) -> None:
        """Write, or read what then arrives like a notification; LinkLostError without answer."""
        with _lost_links():
            for request in requests:
                async with asyncio.timeout(_ANSWER_S):
                    await self._ask(request)

    async def _ask(self, request: Write | Read) -> None:
        if isinstance(request, Write):
            await self._connected.write_gatt_char(request.characteristic, request.data, None)
        else:
            data = await self._connected.read_gatt_char(request.characteristic)
            self._arrived(request.characteristic, data)

    async def connect(self, sensor: Found, backend: Backend) -> None:
        """Connect, and subscribe to all that the family notifies."""
        with _lost_links():
            async with backend.lock:
                self._client = await establish_connection(
                    BleakClient,
                    await located(sensor, _LOOK_S, backend=backend),
                    sensor.name,
                    disconnected_callback=lambda _: self._arrivals.put_nowait(None),
                    max_attempts=2,
                    backend=backend.client,
                )
            for characteristic in self._family.notify:
                await self._connected.start_notify(characteristic, self._on_notification)

    async def let_go(self) -> None:
        """Tell the sensor to stop, if it still hears, and disconnect."""
        if self._client is None:
            return
        with suppress(LinkLostError, TimeoutError):
            async with asyncio.timeout(_STOP_S):
                if self._client.is_connected:
                    await self.ask(self._family.stop())
        with suppress(*_LINK_ERRORS):
            async with asyncio.timeout(_STOP_S):
                await self._client.disconnect()

    @property
    def _connected(self) -> BleakClient:
        if self._client is None:
            raise LinkLostError("not connected")
        return self._client

    def _on_notification(self, sender: BleakGATTCharacteristic, data: bytearray) -> None:
        self._arrived(sender.uuid, data)

    def _arrived(self, characteristic: str, data: bytearray) -> None:
        self._arrivals.put_nowait(Arrival(self._clock(), characteristic, bytes(data)))


@asynccontextmanager
async def connected(
    sensor: Found, clock: Callable[[], float], *, backend: Backend
) -> AsyncIterator[Connection]:
    """A connection to a sensor; at the end, however it comes, the sensor is told to stop."""
    connection = Connection(sensor.family, clock)
    try:
        await connection.connect(sensor, backend)
        yield connection
    finally:
        await connection.let_go()


@contextmanager
def _lost_links() -> Iterator[None]:
    """Turn whatever can go wrong on the air into LinkLostError."""
    try:
        yield
    except TimeoutError as error:
        raise SilentError("the sensor fell silent") from error
    except _LINK_ERRORS as error:
        raise LinkLostError(str(error)) from error
