"""What on this computer keeps sensors from being recorded, each with what to do about it."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sensors.ble import BluetoothDeniedError, BluetoothError
from sensors.errors import FivepointError

LEAST_FREE_BYTES = 2_000_000_000
"""Two sensors at 100 Hz fill half of it in a day: 26 bytes a sample while it is being finished."""

OLDEST_BLUEZ = (5, 55)
"""Bleak's own requirement."""

BLUETOOTH_FOLDER = Path("/sys/class/bluetooth")
RFKILL_FOLDER = Path("/sys/class/rfkill")

_BLUEZ_TOOLS = (
    "bluetoothctl",
    "/usr/libexec/bluetooth/bluetoothd",
    "/usr/lib/bluetooth/bluetoothd",
)
_SET_BACK = timedelta(minutes=1)
_TIME_ERROR = 5
"""What adjtimex(2) returns where no time service keeps the clock."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; the text of what is not well says what to do."""

    well: bool
    text: str


def bluetooth() -> list[Finding]:
    """What can be seen of Bluetooth without using it; nothing where the system hides it."""
    if sys.platform != "linux":
        return []
    return [adapter(BLUETOOTH_FOLDER), switch(RFKILL_FOLDER), bluez(bluez_version())]


def why_no_bluetooth(error: BluetoothError) -> FivepointError:
    """The same error, or a plainer one if looking at the computer explains it."""
    if isinstance(error, BluetoothDeniedError):
        return error
    return next((FivepointError(each.text) for each in bluetooth() if not each.well), error)


def disk(folder: Path) -> Finding:
    """Whether a day can be recorded into a folder."""
    free = shutil.disk_usage(folder).free
    told = f"{free / 1e9:.1f} GB are free for recordings in {folder}"
    if not os.access(folder, os.W_OK):
        return Finding(
            False,
            f"{folder} may not be written to, so nothing can be recorded; give yourself the "
            "right, or name another folder in FIVEPOINT_DATA",
        )
    if free < LEAST_FREE_BYTES:
        return Finding(False, f"Only {told}, so a day may not fit; free {2 - free / 1e9:.1f} GB")
    return Finding(True, told)


def clock(now: datetime, folder: Path) -> Finding:
    """Whether the computer's clock can be right: nothing that was done is still to come."""
    told = f"the clock says {now:%Y-%m-%d %H:%M} UTC"
    remedy = "set it, or connect to the internet so that it sets itself"
    if now < datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC):
        return Finding(
            False,
            f"{told}, before Fivepoint was installed, so recordings would get wrong days; {remedy}",
        )
    latest = max((path.stat().st_mtime for path in folder.iterdir()), default=0.0)
    if now + _SET_BACK < datetime.fromtimestamp(latest, UTC):
        return Finding(
            False,
            f"{told}, before the last recording was made, so it was set back or was wrong then, "
            f"and recordings would get a wrong order; {remedy}",
        )
    return Finding(True, told + _kept())


def adapter(folder: Path) -> Finding:
    """Whether the kernel's folder of Bluetooth adapters holds one."""
    names = sorted(path.name for path in folder.glob("hci*") if ":" not in path.name)
    if not names:
        return Finding(
            False,
            "This computer has no Bluetooth adapter, so no sensor can be found; plug in a USB "
            "adapter, or try virtual sensors with record --virtual",
        )
    return Finding(True, f"Bluetooth adapter {', '.join(names)}")


def switch(folder: Path) -> Finding:
    """Whether Bluetooth is switched off, by the kernel's folder of radio switches."""
    for radio in sorted(folder.glob("rfkill*")):
        if _content(radio / "type") != "bluetooth":
            continue
        if _content(radio / "hard") == "1":
            return Finding(
                False,
                "Bluetooth is switched off by a switch or key of this computer, so no sensor can "
                "be found; switch it on",
            )
        if _content(radio / "soft") == "1":
            return Finding(
                False,
                "Bluetooth is switched off, so no sensor can be found; switch it on in the "
                "settings, or with rfkill unblock bluetooth",
            )
    return Finding(True, "No switch of this computer keeps Bluetooth off")


def bluez(version: str | None) -> Finding:
    """Whether the Bluetooth service is there and not too old."""
    oldest = ".".join(map(str, OLDEST_BLUEZ))
    numbers = tuple(int(number) for number in re.findall(r"\d+", version or ""))
    if not numbers:
        return Finding(
            False, f"BlueZ is not installed, so no sensor can be found; install {oldest} or newer"
        )
    if numbers < OLDEST_BLUEZ:
        return Finding(
            False, f"BlueZ {version} is too old to be relied upon; install {oldest} or newer"
        )
    return Finding(True, f"BlueZ {version}")


def bluez_version() -> str | None:
    """What the Bluetooth service or its tool says of itself; None if neither is installed."""
    tool = next(filter(None, map(shutil.which, _BLUEZ_TOOLS)), None)
    if tool is None:
        return None
    done = subprocess.run([tool, "--version"], capture_output=True, text=True, timeout=10)
    return done.stdout.rpartition(" ")[2].strip() or None


def _kept() -> str:
    """Whether a time service keeps the clock, where the kernel knows."""
    if sys.platform != "linux":
        return ""
    room_for_timex = ctypes.create_string_buffer(512)
    unkept = ctypes.CDLL(None).adjtimex(room_for_timex) == _TIME_ERROR
    return ", which no time service keeps right" if unkept else ", kept right by a time service"


def _content(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
