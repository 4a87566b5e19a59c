"""A virtual Capture2Go, which keeps what it measures while nobody listens.

The maker says that a send buffer keeps all samples until they are sent, first in first out, and
that the sensor goes on streaming when the link is down. How much the buffer holds and what happens
when it is full is not published: here it holds two minutes at 100 Hz, what does not fit is lost,
and the next package is flagged.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sensors.devices.capture2go_frames import (
    ACC_RANGE_G,
    ACC_SCALE_MS2,
    COMMAND,
    DATA,
    GYRO_RANGE_DPS,
    GYRO_SCALE_RADS,
    IDLE,
    MODE_OF_RATE,
    NO_REAL_TIME,
    PACKAGE_ERROR,
    SAMPLES_PER_PACKAGE,
    SERVICE,
    STREAMING,
    TICK_HZ,
    TICK_MODULUS,
    TIME_GAP,
    UNKNOWN_COMMAND,
    WRONG_STATE,
    ClockRoundtrip,
    FullPacked,
    Header,
    LedMode,
    MeasurementMode,
    Package,
    Refusal,
    Status,
)
from sensors.devices.family import (
    Characteristic,
    CodecError,
    Notification,
    Profile,
    Samples,
    Service,
    Settings,
)
from sensors.devices.packets import Packet, Packets, to_counts

SEND_BUFFER_BYTES = 2**18

_NOTIFICATION_BYTES = 244
_NOTIFICATIONS_AT_ONCE = 5
_CONNECTED = 2
_RATE_OF_MODE = {mode: float(rate) for rate, mode in MODE_OF_RATE.items()}


class Capture2GoPeripheral:
    """The device's half. The magnetometer and the orientation stay 0, as nothing reads them."""

    def __init__(self, serial: str) -> None:
        self.battery_percent = 100
        self._serial = serial
        self._mode: MeasurementMode | None = None
        self._packets: Packets | None = None
        self._now_ns = 0
        self._buffer = b""
        self._flags = 0

    @property
    def settings(self) -> Settings | None:
        """What it streams at."""
        if self._mode is None or self._packets is None:
            return None
        return Settings(_RATE_OF_MODE[self._mode.full_packed], ACC_RANGE_G, GYRO_RANGE_DPS)

    @property
    def profile(self) -> Profile:
        """What it advertises and serves."""
        characteristics = (
            Characteristic(COMMAND, frozenset({"write", "write-without-response"})),
            Characteristic(DATA, frozenset({"notify"})),
        )
        return Profile(f"IMU_{self._serial}", (SERVICE,), (Service(SERVICE, characteristics),))

    def read(self, characteristic: str) -> bytes:
        """Nothing can be read."""
        return b""

    def write(self, characteristic: str, data: bytes) -> list[Notification]:
        """Answer a command, after all that was to be sent before."""
        try:
            command = Package.from_bytes(data)
        except CodecError:
            answer = _refusal(PACKAGE_ERROR, Header.ERROR)
        else:
            answer = self._answer(command)
        self._buffer += bytes(answer)
        return self._sent()

    def stream(self, samples: Samples) -> list[Notification]:
        """Take samples, and send as much of the buffer as the link can take meanwhile."""
        self.keep(samples)
        return self._sent()

    def keep(self, samples: Samples) -> None:
        """Put samples into the buffer, as packages of eight; what does not fit is lost."""
        if self._mode is None or self._packets is None:
            return
        header = Header.FULL_PACKED + self._mode.full_packed
        for packet in self._packets.cut(samples):
            self._now_ns = int(packet.ticks[-1])
            package = bytes(Package(header, bytes(_full_packed(packet, self._flags))))
            fits = len(self._buffer) + len(package) <= SEND_BUFFER_BYTES
            self._buffer += package if fits else b""
            self._flags = 0 if fits else TIME_GAP

    def unsent(self, notifications: Sequence[Notification]) -> None:
        """Put back what was on its way."""
        self._buffer = b"".join(each.data[1:] for each in notifications) + self._buffer

    def _sent(self) -> list[Notification]:
        most = _NOTIFICATION_BYTES - 1
        sent = self._buffer[: _NOTIFICATIONS_AT_ONCE * most]
        self._buffer = self._buffer[len(sent) :]
        parts = [sent[at : at + most] for at in range(0, len(sent), most)]
        return [Notification(DATA, bytes([NO_REAL_TIME]) + part) for part in parts]

    def _answer(self, command: Package) -> Package:
        try:
            return self._obeyed(command)
        except CodecError:
            return _refusal(PACKAGE_ERROR, command.header)

    def _obeyed(self, command: Package) -> Package:
        match command.header:
            case Header.SET_MEASUREMENT_MODE:
                mode = MeasurementMode.from_bytes(command.payload)
                if self._packets is not None or mode.full_packed not in _RATE_OF_MODE:
                    return _refusal(WRONG_STATE, command.header)
                self._mode = mode
                return Package(Header.MEASUREMENT_MODE, command.payload)
            case Header.START_STREAMING:
                if self._mode is None or self._packets is not None:
                    return _refusal(WRONG_STATE, command.header)
                self._packets = Packets(
                    SAMPLES_PER_PACKAGE, tick_hz=TICK_HZ, tick_modulus=TICK_MODULUS
                )
                return Package(Header.STREAMING_STARTED)
            case Header.STOP_STREAMING_AND_CLEAR:
                self._packets, self._buffer, self._flags = None, b"", 0
                return Package(Header.STREAMING_STOPPED_AND_CLEARED)
            case Header.SET_LED_MODE:
                return Package(Header.LED_MODE, bytes(LedMode.from_bytes(command.payload)))
            case Header.GET_STATUS:
                return Package(Header.STATUS, bytes(self._status()))
            case Header.CLOCK_ROUNDTRIP:
                asked = ClockRoundtrip.from_bytes(command.payload)
                told = ClockRoundtrip(asked.host_sent_ns, self._now_ns, self._now_ns)
                return Package(Header.CLOCK_ROUNDTRIP, bytes(told))
        return _refusal(UNKNOWN_COMMAND, command.header)

    def _status(self) -> Status:
        return Status(
            time_ns=self._now_ns,
            state=IDLE if self._packets is None else STREAMING,
            connection=_CONNECTED,
            gyro_bias=(0, 0, 0),
            synchronized=False,
            battery=self.battery_percent,
            free_storage_percent=100,
        )


def _refusal(code: int, command: int) -> Package:
    return Package(Header.ERROR, bytes(Refusal(code, command)))


def _full_packed(packet: Packet, flags: int) -> FullPacked:
    return FullPacked(
        int(packet.ticks[0]),
        gyro=to_counts(packet.gyro, GYRO_SCALE_RADS),
        acc=to_counts(packet.acc, ACC_SCALE_MS2),
        mag=np.zeros_like(packet.acc, np.int16),
        flags=flags,
    )
