"""The packages of Capture2Go and what they mean, after its maker's "Communication Protocol".

Commands and data are packages: a header and a payload, protected by a checksum. The other frames
here are payloads.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sensors.devices.family import CodecError, Frame

SERVICE = "80030001-e629-4c98-9324-aa7fc0c66de7"
COMMAND = "80030002-e629-4c98-9324-aa7fc0c66de7"
DATA = "80030003-e629-4c98-9324-aa7fc0c66de7"

TICK_HZ = 1e9
ACC_RANGE_G = 16.0
GYRO_RANGE_DPS = 2000.0
ACC_SCALE_MS2 = 16 * 9.81 / 32768
"""The maker's g is 9.81 m/s²."""
GYRO_SCALE_RADS = float(np.radians(GYRO_RANGE_DPS)) / 32768

MODE_OF_RATE = {200: 1, 100: 2, 50: 3, 25: 4, 10: 5, 1: 6}
IDLE, STREAMING = 1, 2
CHARGING = 0x80
NO_REAL_TIME = 0xFF
WRONG_STATE, PACKAGE_ERROR, UNKNOWN_COMMAND = 0xFB, 0xFC, 0xFD

SAMPLES_PER_PACKAGE = 8
TIME_GAP, GYRO_CLIPPING, ACC_CLIPPING, PROCESSING_ISSUE = 0x01, 0x02, 0x04, 0x10

TICK_MODULUS = 2**62
"""Nanoseconds in 64 bits do not wrap; stamps of more than 146 years are nonsense."""

START_BYTE = 0x02
FRAME_BYTES = 8
MOST_PAYLOAD_BYTES = 236


class Header(IntEnum):
    """What a package is; samples of mode m have the header FULL_PACKED + m."""

    SET_MEASUREMENT_MODE = 0x0120
    MEASUREMENT_MODE = 0x0122
    START_STREAMING = 0x0150
    STREAMING_STARTED = 0x0151
    STOP_STREAMING_AND_CLEAR = 0x0158
    STREAMING_STOPPED_AND_CLEARED = 0x0159
    SET_ABSOLUTE_TIME = 0x0170
    ABSOLUTE_TIME = 0x0171
    CLOCK_ROUNDTRIP = 0x0172
    SET_LED_MODE = 0x0183
    LED_MODE = 0x0185
    GET_STATUS = 0x0200
    STATUS = 0x0201
    FULL_PACKED = 0x0220
    ERROR = 0xFFFF


@dataclass(frozen=True, slots=True, eq=False)
class Package(Frame):
    """A header and its payload of up to 236 bytes, protected by a CRC-32."""

    header: int
    payload: bytes = b""

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a package; CodecError if it is cut short or its checksum is wrong."""
        if len(data) < FRAME_BYTES or data[0] != START_BYTE or len(data) != FRAME_BYTES + data[5]:
            raise CodecError(f"No Capture2Go package: {data[:8].hex()}; it was lost.")
        if zlib.crc32(data[6:]) != int.from_bytes(data[1:5], "little"):
            raise CodecError("A Capture2Go package has a wrong checksum; it was lost.")
        return cls(int.from_bytes(data[6:8], "little"), data[8:])

    def __bytes__(self) -> bytes:
        content = self.header.to_bytes(2, "little") + self.payload
        return struct.pack("<BIB", START_BYTE, zlib.crc32(content), len(self.payload)) + content


@dataclass(frozen=True, slots=True, eq=False)
class FullPacked(Frame):
    """Eight samples: payload of the DATA_FULL_PACKED packages.

    `first_ns` is the sensor's time of the first sample. `gyro`, `acc` and `mag` (8, 3) are in
    counts. `quaternion`, packed into 64 bits, and `heading` are the first sample's orientation.
    `flags` tells of gaps and clipping.
    """

    first_ns: int
    gyro: NDArray[np.int16]
    acc: NDArray[np.int16]
    mag: NDArray[np.int16]
    quaternion: int = 0
    heading: int = 0
    flags: int = 0

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a payload; CodecError if its length or time cannot be."""
        if len(data) != 163:
            raise CodecError(f"{len(data)} bytes are no Capture2Go samples; they were lost.")
        first_ns = int.from_bytes(data[:8], "little", signed=True)
        if not 0 <= first_ns < TICK_MODULUS:
            raise CodecError(f"No Capture2Go sample was taken at {first_ns} ns; 8 were lost.")
        counts = np.frombuffer(data, "<i2", count=72, offset=8).astype(np.int16)
        gyro, acc, mag = counts.reshape(3, SAMPLES_PER_PACKAGE, 3)
        return cls(first_ns, gyro, acc, mag, *struct.unpack_from("<QhB", data, 152))

    def __bytes__(self) -> bytes:
        counts = np.concatenate([self.gyro, self.acc, self.mag]).astype("<i2").tobytes()
        orientation = struct.pack("<QhB", self.quaternion, self.heading, self.flags)
        return struct.pack("<q", self.first_ns) + counts + orientation


@dataclass(frozen=True, slots=True)
class Status(Frame):
    """What the sensor tells every second: payload of DATA_STATUS."""

    time_ns: int
    state: int
    connection: int
    gyro_bias: tuple[int, int, int]
    synchronized: bool
    battery: int
    free_storage_percent: int

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a payload; CodecError if its length is wrong."""
        if len(data) != 19:
            raise CodecError(f"{len(data)} bytes are no Capture2Go status; it was ignored.")
        time_ns, state, connection, x, y, z, synchronized, battery, free = struct.unpack(
            "<qBB3h?BB", data
        )
        return cls(time_ns, state, connection, (x, y, z), synchronized, battery, free)

    def __bytes__(self) -> bytes:
        return struct.pack(
            "<qBB3h?BB",
            self.time_ns,
            self.state,
            self.connection,
            *self.gyro_bias,
            self.synchronized,
            self.battery,
            self.free_storage_percent,
        )


@dataclass(frozen=True, slots=True)
class MeasurementMode(Frame):
    """Which packages the sensor makes: payload of SET_MEASUREMENT_MODE.

    Everything else that a mode can hold is left off: other packages, synchronization, calibration.
    """

    full_packed: int
    status_interval_s: int

    _LAYOUT = struct.Struct("<qBBBBBBBBHBQ???")

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a payload; CodecError if its length is wrong."""
        if len(data) != cls._LAYOUT.size:
            raise CodecError(f"{len(data)} bytes are no Capture2Go mode; it was ignored.")
        return cls(full_packed=data[10], status_interval_s=data[14])

    def __bytes__(self) -> bytes:
        zeros = (0, 0, 0, 0, False, False, False)
        return self._LAYOUT.pack(0, 0, 0, self.full_packed, 0, 0, 0, self.status_interval_s, *zeros)


@dataclass(frozen=True, slots=True)
class ClockRoundtrip(Frame):
    """Four times in ns that tell how far the sensor's clock is off; the sensor fills the middle."""

    host_sent_ns: int
    sensor_received_ns: int = 0
    sensor_sent_ns: int = 0
    host_received_ns: int = 0

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a payload; CodecError if its length is wrong."""
        if len(data) != 32:
            raise CodecError(f"{len(data)} bytes are no Capture2Go clock; they were ignored.")
        return cls(*struct.unpack("<4q", data))

    def __bytes__(self) -> bytes:
        return struct.pack(
            "<4q",
            self.host_sent_ns,
            self.sensor_received_ns,
            self.sensor_sent_ns,
            self.host_received_ns,
        )


@dataclass(frozen=True, slots=True)
class LedMode(Frame):
    """When the LED lights up: payload of SET_LED_MODE; a start of 0 is now."""

    start_ns: int
    end_ns: int
    end_is_relative: bool

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a payload; CodecError if its length is wrong."""
        if len(data) != 17:
            raise CodecError(f"{len(data)} bytes are no Capture2Go LED mode; they were ignored.")
        return cls(*struct.unpack("<qq?", data))

    def __bytes__(self) -> bytes:
        return struct.pack("<qq?", self.start_ns, self.end_ns, self.end_is_relative)


@dataclass(frozen=True, slots=True)
class Refusal(Frame):
    """Why the sensor did not obey a command: payload of ERROR."""

    code: int
    command: int

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a payload; CodecError if its length is wrong."""
        if len(data) != 3:
            raise CodecError(f"{len(data)} bytes are no Capture2Go error; it was ignored.")
        return cls(*struct.unpack("<BH", data))

    def __bytes__(self) -> bytes:
        return struct.pack("<BH", self.code, self.command)
