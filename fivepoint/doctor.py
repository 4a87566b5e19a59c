"""What keeps sensors from being recorded: the computer, Bluetooth, and each sensor's stream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from fivepoint.computer import Finding, bluetooth, clock, disk, why_no_bluetooth
from fivepoint.live import LIVE_NAME, LivePhase, LiveSensor, LiveState, read_live
from sensors.ble import Backend, BleSource, BluetoothError, Found, scan
from sensors.source import opened
from sensors.types import GRAVITY_MS2, Chunk, Placement

WEAKEST_DBM = -85
"""Below, links break often. Engineering judgement."""

LOWEST_BATTERY_PERCENT = 20

MOST_LOSS = 0.02
"""Of the samples: more is felt as gaps in repetitions. Engineering judgement."""

MOST_RATE_ERROR = 0.05
"""Crystals are right to 0.01 %, but a few seconds by arrival are not."""

MOST_GRAVITY_ERROR = 0.1
"""Sensors are right to a few percent; a wrong range is wrong by two. Engineering judgement."""

CONNECT_S = 20.0
"""How long a sensor may take to connect and start."""


_FRESH = timedelta(seconds=10)


def diagnose(recordings_folder: Path, *, seconds: float) -> Iterator[Finding]:
    """Look at the computer, then for `seconds` at the streams of all sensors that are heard.

    Sensors that are being recorded into the folder are left to it, and told as their recorder
    tells them.
    """
    now = datetime.now(UTC)
    yield disk(recordings_folder)
    yield clock(now, recordings_folder)
    looked = bluetooth()
    yield from looked
    live = read_live(recordings_folder / LIVE_NAME)
    if live is not None and live.phase is LivePhase.RECORDING and now - live.updated_at < _FRESH:
        yield from being_recorded(live)
    elif all(each.well for each in looked):
        yield from asyncio.run(_sensors(seconds))


def being_recorded(live: LiveState) -> list[Finding]:
    """How the sensors are that a recorder has."""
    return [each for sensor in live.sensors for each in _recorded(sensor, live.elapsed_s)]


async def examine(
    sensor: Found, backend: Backend, *, seconds: float, now: Callable[[], float] = time.monotonic
) -> list[Finding]:
    """Connect to a sensor, take its stream for so many seconds by `now`, and judge it."""
    source = BleSource(sensor, Placement.PELVIS, clock=now, backend=backend)
    taken: list[Chunk] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(CONNECT_S + seconds), opened(source) as chunks:
            async for chunk in chunks:
                taken.append(chunk)
                if chunk.t_s[-1] - taken[0].t_s[0] >= seconds:
                    break
    return _judged(sensor, source, taken)


@dataclass(frozen=True, slots=True)
class _Stream:
    samples: int
    span_s: float
    lost_s: float
    felt_g: float


def _judged(sensor: Found, source: BleSource, taken: list[Chunk]) -> list[Finding]:
    if not taken:
        why = source.problem or "no samples"
        return [
            Finding(
                False,
                f"{sensor.name} was heard but did not stream ({why}), so it cannot be recorded; "
                "switch it off and on, and end any other program that is connected to it",
            )
        ]
    (info,) = source.infos
    acc = np.concatenate([chunk.acc for chunk in taken])
    stream = _Stream(
        samples=len(acc),
        span_s=float(taken[-1].t_s[-1] - taken[0].t_s[0]),
        lost_s=source.link.lost_s,
        felt_g=float(np.median(np.linalg.norm(acc, axis=1))) / GRAVITY_MS2,
    )
    return [
        _signal(sensor),
        _battery(sensor.name, source.link.battery_percent),
        _rate(sensor, stream, info.rate_hz),
        _loss(sensor.name, stream.lost_s, stream.span_s),
        _range(sensor, stream, sensor.family.settings(info.rate_hz).acc_range_g),
    ]


def _signal(sensor: Found) -> Finding:
    if sensor.rssi_dbm is None:
        return Finding(True, f"{sensor.name} is connected already")
    told = f"{sensor.name} is heard with {sensor.rssi_dbm} dBm"
    if sensor.rssi_dbm < WEAKEST_DBM:
        return Finding(False, f"{told}, so its link will break often; bring it or the hub nearer")
    return Finding(True, told)


def _battery(name: str, percent: int | None) -> Finding:
    if percent is None:
        return Finding(True, f"{name} does not tell its battery")
    told = f"{name} has {percent} % battery"
    if percent < LOWEST_BATTERY_PERCENT:
        return Finding(False, f"{told}, so it may not last a day; charge it or change the battery")
    return Finding(True, told)


def _rate(sensor: Found, stream: _Stream, asked_hz: float) -> Finding:
    rate_hz = (stream.samples - 1) / max(stream.span_s - stream.lost_s, 1e-6)
    told = f"{sensor.name} sends {rate_hz:.1f} samples a second of {asked_hz:g}"
    if abs(rate_hz / asked_hz - 1) > MOST_RATE_ERROR:
        return Finding(False, f"{told}, so times would be wrong; switch it off and on")
    return Finding(True, told)


def _loss(name: str, lost_s: float, span_s: float) -> Finding:
    share = lost_s / max(span_s, 1e-6)
    told = f"{name} lost {share:.1%} in {span_s:.0f} s"
    if share > MOST_LOSS:
        return Finding(
            False,
            f"{told}, so repetitions may be missed; bring it nearer, move other radios away, or "
            "use a USB adapter on a short cable",
        )
    return Finding(True, told)


def _range(sensor: Found, stream: _Stream, range_g: float) -> Finding:
    """Whether gravity is what it should be, which a wrong range or a broken sensor changes."""
    told = f"{sensor.name} measures up to {range_g:g} g and feels {stream.felt_g:.2f} g"
    if abs(stream.felt_g - 1) > MOST_GRAVITY_ERROR:
        return Finding(
            False,
            f"{told} where at rest it should be 1, so angles and falls would be wrong; lay it "
            "down and ask again, then switch it off and on",
        )
    return Finding(True, told)


def _recorded(sensor: LiveSensor, elapsed_s: float) -> list[Finding]:
    name = f"{sensor.model} at the {sensor.placement}, which is being recorded,"
    if not sensor.connected:
        return [
            Finding(
                False,
                f"{name} is not connected, so it is missing in the recording; wake it or bring it "
                "near, and charge it if it stays away",
            )
        ]
    return [_battery(name, sensor.battery_percent), _loss(name, sensor.missing_s, elapsed_s)]


async def _sensors(seconds: float) -> list[Finding]:
    backend = Backend()
    try:
        found = await scan(backend=backend)
    except BluetoothError as error:
        return [Finding(False, str(why_no_bluetooth(error)).rstrip("."))]
    allowed = Finding(True, "Bluetooth may be used and answers")
    if not found:
        return [
            allowed,
            Finding(
                False,
                "No sensor of a known kind is heard, so there is nothing to record; switch one "
                "on, bring it near, and end any other program that is connected to it",
            ),
        ]
    examined = await asyncio.gather(
        *(examine(sensor, backend, seconds=seconds) for sensor in found)
    )
    return [allowed, *(finding for findings in examined for finding in findings)]
