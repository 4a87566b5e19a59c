"""A sensor that keeps what it measures fills the hole of a broken link."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from sensors.ble import BleSource
from sensors.clock import gaps
from sensors.devices.capture2go_frames import Header, Package
from sensors.devices.capture2go_peripheral import SEND_BUFFER_BYTES, Capture2GoPeripheral
from sensors.devices.family import Notification, Samples
from sensors.types import Chunk
from sensors.virtual import Faults, VirtualDevice, VirtualRadio
from tests.ble.air import after, lateness_s, part_from, sensor, sources, taken, until
from tests.ble.fast_time import in_fast_time

LONGEST_REST_S = 10.0
"""Between two looks for a sensor that is away."""

PACKAGE_BYTES = 171
"""Of a Capture2Go, 12.5 a second at 100 Hz."""

FAULTS = Faults(jitter_s=0.03, drift_ppm=20)
SETTLED_S, DROPPED_AT_S = 10.0, 20.0


@pytest.mark.parametrize("away_s", [5.0, 20.0, 90.0])
def test_a_capture2go_leaves_no_hole(away_s: float) -> None:
    async def story() -> None:
        device = sensor(0, family="capture2go", seconds=200.0, faults=FAULTS)
        async with VirtualRadio([device]) as radio:
            [source] = await sources(radio)
            stream = await through_drops(radio, device, source, [away_s])
            assert_complete(stream, source)
            assert_true_to(stream, radio)

    in_fast_time(story())


def test_a_link_that_breaks_while_the_sensor_catches_up_costs_nothing() -> None:
    async def story() -> None:
        device = sensor(0, family="capture2go", seconds=200.0, faults=FAULTS)
        async with VirtualRadio([device]) as radio:
            [source] = await sources(radio)
            stream = await through_drops(radio, device, source, [40.0, 0.5, 0.5, 5.0])
            assert_complete(stream, source)
            assert_true_to(stream, radio)

    in_fast_time(story())


def test_what_does_not_fit_into_the_sensor_is_a_gap_and_nothing_else_is() -> None:
    async def story() -> None:
        device = sensor(0, family="capture2go", seconds=300.0, faults=FAULTS)
        async with VirtualRadio([device]) as radio:
            [source] = await sources(radio)
            stream = await through_drops(radio, device, source, [150.0])
            assert_true_to(stream, radio)
        [gap] = gaps(stream.t_s, source.infos[0].rate_hz)
        kept_s = SEND_BUFFER_BYTES / (PACKAGE_BYTES / 0.08)
        assert gap.start_s == pytest.approx(DROPPED_AT_S + kept_s, abs=0.2)
        assert 0 < gap.end_s - DROPPED_AT_S - 150.0 < LONGEST_REST_S + 2.0
        assert source.link.lost_s == pytest.approx(gap.end_s - gap.start_s, abs=0.02)

    in_fast_time(story())


@pytest.mark.parametrize("on_before_s", [0.0, 1000.0], ids=["short", "long"])
@pytest.mark.parametrize("family", ["capture2go"])
def test_a_sensor_that_was_off_meanwhile_streams_anew(family: str, on_before_s: float) -> None:
    async def story() -> None:
        device = sensor(0, family=family, seconds=200.0)
        device.counter_start_s = on_before_s
        async with VirtualRadio([device]) as radio:
            [source] = await sources(radio)
            listening = asyncio.create_task(taken(source, after(110.0)))
            await until(lambda: radio.now() > DROPPED_AT_S)
            await device.restart(away_s=30.0)
            stream = await listening
            assert radio.began_s is not None
            late_s = lateness_s(part_from(100.0, stream), radio.began_s)
            assert np.max(np.abs(late_s)) < 0.05
        holes = gaps(stream.t_s, source.infos[0].rate_hz)
        missing_s = sum(hole.end_s - hole.start_s for hole in holes)
        assert 30.0 < missing_s < 30.0 + LONGEST_REST_S + 2.0
        assert source.link.lost_s == pytest.approx(missing_s, abs=0.05)

    in_fast_time(story())


def test_what_an_outage_costs_grows_until_it_is_filled() -> None:
    async def story() -> None:
        device = sensor(0, family="capture2go")
        async with VirtualRadio([device]) as radio:
            [source] = await sources(radio)
            listening = asyncio.create_task(taken(source, after(30.0)))
            await until(lambda: radio.now() > 10.0)
            await device.drop(away_s=8.0)
            await until(lambda: radio.now() > 13.0)
            assert source.link.lost_s == pytest.approx(3.0, abs=0.2)
            await until(lambda: radio.now() > 17.0)
            assert source.link.lost_s == pytest.approx(7.0, abs=0.2)
            await listening
            assert source.link.lost_s == 0

    in_fast_time(story())


class Stuck(Capture2GoPeripheral):
    """Says that it streams and sends nothing, until it is told to stop."""

    stuck = False

    def write(self, characteristic: str, data: bytes) -> list[Notification]:
        self.stuck = self.stuck and data != bytes(Package(Header.STOP_STREAMING_AND_CLEAR))
        return super().write(characteristic, data)

    def stream(self, samples: Samples) -> list[Notification]:
        sent = super().stream(samples)
        return [] if self.stuck else sent


def test_a_sensor_that_is_silent_instead_of_going_on_is_started_anew() -> None:
    async def story() -> None:
        device = sensor(0, family="capture2go", seconds=100.0)
        device.peripheral = stuck = Stuck("1")
        async with VirtualRadio([device]) as radio:
            [source] = await sources(radio)
            listening = asyncio.create_task(taken(source, after(40.0)))
            await until(lambda: radio.now() > 5.0)
            stuck.stuck = True
            await device.drop(away_s=1.0)
            stream = await listening
        assert not stuck.stuck
        [_] = gaps(stream.t_s, source.infos[0].rate_hz)

    in_fast_time(story())


async def through_drops(
    radio: VirtualRadio, device: VirtualDevice, source: BleSource, away_s: Sequence[float]
) -> Chunk:
    """The stream over links that break one after the other, until well after the last."""
    ends_s = DROPPED_AT_S + sum(away_s) + 30.0
    listening = asyncio.create_task(taken(source, after(ends_s)))
    await until(lambda: radio.now() > DROPPED_AT_S)
    for each_s in away_s:
        await device.drop(each_s)
        await until(lambda: source.link.connected)
    return await listening


def assert_complete(stream: Chunk, source: BleSource) -> None:
    """Each sample came once and in order, and none is counted as lost."""
    interval_s = 1 / source.infos[0].rate_hz
    assert np.diff(stream.t_s) == pytest.approx(interval_s, abs=0.6 * interval_s)
    assert gaps(stream.t_s, source.infos[0].rate_hz) == []
    assert source.link.lost_s == 0


def assert_true_to(stream: Chunk, radio: VirtualRadio) -> None:
    """Samples stand where they were felt."""
    assert radio.began_s is not None
    late_s = lateness_s(part_from(SETTLED_S, stream), radio.began_s)
    assert np.max(np.abs(late_s)) < 0.005
