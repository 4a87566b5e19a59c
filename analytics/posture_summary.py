"""How long somebody lay and was up, and how often they got up: what the posture bouts add up to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from analytics.events import (
    FlexionBout,
    Posture,
    PostureBout,
    SittingBout,
    WearBout,
    WearState,
)

LONG_SITTING_S = 1800.0
"""Half an hour, after which post-operative instructions ask to stand up; some say a quarter."""

Span = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureSummary:
    """Minutes and counts of one recording, while the sensors were worn.

    `bed_rest_min` is lying, on whatever side; `upright_min` is sitting and standing. `unknown_min`
    is worn time of which neither is known. `times_up` counts changes from lying to upright.
    `bends` are those beyond the limit, `bent_min` their time. Sitting is None where no thigh
    sensor tells it from standing; `long_sittings` lasted half an hour or more.
    """

    bed_rest_min: float
    upright_min: float
    unknown_min: float
    times_up: int
    bends: int
    bent_min: float
    sitting_min: float | None
    longest_sitting_min: float | None
    long_sittings: int | None


def posture_summary(
    postures: Sequence[PostureBout],
    wear: Sequence[WearBout],
    flexion: Sequence[FlexionBout],
    sitting: Sequence[SittingBout] | None,
) -> PostureSummary:
    """Add up what was found; a sensor that lies about is neither lying nor upright.

    `sitting` is None where it could not be known.
    """
    sat_s = None if sitting is None else [bout.end_s - bout.start_s for bout in sitting]
    return PostureSummary(
        bed_rest_min=_minutes(worn_spans((b for b in postures if b.lying), wear)),
        upright_min=_minutes(worn_spans((b for b in postures if _is_upright(b)), wear)),
        unknown_min=_minutes(worn_spans((b for b in postures if not _is_known(b)), wear)),
        times_up=len(times_up_s(postures, wear)),
        bends=len(flexion),
        bent_min=sum(bout.end_s - bout.start_s for bout in flexion) / 60.0,
        sitting_min=None if sat_s is None else sum(sat_s) / 60.0,
        longest_sitting_min=None if sat_s is None else max(sat_s, default=0.0) / 60.0,
        long_sittings=None if sat_s is None else sum(s >= LONG_SITTING_S for s in sat_s),
    )


def worn_spans(bouts: Iterable[PostureBout], wear: Iterable[WearBout]) -> list[Span]:
    """The parts of the bouts in which the sensors were worn, in seconds."""
    spans = [(bout.start_s, bout.end_s) for bout in bouts]
    for off in wear:
        if off.state is WearState.NOT_WORN:
            spans = [
                part
                for start_s, end_s in spans
                for part in ((start_s, min(end_s, off.start_s)), (max(start_s, off.end_s), end_s))
                if part[0] < part[1]
            ]
    return spans


def times_up_s(postures: Iterable[PostureBout], wear: Sequence[WearBout]) -> list[float]:
    """When somebody who lay got up, in seconds; what is not known in between hides nothing."""
    worn = [bout for bout in postures if _is_known(bout) and worn_spans([bout], wear)]
    return [after.start_s for before, after in pairwise(worn) if before.lying and not after.lying]


def _is_upright(bout: PostureBout) -> bool:
    return bout.posture is Posture.UPRIGHT


def _is_known(bout: PostureBout) -> bool:
    return bout.lying or _is_upright(bout)


def _minutes(spans: Iterable[Span]) -> float:
    return sum(end_s - start_s for start_s, end_s in spans) / 60.0
