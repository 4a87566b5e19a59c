"""What goes wrong on the air, and what the listener makes of it."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from sensors.ble import BleSource
from sensors.clock import gaps
from sensors.source import merge, opened
from sensors.types import Chunk, Placement
from sensors.virtual.faults import Faults
from sensors.virtual.radio import VirtualRadio
from tests.ble.air import after, joined, lateness_s, part_from, sensor, sources, taken, until
from tests.ble.fast_time import in_fast_time

RATE_HZ = 104


def test_several_sensors_stream_at_once_without_loss() -> None:
    async def story() -> None:
        async with VirtualRadio([sensor(0), sensor(1), sensor(2)]) as radio:
            live = await sources(radio)
            streams = await all_taken(live, 4.0)
            assert radio.began_s is not None
            for source in live:
                stream = streams[source.infos[0].placement]
                assert np.diff(stream.t_s) == pytest.approx(1 / RATE_HZ, abs=2e-3)
                assert source.link.lost_s == 0
                assert np.max(np.abs(lateness_s(stream, radio.began_s))) < 0.1

    in_fast_time(story())


def test_a_broken_link_is_made_again_and_the_hole_is_where_it_was() -> None:
    async def story() -> None:
        device = sensor(0, family="movella_dot")
        async with VirtualRadio([device]) as radio:
            [source] = await sources(radio)
            listening = asyncio.create_task(taken(source, after(4.0)))
            await until(lambda: radio.now() > 1.5)
            dropped_s = radio.now()
            await device.drop(away_s=0.8)
            await until(lambda: source.problem is not None)
            assert not source.link.connected
            stream = await listening
        [hole] = gaps(stream.t_s, source.infos[0].rate_hz)
        assert hole.start_s == pytest.approx(dropped_s, abs=0.2)
        assert 0.7 < hole.end_s - hole.start_s < 2.0
        assert source.link.lost_s == pytest.approx(hole.end_s - hole.start_s, abs=1e-3)
        assert source.problem is None

    in_fast_time(story())


def test_each_lost_notification_is_known_to_be_missing() -> None:
    async def story() -> None:
        device = sensor(0, faults=Faults(loss=0.05))
        async with VirtualRadio([device]) as radio:
            [source] = await sources(radio)
            stream = await taken(source, after(4.0))
        spanned = (stream.t_s[-1] - stream.t_s[0]) * RATE_HZ + 1
        missing = spanned - len(stream.t_s)
        assert missing > 1
        assert source.link.lost_s * RATE_HZ == pytest.approx(missing, abs=1)

    in_fast_time(story())


def test_late_notifications_do_not_make_samples_late() -> None:
    async def story() -> None:
        device = sensor(0, faults=Faults(jitter_s=0.08, drift_ppm=50))
        async with VirtualRadio([device]) as radio:
            [source] = await sources(radio)
            stream = await taken(source, after(5.0))
            assert radio.began_s is not None
            settled = part_from(2.0, stream)
            assert np.max(np.abs(lateness_s(settled, radio.began_s))) < 0.06
        assert np.diff(stream.t_s) == pytest.approx(1 / RATE_HZ, abs=6e-3)

    in_fast_time(story())


def test_time_goes_on_over_a_broken_link() -> None:
    async def story() -> None:
        faults = Faults(jitter_s=0.03, drop_every_s=1.5, away_s=0.1)
        async with VirtualRadio([sensor(0, family="movella_dot", faults=faults)]) as radio:
            [source] = await sources(radio)
            stream = await taken(source, after(5.0))
        rate_hz = source.infos[0].rate_hz
        holes = gaps(stream.t_s, rate_hz)
        assert len(holes) >= 2
        steps = np.diff(stream.t_s)
        assert np.all(steps > 0)
        # samples that were missed are whole intervals: the clock was not placed anew
        missed = steps[steps > 0.1] * rate_hz
        assert missed == pytest.approx(np.round(missed), abs=0.2)

    in_fast_time(story())


def test_a_sensor_whose_counter_starts_again_is_placed_anew() -> None:
    async def story() -> None:
        device = sensor(0)
        async with VirtualRadio([device]) as radio:
            [source] = await sources(radio)
            listening = asyncio.create_task(taken(source, after(3.0)))
            await until(lambda: radio.now() > 1.5)
            await device.drop(away_s=0.2)
            device.counter_start_s = -radio.now()
            stream = await listening
            assert radio.began_s is not None
            assert np.max(np.abs(lateness_s(stream, radio.began_s))) < 0.1

    in_fast_time(story())


def test_a_sensor_that_is_connected_but_silent_is_connected_anew() -> None:
    async def story() -> None:
        device = sensor(0, faults=Faults(loss=1.0))
        async with VirtualRadio([device]) as radio:
            [source] = await sources(radio)
            listening = asyncio.create_task(taken(source, after(60.0)))
            await until(lambda: source.problem == "the sensor fell silent")
            await until(lambda: not device.connected)
            await until(lambda: device.connected)
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    in_fast_time(story())


def test_a_dead_battery_silences_one_sensor_and_no_other() -> None:
    async def story() -> None:
        weak = sensor(0, faults=Faults(battery_percent_per_hour=100 * 3600 / 1.0))
        async with VirtualRadio([weak, sensor(1)]) as radio:
            live = await sources(radio)
            streams = await all_taken(live, 3.0, of=Placement.PELVIS)
            assert streams[Placement.STERNUM].t_s[-1] < 2.0
            assert gaps(streams[Placement.PELVIS].t_s, RATE_HZ) == []
            assert live[0].problem is not None

    in_fast_time(story())


def test_two_sensors_whose_clocks_drift_stay_aligned() -> None:
    async def story() -> None:
        fast = sensor(0, faults=Faults(drift_ppm=20, jitter_s=0.02))
        slow = sensor(1, faults=Faults(drift_ppm=-20, jitter_s=0.02))
        async with VirtualRadio([fast, slow]) as radio:
            streams = await all_taken(await sources(radio), 55.0)
            assert radio.began_s is not None
            late_s = [
                np.median(lateness_s(part_from(40.0, stream), radio.began_s))
                for stream in streams.values()
            ]
        assert abs(late_s[0] - late_s[1]) < 0.005

    in_fast_time(story())


async def all_taken(
    live: list[BleSource], seconds: float, of: Placement | None = None
) -> dict[Placement, Chunk]:
    """The streams of all sources, until one of them, or that at `of`, reaches this time."""
    chunks: dict[Placement, list[Chunk]] = {}
    async with opened(merge(*live)) as merged:
        async for chunk in merged:
            chunks.setdefault(chunk.placement, []).append(chunk)
            if chunk.t_s[-1] >= seconds and of in (None, chunk.placement):
                break
    return {placement: joined(parts) for placement, parts in chunks.items()}
