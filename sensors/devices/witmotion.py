"""WitMotion's Bluetooth 5.0 sensors: WT901BLE, BWT901BLE5.0, WT9011DCL.

Facts from WitMotion's published examples (WitBluetooth_BWT901BLE5_0). Frames carry no time, no
counter and no checksum, so lost ones leave no trace: recordings say that their times are estimated.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sensors.devices.family import (
    Battery,
    Characteristic,
    CodecError,
    Frame,
    Message,
    Notification,
    Profile,
    Read,
    Samples,
    Service,
    Settings,
    Write,
    nearest_rate,
)
from sensors.devices.packets import from_counts, to_counts
from sensors.types import GRAVITY_MS2, Clock, Placement, StreamInfo

SERVICE = "0000ffe5-0000-1000-8000-00805f9a34fb"
DATA = "0000ffe4-0000-1000-8000-00805f9a34fb"
COMMAND = "0000ffe9-0000-1000-8000-00805f9a34fb"

ACC_RANGE_G = 16.0
GYRO_RANGE_DPS = 2000.0
ACC_SCALE_MS2 = ACC_RANGE_G * GRAVITY_MS2 / 32768
GYRO_SCALE_RADS = float(np.radians(GYRO_RANGE_DPS)) / 32768

RATE_CODES = {10: 0x06, 20: 0x07, 50: 0x08, 100: 0x09, 200: 0x0B}

UNLOCK = 0x69
UNLOCK_KEY = 0xB588
RATE = 0x03
READ_REGISTER = 0x27
VOLTAGE = 0x64

BATTERY_LEVELS = (
    (3.96, 100),
    (3.93, 90),
    (3.87, 75),
    (3.82, 60),
    (3.79, 50),
    (3.77, 40),
    (3.73, 30),
    (3.70, 20),
    (3.68, 15),
    (3.50, 10),
    (3.40, 5),
)
"""Volts of the cell from which it holds so many per cent, as the maker's software shows them."""

_FRAME_BYTES = 20


@dataclass(frozen=True, slots=True, eq=False)
class Command(Frame):
    """A value for the register of the sensor with this address."""

    address: int
    value: int

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a command; CodecError if it is none."""
        if len(data) != 5 or data[:2] != b"\xff\xaa":
            raise CodecError(f"No WitMotion command: {data[:8].hex()}; it was ignored.")
        return cls(data[2], int.from_bytes(data[3:], "little"))

    def __bytes__(self) -> bytes:
        return struct.pack("<2sBH", b"\xff\xaa", self.address, self.value)


@dataclass(frozen=True, slots=True, eq=False)
class Motion(Frame):
    """One sample in counts: `acc`, `gyro` and `angle` (3,), of 16 g, 2000 °/s and 180° in 2^15."""

    acc: NDArray[np.int16]
    gyro: NDArray[np.int16]
    angle: NDArray[np.int16]

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a sample; CodecError if it is none."""
        if len(data) != _FRAME_BYTES or data[:2] != b"\x55\x61":
            raise CodecError(f"No WitMotion sample: {data[:8].hex()}; it was lost.")
        acc, gyro, angle = np.frombuffer(data, "<i2", offset=2).astype(np.int16).reshape(3, 3)
        return cls(acc, gyro, angle)

    def __bytes__(self) -> bytes:
        return (
            b"\x55\x61" + np.concatenate([self.acc, self.gyro, self.angle]).astype("<i2").tobytes()
        )


@dataclass(frozen=True, slots=True, eq=False)
class Registers(Frame):
    """Eight registers as they were read, from `first` onwards."""

    first: int
    values: tuple[int, ...]

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read registers; CodecError if it is none."""
        if len(data) != _FRAME_BYTES or data[:2] != b"\x55\x71":
            raise CodecError(f"No WitMotion registers: {data[:8].hex()}; they were lost.")
        first, *values = struct.unpack("<9H", data[2:])
        return cls(first, tuple(values))

    def __bytes__(self) -> bytes:
        return struct.pack("<2s9H", b"\x55\x71", self.first, *self.values)


class WitMotion:
    """The host's half."""

    name = "witmotion"
    model = "WitMotion WT901BLE"
    notify = (DATA,)
    tick_hz = None
    tick_modulus = None

    def recognises(self, name: str | None, service_uuids: Collection[str]) -> bool:
        """By the maker's name, or by the service, whose base is the maker's own."""
        return (name or "").startswith(("WT901", "BWT901")) or SERVICE in service_uuids

    def settings(self, rate_hz: float) -> Settings:
        """One of five rates; the ranges are fixed."""
        return Settings(nearest_rate(RATE_CODES, rate_hz), ACC_RANGE_G, GYRO_RANGE_DPS)

    def stream_info(self, settings: Settings, placement: Placement, device_id: str) -> StreamInfo:
        """The sensor's own counts; the times are estimated."""
        return StreamInfo(
            placement=placement,
            rate_hz=settings.rate_hz,
            acc_scale_ms2=ACC_SCALE_MS2,
            gyro_scale_rads=GYRO_SCALE_RADS,
            device_id=device_id,
            model=self.model,
            clock=Clock.ESTIMATED,
        )

    def start(self, settings: Settings) -> Sequence[Write]:
        """Set the rate: the sensor streams from the moment it is connected."""
        return _write(UNLOCK, UNLOCK_KEY), _write(RATE, RATE_CODES[round(settings.rate_hz)])

    def stop(self) -> Sequence[Write]:
        """It ends with the connection, and only with it."""
        return ()

    def battery(self) -> Sequence[Write | Read]:
        """Ask for the voltage."""
        return (_write(READ_REGISTER, VOLTAGE),)

    def identify(self) -> Sequence[Write]:
        """It cannot."""
        return ()

    def decoder(self, settings: Settings) -> WitMotionDecoder:
        """A decoder for one connection."""
        return WitMotionDecoder(settings)

    def peripheral(self, serial: str) -> WitMotionPeripheral:
        """A virtual WT901BLE."""
        return WitMotionPeripheral(serial)


class WitMotionDecoder:
    """Finds frames in a stream of bytes that notifications may cut anywhere.

    Where a frame does not begin at once, the stream is searched for one that is followed by
    another or by nothing, since two bytes of a header can also occur inside a frame.
    """

    def __init__(self, settings: Settings) -> None:
        self._interval_s = 1 / settings.rate_hz
        self._bytes = b""

    def feed(self, characteristic: str, data: bytes) -> list[Message]:
        """Take one notification; CodecError if it holds nothing but bytes of no frame."""
        self._bytes += data
        frames: list[Motion | Registers] = []
        skipped = b""
        while self._bytes:
            if _begins_frame(self._bytes, sure=not skipped):
                if len(self._bytes) < _FRAME_BYTES:
                    break
                frames.append(_frame(self._bytes[:_FRAME_BYTES]))
                self._bytes = self._bytes[_FRAME_BYTES:]
            else:
                skipped += self._bytes[:1]
                self._bytes = self._bytes[1:]
        if skipped and not frames:
            raise CodecError(f"Not from a WitMotion: {skipped[:8].hex()}; it was ignored.")
        return self._messages(frames)

    def _messages(self, frames: list[Motion | Registers]) -> list[Message]:
        motions = [frame for frame in frames if isinstance(frame, Motion)]
        messages: list[Message] = [
            _battery(frame.values[0])
            for frame in frames
            if isinstance(frame, Registers) and frame.first == VOLTAGE
        ]
        if motions:
            acc = from_counts(np.array([motion.acc for motion in motions]), ACC_SCALE_MS2)
            gyro = from_counts(np.array([motion.gyro for motion in motions]), GYRO_SCALE_RADS)
            messages.append(Samples(acc, gyro, None, self._interval_s))
        return messages


class WitMotionPeripheral:
    """The device's half: one frame a notification; the angles stay 0, as nothing reads them."""

    def __init__(self, serial: str) -> None:
        self.battery_percent = 100
        self._serial = serial
        self._settings: Settings | None = None
        self._unlocked = False

    @property
    def settings(self) -> Settings | None:
        """What it streams at, from the first rate that is set."""
        return self._settings

    @property
    def profile(self) -> Profile:
        """What it advertises and serves."""
        characteristics = (
            Characteristic(COMMAND, frozenset({"write", "write-without-response"})),
            Characteristic(DATA, frozenset({"notify"})),
        )
        return Profile(f"WT901BLE{self._serial}", (SERVICE,), (Service(SERVICE, characteristics),))

    def read(self, characteristic: str) -> bytes:
        """Nothing can be read."""
        return b""

    def write(self, characteristic: str, data: bytes) -> list[Notification]:
        """Obey a command; only reading a register is answered."""
        try:
            command = Command.from_bytes(data)
        except CodecError:
            return []
        if command == Command(READ_REGISTER, VOLTAGE):
            values = (_centivolts(self.battery_percent), 0, 0, 0, 0, 0, 0, 0)
            return [Notification(DATA, bytes(Registers(VOLTAGE, values)))]
        if command.address == UNLOCK:
            self._unlocked = command.value == UNLOCK_KEY
        if command.address == RATE and self._unlocked and command.value in _RATE_OF_CODE:
            rate_hz = float(_RATE_OF_CODE[command.value])
            self._settings = Settings(rate_hz, ACC_RANGE_G, GYRO_RANGE_DPS)
        return []

    def stream(self, samples: Samples) -> list[Notification]:
        """Each sample is a frame."""
        if self._settings is None:
            return []
        gyro = np.zeros_like(samples.acc) if samples.gyro is None else samples.gyro
        angle = np.zeros(3, np.int16)
        acc_counts = to_counts(samples.acc, ACC_SCALE_MS2)
        gyro_counts = to_counts(gyro, GYRO_SCALE_RADS)
        return [
            Notification(DATA, bytes(Motion(a, g, angle)))
            for a, g in zip(acc_counts, gyro_counts, strict=True)
        ]


_RATE_OF_CODE = {code: rate for rate, code in RATE_CODES.items()}


def _write(address: int, value: int) -> Write:
    return Write(COMMAND, bytes(Command(address, value)))


def _is_header(data: bytes) -> bool:
    return data[:1] in (b"", b"\x55") and data[1:2] in (b"", b"\x61", b"\x71")


def _begins_frame(data: bytes, *, sure: bool) -> bool:
    return _is_header(data) and (sure or _is_header(data[_FRAME_BYTES:]))


def _frame(data: bytes) -> Motion | Registers:
    return Motion.from_bytes(data) if data[1] == 0x61 else Registers.from_bytes(data)


def _battery(centivolts: int) -> Battery:
    return Battery(next((p for volts, p in BATTERY_LEVELS if centivolts >= volts * 100), 0))


def _centivolts(percent: int) -> int:
    return round(100 * next((volts for volts, p in BATTERY_LEVELS if percent >= p), 3.3))
