"""When the samples of one sensor were taken, over any number of connections."""

from __future__ import annotations

import numpy as np

from sensors.clock import CounterClock, HostClock
from sensors.devices.family import Family, Samples
from sensors.types import FloatArray

_COUNTING_WINDOW_S = 5.0
_STALL_S = 1.0
_EARLIEST_S = -0.25
_LATEST_S = 60.0


class SampleTimes:
    """Sample times from a family's counter or, where it has none, from counting samples.

    A counter that goes on over a broken link keeps its place on the host's clock. One that started
    again shows as samples from the future, or from long ago, and is placed anew. Of a sensor that
    `keeps` samples while the link is down no time since its last sample is long ago. Counting knows
    nothing of samples that were lost: on each connection, and after a second without any, it begins
    anew.
    """

    def __init__(self, family: Family, *, keeps: bool) -> None:
        self._tick_hz = family.tick_hz
        self._tick_modulus = family.tick_modulus
        self._latest_s = np.inf if keeps else _LATEST_S
        if family.tick_hz is None:
            self._host = HostClock(window_s=_COUNTING_WINDOW_S, waited_s=np.inf)
        else:
            self._host = HostClock(latest_s=self._latest_s)
        self._counter = self._new_counter()
        self._counted_s = 0.0
        self._last_arrival_s = -np.inf
        self._offset_s: float | None = None

    def reconnected(self) -> None:
        """The sensor was connected again."""
        self._last_arrival_s = -np.inf

    def of(self, samples: Samples, arrival_s: float) -> FloatArray:
        """Times (n,) of the samples of one notification on the clock of `arrival_s`, rising."""
        first_s = self._first_s(samples, arrival_s)
        if self._is_another_clock(first_s, arrival_s):
            self._host.restart()
            self._counter = self._new_counter()
            first_s = self._first_s(samples, arrival_s)
        steps = np.arange(len(samples.acc), dtype=np.float64)
        device_s: FloatArray = first_s + steps * samples.interval_s
        t_s = self._host.seconds(device_s, arrival_s)
        self._offset_s = float(t_s[-1] - device_s[-1])
        return t_s

    def _first_s(self, samples: Samples, arrival_s: float) -> float:
        if self._counter is None or samples.ticks is None:
            return self._counted(samples, arrival_s)
        return float(self._counter.seconds(np.array([samples.ticks]))[0])

    def _counted(self, samples: Samples, arrival_s: float) -> float:
        if arrival_s > self._last_arrival_s + _STALL_S:
            self._host.restart()
        self._last_arrival_s = arrival_s
        first_s = self._counted_s
        self._counted_s += len(samples.acc) * samples.interval_s
        return first_s

    def _is_another_clock(self, first_s: float, arrival_s: float) -> bool:
        if self._counter is None or self._offset_s is None:
            return False
        return not _EARLIEST_S <= arrival_s - (first_s + self._offset_s) <= self._latest_s

    def _new_counter(self) -> CounterClock | None:
        if self._tick_hz is None or self._tick_modulus is None:
            return None
        return CounterClock(self._tick_hz, self._tick_modulus)
