"""What can be said in plain words of how bridges were done, and nothing that was not measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from analytics.bridging.sets import RepetitionSet
from analytics.events import Confidence
from analytics.robust import Trend

_MOST_PLAIN = 2
"""Sentences that a patient is told at once: more is no longer read, or heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Below these nothing is said. All are engineering judgement, above what the measures err by.

    The errors in brackets are the 95th percentiles on simulated wearers.
    """

    hold_s: float = 0.3
    """A hold shorter than prescribed by less counts as kept (0.15 s) …"""
    unsure_hold_s: float = 0.6
    """… and by less than this where the trunk tells of it, or no gyroscope (some tenths)."""
    roll_deg: float = 4.0
    """A side is lower (0.8°, without what calibrating by hand leaves: up to 2°)."""
    sag_deg: float = 3.0
    """Tilt lost in the hold (1.4°)."""
    quick_s: float = 0.8
    """A lowering in less is let go rather than lowered."""
    peak_change_deg: float = 3.0
    """Range lost from the first to the last repetition (0.8°)."""
    hold_change_s: float = 0.6
    """Hold lost from the first to the last."""
    tremor_growth: float = 0.5
    """Growth of the tremor as a share of the usual one; what soft tissue adds is alike in a set."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that was noticed: exactly, for a physiotherapist, and plainly, for the patient."""

    exact: str
    plain: str


def remarks(
    one: RepetitionSet, prescribed_hold_s: float | None = None, thresholds: Thresholds | None = None
) -> tuple[Remark, ...]:
    """What is worth saying of a set, or of a single repetition as a set of its own.

    The hold comes first, beside the prescribed one if there is one; then what is beyond the
    thresholds, and changes over the set that are also beyond chance. Partial repetitions are only
    counted.
    """
    thresholds = thresholds or Thresholds()
    return (
        *_hold(one, prescribed_hold_s, thresholds),
        *_side(one, thresholds),
        *_sag(one, thresholds),
        *_speed(one, thresholds),
        *_fatigue(one, thresholds),
        *_given_up(one),
    )


def exact_line(noticed: Iterable[Remark]) -> str:
    """All remarks in one line, such as "held 2.1 s of 5 s, left side drops 6°"."""
    return ", ".join(remark.exact for remark in noticed)


def plain_line(noticed: Iterable[Remark]) -> str:
    """The first two remarks in sentences for the patient."""
    return " ".join([remark.plain for remark in noticed][:_MOST_PLAIN])


def _hold(
    one: RepetitionSet, prescribed_s: float | None, thresholds: Thresholds
) -> Iterator[Remark]:
    held_s = one.usual_hold_s
    if held_s is None:
        return
    sure = all(each.confidence is Confidence.FULL for each in one.whole)
    error_s = thresholds.hold_s if sure else thresholds.unsure_hold_s
    held = "held" if len(one.whole) == 1 else "usually held"
    if prescribed_s is None:
        yield Remark(f"{held} {held_s:.1f} s", f"You held for about {_seconds(held_s)}.")
    elif held_s >= prescribed_s - error_s:
        plain = f"You held for {_seconds(prescribed_s)}, as planned. Well done!"
        yield Remark(f"{held} the {prescribed_s:g} s", plain)
    else:
        plain = f"You held for about {held_s:.0f} of {_seconds(prescribed_s)}."
        yield Remark(f"{held} {held_s:.1f} s of {prescribed_s:g} s", plain)


def _side(one: RepetitionSet, thresholds: Thresholds) -> Iterator[Remark]:
    roll_deg = one.usual_roll_deg
    if roll_deg is not None and abs(roll_deg) >= thresholds.roll_deg:
        side = "right" if roll_deg > 0.0 else "left"
        yield Remark(
            f"{side} side drops {abs(roll_deg):.0f}°",
            f"Your {side} side is a little lower: try to keep both sides level.",
        )


def _sag(one: RepetitionSet, thresholds: Thresholds) -> Iterator[Remark]:
    sag_deg = one.usual_sag_deg
    if sag_deg is not None and sag_deg >= thresholds.sag_deg:
        yield Remark(f"sinks {sag_deg:.0f}° in the hold", "Your hips sink a little as you hold.")


def _speed(one: RepetitionSet, thresholds: Thresholds) -> Iterator[Remark]:
    lower_s = one.usual_lower_s
    if lower_s is not None and lower_s < thresholds.quick_s:
        yield Remark(f"lowered in {lower_s:.1f} s", "Come down slowly, with control.")


def _fatigue(one: RepetitionSet, thresholds: Thresholds) -> Iterator[Remark]:
    lower_deg, shorter_s = _lost(one.peak_trend), _lost(one.hold_trend)
    if lower_deg >= thresholds.peak_change_deg:
        yield Remark(
            f"lifts get lower, by {lower_deg:.0f}° over the set",
            "Your last lifts were lower than the first: rest a little longer in between.",
        )
    if shorter_s >= thresholds.hold_change_s:
        yield Remark(
            f"holds get shorter, by {shorter_s:.1f} s over the set",
            "You held the last lifts for less: rest a little longer in between.",
        )
    tremor = one.tremor_trend
    if tremor is not None and tremor.sure and tremor.change >= thresholds.tremor_growth:
        yield Remark("trembles more towards the end", "You trembled more towards the end.")


def _given_up(one: RepetitionSet) -> Iterator[Remark]:
    partial, count = len(one.repetitions) - len(one.whole), len(one.repetitions)
    if partial:
        what = "not counted: cut off, shallow or short"
        exact = what if count == 1 else f"{partial} of {count} {what}"
        plain = "One lift was" if partial == 1 else f"{partial} lifts were"
        yield Remark(exact, f"{plain} too short or too low to count; that can happen.")


def _lost(trend: Trend | None) -> float:
    """What a measure surely lost over the set."""
    return max(-trend.change, 0.0) if trend is not None and trend.sure else 0.0


def _seconds(seconds: float) -> str:
    whole = round(seconds)
    return "1 second" if whole == 1 else f"{whole} seconds"
