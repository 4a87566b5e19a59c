"""What is prescribed to one patient: versions that are added and never changed.

A version names the phase it was written for and the daily dose of each item. It keeps the titles
and weeks it was derived from, so that it still tells what was prescribed after a template was
edited.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from math import inf, prod

from analytics.limits import USUAL, Limits, Prescribed, PrescribedByDay
from analytics.pathway import (
    Brace,
    Dose,
    Education,
    Evidence,
    Exercise,
    Item,
    Medication,
    Pathway,
    Phase,
    Positioning,
    Walking,
)
from sensors.errors import FivepointError

DAYS_PER_WEEK = 7.0


class PrescriptionError(FivepointError):
    """A prescription that cannot be followed or measured."""


class ItemKind(StrEnum):
    """What sort of thing is prescribed."""

    EXERCISE = "exercise"
    POSITIONING = "positioning"
    WALKING = "walking"
    BRACE = "brace"
    MEDICATION = "medication"


class Unit(StrEnum):
    """What the daily dose of an item is counted in."""

    REPETITIONS = "repetitions"
    MINUTES = "min"
    HOURS = "h"
    DOSES = "doses"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrescribedItem:
    """One item and its daily dose.

    `per_day` is in `unit`; an item that is not for every day has `days_per_week` below 7. `hold_s`
    is the hold of one repetition. Positioning counts while the extension lies within `band_deg`
    and is excessive above `alarm_deg`; more than `cap_per_day` is over-doing. Raises
    PrescriptionError for a dose that is not positive.
    """

    id: str
    kind: ItemKind
    title: str
    per_day: float
    unit: Unit
    evidence: Evidence = Evidence.REPORT
    days_per_week: float = DAYS_PER_WEEK
    hold_s: float | None = None
    band_deg: tuple[float, float] | None = None
    alarm_deg: float | None = None
    cap_per_day: float | None = None

    def __post_init__(self) -> None:
        if not (0 < self.per_day < inf and 0 < self.days_per_week <= DAYS_PER_WEEK):
            raise PrescriptionError(
                f"{self.title}: {self.per_day:g} {self.unit} on {self.days_per_week:g} days a week "
                "is no dose, so it was not prescribed; give a positive amount on up to 7 days."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prescription:
    """Version `version` of a patient's plan, valid from `valid_from` until the next one is.

    `index_date` is the day of the fracture or the operation from which weeks count, and
    `flexion_limit_deg` how far the trunk may bend forward. Raises PrescriptionError when two items
    would claim the same sensor signal, LimitsError for angles that cannot be followed.
    """

    patient_id: str
    version: int
    valid_from: date
    pathway_id: str
    pathway_title: str
    index_date: date
    phase_id: str
    phase_title: str
    phase_weeks: tuple[float, float]
    items: tuple[PrescribedItem, ...]
    flexion_limit_deg: float = USUAL.flexion_deg

    def __post_init__(self) -> None:
        _no_two(item.id for item in self.items)
        _no_two(item.evidence for item in self.items if item.evidence is not Evidence.REPORT)
        self.limits()

    def limits(self) -> Limits:
        """The angles, the usual ones where it says nothing."""
        lying = self.item_shown_by(Evidence.EXTENSION)
        return Limits(
            band_deg=(lying and lying.band_deg) or USUAL.band_deg,
            over_deg=(lying and lying.alarm_deg) or USUAL.over_deg,
            flexion_deg=self.flexion_limit_deg,
        )

    def prescribed(self) -> Prescribed:
        """What recordings of its days are measured against."""
        bridges = self.item_shown_by(Evidence.BRIDGES)
        return Prescribed(limits=self.limits(), hold_s=bridges.hold_s if bridges else None)

    def item_shown_by(self, evidence: Evidence) -> PrescribedItem | None:
        """The item that a sensor signal tells of, if one is prescribed."""
        return next((item for item in self.items if item.evidence is evidence), None)


def by_day(versions: Iterable[Prescription], time_zone: str) -> PrescribedByDay:
    """What recordings of a patient who lives there are measured against, of versions in order."""
    since = tuple((version.valid_from, version.prescribed()) for version in versions)
    return PrescribedByDay(time_zone=time_zone, since=since)


def _no_two(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise PrescriptionError(
                f"The prescription has two items for '{name}', so what is done could not be told "
                "apart; keep one of them."
            )
        seen.add(name)


def prescribe(
    pathway: Pathway,
    phase: Phase,
    *,
    patient_id: str,
    index_date: date,
    valid_from: date,
    unlocked: Iterable[str] = (),
    at_target: bool = False,
) -> Prescription:
    """The first version of a plan as the template has it, for a clinician to change.

    Exercises that someone must release are left out unless `unlocked` names them; then they take
    the place of one that the same sensor signal shows. Doses are the template's starting doses,
    with `at_target` its targets.
    """
    return Prescription(
        patient_id=patient_id,
        version=1,
        valid_from=valid_from,
        pathway_id=pathway.id,
        pathway_title=pathway.title,
        index_date=index_date,
        phase_id=phase.id,
        phase_title=phase.title,
        phase_weeks=(phase.weeks.start, phase.weeks.end),
        items=_items_of(phase, frozenset(unlocked), at_target),
        flexion_limit_deg=pathway.flexion_limit_deg.value,
    )


def progress(
    earlier: Prescription,
    phase: Phase,
    *,
    valid_from: date,
    unlocked: Iterable[str] = (),
    at_target: bool = False,
) -> Prescription:
    """The next version: the same pathway, another phase or another dose, as the template has it."""
    return revise(
        replace(
            earlier,
            phase_id=phase.id,
            phase_title=phase.title,
            phase_weeks=(phase.weeks.start, phase.weeks.end),
        ),
        valid_from=valid_from,
        items=_items_of(phase, frozenset(unlocked), at_target),
    )


def revise(
    earlier: Prescription,
    *,
    valid_from: date,
    items: tuple[PrescribedItem, ...],
    flexion_limit_deg: float | None = None,
) -> Prescription:
    """The next version with doses and angles that a clinician chose; None keeps the limit."""
    if valid_from < earlier.valid_from:
        raise PrescriptionError(
            f"A prescription from {valid_from} cannot follow one from {earlier.valid_from}, "
            "as the past would change; choose that day or a later one."
        )
    return replace(
        earlier,
        version=earlier.version + 1,
        valid_from=valid_from,
        items=items,
        flexion_limit_deg=flexion_limit_deg or earlier.flexion_limit_deg,
    )


def _items_of(
    phase: Phase, unlocked: frozenset[str], at_target: bool
) -> tuple[PrescribedItem, ...]:
    chosen = [phase.item(item_id) for item_id in sorted(unlocked)]
    taken = {item.evidence for item in chosen if isinstance(item, Exercise)} - {Evidence.REPORT}
    released = [
        item
        for item in phase.items
        if item.id in unlocked
        or not (isinstance(item, Exercise) and (item.unlock or item.evidence in taken))
    ]
    prescribed = [_prescribed(item, at_target) for item in released]
    return tuple(item for item in prescribed if item is not None)


def _prescribed(item: Item, at_target: bool) -> PrescribedItem | None:
    match item:
        case Exercise():
            return _exercise(item, at_target)
        case Positioning():
            return _positioning(item, at_target)
        case Walking():
            minutes = item.bout_min.value * item.per_day.value
            return _reported(item, ItemKind.WALKING, minutes, Unit.MINUTES)
        case Brace():
            return _reported(item, ItemKind.BRACE, item.hours_per_day.value, Unit.HOURS)
        case Medication():
            dose = _reported(item, ItemKind.MEDICATION, 1.0, Unit.DOSES)
            return replace(dose, days_per_week=DAYS_PER_WEEK / item.every_days.value)
        case Education():
            return None


def _exercise(item: Exercise, at_target: bool) -> PrescribedItem:
    dose = (item.target if at_target else None) or item.start
    return PrescribedItem(
        id=item.id,
        kind=ItemKind.EXERCISE,
        title=item.title,
        per_day=_per_day(dose),
        unit=Unit.REPETITIONS if dose.reps else Unit.MINUTES,
        evidence=item.evidence,
        days_per_week=dose.days_per_week.value if dose.days_per_week else DAYS_PER_WEEK,
        hold_s=dose.hold_s.value if dose.hold_s else None,
        cap_per_day=item.cap_per_day.value if item.cap_per_day else None,
    )


def _per_day(dose: Dose) -> float:
    """Repetitions × sets × times a day, or minutes a day; what is not given counts once."""
    factors = (dose.reps, dose.sets, dose.per_day, dose.minutes_per_day)
    return prod(factor.value for factor in factors if factor)


def _positioning(item: Positioning, at_target: bool) -> PrescribedItem:
    dose = (item.target if at_target else None) or item.start
    return PrescribedItem(
        id=item.id,
        kind=ItemKind.POSITIONING,
        title=item.title,
        per_day=dose.bout_min.value * dose.per_day.value,
        unit=Unit.MINUTES,
        evidence=Evidence.EXTENSION,
        band_deg=(item.band_deg.value, item.band_deg.upto or item.alarm_deg.value),
        alarm_deg=item.alarm_deg.value,
    )


def _reported(item: Item, kind: ItemKind, per_day: float, unit: Unit) -> PrescribedItem:
    return PrescribedItem(id=item.id, kind=kind, title=item.title, per_day=per_day, unit=unit)
