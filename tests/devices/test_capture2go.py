"""Capture2Go's packages, held to the maker's own decoder."""

from __future__ import annotations

from contextlib import suppress

import capture2go
import numpy as np
import pytest
from capture2go.parsing import Unpacker
from hypothesis import given
from hypothesis import strategies as st

from sensors.devices import FAMILIES
from sensors.devices.capture2go import Capture2GoDecoder
from sensors.devices.capture2go_frames import (
    COMMAND,
    DATA,
    IDLE,
    STREAMING,
    TIME_GAP,
    ClockRoundtrip,
    FullPacked,
    Header,
    LedMode,
    MeasurementMode,
    Package,
    Refusal,
    Status,
)
from sensors.devices.capture2go_peripheral import SEND_BUFFER_BYTES, Capture2GoPeripheral
from sensors.devices.family import Battery, CodecError, Frame, Reply, Samples
from tests.devices.talking import motion, only_samples

FAMILY = FAMILIES["capture2go"]
CHOSEN = FAMILY.settings(100)

int16s = st.integers(-(2**15), 2**15 - 1)
int64s = st.integers(-(2**63), 2**63 - 1)
triples = st.lists(int16s, min_size=24, max_size=24).map(
    lambda counts: np.array(counts, np.int16).reshape(8, 3)
)
payloads = st.builds(
    FullPacked,
    first_ns=st.integers(0, 2**62 - 1),
    gyro=triples,
    acc=triples,
    mag=triples,
    quaternion=st.integers(0, 2**64 - 1),
    heading=int16s,
    flags=st.integers(0, 31),
)
statuses = st.builds(
    Status,
    time_ns=int64s,
    state=st.integers(0, 3),
    connection=st.integers(0, 3),
    gyro_bias=st.tuples(int16s, int16s, int16s),
    synchronized=st.booleans(),
    battery=st.integers(0, 100) | st.integers(128, 228),
    free_storage_percent=st.integers(0, 100),
)
frames: st.SearchStrategy[Frame] = st.one_of(
    payloads,
    statuses,
    st.builds(Package, st.integers(0, 2**16 - 1), st.binary(max_size=236)),
    st.builds(MeasurementMode, st.integers(0, 6), st.integers(0, 255)),
    st.builds(ClockRoundtrip, int64s, int64s, int64s, int64s),
    st.builds(LedMode, int64s, int64s, st.booleans()),
    st.builds(Refusal, st.integers(0, 255), st.integers(0, 2**16 - 1)),
)


def decoder() -> Capture2GoDecoder:
    return Capture2GoDecoder(CHOSEN)


def streaming() -> Capture2GoPeripheral:
    peripheral = Capture2GoPeripheral("1")
    for request in FAMILY.start(CHOSEN):
        peripheral.write(request.characteristic, request.data)
    return peripheral


def package_of(payload: FullPacked) -> bytes:
    return bytes(Package(Header.FULL_PACKED + 2, bytes(payload)))


@given(frames)
def test_frames_survive_their_bytes(frame: Frame) -> None:
    assert type(frame).from_bytes(bytes(frame)) == frame


@given(payloads)
def test_samples_are_those_of_the_makers_decoder(payload: FullPacked) -> None:
    data = package_of(payload)
    unpacker = Unpacker()
    unpacker.feed(data)
    theirs = next(unpacker)
    counts = capture2go.pkg

    (ours,) = only_samples(decoder().feed(DATA, b"\xff" + data))

    assert theirs.header == counts.SensorHeader.DATA_FULL_PACKED_100HZ
    assert ours.ticks == theirs.timestamp
    their_acc = np.array(theirs.acc, float).reshape(8, 3) * counts.ACC_SCALE_FACTOR
    their_gyro = np.array(theirs.gyr, float).reshape(8, 3) * counts.GYR_SCALE_FACTOR
    np.testing.assert_allclose(ours.acc, their_acc, rtol=1e-12)
    assert ours.gyro is not None
    np.testing.assert_allclose(ours.gyro, their_gyro, rtol=1e-12)


@given(statuses)
def test_the_battery_is_that_of_the_makers_decoder(status: Status) -> None:
    data = bytes(Package(Header.STATUS, bytes(status)))
    unpacker = Unpacker()
    unpacker.feed(data)
    theirs = next(unpacker).parse()

    assert decoder().feed(DATA, b"\xff" + data) == [
        Battery(theirs["batteryPercentage"], theirs["isCharging"])
    ]


def test_commands_are_those_of_the_makers_library() -> None:
    pkg = capture2go.pkg
    theirs = [
        pkg.CmdStopStreamingAndClearBuffer().pack(),
        pkg.CmdSetMeasurementMode(fullPackedMode=pkg.SamplingMode.MODE_100HZ).pack(),
        pkg.CmdStartStreaming().pack(),
    ]
    led = pkg.CmdSetLedMode(notifyEndTimestamp=5_000_000_000, endTimestampIsRelative=True)

    assert [write.data for write in FAMILY.start(CHOSEN)] == theirs
    assert [write.data for write in FAMILY.battery() if hasattr(write, "data")] == [
        pkg.CmdGetStatus().pack()
    ]
    assert [write.data for write in FAMILY.identify()] == [led.pack()]


@given(st.lists(payloads, min_size=1, max_size=4), st.data())
def test_packages_may_be_cut_anywhere(packages: list[FullPacked], data: st.DataObject) -> None:
    stream = b"".join(package_of(payload) for payload in packages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    parts = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    listening = decoder()

    samples = [s for part in parts for s in only_samples(listening.feed(DATA, b"\xff" + part))]

    assert [s.ticks for s in samples] == [payload.first_ns for payload in packages]


@given(st.lists(payloads, min_size=2, max_size=4), st.integers(0, 170), st.integers(0, 7))
def test_a_flipped_bit_costs_one_package_and_no_more(
    packages: list[FullPacked], at: int, bit: int
) -> None:
    damaged = bytearray(package_of(packages[0]))
    damaged[at] ^= 1 << bit
    filler = [package_of(FullPacked(1, *(np.zeros((8, 3), np.int16),) * 3))] * 2
    listening = decoder()

    ticks = []
    for part in [bytes(damaged), *map(package_of, packages[1:]), *filler]:
        with suppress(CodecError):
            ticks += [s.ticks for s in only_samples(listening.feed(DATA, b"\xff" + part))]

    kept = [payload.first_ns for payload in packages[1:]]
    assert ticks[: len(kept)] == kept


def test_real_time_packages_stand_before_the_stream() -> None:
    status = bytes(Package(Header.STATUS, bytes(Status(0, 2, 2, (0, 0, 0), False, 128 + 42, 100))))
    full = package_of(FullPacked(7, *(np.ones((8, 3), np.int16),) * 3))

    battery, samples = decoder().feed(DATA, b"\xfe" + status + full)

    assert battery == Battery(42, charging=True)
    assert isinstance(samples, Samples)
    assert samples.ticks == 7


def test_a_wrong_checksum_is_told() -> None:
    data = bytearray(package_of(FullPacked(7, *(np.ones((8, 3), np.int16),) * 3)))
    data[50] ^= 1

    with pytest.raises(CodecError, match="package"):
        decoder().feed(DATA, b"\xff" + bytes(data))


def test_a_refusal_says_what_was_refused() -> None:
    peripheral = Capture2GoPeripheral("1")

    (answer,) = peripheral.write(COMMAND, bytes(Package(Header.START_STREAMING)))

    assert decoder().feed(DATA, answer.data) == [Reply("stream", "error 0xfb")]


def test_the_clock_is_told_between_the_hosts_times() -> None:
    peripheral = Capture2GoPeripheral("1")
    asked = Package(Header.CLOCK_ROUNDTRIP, bytes(ClockRoundtrip(123)))

    (answer,) = peripheral.write(COMMAND, bytes(asked))

    told = ClockRoundtrip.from_bytes(Package.from_bytes(answer.data[1:]).payload)
    assert told.host_sent_ns == 123
    assert told.sensor_received_ns <= told.sensor_sent_ns


def test_the_makers_decoder_reads_what_was_kept_and_the_flag_of_what_did_not_fit() -> None:
    peripheral = streaming()
    acc, gyro = motion(8, 100)
    most = SEND_BUFFER_BYTES // 171
    for at in range(most + 10):
        peripheral.keep(Samples(acc, gyro, at * 80_000_000, 0.01))
    unpacker = Unpacker()
    packages = []
    for at in range(most + 10, 2 * most):
        for notification in peripheral.stream(Samples(acc, gyro, at * 80_000_000, 0.01)):
            unpacker.feed(notification.data[1:])
        packages += list(unpacker)

    taken = [package.timestamp // 80_000_000 for package in packages]
    flagged = [bool(package.errorFlags & TIME_GAP) for package in packages]
    assert taken[: most + 1] == [*range(most), taken[most]]
    assert [at for at, flag in enumerate(flagged) if flag] == [most]
    assert taken[most] >= most + 10


@given(st.integers(1, 6), st.integers(0, 800))
def test_what_was_on_its_way_when_the_link_broke_is_sent_first(packages: int, sent: int) -> None:
    peripheral = streaming()
    acc, gyro = motion(8 * packages, 100)
    notifications = peripheral.stream(Samples(acc, gyro, 0, 0.01))
    listening = decoder()
    arrived = sent % (len(notifications) + 1)
    heard_first = [m for each in notifications[:arrived] for m in listening.feed(DATA, each.data)]

    peripheral.unsent(notifications[arrived:])
    listening.resume()
    again = peripheral.stream(Samples(acc[:0], gyro[:0], 0, 0.01))
    messages = heard_first + [m for each in again for m in listening.feed(DATA, each.data)]

    ticks = [samples.ticks for samples in only_samples(messages)]
    assert ticks == [80_000_000 * at for at in range(packages)]


@pytest.mark.parametrize(("state", "begins"), [(STREAMING, False), (IDLE, True)])
def test_only_a_sensor_that_was_off_is_started_again(state: int, begins: bool) -> None:
    listening = decoder()
    status = bytes(Package(Header.STATUS, bytes(Status(0, state, 2, (0, 0, 0), False, 50, 100))))

    assert [write.data for write in listening.resume()] == [capture2go.pkg.CmdGetStatus().pack()]
    [_, *said] = listening.feed(DATA, b"\xff" + status)

    assert said == (list(FAMILY.start(CHOSEN))[1:] if begins else [])
    assert listening.feed(DATA, b"\xff" + status) == [Battery(50, charging=False)]
