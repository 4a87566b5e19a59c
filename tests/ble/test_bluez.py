"""The path of Linux: bleak's own BlueZ backend, over D-Bus, to a stand-in for BlueZ."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from sensors.ble import Backend, BluetoothError, battery, scan
from sensors.clock import gaps
from sensors.source import merge, opened
from sensors.types import Chunk
from sensors.virtual import VirtualDevice, VirtualRadio
from tests.ble.air import PLACEMENTS, after, joined, sensor, sources, taken, until
from tests.ble.bluez import bluez, private_bus

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="BlueZ is of Linux: not checked here"),
    pytest.mark.skipif(
        shutil.which("dbus-daemon") is None,
        reason="dbus-daemon is not installed: the BlueZ path is not checked; install dbus",
    ),
]
RATE_HZ = 104


@asynccontextmanager
async def linux(folder: Path, devices: list[VirtualDevice]) -> AsyncIterator[VirtualRadio]:
    """A Linux computer with Bluetooth and these sensors near."""
    async with (
        VirtualRadio(devices) as radio,
        private_bus(folder) as address,
        bluez(address, radio.backend),
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
            yield radio


def test_sensors_are_found_and_tell_their_battery(tmp_path: Path) -> None:
    async def story() -> None:
        async with linux(tmp_path, [sensor(0), sensor(1, family="movella_dot")]):
            backend = Backend()
            found = await scan(0.5, backend=backend)
            assert {each.family.name for each in found} == {"movesense", "movella_dot"}
            for each in found:
                assert (await battery(each, backend=backend)).percent == 100

    asyncio.run(story())


def test_three_sensors_stream_at_once_without_loss_and_are_told_to_stop(tmp_path: Path) -> None:
    async def story() -> None:
        devices = [sensor(number) for number in range(3)]
        async with linux(tmp_path, devices) as radio:
            live = await sources(radio, Backend())
            chunks: list[Chunk] = []
            async with opened(merge(*live)) as merged:
                async for chunk in merged:
                    chunks.append(chunk)
                    if chunk.t_s[-1] > 3.0:
                        break
            for source, placement in zip(live, PLACEMENTS, strict=True):
                stream = joined([chunk for chunk in chunks if chunk.placement is placement])
                assert np.diff(stream.t_s) == pytest.approx(1 / RATE_HZ, abs=2e-3)
                assert source.link.lost_s == 0
            assert not any(device.streaming or device.connected for device in devices)

    asyncio.run(story())


def test_a_broken_link_is_made_again(tmp_path: Path) -> None:
    async def story() -> None:
        device = sensor(0)
        async with linux(tmp_path, [device]) as radio:
            [source] = await sources(radio, Backend())
            listening = asyncio.create_task(taken(source, after(4.5)))
            await until(lambda: radio.began_s is not None and radio.now() > radio.began_s + 1.0)
            await device.drop(away_s=0.3)
            stream = await listening
        assert len(gaps(stream.t_s, RATE_HZ)) == 1

    asyncio.run(story())


def test_a_computer_without_an_adapter_says_so_in_one_line(tmp_path: Path) -> None:
    async def story() -> None:
        async with private_bus(tmp_path) as address, bluez(address, None):
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
                with pytest.raises(BluetoothError, match=r"No Bluetooth adapters.*plug in") as told:
                    await scan(0.5, backend=Backend())
        assert "\n" not in str(told.value)

    asyncio.run(story())


def test_a_computer_without_a_bus_says_so_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'nowhere'}")
    with pytest.raises(BluetoothError, match=r"so no sensor can be found") as told:
        asyncio.run(scan(0.5, backend=Backend()))
    assert "\n" not in str(told.value)
