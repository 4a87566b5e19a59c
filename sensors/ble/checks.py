"""Small questions to a sensor that is not being recorded."""

from __future__ import annotations

import asyncio

from sensors.ble.backend import Backend
from sensors.ble.connection import Connection, LinkLostError, connected
from sensors.ble.scanning import Found
from sensors.devices.family import Battery, CodecError
from sensors.errors import FivepointError


class SensorError(FivepointError):
    """A sensor does not do what it was asked for."""


async def identify(sensor: Found, *, backend: Backend) -> bool:
    """Make the sensor blink or the like; False if its kind cannot. SensorError if it is gone."""
    requests = sensor.family.identify()
    if not requests:
        return False
    try:
        async with connected(sensor, asyncio.get_running_loop().time, backend=backend) as link:
            await link.ask(requests)
    except LinkLostError as lost:
        raise _gone(sensor, lost) from lost
    return True


async def battery(sensor: Found, *, backend: Backend) -> Battery:
    """How full the sensor's battery is; SensorError if it is gone or does not tell."""
    try:
        async with connected(sensor, asyncio.get_running_loop().time, backend=backend) as link:
            await link.ask(sensor.family.battery())
            return await _battery(sensor, link)
    except LinkLostError as lost:
        raise _gone(sensor, lost) from lost


async def _battery(sensor: Found, link: Connection) -> Battery:
    decoder = sensor.family.decoder(sensor.family.settings(100.0))
    while True:
        arrival = await link.arrival()
        try:
            messages = decoder.feed(arrival.characteristic, arrival.data)
        except CodecError:
            continue
        for message in messages:
            if isinstance(message, Battery):
                return message


def _gone(sensor: Found, lost: LinkLostError) -> SensorError:
    return SensorError(
        f"{sensor.name} does not answer ({lost}), so nothing is known of it; wake it, bring it "
        "near and see that nothing else is connected to it."
    )
