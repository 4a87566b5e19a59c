"""A simulated body that wears sensors: a script in, streams with exact truth out."""

from sensors.simulator.activities import (
    BendKnees,
    GetUp,
    LieDown,
    Rest,
    Sit,
    SitDown,
    Stand,
    StandUp,
    TurnInBed,
    Walk,
)
from sensors.simulator.bed_exercises import Clam, Cough, HeelSlide, KneeRoll, Superman
from sensors.simulator.body import Body, Segment
from sensors.simulator.exercises import BackExtension, Bridge, Extend, PelvicTilt
from sensors.simulator.falls import Fall, FallKind, FallOutOfBed, SoftSlide, Stumble
from sensors.simulator.imu import VirtualSensor
from sensors.simulator.scenarios import SCENARIOS, simulate_scenario
from sensors.simulator.sessions import (
    BridgingSet,
    Manner,
    back_extension_session,
    calibration_poses,
    day_at_home,
    exercise_session,
    fall_at_home,
    positioning_session,
    sit_to_stand_session,
    up_and_about,
)
from sensors.simulator.simulation import Simulation, simulate
from sensors.simulator.stage import Activity, Pose, ScriptError

__all__ = [
    "SCENARIOS",
    "Activity",
    "BackExtension",
    "BendKnees",
    "Body",
    "Bridge",
    "BridgingSet",
    "Clam",
    "Cough",
    "Extend",
    "Fall",
    "FallKind",
    "FallOutOfBed",
    "GetUp",
    "HeelSlide",
    "KneeRoll",
    "LieDown",
    "Manner",
    "PelvicTilt",
    "Pose",
    "Rest",
    "ScriptError",
    "Segment",
    "Simulation",
    "Sit",
    "SitDown",
    "SoftSlide",
    "Stand",
    "StandUp",
    "Stumble",
    "Superman",
    "TurnInBed",
    "VirtualSensor",
    "Walk",
    "back_extension_session",
    "calibration_poses",
    "day_at_home",
    "exercise_session",
    "fall_at_home",
    "positioning_session",
    "simulate",
    "simulate_scenario",
    "sit_to_stand_session",
    "up_and_about",
]
