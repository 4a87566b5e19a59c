"""Virtual Bluetooth sensors: they play a stream through the real bleak API, over real ATT and GATT.

Bumble takes its time to import: import this package where it is needed, not at the top of commands.
"""

import logging

from sensors.virtual.device import VirtualDevice
from sensors.virtual.faults import Faults
from sensors.virtual.motion import Motion, motions
from sensors.virtual.radio import VirtualRadio

__all__ = ["Faults", "Motion", "VirtualDevice", "VirtualRadio", "motions"]

logging.getLogger("bumble").setLevel(logging.ERROR)  # it warns of each broken link
