"""Bleak's own BlueZ backend, unmodified, from D-Bus down to the virtual sensor and back."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from bleak import BleakClient, BleakScanner
from bleak.args.bluez import BlueZNotifyArgs

from sensors.ble import Backend, BleSource, BluetoothError, battery, scan
from sensors.clock import gaps
from sensors.devices import FAMILIES
from sensors.devices.family import Message, Notification, Samples
from sensors.devices.movesense import Movesense
from sensors.devices.movesense_frames import DATA
from sensors.recording import find_recordings, read_recording
from sensors.source import merge, opened
from sensors.types import GRAVITY_MS2, Chunk, FloatArray, Placement
from sensors.virtual.device import VirtualDevice
from sensors.virtual.radio import VirtualRadio
from tests.ble.air import PLACEMENTS, after, joined, lasting, sensor, sources, taken, until
from tests.bluez.bus import private_system_bus
from tests.bluez.stand_in import StandIn, bluez

if sys.platform != "linux":
    pytest.skip("BlueZ is Linux's: its path is checked there", allow_module_level=True)

RATE_HZ = 104
ONE_LINE = r"\A(?-s:.*%s.*)\Z"
AWAY_S = 0.3
ROOT = Path(__file__).parents[2]
_PATIENCE_S = 180.0
_COARSEST_COUNT_MS2 = GRAVITY_MS2 / 1000


def test_a_scan_tells_what_each_sensor_is_and_each_tells_its_battery() -> None:
    async def story() -> None:
        devices = [sensor(0), sensor(1, family="movella_dot")]
        async with VirtualRadio(devices) as radio, bluez(radio.backend):
            system = Backend()
            found = await scan(0.3, backend=system)
            assert {each.family.name for each in found} == {"movesense", "movella_dot"}
            assert all(each.rssi_dbm is not None for each in found)
            for each in found:
                assert (await battery(each, backend=system)).percent == 100

    asyncio.run(story())


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_loses_no_sample_and_is_let_go_in_order(family: str) -> None:
    async def story() -> None:
        device = sensor(0, family=family)
        async with VirtualRadio([device]) as radio, bluez(radio.backend) as linux:
            felt = overheard(device)
            [source] = await sources(radio, Backend())
            stream = await taken(source, lasting(1.5))
            assert device.streaming == (not FAMILIES[family].stop())
            assert not device.connected
            assert not linux.is_connected(device.address)
        assert_all_there(stream.acc, felt)
        assert source.link.lost_s == 0
        assert source.link.battery_percent is not None

    asyncio.run(story())


@pytest.mark.parametrize("acquire", [False, True], ids=["StartNotify", "AcquireNotify"])
def test_both_ways_of_subscribing_lose_no_notification(acquire: bool) -> None:
    async def story() -> None:
        family = Movesense()
        settings = family.settings(RATE_HZ)
        decoder = family.decoder(settings)
        messages: list[Message] = []
        enough = asyncio.Event()

        def on_data(_: object, data: bytearray) -> None:
            messages.extend(decoder.feed(DATA, bytes(data)))
            if len(messages) > 20:
                enough.set()

        how = BlueZNotifyArgs(use_start_notify=not acquire)
        device = sensor(0)
        async with VirtualRadio([device]) as radio, bluez(radio.backend):
            felt = overheard(device)
            [found] = await BleakScanner.discover(0.3)
            async with BleakClient(found) as client:
                await client.start_notify(DATA, on_data, bluez=how)
                for write in family.start(settings):
                    await client.write_gatt_char(write.characteristic, write.data)
                await enough.wait()
        arrived = np.concatenate([each.acc for each in messages if isinstance(each, Samples)])
        assert_all_there(arrived, felt)

    asyncio.run(story())


def test_three_sensors_stream_together_although_bluez_does_one_thing_at_a_time() -> None:
    async def story() -> None:
        devices = [sensor(0), sensor(1), sensor(2)]
        async with VirtualRadio(devices) as radio, bluez(radio.backend) as linux:
            felt = [overheard(device) for device in devices]
            streams = await taken_together(await sources(radio, Backend()))
            assert linux.refusals == []
            assert not any(device.streaming or device.connected for device in devices)
        for placement, stream_felt in zip(PLACEMENTS, felt, strict=True):
            assert_all_there(streams[placement].acc, stream_felt)

    asyncio.run(story())


def test_a_link_that_breaks_is_made_again_and_time_goes_on() -> None:
    async def story() -> None:
        device = sensor(0, family="movella_dot")
        async with VirtualRadio([device]) as radio, bluez(radio.backend):
            [source] = await sources(radio, Backend())
            breaking = asyncio.create_task(broken(device, radio))
            stream = await taken(
                source, lambda chunk: breaking.done() and chunk.t_s[-1] > breaking.result() + 2.5
            )
        [gap] = gaps(stream.t_s, source.infos[0].rate_hz)
        assert gap.start_s < breaking.result() + 0.1
        assert gap.end_s > gap.start_s + AWAY_S
        assert source.link.lost_s == pytest.approx(gap.end_s - gap.start_s, abs=0.1)
        assert np.all(np.diff(stream.t_s) > 0)
        assert not device.streaming

    asyncio.run(story())


def test_an_adapter_pulled_out_and_plugged_in_again_costs_nothing_that_the_sensor_kept() -> None:
    async def story() -> None:
        async with VirtualRadio([sensor(0)]) as radio, bluez(radio.backend) as linux:
            [source] = await sources(radio, Backend())
            pulling = asyncio.create_task(pulled_out(linux, source, radio))
            stream = await taken(
                source, lambda chunk: pulling.done() and chunk.t_s[-1] > pulling.result() + 1.0
            )
        assert stream.t_s[0] < pulling.result() < stream.t_s[-1]
        assert gaps(stream.t_s, RATE_HZ) == []

    asyncio.run(story())


def test_a_sensor_that_a_killed_program_left_connected_is_found_and_streamed() -> None:
    async def story() -> None:
        device = sensor(0)
        async with VirtualRadio([device]) as radio, bluez(radio.backend) as linux:
            await killed_while_streaming()
            assert linux.is_connected(device.address)
            [found] = await scan(0.3, backend=Backend())
            assert found.rssi_dbm is None
            source = BleSource(found, Placement.WAIST, clock=radio.now, backend=Backend())
            stream = await taken(source, after(radio.now() + 1.0))
            span_s = stream.t_s[-1] - stream.t_s[0]
            assert len(stream.t_s) == pytest.approx(RATE_HZ * span_s, rel=0.1)
            assert not device.streaming
            assert not linux.is_connected(device.address)

    asyncio.run(story())


@pytest.mark.slow
def test_the_command_records_from_bluez_until_ctrl_c(tmp_path: Path) -> None:
    async def story() -> None:
        device = sensor(0)
        async with VirtualRadio([device]) as radio, bluez(radio.backend) as linux:
            felt = overheard(device)
            arguments = ("record", "--wear", "sternum", "--out", str(tmp_path))
            async with program("fivepoint", *arguments) as (process, output):
                assert (await output.readline()).startswith(b"Recording sternum (Movesense ")
                await until(lambda: sum(map(len, felt)) > 3 * RATE_HZ)
                process.send_signal(signal.SIGINT)
                assert await process.wait() == 0
            assert not device.streaming
            assert not linux.is_connected(device.address)
        [folder] = find_recordings(tmp_path)
        recording = read_recording(folder)
        assert_all_there(joined(list(recording.chunks())).acc, felt)
        assert recording.gaps[Placement.STERNUM] == ()

    asyncio.run(story())


def test_an_adapter_that_is_off_is_told_in_one_line_with_the_remedy() -> None:
    async def story() -> None:
        async with VirtualRadio([]) as radio, bluez(radio.backend, powered=False):
            await scan(0.1, backend=Backend())

    with pytest.raises(BluetoothError, match=ONE_LINE % "No powered .* switch on a Bluetooth"):
        asyncio.run(story())


def test_a_computer_without_an_adapter_says_so_in_one_line_with_the_remedy() -> None:
    async def story() -> None:
        async with VirtualRadio([]) as radio, bluez(radio.backend) as linux:
            await linux.unplug()
            await scan(0.1, backend=Backend())

    with pytest.raises(BluetoothError, match=ONE_LINE % "No Bluetooth adapters .* plug in"):
        asyncio.run(story())


def test_a_computer_without_bluez_says_so_in_one_line_with_the_remedy() -> None:
    async def story() -> None:
        async with private_system_bus():
            await scan(0.1, backend=Backend())

    with pytest.raises(BluetoothError, match=ONE_LINE % "check that the bluetooth service runs"):
        asyncio.run(story())


def test_a_computer_without_a_bus_says_so_in_one_line_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nowhere")
    with pytest.raises(BluetoothError, match=ONE_LINE % "check that the bluetooth service runs"):
        asyncio.run(scan(0.1, backend=Backend()))


def overheard(device: VirtualDevice) -> list[FloatArray]:
    """The specific force that a sensor is about to send, block after block, as it goes on."""
    felt: list[FloatArray] = []
    send = device.peripheral.stream

    def stream(samples: Samples) -> list[Notification]:
        felt.append(samples.acc)
        return send(samples)

    device.peripheral.stream = stream  # type: ignore[method-assign]
    return felt


def assert_all_there(arrived: FloatArray, felt: list[FloatArray]) -> None:
    """What arrived is one unbroken run of what was felt, once and in order."""
    sent = np.concatenate(felt)
    n = len(arrived)
    assert n > 50
    runs = (sent[at : at + n] for at in range(len(sent) - n + 1))
    assert any(np.allclose(run, arrived, rtol=0, atol=_COARSEST_COUNT_MS2) for run in runs)


async def taken_together(live: list[BleSource]) -> dict[Placement, Chunk]:
    """What all sources bring until each has brought a second and a half."""
    chunks: dict[Placement, list[Chunk]] = {source.infos[0].placement: [] for source in live}
    enough = {placement: lasting(1.5) for placement in chunks}
    waiting = set(chunks)
    async with opened(merge(*live)) as together:
        while waiting:
            chunk = await anext(together)
            chunks[chunk.placement].append(chunk)
            if enough[chunk.placement](chunk):
                waiting.discard(chunk.placement)
    return {placement: joined(parts) for placement, parts in chunks.items()}


async def broken(device: VirtualDevice, radio: VirtualRadio) -> float:
    """Break the link a second into the stream; when that was."""
    await until(lambda: device.streaming)
    await radio.sleep_until(radio.now() + 1.0)
    broken_s = radio.now()
    await device.drop(away_s=AWAY_S)
    return broken_s


async def killed_while_streaming() -> None:
    """Let another process stream from the one sensor, and kill it."""
    async with program("tests.bluez.streaming") as (process, output):
        assert await output.readline() == b"streaming\n"
        process.kill()


async def pulled_out(linux: StandIn, source: BleSource, radio: VirtualRadio) -> float:
    """Take the adapter away until the source tells of it, and put it back; when that was."""
    await until(lambda: source.link.connected)
    await radio.sleep_until(radio.now() + 0.5)
    await linux.unplug()
    await until(lambda: "No Bluetooth adapters" in (source.problem or ""))
    linux.plug_in()
    return radio.now()


@asynccontextmanager
async def program(
    module: str, *arguments: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, asyncio.StreamReader]]:
    """Another process on the same bus, and what it prints."""
    command = (sys.executable, "-m", module, *arguments)
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_PATIENCE_S):
            yield process, process.stdout
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
