"""The simulated body obeys mechanics: what is felt integrates to how it moved."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import cumulative_trapezoid
from scipy.spatial.transform import Rotation

from sensors.simulator import (
    Activity,
    Body,
    Bridge,
    Fall,
    FallKind,
    GetUp,
    LieDown,
    Pose,
    Rest,
    Segment,
    Simulation,
    SitDown,
    Stand,
    TurnInBed,
    Walk,
    simulate,
)
from sensors.simulator.kinematics import Frame
from sensors.types import GRAVITY_MS2, FloatArray

RATE_HZ = 500.0
BODY = Body()
ROUND_TRIP: list[Activity] = [
    Stand(1.0),
    LieDown(side_s=1.0),
    TurnInBed(to=Pose.PRONE),
    TurnInBed(to=Pose.RIGHT),
    GetUp(),
    Stand(2.0),
]
OFFSETS = {
    Segment.PELVIS: (-0.1, 0.02, 0.05),
    Segment.THORAX: (0.1, 0.0, 0.15),
    Segment.THIGH: (0.05, -0.1, -0.2),
}


def frame_of(simulation: Simulation, segment: Segment) -> tuple[FloatArray, Frame]:
    t_s = np.arange(0.0, simulation.duration_s, 1.0 / RATE_HZ)
    return t_s, simulation.segment_frame(segment, t_s).moved(OFFSETS[segment])


def attitudes(frame: Frame) -> Rotation:
    """Orientation over time from the angular rate alone, beginning as the first vertical says."""
    start, _ = Rotation.align_vectors([[0.0, 0.0, 1.0]], [frame.up[:, 0]])
    middle = (frame.rate[:, 1:] + frame.rate[:, :-1]).T / 2.0
    turned = [start]
    for step in Rotation.from_rotvec(middle / RATE_HZ):
        turned.append(turned[-1] * step)
    return Rotation.concatenate(turned)


def travelled_m(frame: Frame, attitude: Rotation) -> FloatArray:
    """World displacement (3,) from specific force minus gravity, integrated twice from rest."""
    acceleration = attitude.apply(frame.force.T) - (0.0, 0.0, GRAVITY_MS2)
    velocity = cumulative_trapezoid(acceleration, dx=1.0 / RATE_HZ, axis=0, initial=0)
    return np.asarray(np.trapezoid(velocity, dx=1.0 / RATE_HZ, axis=0))


@pytest.mark.parametrize("segment", Segment)
def test_the_integrated_angular_rate_keeps_the_vertical(segment: Segment) -> None:
    simulation = simulate(ROUND_TRIP, sensors=(), seed=3)
    _, frame = frame_of(simulation, segment)
    vertical = attitudes(frame).inv().apply([0.0, 0.0, 1.0]).T
    assert np.abs(vertical - frame.up).max() < 1e-4


@pytest.mark.parametrize("segment", Segment)
def test_a_body_that_gets_up_again_is_back_at_its_height(segment: Segment) -> None:
    simulation = simulate(ROUND_TRIP, sensors=(), seed=3)
    _, frame = frame_of(simulation, segment)
    assert abs(travelled_m(frame, attitudes(frame))[2]) < 0.01


def test_sitting_down_lowers_the_hips_to_the_seat() -> None:
    simulation = simulate([SitDown()], sensors=(), seed=1)
    t_s = np.arange(0.0, simulation.duration_s, 1.0 / RATE_HZ)
    frame = simulation.segment_frame(Segment.PELVIS, t_s)
    travelled = travelled_m(frame, attitudes(frame))
    assert travelled[2] == pytest.approx(BODY.seat_height_m - BODY.hip_height_m, abs=1e-3)
    assert np.hypot(*travelled[:2]) == pytest.approx(0.35, abs=1e-3)


@pytest.mark.parametrize("kind", FallKind)
def test_a_fall_ends_on_the_floor(kind: FallKind) -> None:
    simulation = simulate([Stand(0.5), Fall(kind=kind), Rest(0.5)], sensors=(), seed=1)
    t_s = np.arange(0.0, simulation.duration_s, 1.0 / RATE_HZ)
    frame = simulation.segment_frame(Segment.PELVIS, t_s)
    fallen_m = BODY.floor_height_m - BODY.hip_height_m
    assert travelled_m(frame, attitudes(frame))[2] == pytest.approx(fallen_m, abs=5e-3)


def test_in_a_bridge_the_hips_rise_and_the_shoulders_stay() -> None:
    peak_deg, share = 25.0, BODY.bridge_thorax_share
    lift = [LieDown(), Rest(1.0), Bridge(peak_deg=peak_deg, hold_s=1.0, tremor_deg=0.0)]
    simulation = simulate(lift, sensors=(), seed=1)
    [repetition] = simulation.truth["repetitions"]
    raised_s = np.arange(repetition["start_s"], repetition["hold_start_s"], 1.0 / RATE_HZ)
    hips = simulation.segment_frame(Segment.PELVIS, raised_s)
    shoulders = simulation.segment_frame(Segment.THORAX, raised_s).moved((0.0, 0.0, BODY.thorax_m))
    rest, peak = np.radians(BODY.supine_pitch_deg), np.radians(peak_deg)
    thorax_rest = rest + np.radians(BODY.supine_flex_deg)
    rise_m = (
        BODY.pelvis_m * (np.sin(peak - rest) + np.sin(rest))
        + BODY.lumbar_m * np.sin((peak - rest + share * peak - thorax_rest) / 2.0)
        + BODY.lumbar_m * np.sin((rest + thorax_rest) / 2.0)
        + BODY.thorax_m * (np.sin(share * peak - thorax_rest) + np.sin(thorax_rest))
    )
    assert travelled_m(hips, attitudes(hips))[2] == pytest.approx(rise_m, abs=2e-3)
    assert np.abs(travelled_m(shoulders, attitudes(shoulders))).max() < 0.01


def test_the_thigh_leans_on_a_foot_that_stays_in_a_bridge() -> None:
    simulation = simulate([LieDown(), Bridge(peak_deg=30.0), Rest(1.0)], sensors=(), seed=1)
    [repetition] = simulation.truth["repetitions"]
    t_s = np.array([repetition["start_s"], repetition["hold_start_s"]])
    up = simulation.segment_frame(Segment.THIGH, t_s).up
    rest_deg, raised_deg = np.degrees(np.arctan2(-up[2], up[0]))
    assert rest_deg == pytest.approx(50.0, abs=0.5)
    assert 10.0 < raised_deg < 45.0


def test_walking_shakes_the_trunk_by_its_vertical_acceleration() -> None:
    simulation = simulate([Walk(seconds=10.0, vertical_g=0.3)], sensors=(), seed=2)
    _, frame = frame_of(simulation, Segment.PELVIS)
    vertical = np.einsum("ij,ij->j", frame.up, frame.force)[1000:-1500] / GRAVITY_MS2 - 1.0
    assert vertical.mean() == pytest.approx(0.0, abs=0.02)
    assert 0.15 < np.sqrt(2.0) * vertical.std() < 0.5
