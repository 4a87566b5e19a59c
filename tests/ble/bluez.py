"""A stand-in for BlueZ: its D-Bus interfaces on a private bus, with virtual sensors behind them.

Names, paths and order of events follow BlueZ's doc/org.bluez.*.rst, as far as bleak uses them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bleak import BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError
from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from sensors.ble import Backend

_ADAPTER = "/org/bluez/hci0"
_DEVICE1 = "org.bluez.Device1"
_SERVICE1 = "org.bluez.GattService1"
_CHARACTERISTIC1 = "org.bluez.GattCharacteristic1"
_OBJECTS = "org.freedesktop.DBus.ObjectManager"
_PROPERTIES = "org.freedesktop.DBus.Properties"

Interfaces = dict[str, dict[str, Variant]]


@asynccontextmanager
async def private_bus(folder: Path) -> AsyncIterator[str]:
    """The address of a message bus of our own."""
    address = f"unix:path={folder / 'bus'}"
    daemon = await asyncio.create_subprocess_exec(
        "dbus-daemon", "--session", "--nofork", "--print-address", f"--address={address}",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert daemon.stdout is not None
        await daemon.stdout.readline()
        yield address
    finally:
        daemon.terminate()
        await daemon.communicate()


@asynccontextmanager
async def bluez(address: str, backend: Backend | None) -> AsyncIterator[None]:
    """BlueZ on the bus at `address`; its adapter hears what `backend` does, None is no adapter."""
    bus = await MessageBus(bus_address=address).connect()
    service = _Bluez(bus, backend or Backend())
    if backend is None:
        service.objects.clear()
    bus.add_message_handler(service.on_message)
    await bus.request_name("org.bluez")
    try:
        yield
    finally:
        bus.disconnect()
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]


class _Bluez:
    def __init__(self, bus: MessageBus, backend: Backend) -> None:
        self._bus = bus
        self._backend = backend
        self.objects: dict[str, Interfaces] = {_ADAPTER: {"org.bluez.Adapter1": _adapter()}}
        self._devices: dict[str, BLEDevice] = {}
        self._clients: dict[str, BleakClient] = {}
        self._scanner = BleakScanner(self._on_heard, **backend.scanning())
        self._tasks: set[asyncio.Task[None]] = set()
        self._methods: dict[str, Callable[[Message], Awaitable[tuple[str, list[Any]]]]] = {
            "GetManagedObjects": self._managed,
            "SetDiscoveryFilter": self._nothing,
            "StartDiscovery": self._start_discovery,
            "StopDiscovery": self._stop_discovery,
            "Connect": self._connect,
            "Disconnect": self._disconnect,
            "ReadValue": self._read,
            "WriteValue": self._write,
            "StartNotify": self._start_notify,
            "StopNotify": self._stop_notify,
        }

    def on_message(self, message: Message) -> bool | None:
        """Answer the calls that bleak makes; the bus answers all others."""
        is_call = message.message_type is MessageType.METHOD_CALL
        if not is_call or message.member not in self._methods:
            return None
        task = asyncio.create_task(self._answer(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _answer(self, message: Message) -> None:
        assert message.member is not None
        try:
            signature, body = await self._methods[message.member](message)
            reply = Message.new_method_return(message, signature, body)
        except BleakError as error:
            reply = Message.new_error(message, "org.bluez.Error.Failed", str(error))
        await self._bus.send(reply)

    async def _managed(self, message: Message) -> tuple[str, list[Any]]:
        return "a{oa{sa{sv}}}", [self.objects]

    async def _nothing(self, message: Message) -> tuple[str, list[Any]]:
        return "", []

    async def _start_discovery(self, message: Message) -> tuple[str, list[Any]]:
        await self._scanner.start()
        return "", []

    async def _stop_discovery(self, message: Message) -> tuple[str, list[Any]]:
        await self._scanner.stop()
        return "", []

    def _on_heard(self, device: BLEDevice, heard: AdvertisementData) -> None:
        path = f"{_ADAPTER}/dev_{device.address.replace(':', '_')}"
        self._devices[path] = device
        if path in self.objects:
            self._change(path, _DEVICE1, RSSI=Variant("n", heard.rssi))
        else:
            self._add(path, {_DEVICE1: _device(device, heard)})

    async def _connect(self, message: Message) -> tuple[str, list[Any]]:
        path = _path(message)
        client = BleakClient(
            self._devices[path],
            lambda _: self._change(path, _DEVICE1, Connected=_FALSE, ServicesResolved=_FALSE),
            backend=self._backend.client,
        )
        await client.connect()
        self._clients[path] = client
        self._change(path, _DEVICE1, Connected=_TRUE)
        self._add_services(path, client)
        self._change(path, _DEVICE1, ServicesResolved=_TRUE)
        return "", []

    async def _disconnect(self, message: Message) -> tuple[str, list[Any]]:
        await self._clients[_path(message)].disconnect()
        return "", []

    async def _read(self, message: Message) -> tuple[str, list[Any]]:
        client, characteristic = self._characteristic(message)
        return "ay", [bytes(await client.read_gatt_char(characteristic))]

    async def _write(self, message: Message) -> tuple[str, list[Any]]:
        client, characteristic = self._characteristic(message)
        data, options = message.body
        response = options["type"].value == "request"
        await client.write_gatt_char(characteristic, data, response)
        return "", []

    async def _start_notify(self, message: Message) -> tuple[str, list[Any]]:
        client, characteristic = self._characteristic(message)
        path = _path(message)

        def on_value(_: BleakGATTCharacteristic, data: bytearray) -> None:
            self._change(path, _CHARACTERISTIC1, Value=Variant("ay", bytes(data)))

        await client.start_notify(characteristic, on_value)
        return "", []

    async def _stop_notify(self, message: Message) -> tuple[str, list[Any]]:
        client, characteristic = self._characteristic(message)
        await client.stop_notify(characteristic)
        return "", []

    def _characteristic(self, message: Message) -> tuple[BleakClient, BleakGATTCharacteristic]:
        device_path, _, name = _path(message).rsplit("/", 2)
        client = self._clients[device_path]
        characteristic = client.services.get_characteristic(int(name.removeprefix("char"), 16))
        assert characteristic is not None
        return client, characteristic

    def _add_services(self, device_path: str, client: BleakClient) -> None:
        for service in client.services:
            path = f"{device_path}/service{service.handle:04x}"
            self._add(path, {_SERVICE1: _service(service.uuid, device_path)})
            for each in service.characteristics:
                self._add(
                    f"{path}/char{each.handle:04x}",
                    {_CHARACTERISTIC1: _characteristic(each, path, client.mtu_size)},
                )

    def _add(self, path: str, interfaces: Interfaces) -> None:
        if path not in self.objects:
            self.objects[path] = interfaces
            self._signal("/", _OBJECTS, "InterfacesAdded", "oa{sa{sv}}", [path, interfaces])

    def _change(self, path: str, interface: str, **changed: Variant) -> None:
        self.objects[path][interface].update(changed)
        body = [interface, changed, []]
        self._signal(path, _PROPERTIES, "PropertiesChanged", "sa{sv}as", body)

    def _signal(self, path: str, interface: str, member: str, form: str, body: list[Any]) -> None:
        self._bus.send(Message.new_signal(path, interface, member, form, body))


_TRUE, _FALSE = Variant("b", True), Variant("b", False)


def _path(message: Message) -> str:
    assert message.path is not None
    return message.path


def _adapter() -> dict[str, Variant]:
    return {
        "Address": Variant("s", "C0:FF:EE:00:00:00"),
        "Name": Variant("s", "test"),
        "Alias": Variant("s", "test"),
        "Powered": _TRUE,
        "Roles": Variant("as", ["central"]),
    }


def _device(device: BLEDevice, heard: AdvertisementData) -> dict[str, Variant]:
    return {
        "Address": Variant("s", device.address),
        "AddressType": Variant("s", "random"),
        "Name": Variant("s", device.name or ""),
        "Alias": Variant("s", device.name or ""),
        "UUIDs": Variant("as", heard.service_uuids),
        "RSSI": Variant("n", heard.rssi),
        "Adapter": Variant("o", _ADAPTER),
        "Paired": _FALSE,
        "Trusted": _FALSE,
        "Connected": _FALSE,
        "ServicesResolved": _FALSE,
    }


def _service(uuid: str, device_path: str) -> dict[str, Variant]:
    return {
        "UUID": Variant("s", uuid),
        "Primary": _TRUE,
        "Device": Variant("o", device_path),
        "Includes": Variant("ao", []),
    }


def _characteristic(
    characteristic: BleakGATTCharacteristic, service_path: str, mtu: int
) -> dict[str, Variant]:
    return {
        "UUID": Variant("s", characteristic.uuid),
        "Service": Variant("o", service_path),
        "Value": Variant("ay", b""),
        "Notifying": _FALSE,
        "Flags": Variant("as", list(characteristic.properties)),
        "MTU": Variant("q", mtu),
    }
