"""Movesense's frames, with a packet of a real sensor."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.devices import FAMILIES
from sensors.devices.family import Battery, CodecError, Frame, Reply
from sensors.devices.movesense import BATTERY_REFERENCE, STREAM_REFERENCE, MovesenseDecoder
from sensors.devices.movesense_frames import (
    COMMAND,
    DATA,
    Answer,
    Command,
    CommandCode,
    Imu6,
    LogEntries,
    LogPart,
    ReplyCode,
)
from sensors.devices.movesense_peripheral import MovesensePeripheral
from sensors.devices.movesense_sbem import Chunk
from sensors.types import FloatArray
from tests.devices.talking import only_samples

FAMILY = FAMILIES["movesense"]
CHOSEN = FAMILY.settings(104)

REAL_BEGINNING = bytes.fromhex("159e01005c6e61bd56d29cbd8c2a1dc1")
"""Time and the first acceleration of a packet of a real sensor."""


def floats(n: int) -> st.SearchStrategy[FloatArray]:
    numbers = st.floats(-1e5, 1e5, width=32)
    return st.lists(numbers, min_size=3 * n, max_size=3 * n).map(
        lambda values: np.array(values).reshape(n, 3)
    )


packets = st.integers(1, 16).flatmap(
    lambda n: st.builds(Imu6, st.integers(0, 2**32 - 1), floats(n), floats(n))
)
bytes_ = st.integers(0, 255)
uint32s = st.integers(0, 2**32 - 1)
paths = st.lists(st.text("/abcMIU6_0123456789", max_size=30), max_size=3).map(tuple)
of_paths = st.sampled_from(
    [CommandCode.SUBSCRIBE, CommandCode.GET, CommandCode.PUT_DATALOGGER_CONFIG]
)
bare = st.sampled_from([CommandCode.UNSUBSCRIBE, CommandCode.CLEAR_LOGBOOK])
entries = st.lists(st.tuples(uint32s, uint32s, st.integers(0, 2**64 - 1)), max_size=20)
frames: st.SearchStrategy[Frame] = st.one_of(
    packets,
    st.builds(Command, of_paths, bytes_, paths),
    st.builds(Command, bare, bytes_),
    st.builds(Command, st.just(CommandCode.FETCH_LOG), bytes_, number=uint32s),
    st.builds(Command, st.just(CommandCode.PUT_DATALOGGER_STATE), bytes_, number=bytes_),
    st.builds(Answer, bytes_, st.integers(0, 2**16 - 1), st.binary(max_size=40)),
    st.builds(LogEntries, entries.map(tuple)),
    st.builds(LogPart, uint32s, st.binary(max_size=240)),
    st.builds(Chunk, st.integers(0, 2**16 - 1), st.binary(max_size=600)),
)


def notified(packet: Imu6, *, first_part: int | None = None) -> list[bytes]:
    data = bytes(packet)
    parts = [data] if first_part is None else [data[:first_part], data[first_part:]]
    codes = [ReplyCode.DATA, ReplyCode.DATA_CONTINUED]
    return [
        bytes([code, STREAM_REFERENCE]) + part for code, part in zip(codes, parts, strict=False)
    ]


@given(frames)
def test_frames_survive_their_bytes(frame: Frame) -> None:
    assert type(frame).from_bytes(bytes(frame)) == frame


def test_a_real_packet_is_understood() -> None:
    packet = Imu6.from_bytes(REAL_BEGINNING + bytes(12))

    assert packet.first_ms == 106005
    np.testing.assert_allclose(packet.acc, [[-0.055, -0.077, -9.823]], atol=1e-3)
    np.testing.assert_array_equal(packet.gyro_dps, np.zeros((1, 3)))


def test_all_acceleration_comes_before_all_angular_rate() -> None:
    values = np.arange(12.0)

    packet = Imu6.from_bytes(bytes(4) + values.astype("<f4").tobytes())

    np.testing.assert_array_equal(packet.acc, [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(packet.gyro_dps, [[6, 7, 8], [9, 10, 11]])


def test_the_stream_is_asked_for_by_its_path() -> None:
    (request,) = FAMILY.start(FAMILY.settings(100))

    assert request.characteristic == COMMAND
    assert request.data == b"\x01\x63/Meas/IMU6/104\0"


@given(packets, st.integers(5, 380).filter(lambda n: (n - 4) % 24))
def test_a_packet_in_two_notifications_is_one(packet: Imu6, first_part: int) -> None:
    first_part = min(first_part, len(bytes(packet)) - 1)
    decoder = MovesenseDecoder(CHOSEN)

    messages = [m for d in notified(packet, first_part=first_part) for m in decoder.feed(DATA, d)]

    (samples,) = only_samples(messages)
    np.testing.assert_allclose(samples.acc, packet.acc)


def test_a_continuation_without_beginning_is_refused_and_the_next_packet_read() -> None:
    decoder = MovesenseDecoder(CHOSEN)
    packet = Imu6(5, np.ones((8, 3)), np.ones((8, 3)))

    with pytest.raises(CodecError, match="beginning"):
        decoder.feed(DATA, notified(packet, first_part=110)[1])

    assert len(only_samples(decoder.feed(DATA, notified(packet)[0]))) == 1


def test_a_packet_whose_end_was_lost_does_not_spoil_the_next() -> None:
    decoder = MovesenseDecoder(CHOSEN)
    packet = Imu6(5, np.ones((8, 3)), np.ones((8, 3)))

    assert decoder.feed(DATA, notified(packet, first_part=110)[0]) == []

    (samples,) = only_samples(decoder.feed(DATA, notified(packet)[0]))
    assert samples.ticks == 5


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_no_sample(value: float) -> None:
    packet = Imu6(5, np.full((8, 3), value), np.ones((8, 3)))

    with pytest.raises(CodecError, match="not numbers"):
        MovesenseDecoder(CHOSEN).feed(DATA, notified(packet)[0])


def test_a_refusal_carries_the_status() -> None:
    answer = bytes(Answer(STREAM_REFERENCE, 429))

    assert MovesenseDecoder(CHOSEN).feed(DATA, answer) == [Reply("stream", "status 429")]


def test_a_battery_above_full_is_full() -> None:
    answer = bytes(Answer(BATTERY_REFERENCE, 200, b"\xff"))

    assert MovesenseDecoder(CHOSEN).feed(DATA, answer) == [Battery(100)]


def test_an_unknown_path_is_not_found() -> None:
    command = Command(CommandCode.SUBSCRIBE, 7, ("/Meas/Unknown",))

    (answer,) = MovesensePeripheral("1").write(COMMAND, bytes(command))

    assert Answer.from_bytes(answer.data) == Answer(7, 404)


def test_the_interval_follows_the_sensors_own_oscillator() -> None:
    decoder = MovesenseDecoder(CHOSEN)
    true_hz = 101.0
    for i in range(400):
        packet = Imu6(round(1000 * 8 * i / true_hz), np.ones((8, 3)), np.ones((8, 3)))
        (samples,) = only_samples(decoder.feed(DATA, notified(packet)[0]))

    assert samples.interval_s == pytest.approx(1 / true_hz, rel=0.003)
