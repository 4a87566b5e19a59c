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
from sensors.devices.movesense_frames import DATA, Answer, CommandCode
from sensors.devices.movesense_peripheral import MEMORY_BYTES, MovesensePeripheral
from sensors.types import Chunk
from sensors.virtual.device import VirtualDevice
from sensors.virtual.faults import Faults
from sensors.virtual.radio import VirtualRadio
from tests.ble.air import after, lateness_s, part_from, sensor, sources, taken, until
from tests.ble.fast_time import in_fast_time

LONGEST_REST_S = 10.0
"""Between two looks for a sensor that is away."""

SEND_BUFFER_S = SEND_BUFFER_BYTES / (171 * 100 / 8)
"""What a virtual Capture2Go keeps at 100 Hz, in packages of 171 bytes."""

MEMORY_S = MEMORY_BYTES / ((2 + 4 + 8 * 24) * 13)
"""What a virtual Movesense keeps at 104 Hz, in entries of 8 samples."""

FAULTS = Faults(jitter_s=0.03, drift_ppm=20)
SETTLED_S, DROPPED_AT_S = 10.0, 20.0


@pytest.mark.parametrize("away_s", [5.0, 20.0, pytest.param(90.0, marks=pytest.mark.slow)])
@pytest.mark.parametrize("family", ["capture2go", "movesense"])
def test_a_sensor_that_keeps_samples_leaves_no_hole(family: str, away_s: float) -> None:
    async def story() -> None:
        device = sensor(0, family=family, seconds=200.0, faults=FAULTS)
        async with VirtualRadio([device]) as radio:
            [source] = await sources(radio)
            stream = await through_drops(radio, device, source, [away_s])
            assert_complete(stream, source)
            assert_true_to(stream, radio)

    in_fast_time(story())


@pytest.mark.parametrize("family", ["capture2go", "movesense"])
def test_a_link_that_breaks_again_while_the_hole_is_filled_costs_no_more(family: str) -> None:
    """A Movesense does not log while its log is fetched: then the second hole stays."""

    async def story() -> None:
        device = sensor(0, family=family, seconds=200.0, faults=FAULTS)
        async with VirtualRadio([device]) as radio:
            [source] = await sources(radio)
            listening = asyncio.create_task(taken(source, after(85.0)))
            await until(lambda: radio.now() > DROPPED_AT_S)
            await device.drop(20.0)
            await until(lambda: radio.now() > 45.0)
            await device.drop(0.5)
            stream = await listening
            assert_true_to(stream, radio)
        holes = gaps(stream.t_s, source.infos[0].rate_hz)
        if family == "capture2go":
            assert_complete(stream, source)
        else:
            [hole] = holes
            assert hole.start_s == pytest.approx(45.0, abs=0.2)
            assert hole.end_s - hole.start_s < 3.0

    in_fast_time(story())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "kept_s"), [("capture2go", SEND_BUFFER_S), ("movesense", MEMORY_S)]
)
def test_what_the_sensor_cannot_keep_is_a_gap_and_nothing_else_is(
    family: str, kept_s: float
) -> None:
    """A Capture2Go keeps the beginning of an outage, a Movesense its end."""
    away_s = kept_s + 30.0

    async def story() -> None:
        device = sensor(0, family=family, seconds=400.0, faults=FAULTS)
        async with VirtualRadio([device]) as radio:
            [source] = await sources(radio)
            listening = asyncio.create_task(taken(source, after(away_s + 80.0)))
            await until(lambda: radio.now() > DROPPED_AT_S)
            await device.drop(away_s)
            await until(lambda: device.connected)
            lost_s = radio.now() - DROPPED_AT_S - kept_s
            stream = await listening
            assert_true_to(stream, radio)
        [gap] = gaps(stream.t_s, source.infos[0].rate_hz)
        assert gap.end_s - gap.start_s == pytest.approx(lost_s, abs=0.5)
        kept_first_s = kept_s if family == "capture2go" else 0.0
        assert gap.start_s == pytest.approx(DROPPED_AT_S + kept_first_s, abs=0.2)
        assert source.link.lost_s == pytest.approx(gap.end_s - gap.start_s, abs=0.02)

    in_fast_time(story())


def test_a_log_of_which_parts_were_lost_is_fetched_again() -> None:
    async def story() -> None:
        device = sensor(0, family="movesense", seconds=100.0)
        async with VirtualRadio([device]) as radio:
            [source] = await sources(radio)
            listening = asyncio.create_task(taken(source, after(60.0)))
            await until(lambda: radio.now() > DROPPED_AT_S)
            await device.drop(10.0)
            device.faults = Faults(loss=0.01)
            await until(lambda: source.link.connected)
            device.faults = Faults()
            stream = await listening
        hole_s = [gap for gap in gaps(stream.t_s, source.infos[0].rate_hz) if gap.start_s < 30.0]
        assert hole_s == []

    in_fast_time(story())


class WithoutLogger(MovesensePeripheral):
    """Streams, but refuses all that it is asked for its logger."""

    def write(self, characteristic: str, data: bytes) -> list[Notification]:
        if data[0] in (CommandCode.SUBSCRIBE, CommandCode.UNSUBSCRIBE):
            return super().write(characteristic, data)
        return [Notification(DATA, bytes(Answer(data[1], 404)))]


class Dumb(MovesensePeripheral):
    """Announces a log, but sends nothing of it."""

    def stream(self, samples: Samples) -> list[Notification]:
        self._fetch.clear()
        return super().stream(samples)


@pytest.mark.parametrize("kind", [WithoutLogger, Dumb])
def test_a_sensor_that_gives_no_log_streams_on_and_the_hole_is_told(
    kind: type[MovesensePeripheral],
) -> None:
    async def story() -> None:
        device = sensor(0, family="movesense", seconds=150.0)
        device.peripheral = kind("1")
        async with VirtualRadio([device]) as radio:
            [source] = await sources(radio)
            stream = await through_drops(radio, device, source, [5.0])
        [hole] = gaps(stream.t_s, source.infos[0].rate_hz)
        assert hole.start_s == pytest.approx(DROPPED_AT_S, abs=0.2)
        assert 5.0 <= hole.end_s - hole.start_s < 9.0
        assert source.link.lost_s == pytest.approx(hole.end_s - hole.start_s, abs=0.02)

    in_fast_time(story())


@pytest.mark.parametrize("on_before_s", [0.0, 1000.0], ids=["short", "long"])
@pytest.mark.parametrize("family", ["capture2go", "movesense"])
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
    ends_s = DROPPED_AT_S + sum(away_s) + 40.0
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
