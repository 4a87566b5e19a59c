"""Virtual Bluetooth sensors: they play a stream through the real bleak API, over real ATT and GATT.

Bumble takes its time to import: import this package where it is needed, not at the top of commands.
"""

import logging

from sensors.virtual.air import Air, AirTime
from sensors.virtual.device import VirtualDevice
from sensors.virtual.faults import Faults
from sensors.virtual.motion import Motion, motions
from sensors.virtual.radio import VirtualRadio, tuned_to
from sensors.virtual.serving import served

__all__ = [
    "Air",
    "AirTime",
    "Faults",
    "Motion",
    "VirtualDevice",
    "VirtualRadio",
    "motions",
    "served",
    "tuned_to",
]

logging.getLogger("bumble").setLevel(logging.ERROR)  # it warns of each broken link
