"""Outcome measures, their ranges and units, and values of them that people enter.

Of questionnaires under copyright only the score is entered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sensors.errors import FivepointError


class OutcomeError(FivepointError):
    """An entry that cannot be a value of its measure."""


class OutcomeSource(StrEnum):
    """Who entered a value."""

    SELF = "self"
    CLINICIAN = "clinician"


@dataclass(frozen=True, slots=True)
class Measure:
    """One outcome measure; values lie in `low` … `high` (inclusive), whole ones if `whole`."""

    id: str
    title: str
    low: float
    high: float
    unit: str = ""
    whole: bool = False

    def check(self, value: float) -> float:
        """The value, if it can be one. Raises OutcomeError with the range otherwise."""
        if not self.low <= value <= self.high or (self.whole and value != round(value)):
            whole = "a whole number " if self.whole else ""
            raise OutcomeError(
                f"{self.title} cannot be {value:g}, so it was not saved; enter {whole}"
                f"from {self.low:g} to {self.high:g}{' ' + self.unit if self.unit else ''}."
            )
        return value


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
    Measure(PAIN, "Pain (NRS)", 0, 10, whole=True),
    Measure("odi", "Oswestry Disability Index (score)", 0, 100, unit="%"),
    Measure("roland_morris", "Roland-Morris questionnaire", 0, 24, whole=True),
    Measure("qualeffo_41", "QUALEFFO-41 (score)", 0, 100),
    Measure("eq_5d_index", "EQ-5D-5L index", -1, 1),
    Measure("eq_vas", "EQ-5D-5L visual analogue scale", 0, 100),
    Measure("short_fes_i", "Short FES-I", 7, 28, whole=True),
    Measure("tug", "Timed Up and Go", 1, 300, unit="s"),
    Measure("chair_stand_30s", "30-second chair stand", 0, 60, unit="stands", whole=True),
    Measure("occiput_wall", "Occiput-to-wall distance", 0, 40, unit="cm"),
    Measure("rib_pelvis", "Rib-to-pelvis distance", 0, 20, unit="cm"),
    Measure("kyphosis_cobb", "Kyphosis (Cobb)", 0, 150, unit="°"),
    Measure("t_score", "Bone density (T-score)", -8, 5),
    Measure("fvc", "Forced vital capacity", 0.1, 10, unit="l"),
    Measure("fev1", "Forced expiratory volume in 1 s", 0.1, 10, unit="l"),
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
