"""What simulated people do that is no bridge: hours at home, and other exercises in bed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from analytics.validation.figures import ALL, Figure, Kind, Unit, pooled, rate, share
from analytics.validation.repetitions import found_by_each, found_together, whole
from sensors.simulator import Simulation, simulate
from sensors.simulator.sessions import Script
from sensors.simulator.variation import (
    BED_EXERCISES,
    any_body,
    any_sensor,
    bed_exercise,
    hour_at_home,
)
from sensors.types import Placement

SET = "simulator"
HOURS = 100
EXERCISING_BODIES, TIMES = 15, 10
"""How many people do each exercise, and how often each of them."""

PLACEMENTS = (Placement.PELVIS, Placement.THIGH, Placement.STERNUM)
PAIRS = ((Placement.PELVIS, Placement.THIGH), (Placement.PELVIS, Placement.STERNUM))


def hours_figures(hours: int = HOURS) -> Iterator[Figure]:
    """Bridges found in hours about the house and in bed, in which there are none."""
    found: Counter[str] = Counter()
    for seed in range(hours):
        false = _alone(_simulated(hour_at_home(np.random.default_rng(seed)), seed))
        found.update(false)
        for sensor, count in false.items():
            if count:
                yield rate(_hours_kind(sensor), f"seed {seed}", count, 1.0)
    for sensor, count in found.items():
        yield rate(_hours_kind(sensor), ALL, count, hours)


def exercises_figures(bodies: int = EXERCISING_BODIES) -> Iterator[Figure]:
    """Repetitions of other exercises that are not taken for bridges, by one sensor and by two."""
    left_alone: dict[str, Counter[str]] = {}
    for exercise in BED_EXERCISES:
        for seed in range(bodies):
            script = bed_exercise(exercise, np.random.default_rng(seed), count=TIMES)
            simulation = _simulated(script, seed)
            for sensor, count in (_alone(simulation) | _together(simulation)).items():
                right = left_alone.setdefault(sensor, Counter())
                right[exercise] += TIMES - min(count, TIMES)
    for sensor, right in left_alone.items():
        kind = Kind(SET, f"{sensor}, other exercises in bed left alone", Unit.SHARE)
        for exercise, count in right.items():
            yield share(kind, exercise, count, bodies * TIMES)
        yield pooled(kind, list(right.values()), [bodies * TIMES] * len(right))


def _alone(simulation: Simulation) -> dict[str, int]:
    """How many bridges each sensor finds, worn in each way."""
    found = found_by_each(simulation)
    return {f"{place}{how}": whole(repetitions) for (place, how), repetitions in found.items()}


def _together(simulation: Simulation) -> dict[str, int]:
    """How many bridges two sensors find."""
    return {_named(pair): whole(found_together(simulation, pair)) for pair in PAIRS}


def _named(pair: Sequence[Placement]) -> str:
    return " and ".join(pair)


def _simulated(script: Script, seed: int) -> Simulation:
    rng = np.random.default_rng(seed)
    sensors = [any_sensor(placement, rng) for placement in PLACEMENTS]
    return simulate(script, sensors=sensors, seed=seed, body=any_body(rng))


def _hours_kind(sensor: str) -> Kind:
    return Kind(SET, f"{sensor}, false bridges at home and in bed", Unit.PER_HOUR, 0.0)
