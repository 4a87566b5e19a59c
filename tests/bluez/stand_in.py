"""A stand-in for BlueZ: `org.bluez` on a message bus, over a virtual radio.

It does what bleak needs of BlueZ, as BlueZ's own pages tell it (doc/org.bluez.Adapter.rst, Device,
GattService, GattCharacteristic), with the habits that clients trip over: a connection outlives the
client that made it, while discovery and notifications end with the client that asked for them;
scanning and connecting at the same time are refused; a value that is read is notified too.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from bleak import BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError
from dbus_fast import BusType, DBusError, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from sensors.ble import Backend
from tests.bluez.bus import private_system_bus
from tests.bluez.objects import OBJECT_MANAGER, Objects

ADAPTER_PATH = "/org/bluez/hci0"
_ADAPTER = "org.bluez.Adapter1"
_DEVICE = "org.bluez.Device1"
_SERVICE = "org.bluez.GattService1"
_CHARACTERISTIC = "org.bluez.GattCharacteristic1"
_CONNECT_S = 2.0
_CLIENTS_GONE = "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'"


@dataclass(frozen=True, slots=True)
class _Reply:
    signature: str = ""
    body: list[object] = field(default_factory=list)
    fds: list[int] = field(default_factory=list)


_Method = Callable[[Message], Coroutine[Any, Any, _Reply]]
_End = Callable[[], Coroutine[Any, Any, None]]


@asynccontextmanager
async def bluez(radio: Backend, *, powered: bool = True) -> AsyncIterator[StandIn]:
    """A private system bus with BlueZ on it, whose adapter is `radio`."""
    async with private_system_bus():
        bus = await MessageBus(bus_type=BusType.SYSTEM, negotiate_unix_fd=True).connect()
        stand_in = StandIn(bus, radio, powered=powered)
        await bus.call(
            Message(
                "org.freedesktop.DBus",
                "/org/freedesktop/DBus",
                "org.freedesktop.DBus",
                "AddMatch",
                signature="s",
                body=[_CLIENTS_GONE],
            )
        )
        await bus.request_name("org.bluez")
        try:
            yield stand_in
        finally:
            bus.disconnect()


class StandIn:
    """BlueZ, as far as bleak can tell. `refusals` are the errors that it answered, by name."""

    def __init__(self, bus: MessageBus, radio: Backend, *, powered: bool) -> None:
        self.refusals: list[str] = []
        self._bus = bus
        self._radio = radio
        self._objects = Objects(bus)
        self._scanner = BleakScanner(self._on_advertisement, backend=radio.scanner)
        self._heard: dict[str, BLEDevice] = {}
        self._clients: dict[str, BleakClient] = {}
        self._characteristics: dict[str, tuple[BleakClient, BleakGATTCharacteristic]] = {}
        self._sessions: dict[tuple[str, str], _End] = {}
        self._busy: str | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._methods: dict[tuple[str, str], _Method] = {
            (OBJECT_MANAGER, "GetManagedObjects"): self._managed,
            (_ADAPTER, "SetDiscoveryFilter"): self._set_filter,
            (_ADAPTER, "StartDiscovery"): self._start_discovery,
            (_ADAPTER, "StopDiscovery"): self._stop,
            (_DEVICE, "Connect"): self._connect,
            (_DEVICE, "Disconnect"): self._disconnect,
            (_CHARACTERISTIC, "ReadValue"): self._read,
            (_CHARACTERISTIC, "WriteValue"): self._write,
            (_CHARACTERISTIC, "StartNotify"): self._start_notify,
            (_CHARACTERISTIC, "StopNotify"): self._stop,
            (_CHARACTERISTIC, "AcquireNotify"): self._acquire_notify,
        }
        self._objects.add(
            ADAPTER_PATH,
            _ADAPTER,
            Address=Variant("s", "C0:FF:EE:00:00:00"),
            Powered=Variant("b", powered),
            Roles=Variant("as", ["central"]),
        )
        bus.add_message_handler(self._on_message)

    def is_connected(self, address: str) -> bool:
        """Whether BlueZ holds a connection to the sensor."""
        return bool(self._objects.value(device_path(address), "Connected"))

    def _on_message(self, message: Message) -> bool:
        if message.member == "NameOwnerChanged":
            name, _, owner = message.body
            if not owner:
                self._end(lambda client, _: client == name)
        method = self._methods.get((message.interface or "", message.member or ""))
        if message.message_type is not MessageType.METHOD_CALL or method is None:
            return False
        self._start(self._answer(message, method))
        return True

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, call: Message, method: _Method) -> None:
        try:
            reply = await method(call)
        except (DBusError, BleakError, TimeoutError, KeyError) as error:
            name = _error_name(error)
            self.refusals.append(name)
            self._bus.send(Message.new_error(call, name, str(error)))
            return
        answer = Message.new_method_return(call, reply.signature, reply.body, reply.fds)
        await self._bus.send(answer)
        for descriptor in reply.fds:
            socket.close(descriptor)

    async def _managed(self, call: Message) -> _Reply:
        return _Reply("a{oa{sa{sv}}}", [self._objects.managed()])

    async def _set_filter(self, call: Message) -> _Reply:
        return _Reply()

    async def _start_discovery(self, call: Message) -> _Reply:
        self._be_busy("discovery")
        await self._scanner.start()
        self._sessions[_session(call)] = self._end_discovery
        return _Reply()

    async def _end_discovery(self) -> None:
        await self._scanner.stop()
        self._busy = None
        for path in self._heard:
            self._objects.change(path, without=["RSSI"])

    async def _stop(self, call: Message) -> _Reply:
        await self._sessions.pop(_session(call))()
        return _Reply()

    def _end(self, which: Callable[[str, str], bool]) -> None:
        """End what clients began, for those clients and paths."""
        for session in [each for each in self._sessions if which(*each)]:
            self._start(self._sessions.pop(session)())

    def _on_advertisement(self, device: BLEDevice, heard: AdvertisementData) -> None:
        path = device_path(device.address)
        self._heard[path] = device
        rssi = Variant("n", heard.rssi)
        if path in self._objects:
            self._objects.change(path, RSSI=rssi)
            return
        name = Variant("s", heard.local_name or device.address.replace(":", "-"))
        self._objects.add(
            path,
            _DEVICE,
            Adapter=Variant("o", ADAPTER_PATH),
            Address=Variant("s", device.address),
            Alias=name,
            Name=name,
            RSSI=rssi,
            UUIDs=Variant("as", heard.service_uuids),
            Paired=Variant("b", False),
            Connected=Variant("b", False),
            ServicesResolved=Variant("b", False),
        )

    async def _connect(self, call: Message) -> _Reply:
        path = call.path or ""
        client = BleakClient(
            self._heard[path],
            disconnected_callback=lambda _: self._on_disconnected(path),
            timeout=_CONNECT_S,
            backend=self._radio.client,
        )
        self._be_busy("connection")
        try:
            await client.connect()
        finally:
            self._busy = None
        self._clients[path] = client
        self._objects.change(path, Connected=Variant("b", True))
        self._resolve(path, client)
        return _Reply()

    def _resolve(self, path: str, client: BleakClient) -> None:
        for service in client.services:
            service_path = f"{path}/service{service.handle:04x}"
            self._objects.add(
                service_path,
                _SERVICE,
                UUID=Variant("s", service.uuid),
                Device=Variant("o", path),
                Primary=Variant("b", True),
            )
            for characteristic in service.characteristics:
                self._add_characteristic(service_path, client, characteristic)
        uuids = Variant("as", [service.uuid for service in client.services])
        self._objects.change(path, UUIDs=uuids, ServicesResolved=Variant("b", True))

    def _add_characteristic(
        self, service_path: str, client: BleakClient, characteristic: BleakGATTCharacteristic
    ) -> None:
        path = f"{service_path}/char{characteristic.handle:04x}"
        self._characteristics[path] = (client, characteristic)
        self._objects.add(
            path,
            _CHARACTERISTIC,
            UUID=Variant("s", characteristic.uuid),
            Service=Variant("o", service_path),
            Flags=Variant("as", characteristic.properties),
            NotifyAcquired=Variant("b", False),
            MTU=Variant("q", client.mtu_size),
        )

    async def _disconnect(self, call: Message) -> _Reply:
        client = self._clients.get(call.path or "")
        if client is not None:
            await client.disconnect()
        return _Reply()

    def _on_disconnected(self, path: str) -> None:
        if self._clients.pop(path, None) is not None:
            self._end(lambda _, each: each.startswith(path))
            no = Variant("b", False)
            self._objects.change(path, ServicesResolved=no)
            self._objects.change(path, Connected=no)

    async def _read(self, call: Message) -> _Reply:
        client, characteristic = self._characteristics[call.path or ""]
        data = bytes(await client.read_gatt_char(characteristic))
        self._objects.change(call.path or "", Value=Variant("ay", data))
        return _Reply("ay", [data])

    async def _write(self, call: Message) -> _Reply:
        client, characteristic = self._characteristics[call.path or ""]
        data, options = call.body
        response = options["type"].value == "request"
        await client.write_gatt_char(characteristic, bytes(data), response)
        return _Reply()

    async def _start_notify(self, call: Message) -> _Reply:
        path = call.path or ""

        def on_data(_: BleakGATTCharacteristic, data: bytearray) -> None:
            self._objects.change(path, Value=Variant("ay", bytes(data)))

        await self._notify(call, on_data)
        return _Reply()

    async def _acquire_notify(self, call: Message) -> _Reply:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        loop = asyncio.get_running_loop()
        end = await self._notify(call, lambda _, data: _send(ours, data))

        async def close() -> None:
            loop.remove_reader(ours)
            ours.close()
            await end()

        self._sessions[_session(call)] = close
        loop.add_reader(ours, self._end, lambda *each: each == _session(call))
        client, _ = self._characteristics[call.path or ""]
        return _Reply("hq", [0, client.mtu_size], [theirs.detach()])

    async def _notify(
        self, call: Message, on_data: Callable[[BleakGATTCharacteristic, bytearray], None]
    ) -> _End:
        client, characteristic = self._characteristics[call.path or ""]

        async def end() -> None:
            with suppress(BleakError):
                await client.stop_notify(characteristic)

        await client.start_notify(characteristic, on_data)
        self._sessions[_session(call)] = end
        return end

    def _be_busy(self, what: str) -> None:
        if self._busy is not None:
            raise DBusError("org.bluez.Error.InProgress", f"{self._busy} is in progress")
        self._busy = what


def device_path(address: str) -> str:
    """Where BlueZ puts a device."""
    return f"{ADAPTER_PATH}/dev_{address.replace(':', '_')}"


def _session(call: Message) -> tuple[str, str]:
    return call.sender or "", call.path or ""


def _send(to: socket.socket, data: bytearray) -> None:
    with suppress(OSError):
        to.send(data)


def _error_name(error: Exception) -> str:
    if isinstance(error, DBusError):
        return error.type
    unknown = isinstance(error, KeyError)
    return "org.freedesktop.DBus.Error.UnknownObject" if unknown else "org.bluez.Error.Failed"
