"""Virtual sensors through bleak's own scanner and client, over real HCI, L2CAP and ATT."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import numpy as np
import pytest

from sensors.ble import scan
from sensors.recording import quantized
from sensors.virtual.radio import VirtualRadio
from tests.ble.air import after, lateness_s, sensor, sources, taken, until
from tests.ble.fast_time import in_fast_time


def test_a_scan_tells_what_each_sensor_is() -> None:
    async def story() -> None:
        async with VirtualRadio([sensor(0), sensor(1)]) as radio:
            found = await scan(0.2, backend=radio.backend)
        assert sorted(each.address[-2:] for each in found) == ["01", "02"]
        assert {each.family.name for each in found} == {"movesense"}
        assert all(each.name.startswith("Movesense ") for each in found)
        assert all(each.rssi_dbm is not None for each in found)

    in_fast_time(story())


def test_every_sample_arrives_at_the_sensor_s_own_rate() -> None:
    async def story() -> None:
        async with VirtualRadio([sensor(0)]) as radio:
            [source] = await sources(radio)
            [info] = source.infos
            stream = await taken(source, after(2.5))
        assert info.rate_hz == 104
        assert np.diff(stream.t_s) == pytest.approx(1 / 104, abs=2e-3)
        assert source.link.lost_s == 0
        assert source.link.battery_percent == 100

    in_fast_time(story())


def test_samples_are_what_the_sensor_felt_when_it_felt_it() -> None:
    async def story() -> None:
        async with VirtualRadio([sensor(0)]) as radio:
            [source] = await sources(radio)
            stream = await taken(source, after(3.0))
            assert radio.began_s is not None
            late_s = lateness_s(stream, radio.began_s)
        assert len(late_s) > 50
        assert np.max(np.abs(late_s)) < 0.1

    in_fast_time(story())


def test_live_values_are_those_that_a_recording_gives_back() -> None:
    async def story() -> None:
        async with VirtualRadio([sensor(0)]) as radio:
            [source] = await sources(radio)
            stream = await taken(source, after(0.8))
        again = quantized(stream, source.infos[0])
        assert np.array_equal(stream.t_s, again.t_s)
        assert np.array_equal(stream.acc, again.acc)

    in_fast_time(story())


def test_a_sensor_is_told_to_stop_when_nobody_listens_any_more() -> None:
    async def story() -> None:
        device = sensor(0)
        async with VirtualRadio([device]) as radio:
            [source] = await sources(radio)
            await taken(source, after(0.5))
            assert not device.streaming
            assert not device.connected
            assert not source.link.connected

    in_fast_time(story())


def test_a_sensor_is_told_to_stop_when_its_listener_is_cancelled() -> None:
    async def story() -> None:
        device = sensor(0)
        async with VirtualRadio([device]) as radio:
            listening = asyncio.create_task(taken((await sources(radio))[0], after(60)))
            await until(lambda: device.streaming)
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            assert not device.streaming
            assert not device.connected

    in_fast_time(story())
