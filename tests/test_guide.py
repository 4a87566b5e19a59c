"""A calibration that is guided live: what is asked for, what is accepted and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from analytics.calibration import CalibrationError, calibrate
from fivepoint import guide as guiding
from fivepoint.cli import main
from fivepoint.guide import DONE, LIE, LIFT, STAND, TURNED, Guide, GuidedSource
from fivepoint.poses import lift_deg
from sensors.recording import read_calibrations, read_recording
from sensors.simulator import (
    Activity,
    Body,
    Bridge,
    LieDown,
    Pose,
    Rest,
    Simulation,
    Sit,
    SitDown,
    Stand,
    TurnInBed,
    VirtualSensor,
    Walk,
    simulate,
)
from sensors.types import GRAVITY_MS2, Chunk, FloatArray, Placement, StreamInfo
from tests.test_cli import refusal

ROOT = Path(__file__).resolve().parent.parent
PELVIS, STERNUM, THIGH = Placement.PELVIS, Placement.STERNUM, Placement.THIGH
UPSIDE_DOWN = np.diag([-1.0, 1.0, -1.0])
LYING = (LieDown(), Rest(9.0))
LIFTING = (Bridge(), Rest(3.0))
AS_ASKED = (Stand(6.0), *LYING, *LIFTING)


def simulated(
    script: Sequence[Activity],
    *worn: Placement,
    body: Body | None = None,
    mounting: FloatArray | None = None,
) -> Simulation:
    sensors = [VirtualSensor(placement=place, mounting=mounting) for place in worn]
    return simulate(script, sensors=sensors, seed=1, body=body)


def guided(
    simulation: Simulation, *, lift: bool = True, taken_for: Mapping[Placement, Placement] = {}
) -> tuple[Guide, list[str]]:
    """Guide somebody who does what the simulation does, whatever is said.

    Some sensors may be taken for those of another place.
    """
    told: list[str] = []
    guide = Guide([sensor.placement for sensor in simulation.sensors], told.append, lift=lift)
    for chunk in simulation.chunks(0.1):
        place = taken_for.get(chunk.placement, chunk.placement)
        guide.update(Chunk(place, chunk.t_s, chunk.acc, chunk.gyro))
    return guide, told


def refused(simulation: Simulation) -> str:
    """Why the guide gives up on somebody."""
    with pytest.raises(CalibrationError) as caught:
        guided(simulation)
    return str(caught.value)


def held(up: Sequence[float], seconds: float) -> Chunk:
    """A pelvis sensor in one pose."""
    t_s = np.arange(0.0, seconds, 0.02)
    return Chunk(PELVIS, t_s, np.tile(GRAVITY_MS2 * np.array(up), (len(t_s), 1)), None)


# What is accepted


@pytest.mark.parametrize("worn", [(PELVIS,), (STERNUM,), (THIGH,), (STERNUM, PELVIS, THIGH)])
@pytest.mark.parametrize("mounting", [np.eye(3), UPSIDE_DOWN, None], ids=["as", "down", "any"])
def test_standing_lying_and_one_lift_calibrate_sensors_worn_in_any_way(
    worn: tuple[Placement, ...], mounting: FloatArray | None
) -> None:
    simulation = simulated(AS_ASKED, *worn, mounting=mounting)
    guide, told = guided(simulation)
    for instruction, said in zip((STAND, LIE, LIFT, DONE), told, strict=True):
        assert instruction in said
    assert guide.still is not None
    made = calibrate(
        simulation.infos, simulation.chunks(), still=guide.still, lying=guide.lying, made_from="it"
    )
    for found, true in zip(made, simulation.true_calibrations(), strict=True):
        turn = found.rotation @ true.rotation.T
        assert np.degrees(np.arccos((np.trace(turn) - 1) / 2)) < 4.0


def test_poses_are_those_that_were_held() -> None:
    simulation = simulated(AS_ASKED, STERNUM, PELVIS)
    guide, _ = guided(simulation)
    assert guide.still is not None
    assert guide.lying is not None
    assert simulation.lying_s is not None
    assert simulation.still_s[0] <= guide.still[0] < guide.still[1] <= simulation.still_s[1]
    assert guide.lift is not None
    assert simulation.lying_s[0] - 1.0 <= guide.lying[0] < guide.lying[1] <= simulation.lying_s[1]
    assert guide.lying[1] - 2.0 < guide.lift[0] < guide.lift[1]


def test_at_the_end_it_tells_what_it_saw() -> None:
    _, told = guided(simulated((Stand(6.0), *LYING, Bridge(peak_deg=20.0)), STERNUM, PELVIS))
    assert "stand and lie down: turned by sternum 83°, pelvis 88°" in told[-1]
    assert "lift your hips: turned by sternum 17°, pelvis 20°" in told[-1]
    assert "swapped" not in told[-1]


def test_without_a_lift_it_ends_with_lying() -> None:
    guide, told = guided(simulated((Stand(6.0), *LYING), STERNUM, PELVIS), lift=False)
    assert guide.done
    assert [said[: len("Good. Step 2 of 2.")] for said in told[:2]] == [
        "Step 1 of 2. Stand",
        "Good. Step 2 of 2.",
    ]


def test_a_rest_on_the_side_is_not_taken_for_lying_on_the_back() -> None:
    script = (Stand(6.0), LieDown(side_s=4.5), Rest(9.0))
    simulation = simulated(script, STERNUM, PELVIS)
    guide, _ = guided(simulation, lift=False)
    assert guide.lying is not None
    assert simulation.lying_s is not None
    assert guide.lying[0] >= simulation.lying_s[0] - 1.0


def test_whoever_lay_on_the_side_for_long_is_asked_to_lie_on_the_back_again() -> None:
    script = (Stand(6.0), LieDown(side_s=20.0), Rest(14.0), *LIFTING)
    simulation = simulated(script, STERNUM, PELVIS, THIGH)
    guide, told = guided(simulation)
    assert told.count(TURNED) == 1
    assert guide.done
    assert guide.lying is not None
    assert simulation.lying_s is not None
    assert guide.lying[0] >= simulation.lying_s[0] - 1.0


def test_moving_while_standing_is_told_and_waited_for() -> None:
    guide, told = guided(simulated((Walk(seconds=40.0), *AS_ASKED), STERNUM, PELVIS))
    assert told[1].startswith("The sternum sensor still moves.")
    assert guide.still is not None
    assert guide.still[0] > 39.0
    assert guide.done


# What is refused or put right


def test_a_chest_on_a_pillow_is_told_until_the_pillow_is_gone() -> None:
    flat, raised = Body(), Body(supine_flex_deg=32.0)
    _, told = guided(simulated(AS_ASKED, STERNUM, PELVIS, body=raised))
    assert told[2].startswith("Your chest is raised by about 3")
    assert "what is under your back" in told[2]
    _, told = guided(simulated(AS_ASKED, STERNUM, PELVIS, body=flat))
    assert len(told) == 4


def test_half_sitting_is_told_with_the_angle_and_refused_in_the_end() -> None:
    script = (Stand(6.0), LieDown(), Rest(140.0))
    half_sitting = Body(supine_pitch_deg=45.0)
    assert "The pelvis has turned by 45° since standing and not by about 90°" in refused(
        simulated(script, PELVIS, body=half_sitting)
    )


def test_sitting_instead_of_standing_is_refused_if_a_thigh_shows_it() -> None:
    script = (SitDown(), Sit(8.0), *LYING, *LIFTING)
    assert "you were sitting and not standing" in refused(simulated(script, STERNUM, PELVIS, THIGH))


def test_whoever_stays_standing_is_reminded_and_refused_in_the_end() -> None:
    simulation = simulated((Stand(140.0),), STERNUM, PELVIS)
    assert refused(simulation).startswith("You have not lain down yet, so nothing was calibrated")
    _, told = guided(simulated((Stand(60.0),), STERNUM, PELVIS))
    assert [said.startswith("You have not lain down yet.") for said in told] == [False] * 2 + [True]


def test_a_lift_that_never_comes_is_asked_for_again_and_refused_in_the_end() -> None:
    lying = (Stand(6.0), LieDown(), Rest(150.0))
    assert "Your hips were not seen to rise, so" in refused(simulated(lying, STERNUM, PELVIS))


def test_rolling_to_the_side_and_back_is_not_a_lift() -> None:
    roll = (TurnInBed(to=Pose.LEFT), TurnInBed(to=Pose.SUPINE))
    guide, told = guided(simulated((Stand(6.0), *LYING, *roll, Rest(5.0)), STERNUM, PELVIS))
    assert LIFT in told[-1]
    assert not guide.done


def test_sitting_up_is_not_a_lift() -> None:
    up = np.array([0.0, 0.0, 1.0])
    supine = np.array([1.0, 0.0, 0.0])
    raised = np.array([np.cos(np.radians(20)), 0.0, np.sin(np.radians(20))])
    assert lift_deg(up, supine, raised) == 0.0
    assert lift_deg(up, supine, raised * [1, 1, -1]) == pytest.approx(20.0)


def test_a_thigh_that_is_taken_for_the_pelvis_is_refused() -> None:
    swapped = {PELVIS: THIGH, THIGH: PELVIS}
    simulation = simulated(AS_ASKED, STERNUM, PELVIS, THIGH)
    with pytest.raises(CalibrationError, match=r"pelvis sensor turned by 50° .* sit on a thigh"):
        guided(simulation, taken_for=swapped)


def test_a_chest_that_seems_to_turn_more_than_the_hips_is_told() -> None:
    swapped = {PELVIS: STERNUM, STERNUM: PELVIS}
    _, told = guided(simulated(AS_ASKED, STERNUM, PELVIS), taken_for=swapped)
    assert "see that the two sensors are not swapped" in told[-1]


def test_a_sensor_that_is_not_worn_is_told_as_not_turned() -> None:
    simulation = simulated(AS_ASKED, STERNUM, PELVIS)
    told: list[str] = []
    guide = Guide([STERNUM, PELVIS], told.append)
    on_the_table = held((0.0, 0.0, 1.0), simulation.duration_s)
    for chunk in simulation.chunks(0.1):
        guide.update(chunk if chunk.placement is STERNUM else part(on_the_table, chunk.t_s))
    assert told[2].startswith("The pelvis sensor has not turned with you.")
    assert not guide.done


def test_a_sensor_that_sends_nothing_is_named() -> None:
    told: list[str] = []
    guide = Guide([PELVIS, STERNUM], told.append)
    standing = held((0.0, 0.0, 1.0), 130.0)
    for start_s in range(120):
        guide.update(part(standing, np.array([start_s, start_s + 0.98])))
    with pytest.raises(CalibrationError, match="The sternum sensor sends nothing, so"):
        guide.update(part(standing, np.array([125.0, 126.0])))
    assert told[1] == "The sternum sensor sends nothing. See that it is on and near."


def test_if_no_sensor_sends_anything_it_does_not_wait_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Silent:
        infos: tuple[StreamInfo, ...] = ()

        async def __aiter__(self) -> AsyncIterator[Chunk]:
            await asyncio.Event().wait()
            yield held((0.0, 0.0, 1.0), 1.0)

    async def listen() -> None:
        async for _ in GuidedSource(Silent(), Guide([PELVIS], lambda text: None)):
            pass

    monkeypatch.setattr(guiding, "_SILENCE_S", 0.01)
    with pytest.raises(CalibrationError, match="No sensor has sent anything"):
        asyncio.run(listen())


def part(chunk: Chunk, during_s: FloatArray) -> Chunk:
    """The samples between the first and the last of some times."""
    inside = (chunk.t_s >= during_s[0]) & (chunk.t_s <= during_s[-1])
    return Chunk(chunk.placement, chunk.t_s[inside], chunk.acc[inside], None)


# The command


@pytest.mark.slow
def test_the_command_guides_virtual_sensors_to_the_calibration_of_their_scenario(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "cal.json"
    command = ["calibrate", "--virtual", "bridging_good", "--speed", "3", "--out", str(made)]
    assert main(command) == 0
    said = capsys.readouterr().out.splitlines()
    for line, instruction in zip(said, (STAND, LIE, LIFT, DONE), strict=False):
        assert instruction in line
    known = read_recording(ROOT / "sample_streams" / "bridging_good").header.calibrations
    for found, expected in zip(read_calibrations(made), known, strict=True):
        assert found.placement == expected.placement
        turn = found.rotation @ expected.rotation.T
        assert np.degrees(np.arccos((np.trace(turn) - 1) / 2)) < 4.0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "give one of"),
        (["--from", "REC", "--wear", "pelvis"], "give one of"),
        (["--from", "REC"], "--still"),
        (["--virtual", "tango"], "tango"),
    ],
)
def test_what_cannot_be_calibrated_is_refused_in_one_line(
    arguments: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", "--out", str(tmp_path / "cal.json"), *arguments]) != 0
    assert told in refusal(capsys)
    assert list(tmp_path.iterdir()) == []
