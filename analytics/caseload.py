"""Who needs a call first, and why: pure ranking of what the store knows of each patient."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from analytics.adherence import Adherence, DayRow


class Severity(IntEnum):
    """How soon to call: for information, within days, the same day."""

    INFO = 1
    SOON = 2
    TODAY = 3


@dataclass(frozen=True, slots=True)
class CallReason:
    """One reason to call, as a plain sentence part."""

    severity: Severity
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRules:
    """Thresholds; S, M and D as in `analytics.pathway`."""

    fall_days: int = 3  # D: a fall is news for this long
    pain_rise: float = 3  # M: NRS up by 3 asks for contact the same day
    pain_high: float = 7  # D: the level that stops a session
    adherence_drop: float = 0.25  # D
    adherence_low: float = 0.5  # D
    silent_days: int = 3  # D
    new_days: int = 7  # D


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """What is known of one patient on a day.

    The two weeks end yesterday and the week before; `pain_change` is the latest entry minus the
    mean of the week before it. `over_cap` are days of the last seven on which more was done than
    the cap of an item, `over_alarm` the bouts of extension above the alarm in them.
    """

    patient_id: str
    label: str
    pathway_title: str
    phase_title: str
    phase_end_week: float
    week: int
    plan_since: date
    last_recording_on: date | None
    last_week: Adherence
    week_before: Adherence
    pain_latest: float | None
    pain_change: float | None
    falls_14d: int
    days_since_fall: int | None
    over_cap: tuple[DayRow, ...]
    over_alarm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseloadRow:
    """One patient in the physiotherapist's list.

    `adherence_7d` is dose seen ÷ dose prescribed over the seven days before today, 0 to 1, with
    `days_with_data_7d` of those days worn; `pain_change` is in points of the NRS.
    """

    patient_id: str
    label: str
    pathway_title: str
    phase_title: str
    week: int
    last_recording_on: date | None
    adherence_7d: float | None
    adherence_prev_7d: float | None
    days_with_data_7d: int
    pain_latest: float | None
    pain_change: float | None
    falls_14d: int
    reasons: tuple[CallReason, ...]


def caseload_rows(
    cases: Iterable[CaseFacts], today: date, rules: CallRules | None = None
) -> list[CaseloadRow]:
    """The list with who needs a call first; equals are in the order of their labels."""
    rules = rules or CallRules()
    rows = [_row(case, call_reasons(case, today, rules)) for case in cases]
    return sorted(rows, key=_urgency)


def _urgency(row: CaseloadRow) -> tuple[list[int], str]:
    """Most severe reason first, then how many there are."""
    return [-reason.severity for reason in row.reasons] + [0], row.label


def call_reasons(case: CaseFacts, today: date, rules: CallRules) -> tuple[CallReason, ...]:
    """All reasons to call, most severe first."""
    reasons = [
        *_fall_reasons(case, rules),
        *_pain_reasons(case, rules),
        *_excess_reasons(case),
        *_data_reasons(case, today, rules),
        *_adherence_reasons(case, rules),
        *_plan_reasons(case, today, rules),
    ]
    return tuple(sorted(reasons, key=lambda reason: -reason.severity))


def _fall_reasons(case: CaseFacts, rules: CallRules) -> list[CallReason]:
    if case.days_since_fall is None or not case.falls_14d:
        return []
    recent = case.days_since_fall <= rules.fall_days
    when = "today" if case.days_since_fall == 0 else f"{_count(case.days_since_fall, 'day')} ago"
    return [CallReason(Severity.TODAY if recent else Severity.SOON, f"fall {when}")]


def _pain_reasons(case: CaseFacts, rules: CallRules) -> list[CallReason]:
    reasons = []
    if case.pain_latest is not None and case.pain_latest >= rules.pain_high:
        reasons.append(CallReason(Severity.TODAY, f"pain {case.pain_latest:g} of 10"))
    if case.pain_change is not None and case.pain_change >= rules.pain_rise:
        reasons.append(CallReason(Severity.TODAY, f"pain up by {case.pain_change:.0f}"))
    return reasons


def _excess_reasons(case: CaseFacts) -> list[CallReason]:
    reasons = []
    if case.over_cap:
        row = max(case.over_cap, key=lambda row: row.date)
        text = f"{row.done:.0f} {row.unit} on {row.date.day} {row.date:%B}, cap {row.cap_per_day:g}"
        reasons.append(CallReason(Severity.SOON, text))
    if case.over_alarm:
        times = _count(case.over_alarm, "time")
        reasons.append(CallReason(Severity.SOON, f"extended beyond the limit {times} in a week"))
    return reasons


def _data_reasons(case: CaseFacts, today: date, rules: CallRules) -> list[CallReason]:
    if case.last_week.days < rules.silent_days:
        return []  # too little was prescribed that a sensor could have seen
    if case.last_recording_on is None:
        silent = (today - case.plan_since).days
        text = f"no recording yet, {_count(silent, 'day')} after the start"
    else:
        silent = (today - case.last_recording_on).days
        text = f"no data for {_count(silent, 'day')}"
    return [CallReason(Severity.SOON, text)] if silent >= rules.silent_days else []


def _adherence_reasons(case: CaseFacts, rules: CallRules) -> list[CallReason]:
    now, before = case.last_week.share, case.week_before.share
    if now is None:
        return []
    if before is not None and before - now >= rules.adherence_drop:
        return [CallReason(Severity.SOON, f"adherence fell from {before:.0%} to {now:.0%}")]
    if now < rules.adherence_low and case.last_week.days >= rules.new_days:
        return [CallReason(Severity.SOON, f"adherence {now:.0%}")]
    return []


def _plan_reasons(case: CaseFacts, today: date, rules: CallRules) -> list[CallReason]:
    reasons = []
    if (today - case.plan_since).days < rules.new_days:
        reasons.append(CallReason(Severity.INFO, "new: first week"))
    if case.week >= case.phase_end_week:
        reasons.append(CallReason(Severity.INFO, f"week {case.week}: review the phase"))
    return reasons


def _row(case: CaseFacts, reasons: tuple[CallReason, ...]) -> CaseloadRow:
    return CaseloadRow(
        patient_id=case.patient_id,
        label=case.label,
        pathway_title=case.pathway_title,
        phase_title=case.phase_title,
        week=case.week,
        last_recording_on=case.last_recording_on,
        adherence_7d=case.last_week.share,
        adherence_prev_7d=case.week_before.share,
        days_with_data_7d=case.last_week.days_with_data,
        pain_latest=case.pain_latest,
        pain_change=case.pain_change,
        falls_14d=case.falls_14d,
        reasons=reasons,
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
