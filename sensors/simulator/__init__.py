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
from sensors.simulator.body import Body, Segment
from sensors.simulator.exercises import Bridge, Extend, PelvicTilt
from sensors.simulator.imu import VirtualSensor
from sensors.simulator.simulation import Simulation, simulate
from sensors.simulator.stage import Activity, Pose, ScriptError

__all__ = [
    "Activity",
    "BendKnees",
    "Body",
    "Bridge",
    "Extend",
    "GetUp",
    "LieDown",
    "PelvicTilt",
    "Pose",
    "Rest",
    "ScriptError",
    "Segment",
    "Simulation",
    "Sit",
    "SitDown",
    "Stand",
    "StandUp",
    "TurnInBed",
    "VirtualSensor",
    "Walk",
    "simulate",
]
