"""Movella DOT (formerly Xsens DOT).

Facts from Movella's "DOT BLE Service Specification" (XD0506P). Samples come one by one with a
32-bit count of microseconds, which starts again from 0 every 71.6 minutes.
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
    Profile,
    Read,
    Samples,
    Service,
    Settings,
    Write,
    nearest_rate,
)
from sensors.devices.packets import Packet, Packets, stream_info_of_floats
from sensors.types import GRAVITY_MS2, FloatArray, Placement, StreamInfo


def _uuid(short: int) -> str:
    return f"1517{short:04x}-4947-11e9-8646-d663bd873d93"


CONFIGURATION_SERVICE = _uuid(0x1000)
DEVICE_CONTROL = _uuid(0x1002)
MEASUREMENT_SERVICE = _uuid(0x2000)
CONTROL = _uuid(0x2001)
LONG_PAYLOAD = _uuid(0x2002)
MEDIUM_PAYLOAD = _uuid(0x2003)
POWER_SERVICE = _uuid(0x3000)
BATTERY = _uuid(0x3001)

RATES_HZ = (1, 4, 10, 12, 15, 20, 30, 60)
ACC_RANGE_G = 16.0
GYRO_RANGE_DPS = 2000.0

_TICK_HZ = 1e6
_TICK_MODULUS = 2**32
_CONTROL_BYTES = 32
_IDENTIFY, _SET_RATE = 0x01, 0x10


class Mode(IntEnum):
    """The payloads that hold acceleration and angular rate as they are measured."""

    RATE_QUANTITIES = 21
    CUSTOM_5 = 26


@dataclass(frozen=True, slots=True, eq=False)
class Measurement(Frame):
    """Start or stop measuring in a mode."""

    starts: bool
    mode: Mode

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a command; CodecError if it is none or of a mode that is not spoken here."""
        if len(data) != 3 or data[0] != 1 or data[1] > 1 or data[2] not in set(Mode):
            raise CodecError(f"No Movella DOT measurement: {data[:8].hex()}; it was ignored.")
        return cls(bool(data[1]), Mode(data[2]))

    def __bytes__(self) -> bytes:
        return bytes([1, self.starts, self.mode])


@dataclass(frozen=True, slots=True, eq=False)
class DeviceControl(Frame):
    """Ask the sensor to blink, or set its output rate; what is None is left alone."""

    identify: bool = False
    rate_hz: int | None = None

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a command; CodecError if it is none."""
        if len(data) != _CONTROL_BYTES:
            raise CodecError(f"{len(data)} bytes are no Movella DOT control; they were ignored.")
        rate_hz = int.from_bytes(data[24:26], "little") if data[0] & _SET_RATE else None
        return cls(bool(data[0] & _IDENTIFY and data[1] == 1), rate_hz)

    def __bytes__(self) -> bytes:
        visits = _IDENTIFY * self.identify | _SET_RATE * (self.rate_hz is not None)
        return struct.pack("<BB22xH6x", visits, self.identify, self.rate_hz or 0)


@dataclass(frozen=True, slots=True, eq=False)
class Sample(Frame):
    """One sample of either mode.

    `microseconds` is the sensor's count, `acc` (3,) in m/s² and `gyro_dps` (3,) in °/s.
    `quaternion` (4,) w, x, y, z is there in the custom mode, else None.
    """

    microseconds: int
    acc: FloatArray
    gyro_dps: FloatArray
    quaternion: FloatArray | None = None

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a sample; CodecError if it has no mode's length or a value is not finite."""
        if len(data) not in _MODE_OF_LENGTH:
            raise CodecError(f"{len(data)} bytes are no Movella DOT sample; it was lost.")
        values = np.frombuffer(data, "<f4", offset=4).astype(np.float64)
        if not np.isfinite(values).all():
            raise CodecError("A Movella DOT sample is not made of numbers; it was lost.")
        quaternion = values[:4] if len(values) == 10 else None
        acc, gyro_dps = values[-6:].reshape(2, 3)
        return cls(int.from_bytes(data[:4], "little"), acc, gyro_dps, quaternion)

    def __bytes__(self) -> bytes:
        quaternion = np.empty(0) if self.quaternion is None else self.quaternion
        values = np.concatenate([quaternion, self.acc, self.gyro_dps]).astype("<f4")
        return self.microseconds.to_bytes(4, "little") + values.tobytes()


_MODE_OF_LENGTH = {28: Mode.RATE_QUANTITIES, 44: Mode.CUSTOM_5}
_PAYLOAD = {Mode.RATE_QUANTITIES: MEDIUM_PAYLOAD, Mode.CUSTOM_5: LONG_PAYLOAD}


@dataclass(frozen=True, slots=True, eq=False)
class Charge(Frame):
    """The battery's level in per cent, and whether it charges."""

    percent: int
    charging: bool

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a level; CodecError if it is none."""
        if len(data) != 2 or data[0] > 100 or data[1] > 1:
            raise CodecError(f"No Movella DOT battery level: {data[:8].hex()}; it was ignored.")
        return cls(data[0], bool(data[1]))

    def __bytes__(self) -> bytes:
        return bytes([self.percent, self.charging])


class MovellaDot:
    """The host's half, which measures in mode 21: two thirds of the bytes of mode 26."""

    name = "movella_dot"
    model = "Movella DOT"
    notify = (MEDIUM_PAYLOAD, LONG_PAYLOAD, BATTERY)
    tick_hz = _TICK_HZ
    tick_modulus = _TICK_MODULUS

    def recognises(self, name: str | None, service_uuids: Collection[str]) -> bool:
        """By either of its names; it advertises no service of its own."""
        return (name or "").startswith(("Movella DOT", "Xsens DOT"))

    def settings(self, rate_hz: float) -> Settings:
        """One of eight rates up to 60 Hz; the ranges are fixed."""
        return Settings(nearest_rate(RATES_HZ, rate_hz), ACC_RANGE_G, GYRO_RANGE_DPS)

    def stream_info(self, settings: Settings, placement: Placement, device_id: str) -> StreamInfo:
        """Samples are floats on the air: the counts spread over the ranges."""
        return stream_info_of_floats(settings, placement, device_id, self.model)

    def start(self, settings: Settings) -> Sequence[Write]:
        """Set the rate, which only a sensor at rest accepts, and measure."""
        rate = DeviceControl(rate_hz=round(settings.rate_hz))
        return (
            *self.stop(),
            Write(DEVICE_CONTROL, bytes(rate)),
            Write(CONTROL, bytes(Measurement(True, Mode.RATE_QUANTITIES))),
        )

    def stop(self) -> Sequence[Write]:
        """Stop measuring."""
        return (Write(CONTROL, bytes(Measurement(False, Mode.RATE_QUANTITIES))),)

    def battery(self) -> Sequence[Write | Read]:
        """Read the level."""
        return (Read(BATTERY),)

    def identify(self) -> Sequence[Write]:
        """Blink."""
        return (Write(DEVICE_CONTROL, bytes(DeviceControl(identify=True))),)

    def decoder(self, settings: Settings) -> MovellaDotDecoder:
        """A decoder for one connection."""
        return MovellaDotDecoder(settings)

    def peripheral(self, serial: str) -> MovellaDotPeripheral:
        """A virtual DOT."""
        return MovellaDotPeripheral(serial)


class MovellaDotDecoder:
    """Each notification stands for itself."""

    def __init__(self, settings: Settings) -> None:
        self._interval_s = 1 / settings.rate_hz

    def feed(self, characteristic: str, data: bytes) -> list[Message]:
        """Take one notification or the battery's value."""
        if characteristic == BATTERY:
            charge = Charge.from_bytes(data)
            return [Battery(charge.percent, charge.charging)]
        sample = Sample.from_bytes(data)
        acc, gyro = sample.acc[None, :], np.radians(sample.gyro_dps)[None, :]
        return [Samples(acc, gyro, sample.microseconds, self._interval_s)]


class MovellaDotPeripheral:
    """The device's half. In the custom mode its orientation stays the unit quaternion."""

    def __init__(self, serial: str) -> None:
        self.battery_percent = 100
        self._serial = serial
        self._rate_hz = 60
        self._mode: Mode | None = None
        self._packets = Packets(1, tick_hz=_TICK_HZ, tick_modulus=_TICK_MODULUS)

    @property
    def settings(self) -> Settings | None:
        """What it streams at."""
        if self._mode is None:
            return None
        return Settings(float(self._rate_hz), ACC_RANGE_G, GYRO_RANGE_DPS)

    @property
    def profile(self) -> Profile:
        """What it advertises and serves."""
        return Profile(f"Movella DOT {self._serial}", (), _SERVICES)

    def read(self, characteristic: str) -> bytes:
        """The battery."""
        charge = Charge(self.battery_percent, charging=False)
        return bytes(charge) if characteristic == BATTERY else b""

    def write(self, characteristic: str, data: bytes) -> list[Notification]:
        """Obey; the protocol has no answers."""
        try:
            if characteristic == CONTROL:
                command = Measurement.from_bytes(data)
                self._mode = command.mode if command.starts else None
            elif characteristic == DEVICE_CONTROL and self._mode is None:
                rate_hz = DeviceControl.from_bytes(data).rate_hz
                self._rate_hz = rate_hz if rate_hz in RATES_HZ else self._rate_hz
        except CodecError:
            pass
        return []

    def stream(self, samples: Samples) -> list[Notification]:
        """Each sample is a notification."""
        mode = self._mode
        if mode is None:
            return []
        return [
            Notification(_PAYLOAD[mode], bytes(_sample(packet, mode)))
            for packet in self._packets.cut(samples)
        ]


def _sample(packet: Packet, mode: Mode) -> Sample:
    acc_range_ms2 = ACC_RANGE_G * GRAVITY_MS2
    return Sample(
        int(packet.ticks[0]),
        np.clip(packet.acc[0], -acc_range_ms2, acc_range_ms2),
        np.clip(np.degrees(packet.gyro[0]), -GYRO_RANGE_DPS, GYRO_RANGE_DPS),
        np.array([1.0, 0.0, 0.0, 0.0]) if mode is Mode.CUSTOM_5 else None,
    )


_SERVICES = (
    Service(CONFIGURATION_SERVICE, (Characteristic(DEVICE_CONTROL, frozenset({"read", "write"})),)),
    Service(
        MEASUREMENT_SERVICE,
        (
            Characteristic(CONTROL, frozenset({"read", "write"})),
            Characteristic(LONG_PAYLOAD, frozenset({"notify"})),
            Characteristic(MEDIUM_PAYLOAD, frozenset({"notify"})),
        ),
    ),
    Service(POWER_SERVICE, (Characteristic(BATTERY, frozenset({"read", "notify"})),)),
)
