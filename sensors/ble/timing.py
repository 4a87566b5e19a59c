"""When the samples of one sensor were taken, over any number of connections."""

from __future__ import annotations

import numpy as np

from sensors.clock import CounterClock, HostClock
from sensors.devices.family import Family, Samples
from sensors.types import FloatArray

_COUNTING_WINDOW_S = 5.0
_STALL_S = 1.0


class SampleTimes:
    """Sample times from a family's counter or, where it has none, from counting samples.

    Counting knows nothing of samples that were lost: after a second without any, it begins anew.
    """

    def __init__(self, family: Family) -> None:
        self._tick_hz = family.tick_hz
        self._tick_modulus = family.tick_modulus
        counts = family.tick_hz is None
        self._host = HostClock(window_s=_COUNTING_WINDOW_S) if counts else HostClock()
        self.restart()

    def restart(self) -> None:
        """The sensor was connected anew."""
        self._host.restart()
        self._counted_s = 0.0
        self._last_arrival_s: float | None = None
        self._counter: CounterClock | None = None
        if self._tick_hz is not None and self._tick_modulus is not None:
            self._counter = CounterClock(self._tick_hz, self._tick_modulus)

    def of(self, samples: Samples, arrival_s: float) -> FloatArray:
        """Times (n,) of the samples of one notification on the clock of `arrival_s`, rising."""
        first_s = self._first_s(samples, arrival_s)
        steps = np.arange(len(samples.acc), dtype=np.float64)
        device_s: FloatArray = first_s + steps * samples.interval_s
        return self._host.seconds(device_s, arrival_s)

    def _first_s(self, samples: Samples, arrival_s: float) -> float:
        if self._counter is not None and samples.ticks is not None:
            return float(self._counter.seconds(np.array([samples.ticks]))[0])
        if self._last_arrival_s is not None and arrival_s > self._last_arrival_s + _STALL_S:
            self.restart()
        self._last_arrival_s = arrival_s
        first_s = self._counted_s
        self._counted_s += len(samples.acc) * samples.interval_s
        return first_s
