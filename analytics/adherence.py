"""How much of what was prescribed was seen to be done.

Four things that other systems mix stay apart: *not done* (the sensor was worn and saw nothing),
*not worn* (it was recording, but on the table), *no data* (nothing was recorded that day) and
*partly*. Dose is the smaller of done and prescribed, divided by prescribed, so that a day of
over-doing never makes up for a day left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from analytics.pathway import Evidence


class DayStatus(StrEnum):
    """What became of one item on one day.

    DONE: at least `done_share` of the day's dose. PARTLY: some of it. NOT_DONE: none, although the
    sensor was worn that day (or the patient reported so). NOT_WORN: recordings of that day exist,
    but the sensor was off the body for nine tenths of them. NO_DATA: nothing was recorded or
    reported.
    """

    DONE = "done"
    PARTLY = "partly"
    NOT_DONE = "not_done"
    NO_DATA = "no_data"
    NOT_WORN = "not_worn"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdherenceRules:
    """`done_share`: share of the daily dose from which a day counts as done."""

    done_share: float = 0.8  # D; as the 80 % asked of medication and of progression


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a day's recordings and reports show of one item.

    `amount` is in the item's unit, None where the patient reported nothing of an item that no
    sensor sees.
    """

    amount: float | None
    recorded: bool
    worn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """One prescribed item on one local date; `prescribed` and `done` are in `unit`.

    Repetitions count whatever their hold; `hold_s` is the one prescribed. An item with fewer than
    seven `days_per_week` is listed every day, as the patient chooses the days.
    """

    date: date
    item: str
    title: str
    unit: str
    evidence: Evidence
    status: DayStatus
    prescribed: float
    done: float
    days_per_week: float = 7.0
    hold_s: float | None = None
    cap_per_day: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adherence:
    """Dose over a window of days.

    `share` is dose seen ÷ dose prescribed, 0 to 1: days without data add nothing to what was seen,
    so it is the least that was done. It is None where nothing was prescribed. `days_with_data`
    says on how many of `days` a sensor was worn.
    """

    share: float | None
    days: int
    days_with_data: int
    days_done: int


def dose_share(done: float, prescribed: float) -> float:
    """min(done, prescribed) ÷ prescribed; 1 where nothing was prescribed."""
    return 1.0 if prescribed <= 0 else min(done, prescribed) / prescribed


def day_status(
    prescribed: float, seen: Seen, evidence: Evidence, rules: AdherenceRules | None = None
) -> DayStatus:
    """Tell the five states of `DayStatus` apart."""
    rules = rules or AdherenceRules()
    if seen.amount is not None and seen.amount > 0:
        enough = dose_share(seen.amount, prescribed) >= rules.done_share
        return DayStatus.DONE if enough else DayStatus.PARTLY
    if evidence is Evidence.REPORT:
        return DayStatus.NO_DATA if seen.amount is None else DayStatus.NOT_DONE
    if not seen.recorded:
        return DayStatus.NO_DATA
    return DayStatus.NOT_DONE if seen.worn else DayStatus.NOT_WORN


def adherence(rows: Iterable[DayRow]) -> Adherence:
    """Adherence to the items that sensors see; reported items are left out."""
    measured = [row for row in rows if row.evidence is not Evidence.REPORT]
    shares = [dose_share(row.done, row.prescribed) for row in measured]
    missing = (DayStatus.NO_DATA, DayStatus.NOT_WORN)
    by_day: dict[date, list[DayStatus]] = {}
    for row in measured:
        by_day.setdefault(row.date, []).append(row.status)
    return Adherence(
        share=sum(shares) / len(shares) if shares else None,
        days=len(by_day),
        days_with_data=sum(any(s not in missing for s in day) for day in by_day.values()),
        days_done=sum(all(s is DayStatus.DONE for s in day) for day in by_day.values()),
    )
