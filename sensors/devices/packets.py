"""Cutting a virtual sensor's samples into packets of one size."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sensors.devices.family import Samples


class Packets:
    """Holds samples back until there are `size` of them.

    Each packet's `ticks` is that of its first sample.
    """

    def __init__(self, size: int, *, tick_hz: float = 1.0, tick_modulus: int = 2**63) -> None:
        self._size = size
        self._tick_hz = tick_hz
        self._modulus = tick_modulus
        self._held: list[Samples] = []

    def cut(self, samples: Samples) -> Iterator[Samples]:
        """Take the next samples; the packets that they complete."""
        for i in range(len(samples.acc)):
            self._held.append(self._sample(samples, i))
            if len(self._held) == self._size:
                held, self._held = self._held, []
                yield _joined(held)

    def _sample(self, samples: Samples, i: int) -> Samples:
        gyro = None if samples.gyro is None else samples.gyro[i : i + 1]
        ticks = samples.ticks
        if ticks is not None:
            ticks = (ticks + round(i * samples.interval_s * self._tick_hz)) % self._modulus
        return Samples(samples.acc[i : i + 1], gyro, ticks, samples.interval_s)


def _joined(held: list[Samples]) -> Samples:
    gyros = [samples.gyro for samples in held if samples.gyro is not None]
    return Samples(
        np.concatenate([samples.acc for samples in held]),
        np.concatenate(gyros) if len(gyros) == len(held) else None,
        held[0].ticks,
        held[0].interval_s,
    )
