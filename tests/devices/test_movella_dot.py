"""Movella DOT's frames, byte for byte as the specification lays them out."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.clock import CounterClock
from sensors.devices import FAMILIES
from sensors.devices.family import Battery, CodecError, Frame, Samples
from sensors.devices.movella_dot import (
    BATTERY,
    CONTROL,
    DEVICE_CONTROL,
    LONG_PAYLOAD,
    MEDIUM_PAYLOAD,
    RATES_HZ,
    Charge,
    DeviceControl,
    Measurement,
    Mode,
    MovellaDotDecoder,
    MovellaDotPeripheral,
    Sample,
)
from tests.devices.talking import heard, only_samples

FAMILY = FAMILIES["movella_dot"]
CHOSEN = FAMILY.settings(60)

numbers = st.floats(-1e5, 1e5, width=32)
triples = st.lists(numbers, min_size=3, max_size=3).map(np.array)
quaternions = st.none() | st.lists(numbers, min_size=4, max_size=4).map(np.array)
frames: st.SearchStrategy[Frame] = st.one_of(
    st.builds(Sample, st.integers(0, 2**32 - 1), triples, triples, quaternions),
    st.builds(Measurement, st.booleans(), st.sampled_from(Mode)),
    st.builds(DeviceControl, st.booleans(), st.none() | st.sampled_from(RATES_HZ)),
    st.builds(Charge, st.integers(0, 100), st.booleans()),
)


@given(frames)
def test_frames_survive_their_bytes(frame: Frame) -> None:
    assert type(frame).from_bytes(bytes(frame)) == frame


def test_mode_21_is_time_acceleration_and_angular_rate() -> None:
    data = struct.pack("<I6f", 16667, 0.5, -1.5, 9.75, 90.0, 0.0, -180.0)

    (samples,) = only_samples(MovellaDotDecoder(CHOSEN).feed(MEDIUM_PAYLOAD, data))

    assert samples.ticks == 16667
    np.testing.assert_array_equal(samples.acc, [[0.5, -1.5, 9.75]])
    assert samples.gyro is not None
    np.testing.assert_allclose(samples.gyro, [[np.pi / 2, 0, -np.pi]])


def test_mode_26_has_the_quaternion_before_the_acceleration() -> None:
    data = struct.pack("<I10f", 16667, 0.5, 0.5, -0.5, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)

    sample = Sample.from_bytes(data)

    assert sample.quaternion is not None
    np.testing.assert_array_equal(sample.quaternion, [0.5, 0.5, -0.5, 0.5])
    np.testing.assert_array_equal(sample.acc, [1, 2, 3])
    np.testing.assert_array_equal(sample.gyro_dps, [4, 5, 6])


def test_start_sets_the_rate_while_the_sensor_rests() -> None:
    writes = [(w.characteristic, w.data) for w in FAMILY.start(CHOSEN)]

    assert writes == [
        (CONTROL, bytes([1, 0, 21])),
        (DEVICE_CONTROL, bytes([0x10]) + bytes(23) + bytes([60, 0]) + bytes(6)),
        (CONTROL, bytes([1, 1, 21])),
    ]


def test_identify_asks_it_to_blink() -> None:
    (write,) = FAMILY.identify()

    assert write.data == bytes([1, 1]) + bytes(30)


@pytest.mark.parametrize(
    ("mode", "characteristic"),
    [(Mode.RATE_QUANTITIES, MEDIUM_PAYLOAD), (Mode.CUSTOM_5, LONG_PAYLOAD)],
)
def test_a_virtual_dot_streams_in_both_modes(mode: Mode, characteristic: str) -> None:
    peripheral = MovellaDotPeripheral("1")
    peripheral.write(CONTROL, bytes(Measurement(True, mode)))
    acc = np.arange(6.0).reshape(2, 3)

    notifications = peripheral.stream(Samples(acc, -acc, 1000, 1 / 60))

    assert {n.characteristic for n in notifications} == {characteristic}
    samples = only_samples(heard(MovellaDotDecoder(CHOSEN), notifications))
    np.testing.assert_allclose(np.concatenate([s.acc for s in samples]), acc, atol=1e-6)
    assert [s.ticks for s in samples] == [1000, 17667]


def test_its_count_wraps_after_71_6_minutes_and_time_goes_on() -> None:
    assert FAMILY.tick_hz is not None
    assert FAMILY.tick_modulus is not None
    assert FAMILY.tick_modulus / FAMILY.tick_hz / 60 == pytest.approx(71.6, abs=0.02)
    peripheral = MovellaDotPeripheral("1")
    peripheral.write(CONTROL, bytes(Measurement(True, Mode.RATE_QUANTITIES)))
    still = np.zeros((60, 3))

    first = 2**32 - 500_000
    notifications = peripheral.stream(Samples(still, still, first, 1 / 60))
    ticks = [s.ticks for s in only_samples(heard(MovellaDotDecoder(CHOSEN), notifications))]

    counts = np.array([t for t in ticks if t is not None])
    assert counts.min() < 500_000 < 2**31 < counts.max()
    seconds = CounterClock(FAMILY.tick_hz, FAMILY.tick_modulus).seconds(counts)
    np.testing.assert_allclose(seconds, np.arange(60) / 60, atol=2e-6)


def test_the_battery_says_whether_it_charges() -> None:
    assert MovellaDotDecoder(CHOSEN).feed(BATTERY, bytes([77, 1])) == [Battery(77, charging=True)]


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x65\x00", b"\x40\x02"])
def test_a_battery_that_cannot_be_is_refused(data: bytes) -> None:
    with pytest.raises(CodecError):
        MovellaDotDecoder(CHOSEN).feed(BATTERY, data)


def test_what_is_no_number_is_no_sample() -> None:
    with pytest.raises(CodecError, match="not made of numbers"):
        Sample.from_bytes(bytes(4) + b"\xff" * 24)
