"""What keeps sensors from being recorded: the computer, Bluetooth, and each sensor's stream."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from fivepoint.computer import Finding, bluetooth, clock, disk, why_no_bluetooth
from fivepoint.live import LIVE_NAME, LivePhase, LiveSensor, LiveState, read_live
from sensors.alignment import tap_offset_s
from sensors.ble import Backend, BleSource, BluetoothError, Found, scan
from sensors.source import opened
from sensors.types import GRAVITY_MS2, Chunk, Placement, by_placement

WEAKEST_DBM = -85
"""Below, links break often. Engineering judgement."""

LOWEST_BATTERY_PERCENT = 20

MOST_LOSS = 0.02
"""Of the samples: more is felt as gaps in repetitions. Engineering judgement."""

MOST_RATE_ERROR = 0.05
"""Crystals are right to 0.01 %, but a few seconds by arrival are not."""

MOST_GRAVITY_ERROR = 0.1
"""Sensors are right to a few percent; a wrong range is wrong by two. Engineering judgement."""

MOST_APART_S = 0.02
"""One sample of the body grid, on which two sensors are joined."""

TAP = "Hold all sensors in one hand, and tap them on a table now and then until this ends."

CONNECT_S = 20.0
"""How long a sensor may take to connect and start."""


_FRESH = timedelta(seconds=10)


def diagnose(recordings_folder: Path, *, seconds: float, tapped: bool = False) -> Iterator[Finding]:
    """Look at the computer, then for `seconds` at the streams of all sensors that are heard.

    If they are to be `tapped` together meanwhile, also at whether they show it at the same time.

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
        yield from asyncio.run(_sensors(seconds, tapped=tapped))


def being_recorded(live: LiveState) -> list[Finding]:
    """How the sensors are that a recorder has."""
    return [each for sensor in live.sensors for each in _recorded(sensor, live.elapsed_s)]


@dataclass(frozen=True, slots=True)
class Watched:
    """What came of a sensor: nothing, or a stream."""

    sensor: Found
    source: BleSource
    stream: Chunk | None


async def watch(
    sensor: Found, backend: Backend, *, seconds: float, now: Callable[[], float] = time.monotonic
) -> Watched:
    """Connect to a sensor and take its stream for so many seconds by `now`."""
    source = BleSource(sensor, Placement.PELVIS, clock=now, backend=backend)
    taken: list[Chunk] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(CONNECT_S + seconds), opened(source) as chunks:
            async for chunk in chunks:
                taken.append(chunk)
                if chunk.t_s[-1] - taken[0].t_s[0] >= seconds:
                    break
    return Watched(sensor, source, next(iter(by_placement(taken).values()), None))


def judged(watched: Watched) -> list[Finding]:
    """Whether a sensor's signal, battery, rate, loss and range are good enough."""
    sensor, source, stream = watched.sensor, watched.source, watched.stream
    if stream is None:
        why = source.problem or "no samples"
        return [
            Finding(
                False,
                f"{sensor.name} was heard but did not stream ({why}), so it cannot be recorded; "
                "switch it off and on, and end any other program that is connected to it",
            )
        ]
    return [
        _signal(sensor),
        _battery(sensor.name, source.link.battery_percent),
        _rate(watched, stream),
        _loss(sensor.name, source.link.lost_s, float(stream.t_s[-1] - stream.t_s[0])),
        _range(watched, stream),
    ]


def together(watched: Sequence[Watched]) -> list[Finding]:
    """Whether sensors that were tapped together show the taps at the same time."""
    streams = [(each.sensor.name, each.stream) for each in watched if each.stream is not None]
    if len(streams) < 2:
        return [Finding(False, "Only two sensors or more can be compared; switch on another")]
    (name, stream), *others = streams
    return [_alike(f"{name} and {other}", tap_offset_s(stream, its)) for other, its in others]


def _alike(names: str, apart_s: float | None) -> Finding:
    if apart_s is None:
        return Finding(
            False,
            f"{names} felt no taps together, so their clocks could not be compared; hold them "
            "in one hand, ask again, and tap them on a table until it ends",
        )
    told = f"{names} show the same taps {abs(apart_s) * 1000:.0f} ms apart"
    if abs(apart_s) > MOST_APART_S:
        return Finding(
            False,
            f"{told}, so the angle between them would be wrong in quick movements; switch both "
            "off and on",
        )
    return Finding(True, told)


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


def _rate(watched: Watched, stream: Chunk) -> Finding:
    (info,) = watched.source.infos
    span_s = float(stream.t_s[-1] - stream.t_s[0])
    rate_hz = (len(stream.t_s) - 1) / max(span_s - watched.source.link.lost_s, 1e-6)
    told = f"{watched.sensor.name} sends {rate_hz:.1f} samples a second of {info.rate_hz:g}"
    if abs(rate_hz / info.rate_hz - 1) > MOST_RATE_ERROR:
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


def _range(watched: Watched, stream: Chunk) -> Finding:
    """Whether gravity is what it should be, which a wrong range or a broken sensor changes."""
    (info,) = watched.source.infos
    range_g = watched.sensor.family.settings(info.rate_hz).acc_range_g
    felt_g = float(np.median(np.linalg.norm(stream.acc, axis=1))) / GRAVITY_MS2
    told = f"{watched.sensor.name} measures up to {range_g:g} g and feels {felt_g:.2f} g"
    if abs(felt_g - 1) > MOST_GRAVITY_ERROR:
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


async def _sensors(seconds: float, *, tapped: bool) -> list[Finding]:
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
    if tapped:
        print(TAP, file=sys.stderr, flush=True)
    watched = await asyncio.gather(*(watch(each, backend, seconds=seconds) for each in found))
    compared = together(watched) if tapped else []
    return [allowed, *(finding for each in watched for finding in judged(each)), *compared]
