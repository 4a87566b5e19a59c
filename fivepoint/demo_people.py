"""The people of the demo: how each of them goes through recovery."""

from __future__ import annotations

from dataclasses import dataclass, field

from sensors.simulator.falls import FallKind


@dataclass(frozen=True, slots=True)
class Course:
    """A quantity that changes evenly from the first day followed to the last."""

    first: float
    last: float

    def at(self, share: float) -> float:
        """Its value after a share (0 to 1) of the time."""
        return self.first + share * (self.last - self.first)


def steady(value: float) -> Course:
    """A quantity that does not change."""
    return Course(value, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One patient of the demo, whose fracture or operation was `days` ago.

    `attendance` is the share of days on which the exercises are done, `effort` the share of the
    prescribed dose on those days and `hold` that of the prescribed hold; `pain` is the answer on
    the 0 to 10 scale. `unsteadiness`, `stand_up_s` and `stumble_share` are how they move about, as
    in the simulator's `Manner`. `falls` are days ago. On days left out, the sensors are worn at
    home for a share `worn` of them and lie on the table for a share `unworn`.
    """

    id: str
    label: str
    birth_year: int
    pathway_id: str
    days: int
    attendance: Course
    effort: Course
    hold: Course
    peak_deg: Course
    pain: Course
    extension_deg: float = 12.0
    roll_deg: float = 0.0
    fatigue: float = 0.1
    unsteadiness: Course = Course(0.12, 0.08)
    stand_up_s: Course = Course(2.4, 2.1)
    stumble_share: float = 0.0
    worn: float = 0.5
    unworn: float = 0.0
    falls: dict[int, FallKind] = field(default_factory=dict)


PEOPLE = (
    Person(
        id="demo-a",
        label="Patient A, keeps to the plan",
        birth_year=1951,
        pathway_id="conservative",
        days=83,
        attendance=steady(0.92),
        effort=steady(1.0),
        hold=Course(0.85, 1.05),
        peak_deg=Course(14.0, 25.0),
        pain=Course(6.5, 1.0),
        fatigue=0.05,
        unsteadiness=Course(0.25, 0.06),
        stand_up_s=Course(3.0, 1.8),
    ),
    Person(
        id="demo-b",
        label="Patient B, doing less and less",
        birth_year=1948,
        pathway_id="conservative",
        days=83,
        attendance=Course(1.0, 0.1),
        effort=Course(1.0, 0.4),
        hold=Course(0.9, 0.5),
        peak_deg=Course(17.0, 12.0),
        pain=Course(6.0, 4.5),
        unsteadiness=Course(0.1, 0.25),
        stand_up_s=Course(2.0, 2.9),
        fatigue=0.3,
        unworn=0.2,
    ),
    Person(
        id="demo-c",
        label="Patient C, doing too much",
        birth_year=1956,
        pathway_id="conservative",
        days=62,
        attendance=steady(0.8),
        effort=Course(1.1, 2.2),
        hold=Course(1.0, 1.4),
        peak_deg=Course(20.0, 31.0),
        pain=Course(4.0, 6.5),
        extension_deg=17.0,
        fatigue=0.25,
    ),
    Person(
        id="demo-d",
        label="Patient D, fell this week",
        birth_year=1944,
        pathway_id="conservative",
        days=55,
        attendance=Course(0.8, 0.6),
        effort=steady(0.8),
        hold=steady(0.75),
        peak_deg=Course(12.0, 16.0),
        pain=Course(6.0, 3.5),
        roll_deg=6.0,
        fatigue=0.2,
        unsteadiness=Course(0.2, 0.3),
        stumble_share=0.25,
        falls={2: FallKind.LATERAL, 33: FallKind.BACKWARD},
    ),
    Person(
        id="demo-e",
        label="Patient E, after kyphoplasty",
        birth_year=1950,
        pathway_id="after_pvp_pkp",
        days=58,
        attendance=steady(0.8),
        effort=steady(0.95),
        hold=Course(0.8, 1.0),
        peak_deg=Course(14.0, 22.0),
        pain=Course(5.0, 1.5),
    ),
    Person(
        id="demo-f",
        label="Patient F, new this week",
        birth_year=1953,
        pathway_id="conservative",
        days=6,
        attendance=steady(0.8),
        effort=steady(0.7),
        hold=steady(0.7),
        peak_deg=steady(12.0),
        pain=Course(8.0, 7.0),
        extension_deg=8.0,
    ),
    Person(
        id="demo-g",
        label="Patient G, after internal fixation",
        birth_year=1958,
        pathway_id="after_internal_fixation",
        days=62,
        attendance=steady(0.5),
        effort=steady(0.9),
        hold=steady(0.9),
        peak_deg=Course(12.0, 18.0),
        pain=Course(5.5, 2.5),
        worn=0.3,
        unworn=0.3,
    ),
)
