"""Which phase of a pathway holds on a day, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from analytics.pathway import Pathway, Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class PathwayDecision:
    """The phase on a date and why; `week` and `day` are whole ones since the index date."""

    phase: Phase
    week: int
    day: int
    reasons: tuple[str, ...]


def phase_on(
    pathway: Pathway, start_date: date, on: date, *, override: str | None = None
) -> PathwayDecision:
    """Which phase holds on a date: by the calendar, unless a clinician's `override` names another.

    Before the start the first phase holds, after the end the last one.
    """
    day = (on - start_date).days
    by_calendar = _phase_on_day(pathway, day)
    reasons = [_calendar_reason(pathway, by_calendar, day)]
    phase = by_calendar
    if override is not None and override != by_calendar.id:
        phase = pathway.phase(override)
        reasons.append(f"the clinician keeps to {phase.title!r}")
    return PathwayDecision(phase=phase, week=day // 7, day=day, reasons=tuple(reasons))


def _phase_on_day(pathway: Pathway, day: int) -> Phase:
    for phase in pathway.phases:
        if day < phase.weeks.end * 7:
            return phase
    return pathway.phases[-1]


def _calendar_reason(pathway: Pathway, phase: Phase, day: int) -> str:
    if day < 0:
        return f"{-day} days before the {pathway.counted_from}: {phase.title!r} comes first"
    when = f"day {day} (week {day // 7}) after the {pathway.counted_from}"
    if day >= phase.weeks.end * 7:
        return f"{when}, past the pathway's {phase.weeks.end:g} weeks: {phase.title!r} is its last"
    return f"{when}, within weeks {phase.weeks.start:g} to {phase.weeks.end:g} of {phase.title!r}"


def phase_dates(phase: Phase, start_date: date) -> tuple[date, date]:
    """First day of the phase and the day after its last one."""
    return (
        start_date + timedelta(days=round(phase.weeks.start * 7)),
        start_date + timedelta(days=round(phase.weeks.end * 7)),
    )
