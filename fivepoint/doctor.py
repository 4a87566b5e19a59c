"""What keeps sensors from being recorded on this computer, each with what to do about it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sensors.ble import Backend, BleSource, BluetoothError, Found, scan
from sensors.errors import FivepointError
from sensors.source import opened
from sensors.types import Placement

LEAST_FREE_BYTES = 2_000_000_000
"""Two sensors at 100 Hz fill half of it in a day: 26 bytes a sample while it is being finished."""

OLDEST_BLUEZ = (5, 55)
"""Bleak's own requirement."""

WEAKEST_DBM = -85
"""Below, links break often. Engineering judgement."""

LOWEST_BATTERY_PERCENT = 20

MOST_LOSS = 0.02
"""Of the samples: more is felt as gaps in repetitions. Engineering judgement."""

MOST_RATE_ERROR = 0.05
"""Crystals are right to 0.01 %, but a few seconds by arrival are not."""

CONNECT_S = 20.0
"""How long a sensor may take to connect and start."""

_BLUETOOTH_FOLDER = Path("/sys/class/bluetooth")
_RFKILL_FOLDER = Path("/sys/class/rfkill")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; the text of what is not well says what to do."""

    well: bool
    text: str


def diagnose(recordings_folder: Path, *, seconds: float) -> Iterator[Finding]:
    """Look at the computer, then for `seconds` at the streams of all sensors that are heard."""
    yield disk(recordings_folder)
    yield clock(datetime.now(UTC))
    if sys.platform == "linux":
        radio = adapter(_BLUETOOTH_FOLDER)
        yield radio
        if radio.well:
            yield switch(_RFKILL_FOLDER)
        yield bluez(_bluez_version())
        if not radio.well:
            return
    yield from asyncio.run(_sensors(seconds))


def why_no_bluetooth(error: BluetoothError) -> FivepointError:
    """The same error, or a plainer one if looking at the computer explains it."""
    if sys.platform != "linux":
        return error
    looked = (adapter(_BLUETOOTH_FOLDER), switch(_RFKILL_FOLDER), bluez(_bluez_version()))
    return next((FivepointError(each.text) for each in looked if not each.well), error)


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


def clock(now: datetime) -> Finding:
    """Whether the computer's clock can be right: it is not older than this installation."""
    installed = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    told = f"the clock says {now:%Y-%m-%d %H:%M} UTC"
    if now < installed:
        return Finding(
            False,
            f"{told}, before Fivepoint was installed, so recordings would get wrong days; "
            "set it, or connect to the internet so that it sets itself",
        )
    return Finding(True, told)


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
    return Finding(True, "Bluetooth is not switched off")


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


async def examine(
    sensor: Found, backend: Backend, *, seconds: float, now: Callable[[], float] = time.monotonic
) -> list[Finding]:
    """Connect to a sensor, take its stream for so many seconds by `now`, and judge it."""
    started_s = now()
    source = BleSource(sensor, Placement.PELVIS, clock=lambda: now() - started_s, backend=backend)
    samples, first_s, last_s = 0, 0.0, 0.0
    with suppress(TimeoutError):
        async with asyncio.timeout(CONNECT_S + seconds), opened(source) as chunks:
            async for chunk in chunks:
                first_s = first_s if samples else float(chunk.t_s[0])
                samples, last_s = samples + len(chunk.t_s), float(chunk.t_s[-1])
                if last_s - first_s >= seconds:
                    break
    stream = _Stream(samples, last_s - first_s, source.link.lost_s)
    return _judged(sensor, source, stream)


@dataclass(frozen=True, slots=True)
class _Stream:
    samples: int
    span_s: float
    lost_s: float


def _judged(sensor: Found, source: BleSource, stream: _Stream) -> list[Finding]:
    if stream.span_s <= 0:
        why = source.problem or "no samples"
        return [
            Finding(
                False,
                f"{sensor.name} was heard but did not stream ({why}), so it cannot be recorded; "
                "switch it off and on, and end any other program that is connected to it",
            )
        ]
    (info,) = source.infos
    range_g = sensor.family.settings(info.rate_hz).acc_range_g
    return [
        _signal(sensor),
        _battery(sensor, source.link.battery_percent),
        _rate(sensor, stream, info.rate_hz),
        _loss(sensor, stream),
        Finding(True, f"{sensor.name} measures up to {range_g:g} g"),
    ]


def _signal(sensor: Found) -> Finding:
    if sensor.rssi_dbm is None:
        return Finding(True, f"{sensor.name} is connected already")
    told = f"{sensor.name} is heard with {sensor.rssi_dbm} dBm"
    if sensor.rssi_dbm < WEAKEST_DBM:
        return Finding(False, f"{told}, so its link will break often; bring it or the hub nearer")
    return Finding(True, told)


def _battery(sensor: Found, percent: int | None) -> Finding:
    if percent is None:
        return Finding(True, f"{sensor.name} does not tell its battery")
    told = f"{sensor.name} has {percent} % battery"
    if percent < LOWEST_BATTERY_PERCENT:
        return Finding(False, f"{told}, so it may not last a day; charge it or change the battery")
    return Finding(True, told)


def _rate(sensor: Found, stream: _Stream, asked_hz: float) -> Finding:
    rate_hz = (stream.samples - 1) / max(stream.span_s - stream.lost_s, 1e-6)
    told = f"{sensor.name} sends {rate_hz:.1f} samples a second of {asked_hz:g}"
    if abs(rate_hz / asked_hz - 1) > MOST_RATE_ERROR:
        return Finding(False, f"{told}, so times would be wrong; switch it off and on")
    return Finding(True, told)


def _loss(sensor: Found, stream: _Stream) -> Finding:
    share = stream.lost_s / stream.span_s
    told = f"{sensor.name} lost {share:.1%} in {stream.span_s:.0f} s"
    if share > MOST_LOSS:
        return Finding(
            False,
            f"{told}, so repetitions may be missed; bring it nearer, move other radios away, or "
            "use a USB adapter on a short cable",
        )
    return Finding(True, told)


async def _sensors(seconds: float) -> list[Finding]:
    backend = Backend()
    try:
        found = await scan(backend=backend)
    except BluetoothError as error:
        return [Finding(False, str(why_no_bluetooth(error)).rstrip("."))]
    if not found:
        return [
            Finding(
                False,
                "No sensor of a known kind is heard, so there is nothing to record; switch one "
                "on, bring it near, and end any other program that is connected to it",
            )
        ]
    examined = await asyncio.gather(
        *(examine(sensor, backend, seconds=seconds) for sensor in found)
    )
    return [finding for findings in examined for finding in findings]


def _bluez_version() -> str | None:
    """What the Bluetooth service's own tool says; None if it is not installed."""
    tool = shutil.which("bluetoothctl")
    if tool is None:
        return None
    done = subprocess.run([tool, "--version"], capture_output=True, text=True, timeout=10)
    return done.stdout.rpartition(" ")[2].strip() or None


def _content(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
