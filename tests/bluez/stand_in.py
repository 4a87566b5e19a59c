"""A stand-in for BlueZ: `org.bluez` on a message bus, over a virtual radio.

It does what bleak needs of BlueZ, as BlueZ's own pages tell it (doc/org.bluez.Adapter.rst, Device,
GattService, GattCharacteristic), with the habits that clients trip over: a connection outlives the
client that made it, while discovery and notifications end with the client that asked for them;
scanning and connecting at the same time are refused, which BlueZ does at its worst; a value that is
read is notified too.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from bleak import BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError
from dbus_fast import BusType, DBusError, Message, Variant
from dbus_fast.aio import MessageBus

from sensors.ble import Backend
from tests.bluez.bus import private_system_bus
from tests.bluez.serving import End, Reply, Service

ADAPTER_PATH = "/org/bluez/hci0"
_ADAPTER = "org.bluez.Adapter1"
_DEVICE = "org.bluez.Device1"
_SERVICE = "org.bluez.GattService1"
_CHARACTERISTIC = "org.bluez.GattCharacteristic1"
_CONNECT_S = 2.0


@asynccontextmanager
async def bluez(
    radio: Backend, *, powered: bool = True, allowed: bool = True
) -> AsyncIterator[StandIn]:
    """A private system bus with BlueZ on it, whose adapter is `radio`, and which may be used."""
    async with private_system_bus(allowed=allowed):
        bus = await MessageBus(bus_type=BusType.SYSTEM, negotiate_unix_fd=True).connect()
        stand_in = StandIn(bus, radio, powered=powered)
        try:
            await stand_in.serve("org.bluez")
            yield stand_in
        finally:
            bus.disconnect()


class StandIn(Service):
    """BlueZ, as far as bleak can tell."""

    def __init__(self, bus: MessageBus, radio: Backend, *, powered: bool) -> None:
        super().__init__(bus)
        self._radio = radio
        self._scanner = BleakScanner(self._on_advertisement, backend=radio.scanner)
        self._heard: dict[str, BLEDevice] = {}
        self._clients: dict[str, BleakClient] = {}
        self._characteristics: dict[str, tuple[BleakClient, BleakGATTCharacteristic]] = {}
        self._busy: str | None = None
        self.methods |= {
            (_ADAPTER, "SetDiscoveryFilter"): self._set_filter,
            (_ADAPTER, "StartDiscovery"): self._start_discovery,
            (_ADAPTER, "StopDiscovery"): self.stop,
            (_DEVICE, "Connect"): self._connect,
            (_DEVICE, "Disconnect"): self._disconnect,
            (_CHARACTERISTIC, "ReadValue"): self._read,
            (_CHARACTERISTIC, "WriteValue"): self._write,
            (_CHARACTERISTIC, "StartNotify"): self._start_notify,
            (_CHARACTERISTIC, "StopNotify"): self.stop,
            (_CHARACTERISTIC, "AcquireNotify"): self._acquire_notify,
        }
        self.plug_in(powered=powered)

    def is_connected(self, address: str) -> bool:
        """Whether BlueZ holds a connection to the sensor."""
        return bool(self.objects.value(_device_path(address), "Connected"))

    def plug_in(self, *, powered: bool = True) -> None:
        """Let the adapter be there."""
        self.objects.add(
            ADAPTER_PATH,
            _ADAPTER,
            Address=Variant("s", "C0:FF:EE:00:00:00"),
            Powered=Variant("b", powered),
            Roles=Variant("as", ["central"]),
        )

    async def unplug(self) -> None:
        """Take the adapter away, and with it all that it heard and held."""
        for client in list(self._clients.values()):
            await client.disconnect()
        self._heard.clear()
        self._characteristics.clear()
        self.objects.remove(ADAPTER_PATH)

    async def _set_filter(self, call: Message) -> Reply:
        return Reply()

    async def _start_discovery(self, call: Message) -> Reply:
        self._be_busy("discovery")
        await self._scanner.start()
        self.begin(call, self._end_discovery)
        return Reply()

    async def _end_discovery(self) -> None:
        await self._scanner.stop()
        self._busy = None
        for path in self._heard:
            self.objects.change(path, without=["RSSI"])

    def _on_advertisement(self, device: BLEDevice, heard: AdvertisementData) -> None:
        path = _device_path(device.address)
        self._heard[path] = device
        rssi = Variant("n", heard.rssi)
        if path in self.objects:
            self.objects.change(path, RSSI=rssi)
            return
        name = Variant("s", heard.local_name or device.address.replace(":", "-"))
        self.objects.add(
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

    async def _connect(self, call: Message) -> Reply:
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
        self.objects.change(path, Connected=Variant("b", True))
        self._resolve(path, client)
        return Reply()

    def _resolve(self, path: str, client: BleakClient) -> None:
        for service in client.services:
            service_path = f"{path}/service{service.handle:04x}"
            self.objects.add(
                service_path,
                _SERVICE,
                UUID=Variant("s", service.uuid),
                Device=Variant("o", path),
                Primary=Variant("b", True),
            )
            for characteristic in service.characteristics:
                self._add_characteristic(service_path, client, characteristic)
        uuids = Variant("as", [service.uuid for service in client.services])
        self.objects.change(path, UUIDs=uuids, ServicesResolved=Variant("b", True))

    def _add_characteristic(
        self, service_path: str, client: BleakClient, characteristic: BleakGATTCharacteristic
    ) -> None:
        path = f"{service_path}/char{characteristic.handle:04x}"
        self._characteristics[path] = (client, characteristic)
        self.objects.add(
            path,
            _CHARACTERISTIC,
            UUID=Variant("s", characteristic.uuid),
            Service=Variant("o", service_path),
            Flags=Variant("as", characteristic.properties),
            NotifyAcquired=Variant("b", False),
            MTU=Variant("q", client.mtu_size),
        )

    async def _disconnect(self, call: Message) -> Reply:
        client = self._clients.get(call.path or "")
        if client is not None:
            await client.disconnect()
        return Reply()

    def _on_disconnected(self, path: str) -> None:
        if self._clients.pop(path, None) is not None:
            self.end(lambda _, each: each.startswith(path))
            no = Variant("b", False)
            self.objects.change(path, ServicesResolved=no)
            self.objects.change(path, Connected=no)

    async def _read(self, call: Message) -> Reply:
        client, characteristic = self._characteristics[call.path or ""]
        data = bytes(await client.read_gatt_char(characteristic))
        self.objects.change(call.path or "", Value=Variant("ay", data))
        return Reply("ay", [data])

    async def _write(self, call: Message) -> Reply:
        client, characteristic = self._characteristics[call.path or ""]
        data, options = call.body
        response = options["type"].value == "request"
        await client.write_gatt_char(characteristic, bytes(data), response)
        return Reply()

    async def _start_notify(self, call: Message) -> Reply:
        path = call.path or ""

        def on_data(_: BleakGATTCharacteristic, data: bytearray) -> None:
            self.objects.change(path, Value=Variant("ay", bytes(data)))

        await self._notify(call, on_data)
        return Reply()

    async def _acquire_notify(self, call: Message) -> Reply:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        loop = asyncio.get_running_loop()
        end = await self._notify(call, lambda _, data: _send(ours, data))

        async def close() -> None:
            loop.remove_reader(ours)
            ours.close()
            await end()

        self.begin(call, close)
        loop.add_reader(ours, self.end, lambda *session: session == (call.sender, call.path))
        client, _ = self._characteristics[call.path or ""]
        return Reply("hq", [0, client.mtu_size], [theirs.detach()])

    async def _notify(
        self, call: Message, on_data: Callable[[BleakGATTCharacteristic, bytearray], None]
    ) -> End:
        client, characteristic = self._characteristics[call.path or ""]

        async def end() -> None:
            with suppress(BleakError):
                await client.stop_notify(characteristic)

        await client.start_notify(characteristic, on_data)
        self.begin(call, end)
        return end

    def _be_busy(self, what: str) -> None:
        if self._busy is not None:
            raise DBusError("org.bluez.Error.InProgress", f"{self._busy} is in progress")
        self._busy = what


def _device_path(address: str) -> str:
    """Where BlueZ puts a device."""
    return f"{ADAPTER_PATH}/dev_{address.replace(':', '_')}"


def _send(to: socket.socket, data: bytearray) -> None:
    with suppress(OSError):
        to.send(data)
