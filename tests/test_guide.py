"""A calibration that is guided live: what is asked for, what is accepted and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from analytics.calibration import CalibrationError
from fivepoint.cli import main
from fivepoint.guide import DONE, LIE, LIFT, STAND, Guide
from sensors.recording import read_calibrations, read_recording
from sensors.types import GRAVITY_MS2, Chunk, FloatArray, Placement
from tests.test_cli import refusal

ROOT = Path(__file__).resolve().parent.parent

STANDING = (0.0, 0.0)
SUPINE = (-90.0, 0.0)
ON_SIDE = (0.0, 90.0)
LIFTED = (-110.0, 0.0)
SLOUCHED = (-40.0, 0.0)

Pose = tuple[float, float]
"""Pitch and roll in degrees, of a sensor that sits as its segment does."""


def up(pose: Pose) -> FloatArray:
    pitch, roll = np.radians(pose)
    return np.array([-np.sin(pitch) * np.cos(roll), -np.sin(roll), np.cos(pitch) * np.cos(roll)])


def guided(
    poses: Sequence[tuple[Pose, float]],
    *,
    placements: tuple[Placement, ...] = (Placement.PELVIS,),
    shaking_ms2: float = 0.05,
    lift: bool = True,
) -> tuple[Guide, list[str]]:
    """Hold each pose for so many seconds, with half a second from one to the next."""
    told: list[str] = []
    guide = Guide(placements, told.append, lift=lift)
    rng = np.random.default_rng(1)
    at_s, before = 0.0, up(poses[0][0])
    for pose, seconds in poses:
        t_s = np.arange(0.0, seconds, 0.02)
        share = np.minimum(t_s / 0.5, 1.0)[:, np.newaxis]
        acc = GRAVITY_MS2 * ((1 - share) * before + share * up(pose))
        acc = acc + rng.normal(0.0, shaking_ms2, acc.shape)
        for start in range(0, len(t_s), 5):
            part = slice(start, start + 5)
            for placement in placements:
                guide.update(Chunk(placement, at_s + t_s[part], acc[part], None))
        at_s, before = at_s + seconds, up(pose)
    return guide, told


def test_standing_lying_and_one_lift_are_enough() -> None:
    guide, told = guided([(STANDING, 5.0), (SUPINE, 5.0), (LIFTED, 2.0)])
    assert told == [STAND, LIE, LIFT, DONE]
    assert guide.still is not None
    assert guide.lying is not None
    assert guide.still[1] <= 5.0
    assert guide.lift is not None
    assert 5.5 <= guide.lying[0] < guide.lying[1] <= 10.0 < guide.lift[1] <= 12.0


def test_a_rest_on_the_side_is_not_taken_for_lying_on_the_back() -> None:
    way = [(STANDING, 5.0), (ON_SIDE, 4.5), (SUPINE, 5.0), (LIFTED, 2.0)]
    guide, _ = guided(way)
    assert guide.lying is not None
    assert guide.lying[0] > 10.0


def test_without_a_lift_lying_must_last_longer_than_a_rest_on_the_side() -> None:
    guide, told = guided([(STANDING, 5.0), (ON_SIDE, 6.0), (SUPINE, 10.0)], lift=False)
    assert told == [STAND, LIE, DONE]
    assert guide.lying is not None
    assert guide.lying[0] > 11.0


def test_a_lift_is_not_a_roll_to_the_side() -> None:
    guide, _ = guided([(STANDING, 5.0), (SUPINE, 5.0), ((-90.0, 30.0), 5.0)])
    assert not guide.done


def test_a_pose_that_is_held_but_is_not_the_one_is_told_with_the_reason() -> None:
    guide, told = guided([(STANDING, 5.0), (SLOUCHED, 8.0), (SUPINE, 5.0), (LIFTED, 2.0)])
    assert told[2] == "The pelvis sensor has turned by 40° since standing and not by about 90°."
    assert told.count(told[2]) == 1
    assert guide.done


@pytest.mark.parametrize(
    ("poses", "shaking_ms2", "reason"),
    [
        ([(STANDING, 130.0)], 2.0, "The pelvis sensor kept moving"),
        ([(STANDING, 5.0), (SLOUCHED, 130.0)], 0.05, "turned by 40°"),
        ([(STANDING, 5.0), (SUPINE, 130.0)], 0.05, "hips were not seen to rise"),
    ],
)
def test_in_the_end_it_refuses_with_the_reason(
    poses: list[tuple[Pose, float]], shaking_ms2: float, reason: str
) -> None:
    with pytest.raises(CalibrationError, match=reason):
        guided(poses, shaking_ms2=shaking_ms2)


def test_all_sensors_must_hold_the_pose() -> None:
    told: list[str] = []
    guide = Guide([Placement.PELVIS, Placement.STERNUM], told.append)
    t_s = np.arange(0.0, 20.0, 0.02)
    still = np.tile(GRAVITY_MS2 * up(STANDING), (len(t_s), 1))
    guide.update(Chunk(Placement.PELVIS, t_s, still, None))
    assert told == [STAND]


@pytest.mark.slow
def test_the_command_guides_virtual_sensors_to_the_calibration_of_their_scenario(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "cal.json"
    command = ["calibrate", "--virtual", "bridging_good", "--speed", "6", "--out", str(made)]
    assert main(command) == 0
    assert capsys.readouterr().out.splitlines()[:4] == [STAND, LIE, LIFT, DONE]
    assert all(each.quality is not None for each in read_calibrations(made))
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
