"""Polar's frames, with vectors of the reference and held to another decoder."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from polar_python.constants import PmdMeasurementType
from polar_python.models import (
    ACCData,
    GyroData,
    MeasurementSettings,
)
from polar_python.parsers import parse_polar_data

from sensors.devices.family import Battery, CodecError, Frame, Message, Reply, Samples
from sensors.devices.polar import (
    CONTROL,
    DATA,
    FACTORS,
    H10,
    VERITY_SENSE,
    PolarDecoder,
    PolarPeripheral,
)
from sensors.devices.polar_frames import (
    Encoding,
    MeasuredFrame,
    Measurement,
    Operation,
    Request,
    Response,
    SettingKind,
    bits_of,
)
from sensors.types import GRAVITY_MS2
from tests.devices.talking import only_samples

H10_SETTINGS = H10.settings(200)
VERITY_SETTINGS = VERITY_SENSE.settings(52)
UNIX_OF_2000_NS = 946_684_800_000_000_000

ACC_VECTOR = bytes.fromhex("02 6500000000000000 81 F1FF1400F003 06 01 7B0F08")
GYRO_VECTOR = bytes.fromhex("05 0000000000000000 80 EAFF08000D00 03 01 DF00")


def counts(limit: int) -> st.SearchStrategy[NDArray[np.int16]]:
    rows = st.tuples(*[st.integers(-limit - 1, limit)] * 3)
    return st.lists(rows, min_size=1, max_size=60).map(lambda values: np.array(values, np.int16))


stamps = st.integers(0, 2**62 - 1)
small, large = counts(127), counts(32767)
calm = st.tuples(large, st.integers(1, 40)).map(
    lambda of: np.clip(of[0][:1].astype(int) + np.arange(of[1])[:, None] * 3, -32768, 32767)
)
deltas = st.one_of(large, small, calm.map(lambda values: values.astype(np.int16)))
acc_frames = st.one_of(
    st.builds(MeasuredFrame, st.just(Measurement.ACC), stamps, st.just(Encoding.RAW_8_BIT), small),
    st.builds(MeasuredFrame, st.just(Measurement.ACC), stamps, st.just(Encoding.RAW_16_BIT), large),
    st.builds(MeasuredFrame, st.just(Measurement.ACC), stamps, st.just(Encoding.DELTA_1), deltas),
)
gyro_frames = st.builds(
    MeasuredFrame, st.just(Measurement.GYRO), stamps, st.just(Encoding.DELTA_0), deltas
)
values_of = {
    SettingKind.CHANNELS: st.integers(0, 255),
    SettingKind.FACTOR: st.integers(0, 2**32 - 1),
}
setting_values = st.lists(
    st.sampled_from(SettingKind).flatmap(
        lambda kind: st.tuples(
            st.just(kind),
            st.lists(values_of.get(kind, st.integers(0, 2**16 - 1)), max_size=4).map(tuple),
        )
    ),
    max_size=5,
).map(tuple)
operations, measurements = st.sampled_from(Operation), st.sampled_from(Measurement)
frames: st.SearchStrategy[Frame] = st.one_of(
    acc_frames,
    gyro_frames,
    st.builds(Request, operations, measurements, setting_values),
    st.builds(Response, operations, measurements, st.integers(0, 255), setting_values),
)


@given(frames)
def test_frames_survive_their_bytes(frame: Frame) -> None:
    assert type(frame).from_bytes(bytes(frame)) == frame


@given(st.one_of(acc_frames, gyro_frames))
def test_counts_survive_their_encoding(frame: MeasuredFrame) -> None:
    read = MeasuredFrame.from_bytes(bytes(frame))

    np.testing.assert_array_equal(read.counts, frame.counts)


def test_the_acceleration_of_the_reference() -> None:
    frame = MeasuredFrame.from_bytes(ACC_VECTOR)

    assert frame.last_ns == 101
    assert frame.counts.tolist() == [[-15, 20, 1008], [-20, 17, 1008]]


def test_the_angular_rate_of_the_reference() -> None:
    assert MeasuredFrame.from_bytes(GYRO_VECTOR).counts.tolist() == [[-22, 8, 13], [-23, 11, 16]]


@given(acc_frames)
def test_acceleration_is_that_of_the_other_decoder(frame: MeasuredFrame) -> None:
    theirs = parse_polar_data(bytearray(bytes(frame)), lambda measurement: 1.0)

    (ours,) = only_samples(PolarDecoder(H10, H10_SETTINGS).feed(DATA, bytes(frame)))

    assert isinstance(theirs, ACCData)
    assert theirs.timestamp == frame.last_ns + UNIX_OF_2000_NS
    np.testing.assert_allclose(ours.acc * 1000 / GRAVITY_MS2, theirs.data, atol=1e-6)


@given(gyro_frames)
def test_angular_rate_is_that_of_the_other_decoder(frame: MeasuredFrame) -> None:
    theirs = parse_polar_data(bytearray(bytes(frame)), FACTOR_OF_THEIRS.get)
    decoder = PolarDecoder(VERITY_SENSE, VERITY_SETTINGS)
    n = len(frame.counts)
    still = MeasuredFrame(
        Measurement.ACC, frame.last_ns, Encoding.DELTA_1, np.zeros((n, 3), np.int16)
    )

    decoder.feed(DATA, bytes(still))
    (ours,) = only_samples(decoder.feed(DATA, bytes(frame)))

    assert isinstance(theirs, GyroData)
    assert ours.gyro is not None
    np.testing.assert_allclose(np.degrees(ours.gyro), theirs.data, atol=1e-6)


FACTOR_OF_THEIRS = {PmdMeasurementType.GYRO: FACTORS[Measurement.GYRO]}


def test_the_h10_is_started_by_the_bytes_of_the_reference() -> None:
    stop, start = H10.start(H10_SETTINGS)

    assert stop.data == bytes.fromhex("03 02")
    assert start.data == bytes.fromhex("02 02 00 01 C8 00 01 01 10 00 02 01 08 00")


def test_what_can_be_set_is_read_by_the_other_decoder() -> None:
    peripheral = PolarPeripheral(VERITY_SENSE, "1")

    (answer,) = peripheral.write(CONTROL, bytes(Request(Operation.GET_SETTINGS, Measurement.GYRO)))
    theirs = MeasurementSettings.from_bytes(bytearray(answer.data))

    assert theirs.error_code == 0
    assert [(setting.type, setting.values) for setting in theirs.settings] == [
        (SettingKind.RATE_HZ, [52]),
        (SettingKind.RESOLUTION_BITS, [16]),
        (SettingKind.RANGE, [2000]),
        (SettingKind.CHANNELS, [3]),
    ]


def test_the_stamp_becomes_that_of_the_first_sample() -> None:
    frame = MeasuredFrame(Measurement.ACC, 10**9, Encoding.RAW_16_BIT, np.zeros((36, 3), np.int16))

    (samples,) = only_samples(PolarDecoder(H10, H10_SETTINGS).feed(DATA, bytes(frame)))

    assert samples.ticks == 10**9 - 35 * 5_000_000


def test_frames_join_without_overlap_when_the_true_rate_is_not_the_nominal() -> None:
    decoder = PolarDecoder(H10, H10_SETTINGS)
    true_hz = 206.0
    packets = []
    for i in range(1, 300):
        last_ns = round(36 * i / true_hz * 1e9)
        frame = MeasuredFrame(
            Measurement.ACC, last_ns, Encoding.RAW_16_BIT, np.zeros((36, 3), np.int16)
        )
        packets += only_samples(decoder.feed(DATA, bytes(frame)))

    steps_s = [(b.ticks or 0) / 1e9 - end_s(a) for a, b in pairwise(packets)]

    np.testing.assert_allclose(steps_s[1:], 1 / true_hz, rtol=0.05)
    assert packets[-1].interval_s == pytest.approx(1 / true_hz, rel=1e-3)


def test_a_lost_frame_does_not_change_the_rate() -> None:
    decoder = PolarDecoder(H10, H10_SETTINGS)
    for i in (1, 2, 4, 5, 9):
        frame = MeasuredFrame(
            Measurement.ACC, i * 180_000_000, Encoding.RAW_16_BIT, np.zeros((36, 3), np.int16)
        )
        (samples,) = only_samples(decoder.feed(DATA, bytes(frame)))

        assert samples.interval_s == pytest.approx(0.005)


def test_angular_rates_are_those_of_the_times_of_acceleration() -> None:
    decoder = PolarDecoder(VERITY_SENSE, VERITY_SETTINGS)
    messages: list[Message] = []
    for i in range(20):
        messages += decoder.feed(DATA, bytes(ramp(Measurement.ACC, i)))
        messages += decoder.feed(DATA, bytes(ramp(Measurement.GYRO, i, late_ns=7_000_000)))

    for samples in only_samples(messages):
        assert samples.gyro is not None
        assert samples.ticks is not None
        t_s = samples.ticks / 1e9 + np.arange(len(samples.acc)) * samples.interval_s
        wanted = np.radians(t_s * 100 * FACTORS[Measurement.GYRO])
        np.testing.assert_allclose(samples.gyro[:, 0], wanted, atol=2e-3)
    assert sum(len(samples.acc) for samples in only_samples(messages)) > 19 * 26


def test_acceleration_whose_angular_rates_were_lost_is_lost() -> None:
    decoder = PolarDecoder(VERITY_SENSE, VERITY_SETTINGS)
    messages: list[Message] = []
    for i in range(20):
        messages += decoder.feed(DATA, bytes(ramp(Measurement.ACC, i)))
        if i != 10:
            messages += decoder.feed(DATA, bytes(ramp(Measurement.GYRO, i)))

    kept = only_samples(messages)

    assert sum(len(samples.acc) for samples in kept) in (19 * 26, 19 * 26 + 1)
    silences = [(b.ticks or 0) / 1e9 - end_s(a) for a, b in pairwise(kept)]
    assert max(silences) == pytest.approx(27 / 52, abs=0.02)


def test_a_sensor_that_sets_its_clock_goes_on() -> None:
    decoder = PolarDecoder(VERITY_SENSE, VERITY_SETTINGS)
    messages: list[Message] = []
    for i in [*range(100, 110), *range(10)]:
        messages += decoder.feed(DATA, bytes(ramp(Measurement.ACC, i)))
        messages += decoder.feed(DATA, bytes(ramp(Measurement.GYRO, i)))

    assert sum(len(samples.acc) for samples in only_samples(messages)) >= 19 * 26


def test_a_factor_that_the_sensor_names_is_used() -> None:
    decoder = PolarDecoder(VERITY_SENSE, VERITY_SETTINGS)
    factor = (SettingKind.FACTOR, (bits_of(0.5),))
    answer = Response(Operation.START, Measurement.GYRO, 0, (factor,))

    assert decoder.feed(CONTROL, bytes(answer)) == [Reply("gyro")]

    decoder.feed(DATA, bytes(ramp(Measurement.ACC, 1)))
    (samples,) = only_samples(decoder.feed(DATA, bytes(ramp(Measurement.GYRO, 1))))
    assert samples.gyro is not None
    expected = np.radians(0.5 * ramp(Measurement.GYRO, 1).counts)
    np.testing.assert_allclose(samples.gyro, expected, atol=1e-9)


@pytest.mark.parametrize("factor", [float("nan"), float("inf"), 0.0, -1.0])
def test_a_factor_that_makes_no_sense_is_refused(factor: float) -> None:
    setting = (SettingKind.FACTOR, (bits_of(factor),))
    answer = Response(Operation.START, Measurement.ACC, 0, (setting,))

    with pytest.raises(CodecError, match="multiplied"):
        PolarDecoder(H10, H10_SETTINGS).feed(CONTROL, bytes(answer))


def test_a_partial_choice_is_refused() -> None:
    partial = Request(Operation.START, Measurement.ACC, ((SettingKind.RATE_HZ, (200,)),))

    (answer,) = PolarPeripheral(H10, "1").write(CONTROL, bytes(partial))

    assert PolarDecoder(H10, H10_SETTINGS).feed(CONTROL, answer.data) == [Reply("acc", "error 5")]


def test_what_a_sensor_offers_is_no_answer() -> None:
    value = PolarPeripheral(VERITY_SENSE, "1").read(CONTROL)

    assert value == bytes([0x0F, 0b100100])
    assert PolarDecoder(VERITY_SENSE, VERITY_SETTINGS).feed(CONTROL, value) == []


def test_the_battery_is_the_standard_one() -> None:
    (read,) = H10.battery()

    assert PolarDecoder(H10, H10_SETTINGS).feed(read.characteristic, b"\x4d") == [Battery(77)]


@pytest.mark.parametrize(
    "data",
    [
        ACC_VECTOR[:-1],
        ACC_VECTOR[:12],
        ACC_VECTOR + b"\x00\x05",
        ACC_VECTOR + b"\x06",
        b"\x02" + b"\xff" * 8 + b"\x01" + bytes(6),
        b"\x02" + bytes(8) + b"\x01" + bytes(5),
        b"\x02" + bytes(8) + b"\x7f" + bytes(6),
        b"\x05" + bytes(8) + b"\x01" + bytes(6),
        bytes.fromhex("02 0000000000000000 81 FF7F00000000 02 01 0100"),
        b"",
    ],
    ids=[
        "cut in a block",
        "cut in the first sample",
        "a block of no bits",
        "half a block's head",
        "a stamp of nonsense",
        "half a sample",
        "an unknown encoding",
        "an encoding that angular rates do not have",
        "beyond 16 bits",
        "nothing",
    ],
)
def test_malformed_frames_are_refused(data: bytes) -> None:
    with pytest.raises(CodecError):
        MeasuredFrame.from_bytes(data)


def ramp(measurement: Measurement, i: int, late_ns: int = 0) -> MeasuredFrame:
    """Frame `i` of 26 samples at 52 Hz of a value that grows by 100 counts a second."""
    last_ns = round((i + 1) * 26 / 52 * 1e9) + late_ns
    t_s = last_ns / 1e9 - np.arange(25, -1, -1) / 52
    values = np.rint(np.repeat(t_s[:, None] * 100, 3, axis=1)).astype(np.int16)
    encoding = Encoding.DELTA_1 if measurement is Measurement.ACC else Encoding.DELTA_0
    return MeasuredFrame(measurement, last_ns, encoding, values)


def end_s(samples: Samples) -> float:
    """Time of the last sample."""
    return (samples.ticks or 0) / 1e9 + (len(samples.acc) - 1) * samples.interval_s
