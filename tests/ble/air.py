"""What tests of the link share: a motion that is known at any time, and sensors that feel it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import numpy as np

from sensors.ble import Backend, BleSource, Found, scan
from sensors.devices import FAMILIES
from sensors.types import GRAVITY_MS2, Chunk, FloatArray, Placement, by_placement
from sensors.virtual.device import VirtualDevice
from sensors.virtual.faults import Faults
from sensors.virtual.motion import Motion
from sensors.virtual.radio import VirtualRadio

PLACEMENTS = (Placement.STERNUM, Placement.PELVIS, Placement.THIGH)
_TURN_RADS = 2.0


def swaying(duration_s: float, placement: Placement = Placement.STERNUM) -> Motion:
    """A body that tilts to and fro."""
    t_s = np.arange(round(duration_s * 100)) / 100
    acc = GRAVITY_MS2 * np.stack([np.sin(_tilt(t_s)), 0 * t_s, np.cos(_tilt(t_s))], axis=1)
    gyro = np.stack([0 * t_s, _TURN_RADS * np.cos(_TURN_RADS * t_s), 0 * t_s], axis=1)
    return Motion(Chunk(placement, t_s, acc, gyro))


def sensor(
    number: int, *, family: str = "movesense", seconds: float = 60.0, faults: Faults | None = None
) -> VirtualDevice:
    """The first, second or third sensor on a swaying body."""
    motion = swaying(seconds, PLACEMENTS[number])
    address = f"C0:DE:00:00:00:{number + 1:02X}"
    return VirtualDevice(FAMILIES[family], motion, address=address, faults=faults)


async def sources(radio: VirtualRadio, backend: Backend | None = None) -> list[BleSource]:
    """A source for each sensor that a scan finds, in the order of their addresses.

    They use the radio itself, or a backend that leads to it.
    """
    backend = backend or radio.backend
    found = sorted(await scan(0.5, backend=backend), key=_address)
    return [
        BleSource(each, placement, clock=radio.now, backend=backend)
        for each, placement in zip(found, PLACEMENTS, strict=False)
    ]


async def taken(source: BleSource, enough: Callable[[Chunk], bool]) -> Chunk:
    """All chunks up to the one that is `enough`, as one; then the sensor is let go."""
    chunks: list[Chunk] = []
    async with aclosing(aiter(source)) as live:
        async for chunk in live:
            chunks.append(chunk)
            if enough(chunk):
                break
    return joined(chunks)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something to become true."""
    while not condition():
        await asyncio.sleep(0.01)


def after(seconds: float) -> Callable[[Chunk], bool]:
    """Whether a chunk reaches this time."""
    return lambda chunk: bool(chunk.t_s[-1] >= seconds)


def lasting(seconds: float) -> Callable[[Chunk], bool]:
    """Whether a chunk ends so long after the first that was seen began, however late that was."""
    starts_s: list[float] = []

    def enough(chunk: Chunk) -> bool:
        starts_s.append(float(chunk.t_s[0]))
        return bool(chunk.t_s[-1] - starts_s[0] >= seconds)

    return enough


def part_from(start_s: float, stream: Chunk) -> Chunk:
    """The samples from a time on."""
    part = stream.t_s >= start_s
    gyro = None if stream.gyro is None else stream.gyro[part]
    return Chunk(stream.placement, stream.t_s[part], stream.acc[part], gyro)


def joined(chunks: list[Chunk]) -> Chunk:
    """The chunks as one."""
    (whole,) = by_placement(chunks).values()
    return whole


def lateness_s(chunk: Chunk, began_s: float) -> FloatArray:
    """How much later than stamped each sample was felt, by its tilt, where that changes fast."""
    tilt = np.arctan2(chunk.acc[:, 0], chunk.acc[:, 2])
    expected_s = chunk.t_s - began_s
    slope = _TURN_RADS * np.cos(_TURN_RADS * expected_s)
    steep = np.abs(slope) > 1.0
    return ((tilt - _tilt(expected_s)) / slope)[steep & (expected_s > 0.1)]


def _tilt(t_s: FloatArray) -> FloatArray:
    return np.sin(_TURN_RADS * t_s)


def _address(found: Found) -> str:
    return found.address
