"""What was found in a recording, and how sure it is, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from analytics.events import Confidence, Fall, FallEnding, WearState
from analytics.posture_summary import PostureSummary
from analytics.session import Session
from analytics.spine import SpineSummary, Unseen, UnseenReason
from dashboard import words

OF_95_PERCENT = 1.96
"""Standard deviations of a normal distribution, to either side."""

_ENDINGS = {FallEnding.STAYED_DOWN: "stayed down", FallEnding.GOT_UP: "got up"}

_UNSEEN = {
    UnseenReason.MISSING_SAMPLES: "samples missing",
    UnseenReason.ON_THE_SIDE: "on the side, or too unsure",
    UnseenReason.UPRIGHT_ALONE: "upright with the trunk sensor alone",
    UnseenReason.NO_TRUNK_SENSOR: "no sensor on the trunk",
    UnseenReason.NOT_CALIBRATED: "not calibrated",
}


def posture_text(summary: PostureSummary) -> str:
    """How long somebody lay and was up."""
    text = (
        f"Lay {summary.bed_rest_min:.0f} min, was upright {summary.upright_min:.0f} min, "
        f"got up {words.times_text(summary.times_up)}, "
        f"bent too far {words.times_text(summary.bends)}."
    )
    if summary.sitting_min is not None:
        text += f" Sat {summary.sitting_min:.0f} min of that."
    return text


def spine_text(spine: SpineSummary) -> str:
    """For how long the angle of the spine was known, and how well."""
    return (
        f"The spine's angle was known for {spine.observable_s / 60:.0f} min, to "
        f"±{math.ceil(OF_95_PERCENT * spine.sigma_deg)}° (95 %), shown as a band around its line."
    )


def unseen_text(unseen: Sequence[Unseen]) -> str:
    """For how long it was not known, and why; nothing where that took less than half a minute."""
    minutes = {_UNSEEN[each.reason]: round(each.seconds / 60) for each in unseen}
    parts = [f"{reason} {number} min" for reason, number in minutes.items() if number]
    return f"Not known: {', '.join(parts)}." if parts else ""


def fall_texts(found: Session) -> list[str]:
    """A line for each fall, and for each movement that was taken for one at first."""
    lines = {fall.impact_s: _fall_text(fall) for fall in found.falls}
    for other in found.dismissed_falls:
        lines[other.impact_s] = f"not counted as a fall: {other.evidence}"
    return [f"**{words.clock_text(at_s)}** {lines[at_s]}." for at_s in sorted(lines)]


def _fall_text(fall: Fall) -> str:
    text = f"a fall ({fall.probability:.0%} sure), {_ENDINGS[fall.ending]}"
    return f"{text}: {fall.evidence}" if fall.evidence else text


def less_certain(found: Session) -> Iterator[str]:
    """What is less certain than usual in this recording, a sentence each."""
    if any(each.confidence is Confidence.LOWER for each in found.repetitions):
        yield (
            "Repetitions: seen from the trunk, without a gyroscope or without a calibration. Some "
            "may be missed, and times may err by some tenths of a second. Without a calibration "
            "they may also be another exercise: calibrate to be sure."
        )
    if found.spine is not None and found.spine.confidence is Confidence.LOWER:
        yield (
            "Extension: from one sensor on the trunk, to which raised hips or a raised head end of "
            "the bed look like bending."
        )
    side_unknown_s = sum(each.end_s - each.start_s for each in found.postures if each.side_unknown)
    if side_unknown_s:
        yield f"Posture: lay {words.duration_text(side_unknown_s)} on a side that is not known."
    slipped = [bout for bout in found.wear if bout.state is WearState.PERHAPS_SLIPPED]
    for bout in slipped:
        yield (
            f"All angles from {words.clock_text(bout.start_s)} to {words.clock_text(bout.end_s)}: "
            "a sensor perhaps slipped."
        )
