"""Sensors that are served to listeners over a port of the loopback address."""

from __future__ import annotations

import asyncio

import pytest

from sensors.ble import Backend, BleSource, scan
from sensors.types import Chunk
from sensors.virtual.air import Air
from sensors.virtual.radio import tuned_to
from sensors.virtual.serving import served
from tests.ble.air import PLACEMENTS, after, sensor, taken, until


async def heard(air: Air, backend: Backend, seconds: float) -> Chunk:
    (found,) = await scan(0.2, backend=backend)
    source = BleSource(found, PLACEMENTS[0], clock=air.time.now, backend=backend)
    return await taken(source, after(seconds))


def test_a_listener_at_the_port_hears_what_the_sensor_felt() -> None:
    async def story() -> None:
        async with Air([sensor(0)]) as air, served(air) as port, tuned_to(port) as backend:
            stream = await heard(air, backend, air.now() + 1.0)
        assert len(stream.t_s) > 50

    asyncio.run(story())


def test_when_a_listener_is_cut_off_the_next_finds_the_sensor_free() -> None:
    async def story() -> None:
        device = sensor(0)
        async with Air([device]) as air, served(air) as port:
            async with tuned_to(port) as backend:
                first = asyncio.create_task(heard(air, backend, 60.0))
                await until(lambda: device.streaming)
            await until(lambda: not device.connected)
            async with tuned_to(port) as backend:
                await heard(air, backend, air.now() + 0.5)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)

    asyncio.run(story())


def test_where_nothing_is_served_nobody_listens() -> None:
    async def story() -> None:
        async with Air([]) as air, served(air) as port:
            pass
        with pytest.raises(ConnectionRefusedError):
            async with tuned_to(port):
                pass

    asyncio.run(story())
