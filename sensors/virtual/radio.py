"""The radio that bleak uses in place of the computer's, to hear virtual sensors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from bumble.device import Device
from bumble.hci import Address
from bumble.host import Host
from bumble.transport.tcp_client import open_tcp_client_transport

from sensors.ble import Backend
from sensors.virtual.air import Air
from sensors.virtual.backend import BumbleClient, adapter_on, scanner_on

_CENTRAL_ADDRESS = "C0:FF:EE:00:00:00"


class VirtualRadio(Air):
    """Virtual sensors, and the radio that hears them, in one process and in `async with`."""

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.backend = await _radio(self.host("central"))
        """What bleak needs to use this radio."""
        return self


@asynccontextmanager
async def tuned_to(port: int) -> AsyncIterator[Backend]:
    """What bleak needs to hear the sensors that another process serves at a port of this machine.

    Raises OSError if none are served there.
    """
    async with await open_tcp_client_transport(f"127.0.0.1:{port}") as (source, sink):
        yield await _radio(Host(source, sink))


async def _radio(host: Host) -> Backend:
    central = Device(name="Fivepoint", address=Address(_CENTRAL_ADDRESS), host=host)
    await central.power_on()
    return Backend(scanner_on(central), BumbleClient, adapter_on(central))
