"""What families share: samples as counts, cut into packets, and how fast packets follow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensors.devices.family import Samples, Settings
from sensors.types import FULL_SCALE_COUNTS, GRAVITY_MS2, FloatArray, Placement, StreamInfo

_INT16 = np.iinfo(np.int16)
_MOST_STEPS = 32
_MOST_DEVIATION = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Packet:
    """Samples for one packet: `acc` (n, 3) m/s², `gyro` (n, 3) rad/s, `ticks` (n,) of each."""

    acc: FloatArray
    gyro: FloatArray
    ticks: NDArray[np.int64]


class Packets:
    """Holds a virtual sensor's samples back until there are `size` of them.

    A motion without angular rates gives zeros, and one without a counter counts from 0.
    """

    def __init__(self, size: int, *, tick_hz: float = 1.0, tick_modulus: int = 2**62) -> None:
        self._size = size
        self._tick_hz = tick_hz
        self._modulus = tick_modulus
        self._held = Packet(np.empty((0, 3)), np.empty((0, 3)), np.empty(0, np.int64))

    def cut(self, samples: Samples) -> Iterator[Packet]:
        """Take the next samples; the packets that they complete."""
        held, n = self._held, len(samples.acc)
        after = np.rint(np.arange(n) * samples.interval_s * self._tick_hz).astype(np.int64)
        ticks = ((samples.ticks or 0) + after) % self._modulus
        gyro = np.zeros((n, 3)) if samples.gyro is None else samples.gyro
        all_acc = np.concatenate([held.acc, samples.acc])
        all_gyro = np.concatenate([held.gyro, gyro])
        all_ticks = np.concatenate([held.ticks, ticks])
        whole = len(all_acc) // self._size * self._size
        self._held = Packet(all_acc[whole:], all_gyro[whole:], all_ticks[whole:])
        for at in range(0, whole, self._size):
            part = slice(at, at + self._size)
            yield Packet(all_acc[part], all_gyro[part], all_ticks[part])


class Spacing:
    """Learns the true time between a sensor's samples from the stamps of its packets.

    Oscillators of motion chips are off by up to several per cent, which moves the samples of a
    long packet by milliseconds. The mean of some 32 packets is taken; steps that are off by more
    than 10 % are losses, and not learnt.
    """

    def __init__(self, rate_hz: float, tick_hz: float, tick_modulus: int) -> None:
        self.interval_s = 1 / rate_hz
        self._nominal_s = 1 / rate_hz
        self._tick_hz = tick_hz
        self._modulus = tick_modulus
        self._last: int | None = None
        self._steps = 0

    def update(self, ticks: int, samples: int) -> None:
        """Take a packet's stamp, `samples` samples after the one before it."""
        last, self._last = self._last, ticks
        if last is None or samples == 0:
            return
        step_s = (ticks - last) % self._modulus / self._tick_hz / samples
        if abs(step_s / self._nominal_s - 1) < _MOST_DEVIATION:
            self._steps = min(self._steps + 1, _MOST_STEPS)
            self.interval_s += (step_s - self.interval_s) / self._steps


def stream_info_of_floats(
    settings: Settings, placement: Placement, device_id: str, model: str
) -> StreamInfo:
    """A sensor that sends floats on the air: its counts spread over the ranges of `settings`."""
    gyro_range_dps = settings.gyro_range_dps
    return StreamInfo(
        placement=placement,
        rate_hz=settings.rate_hz,
        acc_scale_ms2=settings.acc_range_g * GRAVITY_MS2 / FULL_SCALE_COUNTS,
        gyro_scale_rads=gyro_range_dps and float(np.radians(gyro_range_dps)) / FULL_SCALE_COUNTS,
        device_id=device_id,
        model=model,
    )


def to_counts(values: FloatArray, scale: float) -> NDArray[np.int16]:
    """Values as 16-bit counts worth `scale` each; beyond the range they clip, as a sensor does."""
    return np.clip(np.rint(values / scale), _INT16.min, _INT16.max).astype(np.int16)


def from_counts(counts: NDArray[np.integer], scale: float) -> FloatArray:
    """Values of counts worth `scale` each."""
    return counts.astype(np.float64) * scale
