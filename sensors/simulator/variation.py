"""Any body, sensor, set of bridges and hour within what people and their sensors show."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from sensors.simulator.activities import BendKnees, GetUp, LieDown, Rest, Stand, TurnInBed
from sensors.simulator.bed_exercises import Clam, Cough, HeelSlide, KneeRoll, Superman
from sensors.simulator.body import Body
from sensors.simulator.exercises import BackExtension, PelvicTilt
from sensors.simulator.imu import VirtualSensor
from sensors.simulator.sessions import (
    BridgingSet,
    Script,
    calibration_poses,
    day_at_home,
    script_s,
)
from sensors.simulator.stage import Activity, Pose
from sensors.types import Placement

RATES_HZ = (25.0, 50.0, 52.0, 100.0, 104.0)
"""Rates that wearable sensors offer for a whole day."""

WHOLE_S = (1.0, 12.0)
"""How long one bridge of a set takes on average, from lift to lowering."""

PEAK_DEG = (6.0, 37.0)
"""How far it tilts the pelvis on average: no single one leaves 5 to 40° …"""

FASTEST_DEGS = 45.0
"""… and none is faster: hips that are thrust up or dropped are no exercise for a broken spine."""


def any_body(rng: np.random.Generator) -> Body:
    """A small to a tall person, flat or with a stiff kyphosis, stiff or supple in a bridge."""
    return Body(
        stature_m=rng.uniform(1.45, 1.85),
        supine_pitch_deg=rng.uniform(-2.0, 6.0),
        supine_flex_deg=rng.uniform(0.0, 10.0),
        bridge_thorax_share=rng.uniform(0.75, 0.88),
    )


def any_sensor(placement: Placement, rng: np.random.Generator) -> VirtualSensor:
    """A quiet or a noisy sensor, mounted anyhow on firm or soft tissue, losing up to 2 %."""
    return VirtualSensor(
        placement=placement,
        rate_hz=float(rng.choice(RATES_HZ)),
        acc_noise_ms2=rng.uniform(0.005, 0.03),
        gyro_noise_rads=rng.uniform(0.0005, 0.003),
        wobble_deg_per_g=rng.uniform(0.2, 1.0),
        loss=rng.uniform(0.0, 0.02),
        packet_samples=int(rng.integers(1, 5)),
    )


def any_bridging_set(rng: np.random.Generator, *, reps: int) -> BridgingSet:
    """A set at any speed, to any height, with more or less of sag, roll and fatigue."""
    whole_s = rng.uniform(*WHOLE_S)
    hold_s = whole_s * rng.uniform(0.2, 0.6)
    lift_s = (whole_s - hold_s) * rng.uniform(0.4, 0.6)
    lower_s = whole_s - hold_s - lift_s
    highest_deg = min(PEAK_DEG[1], FASTEST_DEGS * min(lift_s, lower_s))
    peak_deg = rng.uniform(PEAK_DEG[0], max(highest_deg, PEAK_DEG[0]))
    return BridgingSet(
        reps=reps,
        hold_s=hold_s,
        hold_sd_s=0.08 * hold_s,
        peak_deg=peak_deg,
        peak_sd_deg=0.04 * peak_deg,
        lift_s=lift_s,
        lower_s=lower_s,
        rest_s=rng.uniform(1.2, 4.0),
        sag_deg=peak_deg * rng.uniform(0.0, 0.1),
        roll_deg=rng.uniform(-5.0, 5.0),
        fatigue=rng.uniform(0.0, 0.1),
    )


def hour_at_home(rng: np.random.Generator) -> Script:
    """Half an hour about the house, then in bed: lying, turning over and moving the legs."""
    script = [*day_at_home(minutes=30.0, rng=rng), LieDown(quick=bool(rng.random() < 0.3))]
    left_s = 3600.0 - script_s(script)
    while left_s > 0.0:
        episode = _turns(rng) if rng.random() < 0.5 else _moves_legs(rng)
        script += episode
        left_s -= script_s([LieDown(), *episode])
    return [*script, GetUp(), Stand(3.0)]


def bed_exercise(name: str, rng: np.random.Generator, *, count: int) -> Script:
    """Calibration poses, then one of `BED_EXERCISES` again and again, each time otherwise."""
    pose, drawn = BED_EXERCISES[name]
    turn: Script = [BendKnees()] if pose is Pose.SUPINE else [TurnInBed(to=pose)]
    script = [*calibration_poses(), *turn, Rest(4.0)]
    for _ in range(count):
        script += [drawn(rng), Rest(rng.uniform(1.5, 5.0))]
    return [*script, Rest(4.0)]


def _pelvic_tilt(rng: np.random.Generator) -> Activity:
    return PelvicTilt(degrees=rng.uniform(4.0, 12.0), seconds=rng.uniform(2.0, 8.0))


def _knee_roll(rng: np.random.Generator) -> Activity:
    side = float(rng.choice([-1.0, 1.0]))
    return KneeRoll(degrees=side * rng.uniform(20.0, 50.0), seconds=rng.uniform(2.0, 6.0))


def _heel_slide(rng: np.random.Generator) -> Activity:
    return HeelSlide(seconds=rng.uniform(3.0, 8.0), pelvis_deg=rng.uniform(0.5, 3.0))


def _cough(rng: np.random.Generator) -> Activity:
    return Cough(coughs=int(rng.integers(1, 6)), degrees=rng.uniform(3.0, 8.0))


def _clam(rng: np.random.Generator) -> Activity:
    return Clam(degrees=rng.uniform(20.0, 45.0), seconds=rng.uniform(2.0, 6.0))


def _back_extension(rng: np.random.Generator) -> Activity:
    return BackExtension(peak_deg=rng.uniform(8.0, 20.0), hold_s=rng.uniform(1.0, 6.0))


def _superman(rng: np.random.Generator) -> Activity:
    return Superman(peak_deg=rng.uniform(8.0, 18.0), hold_s=rng.uniform(1.0, 6.0))


BED_EXERCISES: Mapping[str, tuple[Pose, Callable[[np.random.Generator], Activity]]] = {
    "pelvic tilts": (Pose.SUPINE, _pelvic_tilt),
    "knee rolls": (Pose.SUPINE, _knee_roll),
    "heel slides": (Pose.SUPINE, _heel_slide),
    "coughs": (Pose.SUPINE, _cough),
    "clams": (Pose.LEFT, _clam),
    "back extensions": (Pose.PRONE, _back_extension),
    "supermen": (Pose.PRONE, _superman),
}
"""What is done in bed that is no bridge: in which pose, and one of any size and speed."""


def _turns(rng: np.random.Generator) -> Script:
    """From the back to a side or the front and back again, at rest for a while in each."""
    to = Pose(rng.choice([Pose.LEFT, Pose.RIGHT, Pose.PRONE]))
    seconds = rng.uniform(1.5, 4.0)
    there: Script = [TurnInBed(to=to, seconds=seconds), Rest(rng.uniform(20.0, 120.0), fidgets=1)]
    back = [TurnInBed(to=Pose.SUPINE, seconds=seconds), Rest(rng.uniform(10.0, 60.0), fidgets=1)]
    return [*there, *back]


def _moves_legs(rng: np.random.Generator) -> Script:
    """Set the feet on the bed and stretch the legs again, several times or with a rest between."""
    script: Script = []
    for _ in range(rng.integers(1, 7)):
        script += [BendKnees(seconds=rng.uniform(1.5, 4.0)), Rest(rng.uniform(1.0, 10.0))]
        script += [
            BendKnees(bent=False, seconds=rng.uniform(1.5, 4.0)),
            Rest(rng.uniform(1.0, 8.0)),
        ]
    return [*script, Rest(15.0, fidgets=1)]
