"""Walks by their rhythm, how steady they are, and stumbles in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analytics.detector import detect
from analytics.events import Fall, NearFall, NearFallKind, Posture, WalkingBout
from analytics.frontend import FrontEnd
from analytics.near_falls import StumbleDetector, without_falls
from analytics.walking import WalkingDetector, rhythm
from sensors.importers import IMPORTERS
from sensors.simulator import (
    Activity,
    FallKind,
    LieDown,
    Rest,
    Simulation,
    Sit,
    SitDown,
    Stand,
    Walk,
    day_at_home,
    fall_at_home,
)
from sensors.types import Placement
from tests.moving import body_chunks, worn


def walks(simulation: Simulation, *, calibrated: bool = True) -> list[WalkingBout]:
    events = detect(WalkingDetector(), body_chunks(simulation, calibrated=calibrated))
    return [event for event in events if isinstance(event, WalkingBout)]


def stumbles(simulation: Simulation) -> list[NearFall]:
    events = detect(StumbleDetector(), body_chunks(simulation))
    return [event for event in events if isinstance(event, NearFall)]


@pytest.mark.parametrize("placement", [Placement.STERNUM, Placement.PELVIS])
@pytest.mark.parametrize("gyro", [True, False])
@pytest.mark.parametrize("cadence_hz", [1.5, 1.9])
def test_a_walk_is_found_with_its_cadence(
    placement: Placement, gyro: bool, cadence_hz: float
) -> None:
    script = [Stand(8.0), Walk(seconds=40.0, cadence_hz=cadence_hz), Stand(8.0)]
    simulation = worn(script, placement, gyro=gyro)
    [walk], [true] = walks(simulation, calibrated=False), simulation.truth["walks"]
    assert walk.cadence_hz == pytest.approx(true["cadence_hz"], rel=0.04)
    assert walk.start_s == pytest.approx(true["start_s"], abs=4.0)
    assert walk.end_s == pytest.approx(true["end_s"], abs=4.0)
    assert walk.steps == pytest.approx(40.0 * true["cadence_hz"], rel=0.2)


def test_the_rhythm_of_a_sum_of_waves_is_that_of_its_steps_and_strides() -> None:
    t_s = np.arange(150) / 25.0
    limping = np.sin(2.0 * np.pi * 2.0 * t_s) + 0.6 * np.sin(2.0 * np.pi * 1.0 * t_s)
    step_s, step_regularity, stride_regularity = rhythm(limping)
    assert step_s == pytest.approx(0.5, abs=0.02)
    assert stride_regularity == pytest.approx(1.0, abs=0.05)
    assert step_regularity == pytest.approx((1.0 - 0.36) / (1.0 + 0.36), abs=0.05)


def test_who_walks_less_steadily_is_told_to() -> None:
    regularity = [
        np.median([walk.stride_regularity for walk in walks(worn(script(share), seed=3))])
        for share in (0.0, 0.15, 0.4)
    ]
    assert regularity[0] > regularity[1] + 0.05 > regularity[2] + 0.1


def script(unsteadiness: float) -> list[Activity]:
    return [Stand(3.0), *5 * [Walk(seconds=20.0, unsteadiness=unsteadiness), Stand(8.0)]]


def test_nobody_walks_sitting_or_in_bed() -> None:
    assert walks(worn([Stand(20.0), SitDown(), Sit(20.0), LieDown(), Rest(30.0, fidgets=5)])) == []


def test_a_stumble_in_a_walk_is_told_when_it_was() -> None:
    walk = Walk(seconds=24.0, leg_s=24.0)
    simulation = worn([Stand(3.0), Walk(seconds=24.0, leg_s=24.0, stumbles=True), Stand(5.0), walk])
    [stumble], [true] = stumbles(simulation), simulation.truth["near_falls"]
    assert stumble.kind is NearFallKind.STUMBLE
    assert stumble.at_s == pytest.approx(true["at_s"], abs=0.5)


def test_who_falls_has_not_nearly_fallen() -> None:
    fallen = Fall(
        impact_s=30.0, probability=0.9, peak_g=4.0, posture_after=Posture.PRONE, inactive_s=9.0
    )
    near = [NearFall(at_s=at_s, kind=NearFallKind.STUMBLE, peak_g=2.0) for at_s in (20.0, 28.0)]
    assert [each.at_s for each in without_falls(near, [fallen])] == [20.0]
    simulation = worn(fall_at_home(FallKind.FORWARD, rng=np.random.default_rng(1)))
    assert stumbles(simulation) == []


def test_two_hours_at_home_hold_no_stumble_but_the_scripted_ones() -> None:
    for seed in (1, 2):
        simulation = worn(day_at_home(minutes=60.0, rng=np.random.default_rng(seed)), rate_hz=26.0)
        true_s = [each["at_s"] for each in simulation.truth["near_falls"]]
        found_s = [each.at_s for each in stumbles(simulation)]
        assert all(min(abs(at_s - true) for true in true_s) < 1.5 for at_s in found_s)


@pytest.mark.slow
def test_people_on_a_treadmill_walk_evenly_all_the_time_and_hardly_stumble(datasets: Path) -> None:
    """DSADS, chest, 25 Hz, five minutes each."""
    found = []
    for item in IMPORTERS["dsads"].find(datasets / "dsads_torso"):
        if item.exercise not in ("a10", "a11"):
            continue
        ((info, chunk),) = IMPORTERS["dsads"].read(item).streams
        front_end = FrontEnd([info])
        body = front_end.push(chunk) + front_end.finish()
        [walk] = detect(WalkingDetector(), body)
        assert isinstance(walk, WalkingBout)
        assert walk.end_s - walk.start_s > 280.0
        assert 1.2 < walk.cadence_hz < 2.0
        assert walk.stride_regularity > 0.85
        found += detect(StumbleDetector(), body)
    assert len(found) <= 1
