"""Small questions to a sensor, and a sensor that a crashed run left behind."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from bleak import BleakClient, BleakScanner

from sensors.ble import BleSource, SensorError, battery, identify, scan
from sensors.devices import FAMILIES
from sensors.types import Placement
from sensors.virtual.radio import VirtualRadio
from tests.ble.air import after, sensor, taken, until
from tests.ble.fast_time import in_fast_time


@pytest.mark.parametrize("family", FAMILIES)
def test_a_sensor_tells_how_full_its_battery_is(family: str) -> None:
    async def story() -> None:
        device = sensor(0, family=family)
        device.peripheral.battery_percent = 50
        async with VirtualRadio([device]) as radio:
            [found] = await scan(0.2, backend=radio.backend)
            told = await battery(found, backend=radio.backend)
            assert told.percent == pytest.approx(50, abs=10)
            assert not device.connected

    in_fast_time(story())


@pytest.mark.parametrize(("family", "can"), [("movella_dot", True), ("witmotion", False)])
def test_a_sensor_that_can_blink_does(family: str, can: bool) -> None:
    async def story() -> None:
        async with VirtualRadio([sensor(0, family=family)]) as radio:
            [found] = await scan(0.2, backend=radio.backend)
            assert await identify(found, backend=radio.backend) is can

    in_fast_time(story())


def test_a_sensor_that_is_gone_says_so_in_one_line() -> None:
    async def story() -> None:
        device = sensor(0)
        async with VirtualRadio([device]) as radio:
            [found] = await scan(0.2, backend=radio.backend)
            await device.power_off()
            with pytest.raises(SensorError, match=r"is not heard.*wake it") as caught:
                await battery(found, backend=radio.backend)
            assert "\n" not in str(caught.value)

    in_fast_time(story())


def test_a_sensor_still_connected_from_a_crashed_run_is_found_and_streams_again() -> None:
    async def story() -> None:
        device = sensor(0)
        async with VirtualRadio([device]) as radio:
            backend = radio.backend
            left = await BleakScanner.find_device_by_address(device.address, **backend.scanning())
            assert left is not None
            await BleakClient(left, backend=backend.client).connect()
            [found] = await scan(0.2, backend=backend)
            assert found.rssi_dbm is None
            source = BleSource(found, Placement.STERNUM, clock=radio.now, backend=backend)
            stream = await taken(source, after(radio.now() + 1.0))
            assert len(stream.t_s) > 50
            assert not device.connected

    in_fast_time(story())


def test_a_listener_cancelled_while_it_connects_leaves_nothing_connected() -> None:
    async def story() -> None:
        device = sensor(0)
        async with VirtualRadio([device]) as radio:
            [found] = await scan(0.2, backend=radio.backend)
            source = BleSource(found, Placement.STERNUM, clock=radio.now, backend=radio.backend)
            listening = asyncio.create_task(taken(source, after(60)))
            await until(lambda: device.connected)
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            await asyncio.sleep(1.0)
            assert not device.connected
            assert not device.streaming

    in_fast_time(story())
