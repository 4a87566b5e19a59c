"""From the store's rows to the values that charts take, counted in weeks since the index date."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from analytics.adherence import DayStatus
from analytics.outcomes import Outcome
from analytics.pathway import Dose, Evidence, Exercise, Item, Pathway, Positioning
from analytics.store.queries import DayRow, FallRow, WeekRow
from dashboard.charts import WEEKDAYS, Band, CalendarDay, Frame, Point, WeekValue
from dashboard.palette import Palette
from dashboard.words import STATUS_SYMBOL, STATUS_WORD, day_text, week_text

_SHORTEST_VIEW_WEEKS = 12
_MISSING = (DayStatus.NO_DATA, DayStatus.NOT_WORN)


def frame(
    pathway: Pathway,
    index_date: date,
    *,
    today: date,
    falls: Iterable[FallRow],
    palette: Palette,
) -> Frame:
    """The phase bands and falls that lie behind every chart of one patient."""
    return Frame(
        bands=[
            Band(title=phase.title, start_week=phase.weeks.start, end_week=phase.weeks.end)
            for phase in pathway.phases
        ],
        end_week=max(_SHORTEST_VIEW_WEEKS, (today - index_date).days // 7 + 2),
        falls=[
            _point(fall.date, index_date, 0.0, f"Fall on {day_text(fall.date)}")
            for fall in falls
            if fall.date >= index_date
        ],
        palette=palette,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyMeasures:
    """What each week was prescribed and done; empty where it was neither."""

    repetitions: list[WeekValue]
    hold_s: list[WeekValue]
    extension_min: list[WeekValue]


def weekly_measures(
    weeks: Sequence[WeekRow], days: Sequence[DayRow], index_date: date
) -> WeeklyMeasures:
    """The measures that are drawn over the pathway.

    A value is None in a week in which the sensors were never worn: nothing is known of it. Where
    they were worn and nothing was lifted, the hold is 0.
    """
    bridging = _observed_weeks(days, index_date, Evidence.BRIDGES)
    positioning = _observed_weeks(days, index_date, Evidence.EXTENSION)
    return WeeklyMeasures(
        repetitions=_values(
            (week, week.repetitions if week.week in bridging else None, week.prescribed_repetitions)
            for week in weeks
        ),
        hold_s=_values(
            (
                week,
                week.hold_median_s or (0.0 if week.week in bridging else None),
                week.prescribed_hold_s,
            )
            for week in weeks
        ),
        extension_min=_values(
            (
                week,
                week.extension_min if week.week in positioning else None,
                week.prescribed_extension_min,
            )
            for week in weeks
        ),
    )


def _observed_weeks(days: Iterable[DayRow], index_date: date, evidence: Evidence) -> set[int]:
    return {
        (row.date - index_date).days // 7
        for row in days
        if row.evidence is evidence and row.status not in _MISSING
    }


def _values(
    rows: Iterable[tuple[WeekRow, float | None, float | None]],
) -> list[WeekValue]:
    return [
        WeekValue(
            week=week.week, label=week_text(week.start_date), value=value, target=target or None
        )
        for week, value, target in rows
        if value or target
    ]


def pain_points(outcomes: Iterable[Outcome], index_date: date) -> list[Point]:
    """The last entry of each day."""
    last = {outcome.date: outcome.value for outcome in outcomes}
    return [
        _point(day, index_date, value, f"{day_text(day)}: {value:g} of 10")
        for day, value in sorted(last.items())
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class MobilityTrends:
    """How somebody moves about, a value a week in the middle of it; empty where nothing is known.

    `evenness` is the regularity of strides from 0 to 100.
    """

    stand_up_s: list[Point]
    evenness: list[Point]
    near_falls: list[WeekValue]

    @property
    def any_near_fall(self) -> bool:
        """Whether one was noticed in any week."""
        return any(week.value for week in self.near_falls)


def mobility_trends(weeks: Sequence[WeekRow]) -> MobilityTrends:
    """Rises from a seat, walking and near-falls; unknown in weeks without either of the first."""
    return MobilityTrends(
        stand_up_s=[
            _in_mid_week(week, week.stand_up_median_s, f"{week.stand_up_median_s:.1f} s")
            for week in weeks
            if week.stand_up_median_s is not None
        ],
        evenness=[
            _in_mid_week(week, 100 * week.stride_regularity, f"{100 * week.stride_regularity:.0f}")
            for week in weeks
            if week.stride_regularity is not None
        ],
        near_falls=[
            WeekValue(
                week=week.week,
                label=week_text(week.start_date),
                value=week.near_falls if _moved(week) else None,
            )
            for week in weeks
            if any(_moved(each) for each in weeks)
        ],
    )


def _moved(week: WeekRow) -> bool:
    seen = (week.stand_up_median_s, week.stride_regularity, week.near_falls or None)
    return any(value is not None for value in seen)


def _in_mid_week(week: WeekRow, value: float, text: str) -> Point:
    return Point(week=week.week + 0.5, label=f"{week_text(week.start_date)}: {text}", value=value)


def calendar(days: Iterable[DayRow], today: date) -> list[CalendarDay]:
    """One cell a day over the items that sensors see; `today` once something of it is done."""
    seen = sorted(
        (
            row
            for row in days
            if row.evidence is not Evidence.REPORT
            and (row.date < today or row.status in (DayStatus.DONE, DayStatus.PARTLY))
        ),
        key=lambda row: row.date,
    )
    return [_calendar_day(day, list(rows)) for day, rows in groupby(seen, key=lambda r: r.date)]


def calendar_weeks(first_monday: date, weeks: int) -> list[str]:
    """The names of the calendar's columns."""
    return [_week_name(first_monday + timedelta(weeks=week)) for week in range(weeks)]


def day_state(statuses: Sequence[DayStatus]) -> DayStatus:
    """One state for a day of several items: done or missed only where all of them are."""
    if len(set(statuses)) == 1:
        return statuses[0]
    if DayStatus.DONE in statuses or DayStatus.PARTLY in statuses:
        return DayStatus.PARTLY
    return DayStatus.NOT_DONE if DayStatus.NOT_DONE in statuses else DayStatus.NOT_WORN


def portions(item: Item, row: DayRow) -> str:
    """How a day's dose is split in the template: "3 sets of 10 lifts; hold each 5 seconds"."""
    hold = f"hold each {row.hold_s:g} seconds" if row.hold_s else ""
    return "; ".join(part for part in (_split(item, row.prescribed), hold) if part)


def _split(item: Item, prescribed: float) -> str:
    if isinstance(item, Positioning):
        for dose in (item.target, item.start):
            if dose and dose.bout_min.value * dose.per_day.value == prescribed:
                return f"{dose.bout_min.value:g} minutes, {dose.per_day.value:g} times a day"
    if isinstance(item, Exercise):
        for exercise in (item.target, item.start):
            if exercise and exercise.reps and _repetitions_per_day(exercise) == prescribed:
                return _sets(exercise, exercise.reps.value)
    return ""


def _repetitions_per_day(dose: Dose) -> float:
    total = 1.0
    for factor in (dose.reps, dose.sets, dose.per_day):
        total *= factor.value if factor else 1
    return total


def _sets(dose: Dose, reps: float) -> str:
    sets = dose.sets.value if dose.sets else 1
    times = dose.per_day.value if dose.per_day else 1
    text = f"{reps:g} lifts" if sets == 1 else f"{sets:g} sets of {reps:g} lifts"
    return text if times == 1 else f"{text}, {times:g} times a day"


def _calendar_day(day: date, rows: Sequence[DayRow]) -> CalendarDay:
    state = day_state([row.status for row in rows])
    details = "; ".join(
        f"{row.title} {row.done:.0f} of {row.prescribed:.0f} {row.unit}"
        for row in rows
        if row.status not in _MISSING
    )
    return CalendarDay(
        week=_week_name(day - timedelta(days=day.weekday())),
        weekday=WEEKDAYS[day.weekday()],
        state=state.value,
        symbol=STATUS_SYMBOL[state],
        text=f"{day_text(day)}: {STATUS_WORD[state]}" + (f" ({details})" if details else ""),
    )


def _point(day: date, index_date: date, value: float, label: str) -> Point:
    return Point(week=(day - index_date).days / 7, label=label, value=value)


def _week_name(monday: date) -> str:
    return day_text(monday, today=monday)
