"""The truth of a simulated recording says what the script did."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.simulator import (
    SCENARIOS,
    Activity,
    BackExtension,
    Body,
    Bridge,
    BridgingSet,
    Extend,
    Fall,
    FallKind,
    GetUp,
    LieDown,
    PelvicTilt,
    Pose,
    Rest,
    ScriptError,
    Segment,
    Simulation,
    Sit,
    SitDown,
    SoftSlide,
    Stand,
    StandUp,
    Stumble,
    TurnInBed,
    VirtualSensor,
    Walk,
    day_at_home,
    exercise_session,
    positioning_session,
    simulate,
    simulate_scenario,
)
from sensors.types import Placement

seeds = st.integers(0, 2**31)


def truth_of(*script: Activity) -> dict[str, Any]:
    return simulate(script, sensors=(), seed=1).truth


def posture_at(truth: dict[str, Any], t_s: float) -> str:
    [posture] = [b["posture"] for b in truth["posture"] if b["start_s"] <= t_s < b["end_s"]]
    return str(posture)


def test_postures_follow_the_script() -> None:
    lying = (Pose.SUPINE, Pose.LEFT, Pose.PRONE, Pose.RIGHT)
    turns = [each for pose in lying[1:] for each in (TurnInBed(to=pose), Rest(5.0))]
    truth = truth_of(Stand(5.0), LieDown(quick=True), Rest(5.0), *turns, GetUp())
    postures = [bout["posture"] for bout in truth["posture"]]
    assert postures == ["upright", "supine", "left", "prone", "right", "upright"]


def test_a_posture_held_for_moments_is_a_passage_not_a_posture() -> None:
    truth = truth_of(LieDown(side_s=0.0), Rest(5.0), TurnInBed(to=Pose.PRONE), Rest(5.0))
    assert [bout["posture"] for bout in truth["posture"]] == ["upright", "left", "supine", "prone"]
    quick = truth_of(LieDown(side_s=0.0, seconds=1.0), Rest(5.0))
    assert [bout["posture"] for bout in quick["posture"]] == ["upright", "supine"]


def test_lying_begins_where_the_trunk_inclines_by_60_degrees() -> None:
    simulation = simulate([Stand(2.0), LieDown(), Rest(2.0)], sensors=(), seed=1)
    lying_s = simulation.truth["posture"][1]["start_s"]
    up = simulation.segment_frame(Segment.THORAX, np.array([lying_s - 0.1, lying_s])).up
    before_deg, after_deg = np.degrees(np.arccos(up[2]))
    assert before_deg < 60.0 <= after_deg


@settings(max_examples=20)
@given(seeds, st.floats(4.0, 12.0))
def test_postures_of_any_day_tile_it_and_change_each_time(seed: int, minutes: float) -> None:
    script = day_at_home(minutes=minutes, rng=np.random.default_rng(seed))
    simulation = simulate(script, sensors=(), seed=seed)
    bouts = simulation.truth["posture"]
    assert simulation.duration_s == pytest.approx(60.0 * minutes)
    assert bouts[0]["start_s"] == 0.0
    assert bouts[-1]["end_s"] == pytest.approx(simulation.duration_s, abs=1e-3)
    assert all(before["end_s"] == after["start_s"] for before, after in pairwise(bouts))
    assert all(before["posture"] != after["posture"] for before, after in pairwise(bouts))
    assert not simulation.truth["falls"]
    assert not simulation.truth["repetitions"]
    assert not simulation.truth["hyperextension"]


@settings(max_examples=20)
@given(seeds, st.integers(1, 12), st.floats(6.0, 35.0), st.floats(0.0, 0.4))
def test_repetitions_of_any_set_lie_within_supine_and_in_order(
    seed: int, reps: int, peak_deg: float, fatigue: float
) -> None:
    bridging = BridgingSet(reps=reps, peak_deg=peak_deg, fatigue=fatigue, cut_short=reps // 4)
    script = exercise_session(bridging, rng=np.random.default_rng(seed))
    truth = simulate(script, sensors=(), seed=seed).truth
    assert len(truth["repetitions"]) == reps
    assert sum(repetition["partial"] for repetition in truth["repetitions"]) == reps // 4
    for repetition in truth["repetitions"]:
        times = [repetition[key] for key in ("start_s", "hold_start_s", "hold_end_s", "end_s")]
        assert times == sorted(times)
        assert {posture_at(truth, t_s) for t_s in times} == {"supine"}
    assert all(a["end_s"] < b["start_s"] for a, b in pairwise(truth["repetitions"]))


@pytest.mark.parametrize("late_share", [0.0, 0.2])
def test_the_peak_of_a_bridge_is_the_pelvis_change_of_pitch(late_share: float) -> None:
    bridge = Bridge(peak_deg=20.0, hold_s=4.0, sag_deg=5.0, tremor_deg=0.0, late_share=late_share)
    simulation = simulate([LieDown(), Rest(2.0), bridge, Rest(2.0)], sensors=(), seed=1)
    [repetition] = simulation.truth["repetitions"]
    t_s = np.array([repetition[key] for key in ("start_s", "hold_start_s", "hold_end_s", "end_s")])
    up = simulation.segment_frame(Segment.PELVIS, t_s).up
    raised_deg = -np.degrees(np.unwrap(np.arctan2(-up[0], up[2])))
    assert raised_deg - raised_deg[0] == pytest.approx([0.0, 20.0, 15.0, 0.0], abs=0.01)
    assert repetition["peak_deg"] == 20.0
    assert repetition["hold_end_s"] - repetition["hold_start_s"] == pytest.approx(4.0)


def test_a_positive_roll_lifts_the_left_side() -> None:
    bridge = Bridge(roll_deg=8.0)
    simulation = simulate([LieDown(), bridge], sensors=(), seed=1)
    hold_s = np.array([simulation.truth["repetitions"][0]["hold_start_s"]])
    up = simulation.segment_frame(Segment.PELVIS, hold_s).up[:, 0]
    assert np.degrees(np.arctan2(up[1], np.hypot(up[0], up[2]))) == pytest.approx(8.0, abs=1.0)


def test_extension_over_a_pad_is_one_bout_that_ends_when_the_pad_has_slipped() -> None:
    truth = truth_of(LieDown(), Rest(10.0), Extend(extension_deg=10.0, seconds=200.0, slip_deg=9.0))
    [bout] = truth["hyperextension"]
    assert bout["posture"] == "supine"
    assert bout["peak_deg"] == pytest.approx(10.0, abs=0.01)
    assert 80.0 < bout["end_s"] - bout["start_s"] < 130.0
    held = truth["extension_deg"]["values"][round(bout["start_s"]) + 5 : round(bout["end_s"]) - 1]
    assert np.mean(held) == pytest.approx(bout["mean_deg"], abs=0.6)


@pytest.mark.parametrize(
    "not_extension",
    [
        Bridge(peak_deg=35.0, hold_s=20.0),
        PelvicTilt(seconds=30.0),
        Extend(extension_deg=4.0, seconds=60.0),
    ],
)
def test_neither_bridges_nor_tilts_nor_little_extension_are_hyperextension(
    not_extension: Activity,
) -> None:
    assert not truth_of(LieDown(), Rest(5.0), not_extension)["hyperextension"]


def test_extension_is_relative_to_the_neutral_of_the_posture() -> None:
    body = Body(supine_flex_deg=9.0)
    simulation = simulate([Stand(20.0), LieDown(), Rest(20.0)], sensors=(), seed=1, body=body)
    values = simulation.truth["extension_deg"]["values"]
    assert np.mean(values[:20]) == pytest.approx(0.0, abs=0.3)
    assert np.mean(values[-18:]) == pytest.approx(0.0, abs=0.3)
    assert len(values) == np.ceil(simulation.duration_s)


@pytest.mark.parametrize("kind", FallKind)
@pytest.mark.parametrize("seated", [False, True])
def test_a_fall_is_low_then_hard_at_its_impact_and_ends_lying(kind: FallKind, seated: bool) -> None:
    before: list[Activity] = [Stand(3.0), *([SitDown(), Sit(3.0)] if seated else [])]
    sensor = VirtualSensor.ideal(Placement.PELVIS, 200.0)
    script = [*before, Fall(kind=kind), Rest(5.0)]
    simulation = simulate(script, sensors=[sensor], seed=1)
    [fall] = simulation.truth["falls"]
    chunk = simulation.samples(Placement.PELVIS)
    force_g = np.linalg.norm(chunk.acc, axis=1) / 9.80665
    impact = int(np.searchsorted(chunk.t_s, fall["impact_s"]))
    assert fall["kind"].startswith(kind)
    assert force_g[impact - 160 : impact].min() < (0.85 if seated else 0.7)
    assert 2.0 < force_g[impact - 20 : impact + 20].max() < 10.0
    assert simulation.truth["posture"][-1]["posture"] != "upright"


def test_sliding_down_a_wall_has_no_hard_impact() -> None:
    sensors = [VirtualSensor.ideal(p) for p in (Placement.STERNUM, Placement.PELVIS)]
    simulation = simulate([Stand(2.0), SoftSlide(), Rest(5.0)], sensors=sensors, seed=1)
    for sensor in sensors:
        acc = simulation.samples(sensor.placement).acc
        assert np.linalg.norm(acc, axis=1).max() < 1.85 * 9.80665
    assert [fall["kind"] for fall in simulation.truth["falls"]] == ["soft_slide"]


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        ([Bridge()], "Bridge at 0.0 s needs a supine body but it is standing"),
        ([LieDown(), Walk(seconds=5.0)], "needs a standing body but it is supine"),
        ([Sit(5.0)], "needs a sitting body"),
    ],
)
def test_an_impossible_script_is_refused(script: list[Activity], cause: str) -> None:
    with pytest.raises(ScriptError, match=cause):
        simulate(script, sensors=(), seed=1)


def test_positioning_lasts_as_long_as_prescribed() -> None:
    script = positioning_session(extension_deg=12.0, minutes=10.0, breaks=1)
    bouts = simulate(script, sensors=(), seed=1).truth["hyperextension"]
    assert len(bouts) == 2
    assert sum(b["end_s"] - b["start_s"] for b in bouts) == pytest.approx(600.0, abs=20.0)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_can_be_calibrated_and_does_what_its_name_says(name: str) -> None:
    simulation: Simulation = simulate_scenario(name)
    assert simulation.still_s[1] - simulation.still_s[0] >= 5.0
    assert simulation.lying_s is not None
    assert simulation.lying_s[1] - simulation.lying_s[0] >= 5.0
    truth = simulation.truth
    assert bool(truth["repetitions"]) is (name.startswith("bridging") or name == "chest_acc_only")
    assert bool(truth["falls"]) is name.startswith(("fall", "soft"))
    assert bool(truth["hyperextension"]) is name.startswith("positioning")


def test_back_extensions_rises_walks_and_near_falls_are_told() -> None:
    truth = truth_of(
        *(Walk(seconds=20.0, cadence_hz=1.8), Stumble(), SitDown(hard=True), Sit(2.0)),
        *(StandUp(), LieDown(), TurnInBed(to=Pose.PRONE), BackExtension(hold_s=3.0), Rest(2.0)),
    )
    [walk], [rise], [lift] = truth["walks"], truth["stand_ups"], truth["back_extensions"]
    assert walk["end_s"] - walk["start_s"] == pytest.approx(20.0)
    assert walk["cadence_hz"] == pytest.approx(1.8, rel=0.04)
    assert rise["end_s"] - rise["start_s"] == pytest.approx(2.4, abs=0.1)
    assert lift["hold_end_s"] - lift["hold_start_s"] == pytest.approx(3.0)
    assert [each["kind"] for each in truth["near_falls"]] == ["stumble", "hard_sit_down"]
    assert truth["repetitions"] == []


def test_unsteadiness_changes_how_somebody_walks_and_nothing_else() -> None:
    steady, unsteady = (
        truth_of(Walk(seconds=30.0, unsteadiness=share), Stand(3.0)) for share in (0.0, 0.4)
    )
    assert unsteady["posture"] == steady["posture"]
    assert unsteady["walks"][0]["end_s"] == steady["walks"][0]["end_s"]
