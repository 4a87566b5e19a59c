"""The six rests of a guided calibration: what is accepted, what is refused, what comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from analytics.calibration import CalibrationError
from fivepoint.calibrating import known_corrections
from fivepoint.cli import main
from fivepoint.guide import DONE, LIE, LIFT, PUT_ON, REST, STAND, Guide
from sensors.recording import (
    RecordingHeader,
    RecordingKind,
    read_calibrations,
    write_calibrations,
    write_recording,
)
from sensors.simulator import (
    Bridge,
    LieDown,
    Rest,
    Simulation,
    Stand,
    VirtualSensor,
    Walk,
    simulate,
)
from sensors.types import GRAVITY_MS2, AccCorrection, Chunk, FloatArray, Placement
from tests.test_cli import refusal

RATE_HZ = 50.0
GAIN = np.array([1.02, 0.985, 1.01])
OFFSET_MS2 = np.array([0.2, -0.25, 0.15])
SIDES = [*np.eye(3), *-np.eye(3)]
STERNUM, PELVIS = Placement.STERNUM, Placement.PELVIS
LIFTS = (Bridge(), Rest(3.0)) * 4
WORN = (Walk(seconds=6.0), Stand(6.0), LieDown(), Rest(9.0), *LIFTS)


def rested(ups: Sequence[FloatArray], rest_s: float = 7.0) -> FloatArray:
    """Forces (n, 3) of a sensor that lies with one direction up after the other, and is turned."""
    rng = np.random.default_rng(2)
    parts = []
    for up in ups:
        lying = np.tile(GRAVITY_MS2 * up, (round(rest_s * RATE_HZ), 1))
        turned = GRAVITY_MS2 * up + rng.normal(0.0, 2.0, (round(RATE_HZ), 3))
        parts += [lying + rng.normal(0.0, 0.02, lying.shape), turned]
    return np.concatenate(parts)


def worn(*places: Placement) -> Simulation:
    sensors = [VirtualSensor(placement=place, rate_hz=RATE_HZ) for place in places]
    return simulate(WORN, sensors=sensors, seed=1)


def felt(chunk: Chunk, before: FloatArray) -> Chunk:
    """What a sensor with errors of gain and offset feels, first off the body and then on it."""
    acc = (np.concatenate([before, chunk.acc]) - OFFSET_MS2) / GAIN
    assert chunk.gyro is not None
    gyro = np.concatenate([np.zeros_like(before), chunk.gyro])
    return Chunk(chunk.placement, np.arange(len(acc)) / RATE_HZ, acc, gyro)


def pieces(streams: Sequence[Chunk], seconds: float = 0.1) -> Iterator[Chunk]:
    """Streams as they come, a little of each in turn."""
    count = round(seconds * RATE_HZ)
    for start in range(0, max(len(stream.t_s) for stream in streams), count):
        for stream in streams:
            part = slice(start, start + count)
            yield Chunk(stream.placement, stream.t_s[part], stream.acc[part], None)


def guided(streams: Sequence[Chunk], told: list[str]) -> Guide:
    guide = Guide([stream.placement for stream in streams], told.append, six_poses=True)
    for chunk in pieces(streams):
        guide.update(chunk)
    return guide


def lying(up: FloatArray, seconds: float, *, noise_ms2: float = 0.02) -> Chunk:
    """A sensor that is not turned."""
    t_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(1).normal(0.0, noise_ms2, (len(t_s), 3))
    return Chunk(STERNUM, t_s, GRAVITY_MS2 * up + noise, None)


def resting_only(ups: Sequence[FloatArray], *others: Sequence[FloatArray]) -> list[str]:
    """What is told to somebody who turns sensors so, and does nothing else."""
    told: list[str] = []
    streams = [
        Chunk(place, np.arange(len(acc)) / RATE_HZ, acc, None)
        for place, acc in zip((STERNUM, PELVIS), map(rested, (ups, *others)), strict=False)
    ]
    guided(streams, told)
    return told


def test_six_rests_come_first_and_each_is_told() -> None:
    simulation, told = worn(STERNUM, PELVIS), list[str]()
    streams = [felt(simulation.samples(place), rested(SIDES)) for place in (STERNUM, PELVIS)]
    guide = guided(streams, told)
    seen = [f"Sides seen: sternum {n} of 6, pelvis {n} of 6." for n in range(1, 7)]
    expected = [REST, *seen, PUT_ON, STAND, LIE, LIFT, DONE]
    for line, said in zip(expected, told, strict=True):
        assert line in said
    assert told[-2].startswith("Good. Step 5 of 5.")
    assert guide.done
    assert len(guide.rests) == 6


def test_sensors_may_be_turned_in_different_orders_and_one_may_need_longer() -> None:
    told = resting_only([*SIDES, SIDES[5]], [SIDES[0], SIDES[0], *SIDES[:0:-1]])
    assert told[2] == "Sides seen: sternum 2 of 6, pelvis 1 of 6."
    assert told[7] == "Sides seen: sternum 6 of 6, pelvis 6 of 6."
    assert PUT_ON in told[8]


def test_a_side_that_was_shown_before_is_refused_and_the_next_one_is_taken() -> None:
    told = resting_only([SIDES[0], SIDES[1], SIDES[0], SIDES[2]])
    assert told[3] == (
        "The sternum sensor has rested on this side before. Turn it to another side and let go of "
        "it."
    )
    assert told[4] == "Sides seen: sternum 3 of 6."


def test_a_sensor_that_leans_is_refused_with_the_angle() -> None:
    leaning = np.array([np.cos(np.radians(35)), np.sin(np.radians(35)), 0.0])
    told = resting_only([SIDES[0], leaning])
    assert told[2].startswith("The sternum sensor leans by 35° from the side it should rest on.")


def test_whoever_does_not_turn_it_is_reminded_and_refused_in_the_end() -> None:
    told: list[str] = []
    with pytest.raises(CalibrationError, match="has rested on this side before, so nothing was"):
        guided([lying(SIDES[0], 140.0)], told)
    assert 2 <= sum("another side" in said for said in told[2:]) <= 4


def test_a_sensor_held_in_the_hand_has_not_come_to_rest() -> None:
    told: list[str] = []
    guided([lying(SIDES[0], 50.0, noise_ms2=0.3)], told)
    assert told[1:] == ["The sternum sensor still moves. Lay it down, and let go of it."]


def test_sensors_that_stay_on_the_table_are_not_taken_for_somebody_who_stands() -> None:
    told = resting_only([*SIDES, SIDES[5], SIDES[5], SIDES[5], SIDES[5], SIDES[5]])
    assert PUT_ON in told[7]
    assert "were not seen to move with you" in told[8]


@pytest.mark.slow
def test_the_command_guides_a_virtual_sensor_over_the_link_and_corrects_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simulation, made = worn(PELVIS), tmp_path / "cal.json"
    header = RecordingHeader(
        id="rests",
        started_at=datetime(2026, 3, 1, tzinfo=UTC),
        kind=RecordingKind.CALIBRATION,
        streams=simulation.infos,
    )
    stream = felt(simulation.samples(PELVIS), rested(SIDES))
    write_recording(tmp_path / "rests", header, [stream])
    command = ["calibrate", "--virtual", str(tmp_path / "rests"), "--six-poses", "--speed", "6"]
    assert main([*command, "--out", str(made)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert sum("Sides seen:" in line for line in said) == 6
    assert "accelerometer corrected from" in said[-1]
    (found,), (true,) = read_calibrations(made), simulation.true_calibrations()
    assert found.acc_correction is not None
    force = GRAVITY_MS2 * np.array(SIDES)
    left = found.acc_correction.applied((force - OFFSET_MS2) / GAIN) - force
    assert np.abs(left).max() < 0.03
    turn = found.rotation @ true.rotation.T
    assert np.degrees(np.arccos((np.trace(turn) - 1) / 2)) < 4.0


def test_a_sensor_that_was_corrected_before_stays_corrected_wherever_it_is_worn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cal.json"
    streams = [replace(info, device_id=info.placement) for info in worn(STERNUM, PELVIS).infos]
    assert known_corrections(file, streams) == {}
    correction = AccCorrection(
        gain=GAIN, offset_ms2=OFFSET_MS2, error_before_ms2=0.3, error_after_ms2=0.01, method="it"
    )
    sternum, pelvis = worn(STERNUM, PELVIS).true_calibrations()
    before = replace(sternum, device_id="pelvis", acc_correction=correction)
    write_calibrations(file, [before, replace(pelvis, device_id="sternum")])
    (place,) = found = known_corrections(file, streams)
    assert place is PELVIS
    np.testing.assert_array_equal(found[place].gain, GAIN)
    file.write_text("nonsense")
    assert known_corrections(file, streams) == {}
    refusal(capsys)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--from", "REC", "--still", "1:2", "--six-poses"],
        ["--wear", "pelvis", "--six-poses-from", "REC"],
    ],
)
def test_rests_are_guided_or_from_a_recording_as_the_poses_are(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", "--out", str(tmp_path / "cal.json"), *arguments]) != 0
    assert "--six-poses is guided" in refusal(capsys)
