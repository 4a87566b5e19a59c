"""Which Bluetooth the link goes over: the computer's, or one that is put in its place."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bleak import BleakScanner
from bleak.backends.adapter import BaseBleakAdapter
from bleak.backends.client import BaseBleakClient
from bleak.backends.scanner import BaseBleakScanner
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakError,
)

from sensors.errors import FivepointError

_DENIALS = (
    BleakBluetoothNotAvailableReason.DENIED_BY_USER,
    BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM,
    BleakBluetoothNotAvailableReason.DENIED_BY_UNKNOWN,
)

_DBUS_DENIALS = (
    "org.freedesktop.DBus.Error.AccessDenied",
    "org.bluez.Error.NotAuthorized",
    "org.bluez.Error.NotPermitted",
)

_WAYS_IN = {
    "darwin": "allow it to your terminal in System Settings, Privacy & Security, Bluetooth, and "
    "open the terminal anew",
    "win32": "allow it in Settings, Privacy & security, Radios",
}
_WAY_IN = (
    "join the group with `sudo usermod -aG bluetooth $USER` and log in again, or in a container "
    "let it use the system bus of its host"
)


class BluetoothError(FivepointError):
    """Bluetooth cannot be used at all, whatever the sensor."""


class BluetoothDeniedError(BluetoothError):
    """Bluetooth may be there, but this user or program has no permission to use it."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"Bluetooth may not be used from here ({reason}), so no sensor can be found; "
            f"{_WAYS_IN.get(sys.platform, _WAY_IN)}."
        )


@dataclass(frozen=True, slots=True, eq=False)
class Backend:
    """One Bluetooth adapter, shared by all that use it; None is the computer's own.

    Scanning and connecting take turns under `lock`: BlueZ refuses them at the same time.
    """

    scanner: type[BaseBleakScanner] | None = None
    client: type[BaseBleakClient] | None = None
    adapter: type[BaseBleakAdapter] | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    def scanning(self) -> BleakScanner.ExtraArgs:
        """What makes bleak scan with this adapter."""
        return {} if self.scanner is None else {"backend": self.scanner}


@contextmanager
def explained() -> Iterator[None]:
    """Turn the ways in which Bluetooth can be missing into one line for people."""
    try:
        yield
    except BleakBluetoothNotAvailableError as error:
        if error.reason in _DENIALS:
            raise BluetoothDeniedError(str(error.args[0])) from error
        raise BluetoothError(
            f"Bluetooth is not available ({error.args[0]}), so no sensor can be found; plug in or "
            "switch on a Bluetooth adapter, or try `--virtual`."
        ) from error
    except (BleakError, OSError, EOFError) as error:
        denial = _denial(error)
        if denial is not None:
            raise BluetoothDeniedError(denial) from error
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise BluetoothError(
            f"Bluetooth does not answer ({reason}), so no sensor can be found; check that the "
            "bluetooth service runs and that you may use it, or try `--virtual`."
        ) from error


def _denial(error: Exception) -> str | None:
    """How the bus, its socket or BlueZ refused, in a word or two; None if none of them did."""
    if isinstance(error, BleakDBusError) and error.dbus_error in _DBUS_DENIALS:
        return error.dbus_error.rpartition(".")[2]
    return error.strerror if isinstance(error, PermissionError) else None
