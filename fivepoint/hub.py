"""The hub: samples of live sensors go to the disk and through the detectors as they come."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

from fivepoint.incoming import Incoming
from fivepoint.live import LIVE_NAME, LivePhase, LiveSensors, live_state, publish
from fivepoint.take import Plan, Result, Take
from fivepoint.takes import Takes
from sensors.recording import RecordingError, RecordingHeader
from sensors.source import Source
from sensors.types import Chunk, Placement, by_placement

__all__ = ["Hub", "Plan", "Result", "since_now", "stopping_on_signals"]

BEAT_S = 0.03
"""Time between two looks at what has come: the live state is at most this old, so that a coach
knows within 150 ms of a sample what it shows (see `benchmarks.live`)."""

OnBegin = Callable[[RecordingHeader], None]
OnFinish = Callable[[Result], None]


class Hub:
    """Records sources, and follows what the wearer does while it comes.

    Samples are stored and analyzed in a thread, a beat at a time, so that neither the disk nor
    the detectors hold up the links. What is found is bit for bit what `analyze` finds in the
    finished recording with the same calibrations, as long as no stream comes more than 2 s later
    than another: what comes later still is recorded, but too late for the live state.

    Where a recording ends and the next begins, see `Takes`: the sources go on meanwhile. `clock`
    tells seconds from the hub's start, as do the times of the sources' samples. `expected` are the
    places of sensors that are worn, be they there or not.
    """

    def __init__(
        self,
        plan: Plan,
        clock: Callable[[], float] | None = None,
        *,
        expected: Iterable[Placement] = (),
        on_begin: OnBegin = lambda _: None,
        on_finish: OnFinish = lambda _: None,
    ) -> None:
        self._plan = plan
        self._clock = since_now() if clock is None else clock
        self._on_begin = on_begin
        self._on_finish = on_finish
        self._now_s = self._clock()
        self._takes = Takes(plan, lambda: self._now_s)
        self._sensors = LiveSensors(expected, self._clock)
        self._finishing: set[asyncio.Task[Result]] = set()
        self._shown: Take | None = None

    async def run(
        self,
        stop: asyncio.Event,
        sources: Sequence[Source],
        joining: AsyncIterable[Source] | None = None,
    ) -> None:
        """Record until `stop` is set, the planned duration is over or all sources have ended.

        Sources that come out of `joining` are recorded from then on. At the end all are let go and
        the last recording is put in place. Only after that the error of a source is raised. Raises
        RecordingError if no sample came, except all day, or if the disk refuses: what came before
        is then kept for the next recorder.
        """
        await asyncio.to_thread(self._takes.recover)
        incoming = Incoming()
        try:
            for source in sources:
                incoming.add(source)
            if joining is not None:
                incoming.add_later(joining)
            try:
                await self._follow(incoming, stop)
            finally:
                await incoming.close()
            await self._beat(incoming)
            await self._finish()
        finally:
            await self._leave()
        if incoming.failure is not None:
            raise incoming.failure
        if self._shown is None and not self._plan.all_day:
            raise RecordingError(
                "No sample came, so there is nothing to keep; check that the sensor is on and "
                "sends."
            )

    async def _follow(self, incoming: Incoming, stop: asyncio.Event) -> None:
        duration_s = self._plan.duration_s
        end_s = None if duration_s is None else self._clock() + duration_s
        while not (stop.is_set() or incoming.ended):
            left_s = BEAT_S if end_s is None else end_s - self._clock()
            if left_s <= 0:
                break
            await _set_within(stop, min(left_s, BEAT_S))
            await self._beat(incoming)

    async def _beat(self, incoming: Incoming) -> None:
        """Store and analyze what has come since the last beat, and publish what is known."""
        self._now_s = self._clock()
        self._sensors.attend(incoming.sources)
        chunks = joined(incoming.taken())
        for chunk in chunks:
            self._sensors.arrived(chunk)
        before = self._takes.current
        ended = await asyncio.to_thread(self._takes.put, chunks, self._sensors.infos)
        if ended is not None:
            self._finishing.add(asyncio.create_task(asyncio.to_thread(ended.finish)))
        take = self._takes.current
        if take is not None and take is not before:
            self._on_begin(take.header)
        self._tell_finished()
        self._shown = take or self._shown
        await self._publish(LivePhase.WAITING if take is None else LivePhase.RECORDING)

    async def _finish(self) -> None:
        """Put the last recording in place, and those before it that are not yet."""
        last = self._takes.end()
        if last is not None:
            self._finishing.add(asyncio.create_task(asyncio.to_thread(last.finish)))
        while self._finishing:
            await self._publish(LivePhase.FINISHING)
            await asyncio.wait(self._finishing, timeout=BEAT_S)
            self._tell_finished()
        await self._publish(LivePhase.FINISHED)

    def _tell_finished(self) -> None:
        done = {task for task in self._finishing if task.done()}
        self._finishing -= done
        for task in done:
            self._on_finish(task.result())

    async def _leave(self) -> None:
        """Whatever is not finished is kept for the next recorder."""
        take = self._takes.end()
        if take is not None:
            await asyncio.to_thread(take.leave)
        await asyncio.gather(*self._finishing, return_exceptions=True)

    async def _publish(self, phase: LivePhase) -> None:
        take = None if phase is LivePhase.WAITING else self._shown
        virtual = self._plan.virtual
        state = live_state(phase, take, self._sensors, self._clock(), virtual=virtual)
        with suppress(OSError):  # a full disk ends the recording when the spool tells, not before
            await asyncio.to_thread(publish, self._plan.folder / LIVE_NAME, state)


def since_now(now: Callable[[], float] = time.monotonic) -> Callable[[], float]:
    """A clock that begins at 0 now."""
    started_s = now()
    return lambda: now() - started_s


@contextmanager
def stopping_on_signals() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C and a request to terminate set; to be used inside a running loop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.set)

    previous = {each: signal.signal(each, ask) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for each, handler in previous.items():
            signal.signal(each, handler)


async def _set_within(stop: asyncio.Event, seconds: float) -> None:
    """Wait until the event is set, for so long at most."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


def joined(chunks: Iterable[Chunk]) -> list[Chunk]:
    """The chunks of each placement as one, in the order of their first samples."""
    whole = by_placement(chunk for chunk in chunks if len(chunk.t_s))
    return sorted(whole.values(), key=lambda chunk: float(chunk.t_s[0]))
