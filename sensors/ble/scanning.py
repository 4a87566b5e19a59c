"""Finding sensors and knowing what they are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bleak import BleakAdapter, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.exc import BleakDeviceNotFoundError, BleakError

from sensors.ble.backend import Backend, explained
from sensors.devices import FAMILIES
from sensors.devices.family import Family


@dataclass(frozen=True, slots=True)
class Found:
    """A sensor of a known family. `rssi_dbm` is None for one that is connected already."""

    address: str
    name: str
    family: Family
    rssi_dbm: int | None = None


async def scan(seconds: float = 5.0, *, backend: Backend) -> list[Found]:
    """All sensors heard in so many seconds, the strongest first; BluetoothError without Bluetooth.

    A sensor that is connected does not advertise, but is found too: by this program, or still by
    one that crashed.
    """
    async with backend.lock:
        with explained():
            heard = await BleakScanner.discover(seconds, return_adv=True, **backend.scanning())
        connected = await _connected(backend)
    found = [
        _recognised(device, data.local_name or device.name, data.service_uuids, data.rssi)
        for device, data in heard.values()
    ]
    found += [
        _recognised(device, device.name, (), None)
        for device in connected
        if device.address not in heard
    ]
    return sorted((each for each in found if each is not None), key=_weakness)


async def located(sensor: Found, seconds: float, *, backend: Backend) -> BLEDevice:
    """The sensor as it is heard now, or connected already; BleakError if it is neither.

    The caller holds the backend's lock.
    """
    for device in await _connected(backend):
        if device.address == sensor.address:
            return device
    heard = await BleakScanner.find_device_by_address(sensor.address, seconds, **backend.scanning())
    if heard is None:
        raise BleakDeviceNotFoundError(sensor.address, f"{sensor.name} is not heard")
    return heard


async def _connected(backend: Backend) -> list[BLEDevice]:
    try:
        adapter = await BleakAdapter.get(backend=backend.adapter)
        return await adapter.get_connected_devices()
    except (NotImplementedError, BleakError, OSError, EOFError):
        return []


def _recognised(
    device: BLEDevice, name: str | None, service_uuids: Collection[str], rssi_dbm: int | None
) -> Found | None:
    for family in FAMILIES.values():
        if family.recognises(name, service_uuids):
            return Found(device.address, name or device.address, family, rssi_dbm)
    return None


def _weakness(found: Found) -> int:
    return 0 if found.rssi_dbm is None else -found.rssi_dbm
