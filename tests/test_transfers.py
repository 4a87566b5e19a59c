"""Rises from a seat and hard landings on one: found, timed, and told from everything else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analytics.detector import detect
from analytics.events import NearFall, NearFallKind, StandUp
from analytics.frontend import FrontEnd
from analytics.transfers import TransferDetector
from sensors.importers import IMPORTERS
from sensors.simulator import (
    Activity,
    GetUp,
    LieDown,
    Rest,
    Simulation,
    Sit,
    SitDown,
    Stand,
    Walk,
    day_at_home,
    sit_to_stand_session,
)
from sensors.simulator import (
    StandUp as Rise,
)
from sensors.types import Placement
from tests.moving import body_chunks, worn

PLACEMENTS = (Placement.STERNUM, Placement.PELVIS, Placement.WAIST)


def stand_ups(simulation: Simulation, *, calibrated: bool = True) -> list[StandUp]:
    events = detect(TransferDetector(), body_chunks(simulation, calibrated=calibrated))
    return [event for event in events if isinstance(event, StandUp)]


def hard_landings(simulation: Simulation) -> list[NearFall]:
    events = detect(TransferDetector(), body_chunks(simulation))
    return [event for event in events if isinstance(event, NearFall)]


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("calibrated", [True, False])
def test_each_rise_of_a_set_is_found_with_its_duration(
    placement: Placement, calibrated: bool
) -> None:
    script = sit_to_stand_session(rng=np.random.default_rng(2))
    simulation = worn(script, placement)
    found, truth = stand_ups(simulation, calibrated=calibrated), simulation.truth["stand_ups"]
    assert len(found) == len(truth) == 11
    for rise, true in zip(found, truth, strict=True):
        assert rise.duration_s == pytest.approx(true["end_s"] - true["start_s"], abs=0.4)
        assert rise.start_s == pytest.approx(true["start_s"], abs=0.3)
        assert 0.2 < rise.rise_m < 0.5


@pytest.mark.parametrize("seconds", [1.2, 2.0, 3.0])
def test_a_slower_rise_is_told_to_be_slower(seconds: float) -> None:
    simulation = worn([Stand(3.0), SitDown(), Sit(5.0), Rise(seconds=seconds), Stand(4.0)])
    [rise], [true] = stand_ups(simulation), simulation.truth["stand_ups"]
    assert rise.duration_s == pytest.approx(true["end_s"] - true["start_s"], rel=0.15)


def test_every_rise_of_an_hour_at_home_is_found_and_nothing_else() -> None:
    simulation = worn(day_at_home(minutes=60.0, rng=np.random.default_rng(4)), rate_hz=26.0)
    found, truth = stand_ups(simulation), simulation.truth["stand_ups"]
    hit = [
        any(rise.start_s < true["end_s"] and rise.end_s > true["start_s"] for rise in found)
        for true in truth
    ]
    assert all(hit)
    assert len(found) == len(truth)


def test_a_seat_hit_hard_is_told_once_and_one_sat_down_on_is_not() -> None:
    script: list[Activity] = []
    for hard in (False, True, False, True):
        script += [Stand(3.0), SitDown(hard=hard), Sit(6.0), Rise()]
    simulation = worn([*script, Stand(4.0)])
    found = hard_landings(simulation)
    truth = [each["at_s"] for each in simulation.truth["near_falls"]]
    assert [event.kind for event in found] == 2 * [NearFallKind.HARD_SIT_DOWN]
    assert [event.at_s for event in found] == pytest.approx(truth, abs=0.2)
    assert min(event.peak_g for event in found) > 1.8


def test_walking_lying_down_and_getting_up_hit_no_seat() -> None:
    script = [Stand(3.0), Walk(seconds=30.0, vertical_g=0.4), Stand(3.0)]
    assert hard_landings(worn([*script, LieDown(quick=True), Rest(5.0), GetUp(), Stand(3.0)])) == []


@pytest.mark.slow
def test_people_who_walk_or_climb_stairs_are_not_said_to_stand_up(datasets: Path) -> None:
    """SisFall, waist, mounting unknown: sitting down and standing up beside what is not."""
    rises = {"D10": 0, "D01": 0, "D05": 0}
    trials = dict.fromkeys(rises, 0)
    hard = {"D09": 0, "D11": 0}
    for item in IMPORTERS["sisfall"].find(datasets / "sisfall"):
        if item.exercise not in {*rises, *hard} or not item.name.endswith(("R01", "R02")):
            continue
        ((info, chunk),) = IMPORTERS["sisfall"].read(item).streams
        front_end = FrontEnd([info])
        events = detect(TransferDetector(), front_end.push(chunk) + front_end.finish())
        if item.exercise in rises:
            trials[item.exercise] += 1
            rises[item.exercise] += any(isinstance(event, StandUp) for event in events)
        if item.exercise in hard:
            hard[item.exercise] += any(isinstance(event, NearFall) for event in events)
    assert rises["D10"] >= 0.6 * trials["D10"]
    assert rises["D01"] + rises["D05"] <= 0.05 * (trials["D01"] + trials["D05"])
    assert hard["D11"] >= 10
    assert hard["D09"] == 0
