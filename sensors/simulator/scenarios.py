"""Named recordings: what `fivepoint simulate` offers and `sample_streams` holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from sensors.recording import RecordingKind
from sensors.simulator.activities import GetUp, Rest, Stand, TurnInBed, Walk
from sensors.simulator.body import Body
from sensors.simulator.falls import FallKind, SoftSlide
from sensors.simulator.imu import VirtualSensor
from sensors.simulator.sessions import (
    BridgingSet,
    Script,
    back_extension_session,
    calibration_poses,
    day_at_home,
    exercise_session,
    fall_at_home,
    positioning_session,
    sit_to_stand_session,
)
from sensors.simulator.simulation import Simulation
from sensors.simulator.stage import Pose
from sensors.types import Placement

STERNUM = VirtualSensor(placement=Placement.STERNUM, model="simulated IMU")
PELVIS = VirtualSensor(placement=Placement.PELVIS, model="simulated IMU")
THIGH = VirtualSensor(placement=Placement.THIGH, model="simulated IMU")
WAIST = VirtualSensor(placement=Placement.WAIST, rate_hz=104.0, model="simulated IMU")
CHEST_STRAP = VirtualSensor(
    placement=Placement.STERNUM,
    rate_hz=50.0,
    has_gyro=False,
    acc_range_g=8.0,
    model="simulated chest strap",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A named recording: what is done in it, of what kind it is and which sensors are worn."""

    description: str
    kind: RecordingKind
    script: Callable[[np.random.Generator], Script]
    sensors: tuple[VirtualSensor, ...] = (STERNUM, PELVIS)


def simulate_scenario(name: str, seed: int = 1, *, body: Body | None = None) -> Simulation:
    """Simulate a scenario of the registry; the same seed gives the same bytes."""
    scenario = SCENARIOS[name]
    script = scenario.script(np.random.default_rng([seed, *name.encode()]))
    return Simulation(script, sensors=scenario.sensors, seed=seed, body=body)


def _bridging(description: str, bridging: BridgingSet) -> Scenario:
    return Scenario(
        description=description,
        kind=RecordingKind.EXERCISE,
        script=lambda rng: exercise_session(bridging, rng=rng),
    )


def _fall(
    description: str,
    kind: FallKind,
    *sensors: VirtualSensor,
    seated: bool = False,
    recovers: bool = False,
) -> Scenario:
    return Scenario(
        description=description,
        kind=RecordingKind.DAY,
        script=lambda rng: fall_at_home(kind, rng=rng, seated=seated, recovers=recovers),
        sensors=sensors,
    )


def _interrupted(rng: np.random.Generator) -> Script:
    aside: Script = [TurnInBed(to=Pose.LEFT), Rest(20.0), TurnInBed(to=Pose.SUPINE), Rest(8.0)]
    first, second = (BridgingSet(reps=6, cut_short=1).script(rng) for _ in range(2))
    return [*calibration_poses(), *first, *aside, *second]


def _soft_slide(rng: np.random.Generator) -> Script:
    walk = Walk(seconds=rng.uniform(15.0, 25.0))
    return [*calibration_poses(), GetUp(), walk, Stand(5.0), SoftSlide(), Rest(40.0)]


SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        "bridging_good": _bridging(
            "Ten even bridges to 22°, each held 5 s; sternum and pelvis", BridgingSet()
        ),
        "bridging_shallow": _bridging(
            "Ten bridges of only 9°, held 4 s",
            BridgingSet(peak_deg=9.0, peak_sd_deg=0.6, hold_s=4.0),
        ),
        "bridging_sagging": _bridging(
            "Ten bridges whose hips sag by 6° in the hold, tiring",
            BridgingSet(hold_s=6.0, sag_deg=6.0, fatigue=0.25),
        ),
        "bridging_asymmetric": _bridging(
            "Ten bridges with the left side 8° higher", BridgingSet(roll_deg=8.0)
        ),
        "bridging_interrupted": Scenario(
            description="Twelve bridges, two given up on the way, with a rest on the side between",
            kind=RecordingKind.EXERCISE,
            script=_interrupted,
            sensors=(replace(STERNUM, loss=0.003), replace(PELVIS, loss=0.003)),
        ),
        "back_extension": Scenario(
            description="Eight back extensions of about 15°, lying on the front, each held 4 s",
            kind=RecordingKind.EXERCISE,
            script=lambda rng: back_extension_session(rng=rng),
        ),
        "sit_to_stand": Scenario(
            description="Ten rises from a seat in a row, with a third sensor on the thigh",
            kind=RecordingKind.EXERCISE,
            script=lambda rng: sit_to_stand_session(rng=rng),
            sensors=(STERNUM, PELVIS, THIGH),
        ),
        "positioning_pad": Scenario(
            description="Twice ten minutes over a pad: 12° of extension that slips to 8°",
            kind=RecordingKind.POSITIONING,
            script=lambda rng: positioning_session(
                extension_deg=12.0, minutes=20.0, slip_deg=4.0, breaks=1
            ),
        ),
        "chest_acc_only": Scenario(
            description="Eight bridges seen by one chest strap without a gyroscope",
            kind=RecordingKind.EXERCISE,
            script=lambda rng: exercise_session(BridgingSet(reps=8), rng=rng),
            sensors=(CHEST_STRAP,),
        ),
        "hour_at_home": Scenario(
            description="An hour of walking, sitting down hard, lying down quickly, turning in bed",
            kind=RecordingKind.DAY,
            script=lambda rng: day_at_home(minutes=60.0, rng=rng),
        ),
        "fall_forward": _fall(
            "A fall forward from standing, lying prone after", FallKind.FORWARD, STERNUM, PELVIS
        ),
        "fall_backward": _fall(
            "A fall backward from standing, getting up after 40 s",
            FallKind.BACKWARD,
            WAIST,
            recovers=True,
        ),
        "fall_lateral": _fall(
            "A fall to the left seen by a chest strap", FallKind.LATERAL, CHEST_STRAP
        ),
        "fall_syncope": _fall("A collapse, lying on the left after", FallKind.SYNCOPE, PELVIS),
        "fall_from_chair": _fall(
            "A fall sideways off a chair", FallKind.LATERAL, STERNUM, PELVIS, seated=True
        ),
        "soft_slide": Scenario(
            description="Sliding down a wall to the floor, sinking to the left; no hard impact",
            kind=RecordingKind.DAY,
            script=_soft_slide,
        ),
    }
)
"""Every named recording."""
