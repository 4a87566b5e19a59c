"""Which Bluetooth the link goes over: the computer's, or one that is put in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bleak import BleakScanner
from bleak.backends.adapter import BaseBleakAdapter
from bleak.backends.client import BaseBleakClient
from bleak.backends.scanner import BaseBleakScanner
from bleak.exc import BleakBluetoothNotAvailableError, BleakError

from sensors.errors import FivepointError


class BluetoothError(FivepointError):
    """Bluetooth cannot be used at all, whatever the sensor."""


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
        raise BluetoothError(
            f"Bluetooth is not available ({error.args[0]}), so no sensor can be found; plug in or "
            "switch on a Bluetooth adapter, or try `--virtual`."
        ) from error
    except (BleakError, OSError, EOFError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise BluetoothError(
            f"Bluetooth does not answer ({reason}), so no sensor can be found; check that the "
            "bluetooth service runs and that you may use it, or try `--virtual`."
        ) from error
