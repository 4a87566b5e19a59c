"""Bleak's two backend classes on bumble: the real bleak API over real ATT, without a radio."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn, Self, TypeVar

from bleak.args import SizedBuffer
from bleak.assigned_numbers import gatt_char_props_to_strs
from bleak.backends.adapter import BaseBleakAdapter
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bumble.att import ATT_Error
from bumble.core import UUID, AdvertisingData, BaseBumbleError
from bumble.device import Advertisement, Connection, Device, Peer
from bumble.gatt import GATT_DEVICE_NAME_CHARACTERISTIC
from bumble.gatt_client import CharacteristicProxy

T = TypeVar("T")

_LARGEST_MTU = 517
_SERVICE_LISTS = (
    AdvertisingData.Type.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    AdvertisingData.Type.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    AdvertisingData.Type.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    AdvertisingData.Type.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
)


def scanner_on(central: Device) -> type[BaseBleakScanner]:
    """The class of bleak scanners that listen with `central`."""

    class ScannerOnBumble(BumbleScanner):
        radio = central

    return ScannerOnBumble


class BumbleScanner(BaseBleakScanner):
    """Scans with the bumble device `radio`, which the devices that it finds remember."""

    radio: Device

    def __init__(
        self,
        detection_callback: Any,
        service_uuids: list[str] | None,
        scanning_mode: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._active = scanning_mode == "active"

    async def start(self) -> None:
        """Begin to report what is heard."""
        self.seen_devices = {}
        self.radio.on(Device.EVENT_ADVERTISEMENT, self._on_advertisement)
        await self.radio.start_scanning(active=self._active)

    async def stop(self) -> None:
        """Report no more."""
        self.radio.remove_listener(Device.EVENT_ADVERTISEMENT, self._on_advertisement)
        await self.radio.stop_scanning()

    def _on_advertisement(self, heard: Advertisement) -> None:
        address = heard.address.to_string(with_type_qualifier=False)
        advertisement = _advertisement_data(heard)
        if not self.is_allowed_uuid(advertisement.service_uuids):
            return
        device = self.create_or_update_device(
            address, address, advertisement.local_name, (self.radio, heard.address), advertisement
        )
        self.call_detection_callbacks(device, advertisement)


def adapter_on(central: Device) -> type[BaseBleakAdapter]:
    """The class of bleak adapters that tell of the connections of `central`."""

    class AdapterOnBumble(BumbleAdapter):
        radio = central

    return AdapterOnBumble


class BumbleAdapter(BaseBleakAdapter):
    """Tells which devices are connected to the bumble device `radio`, by whichever client."""

    radio: Device

    @classmethod
    async def get(cls, **kwargs: Any) -> Self:
        """The one adapter."""
        return cls()

    async def get_connected_devices(self, service_uuids: frozenset[str]) -> list[BLEDevice]:
        """All connected devices, with the names that they tell."""
        return [await self._device(each) for each in tuple(self.radio.connections.values())]

    async def _device(self, connection: Connection) -> BLEDevice:
        peer = Peer(connection)
        names = await peer.read_characteristics_by_uuid(GATT_DEVICE_NAME_CHARACTERISTIC)
        address = connection.peer_address
        text = address.to_string(with_type_qualifier=False)
        name = names[0].decode() if names else None
        return BLEDevice(text, name, (self.radio, address))


class BumbleClient(BaseBleakClient):
    """A GATT client over a bumble connection, made by the radio that found the device."""

    def __init__(
        self,
        address_or_ble_device: BLEDevice | str,
        *,
        disconnected_callback: Callable[[], None] | None,
        timeout: float,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            address_or_ble_device, disconnected_callback=disconnected_callback, timeout=timeout
        )
        if not isinstance(address_or_ble_device, BLEDevice):
            raise BleakDeviceNotFoundError(address_or_ble_device, "scan for the device first")
        self._radio, self._peer_address = address_or_ble_device.details
        self._name = address_or_ble_device.name or self.address
        self._connection: Connection | None = None

    @property
    def name(self) -> str:
        """The name it advertises."""
        return self._name

    @property
    def mtu_size(self) -> int:
        """The negotiated size of ATT packets in bytes."""
        return self._linked.att_mtu

    @property
    def is_connected(self) -> bool:
        """Whether the connection stands."""
        return self._connection is not None

    async def connect(self, pair: bool, **kwargs: Any) -> None:
        """Connect, negotiate the MTU and discover all services."""
        timeout_s = kwargs.get("timeout", self._timeout)
        connection = self._standing() or await self._made(timeout_s)
        self._connection = connection
        connection.on(Connection.EVENT_DISCONNECTION, self._on_disconnection)
        try:
            self.services = await self._discovered(Peer(connection))
        except BaseException:
            await self.disconnect()
            raise

    def _standing(self) -> Connection | None:
        """A connection that another client left behind."""
        standing: dict[int, Connection] = self._radio.connections
        return next((c for c in standing.values() if c.peer_address == self._peer_address), None)

    async def _made(self, timeout_s: float) -> Connection:
        try:
            made: Connection = await self._radio.connect(self._peer_address, timeout=timeout_s)
        except BaseBumbleError as error:
            raise BleakError(f"{self.address} cannot be connected: {error}") from error
        return made

    async def _discovered(self, peer: Peer) -> BleakGATTServiceCollection:
        await self._answered(peer.request_mtu(_LARGEST_MTU))
        await self._answered(peer.discover_all())  # type: ignore[no-untyped-call]
        return _services(peer, self._linked.att_mtu)

    async def disconnect(self) -> None:
        """Disconnect, if connected."""
        if self._connection is not None:
            await self._answered(self._connection.disconnect())

    async def pair(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to do: virtual sensors need no pairing."""

    async def unpair(self) -> None:
        """Nothing to do: virtual sensors need no pairing."""

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, **kwargs: Any
    ) -> bytearray:
        """Read a value."""
        return bytearray(await self._answered(characteristic.obj.read_value()))

    async def write_gatt_char(
        self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool
    ) -> None:
        """Write a value, with or without a response."""
        await self._answered(characteristic.obj.write_value(bytes(data), with_response=response))

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **kwargs: Any
    ) -> None:
        """Subscribe, to notifications rather than to indications where both are offered."""

        def on_value(value: bytes) -> None:
            callback(bytearray(value))

        await self._answered(characteristic.obj.subscribe(on_value))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        """Unsubscribe."""
        await self._answered(characteristic.obj.unsubscribe())

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, **kwargs: Any
    ) -> bytearray:
        """Read a descriptor."""
        return bytearray(await self._answered(descriptor.obj.read_value()))

    async def write_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, data: SizedBuffer
    ) -> None:
        """Write a descriptor."""
        await self._answered(descriptor.obj.write_value(bytes(data), with_response=True))

    @property
    def _linked(self) -> Connection:
        if self._connection is None:
            raise BleakError(f"{self.address} is not connected")
        return self._connection

    async def _answered(self, request: Awaitable[T]) -> T:
        """What the peer answers, with bumble's errors as bleak's.

        Bumble cancels a request whose connection goes down; only a cancellation of the task that
        waits is one for the caller.
        """
        try:
            return await request
        except ATT_Error as error:
            raise BleakGATTProtocolError(error.error_code) from error
        except BaseBumbleError as error:
            raise BleakError(str(error)) from error
        except asyncio.CancelledError as cancelled:
            self._raise_disconnected(cancelled)

    def _raise_disconnected(self, cancelled: asyncio.CancelledError) -> NoReturn:
        task = asyncio.current_task()
        if self._connection is None and not (task and task.cancelling()):
            raise BleakError(f"{self.address} disconnected") from cancelled
        raise cancelled

    def _on_disconnection(self, reason: int) -> None:
        self._connection = None
        self.services = None
        if self._disconnected_callback is not None:
            self._disconnected_callback()


def _advertisement_data(heard: Advertisement) -> AdvertisementData:
    name = heard.data.get(AdvertisingData.Type.COMPLETE_LOCAL_NAME)
    lists = [heard.data.get(kind) for kind in _SERVICE_LISTS]
    uuids = [uuid for each in lists if isinstance(each, list) for uuid in each]
    return AdvertisementData(
        local_name=name if isinstance(name, str) else None,
        manufacturer_data={},
        service_data={},
        service_uuids=[_uuid_text(uuid) for uuid in uuids],
        tx_power=None,
        rssi=heard.rssi,
        platform_data=(heard,),
    )


def _services(peer: Peer, mtu: int) -> BleakGATTServiceCollection:
    services = BleakGATTServiceCollection()
    for found in peer.services:
        service = BleakGATTService(found, found.handle, _uuid_text(found.uuid))
        services.add_service(service)
        for characteristic in found.characteristics:
            _add_characteristic(services, service, characteristic, mtu)
    return services


def _add_characteristic(
    services: BleakGATTServiceCollection,
    service: BleakGATTService,
    found: CharacteristicProxy[bytes],
    mtu: int,
) -> None:
    characteristic = BleakGATTCharacteristic(
        found,
        found.handle,
        _uuid_text(found.uuid),
        list(gatt_char_props_to_strs(found.properties)),
        lambda: mtu - 3,
        service,
    )
    services.add_characteristic(characteristic)
    for descriptor in found.descriptors:
        uuid = _uuid_text(descriptor.type)
        services.add_descriptor(
            BleakGATTDescriptor(descriptor, descriptor.handle, uuid, characteristic)
        )


def _uuid_text(uuid: UUID) -> str:
    return uuid.to_hex_str("-").lower() if len(uuid.uuid_bytes) == 16 else _long(uuid)


def _long(uuid: UUID) -> str:
    return f"0000{uuid.to_hex_str().lower()}-0000-1000-8000-00805f9b34fb"
