"""What was found in one recording, and the object that `analyze --json` prints of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from analytics.brace import BraceIndication
from analytics.bridging.sets import RepetitionSet, set_json, sets_of
from analytics.events import (
    BackExtension,
    DismissedFall,
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
from analytics.limits import Limits
from analytics.posture_summary import PostureSummary, posture_summary
from analytics.spine import SpineSummary, Unseen
from sensors.recording import RecordingKind
from sensors.types import Gap, Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSummary:
    """How much of one sensor's stream arrived; `coverage` is samples received ÷ expected."""

    placement: Placement
    model: str
    rate_hz: float
    samples: int
    coverage: float
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What was found in one recording, by one version of the algorithms and within `limits`."""

    recording_id: str
    patient: str | None
    started_at: datetime
    kind: RecordingKind
    duration_s: float
    algorithm_version: str
    limits: Limits
    streams: tuple[StreamSummary, ...]
    postures: tuple[PostureBout, ...]
    spine: SpineSummary | None
    spine_unseen: tuple[Unseen, ...]
    hyperextension: tuple[ExtensionBout, ...]
    over_extension: tuple[OverExtension, ...]
    pad_slips: tuple[PadSlip, ...]
    sensor_slips: tuple[SensorSlip, ...]
    sitting: tuple[SittingBout, ...]
    sitting_known: bool
    """Whether sitting could be told from standing: by a thigh sensor beside another one."""
    brace: BraceIndication | None
    flexion: tuple[FlexionBout, ...]
    repetitions: tuple[Repetition, ...]
    falls: tuple[Fall, ...]
    dismissed_falls: tuple[DismissedFall, ...] = ()
    back_extensions: tuple[BackExtension, ...] = ()
    stand_ups: tuple[StandUp, ...] = ()
    walks: tuple[WalkingBout, ...] = ()
    near_falls: tuple[NearFall, ...] = ()
    wear: tuple[WearBout, ...]

    @property
    def sets(self) -> tuple[RepetitionSet, ...]:
        """The repetitions in their sets."""
        return sets_of(self.repetitions)

    @property
    def posture_summary(self) -> PostureSummary:
        """How long somebody lay and was up, and how often they got up."""
        sitting = self.sitting if self.sitting_known else None
        return posture_summary(self.postures, self.wear, self.flexion, sitting)


def session_json(session: Session) -> dict[str, Any]:
    """The session as the object that `analyze --json` prints: numbers, strings, lists, objects."""
    return {
        "recording_id": session.recording_id,
        "started_at": session.started_at.isoformat(),
        "duration_s": session.duration_s,
        "algorithm_version": session.algorithm_version,
        "limits": asdict(session.limits),
        "streams": [asdict(stream) for stream in session.streams],
        "posture": [asdict(bout) for bout in session.postures],
        "spine": None if session.spine is None else _spine_json(session.spine),
        "hyperextension": [asdict(bout) for bout in session.hyperextension],
        "flexion": [asdict(bout) for bout in session.flexion],
        "repetitions": [_repetition_json(repetition) for repetition in session.repetitions],
        "falls": [asdict(fall) for fall in session.falls],
        "dismissed_falls": [asdict(fall) for fall in session.dismissed_falls],
        "wear": [asdict(bout) for bout in session.wear],
        "spine_unseen": [asdict(unseen) for unseen in session.spine_unseen],
        "over_extension": [asdict(excess) for excess in session.over_extension],
        "pad_slips": [asdict(slip) for slip in session.pad_slips],
        "sensor_slips": [asdict(slip) for slip in session.sensor_slips],
        "sitting": [asdict(bout) for bout in session.sitting] if session.sitting_known else None,
        "posture_summary": asdict(session.posture_summary),
        "brace": None if session.brace is None else _brace_json(session.brace),
        "sets": [set_json(one) for one in session.sets],
        "back_extensions": [asdict(lift) for lift in session.back_extensions],
        "stand_ups": [asdict(rise) for rise in session.stand_ups],
        "walks": [asdict(walk) for walk in session.walks],
        "near_falls": [asdict(event) for event in session.near_falls],
    }


def _brace_json(brace: BraceIndication) -> dict[str, Any]:
    return asdict(brace) | {"consistent_with_brace": brace.consistent}


def _spine_json(spine: SpineSummary) -> dict[str, Any]:
    percentiles = {"p05": spine.p05_deg, "p50": spine.p50_deg, "p95": spine.p95_deg}
    return {
        "observable_s": spine.observable_s,
        "extension_deg": percentiles,
        "sigma_deg": spine.sigma_deg,
        "confidence": spine.confidence,
    }


def _repetition_json(repetition: Repetition) -> dict[str, Any]:
    return {
        "start_s": repetition.start_s,
        "end_s": repetition.end_s,
        "hold_start_s": repetition.hold_start_s,
        "hold_end_s": repetition.hold_end_s,
        "lift_s": repetition.lift_s,
        "hold_s": repetition.hold_s,
        "lower_s": repetition.lower_s,
        "peak_deg": repetition.peak_deg,
        "roll_deg": repetition.roll_deg,
        "sparc": repetition.sparc,
        "partial": repetition.partial,
        "rise_part": repetition.rise_part,
        "sag_degs": repetition.sag_degs,
        "sag_deg": repetition.sag_deg,
        "tremor_degs": repetition.tremor_degs,
        "tremor_ms2": repetition.tremor_ms2,
        "ldlj": repetition.ldlj,
        "confidence": repetition.confidence,
    }
