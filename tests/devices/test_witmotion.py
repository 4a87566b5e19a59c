"""WitMotion's frames, with a capture of a real sensor."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.devices import FAMILIES
from sensors.devices.family import Battery, CodecError, Frame, Message
from sensors.devices.witmotion import (
    ACC_SCALE_MS2,
    BATTERY_LEVELS,
    COMMAND,
    DATA,
    VOLTAGE,
    Command,
    Motion,
    Registers,
    WitMotionDecoder,
    WitMotionPeripheral,
)
from sensors.types import GRAVITY_MS2
from tests.devices.talking import only_samples

FAMILY = FAMILIES["witmotion"]
CHOSEN = FAMILY.settings(100)

counts = st.integers(-(2**15), 2**15 - 1)
triples = st.lists(counts, min_size=3, max_size=3).map(lambda values: np.array(values, np.int16))
motions = st.builds(Motion, triples, triples, triples)
words = st.integers(0, 2**16 - 1)
registers = st.builds(Registers, words, st.tuples(*[words] * 8))
frames: st.SearchStrategy[Frame] = st.one_of(
    motions, registers, st.builds(Command, st.integers(0, 255), words)
)


def fed(decoder: WitMotionDecoder, *parts: bytes) -> list[Message]:
    messages = []
    for part in parts:
        with suppress(CodecError):
            messages += decoder.feed(DATA, part)
    return messages


def acc_counts(messages: list[Message]) -> list[list[int]]:
    return [
        [round(value) for value in row / ACC_SCALE_MS2]
        for samples in only_samples(messages)
        for row in samples.acc
    ]


@given(frames)
def test_frames_survive_their_bytes(frame: Frame) -> None:
    assert type(frame).from_bytes(bytes(frame)) == frame


def test_a_real_capture_is_understood() -> None:
    capture = bytes.fromhex("556135ff59ff0a08") + bytes(12)

    (samples,) = only_samples(WitMotionDecoder(CHOSEN).feed(DATA, capture))

    np.testing.assert_allclose(samples.acc / GRAVITY_MS2, [[-0.099, -0.082, 1.005]], atol=1e-3)
    assert samples.ticks is None


def test_the_rate_is_unlocked_and_set() -> None:
    assert [write.data.hex() for write in FAMILY.start(CHOSEN)] == ["ffaa6988b5", "ffaa030900"]


def test_a_rate_is_not_set_while_locked() -> None:
    peripheral = WitMotionPeripheral("1")

    peripheral.write(COMMAND, bytes.fromhex("ffaa030900"))

    assert peripheral.settings is None


@given(st.lists(motions, min_size=1, max_size=6), st.data())
def test_frames_may_be_cut_anywhere(frames: list[Motion], data: st.DataObject) -> None:
    stream = b"".join(bytes(frame) for frame in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    parts = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    messages = fed(WitMotionDecoder(CHOSEN), *parts)

    assert acc_counts(messages) == [frame.acc.tolist() for frame in frames]


plain = st.integers(0, 80).map(lambda value: np.full(3, value, np.int16))


@given(st.lists(st.builds(Motion, plain, plain, plain), min_size=3, max_size=6), st.binary())
def test_after_junk_it_finds_the_next_frame(frames: list[Motion], junk: bytes) -> None:
    junk = junk.replace(b"\x55", b"")
    stream = b"".join(bytes(frame) for frame in frames)

    messages = fed(WitMotionDecoder(CHOSEN), junk + stream)

    assert acc_counts(messages) == [frame.acc.tolist() for frame in frames]


def test_a_header_inside_a_cut_frame_does_not_deceive() -> None:
    treacherous = Motion(np.array([0, 0x6155, 0], np.int16), *[np.zeros(3, np.int16)] * 2)
    whole = Motion(*[np.ones(3, np.int16)] * 3)
    stream = bytes(treacherous)[3:] + bytes(whole) * 3

    messages = fed(WitMotionDecoder(CHOSEN), stream)

    assert acc_counts(messages) == [[1, 1, 1]] * 3


def test_junk_alone_is_told() -> None:
    with pytest.raises(CodecError, match="Not from a WitMotion"):
        WitMotionDecoder(CHOSEN).feed(DATA, bytes(40))


@pytest.mark.parametrize(("volts", "percent"), [*BATTERY_LEVELS, (3.0, 0), (4.2, 100)])
def test_the_battery_follows_from_its_voltage(volts: float, percent: int) -> None:
    frame = Registers(VOLTAGE, (round(volts * 100), 0, 0, 0, 0, 0, 0, 0))

    assert WitMotionDecoder(CHOSEN).feed(DATA, bytes(frame)) == [Battery(percent)]


def test_other_registers_say_nothing() -> None:
    frame = Registers(0x51, (1, 2, 3, 4, 5, 6, 7, 8))

    assert WitMotionDecoder(CHOSEN).feed(DATA, bytes(frame)) == []
