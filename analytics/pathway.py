"""Clinical pathways: templates that say where each of their numbers comes from.

A template is a TOML file: phases counted in weeks from the fracture or the operation, each with its
goals, its items (exercise, positioning, walking, brace, medication, education), what it forbids
and when to move on. Every number carries a mark: S, found in the named source; M, recalled from a
reference that was not read again; D, a default of this project that a physiotherapist has yet to
sign off. Templates are starting points for a clinician, never advice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import pairwise
from math import inf
from pathlib import Path

import msgspec

from analytics.limits import FLEXION_LIMITS_DEG, USUAL
from sensors.errors import FivepointError

PATHWAY_IDS = ("conservative", "after_pvp_pkp", "after_mis_tlif", "after_internal_fixation")
"""The templates that come with the application, in the order people see them."""


class PathwayError(FivepointError):
    """A pathway template is missing or cannot be used."""


class Mark(StrEnum):
    """How well a number is founded."""

    SOURCED = "S"
    MEMORY = "M"
    DEFAULT = "D"


class Evidence(StrEnum):
    """What shows that an item was done."""

    BRIDGES = "bridges"
    BACK_EXTENSIONS = "back_extensions"
    SIT_TO_STANDS = "sit_to_stands"
    EXTENSION = "extension"
    REPORT = "report"


class _Sourced(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    mark: Mark
    source: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.mark is Mark.SOURCED and not self.source:
            raise ValueError("a value marked S must name its source")


class Number(_Sourced, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One number, or the lower end of a range that reaches to `upto`."""

    value: float
    upto: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.value < (inf if self.upto is None else self.upto):
            raise ValueError("a number must be above 0 and `upto` above `value`")


class Statement(_Sourced, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One sentence with its foundation."""

    text: str


class Weeks(_Sourced, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Weeks since the fracture or the operation, half-open: `start` ≤ week < `end`."""

    start: float
    end: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.start < self.end:
            raise ValueError("weeks must have 0 <= start < end")


class Dose(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How much of an exercise: repetitions × sets × times a day, or minutes a day."""

    reps: Number | None = None
    sets: Number | None = None
    per_day: Number | None = None
    hold_s: Number | None = None
    rest_s: Number | None = None
    minutes_per_day: Number | None = None
    days_per_week: Number | None = None

    def __post_init__(self) -> None:
        if (self.reps is None) == (self.minutes_per_day is None):
            raise ValueError("a dose needs either `reps` or `minutes_per_day`")
        if self.days_per_week and self.days_per_week.value > 7:
            raise ValueError("a week has 7 days: `days_per_week` is too large")


class PositioningDose(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long, and how often a day, to lie in slight extension."""

    bout_min: Number
    per_day: Number


class _Item(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind"
):
    id: str
    title: str
    notes: tuple[Statement, ...] = ()
    caution: tuple[Statement, ...] = ()


class Exercise(_Item, frozen=True, kw_only=True, tag="exercise"):
    """An exercise from its first dose to its target.

    `unlock` names who must release it before it is prescribed; `evidence` what counts it.
    """

    start: Dose
    target: Dose | None = None
    cap_per_day: Number | None = None
    not_before_week: Number | None = None
    unlock: Statement | None = None
    evidence: Evidence = Evidence.REPORT


class Positioning(_Item, frozen=True, kw_only=True, tag="positioning"):
    """Lying in slight extension; `band_deg` from the calibrated flat supine pose."""

    start: PositioningDose
    target: PositioningDose | None = None
    band_deg: Number
    alarm_deg: Number
    course_weeks: Number | None = None
    pad_cm: Number | None = None

    def __post_init__(self) -> None:
        if self.band_deg.upto is None or self.band_deg.upto > self.alarm_deg.value:
            raise ValueError("`band_deg` needs an `upto` that is not above `alarm_deg`")


class Walking(_Item, frozen=True, kw_only=True, tag="walking"):
    """Walks of `bout_min` minutes; `ceiling_min` is the longest one for a frail person."""

    bout_min: Number
    per_day: Number
    ceiling_min: Number | None = None


class Brace(_Item, frozen=True, kw_only=True, tag="brace"):
    """Hours a day in the brace."""

    hours_per_day: Number


class Medication(_Item, frozen=True, kw_only=True, tag="medication"):
    """One dose every `every_days` days; only taking it is followed, never the choice of it."""

    every_days: Number


class Education(_Item, frozen=True, kw_only=True, tag="education"):
    """Something to know or to learn, without a dose."""

    text: Statement


Item = Exercise | Positioning | Walking | Brace | Medication | Education


class Phase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A stretch of the pathway; `advance` says when a clinician may move on."""

    id: str
    title: str
    weeks: Weeks
    goals: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    forbid: tuple[Statement, ...] = ()
    advance: Statement | None = None

    def item(self, item_id: str) -> Item:
        """The item of that id. Raises PathwayError where the phase has none."""
        found = next((item for item in self.items if item.id == item_id), None)
        if found is None:
            raise PathwayError(
                f"Phase {self.id} has no item {item_id!r}, so it cannot be prescribed; it has "
                f"{', '.join(item.id for item in self.items)}."
            )
        return found


class StopRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What ends a session, what calls for contact the same day and what is an emergency."""

    emergency: tuple[Statement, ...]
    same_day: tuple[Statement, ...]
    session: tuple[Statement, ...]


USUAL_FLEXION = Number(value=USUAL.flexion_deg, mark=Mark.DEFAULT)


class Pathway(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole template; its phases follow each other without a hole.

    Bending forward beyond `flexion_limit_deg` is told, whatever the phase.
    """

    id: str
    title: str
    counted_from: str
    phases: tuple[Phase, ...]
    stop: StopRules
    flexion_limit_deg: Number = USUAL_FLEXION
    forbid: tuple[Statement, ...] = ()
    sources: dict[str, str] = {}

    def __post_init__(self) -> None:
        lowest_deg, highest_deg = FLEXION_LIMITS_DEG
        if not lowest_deg <= self.flexion_limit_deg.value <= highest_deg:
            raise ValueError(
                f"`flexion_limit_deg` must lie between {lowest_deg:g} and {highest_deg:g}"
            )
        if not self.phases or self.phases[0].weeks.start != 0:
            raise ValueError("`phases` must start at week 0")
        for earlier, later in pairwise(self.phases):
            if later.weeks.start != earlier.weeks.end:
                raise ValueError(f"phase {later.id!r} must start where {earlier.id!r} ends")
        _no_two_alike(phase.id for phase in self.phases)
        for phase in self.phases:
            _no_two_alike(item.id for item in phase.items)
        named = {key for value in sourced_values(self) for key in value.source}
        unknown = named - self.sources.keys()
        if unknown:
            raise ValueError(f"source {min(unknown)!r} is not listed under [sources]")

    def phase(self, phase_id: str) -> Phase:
        """The phase of that id. Raises PathwayError where the pathway has none."""
        found = next((phase for phase in self.phases if phase.id == phase_id), None)
        if found is None:
            raise PathwayError(
                f"Pathway {self.id} has no phase {phase_id!r}, so nothing can be prescribed; it "
                f"has {', '.join(phase.id for phase in self.phases)}."
            )
        return found


def _no_two_alike(ids: Iterable[str]) -> None:
    for name, times in Counter(ids).items():
        if times > 1:
            raise ValueError(f"the id {name!r} is given {times} times")


@cache
def load_pathway(pathway_id: str) -> Pathway:
    """One of the templates. Raises PathwayError for an id that is none of `PATHWAY_IDS`."""
    if pathway_id not in PATHWAY_IDS:
        raise PathwayError(
            f"There is no pathway {pathway_id!r}, so no plan can be shown; choose one of "
            f"{', '.join(PATHWAY_IDS)}."
        )
    return read_pathway(resources.files("analytics") / "pathways" / f"{pathway_id}.toml")


def read_pathway(file: Path | Traversable) -> Pathway:
    """The template in a file `<id>.toml`. Raises PathwayError, naming the key that is wrong."""
    try:
        pathway = msgspec.toml.decode(file.read_bytes(), type=Pathway)
        if file.name != f"{pathway.id}.toml":
            raise ValueError(f"`id` is {pathway.id!r} but the file is called {file.name}")
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise PathwayError(
            f"Pathway file {file.name} cannot be used ({reason}), so its plan is not shown; "
            "correct that entry."
        ) from error
    return pathway


def sourced_values(value: object) -> Iterator[_Sourced]:
    """Every number and statement below `value` that carries a mark."""
    if isinstance(value, _Sourced):
        yield value
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from sourced_values(getattr(value, name))
    elif isinstance(value, tuple):
        for element in value:
            yield from sourced_values(element)
