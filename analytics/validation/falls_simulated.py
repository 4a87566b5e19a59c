"""Simulated falls at home, and two hundred hours without one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product

import numpy as np

from analytics.calibration import calibrate
from analytics.detector import detect
from analytics.events import Fall
from analytics.falls import FallDetector
from analytics.frontend import FrontEnd
from analytics.validation.fall_trials import HIT_WITHIN_S
from analytics.validation.figures import ALL, Figure, Kind, Unit, pooled, rate, share
from sensors.simulator import (
    FallKind,
    FallOutOfBed,
    GetUp,
    Rest,
    Simulation,
    SoftSlide,
    Stand,
    Walk,
    calibration_poses,
    day_at_home,
    fall_at_home,
    simulate,
)
from sensors.simulator.sessions import Script
from sensors.simulator.variation import any_body, any_sensor
from sensors.types import Placement

SET = "simulator"
DAYS, DAY_MINUTES = 100, 120.0
ASKED_PER_HOUR = 1 / 200
PEOPLE = 20
"""How many fall in each way."""

LYING_S = 15.0

ON_CHEST, ON_HIPS = Placement.STERNUM, Placement.PELVIS
WORN: Mapping[str, tuple[tuple[Placement, ...], bool]] = {
    "sternum": ((ON_CHEST,), True),
    "sternum, no gyroscope": ((ON_CHEST,), False),
    "pelvis": ((ON_HIPS,), True),
    "pelvis, no gyroscope": ((ON_HIPS,), False),
    "sternum and pelvis": ((ON_CHEST, ON_HIPS), True),
}
"""Which sensors are worn, by a name, and whether they have gyroscopes."""


def home_figures(days: int = DAYS) -> Iterator[Figure]:
    """False alarms in hours at home: walking, sitting down hard, lying down at once, stumbling."""
    alarms = dict.fromkeys(WORN, 0)
    for seed in range(days):
        simulation = _simulated(day_at_home(minutes=DAY_MINUTES, rng=_rng(seed)), seed)
        for worn in WORN:
            found = len(_falls(simulation, worn))
            alarms[worn] += found
            if found:
                yield rate(_alarm_kind(worn), f"seed {seed}", found, DAY_MINUTES / 60.0)
    for worn, count in alarms.items():
        yield rate(_alarm_kind(worn), ALL, count, days * DAY_MINUTES / 60.0)


def simulated_fall_figures(people: int = PEOPLE) -> Iterator[Figure]:
    """Falls of every kind, by people of whom every second gets up again, where one can."""
    hits: dict[tuple[str, str], list[bool]] = {}
    for seed in range(people):
        for kind, script in _fall_scripts(_rng(seed), recovers=seed % 2 == 0):
            simulation = _simulated(script, seed)
            (true_s,) = [fall["impact_s"] for fall in simulation.truth["falls"]]
            for worn in WORN:
                found = [fall.impact_s for fall in _falls(simulation, worn)]
                hit = any(abs(found_s - true_s) <= HIT_WITHIN_S for found_s in found)
                hits.setdefault((worn, kind), []).append(hit)
    for worn in WORN:
        figure_kind = Kind(SET, f"{worn}, falls found", Unit.SHARE)
        of_kinds = {kind: each for (by, kind), each in hits.items() if by == worn}
        for kind, each in of_kinds.items():
            yield share(figure_kind, kind, sum(each), len(each))
        found_ones = [sum(each) for each in of_kinds.values()]
        yield pooled(figure_kind, found_ones, [len(each) for each in of_kinds.values()])


def _fall_scripts(rng: np.random.Generator, *, recovers: bool) -> Iterator[tuple[str, Script]]:
    """One fall of each kind, with its name."""
    for kind, seated in product(FallKind, (False, True)):
        name = f"{kind}, from a seat" if seated else str(kind)
        script = fall_at_home(kind, rng=rng, lying_s=LYING_S, seated=seated, recovers=recovers)
        yield name, script
    yield "out of bed", [*calibration_poses(), Rest(20.0), FallOutOfBed(), Rest(LYING_S)]
    wall: Script = [GetUp(), Walk(seconds=rng.uniform(8.0, 20.0)), Stand(4.0), SoftSlide()]
    yield "down a wall", [*calibration_poses(), *wall, Rest(LYING_S)]


def _simulated(script: Script, seed: int) -> Simulation:
    rng = _rng(seed)
    sensors = [any_sensor(place, rng) for place in (ON_CHEST, ON_HIPS)]
    return simulate(script, sensors=sensors, seed=seed, body=any_body(rng))


def _falls(simulation: Simulation, worn: str) -> list[Fall]:
    """The falls that the sensors worn so call, each calibrated as people do it."""
    placements, has_gyro = WORN[worn]
    infos = [info for info in simulation.infos if info.placement in placements]
    chunks = [chunk for chunk in simulation.chunks(60.0) if chunk.placement in placements]
    if not has_gyro:
        infos = [replace(info, gyro_scale_rads=None) for info in infos]
        chunks = [replace(chunk, gyro=None) for chunk in chunks]
    calibrations = calibrate(
        infos, chunks, still=simulation.still_s, lying=simulation.lying_s, made_from="simulation"
    )
    front_end = FrontEnd(infos, calibrations)
    body = [part for chunk in chunks for part in front_end.push(chunk)]
    events = detect(FallDetector(), [*body, *front_end.finish()])
    return [event for event in events if isinstance(event, Fall)]


def _alarm_kind(worn: str) -> Kind:
    return Kind(SET, f"{worn}, false alarms at home", Unit.PER_HOUR, ASKED_PER_HOUR)


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)
