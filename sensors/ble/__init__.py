"""Bluetooth sensors: found, connected and streamed for as long as anyone listens."""

from sensors.ble.backend import Backend, BluetoothDeniedError, BluetoothError
from sensors.ble.checks import SensorError, battery, identify
from sensors.ble.scanning import Found, scan
from sensors.ble.source import BleSource

__all__ = [
    "Backend",
    "BleSource",
    "BluetoothDeniedError",
    "BluetoothError",
    "Found",
    "SensorError",
    "battery",
    "identify",
    "scan",
]
