"""A virtual Movesense with a logger, which goes on logging while nobody listens.

Its memory holds 384 kB, in which the newest entries overwrite the oldest, as Movesense describes
it ("Movesense Sensor Data Storage"). Its log begins with descriptions, as that of a Flash does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from sensors.devices.family import (
    Characteristic,
    CodecError,
    Notification,
    Profile,
    Samples,
    Service,
    Settings,
)
from sensors.devices.movesense_frames import (
    ACC_RANGE_G,
    ADVERTISED,
    BATTERY_PATH,
    COMMAND,
    CONFLICT,
    DATA,
    GYRO_RANGE_DPS,
    LOGBOOK_PATH,
    NOT_FOUND,
    NOT_IMPLEMENTED,
    OK,
    PACKETS_PER_S,
    RATES_HZ,
    SERVICE,
    TICK_HZ,
    TICK_MODULUS,
    Answer,
    Command,
    CommandCode,
    Imu6,
    LogEntries,
    LoggerState,
    LogPart,
    ReplyCode,
    imu6_path,
)
from sensors.devices.movesense_sbem import DESCRIPTION, HEADER, Chunk
from sensors.devices.packets import Packet, Packets
from sensors.types import GRAVITY_MS2

MEMORY_BYTES = 384 * 1024
LOG_BYTES_PER_S = 11_300
"""How fast a log was seen to come from a real sensor (movesense-commander)."""

_NOTIFICATION_BYTES = 244
_SAMPLES_ID = 76
_DESCRIPTIONS = {
    10: "<PTH>Samples+Array.MeasIMU6.Timestamp\n<FRM>uint32",
    33: "<PTH>Samples.Array.MeasIMU6.ArrayAcc+x\n<FRM>float32",
    34: "<PTH>Samples.Array.MeasIMU6.ArrayAcc.y\n<FRM>float32",
    35: "<PTH>Samples.Array.MeasIMU6.ArrayAcc.z\n<FRM>float32",
    36: "<PTH>Samples.Array.MeasIMU6.ArrayGyro+x\n<FRM>float32",
    37: "<PTH>Samples.Array.MeasIMU6.ArrayGyro.y\n<FRM>float32",
    38: "<PTH>Samples.Array.MeasIMU6.ArrayGyro.z\n<FRM>float32",
    54: "<PTH>[",
    55: "<PTH>]",
    70: "<GRP>33,34,35",
    71: "<GRP>36,37,38",
    _SAMPLES_ID: "<GRP>10,54,70,70,70,70,70,70,70,70,55,54,71,71,71,71,71,71,71,71,55",
}
_RATE_OF_PATH = {imu6_path(rate): rate for rate in RATES_HZ}


class MovesensePeripheral:
    """The device's half: one subscription, one logger, packets of 1/13 s."""

    def __init__(self, serial: str) -> None:
        self.battery_percent = 100
        self._serial = serial
        self._packets = Packets(1)
        self._rate_hz: int | None = None
        self._subscription: int | None = None
        self._logger = _Logger()
        self._fetch: deque[Notification] = deque()

    @property
    def settings(self) -> Settings | None:
        """What it streams or logs at."""
        if self._rate_hz is None or (self._subscription is None and not self._logger.logs):
            return None
        return Settings(float(self._rate_hz), ACC_RANGE_G, GYRO_RANGE_DPS)

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
        """Answer a command; a log comes by and by, or at once if nothing is measured."""
        try:
            command = Command.from_bytes(data)
        except CodecError:
            reference = data[1] if len(data) > 1 else 0
            return [Notification(DATA, bytes(Answer(reference, NOT_IMPLEMENTED)))]
        status, value = self._obeyed(command)
        answer = Notification(DATA, bytes(Answer(command.reference, status, value)))
        return [answer, *(self._next_parts(len(self._fetch)) if self.settings is None else ())]

    def stream(self, samples: Samples) -> list[Notification]:
        """Log samples, stream them, and send of a log what the link can take meanwhile."""
        notifications = []
        for packet in self._measured(samples):
            notifications += self._cut(packet)
        seconds = len(samples.acc) * samples.interval_s
        return notifications + self._next_parts(
            round(seconds * LOG_BYTES_PER_S / _NOTIFICATION_BYTES)
        )

    def keep(self, samples: Samples) -> None:
        """Log samples."""
        self._measured(samples)

    def unsent(self, notifications: Sequence[Notification]) -> None:
        """End the subscription and the fetch, as the sensor does with every connection."""
        self._subscription = None
        self._fetch.clear()

    def _next_parts(self, most: int) -> list[Notification]:
        return [self._fetch.popleft() for _ in range(min(most, len(self._fetch)))]

    def _measured(self, samples: Samples) -> list[bytes]:
        if self.settings is None:
            return []
        packets = [bytes(_imu6(packet)) for packet in self._packets.cut(samples)]
        for packet in packets:
            self._logger.take(packet)
        return packets

    def _cut(self, packet: bytes) -> list[Notification]:
        if self._subscription is None:
            return []
        most = _NOTIFICATION_BYTES - 2
        parts = [packet[at : at + most] for at in range(0, len(packet), most)]
        codes = [ReplyCode.DATA] + [ReplyCode.DATA_CONTINUED] * (len(parts) - 1)
        return [
            Notification(DATA, bytes([code, self._subscription]) + part)
            for code, part in zip(codes, parts, strict=True)
        ]

    def _obeyed(self, command: Command) -> tuple[int, bytes]:
        """The status and the value of the answer."""
        match command.code:
            case CommandCode.SUBSCRIBE:
                return self._subscribed(command), b""
            case CommandCode.UNSUBSCRIBE:
                self._subscription = None
                return OK, b""
            case CommandCode.GET:
                return self._told(command.paths)
            case CommandCode.FETCH_LOG:
                return self._fetched(command), b""
            case CommandCode.CLEAR_LOGBOOK:
                self._fetch.clear()
                return self._logger.cleared(), b""
            case CommandCode.PUT_DATALOGGER_CONFIG:
                return self._configured(command.paths), b""
            case CommandCode.PUT_DATALOGGER_STATE:
                return self._logger.put(command.number), b""

    def _subscribed(self, command: Command) -> int:
        if not self._measures(command.paths):
            return NOT_FOUND
        self._subscription = command.reference
        return OK

    def _configured(self, paths: Sequence[str]) -> int:
        if self._logger.logs:
            return CONFLICT
        if not self._measures(paths):
            return NOT_FOUND
        self._logger.configured = True
        return OK

    def _measures(self, paths: Sequence[str]) -> bool:
        """Measure at the rate of a path; a new rate begins new packets."""
        rate_hz = _RATE_OF_PATH.get(paths[0]) if len(paths) == 1 else None
        if rate_hz is None:
            return False
        if rate_hz != self._rate_hz or self.settings is None:
            self._packets = Packets(
                rate_hz // PACKETS_PER_S, tick_hz=TICK_HZ, tick_modulus=TICK_MODULUS
            )
        self._rate_hz = rate_hz
        return True

    def _told(self, paths: Sequence[str]) -> tuple[int, bytes]:
        if tuple(paths) == (BATTERY_PATH,):
            return OK, bytes([self.battery_percent])
        if tuple(paths) == (LOGBOOK_PATH,):
            return self._logger.listed()
        return NOT_FOUND, b""

    def _fetched(self, command: Command) -> int:
        status, log = self._logger.read(command.number)
        if status == OK:
            most = _NOTIFICATION_BYTES - 6
            code = bytes([ReplyCode.DATA, command.reference])
            ends = [*range(0, len(log), most), len(log)]
            self._fetch = deque(
                Notification(DATA, code + bytes(LogPart(at, log[at : min(at + most, len(log))])))
                for at in ends
            )
        return status


class _Logger:
    """Its memory, in which each log follows the one before."""

    def __init__(self) -> None:
        self.configured = False
        self.logs = False
        self._id = 0
        self._entries: deque[bytes] = deque()
        self._size = 0

    def put(self, state: int | None) -> int:
        """Log or rest; the status. A log grows until it is cleared."""
        if state not in set(LoggerState) or (state == LoggerState.LOGGING and not self.configured):
            return CONFLICT
        self.logs = state == LoggerState.LOGGING
        self._id += self.logs and not self._entries
        return OK

    def take(self, content: bytes) -> None:
        """Log samples, over the oldest if the memory is full."""
        if not self.logs:
            return
        self._entries.append(bytes(Chunk(_SAMPLES_ID, content)))
        self._size += len(self._entries[-1])
        while self._size > MEMORY_BYTES:
            self._size -= len(self._entries.popleft())

    def cleared(self) -> int:
        """Forget all; the status."""
        if self.logs:
            return CONFLICT
        self._entries.clear()
        self._size = 0
        return OK

    def listed(self) -> tuple[int, bytes]:
        """The status, and the logs that there are."""
        if self.logs:
            return CONFLICT, b""
        entries = ((self._id, 0, self._size),) if self._entries else ()
        return OK, bytes(LogEntries(entries))

    def read(self, log_id: int | None) -> tuple[int, bytes]:
        """The status, and a log."""
        if self.logs:
            return CONFLICT, b""
        if log_id != self._id or not self._entries:
            return NOT_FOUND, b""
        return OK, HEADER + _descriptions() + b"".join(self._entries)


def _descriptions() -> bytes:
    return b"".join(
        bytes(Chunk(DESCRIPTION, identity.to_bytes(2, "little") + text.encode()))
        for identity, text in _DESCRIPTIONS.items()
    )


def _imu6(packet: Packet) -> Imu6:
    acc_range_ms2 = ACC_RANGE_G * GRAVITY_MS2
    return Imu6(
        int(packet.ticks[0]),
        np.clip(packet.acc, -acc_range_ms2, acc_range_ms2),
        np.clip(np.degrees(packet.gyro), -GYRO_RANGE_DPS, GYRO_RANGE_DPS),
    )
