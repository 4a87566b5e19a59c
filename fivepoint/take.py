"""One recording in the making: onto the disk and through the detectors as it comes."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from analytics.events import Event, Fall, Repetition
from analytics.frontend import MAX_LAG_S
from analytics.limits import NOTHING_PRESCRIBED, PrescribedByDay
from analytics.pipeline import Pipeline, analyze
from analytics.session import Session
from sensors.recording import Recording, RecordingHeader, RecordingKind, Spool, quantized
from sensors.types import Calibration, Chunk

US_PER_S = 1_000_000
_LATE_MARGIN_S = 0.2

SILENT_S = 4.0
"""Sensors that have sent nothing for so long may have been lost in a fall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be recorded, and in which folder of recordings.

    `duration_s` None is until it is stopped. Without `calibrations` no posture is known live. What
    is done is measured against what is `prescribed` to the wearer. One recording is made, and
    another one if a sensor turns up later; `all_day` more, see `Takes`. `virtual` sensors are said
    to be so live, since no alarm may take them for somebody.
    """

    folder: Path
    kind: RecordingKind = RecordingKind.OTHER
    patient: str | None = None
    calibrations: tuple[Calibration, ...] = ()
    prescribed: PrescribedByDay = NOTHING_PRESCRIBED
    duration_s: float | None = None
    all_day: bool = False
    virtual: bool = False


class Result(NamedTuple):
    """A finished recording, and what was found in it."""

    recording: Recording
    session: Session


class Take:
    """One recording in the making, with what the detectors have found in it so far.

    Its time 0 is at `origin_us` on the hub's clock. A stream that comes more than 2 s later than
    another comes too late for the detectors; then, and where no calibration was known, the finished
    recording is analyzed again.
    """

    def __init__(self, header: RecordingHeader, plan: Plan, origin_us: int) -> None:
        self.header = header
        self.origin_us = origin_us
        self.prescribed = plan.prescribed.at(header.started_at)
        self.pipeline = Pipeline(header, limits=self.prescribed.limits)
        self.repetitions = 0
        self.last_repetition: Repetition | None = None
        self.falls: list[Fall] = []
        self._infos = {info.placement: info for info in header.streams}
        self._opened = ExitStack()
        self._spool = self._opened.enter_context(Spool(plan.folder / header.id, header))
        self._newest_start_s = self._newest_s = 0.0
        self._silent_from_s: float | None = None
        self._if_over: Fall | None = None
        self._came_too_late = False

    @property
    def origin_s(self) -> float:
        """Its time 0 on the hub's clock, in seconds."""
        return self.origin_us / US_PER_S

    def add(self, chunk: Chunk) -> None:
        """Take samples with times on the hub's clock."""
        chunk = quantized(self._placed(chunk), self._infos[chunk.placement])
        self._spool.append(chunk)
        start_s = float(chunk.t_s[0])
        self._came_too_late |= start_s < self._newest_start_s - MAX_LAG_S + _LATE_MARGIN_S
        self._newest_start_s = max(self._newest_start_s, start_s)
        self._newest_s = max(self._newest_s, float(chunk.t_s[-1]))
        self._found(self.pipeline.push(chunk))

    def suspected_fall(self, now_s: float) -> Fall | None:
        """The fall that an alarm acts upon, at `now_s` on the hub's clock.

        Where the sensors fell silent in it, it is told by what came until then.
        """
        falls = self.pipeline.falls
        silent = now_s - self.origin_s - self._newest_s >= SILENT_S
        if falls.suspected is not None or not silent or not falls.undecided:
            return falls.suspected
        if self._silent_from_s != self._newest_s:
            self._silent_from_s, self._if_over = self._newest_s, falls.suspected_if_over
        return self._if_over

    def finish(self) -> Result:
        """Put the recording in place; raises RecordingError if the disk refuses."""
        with self._opened:
            recording = self._spool.close()
        self._found(self.pipeline.finish())
        again = self._came_too_late or not self.header.calibrations
        limits = self.prescribed.limits
        session = analyze(recording, limits=limits) if again else self.pipeline.session()
        return Result(recording, session)

    def leave(self) -> None:
        """Keep the spool for the next recorder to complete."""
        self._opened.close()

    def _placed(self, chunk: Chunk) -> Chunk:
        t_s = np.rint(chunk.t_s * US_PER_S - self.origin_us) / US_PER_S
        return Chunk(chunk.placement, t_s, chunk.acc, chunk.gyro)

    def _found(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, Fall):
                self.falls.append(event)
            elif isinstance(event, Repetition):
                self.repetitions += not event.partial
                self.last_repetition = event
