"""How dates, amounts and states are written, the same on every page."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from analytics.adherence import DayStatus
from analytics.limits import Limits
from analytics.prescription import Unit
from analytics.store.queries import SessionRow

STATUS_SYMBOL = {
    DayStatus.DONE: "✓",
    DayStatus.PARTLY: "◐",
    DayStatus.NOT_DONE: "✕",
    DayStatus.NO_DATA: "?",
    DayStatus.NOT_WORN: "–",
}

STATUS_WORD = {
    DayStatus.DONE: "done",
    DayStatus.PARTLY: "partly done",
    DayStatus.NOT_DONE: "not done",
    DayStatus.NO_DATA: "no data",
    DayStatus.NOT_WORN: "sensor not worn",
}

_UNITS = {
    Unit.REPETITIONS.value: ("lift", "lifts"),
    Unit.MINUTES.value: ("minute", "minutes"),
    Unit.HOURS.value: ("hour", "hours"),
    Unit.DOSES.value: ("dose", "doses"),
}

UNKNOWN = "–"
"""What stands where a value is not known."""


def day_text(day: date, *, today: date | None = None) -> str:
    """A date such as "12 Nov", with the year unless it is that of `today`."""
    text = f"{day.day} {day:%b}"
    return text if today is not None and day.year == today.year else f"{text} {day.year}"


def long_day_text(day: date) -> str:
    """A date as people say it, such as "Thursday 12 November"."""
    return f"{day:%A} {day.day} {day:%B}"


def moment_text(at: datetime, time_zone: str) -> str:
    """A moment on the patient's clock, such as "12 Nov 2026, 14:05"."""
    local = at.astimezone(ZoneInfo(time_zone))
    return f"{day_text(local.date())}, {local:%H:%M}"


def week_text(start: date) -> str:
    """The days of the week that starts on `start`, such as "9 Nov to 15 Nov"."""
    end = start + timedelta(days=6)
    return f"{start.day} {start:%b} to {end.day} {end:%b}"


def weeks_text(length: timedelta) -> str:
    """Whole weeks, such as "1 week" or "11 weeks"."""
    weeks = length // timedelta(weeks=1)
    if weeks < 1:
        return "Less than a week"
    return "1 week" if weeks == 1 else f"{weeks} weeks"


def duration_text(duration_s: float) -> str:
    """A length of time such as "1 h 05 min", "4 min 20 s" or "12 s"."""
    whole_s = round(duration_s)
    if whole_s >= 3600:
        return f"{whole_s // 3600} h {whole_s % 3600 // 60:02d} min"
    if whole_s >= 60:
        return f"{whole_s // 60} min {whole_s % 60:02d} s"
    return f"{whole_s} s"


def clock_text(offset_s: float) -> str:
    """A place in a recording in minutes and seconds, such as "4:20" or "75:05"."""
    return f"{int(offset_s) // 60}:{int(offset_s) % 60:02d}"


def unit_text(unit: str, amount: float) -> str:
    """The unit as people say it after an amount."""
    singular, plural = _UNITS.get(unit, (unit, unit))
    return singular if amount == 1 else plural


def times_text(count: int) -> str:
    """How often something happened, such as "once" or "3 times"."""
    return "once" if count == 1 else f"{count} times"


def number_text(value: float | None, unit: str = "", *, digits: int = 0) -> str:
    """A rounded number with its unit, or a dash where it is not known."""
    if value is None:
        return UNKNOWN
    return f"{value:.{digits}f} {unit}".strip()


def limits_text(limits: Limits) -> str:
    """What recordings are measured against."""
    low_deg, high_deg = limits.band_deg
    return (
        f"Extension counts from {low_deg:g}° to {high_deg:g}°, and is too much above "
        f"{limits.over_deg:g}°; bending forward is too far above {limits.flexion_deg:g}°."
    )


def session_text(session: SessionRow, time_zone: str) -> str:
    """A recording by its time, kind and length."""
    return (
        f"{moment_text(session.started_at, time_zone)} · {session.kind} · "
        f"{duration_text(session.duration_s)}"
    )
