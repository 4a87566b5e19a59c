"""The frames of Polar's Measurement Data service, "PMD".

Facts from Polar's "online_measurement" specification (polar-ble-sdk, technical_documentation) and
its published decoders.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sensors.devices.family import CodecError, Frame

TICK_MODULUS = 2**62
"""Nanoseconds in 64 bits do not wrap; stamps of more than 146 years are nonsense."""

_RESPONSE = 0xF0
_HEADER_BYTES = 10
_REFERENCE_BYTES = 6
_SAMPLES_PER_BLOCK = 16
_NARROWEST_BITS, _WIDEST_BITS = 2, 17
"""Widths of the differences that are written. One bit is read as 0 or −1, but never written."""
_INT16 = np.iinfo(np.int16)


class Measurement(IntEnum):
    """What is measured; of what Polar has, what tells of motion."""

    ACC = 2
    GYRO = 5


class Operation(IntEnum):
    """What the control point is asked to do."""

    GET_SETTINGS = 1
    START = 2
    STOP = 3


class SettingKind(IntEnum):
    """What a setting sets."""

    RATE_HZ = 0
    RESOLUTION_BITS = 1
    RANGE = 2
    RANGE_MILLI = 3
    CHANNELS = 4
    FACTOR = 5


_VALUE_BYTES = {
    SettingKind.RATE_HZ: 2,
    SettingKind.RESOLUTION_BITS: 2,
    SettingKind.RANGE: 2,
    SettingKind.RANGE_MILLI: 4,
    SettingKind.CHANNELS: 1,
    SettingKind.FACTOR: 4,
}


class Encoding(IntEnum):
    """How the samples of a frame are written; the delta encodings differ in their unit."""

    RAW_8_BIT = 0x00
    RAW_16_BIT = 0x01
    DELTA_0 = 0x80
    DELTA_1 = 0x81


_RAW = {Encoding.RAW_8_BIT: "<i1", Encoding.RAW_16_BIT: "<i2"}
_ENCODINGS = {Measurement.ACC: set(Encoding), Measurement.GYRO: {Encoding.DELTA_0}}

SettingValues = tuple[tuple[SettingKind, tuple[int, ...]], ...]
"""Settings with their values, in the order in which they stand in the bytes."""


@dataclass(frozen=True, slots=True)
class Request(Frame):
    """What is written to the control point."""

    operation: Operation
    measurement: Measurement
    settings: SettingValues = ()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a request; CodecError if it is cut short or asks for what is not known here."""
        try:
            operation, measurement = Operation(data[0]), Measurement(data[1])
        except (IndexError, ValueError):
            raise CodecError(f"No Polar request: {data[:8].hex()}; it was ignored.") from None
        return cls(operation, measurement, _read_settings(data[2:]))

    def __bytes__(self) -> bytes:
        return bytes([self.operation, self.measurement]) + _settings_bytes(self.settings)


@dataclass(frozen=True, slots=True)
class Response(Frame):
    """What the control point answers; an `error` of 0 is success."""

    operation: Operation
    measurement: Measurement
    error: int
    settings: SettingValues = ()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read an answer; CodecError if it is cut short or answers what is not known here."""
        try:
            start, operation, measurement, error = data[:4]
            if start != _RESPONSE:
                raise ValueError
            operation, measurement = Operation(operation), Measurement(measurement)
        except ValueError:
            raise CodecError(f"No Polar answer: {data[:8].hex()}; it was ignored.") from None
        return cls(operation, measurement, error, _read_settings(data[5:]))

    def __bytes__(self) -> bytes:
        head = bytes([_RESPONSE, self.operation, self.measurement, self.error, 0])
        return head + _settings_bytes(self.settings)


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredFrame(Frame):
    """Samples of one measurement: `counts` (n, 3), the last of them taken at `last_ns`."""

    measurement: Measurement
    last_ns: int
    encoding: Encoding
    counts: NDArray[np.int16]

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a frame; CodecError if it is cut short, unknown or holds impossible values."""
        try:
            measurement, encoding = Measurement(data[0]), Encoding(data[9])
        except (IndexError, ValueError):
            raise CodecError(f"No Polar samples: {data[:10].hex()}; they were lost.") from None
        last_ns = int.from_bytes(data[1:9], "little")
        if encoding not in _ENCODINGS[measurement] or last_ns >= TICK_MODULUS:
            raise CodecError(f"No Polar samples: {data[:10].hex()}; they were lost.")
        content = data[_HEADER_BYTES:]
        counts = _raw(content, _RAW[encoding]) if encoding in _RAW else _undelta(content)
        return cls(measurement, last_ns, encoding, counts)

    def __bytes__(self) -> bytes:
        head = struct.pack("<BQB", self.measurement, self.last_ns, self.encoding)
        if self.encoding in _RAW:
            return head + self.counts.astype(_RAW[self.encoding]).tobytes()
        return head + _delta(self.counts)


def float_of(value: int) -> float:
    """The factor that a FACTOR setting holds; CodecError if nothing can be multiplied by it."""
    factor = float(struct.unpack("<f", value.to_bytes(4, "little"))[0])
    if not 0 < factor < 1e6:
        raise CodecError(f"Polar's samples cannot be multiplied by {factor}; it was ignored.")
    return factor


def bits_of(factor: float) -> int:
    """The value of a FACTOR setting."""
    return int.from_bytes(struct.pack("<f", factor), "little")


def _read_settings(data: bytes) -> SettingValues:
    settings = []
    while data:
        size = _VALUE_BYTES[SettingKind(data[0])] if data[0] in set(SettingKind) else 0
        end = 2 + size * data[1] if len(data) > 1 else 0
        if size == 0 or not 2 <= end <= len(data):
            raise CodecError(f"No Polar settings: {data[:8].hex()}; they were ignored.")
        values = (data[at : at + size] for at in range(2, end, size))
        settings.append(
            (SettingKind(data[0]), tuple(int.from_bytes(value, "little") for value in values))
        )
        data = data[end:]
    return tuple(settings)


def _settings_bytes(settings: SettingValues) -> bytes:
    written = bytearray()
    for kind, values in settings:
        written += bytes([kind, len(values)])
        for value in values:
            written += value.to_bytes(_VALUE_BYTES[kind], "little")
    return bytes(written)


def _raw(content: bytes, layout: str) -> NDArray[np.int16]:
    if not content or len(content) % (3 * np.dtype(layout).itemsize):
        raise CodecError(f"{len(content)} bytes are no whole Polar samples; they were lost.")
    return np.frombuffer(content, layout).reshape(-1, 3).astype(np.int16)


def _undelta(content: bytes) -> NDArray[np.int16]:
    """Samples from the first of them and blocks of differences from one to the next."""
    if len(content) < _REFERENCE_BYTES:
        raise CodecError("A Polar delta frame lacks its first sample; it was lost.")
    reference = np.frombuffer(content, "<i2", count=3).astype(np.int64)
    deltas = [reference[None, :]]
    at = _REFERENCE_BYTES
    while at < len(content):
        block, at = _block(content, at)
        deltas.append(block)
    counts = np.cumsum(np.concatenate(deltas), axis=0)
    if counts.min() < _INT16.min or counts.max() > _INT16.max:
        raise CodecError("A Polar delta frame leaves the range of 16 bits; it was lost.")
    return counts.astype(np.int16)


def _block(content: bytes, at: int) -> tuple[NDArray[np.int64], int]:
    """The differences (n, 3) of the block at `at`, and where the next block begins."""
    bits, n = content[at : at + 2] if at + 2 <= len(content) else (0, 1)
    end = at + 2 + (bits * n * 3 + 7) // 8
    if n == 0:
        return np.empty((0, 3), np.int64), end
    if not 1 <= bits <= _WIDEST_BITS or end > len(content):
        raise CodecError("A Polar delta frame has a block that cannot be; it was lost.")
    packed = np.frombuffer(content[at + 2 : end], np.uint8)
    each = np.unpackbits(packed, count=bits * n * 3, bitorder="little").reshape(n, 3, bits)
    weights = 2 ** np.arange(bits, dtype=np.int64)
    weights[-1] *= -1
    return each.astype(np.int64) @ weights, end


def _delta(counts: NDArray[np.int16]) -> bytes:
    written = bytearray(counts[0].astype("<i2").tobytes())
    wide = counts.astype(np.int64)
    deltas = wide[1:] - wide[:-1]
    for at in range(0, len(deltas), _SAMPLES_PER_BLOCK):
        block = deltas[at : at + _SAMPLES_PER_BLOCK]
        largest = int(np.where(block < 0, ~block, block).max())
        bits = max(_NARROWEST_BITS, largest.bit_length() + 1)
        each = block.reshape(-1, 1) >> np.arange(bits) & 1
        written += bytes([bits, len(block)])
        written += np.packbits(each.astype(np.uint8), bitorder="little").tobytes()
    return bytes(written)
