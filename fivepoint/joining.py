"""Sensors that are worn but not heard yet: looked for again and again, until each has joined."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from fivepoint.complaint import complain
from fivepoint.computer import why_no_bluetooth
from fivepoint.finding import SCAN_S, there
from fivepoint.options import Worn
from sensors.ble import Backend, BluetoothError, Found, scan
from sensors.types import Calibration, Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to listen for a sensor, and to rest before listening again, ever longer.

    Listening takes its share of the radio from the sensors that stream.
    """

    scan_s: float = SCAN_S
    shortest_rest_s: float = 5.0
    longest_rest_s: float = 60.0


PATIENT = Patience()


def as_calibrated(worn: Iterable[Worn], calibrations: Iterable[Calibration]) -> list[Worn]:
    """The same, with the sensors that were calibrated in these places where none is named.

    Another sensor sits otherwise, and its angles would be wrong.
    """
    calibrated = {each.placement: each.device_id for each in calibrations if each.device_id}
    return [Worn(placement, sensor or calibrated.get(placement)) for placement, sensor in worn]


async def joining(
    missing: Sequence[Worn],
    in_use: Iterable[Found],
    backend: Backend,
    patience: Patience,
) -> AsyncIterator[tuple[Placement, Found]]:
    """Each missing sensor when it is heard, with where it is worn.

    Why Bluetooth cannot be used is told on standard error, once until it can.
    """
    taken = {sensor.address for sensor in in_use}
    rest_s = patience.shortest_rest_s
    told = ""
    while missing:
        try:
            found = await scan(patience.scan_s, backend=backend)
            told = ""
        except BluetoothError as error:
            found = []
            why = str(why_no_bluetooth(error))
            if why != told:
                complain(why)
            told = why
        joined = there(missing, [each for each in found if each.address not in taken])
        for placement, sensor in joined.items():
            taken.add(sensor.address)
            yield placement, sensor
        missing = [each for each in missing if each.placement not in joined]
        if missing:
            await asyncio.sleep(rest_s)
            rest_s = min(2 * rest_s, patience.longest_rest_s)
