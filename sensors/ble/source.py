"""A Bluetooth sensor as a live source of chunks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

import numpy as np

from sensors.ble.backend import Backend
from sensors.ble.connection import Connection, LinkLostError, SilentError, connected
from sensors.ble.scanning import Found
from sensors.ble.timing import SampleTimes
from sensors.devices.family import (
    Battery,
    CodecError,
    Decoder,
    Message,
    Read,
    Reply,
    ResumingDecoder,
    Samples,
    Write,
)
from sensors.recording import quantized
from sensors.source import Link
from sensors.types import Chunk, FloatArray, Placement, StreamInfo

_SHORTEST_REST_S = 0.5
_LONGEST_REST_S = 10.0
_BATTERY_EVERY_S = 300.0
_SOON_S = 10.0


class BleSource:
    """One sensor's stream, for as long as it is iterated, over any number of connections.

    `clock` gives seconds since the start of the recording, and is never set back. Times of samples
    are the sensor's own, placed on that clock; they rise strictly, over reconnections too. What a
    sensor kept while it was away comes when it is back, in order. Values are quantized, so that
    live equals recorded. A sensor that is away is looked for less and less often, as looking costs
    the links of others. When iteration ends, for whatever reason, the sensor is told to stop.
    """

    def __init__(
        self,
        sensor: Found,
        placement: Placement,
        *,
        clock: Callable[[], float],
        backend: Backend,
        rate_hz: float = 100.0,
    ) -> None:
        self.sensor = sensor
        self._settings = sensor.family.settings(rate_hz)
        self._info = sensor.family.stream_info(self._settings, placement, sensor.address)
        self._clock = clock
        self._backend = backend
        self._decoder: Decoder = sensor.family.decoder(self._settings)
        keeps = isinstance(self._decoder, ResumingDecoder)
        self._times = SampleTimes(sensor.family, keeps=keeps)
        self._goes_on = False
        self._due: list[Write | Read] = []
        self._started_s = 0.0
        self._link = Link(connected=False, rssi_dbm=sensor.rssi_dbm)
        self._problem: str | None = None
        self._waits = False
        self._refusal: str | None = None
        self._rest_s = _SHORTEST_REST_S
        self._last_s: float | None = None
        self._battery_due_s = 0.0

    @property
    def infos(self) -> tuple[StreamInfo, ...]:
        """The one stream."""
        return (self._info,)

    @property
    def link(self) -> Link:
        """The link as it is now; what an interruption costs grows until samples come again."""
        if not self._waits or self._last_s is None:
            return self._link
        away_s = max(0.0, self._clock() - self._last_s)
        return replace(self._link, lost_s=self._link.lost_s + away_s)

    @property
    def problem(self) -> str | None:
        """Why there is no link, in a few words; None while there is one."""
        return self._problem

    async def __aiter__(self) -> AsyncGenerator[Chunk, None]:
        try:
            while True:
                try:
                    async with connected(
                        self.sensor, self._clock, backend=self._backend
                    ) as connection:
                        self._begin()
                        while True:
                            for chunk in await self._next(connection):
                                yield chunk
                except LinkLostError as lost:
                    self._lost(lost)
                await asyncio.sleep(self._rest_s)
                self._rest_s = min(2 * self._rest_s, _LONGEST_REST_S)
        finally:
            self._waits = False
            self._link = replace(self._link, connected=False)

    def _lost(self, lost: LinkLostError) -> None:
        """A sensor that falls silent as soon as it should go on is started anew."""
        self._problem = self._refusal or str(lost)
        self._waits = True
        self._link = replace(self._link, connected=False)
        if isinstance(lost, SilentError) and self._clock() < self._started_s + _SOON_S:
            self._goes_on = False

    def _begin(self) -> None:
        """Start the stream, or make it go on if the sensor kept it.

        A stream that goes on may refuse to be started, but what it sends is as good.
        """
        self._refusal = None
        self._times.reconnected()
        self._started_s = self._battery_due_s = self._clock()
        if self._goes_on and isinstance(self._decoder, ResumingDecoder):
            self._due = [*self._decoder.resume()]
            return
        self._goes_on = True
        self._decoder = self.sensor.family.decoder(self._settings)
        self._due = [*self.sensor.family.start(self._settings)]

    async def _ask(self, connection: Connection) -> None:
        """Say what is due. If the link breaks, what had come before has yet to be taken."""
        if self._clock() >= self._battery_due_s:
            self._battery_due_s = self._clock() + _BATTERY_EVERY_S
            self._due += self.sensor.family.battery()
        requests, self._due = self._due, []
        try:
            await connection.ask(requests)
        except LinkLostError as lost:
            self._refusal = str(lost)

    async def _next(self, connection: Connection) -> list[Chunk]:
        _heed_cancellation()
        await self._ask(connection)
        arrival = await connection.arrival()
        try:
            messages = self._decoder.feed(arrival.characteristic, arrival.data)
        except CodecError:
            return []
        self._rest_s = _SHORTEST_REST_S
        self._due += [message for message in messages if isinstance(message, Write)]
        chunks = [self._taken(message, arrival.arrival_s) for message in messages]
        return [chunk for chunk in chunks if chunk is not None and len(chunk.t_s)]

    def _taken(self, message: Message, arrival_s: float) -> Chunk | None:
        if isinstance(message, Samples):
            return self._chunk(message, self._times.of(message, arrival_s))
        if isinstance(message, Battery):
            self._link = replace(self._link, battery_percent=message.percent)
        if isinstance(message, Reply) and message.error:
            self._refusal = f"the sensor refused to {message.request}: {message.error}"
        return None

    def _chunk(self, samples: Samples, t_s: FloatArray) -> Chunk:
        """The samples as a chunk; what was taken before the recording began is left out."""
        self._problem, self._waits = None, False
        within = t_s >= 0
        gyro = None if samples.gyro is None else samples.gyro[within]
        chunk = Chunk(self._info.placement, t_s[within], samples.acc[within], gyro)
        lost_s = self._link.lost_s + self._missing_s(chunk.t_s)
        self._link = replace(self._link, connected=True, lost_s=lost_s)
        return quantized(chunk, self._info)

    def _missing_s(self, t_s: FloatArray) -> float:
        """How much time is missing before and between samples at `t_s` (n,)."""
        if len(t_s) == 0:
            return 0.0
        before_s = t_s[0] if self._last_s is None else self._last_s
        self._last_s = float(t_s[-1])
        interval_s = 1 / self._info.rate_hz
        steps_s = np.diff(t_s, prepend=before_s)
        return float(np.sum(steps_s[steps_s > 1.5 * interval_s] - interval_s))


def _heed_cancellation() -> None:
    """End the task if it was cancelled and a library below did not hear.

    Before Python 3.12 `asyncio.wait_for`, which Bluetooth stacks use, drops a cancellation that
    comes together with its result.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
