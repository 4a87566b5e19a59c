"""A radio with virtual sensors in its reach, for bleak to use in place of the computer's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from bumble.controller import Controller
from bumble.device import Device
from bumble.hci import Address
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink

from sensors.ble import Backend
from sensors.types import FloatArray
from sensors.virtual.backend import BumbleClient, adapter_on, scanner_on
from sensors.virtual.device import VirtualDevice

_CENTRAL_ADDRESS = "C0:FF:EE:00:00:00"


class VirtualRadio:
    """Virtual sensors and the radio that hears them; use it in `async with`.

    The motion that the sensors feel begins when every one of them streams, so that nothing of it
    is missed; before, they feel its first moment. `speed` makes time pass faster for the sensors:
    give their sources `now` as the clock.
    """

    def __init__(self, devices: Sequence[VirtualDevice], *, speed: float = 1.0) -> None:
        self._devices = tuple(devices)
        self._speed = speed
        self._link = LocalLink()  # type: ignore[no-untyped-call]
        self._waiting = len(self._devices)
        self._began_s: float | None = None
        self._motion_s = max((device.motion.duration_s for device in devices), default=0.0)
        self._started_s = 0.0

    async def __aenter__(self) -> Self:
        self._started_s = asyncio.get_running_loop().time()
        self._central = Device(
            name="Fivepoint", address=Address(_CENTRAL_ADDRESS), host=self._host("central")
        )
        await self._central.power_on()
        for device in self._devices:
            await device.power_on(self, self._host(device.address))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for device in self._devices:
            await device.power_off()

    @property
    def backend(self) -> Backend:
        """What bleak needs to use this radio."""
        return Backend(scanner_on(self._central), BumbleClient, adapter_on(self._central))

    @property
    def began_s(self) -> float | None:
        """When the motion began, by `now`; None if it has not."""
        return self._began_s

    async def played(self) -> None:
        """Wait until the motion is over."""
        while self._began_s is None or self.now() < self._began_s + self._motion_s:
            await asyncio.sleep(0.05)

    def now(self) -> float:
        """Seconds since the radio was switched on."""
        return (asyncio.get_running_loop().time() - self._started_s) * self._speed

    async def sleep_until(self, at_s: float) -> None:
        """Sleep until `now` is `at_s`; not at all if it is past."""
        wait_s = (at_s - self.now()) / self._speed
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    def motion_s(self, at_s: FloatArray) -> FloatArray:
        """How far the motion is at those times; negative before it starts."""
        return at_s - (float(at_s[-1]) + 1.0 if self._began_s is None else self._began_s)

    def on_streaming(self) -> None:
        """One more sensor streams for the first time; with the last, the motion begins."""
        self._waiting -= 1
        if self._waiting == 0:
            self._began_s = self.now()

    def _host(self, name: str) -> Host:
        controller = Controller(name, link=self._link)
        return Host(controller, AsyncPipeSink(controller))
