"""A simulated sensor errs as it says, and only so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from sensors.simulator import (
    Activity,
    Bridge,
    Fall,
    FallKind,
    LieDown,
    Rest,
    Simulation,
    Stand,
    VirtualSensor,
    Walk,
    simulate,
)
from sensors.types import FULL_SCALE_COUNTS, GRAVITY_MS2, Chunk, Placement

LIVELY: list[Activity] = [Stand(2.0), Walk(seconds=6.0), LieDown(), Bridge(), Rest(2.0)]
IDEAL = VirtualSensor.ideal(Placement.PELVIS)


def samples(sensor: VirtualSensor, script: Sequence[Activity] = LIVELY, seed: int = 1) -> Chunk:
    return simulate(script, sensors=[sensor], seed=seed).samples(sensor.placement)


def gyro_of(chunk: Chunk) -> np.ndarray:
    assert chunk.gyro is not None
    return chunk.gyro


def test_at_rest_an_ideal_sensor_reads_gravity_and_nothing_else() -> None:
    chunk = samples(IDEAL, [LieDown(), Rest(10.0)])
    still = chunk.t_s > chunk.t_s[-1] - 9.0
    resolution_ms2 = IDEAL.info.acc_scale_ms2
    norm_ms2 = np.linalg.norm(chunk.acc[still], axis=1)
    assert np.abs(norm_ms2 - GRAVITY_MS2).max() <= resolution_ms2
    assert not gyro_of(chunk)[still].any()


@settings(max_examples=15)
@given(st.integers(0, 2**31))
def test_mounting_only_rotates(seed: int) -> None:
    mounting = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    straight, turned = samples(IDEAL), samples(replace(IDEAL, mounting=mounting))
    assert turned.acc == pytest.approx(straight.acc @ mounting, abs=0.01)
    assert gyro_of(turned) == pytest.approx(gyro_of(straight) @ mounting, abs=0.003)


def test_the_same_seed_gives_the_same_bytes_whatever_else_is_worn() -> None:
    sensor, other = (
        VirtualSensor(placement=Placement.STERNUM),
        VirtualSensor(placement=Placement.THIGH),
    )
    alone = simulate(LIVELY, sensors=[sensor], seed=5).samples(Placement.STERNUM)
    together = simulate(LIVELY, sensors=[other, sensor], seed=5).samples(Placement.STERNUM)
    assert alone.t_s.tobytes() == together.t_s.tobytes()
    assert alone.acc.tobytes() == together.acc.tobytes()
    assert gyro_of(alone).tobytes() == gyro_of(together).tobytes()
    assert samples(sensor, seed=6).acc.tobytes() != alone.acc.tobytes()


def test_chunks_hold_every_sample_once_in_order_of_time() -> None:
    sensors = [VirtualSensor(placement=p) for p in (Placement.STERNUM, Placement.PELVIS)]
    simulation = simulate(LIVELY, sensors=sensors, seed=1)
    chunks = list(simulation.chunks(3.0))
    assert [c.t_s[0] for c in chunks[::2]] == sorted(c.t_s[0] for c in chunks[::2])
    for sensor in sensors:
        whole = simulation.samples(sensor.placement)
        mine = [c for c in chunks if c.placement is sensor.placement]
        assert np.array_equal(np.concatenate([c.acc for c in mine]), whole.acc)
        assert np.array_equal(np.concatenate([c.t_s for c in mine]), whole.t_s)


def test_samples_are_whole_counts_and_stamps_whole_microseconds() -> None:
    sensor = VirtualSensor(placement=Placement.PELVIS)
    chunk, info = samples(sensor), sensor.info
    counts = np.rint(chunk.acc / info.acc_scale_ms2)
    assert np.array_equal(counts * info.acc_scale_ms2, chunk.acc)
    assert np.array_equal(np.rint(chunk.t_s * 1e6) / 1e6, chunk.t_s)


def test_range_clips() -> None:
    fall: list[Activity] = [Stand(1.0), Fall(kind=FallKind.BACKWARD), Rest(1.0)]
    narrow = replace(IDEAL, acc_range_g=2.0, gyro_range_dps=60.0)
    wide_acc, clipped = np.abs(samples(IDEAL, fall).acc), samples(narrow, fall)
    assert wide_acc.max() > 2.5 * GRAVITY_MS2
    assert np.abs(clipped.acc).max() == pytest.approx(2.0 * GRAVITY_MS2)
    assert np.abs(gyro_of(clipped)).max() == pytest.approx(np.radians(60.0))
    assert narrow.info.acc_scale_ms2 * FULL_SCALE_COUNTS == pytest.approx(2.0 * GRAVITY_MS2)


def test_lost_packets_leave_whole_gaps_of_the_stated_share() -> None:
    sensor = replace(IDEAL, loss=0.1, packet_samples=10, rate_hz=50.0)
    chunk = samples(sensor, [Stand(1200.0)])
    steps = np.rint(np.diff(chunk.t_s) * 50.0).astype(int)
    lost = steps[steps > 1] - 1
    assert (lost % 10 == 0).all()
    assert lost.sum() / (1200.0 * 50.0) == pytest.approx(0.1, abs=0.03)
    assert lost.mean() / 10.0 == pytest.approx(3.0, abs=1.0)


def test_a_fast_clock_stamps_events_late() -> None:
    script: list[Activity] = [Stand(600.0), Fall(kind=FallKind.FORWARD), Rest(2.0)]
    impact_s = simulate(script, sensors=(), seed=1).truth["falls"][0]["impact_s"]
    drifts_s = []
    for seed in range(4):
        chunk = samples(replace(IDEAL, clock_ppm_sd=200.0), script, seed)
        drifts_s.append(chunk.t_s[np.linalg.norm(chunk.acc, axis=1).argmax()] - impact_s)
    assert max(np.abs(drifts_s)) < 0.5
    assert np.std(drifts_s) > 0.02


def test_jittered_stamps_still_rise() -> None:
    chunk = samples(replace(IDEAL, jitter_s=0.02))
    assert (np.diff(chunk.t_s) > 0.0).all()
    assert np.diff(chunk.t_s).std() > 1e-3


def test_bias_and_noise_have_the_stated_size() -> None:
    noisy = replace(IDEAL, acc_noise_ms2=0.05, gyro_bias_sd_rads=0.01)
    script: list[Activity] = [LieDown(), Rest(30.0)]
    chunks = [samples(noisy, script, seed) for seed in range(8)]
    still = [chunk.t_s > chunk.t_s[-1] - 29.0 for chunk in chunks]
    noise = [chunk.acc[rest].std(axis=0) for chunk, rest in zip(chunks, still, strict=True)]
    bias = [gyro_of(chunk)[rest].mean(axis=0) for chunk, rest in zip(chunks, still, strict=True)]
    assert np.array(noise) == pytest.approx(0.05, rel=0.1)
    assert np.std(bias) == pytest.approx(0.01, rel=0.5)


def test_soft_tissue_tilts_the_sensor_at_an_impact_and_little_at_rest() -> None:
    fall: list[Activity] = [Stand(3.0), Fall(kind=FallKind.LATERAL), Rest(3.0)]
    sensor = VirtualSensor.ideal(Placement.STERNUM)
    firm, soft = samples(sensor, fall), samples(replace(sensor, wobble_deg_per_g=0.4), fall)
    crossed = np.linalg.norm(np.cross(firm.acc, soft.acc), axis=1)
    dotted = np.einsum("ij,ij->i", firm.acc, soft.acc)
    tilt_deg = np.degrees(np.arctan2(crossed, dotted))
    assert tilt_deg[firm.t_s < 2.5].max() < 0.6
    assert 1.0 < tilt_deg.max() < 12.0
    assert np.linalg.norm(soft.acc, axis=1) == pytest.approx(
        np.linalg.norm(firm.acc, axis=1), rel=0.01, abs=0.05
    )


def test_an_accelerometer_alone_gives_no_gyro() -> None:
    sensor = VirtualSensor(placement=Placement.STERNUM, has_gyro=False)
    assert samples(sensor).gyro is None
    assert sensor.info.gyro_scale_rads is None


@pytest.mark.parametrize("placement", Placement)
def test_true_calibrations_show_the_poses_upright_and_flat(placement: Placement) -> None:
    sensor = replace(VirtualSensor.ideal(placement), mounting=None)
    simulation = simulate([Stand(5.0), LieDown(), Rest(5.0)], sensors=[sensor], seed=9)
    [calibration] = simulation.true_calibrations()
    standing, lying = (
        _mean_acc(simulation, placement, seconds) @ calibration.rotation.T
        for seconds in (simulation.still_s, simulation.lying_s)
    )
    assert standing == pytest.approx([0.0, 0.0, GRAVITY_MS2], abs=0.1)
    assert calibration.supine_up is not None
    assert lying == pytest.approx(GRAVITY_MS2 * calibration.supine_up, abs=0.05)


def _mean_acc(
    simulation: Simulation, placement: Placement, seconds: tuple[float, float] | None
) -> np.ndarray:
    assert seconds is not None
    chunk = simulation.samples(placement)
    first, last = np.searchsorted(chunk.t_s, seconds)
    return np.asarray(chunk.acc[first:last].mean(axis=0))


def test_warming_up_moves_the_bias_of_the_gyroscope_and_then_no_more() -> None:
    warming = replace(IDEAL, gyro_warming_sd_rads=0.1)
    chunk = samples(warming, [LieDown(), Rest(3600.0)])
    bias = np.array([gyro_of(chunk)[chunk.t_s > at_s][:100].mean(axis=0) for at_s in (600, 3500)])
    assert np.linalg.norm(bias[1]) > 0.03
    assert bias[0] == pytest.approx((1.0 - np.exp(-1.0)) * bias[1], abs=2e-3)


def test_a_sensor_that_slips_feels_gravity_in_turned_axes_and_its_own_turning() -> None:
    tilted_deg = 9.0
    slipping = replace(IDEAL, slip_at_s=4.0, slip_deg=(0.0, tilted_deg, 0.0))
    chunk, steady = samples(slipping, [Stand(10.0)]), samples(IDEAL, [Stand(10.0)])
    before, after = chunk.t_s < 4.0, chunk.t_s > 5.0
    assert chunk.acc[before] == pytest.approx(steady.acc[before])
    turned = Rotation.from_rotvec([0.0, tilted_deg, 0.0], degrees=True).inv()
    assert chunk.acc[after] == pytest.approx(turned.apply(steady.acc[after]), abs=0.01)
    extra_rad = (gyro_of(chunk) - gyro_of(steady)).sum(axis=0) / IDEAL.rate_hz
    assert np.degrees(extra_rad) == pytest.approx([0.0, tilted_deg, 0.0], abs=0.2)
