"""The vertical of one sensor, against the authors' own VQF and against what is known."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vqf import VQF

from analytics.frontend.orientation import AccOrientation, GyroOrientation, Orientation
from sensors.importers import IMPORTERS
from sensors.simulator import (
    Bridge,
    Fall,
    FallKind,
    GetUp,
    LieDown,
    Pose,
    Rest,
    Stand,
    TurnInBed,
    VirtualSensor,
    Walk,
    day_at_home,
    simulate,
)
from sensors.types import GRAVITY_MS2, Chunk, FloatArray, Placement

MOST_APART_DEG = 0.1

Kind = Callable[[float], Orientation]


def follow(
    orientation: Orientation, chunk: Chunk, unseen_s: FloatArray | None = None
) -> FloatArray:
    assert chunk.gyro is not None
    none = np.zeros(len(chunk.t_s))
    return orientation.update(chunk.acc, chunk.gyro, none if unseen_s is None else unseen_s)


def by_vqf(chunk: Chunk, rate_hz: float) -> FloatArray:
    """The vertical as the authors' own program gives it."""
    w, x, y, z = VQF(1.0 / rate_hz).updateBatch(chunk.gyro, chunk.acc)["quat6D"].T
    return np.column_stack((2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x**2 + y**2)))


def apart_deg(a: FloatArray, b: FloatArray) -> FloatArray:
    """Angles between unit vectors (…, 3)."""
    angle_deg: FloatArray = np.degrees(
        2.0 * np.arcsin(np.minimum(0.5 * np.linalg.norm(a - b, axis=-1), 1.0))
    )
    return angle_deg


def still(
    seconds: float, *, up: FloatArray, bias_rads: FloatArray, rate_hz: float = 100.0
) -> Chunk:
    count = round(seconds * rate_hz)
    acc, gyro = np.tile(GRAVITY_MS2 * up, (count, 1)), np.tile(bias_rads, (count, 1))
    return Chunk(Placement.STERNUM, np.arange(count) / rate_hz, acc, gyro)


def test_it_stays_with_vqf_on_every_trial_of_broad(datasets: Path) -> None:
    importer = IMPORTERS["broad"]
    for item in importer.find(datasets / "broad"):
        ((info, chunk),) = importer.read(item).streams
        found = follow(GyroOrientation(info.rate_hz), chunk)
        assert apart_deg(found, by_vqf(chunk, info.rate_hz)).max() < MOST_APART_DEG, item.name


@pytest.mark.slow
def test_it_stays_with_vqf_through_an_hour_at_home() -> None:
    sensors = [
        VirtualSensor(placement=place, rate_hz=100.0)
        for place in (Placement.STERNUM, Placement.PELVIS)
    ]
    simulation = simulate(
        day_at_home(minutes=60.0, rng=np.random.default_rng(1)), sensors=sensors, seed=1
    )
    for info in simulation.infos:
        chunk = simulation.samples(info.placement)
        found = follow(GyroOrientation(info.rate_hz), chunk)
        assert apart_deg(found, by_vqf(chunk, info.rate_hz)).max() < MOST_APART_DEG


@pytest.mark.parametrize("rate_hz", [10.0, 13.0, 26.0, 50.0, 104.0, 208.0])
def test_it_stays_with_vqf_at_any_rate(rate_hz: float) -> None:
    script = [
        *(Stand(3.0), Walk(seconds=20.0), LieDown(), Rest(3.0), Bridge(), TurnInBed(to=Pose.LEFT)),
        *(Rest(3.0), GetUp(), Walk(seconds=10.0), Fall(kind=FallKind.FORWARD), Rest(5.0)),
    ]
    sensor = VirtualSensor(placement=Placement.PELVIS, rate_hz=rate_hz)
    chunk = simulate(script, sensors=[sensor], seed=2).samples(Placement.PELVIS)
    found = follow(GyroOrientation(rate_hz), chunk)
    assert apart_deg(found, by_vqf(chunk, rate_hz)).max() < MOST_APART_DEG


def test_the_bias_of_the_gyroscope_is_learnt_at_rest() -> None:
    up = np.array([0.6, 0.0, 0.8])
    bias_rads = np.radians([1.0, -0.8, 0.5])
    orientation = GyroOrientation(100.0)
    follow(orientation, still(30.0, up=up, bias_rads=bias_rads))
    turning = still(1.0, up=up, bias_rads=bias_rads)
    free_fall = Chunk(turning.placement, turning.t_s, 0.01 * turning.acc, turning.gyro)
    assert apart_deg(follow(orientation, free_fall)[-1], up) < 0.02


def test_a_rotation_without_gravity_is_followed_by_the_gyroscope() -> None:
    orientation = GyroOrientation(100.0)
    up = np.array([0.0, 0.0, 1.0])
    follow(orientation, still(10.0, up=up, bias_rads=np.zeros(3)))
    count = 50
    gyro = np.tile([np.pi, 0.0, 0.0], (count, 1))
    weightless = Chunk(Placement.STERNUM, np.arange(count) / 100.0, np.zeros((count, 3)), gyro)
    assert apart_deg(follow(orientation, weightless)[-1], np.array([0.0, 1.0, 0.0])) < 0.1


def test_starting_afresh_forgets_the_orientation_and_keeps_the_bias() -> None:
    bias_rads = np.radians([1.5, 0.0, 0.0])
    orientation = GyroOrientation(100.0)
    follow(orientation, still(60.0, up=np.array([0.0, 0.0, 1.0]), bias_rads=bias_rads))
    elsewhere = still(1.0, up=np.array([1.0, 0.0, 0.0]), bias_rads=bias_rads)
    unseen_s = np.zeros(len(elsewhere.t_s))
    unseen_s[0] = 2.0
    apart = apart_deg(follow(orientation, elsewhere, unseen_s), np.array([1.0, 0.0, 0.0]))
    assert apart.max() < 0.01


@pytest.mark.parametrize(("gap_s", "within_deg"), [(0.2, 10.0), (0.4, 4.0), (0.8, 1.5)])
def test_what_turned_in_a_gap_is_soon_told_by_the_force_and_the_sooner_the_longer_it_was(
    gap_s: float, within_deg: float
) -> None:
    no_bias = np.zeros(3)
    orientation = GyroOrientation(100.0)
    follow(orientation, still(20.0, up=np.array([0.0, 0.0, 1.0]), bias_rads=no_bias))
    up = np.array([np.sin(np.radians(15.0)), 0.0, np.cos(np.radians(15.0))])
    turned = still(20.0, up=up, bias_rads=no_bias)
    unseen_s = np.zeros(len(turned.t_s))
    unseen_s[0] = gap_s
    apart = apart_deg(follow(orientation, turned, unseen_s), up)
    assert apart[50] < within_deg
    assert apart[-1] < 0.1


def test_a_gap_that_hid_no_turn_does_no_harm() -> None:
    up = np.array([0.6, 0.0, 0.8])
    orientation = GyroOrientation(100.0)
    follow(orientation, still(20.0, up=up, bias_rads=np.zeros(3)))
    resting = still(5.0, up=up, bias_rads=np.zeros(3))
    unseen_s = np.zeros(len(resting.t_s))
    unseen_s[[0, 40, 41, 300]] = 0.3, 0.5, 0.11, 0.2
    assert apart_deg(follow(orientation, resting, unseen_s), up).max() < 0.05


@pytest.mark.parametrize("kind", [GyroOrientation, AccOrientation])
def test_upside_down_is_a_direction_like_any_other(kind: Kind) -> None:
    up = np.array([0.0, 0.0, -1.0])
    found = follow(kind(100.0), still(5.0, up=up, bias_rads=np.zeros(3)))
    assert apart_deg(found, up).max() < 1e-6


@settings(max_examples=30)
@given(
    cuts=st.sets(st.integers(1, 999), max_size=20),
    gaps=st.dictionaries(st.integers(0, 999), st.floats(0.11, 2.0), max_size=3),
    kind=st.sampled_from([GyroOrientation, AccOrientation]),
)
def test_it_is_the_same_bit_for_bit_however_the_stream_is_cut(
    cuts: set[int], gaps: dict[int, float], kind: Kind
) -> None:
    rng = np.random.default_rng(0)
    acc, gyro = rng.normal([1.0, 2.0, 9.0], 1.0, (1000, 3)), rng.normal(0.0, 0.5, (1000, 3))
    gyro[400:800] *= 0.01
    acc[400:800] = [1.0, 2.0, 9.0]
    unseen_s = np.zeros(1000)
    unseen_s[list(gaps)] = list(gaps.values())
    whole = kind(100.0).update(acc, gyro, unseen_s)
    orientation = kind(100.0)
    bounds = [0, *sorted(cuts), 1000]
    parts = [orientation.update(acc[a:b], gyro[a:b], unseen_s[a:b]) for a, b in pairwise(bounds)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
