"""Every family over the air: what it streams is what its sensor felt."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from sensors.clock import gaps
from sensors.devices import FAMILIES
from sensors.devices.family import ResumingDecoder
from sensors.virtual.faults import Faults
from sensors.virtual.radio import VirtualRadio
from tests.ble.air import after, lateness_s, part_from, sensor, sources, swaying, taken, until
from tests.ble.fast_time import in_fast_time

FORGETFUL = [
    name
    for name, family in FAMILIES.items()
    if not isinstance(family.decoder(family.settings(100)), ResumingDecoder)
]
"""Families that keep nothing while the link is down."""


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_streams_what_its_sensor_felt(family: str) -> None:
    async def story() -> None:
        async with VirtualRadio([sensor(0, family=family)]) as radio:
            [source] = await sources(radio)
            [info] = source.infos
            stream = await taken(source, after(8.0))
            assert radio.began_s is not None
            settled = part_from(4.0, stream)
            assert np.max(np.abs(lateness_s(settled, radio.began_s))) < 0.005
        assert gaps(stream.t_s, info.rate_hz) == []
        assert source.link.lost_s == 0
        assert np.diff(settled.t_s) == pytest.approx(1 / info.rate_hz, rel=0.1)
        felt = swaying(60).acc(settled.t_s - radio.began_s)
        assert np.max(np.abs(settled.acc - felt)) < 0.1
        if settled.gyro is not None:
            turned = swaying(60).gyro(settled.t_s - radio.began_s)
            assert np.max(np.abs(settled.gyro - turned)) < 0.05

    in_fast_time(story())


@pytest.mark.parametrize("family", FORGETFUL)
def test_a_family_streams_again_after_a_broken_link(family: str) -> None:
    async def story() -> None:
        device = sensor(0, family=family)
        async with VirtualRadio([device]) as radio:
            [source] = await sources(radio)
            listening = asyncio.create_task(taken(source, after(10.0)))
            await until(lambda: radio.now() > 2.0)
            await device.drop(away_s=1.0)
            stream = await listening
            assert device.streaming == (not FAMILIES[family].stop())
        [hole] = gaps(stream.t_s, source.infos[0].rate_hz)
        assert hole.start_s == pytest.approx(2.0, abs=0.6)  # a packet may hold half a second
        assert hole.end_s - hole.start_s < 2.5

    in_fast_time(story())


@pytest.mark.parametrize("family", [name for name in FAMILIES if FAMILIES[name].tick_hz])
def test_a_counter_that_wraps_makes_no_hole(family: str) -> None:
    kind = FAMILIES[family]
    assert kind.tick_hz is not None
    assert kind.tick_modulus is not None
    wraps_after_s = kind.tick_modulus / kind.tick_hz

    async def story() -> None:
        device = sensor(0, family=family)
        device.counter_start_s = wraps_after_s - 1.0
        async with VirtualRadio([device]) as radio:
            [source] = await sources(radio)
            stream = await taken(source, after(3.0))
        assert gaps(stream.t_s, source.infos[0].rate_hz) == []
        assert source.link.lost_s == 0

    in_fast_time(story())


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_bears_a_bad_link(family: str) -> None:
    async def story() -> None:
        faults = Faults(loss=0.02, jitter_s=0.05, drift_ppm=20, drop_every_s=4.0, away_s=0.5)
        async with VirtualRadio([sensor(0, family=family, faults=faults)]) as radio:
            [source] = await sources(radio)
            stream = await taken(source, after(15.0))
        assert np.all(np.diff(stream.t_s) > 0)
        share = len(stream.t_s) / source.infos[0].rate_hz / 15.0
        if family in FORGETFUL:
            assert 0.7 < share < 0.97
            assert len(gaps(stream.t_s, source.infos[0].rate_hz)) >= 3
        else:
            assert share > 0.9

    in_fast_time(story())
