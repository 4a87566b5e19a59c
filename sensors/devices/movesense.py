"""Movesense sensors (HR2, MD, Flash) by their GATT SensorData Protocol, "GSP".

Facts from Movesense's description of the protocol (esw/gatt_sensordata_protocol) and, where that is
silent, from the notes on real sensors in sokolmarek/movesense-commander (docs/gsp-protocol.md).
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

import numpy as np

from sensors.devices.family import (
    Battery,
    Characteristic,
    CodecError,
    Frame,
    Message,
    Notification,
    Peripheral,
    Profile,
    Read,
    Reply,
    Samples,
    Service,
    Settings,
    Write,
    nearest_rate,
)
from sensors.devices.packets import Packet, Packets, Spacing
from sensors.types import (
    FULL_SCALE_COUNTS,
    GRAVITY_MS2,
    FloatArray,
    Placement,
    StreamInfo,
)

SERVICE = "34802252-7185-4d5d-b431-630e7050e8f0"
COMMAND = "34800001-7185-4d5d-b431-630e7050e8f0"
DATA = "34800002-7185-4d5d-b431-630e7050e8f0"
ADVERTISED = ("0000fdf3-0000-1000-8000-00805f9b34fb", "0000180d-0000-1000-8000-00805f9b34fb")

RATES_HZ = (13, 26, 52, 104, 208)
PACKETS_PER_S = 13
"""At every rate: at 104 Hz a packet holds 8 samples."""

ACC_RANGE_G = 8.0
GYRO_RANGE_DPS = 2000.0
"""The ranges that it has when nobody has set others, which GSP cannot."""

WIDEST_ACC_RANGE_G = 16.0

BATTERY_PATH = "/System/Energy/Level"
STREAM_REFERENCE = 99
BATTERY_REFERENCE = 98

_TICK_HZ = 1000.0
_TICK_MODULUS = 2**32
_SAMPLE_BYTES = 24
_MOST_PACKET_BYTES = 4 + _SAMPLE_BYTES * RATES_HZ[-1] // PACKETS_PER_S
_OK, _NOT_FOUND, _NOT_IMPLEMENTED = 200, 404, 501


class CommandCode(IntEnum):
    """What the host asks; the codes that nothing here sends are left out."""

    SUBSCRIBE = 1
    UNSUBSCRIBE = 2
    GET = 4


class ReplyCode(IntEnum):
    """What a notification is."""

    ANSWER = 1
    DATA = 2
    DATA_CONTINUED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Command(Frame):
    """A request. SUBSCRIBE and GET name a `path`; UNSUBSCRIBE the subscription's `reference`."""

    code: CommandCode
    reference: int
    path: str = ""

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a command; CodecError if it is cut short, unknown or its path is not text."""
        if len(data) < 2 or data[0] not in set(CommandCode):
            raise CodecError(f"No Movesense command: {data[:8].hex()}; it was ignored.")
        path = data[2:]
        if path and (path[-1] != 0 or not path[:-1].isascii() or 0 in path[:-1]):
            raise CodecError(f"A Movesense path is not text: {path[:16].hex()}; it was ignored.")
        return cls(CommandCode(data[0]), data[1], path[:-1].decode("ascii"))

    def __bytes__(self) -> bytes:
        path = self.path.encode("ascii") + b"\0" if self.path else b""
        return bytes([self.code, self.reference]) + path


@dataclass(frozen=True, slots=True, eq=False)
class Answer(Frame):
    """The answer to a command: an HTTP status and, to a GET, the value."""

    reference: int
    status: int
    value: bytes = b""

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read an answer; CodecError if it is none."""
        if len(data) < 4 or data[0] != ReplyCode.ANSWER:
            raise CodecError(f"No Movesense answer: {data[:8].hex()}; it was ignored.")
        return cls(data[1], int.from_bytes(data[2:4], "little"), data[4:])

    def __bytes__(self) -> bytes:
        return struct.pack("<BBH", ReplyCode.ANSWER, self.reference, self.status) + self.value


@dataclass(frozen=True, slots=True, eq=False)
class Imu6(Frame):
    """Samples as /Meas/IMU6 sends them, without code and reference.

    `first_ms` is the device's time of the first sample, `acc` (n, 3) is in m/s² and `gyro_dps`
    (n, 3) in °/s. All of acc comes before all of gyro.
    """

    first_ms: int
    acc: FloatArray
    gyro_dps: FloatArray

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read samples; CodecError if the length fits no whole number or a value is not finite."""
        n, rest = divmod(len(data) - 4, _SAMPLE_BYTES)
        if n < 1 or rest:
            raise CodecError(f"{len(data)} bytes are no Movesense samples; they were lost.")
        values = np.frombuffer(data, "<f4", offset=4)
        if not np.isfinite(values).all():
            raise CodecError("Movesense samples are not numbers; a packet was lost.")
        acc, gyro = values.astype(np.float64).reshape(2, n, 3)
        return cls(int.from_bytes(data[:4], "little"), acc, gyro)

    def __bytes__(self) -> bytes:
        values = np.concatenate([self.acc, self.gyro_dps]).astype("<f4")
        return self.first_ms.to_bytes(4, "little") + values.tobytes()


class Movesense:
    """The host's half."""

    name = "movesense"
    model = "Movesense"
    notify = (DATA,)
    tick_hz = _TICK_HZ
    tick_modulus = _TICK_MODULUS

    def recognises(self, name: str | None, service_uuids: Collection[str]) -> bool:
        """By name: the service is not advertised, and FDF3 is shared with other makers' devices."""
        return (name or "").startswith("Movesense") or SERVICE in service_uuids

    def settings(self, rate_hz: float) -> Settings:
        """One of five rates; the ranges are the sensor's own and cannot be set over GSP."""
        return Settings(nearest_rate(RATES_HZ, rate_hz), ACC_RANGE_G, GYRO_RANGE_DPS)

    def stream_info(self, settings: Settings, placement: Placement, device_id: str) -> StreamInfo:
        """Samples are floats on the air: the counts spread over the widest ranges it can have."""
        return StreamInfo(
            placement=placement,
            rate_hz=settings.rate_hz,
            acc_scale_ms2=WIDEST_ACC_RANGE_G * GRAVITY_MS2 / FULL_SCALE_COUNTS,
            gyro_scale_rads=float(np.radians(GYRO_RANGE_DPS)) / FULL_SCALE_COUNTS,
            device_id=device_id,
            model=self.model,
        )

    def start(self, settings: Settings) -> Sequence[Write]:
        """Subscribe to acceleration and angular rate."""
        return (_write(CommandCode.SUBSCRIBE, STREAM_REFERENCE, _imu6_path(settings.rate_hz)),)

    def stop(self) -> Sequence[Write]:
        """Unsubscribe."""
        return (_write(CommandCode.UNSUBSCRIBE, STREAM_REFERENCE),)

    def battery(self) -> Sequence[Write | Read]:
        """Ask for the level."""
        return (_write(CommandCode.GET, BATTERY_REFERENCE, BATTERY_PATH),)

    def identify(self) -> Sequence[Write]:
        """GSP cannot write to the LED."""
        return ()

    def decoder(self, settings: Settings) -> MovesenseDecoder:
        """A decoder for one connection."""
        return MovesenseDecoder(settings)

    def peripheral(self, serial: str) -> Peripheral:
        """A virtual Movesense."""
        return MovesensePeripheral(serial)


class MovesenseDecoder:
    """Joins continued packets: one is continued if its length fits no whole number of samples."""

    def __init__(self, settings: Settings) -> None:
        self._spacing = Spacing(settings.rate_hz, _TICK_HZ, _TICK_MODULUS)
        self._before = 0
        self._begun = b""

    def feed(self, characteristic: str, data: bytes) -> list[Message]:
        """Take one notification."""
        if len(data) < 2 or data[0] not in set(ReplyCode):
            raise CodecError(f"Not from a Movesense: {data[:8].hex()}; it was ignored.")
        if data[0] == ReplyCode.ANSWER:
            return [_understood(Answer.from_bytes(data))]
        if data[1] != STREAM_REFERENCE:
            raise CodecError(f"Movesense data of nobody's subscription {data[1]}; they were lost.")
        begun, self._begun = self._begun, b""
        if data[0] == ReplyCode.DATA_CONTINUED and not begun:
            raise CodecError("A Movesense packet lacks its beginning; it was lost.")
        packet = data[2:] if data[0] == ReplyCode.DATA else begun + data[2:]
        if (len(packet) - 4) % _SAMPLE_BYTES and len(packet) < _MOST_PACKET_BYTES:
            self._begun = packet
            return []
        return [self._samples(packet)]

    def _samples(self, data: bytes) -> Samples:
        packet = Imu6.from_bytes(data)
        self._spacing.update(packet.first_ms, self._before)
        self._before = len(packet.acc)
        return Samples(
            packet.acc, np.radians(packet.gyro_dps), packet.first_ms, self._spacing.interval_s
        )


class MovesensePeripheral:
    """The device's half: one subscription, packets of 1/13 s."""

    def __init__(self, serial: str, *, most_bytes: int = 244) -> None:
        self.battery_percent = 100
        self._serial = serial
        self._most_bytes = most_bytes
        self._settings: Settings | None = None
        self._reference = 0
        self._packets: Packets | None = None

    @property
    def settings(self) -> Settings | None:
        """What it streams at."""
        return self._settings

    @property
    def profile(self) -> Profile:
        """What it advertises and serves."""
        characteristics = (
            Characteristic(COMMAND, frozenset({"write"})),
            Characteristic(DATA, frozenset({"notify"})),
        )
        services = (Service(SERVICE, characteristics),)
        return Profile(f"Movesense {self._serial}", ADVERTISED, services)

    def read(self, characteristic: str) -> bytes:
        """Nothing can be read."""
        return b""

    def write(self, characteristic: str, data: bytes) -> list[Notification]:
        """Answer a command."""
        try:
            command = Command.from_bytes(data)
        except CodecError:
            reference = data[1] if len(data) > 1 else 0
            return [Notification(DATA, bytes(Answer(reference, _NOT_IMPLEMENTED)))]
        return [Notification(DATA, bytes(self._answer(command)))]

    def stream(self, samples: Samples) -> list[Notification]:
        """Cut samples into packets of 1/13 s."""
        if self._packets is None:
            return []
        notifications = []
        for packet in self._packets.cut(samples):
            notifications += self._cut(bytes(_imu6(packet)))
        return notifications

    def _answer(self, command: Command) -> Answer:
        if command.code is CommandCode.UNSUBSCRIBE:
            self._settings = self._packets = None
            return Answer(command.reference, _OK)
        if command.code is CommandCode.GET and command.path == BATTERY_PATH:
            return Answer(command.reference, _OK, bytes([self.battery_percent]))
        rate_hz = _RATE_OF_PATH.get(command.path)
        if command.code is not CommandCode.SUBSCRIBE or rate_hz is None:
            return Answer(command.reference, _NOT_FOUND)
        self._settings = Settings(float(rate_hz), ACC_RANGE_G, GYRO_RANGE_DPS)
        self._reference = command.reference
        size = rate_hz // PACKETS_PER_S
        self._packets = Packets(size, tick_hz=_TICK_HZ, tick_modulus=_TICK_MODULUS)
        return Answer(command.reference, _OK)

    def _cut(self, data: bytes) -> list[Notification]:
        most = self._most_bytes - 2
        parts = [data[at : at + most] for at in range(0, len(data), most)]
        codes = [ReplyCode.DATA] + [ReplyCode.DATA_CONTINUED] * (len(parts) - 1)
        return [
            Notification(DATA, bytes([code, self._reference]) + part)
            for code, part in zip(codes, parts, strict=True)
        ]


def _imu6_path(rate_hz: float) -> str:
    return f"/Meas/IMU6/{rate_hz:.0f}"


_RATE_OF_PATH = {_imu6_path(rate): rate for rate in RATES_HZ}


def _imu6(packet: Packet) -> Imu6:
    acc_range_ms2 = ACC_RANGE_G * GRAVITY_MS2
    return Imu6(
        int(packet.ticks[0]),
        np.clip(packet.acc, -acc_range_ms2, acc_range_ms2),
        np.clip(np.degrees(packet.gyro), -GYRO_RANGE_DPS, GYRO_RANGE_DPS),
    )


def _write(code: CommandCode, reference: int, path: str = "") -> Write:
    return Write(COMMAND, bytes(Command(code, reference, path)))


def _understood(answer: Answer) -> Message:
    request = {STREAM_REFERENCE: "stream", BATTERY_REFERENCE: "battery"}.get(answer.reference, "")
    if answer.status >= 300:
        return Reply(request, f"status {answer.status}")
    if answer.reference != BATTERY_REFERENCE:
        return Reply(request)
    if len(answer.value) != 1:
        raise CodecError("A Movesense battery level is not one byte; it was ignored.")
    return Battery(min(answer.value[0], 100))
