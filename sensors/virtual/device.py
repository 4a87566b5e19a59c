"""A virtual sensor on the air: a family's peripheral behind a GATT server of bumble."""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from collections.abc import Coroutine
from typing import Any, Protocol

import numpy as np
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.hci import HCI_CONNECTION_TIMEOUT_ERROR, Address
from bumble.host import Host

from sensors.devices.family import Characteristic as ProfileCharacteristic
from sensors.devices.family import (
    Family,
    KeepingPeripheral,
    Notification,
    Profile,
    Samples,
    Settings,
)
from sensors.types import FloatArray
from sensors.virtual.faults import Faults
from sensors.virtual.motion import Motion

_BLOCK_S = 0.04
_ADVERTISING_INTERVAL_MS = 20.0


class World(Protocol):
    """Time, and how far the motion has come that all sensors feel together."""

    def now(self) -> float:
        """Seconds since the world began."""
        ...

    async def sleep_until(self, at_s: float) -> None:
        """Sleep until then; not at all if it is past."""
        ...

    def motion_s(self, at_s: FloatArray) -> FloatArray:
        """How far the motion is at those times; negative before it starts."""
        ...

    def on_streaming(self) -> None:
        """One more sensor streams for the first time."""
        ...


class VirtualDevice:
    """One virtual sensor, which a scanner finds and a client connects to.

    `counter_start_s` is how long it has been on, which its counter shows from the start.
    """

    def __init__(
        self,
        family: Family,
        motion: Motion,
        *,
        address: str,
        faults: Faults | None = None,
        counter_start_s: float = 1000.0,
    ) -> None:
        self._serial = address.replace(":", "")[-8:]
        self.address = address
        self.motion = motion
        self.peripheral = family.peripheral(self._serial)
        self._family = family
        self.faults = faults or Faults()
        self.counter_start_s = counter_start_s
        self._chance = random.Random(self._serial)
        self._served: dict[str, Characteristic[bytes]] = {}
        self._outbox: deque[tuple[float, Notification]] = deque()
        self._posted = asyncio.Event()
        self._connection: Connection | None = None
        self._listened_to = False
        self._streaming: Settings | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._has_streamed = False
        self._charge_percent = 100.0
        self._on = False
        self._away_until_s = 0.0
        self._changing = asyncio.Lock()

    @property
    def connected(self) -> bool:
        """Whether a client is connected."""
        return self._connection is not None

    @property
    def streaming(self) -> bool:
        """Whether it was started and not stopped since."""
        return self.peripheral.settings is not None

    async def power_on(self, world: World, host: Host) -> None:
        """Serve and advertise."""
        self._world = world
        self._charge_percent = float(self.peripheral.battery_percent)
        profile = self.peripheral.profile
        config = DeviceConfiguration(
            name=profile.name, address=Address(self.address), advertising_data=_advertising(profile)
        )
        self._device = Device(config=config, host=host)
        self._device.on(Device.EVENT_CONNECTION, self._on_connection)
        for service in profile.services:
            served = [self._serve(characteristic) for characteristic in service.characteristics]
            self._device.add_service(Service(UUID(service.uuid), served))
        await self._device.power_on()
        self._on = True
        self._start("send", self._send())
        await self._advertise()

    async def power_off(self) -> None:
        """Fall silent for good; a client sees the link time out."""
        async with self._changing:  # a command to the controller that is cut short would jam it
            self._on = False
            for name in list(self._tasks):
                self._stop(name)
            await self._device.stop_advertising()
        await self._disconnect()

    async def drop(self, away_s: float) -> None:
        """Lose the link, if there is one, and be found again `away_s` seconds later."""
        self._away_until_s = self._world.now() + away_s
        await self._disconnect()

    async def restart(self, away_s: float) -> None:
        """Lose the link, all that it was told and what its counter showed; the battery stays."""
        await self.drop(away_s)
        self._stop("stream")
        self._streaming = None
        self.peripheral = self._family.peripheral(self._serial)
        self.counter_start_s = -self._world.now()

    def _serve(self, wanted: ProfileCharacteristic) -> Characteristic[bytes]:
        uuid = wanted.uuid

        def read(connection: Connection) -> bytes:
            return self.peripheral.read(uuid)

        def write(connection: Connection, data: bytes) -> None:
            self._written(uuid, bytes(data))

        properties = ",".join(name.upper().replace("-", "_") for name in wanted.properties)
        characteristic = Characteristic[bytes](
            UUID(uuid),
            Characteristic.Properties.from_string(properties),
            Characteristic.READABLE | Characteristic.WRITEABLE,
            CharacteristicValue(read=read, write=write),
        )
        characteristic.on(Characteristic.EVENT_SUBSCRIPTION, self._on_subscription)
        self._served[uuid] = characteristic
        return characteristic

    def _written(self, uuid: str, data: bytes) -> None:
        for answer in self.peripheral.write(uuid, data):
            self._post(0.0, answer)
        if self.peripheral.settings == self._streaming:
            return
        self._streaming = self.peripheral.settings
        self._stop("stream")
        if self._streaming is not None:
            self._start("stream", self._stream(self._streaming))
            if not self._has_streamed:
                self._has_streamed = True
                self._world.on_streaming()

    async def _stream(self, settings: Settings) -> None:
        """Feel, encode and send block after block, by the sensor's own clock."""
        size = max(1, round(settings.rate_hz * _BLOCK_S))
        interval_s = 1 / settings.rate_hz / (1 + self.faults.drift_ppm * 1e-6)
        first_s = self._world.now()
        taken = 0
        while True:
            counted = np.arange(taken, taken + size, dtype=np.float64)
            at_s: FloatArray = first_s + counted * interval_s
            await self._world.sleep_until(float(at_s[-1]))
            self._measured(self._felt(at_s, settings))
            taken += size
            await self._suffer(taken * interval_s, size * interval_s)

    def _measured(self, samples: Samples) -> None:
        if isinstance(self.peripheral, KeepingPeripheral) and not self._listened_to:
            self.peripheral.keep(samples)
            return
        for notification in self.peripheral.stream(samples):
            self._put(notification)

    def _felt(self, at_s: FloatArray, settings: Settings) -> Samples:
        motion_s = self._world.motion_s(at_s)
        gyro = None if settings.gyro_range_dps is None else self.motion.gyro(motion_s)
        ticks = self._ticks(float(at_s[0]))
        return Samples(self.motion.acc(motion_s), gyro, ticks, 1 / settings.rate_hz)

    def _ticks(self, at_s: float) -> int | None:
        if self._family.tick_hz is None or self._family.tick_modulus is None:
            return None
        device_s = at_s * (1 + self.faults.drift_ppm * 1e-6) + self.counter_start_s
        return round(device_s * self._family.tick_hz) % self._family.tick_modulus

    async def _suffer(self, streamed_s: float, block_s: float) -> None:
        """Whatever befalls the sensor in a block that ends `streamed_s` into the stream."""
        self._charge_percent -= self.faults.battery_percent_per_hour * block_s / 3600
        self.peripheral.battery_percent = max(0, math.ceil(self._charge_percent))
        if self._charge_percent <= 0:
            self._start("off", self.power_off())
        every_s = self.faults.drop_every_s
        if every_s is not None and streamed_s // every_s > (streamed_s - block_s) // every_s:
            await self.drop(self.faults.away_s)

    def _put(self, notification: Notification) -> None:
        if self._chance.random() < self.faults.loss:
            return
        delay_s = self._chance.random() * self.faults.jitter_s
        self._post(self._world.now() + delay_s, notification)

    def _post(self, due_s: float, notification: Notification) -> None:
        self._outbox.append((due_s, notification))
        self._posted.set()

    async def _send(self) -> None:
        """Send what is posted, in order; what is posted when the link breaks is not sent."""
        while True:
            await self._posted.wait()
            if not self._outbox:
                continue
            due_s, notification = first = self._outbox[0]
            await self._world.sleep_until(due_s)
            if not self._outbox or self._outbox[0] is not first:
                continue
            self._outbox.popleft()
            if not self._outbox:
                self._posted.clear()
            characteristic = self._served[notification.characteristic]
            if characteristic.properties & Characteristic.Properties.NOTIFY:
                await self._device.notify_subscribers(characteristic, notification.data)
            else:
                await self._device.indicate_subscribers(characteristic, notification.data)

    def _on_connection(self, connection: Connection) -> None:
        self._connection = connection
        connection.on(Connection.EVENT_DISCONNECTION, self._on_disconnection)

    def _on_subscription(self, connection: Connection, notify: bool, indicate: bool) -> None:
        self._listened_to = notify or indicate

    def _on_disconnection(self, reason: int) -> None:
        self._connection = None
        self._listened_to = False
        unsent = [notification for _, notification in self._outbox]
        self._outbox.clear()
        self._posted.clear()
        if isinstance(self.peripheral, KeepingPeripheral):
            self.peripheral.unsent(unsent)
        if self._on:
            self._start("return", self._return())

    async def _disconnect(self) -> None:
        if self._connection is not None:
            await self._connection.disconnect(HCI_CONNECTION_TIMEOUT_ERROR)

    async def _return(self) -> None:
        await self._world.sleep_until(self._away_until_s)
        async with self._changing:
            if self._on:
                await self._advertise()

    async def _advertise(self) -> None:
        await self._device.start_advertising(
            advertising_interval_min=_ADVERTISING_INTERVAL_MS,
            advertising_interval_max=_ADVERTISING_INTERVAL_MS,
        )

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self._stop(name)
        self._tasks[name] = asyncio.create_task(work)

    def _stop(self, name: str) -> None:
        task = self._tasks.pop(name, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()


def _advertising(profile: Profile) -> bytes:
    """The name and the short services; what does not fit, real sensors leave out as well."""
    kind = AdvertisingData.Type
    parts = [(kind.COMPLETE_LOCAL_NAME, profile.name.encode())]
    uuids = [UUID(uuid) for uuid in profile.advertised_uuids]
    short = b"".join(uuid.to_bytes() for uuid in uuids if len(uuid.to_bytes()) == 2)
    if short:
        parts.append((kind.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, short))
    long = b"".join(uuid.to_bytes() for uuid in uuids if len(uuid.to_bytes()) == 16)
    if long:
        parts.append((kind.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS, long))
    return bytes(AdvertisingData(parts))
