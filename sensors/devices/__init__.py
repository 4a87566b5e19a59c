"""Kinds of Bluetooth motion sensors: one file each, one line each in `FAMILIES`.

`docs/add-a-sensor.md` shows how to add one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sensors.devices.capture2go import Capture2Go
from sensors.devices.family import Family
from sensors.devices.movella_dot import MovellaDot
from sensors.devices.movesense import Movesense
from sensors.devices.polar import H10, VERITY_SENSE
from sensors.devices.witmotion import WitMotion

_ALL: tuple[Family, ...] = (
    Movesense(),
    Capture2Go(),
    MovellaDot(),
    H10,
    VERITY_SENSE,
    WitMotion(),
)

FAMILIES: Mapping[str, Family] = MappingProxyType({family.name: family for family in _ALL})
"""The families by name."""
