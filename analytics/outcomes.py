"""Outcome measures: their range, unit, direction and which change matters.

Marks as in `analytics.pathway`: S sourced, M recalled, D this project's default. Of questionnaires
under copyright only the score is entered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from analytics.pathway import Mark
from sensors.errors import FivepointError


class OutcomeError(FivepointError):
    """An entry that cannot be a value of its measure."""


class OutcomeSource(StrEnum):
    """Who entered a value."""

    SELF = "self"
    CLINICIAN = "clinician"


class Better(StrEnum):
    """Which direction is improvement."""

    LOWER = "lower"
    HIGHER = "higher"


class Marked(NamedTuple):
    """A figure in the measure's unit and how well it is founded."""

    value: float
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One outcome measure; values lie in `low` … `high` (inclusive), whole ones if `whole`.

    `change` is the smallest change that matters to a patient, `concern` the value from which on,
    in the worse direction, there is reason for concern.
    """

    id: str
    title: str
    low: float
    high: float
    better: Better
    unit: str = ""
    whole: bool = False
    change: Marked | None = None
    concern: Marked | None = None
    loinc: str | None = None

    def check(self, value: float) -> float:
        """The value, if it can be one. Raises OutcomeError with the range otherwise."""
        if not self.low <= value <= self.high or (self.whole and value != round(value)):
            whole = "a whole number " if self.whole else ""
            raise OutcomeError(
                f"{self.title} cannot be {value:g}, so it was not saved; enter {whole}"
                f"from {self.low:g} to {self.high:g}{' ' + self.unit if self.unit else ''}."
            )
        return value

    def improved(self, before: float, after: float) -> bool | None:
        """Whether the change matters and is for the better; None where no such change is known."""
        if self.change is None:
            return None
        gain = before - after if self.better is Better.LOWER else after - before
        return gain >= self.change.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One value of a measure on a local date."""

    patient_id: str
    measure: str
    date: date
    value: float
    source: OutcomeSource = OutcomeSource.SELF

    def __post_init__(self) -> None:
        measure(self.measure).check(self.value)


PAIN = "pain_nrs"
"""The measure asked of patients each day."""

_LIST = (
    Measure(
        id=PAIN,
        title="Pain (NRS)",
        low=0,
        high=10,
        whole=True,
        better=Better.LOWER,
        change=Marked(2, Mark.SOURCED),
        loinc="72514-3",
    ),
    Measure(
        id="odi",
        title="Oswestry Disability Index (score)",
        unit="%",
        low=0,
        high=100,
        better=Better.LOWER,
        change=Marked(10, Mark.MEMORY),
        loinc="97909-6",
    ),
    Measure(
        id="roland_morris",
        title="Roland-Morris questionnaire",
        low=0,
        high=24,
        whole=True,
        better=Better.LOWER,
        change=Marked(5, Mark.MEMORY),
    ),
    Measure(
        id="qualeffo_41",
        title="QUALEFFO-41 (score)",
        low=0,
        high=100,
        better=Better.LOWER,
    ),
    Measure(
        id="eq_5d_index",
        title="EQ-5D-5L index",
        low=-1,
        high=1,
        better=Better.HIGHER,
        change=Marked(0.08, Mark.MEMORY),
    ),
    Measure(
        id="eq_vas",
        title="EQ-5D-5L visual analogue scale",
        low=0,
        high=100,
        better=Better.HIGHER,
    ),
    Measure(
        id="short_fes_i",
        title="Short FES-I",
        low=7,
        high=28,
        whole=True,
        better=Better.LOWER,
        concern=Marked(14, Mark.SOURCED),
    ),
    Measure(
        id="tug",
        title="Timed Up and Go",
        unit="s",
        low=1,
        high=300,
        better=Better.LOWER,
        change=Marked(1.4, Mark.MEMORY),
        concern=Marked(12, Mark.SOURCED),
        loinc="89423-8",
    ),
    Measure(
        id="chair_stand_30s",
        title="30-second chair stand",
        unit="stands",
        low=0,
        high=60,
        whole=True,
        better=Better.HIGHER,
        change=Marked(2, Mark.MEMORY),
    ),
    Measure(
        id="occiput_wall",
        title="Occiput-to-wall distance",
        unit="cm",
        low=0,
        high=40,
        better=Better.LOWER,
        concern=Marked(6, Mark.SOURCED),
    ),
    Measure(
        id="rib_pelvis",
        title="Rib-to-pelvis distance",
        unit="cm",
        low=0,
        high=20,
        better=Better.HIGHER,
        concern=Marked(3.6, Mark.SOURCED),
    ),
    Measure(
        id="kyphosis_cobb",
        title="Kyphosis (Cobb)",
        unit="°",
        low=0,
        high=150,
        better=Better.LOWER,
        concern=Marked(40, Mark.MEMORY),
    ),
    Measure(
        id="t_score",
        title="Bone density (T-score)",
        low=-8,
        high=5,
        better=Better.HIGHER,
        concern=Marked(-2.5, Mark.SOURCED),
        loinc="38263-0",
    ),
    Measure(
        id="fvc",
        title="Forced vital capacity",
        unit="l",
        low=0.1,
        high=10,
        better=Better.HIGHER,
        loinc="19868-9",
    ),
    Measure(
        id="fev1",
        title="Forced expiratory volume in 1 s",
        unit="l",
        low=0.1,
        high=10,
        better=Better.HIGHER,
        loinc="20150-9",
    ),
)

MEASURES = {each.id: each for each in _LIST}
"""Every measure by its id."""


def measure(measure_id: str) -> Measure:
    """The measure of that id. Raises OutcomeError for an unknown one."""
    if measure_id not in MEASURES:
        raise OutcomeError(
            f"There is no outcome measure {measure_id!r}, so the value was not saved; "
            f"choose one of {', '.join(MEASURES)}."
        )
    return MEASURES[measure_id]
