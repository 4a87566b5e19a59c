"""On which of the patient's own days something happened; what crosses midnight is shared."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from analytics.events import Posture, WearState
from analytics.posture_summary import times_up_s, worn_spans
from analytics.session import Session
from analytics.transfers import exercised
from sensors.recording import RecordingKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDay:
    """What one recording holds of one local day.

    `upright_min`, `bed_rest_min` and `times_up` are None unless the recording was to follow the
    whole day, and tell of worn time only; partial repetitions are not counted. `sit_to_stands` are
    those done in a row, as an exercise.
    """

    day: date
    recorded_min: float
    not_worn_min: float
    upright_min: float | None
    repetitions: int
    bed_rest_min: float | None
    times_up: int | None
    back_extensions: int
    sit_to_stands: int


def local_day(started_at: datetime, offset_s: float, zone: ZoneInfo) -> date:
    """The date of a moment of a recording where the patient lives."""
    return (started_at + timedelta(seconds=offset_s)).astimezone(zone).date()


def session_days(session: Session, zone: ZoneInfo) -> list[SessionDay]:
    """A recording's minutes and whole repetitions, told apart by local day."""
    start = session.started_at
    not_worn = [bout for bout in session.wear if bout.state is WearState.NOT_WORN]
    upright = [bout for bout in session.postures if bout.posture is Posture.UPRIGHT]
    lying = [bout for bout in session.postures if bout.lying]
    whole_day = session.kind is RecordingKind.DAY
    recorded_min = _minutes(start, [(0.0, session.duration_s)], zone)
    not_worn_min = _minutes(start, ((bout.start_s, bout.end_s) for bout in not_worn), zone)
    upright_min = _minutes(start, worn_spans(upright, session.wear), zone)
    bed_rest_min = _minutes(start, worn_spans(lying, session.wear), zone)
    times_up = Counter(
        local_day(start, at_s, zone) for at_s in times_up_s(session.postures, session.wear)
    )
    repetitions, back_extensions = (
        Counter(local_day(start, lift.start_s, zone) for lift in lifts if not lift.partial)
        for lifts in (session.repetitions, session.back_extensions)
    )
    rises = Counter(local_day(start, r.start_s, zone) for r in exercised(session.stand_ups))
    return [
        SessionDay(
            day=day,
            recorded_min=minutes,
            not_worn_min=not_worn_min.get(day, 0.0),
            upright_min=upright_min.get(day, 0.0) if whole_day else None,
            repetitions=repetitions[day],
            bed_rest_min=bed_rest_min.get(day, 0.0) if whole_day else None,
            times_up=times_up[day] if whole_day else None,
            back_extensions=back_extensions[day],
            sit_to_stands=rises[day],
        )
        for day, minutes in recorded_min.items()
    ]


def _minutes(
    started_at: datetime, spans: Iterable[tuple[float, float]], zone: ZoneInfo
) -> Mapping[date, float]:
    minutes: dict[date, float] = defaultdict(float)
    for start_s, end_s in spans:
        start, end = (started_at + timedelta(seconds=offset) for offset in (start_s, end_s))
        for day, share in _shares(start, end, zone):
            minutes[day] += share
    return minutes


def _shares(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[date, float]]:
    """Each local day of a span with its minutes; differences are taken in UTC, across DST."""
    while start < end:
        day = start.astimezone(zone).date()
        midnight = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        yield day, (min(end, midnight) - start) / timedelta(minutes=1)
        start = midnight
