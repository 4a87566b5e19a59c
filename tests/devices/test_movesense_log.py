"""A Movesense's log: its bytes, the talk that fetches it, and what hostile bytes do to it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.devices import FAMILIES
from sensors.devices.family import CodecError, Message, Samples, Write
from sensors.devices.movesense import STREAM_REFERENCE, MovesenseDecoder
from sensors.devices.movesense_backfill import MOST_HELD_MS
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
from sensors.devices.movesense_log import MOST_LOG_BYTES, Step
from sensors.devices.movesense_peripheral import MovesensePeripheral
from sensors.devices.movesense_sbem import HEADER, Chunk, samples_in
from tests.devices.talking import damaged, many_damaged, motion, only_samples

FAMILY = FAMILIES["movesense"]
CHOSEN = FAMILY.settings(104)
REAL_ENTRY = bytes.fromhex("5e04159e0100")
"""Id 94, four bytes: as a real log begins an entry of IMU9 samples, cut to its time."""


def packet(first_ms: int, n: int = 8) -> Imu6:
    return Imu6(first_ms, np.full((n, 3), 1.0), np.full((n, 3), 2.0))


def log_of(*packets: Imu6) -> bytes:
    described = bytes(Chunk(0, b"\x4c\x00<GRP>10,54,70,55,54,71,55"))
    return HEADER + described + b"".join(bytes(Chunk(76, bytes(each))) for each in packets)


def notified(each: Imu6) -> bytes:
    return bytes([ReplyCode.DATA, STREAM_REFERENCE]) + bytes(each)


def part(offset: int, content: bytes) -> bytes:
    return bytes([ReplyCode.DATA, Step.FETCH]) + bytes(LogPart(offset, content))


def ok(step: Step, value: bytes = b"") -> bytes:
    return bytes(Answer(step, 200, value))


def asked(messages: list[Message]) -> list[Command]:
    return [Command.from_bytes(m.data) for m in messages if isinstance(m, Write)]


def ticks(messages: list[Message]) -> list[int | None]:
    return [samples.ticks for samples in only_samples(messages)]


def test_an_entry_is_read_as_real_logs_write_it() -> None:
    assert Chunk.from_bytes(REAL_ENTRY) == Chunk(94, bytes.fromhex("159e0100"))


def test_a_length_of_255_and_more_is_escaped() -> None:
    assert bytes(Chunk(1, bytes(254)))[:2] == b"\x01\xfe"
    assert bytes(Chunk(1, bytes(255)))[:6] == b"\x01\xff\xff\x00\x00\x00"
    assert bytes(Chunk(300, b""))[:4] == b"\xff\x2c\x01\x00"


def test_descriptions_and_entries_of_other_kinds_are_passed_over() -> None:
    time = bytes(Chunk(97, bytes(12)))

    packets = samples_in(log_of(packet(1)) + time + bytes(Chunk(76, bytes(packet(78, n=16)))))

    assert [(each.first_ms, len(each.acc)) for each in packets] == [(1, 8), (78, 16)]


@given(st.data())
def test_a_damaged_log_is_read_up_to_the_damage(data: st.DataObject) -> None:
    log = log_of(packet(0), packet(77), packet(154))
    cut = data.draw(st.integers(0, len(log)))

    packets = samples_in(log[:cut] + data.draw(st.binary(max_size=80)))

    whole = [each.first_ms for each in samples_in(log[:cut])]
    assert [each.first_ms for each in packets[: len(whole)]] == whole
    assert all(np.isfinite(each.acc).all() for each in packets)


def fetching() -> MovesenseDecoder:
    """A decoder that asked for the log, as samples from 77 to 1000 ms are missing."""
    decoder = MovesenseDecoder(CHOSEN)
    decoder.feed(DATA, notified(packet(0)))
    decoder.resume()
    [rest] = asked(decoder.feed(DATA, notified(packet(1000))))
    assert rest.reference == Step.REST
    [_] = asked(decoder.feed(DATA, ok(Step.REST)))
    [fetch] = asked(decoder.feed(DATA, ok(Step.LIST, bytes(LogEntries(((4, 0, 9), (5, 0, 9)))))))
    assert (fetch.code, fetch.number) == (CommandCode.FETCH_LOG, 5)
    assert decoder.feed(DATA, ok(Step.FETCH)) == []
    return decoder


def test_what_was_missed_comes_before_what_waited_and_each_sample_once() -> None:
    decoder = fetching()
    log = log_of(packet(0), packet(77), packet(154), packet(1000), packet(1077))

    assert decoder.feed(DATA, notified(packet(1077))) == []
    assert decoder.feed(DATA, part(0, log[:100])) == []
    assert decoder.feed(DATA, part(100, log[100:])) == []
    messages = decoder.feed(DATA, part(len(log), b""))

    assert ticks(messages) == [77, 154, 1000, 1077]
    assert [command.code for command in asked(messages)] == [CommandCode.CLEAR_LOGBOOK]
    assert ticks(decoder.feed(DATA, notified(packet(1154)))) == [1154]


def test_the_logger_is_cleared_and_set_going_after_the_fetch() -> None:
    decoder = fetching()
    decoder.feed(DATA, part(0, b""))

    [config] = asked(decoder.feed(DATA, ok(Step.CLEAR)))
    [log] = asked(decoder.feed(DATA, ok(Step.CONFIGURE)))

    assert bytes(config) == b"\x06\x5e/Meas/IMU6/104\0"
    assert bytes(log) == b"\x09\x5f\x03"
    assert decoder.feed(DATA, ok(Step.LOG)) == []


def test_parts_that_were_lost_are_fetched_again() -> None:
    decoder = fetching()
    log = log_of(packet(77))

    decoder.feed(DATA, part(20, log[20:]))
    [again] = asked(decoder.feed(DATA, part(len(log), b"")))
    assert again.code is CommandCode.FETCH_LOG
    decoder.feed(DATA, part(0, log[:20]))

    assert ticks(decoder.feed(DATA, part(len(log), b""))) == [77, 1000]


def test_live_samples_wait_for_a_minute_and_no_longer() -> None:
    decoder = fetching()
    decoder.feed(DATA, part(0, log_of(packet(77))))

    assert decoder.feed(DATA, notified(packet(MOST_HELD_MS))) == []
    messages = decoder.feed(DATA, notified(packet(MOST_HELD_MS + 1001)))

    assert ticks(messages) == [77, 1000, MOST_HELD_MS, MOST_HELD_MS + 1001]


def test_a_sensor_whose_stamps_stepped_back_is_not_asked_for_its_log() -> None:
    decoder = MovesenseDecoder(CHOSEN)
    decoder.feed(DATA, notified(packet(5000)))
    decoder.resume()

    messages = decoder.feed(DATA, notified(packet(100)))

    assert ticks(messages) == [100]
    decoder.feed(DATA, ok(Step.REST))
    assert ticks(decoder.feed(DATA, notified(packet(177)))) == [177]


@pytest.mark.parametrize("refused", [Step.LIST, Step.FETCH])
def test_a_log_that_cannot_be_had_holds_up_nothing(refused: Step) -> None:
    decoder = MovesenseDecoder(CHOSEN)
    decoder.feed(DATA, notified(packet(0)))
    decoder.resume()
    decoder.feed(DATA, notified(packet(1000)))
    decoder.feed(DATA, ok(Step.REST))
    if refused is Step.FETCH:
        decoder.feed(DATA, ok(Step.LIST, bytes(LogEntries(((5, 0, 9),)))))

    assert ticks(decoder.feed(DATA, bytes(Answer(refused, 409)))) == [1000]


def test_a_sensor_out_of_room_for_requests_is_asked_no_more() -> None:
    decoder = MovesenseDecoder(CHOSEN)
    decoder.feed(DATA, notified(packet(0)))
    decoder.feed(DATA, bytes(Answer(Step.REST, 429)))

    messages = [
        m for ms in range(77, 200_000, 77) for m in decoder.feed(DATA, notified(packet(ms)))
    ]

    assert asked(messages) == []
    assert len(only_samples(messages)) == len(range(77, 200_000, 77))


@pytest.mark.parametrize("offset", [MOST_LOG_BYTES, 2**32 - 1])
def test_a_part_beyond_any_log_is_refused(offset: int) -> None:
    with pytest.raises(CodecError, match="log"):
        fetching().feed(DATA, part(offset, b"x"))


def test_a_part_that_nobody_asked_for_is_refused() -> None:
    with pytest.raises(CodecError, match="nobody"):
        MovesenseDecoder(CHOSEN).feed(DATA, part(0, b"x"))


def test_the_memory_keeps_the_newest() -> None:
    peripheral = logging()
    seconds = 200
    acc, gyro = motion(104 * seconds, 104)
    for at in range(seconds):
        rows = slice(104 * at, 104 * (at + 1))
        peripheral.keep(Samples(acc[rows], gyro[rows], 1000 * at, 1 / 104))

    packets = samples_in(fetched(peripheral))

    kept_s = (packets[-1].first_ms - packets[0].first_ms) / 1000
    assert kept_s == pytest.approx(153, abs=1)
    assert packets[-1].first_ms == pytest.approx(1000 * seconds, abs=80)


def test_a_log_is_not_given_while_the_sensor_logs() -> None:
    peripheral = logging()
    fetch = Command(CommandCode.FETCH_LOG, 1, number=1)

    for command in (fetch, Command(CommandCode.CLEAR_LOGBOOK, 1)):
        [answer] = peripheral.write(COMMAND, bytes(command))
        assert Answer.from_bytes(answer.data).status == 409


def logging() -> MovesensePeripheral:
    peripheral = MovesensePeripheral("1")
    path = ("/Meas/IMU6/104",)
    peripheral.write(COMMAND, bytes(Command(CommandCode.PUT_DATALOGGER_CONFIG, 1, path)))
    peripheral.write(COMMAND, bytes(Command(CommandCode.PUT_DATALOGGER_STATE, 2, number=3)))
    return peripheral


def fetched(peripheral: MovesensePeripheral) -> bytes:
    peripheral.write(COMMAND, bytes(Command(CommandCode.PUT_DATALOGGER_STATE, 1, number=2)))
    [_, *parts] = peripheral.write(
        COMMAND, bytes(Command(CommandCode.FETCH_LOG, Step.FETCH, number=1))
    )
    return b"".join(LogPart.from_bytes(each.data[2:]).content for each in parts)


def _conversation() -> tuple[bytes, ...]:
    """What a decoder hears that resumes, fetches a log and goes on."""
    log = log_of(*(packet(ms) for ms in range(0, 1000, 77)))
    parts = [part(at, log[at : at + 238]) for at in range(0, len(log), 238)]
    entries = bytes(LogEntries(((5, 0, len(log)),)))
    answers = [ok(Step.REST), ok(Step.LIST, entries), ok(Step.FETCH)]
    rest = [ok(Step.CLEAR), ok(Step.CONFIGURE), ok(Step.LOG)]
    return (*answers, *parts, part(len(log), b""), *rest)


CONVERSATION = _conversation()


def _survives(hostile: Sequence[bytes]) -> None:
    """Whatever the logger says, no more than the typed error comes, and live samples come out."""
    decoder = MovesenseDecoder(CHOSEN)
    decoder.feed(DATA, notified(packet(0)))
    decoder.resume()
    decoder.feed(DATA, notified(packet(1000)))
    heard: list[Message] = []
    for each in [*CONVERSATION[:3], *hostile, *CONVERSATION[3:]]:
        if each[:2] != bytes([ReplyCode.DATA, STREAM_REFERENCE]):
            with suppress(CodecError):
                heard += decoder.feed(DATA, each)
    for ms in (1077, MOST_HELD_MS + 1001, MOST_HELD_MS + 1078):
        heard += decoder.feed(DATA, notified(packet(ms)))
    came = [samples.ticks or 0 for samples in only_samples(heard)]
    assert came == sorted(came)
    assert {1000, 1077, MOST_HELD_MS + 1001, MOST_HELD_MS + 1078} <= set(came)
    assert all(np.isfinite(samples.acc).all() for samples in only_samples(heard))


@settings(max_examples=60)
@given(hostile=st.lists(damaged(CONVERSATION), max_size=12))
def test_a_hostile_logger_does_not_end_the_stream(hostile: list[bytes]) -> None:
    _survives(hostile)


@pytest.mark.slow
@settings(max_examples=3000)
@given(rng=st.randoms(use_true_random=True))
def test_a_flood_of_hostile_log_bytes_does_not_end_the_stream(rng: Random) -> None:
    """3,000 examples of 34 inputs: more than 100,000."""
    _survives(many_damaged(CONVERSATION, 34, rng))
