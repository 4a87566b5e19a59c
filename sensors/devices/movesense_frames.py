"""Movesense's GATT SensorData Protocol, "GSP": commands, answers, samples and the parts of a log.

Facts from Movesense's description of the protocol (esw/gatt_sensordata_protocol) and, where that is
silent, from the notes on real sensors in sokolmarek/movesense-commander (docs/gsp-protocol.md).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

import numpy as np

from sensors.devices.family import CodecError, Frame
from sensors.types import FloatArray

SERVICE = "34802252-7185-4d5d-b431-630e7050e8f0"
COMMAND = "34800001-7185-4d5d-b431-630e7050e8f0"
DATA = "34800002-7185-4d5d-b431-630e7050e8f0"
ADVERTISED = ("0000fdf3-0000-1000-8000-00805f9b34fb", "0000180d-0000-1000-8000-00805f9b34fb")

TICK_HZ = 1000.0
TICK_MODULUS = 2**32
RATES_HZ = (13, 26, 52, 104, 208)
PACKETS_PER_S = 13
"""At every rate: at 104 Hz a packet holds 8 samples."""

ACC_RANGE_G = 8.0
GYRO_RANGE_DPS = 2000.0
"""The ranges that it has when nobody has set others, which GSP cannot."""

BATTERY_PATH = "/System/Energy/Level"
LOGBOOK_PATH = "/Mem/Logbook/entries"
SAMPLE_BYTES = 24
OK, NOT_FOUND, CONFLICT, NOT_IMPLEMENTED = 200, 404, 409, 501
BUSY = 429
"""The sensor has no room for requests left; only when it is switched off and on it has again."""

_ENTRY = struct.Struct("<IIQ")


class CommandCode(IntEnum):
    """What the host asks; the codes that nothing here sends are left out."""

    SUBSCRIBE = 1
    UNSUBSCRIBE = 2
    FETCH_LOG = 3
    GET = 4
    CLEAR_LOGBOOK = 5
    PUT_DATALOGGER_CONFIG = 6
    PUT_DATALOGGER_STATE = 9


class LoggerState(IntEnum):
    """What the sensor's logger does; a log can be fetched and cleared only when it is READY."""

    READY = 2
    LOGGING = 3


class ReplyCode(IntEnum):
    """What a notification is."""

    ANSWER = 1
    DATA = 2
    DATA_CONTINUED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Command(Frame):
    """A request; its answer comes with the same `reference`, which the host chooses.

    SUBSCRIBE, GET and PUT_DATALOGGER_CONFIG take one or more `paths`, FETCH_LOG a log's id,
    PUT_DATALOGGER_STATE a `LoggerState`, each as the `number`.
    """

    code: CommandCode
    reference: int
    paths: tuple[str, ...] = ()
    number: int | None = None

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a command; CodecError if it is cut short, unknown or its path is not text."""
        if len(data) < 2 or data[0] not in set(CommandCode):
            raise CodecError(f"No Movesense command: {data[:8].hex()}; it was ignored.")
        code, rest = CommandCode(data[0]), data[2:]
        if len(rest) == _NUMBER_BYTES.get(code):
            return cls(code, data[1], number=int.from_bytes(rest, "little"))
        if code in _NUMBER_BYTES or (rest and (rest[-1] != 0 or not rest.isascii())):
            raise CodecError(f"No Movesense command: {data[:16].hex()}; it was ignored.")
        return cls(code, data[1], tuple(path.decode("ascii") for path in rest.split(b"\0")[:-1]))

    def __bytes__(self) -> bytes:
        paths = b"".join(path.encode("ascii") + b"\0" for path in self.paths)
        number = self.number or 0
        return bytes([self.code, self.reference]) + (
            number.to_bytes(_NUMBER_BYTES.get(self.code, 0), "little") or paths
        )


_NUMBER_BYTES = {CommandCode.FETCH_LOG: 4, CommandCode.PUT_DATALOGGER_STATE: 1}


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
    """Samples as /Meas/IMU6 sends them and as the log holds them.

    `first_ms` is the device's time of the first sample, `acc` (n, 3) is in m/s² and `gyro_dps`
    (n, 3) in °/s. All of acc comes before all of gyro.
    """

    first_ms: int
    acc: FloatArray
    gyro_dps: FloatArray

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read samples; CodecError if the length fits no whole number or a value is not finite."""
        if not holds_samples(len(data)):
            raise CodecError(f"{len(data)} bytes are no Movesense samples; they were lost.")
        values = np.frombuffer(data, "<f4", offset=4)
        if not np.isfinite(values).all():
            raise CodecError("Movesense samples are not numbers; a packet was lost.")
        acc, gyro = values.astype(np.float64).reshape(2, -1, 3)
        return cls(int.from_bytes(data[:4], "little"), acc, gyro)

    def __bytes__(self) -> bytes:
        values = np.concatenate([self.acc, self.gyro_dps]).astype("<f4")
        return self.first_ms.to_bytes(4, "little") + values.tobytes()


def holds_samples(length: int) -> bool:
    """Whether samples can be so many bytes long."""
    return length > 4 and (length - 4) % SAMPLE_BYTES == 0


@dataclass(frozen=True, slots=True, eq=False)
class LogEntries(Frame):
    """The logs that the sensor holds: id, when it was changed, and size in bytes of each.

    The list comes in one notification and is cut where that ends.
    """

    entries: tuple[tuple[int, int, int], ...]

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a list; CodecError if it holds not even the first of its entries."""
        whole = (len(data) - 1) // _ENTRY.size
        if len(data) < 1 or data[0] < whole or (data[0] and not whole):
            raise CodecError(f"No list of Movesense logs: {data[:8].hex()}; it was ignored.")
        return cls(tuple(_ENTRY.iter_unpack(data[1 : 1 + whole * _ENTRY.size])))

    def __bytes__(self) -> bytes:
        return bytes([len(self.entries)]) + b"".join(_ENTRY.pack(*each) for each in self.entries)


@dataclass(frozen=True, slots=True, eq=False)
class LogPart(Frame):
    """Bytes of a log that is fetched and where they stand in it; without any it is the end."""

    offset: int
    content: bytes

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a part; CodecError if it is cut short."""
        if len(data) < 4:
            raise CodecError(f"No part of a Movesense log: {data.hex()}; it was lost.")
        return cls(int.from_bytes(data[:4], "little"), data[4:])

    def __bytes__(self) -> bytes:
        return self.offset.to_bytes(4, "little") + self.content


def imu6_path(rate_hz: float) -> str:
    """Where the samples of a rate are."""
    return f"/Meas/IMU6/{rate_hz:.0f}"
