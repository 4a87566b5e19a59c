"""The hub: samples of live sensors go to the disk and through the detectors as they come."""

from __future__ import annotations

import asyncio
import secrets
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

import numpy as np

from analytics.session import Pipeline, Session
from fivepoint.live import LIVE_NAME, LivePhase, LiveView, publish
from fivepoint.output import complain
from sensors.errors import FivepointError
from sensors.recording import (
    RESUMED_WITHIN,
    Recording,
    RecordingError,
    RecordingHeader,
    RecordingKind,
    Spool,
    quantized,
    recover,
)
from sensors.source import Source, merge, opened
from sensors.types import Calibration, Chunk, Placement, StreamInfo

BEAT_S = 0.1
"""Time between two looks at what has come: the live state is at most this old."""

MOST_WAITING_CHUNKS = 1024
"""Chunks that wait for the next beat; a source that is faster than that is held up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be recorded, and in which folder of recordings.

    `duration_s` None is until it is stopped. Without `calibrations` no posture is known live.
    """

    folder: Path
    kind: RecordingKind = RecordingKind.OTHER
    patient: str | None = None
    calibrations: tuple[Calibration, ...] = ()
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A finished recording, and what the detectors had found when it ended."""

    recording: Recording
    session: Session


def begin(plan: Plan, infos: Iterable[StreamInfo], started_at: datetime) -> RecordingHeader:
    """The header of a new recording, after completing what killed recorders left in the folder.

    If one of these was cut off within the last half hour, with the same wearer, kind and
    placements, the new recording resumes it. What cannot be completed stays, and is told on
    standard error.
    """
    plan.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    header = RecordingHeader(
        id=f"{started_at.astimezone(UTC):%Y%m%d-%H%M%S}-{plan.kind}-{secrets.token_hex(3)}",
        started_at=started_at,
        kind=plan.kind,
        streams=tuple(infos),
        patient=plan.patient,
        calibrations=plan.calibrations,
    )
    try:
        left = recover(plan.folder)
    except FivepointError as error:
        complain(error)
        return header
    resumed = [old for old in left if _is_continued_by(header, old)]
    last = max(resumed, key=_ended_at, default=None)
    return header if last is None else replace(header, resumes=last.header.id)


class Hub:
    """Records sources, and follows what the wearer does while it comes.

    Samples are stored and analyzed in a thread, a beat at a time, so that neither the disk nor
    the detectors hold up the links. What is found is bit for bit what `analyze` finds in the
    finished recording with the same calibrations, as long as no stream comes more than 2 s later
    than another: what comes later still is recorded, but too late for the live state.

    Durations are measured by `clock`, in seconds from anywhere.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        header: RecordingHeader,
        plan: Plan,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sources = sources
        self._clock = clock
        self._header = header
        self._plan = plan
        self._live_path = plan.folder / LIVE_NAME
        self._infos = {info.placement: info for info in header.streams}
        self._pipeline = Pipeline(header)
        self._view = LiveView(header, sources, self._pipeline, clock)
        self._arrived: asyncio.Queue[Chunk] = asyncio.Queue(MOST_WAITING_CHUNKS)

    async def run(self, stop: asyncio.Event) -> Result:
        """Record until `stop` is set, the planned duration is over or all sources have ended.

        Then the sources are let go and the recording is put in place. Only after that the error
        of a source is raised. Raises RecordingError if no sample came, or if the disk refuses:
        what came before is then kept for `begin`.
        """
        with Spool(self._plan.folder / self._header.id, self._header) as spool:
            reading = asyncio.create_task(self._read())
            try:
                await self._follow(reading, stop, spool)
            finally:
                reading.cancel()
                (failure,) = await asyncio.gather(reading, return_exceptions=True)
            await self._beat(spool, LivePhase.FINISHING)
            try:
                recording = await asyncio.to_thread(spool.close)
            except RecordingError:
                if isinstance(failure, Exception):
                    raise failure from None
                raise
        self._view.found(self._pipeline.finish())
        await self._publish(LivePhase.FINISHED)
        if isinstance(failure, Exception):
            raise failure
        return Result(recording, self._pipeline.session())

    async def _read(self) -> None:
        async with opened(merge(*self._sources)) as chunks:
            async for chunk in chunks:
                await self._arrived.put(chunk)

    async def _follow(self, reading: asyncio.Task[None], stop: asyncio.Event, spool: Spool) -> None:
        duration_s = self._plan.duration_s
        end_s = None if duration_s is None else self._clock() + duration_s
        while not (stop.is_set() or (reading.done() and self._arrived.empty())):
            left_s = BEAT_S if end_s is None else end_s - self._clock()
            if left_s <= 0:
                break
            await _set_within(stop, min(left_s, BEAT_S))
            await self._beat(spool, LivePhase.RECORDING)

    async def _beat(self, spool: Spool, phase: LivePhase) -> None:
        """Store and analyze what has come since the last beat, and publish what is known."""
        arrived = [self._arrived.get_nowait() for _ in range(self._arrived.qsize())]
        await asyncio.to_thread(self._take, _joined(arrived), spool)
        await self._publish(phase)

    def _take(self, chunks: Iterable[Chunk], spool: Spool) -> None:
        for chunk in chunks:
            spool.append(chunk)
            exact = quantized(chunk, self._infos[chunk.placement])
            self._view.arrived(exact)
            self._view.found(self._pipeline.push(exact))

    async def _publish(self, phase: LivePhase) -> None:
        state = self._view.state(phase)
        with suppress(OSError):  # a full disk ends the recording when the spool tells, not before
            await asyncio.to_thread(publish, self._live_path, state)


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


def _is_continued_by(header: RecordingHeader, old: Recording) -> bool:
    placements = [{info.placement for info in each.streams} for each in (header, old.header)]
    return (
        (old.header.patient, old.header.kind) == (header.patient, header.kind)
        and placements[0] == placements[1]
        and abs(header.started_at - _ended_at(old)) <= RESUMED_WITHIN
    )


def _ended_at(recording: Recording) -> datetime:
    return recording.header.started_at + timedelta(seconds=recording.duration_s)


async def _set_within(stop: asyncio.Event, seconds: float) -> None:
    """Wait until the event is set, for so long at most."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


def _joined(chunks: Iterable[Chunk]) -> list[Chunk]:
    """The chunks of each placement as one, in the order of their first samples."""
    by_placement: dict[Placement, list[Chunk]] = {}
    for chunk in chunks:
        if len(chunk.t_s):
            by_placement.setdefault(chunk.placement, []).append(chunk)
    return sorted(map(_one, by_placement.values()), key=lambda chunk: float(chunk.t_s[0]))


def _one(chunks: list[Chunk]) -> Chunk:
    gyros = [chunk.gyro for chunk in chunks if chunk.gyro is not None]
    return Chunk(
        chunks[0].placement,
        np.concatenate([chunk.t_s for chunk in chunks]),
        np.concatenate([chunk.acc for chunk in chunks]),
        np.concatenate(gyros) if gyros else None,
    )
