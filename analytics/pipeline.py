"""A recording's samples to what was done in it: every detector over one stream."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from analytics.back_extension import BackExtensionDetector
from analytics.body import BODY_RATE_HZ, SEGMENT_OF, BodyChunk, Segment
from analytics.brace import BraceDetector
from analytics.bridging import BridgingDetector
from analytics.calibration.walking import plausible_calibrations
from analytics.detector import Detector
from analytics.events import (
    BackExtension,
    DismissedFall,
    Event,
    ExtensionBout,
    Fall,
    FlexionBout,
    NearFall,
    OverExtension,
    PadSlip,
    PostureBout,
    Repetition,
    SensorSlip,
    SittingBout,
    StandUp,
    WalkingBout,
    WearBout,
)
from analytics.falls import FallDetector
from analytics.flexion import FlexionDetector
from analytics.frontend import FrontEnd, Gathering, SlipGuard
from analytics.limits import USUAL, Limits
from analytics.near_falls import StumbleDetector, without_falls
from analytics.posture import PostureDetector
from analytics.session import Session, StreamSummary
from analytics.sitting import SittingDetector
from analytics.spine import SpineDetector
from analytics.transfers import TransferDetector
from analytics.walking import WalkingDetector
from analytics.wear import WearDetector, with_slips
from sensors.clock import GapFinder
from sensors.recording import Recording, RecordingHeader
from sensors.types import Calibration, Chunk, FloatArray, Gap, Placement, StreamInfo

ALGORITHM_VERSION = "2"
"""Raised with every change of a result; stored results of another version are computed again."""

CHUNK_S = 300.0
"""How much of a recording is read at a time; no result depends on it. A call of all detectors takes
as long as two seconds of samples, and five minutes of two sensors fit the cache of a core."""

OTHERS_LEAST_ROWS = round(0.2 * BODY_RATE_HZ)
"""Body samples for which the detectors are called, but for the one of bridges: a coach is told of
those within the moment, and of everything else nothing is decided within a fifth of a second."""

E = TypeVar("E")


class Pipeline:
    """Front end and detectors over the chunks of one recording, live or read back.

    Push the chunks of all streams in the order of their first samples; the result does not depend
    on how they are cut. What it keeps grows only with the events and gaps found. Of two sensors on
    one body segment the first in the header is analyzed; the other is counted. `limits` are what is
    prescribed to the wearer.
    """

    def __init__(
        self,
        header: RecordingHeader,
        calibrations: Iterable[Calibration] | None = None,
        *,
        limits: Limits = USUAL,
    ) -> None:
        self._header = header
        self._limits = limits
        self._streams = {info.placement: _StreamLog(info) for info in header.streams}
        worn = one_per_segment(header.streams)
        self._worn = {info.placement for info in worn}
        calibrations = tuple(header.calibrations if calibrations is None else calibrations)
        self._front_end = FrontEnd(worn, calibrations)
        calibrated = {each.placement for each in calibrations} & self._worn
        self._sitting_known = Placement.THIGH in calibrated and len(calibrated) > 1
        self._slip_guard = SlipGuard()
        self.posture = PostureDetector()
        self.spine = SpineDetector(limits)
        self.bridging = BridgingDetector()
        self.falls = FallDetector()
        self.walking = WalkingDetector()
        self._brace = BraceDetector()
        self._others: tuple[Detector, ...] = (
            self.posture,
            self.spine,
            FlexionDetector(limits),
            self.falls,
            BackExtensionDetector(),
            TransferDetector(),
            self.walking,
            StumbleDetector(),
            WearDetector(),
            self._brace,
            *([SittingDetector()] if self._sitting_known else []),
        )
        self._gathering = Gathering(OTHERS_LEAST_ROWS)
        self._events: list[Event] = []

    def push(self, chunk: Chunk) -> list[Event]:
        """Take the next samples of one sensor; return the events they completed."""
        self._streams[chunk.placement].add(chunk.t_s)
        if chunk.placement not in self._worn:
            return []
        events = self._detect(self._front_end.push(chunk))
        self._events += events
        return events

    def finish(self) -> list[Event]:
        """The recording has ended: return the events that were still open."""
        events = self._detect(self._front_end.finish())
        events += self._ask_others(self._gathering.rest())
        for detector in (self.bridging, *self._others):
            events += detector.finish()
        self._events += events
        return events

    def session(self) -> Session:
        """What was found so far; complete after `finish`."""
        header = self._header
        duration_s = max((log.end_s for log in self._streams.values()), default=0.0)
        return Session(
            recording_id=header.id,
            patient=header.patient,
            started_at=header.started_at,
            kind=header.kind,
            duration_s=duration_s,
            algorithm_version=ALGORITHM_VERSION,
            limits=self._limits,
            streams=tuple(log.summary(duration_s) for log in self._streams.values()),
            postures=_only(PostureBout, self._events),
            spine=self.spine.summary(),
            spine_unseen=self.spine.unseen(),
            hyperextension=_only(ExtensionBout, self._events),
            over_extension=_only(OverExtension, self._events),
            pad_slips=_only(PadSlip, self._events),
            sensor_slips=_only(SensorSlip, self._events),
            flexion=_only(FlexionBout, self._events),
            repetitions=_only(Repetition, self._events),
            falls=_only(Fall, self._events),
            dismissed_falls=_only(DismissedFall, self._events),
            back_extensions=_only(BackExtension, self._events),
            stand_ups=_only(StandUp, self._events),
            walks=_only(WalkingBout, self._events),
            near_falls=without_falls(_only(NearFall, self._events), _only(Fall, self._events)),
            wear=with_slips(_only(WearBout, self._events), _only(SensorSlip, self._events)),
            sitting=_only(SittingBout, self._events),
            sitting_known=self._sitting_known,
            brace=self._brace.indication(),
        )

    def _detect(self, chunks: list[BodyChunk]) -> list[Event]:
        events: list[Event] = []
        for chunk in chunks:
            corrected, slips = self._slip_guard.update(chunk)
            events += slips
            for part in corrected:
                events += self.bridging.update(part)
                events += self._ask_others(self._gathering.add(part))
        return events

    def _ask_others(self, chunks: list[BodyChunk]) -> list[Event]:
        return [
            event
            for chunk in chunks
            for detector in self._others
            for event in detector.update(chunk)
        ]


class _StreamLog:
    """What arrived of one stream."""

    def __init__(self, info: StreamInfo) -> None:
        self._info = info
        self._finder = GapFinder(info.rate_hz)
        self._gaps: list[Gap] = []
        self._samples = 0
        self.end_s = 0.0

    def add(self, t_s: FloatArray) -> None:
        if len(t_s) == 0:
            return
        self._gaps += self._finder.update(t_s)
        self._samples += len(t_s)
        self.end_s = float(t_s[-1]) + 1.0 / self._info.rate_hz

    def summary(self, duration_s: float) -> StreamSummary:
        info = self._info
        expected = duration_s * info.rate_hz
        return StreamSummary(
            placement=info.placement,
            model=info.model,
            rate_hz=info.rate_hz,
            samples=self._samples,
            coverage=min(self._samples / expected, 1.0) if expected > 0.0 else 0.0,
            gaps=tuple(self._gaps),
        )


def analyze(
    recording: Recording,
    calibrations: Sequence[Calibration] | None = None,
    *,
    limits: Limits = USUAL,
) -> Session:
    """Everything that the detectors find in a recording.

    Without `calibrations` those of the recording serve, and without these plausible ones found in
    it (see `calibrations_for`). `limits` are as in `Pipeline`.
    """
    calibrations = calibrations_for(recording, calibrations)
    pipeline = Pipeline(recording.header, calibrations, limits=limits)
    for chunk in recording.chunks(CHUNK_S):
        pipeline.push(chunk)
    pipeline.finish()
    return pipeline.session()


def calibrations_for(
    recording: Recording, given: Sequence[Calibration] | None
) -> Sequence[Calibration]:
    """Those given, else the recording's own, else the first plausible ones found in it."""
    if given is not None:
        return given
    return recording.header.calibrations or plausible_calibrations(recording)


def one_per_segment(infos: Iterable[StreamInfo]) -> list[StreamInfo]:
    """The streams to analyze: of two on one body segment the first."""
    first: dict[Segment, StreamInfo] = {}
    for info in infos:
        first.setdefault(SEGMENT_OF[info.placement], info)
    return list(first.values())


def _only(kind: type[E], events: list[Event]) -> tuple[E, ...]:
    return tuple(event for event in events if isinstance(event, kind))
