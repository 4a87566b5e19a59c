"""Virtual sensors on the air, and the time that they and their listeners share."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from bumble.controller import Controller
from bumble.hci import HCI_CONNECTION_TIMEOUT_ERROR
from bumble.host import Host
from bumble.link import LocalLink
from bumble.ll import TerminateInd
from bumble.transport.common import AsyncPipeSink

from sensors.types import FloatArray
from sensors.virtual.airtime import AirTime
from sensors.virtual.device import VirtualDevice


class Air:
    """Virtual sensors that are on while in `async with`, and those who listen to them.

    The motion that the sensors feel begins when every one of them streams, so that nothing of it
    is missed; before, they feel its first moment. `speed` makes time pass faster for the sensors:
    give their sources `time.now` as the clock.
    """

    def __init__(self, devices: Sequence[VirtualDevice], *, speed: float = 1.0) -> None:
        self.time = AirTime(0.0, speed)
        self._devices = tuple(devices)
        self._link = LocalLink()  # type: ignore[no-untyped-call]
        self._waiting = len(self._devices)
        self._began_s: float | None = None
        self._motion_s = max((device.motion.duration_s for device in devices), default=0.0)

    async def __aenter__(self) -> Self:
        self.time = AirTime(asyncio.get_running_loop().time(), self.time.speed)
        for device in self._devices:
            await device.power_on(self, self.host(device.address))
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
    def began_s(self) -> float | None:
        """When the motion began, by `now`; None if it has not."""
        return self._began_s

    async def played(self) -> None:
        """Wait until the motion is over."""
        while self._began_s is None or self.now() < self._began_s + self._motion_s:
            await asyncio.sleep(0.05)

    def now(self) -> float:
        """Seconds since the sensors were switched on."""
        return self.time.now()

    async def sleep_until(self, at_s: float) -> None:
        """Sleep until `now` is `at_s`; not at all if it is past."""
        await self.time.sleep_until(at_s)

    def motion_s(self, at_s: FloatArray) -> FloatArray:
        """How far the motion is at those times; negative before it starts."""
        return at_s - (float(at_s[-1]) + 1.0 if self._began_s is None else self._began_s)

    def on_streaming(self) -> None:
        """One more sensor streams for the first time; with the last, the motion begins."""
        self._waiting -= 1
        if self._waiting == 0:
            self._began_s = self.now()

    def host(self, name: str) -> Host:
        """The host of a Bluetooth controller on this air, in this process."""
        controller = self.controller(name)
        return Host(controller, AsyncPipeSink(controller))

    def controller(self, name: str) -> Controller:
        """A Bluetooth controller on this air, which has no host yet."""
        return Controller(name, link=self._link)

    def remove(self, controller: Controller) -> None:
        """Unplug a controller: those that it is connected to see the link time out."""
        for connection in controller.le_connections.values():
            connection.send_ll_control_pdu(TerminateInd(HCI_CONNECTION_TIMEOUT_ERROR))
        controller.host = None
        self._link.remove_controller(controller)
