"""Recordings that follow each other while the sensors stay connected, without losing a sample."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from analytics.events import Fall, Posture
from analytics.pipeline import analyze
from fivepoint.complaint import complain
from fivepoint.take import US_PER_S, Plan, Take
from sensors.errors import FivepointError
from sensors.recording import RESUMED_WITHIN, Recording, RecordingHeader, recover
from sensors.types import Chunk, Placement, StreamInfo

WALL_STEP_S = 1.0
"""Disagreement between the hub's clock and the time of day that shows that the latter was set."""


UNTOLD_S = 10.0
"""A fall so soon before a recorder was cut off may not have been told by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When a recording ends and another begins. All of it is engineering judgement."""

    silence_s: float = 600.0
    """All sensors silent for so long: they were taken off, and the recording is over."""
    long_s: float = 3600.0
    """A recording so long ends at the next calm moment: the day's progress can be seen by day."""
    current_s: float = 5.0
    """A stream whose last sample is not older than this, beside the newest of all, is not behind:
    some sensors send a second at a time, and links stall."""
    earlier_s: float = 1.0
    """After a silence a recording begins so long before its first sample, for others' first."""


RULES = Rules()


class Takes:
    """Puts what comes into one recording after another.

    A recording ends, and what comes goes into another one, when a stream comes that it does not
    name or that reaches back before it; all day also after 10 min of silence, and after an hour as
    soon as the wearer is upright, nothing may be a fall and no stream is behind. A recording that
    follows without a pause names the one before in `resumes`, and the first one names what was cut
    off half an hour before at most, if that was of the same wearer, kind and place; it also tells
    of a fall with which that was cut off.

    `clock` tells the hub's time, in seconds from its start, and `wall` the time of day.
    """

    def __init__(
        self,
        plan: Plan,
        clock: Callable[[], float],
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        rules: Rules = RULES,
    ) -> None:
        self.current: Take | None = None
        self._plan = plan
        self._clock = clock
        self._wall = wall
        self._rules = rules
        self._zero_at = self._zero_by_wall()
        self._cut_off: list[Recording] = []
        self._last_us: dict[Placement, int] = {}
        self._arrived_s = 0.0

    def recover(self) -> None:
        """Complete what killed recorders left in the folder, for the first recording to resume.

        What cannot be completed stays, and is told on standard error.
        """
        self._plan.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._cut_off = recover(self._plan.folder)
        except FivepointError as error:
            complain(error)

    def put(self, chunks: Sequence[Chunk], streams: Mapping[Placement, StreamInfo]) -> Take | None:
        """Put in what has come, of these streams; the recording that ended before it, if one did.

        It is then the caller's, to finish.
        """
        ended = self.end() if self._is_over(chunks) else None
        if chunks and self.current is None:
            self.current = self._begun(chunks, streams.values(), ended)
        for chunk in chunks:
            self._add(chunk)
        return ended

    def end(self) -> Take | None:
        """Nothing more goes into the current recording, which is the caller's, to finish."""
        ended, self.current = self.current, None
        return ended

    def _add(self, chunk: Chunk) -> None:
        assert self.current is not None
        self.current.add(chunk)
        self._last_us[chunk.placement] = _us(chunk.t_s[-1])
        self._arrived_s = self._clock()

    def _is_over(self, chunks: Sequence[Chunk]) -> bool:
        take = self.current
        if take is None:
            return False
        foreign = any(
            take.header.stream(chunk.placement) is None or _us(chunk.t_s[0]) < take.origin_us
            for chunk in chunks
        )
        return foreign or (self._plan.all_day and (self._is_silent() or self._is_due(take)))

    def _is_silent(self) -> bool:
        return self._clock() - self._arrived_s >= self._rules.silence_s

    def _is_due(self, take: Take) -> bool:
        """Whether it is long enough, and this is a moment to end it."""
        newest_us = max(self._last_us.values())
        if newest_us - take.origin_us < self._rules.long_s * US_PER_S:
            return False
        if take.pipeline.falls.undecided or self._is_any_behind(newest_us):
            return False
        return not self._plan.calibrations or take.pipeline.posture.posture is Posture.UPRIGHT

    def _is_any_behind(self, newest_us: int) -> bool:
        """Whether a stream is behind that is likely to come back."""
        behind_s = [(newest_us - last_us) / US_PER_S for last_us in self._last_us.values()]
        return any(self._rules.current_s < each < self._rules.silence_s for each in behind_s)

    def _begun(
        self, chunks: Sequence[Chunk], infos: Iterable[StreamInfo], before: Take | None
    ) -> Take:
        first_us = min(_us(chunk.t_s[0]) for chunk in chunks)
        if before is not None and not self._is_silent():
            origin_us = self._seam_us(first_us)
            header = replace(self._header(infos, origin_us), resumes=before.header.id)
        else:
            origin_us = self._start_us(first_us)
            header = self._header(infos, origin_us)
            cut_off = self._cut_off_before(header)
            if cut_off is not None:
                take = Take(replace(header, resumes=cut_off.header.id), self._plan, origin_us)
                take.falls += _falls_as_cut_off(cut_off, header)
                return take
        return Take(header, self._plan, origin_us)

    def _seam_us(self, first_us: int) -> int:
        """Where a recording begins that follows: after all samples that have come, as far as known.

        Streams differ in how late they come, so it begins where the latest of them goes on, and its
        first moments may overlap with the last ones of the recording before.
        """
        newest_us = max(first_us, *self._last_us.values())
        ends_us = [last_us + 1 for last_us in self._last_us.values()]
        current_us = self._rules.current_s * US_PER_S
        return min(first_us, *(end for end in ends_us if newest_us - end < current_us))

    def _start_us(self, first_us: int) -> int:
        """Where a recording begins that follows nothing; a single one begins with its hub."""
        if not self._last_us and not self._plan.all_day:
            return 0
        self._zero_at = self._zero_set_right()
        earliest_us = 1 + max(self._last_us.values(), default=-1)
        return min(first_us, max(earliest_us, first_us - round(self._rules.earlier_s * US_PER_S)))

    def _header(self, infos: Iterable[StreamInfo], origin_us: int) -> RecordingHeader:
        started_at = self._zero_at + timedelta(microseconds=origin_us)
        return RecordingHeader(
            id=f"{started_at:%Y%m%d-%H%M%S}-{self._plan.kind}-{secrets.token_hex(3)}",
            started_at=started_at,
            kind=self._plan.kind,
            streams=tuple(infos),
            patient=self._plan.patient,
            calibrations=self._plan.calibrations,
        )

    def _cut_off_before(self, header: RecordingHeader) -> Recording | None:
        """The recording that was cut off and is continued by this one."""
        left, self._cut_off = self._cut_off, []
        return max((old for old in left if _continues(header, old)), key=_ended_at, default=None)

    def _zero_by_wall(self) -> datetime:
        """The time of day at the hub's time 0, by the clocks as they are now."""
        return self._wall().astimezone(UTC) - timedelta(seconds=self._clock())

    def _zero_set_right(self) -> datetime:
        """The same, and as before unless somebody set the time of day."""
        zero_at = self._zero_by_wall()
        is_set = abs(zero_at - self._zero_at) > timedelta(seconds=WALL_STEP_S)
        return zero_at if is_set else self._zero_at


def _falls_as_cut_off(old: Recording, header: RecordingHeader) -> list[Fall]:
    """Falls with which a recording was cut off, in the times of the one that resumes it."""
    later_s = (header.started_at - old.header.started_at).total_seconds()
    return [
        replace(fall, impact_s=fall.impact_s - later_s)
        for fall in analyze(old).falls
        if fall.impact_s >= old.duration_s - UNTOLD_S
    ]


def _us(t_s: float) -> int:
    return round(t_s * US_PER_S)


def _continues(header: RecordingHeader, old: Recording) -> bool:
    return (
        (old.header.patient, old.header.kind) == (header.patient, header.kind)
        and any(old.header.stream(info.placement) for info in header.streams)
        and abs(header.started_at - _ended_at(old)) <= RESUMED_WITHIN
    )


def _ended_at(recording: Recording) -> datetime:
    return recording.header.started_at + timedelta(seconds=recording.duration_s)
