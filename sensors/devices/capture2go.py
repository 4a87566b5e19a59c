"""Capture2Go by SensorStim.

Facts from the maker's "Capture2Go Communication Protocol". A notification is a count of real-time
packages, these packages, and then bytes of the stream in which all other packages follow each
other, cut anywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from sensors.devices.capture2go_frames import (
    FRAME_BYTES,
    MOST_PAYLOAD_BYTES,
    SAMPLES_PER_PACKAGE,
    START_BYTE,
    TICK_MODULUS,
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
    Battery,
    Characteristic,
    CodecError,
    Message,
    Notification,
    Profile,
    Read,
    Reply,
    Samples,
    Service,
    Settings,
    Write,
    nearest_rate,
)
from sensors.devices.packets import Packet, Packets, from_counts, to_counts
from sensors.types import Placement, StreamInfo

SERVICE = "80030001-e629-4c98-9324-aa7fc0c66de7"
COMMAND = "80030002-e629-4c98-9324-aa7fc0c66de7"
DATA = "80030003-e629-4c98-9324-aa7fc0c66de7"

ACC_RANGE_G = 16.0
GYRO_RANGE_DPS = 2000.0
ACC_SCALE_MS2 = 16 * 9.81 / 32768
"""The maker's g is 9.81 m/s²."""
GYRO_SCALE_RADS = float(np.radians(GYRO_RANGE_DPS)) / 32768

MODE_OF_RATE = {200: 1, 100: 2, 50: 3, 25: 4, 10: 5, 1: 6}
IDENTIFY_NS = 5_000_000_000

WRONG_STATE, PACKAGE_ERROR, UNKNOWN_COMMAND = 0xFB, 0xFC, 0xFD

_TICK_HZ = 1e9
_NOTIFICATION_BYTES = 244
_NO_REAL_TIME = 0xFF
_MOST_REAL_TIME = 3
_CHARGING = 0x80
_IDLE, _STREAMING = 1, 2
_CONNECTED = 2

_REQUESTS: dict[int, str] = {
    Header.SET_MEASUREMENT_MODE: "mode",
    Header.MEASUREMENT_MODE: "mode",
    Header.START_STREAMING: "stream",
    Header.STREAMING_STARTED: "stream",
    Header.STOP_STREAMING_AND_CLEAR: "stop",
    Header.STREAMING_STOPPED_AND_CLEARED: "stop",
    Header.SET_ABSOLUTE_TIME: "clock",
    Header.ABSOLUTE_TIME: "clock",
    Header.CLOCK_ROUNDTRIP: "clock",
    Header.SET_LED_MODE: "identify",
    Header.LED_MODE: "identify",
    Header.GET_STATUS: "battery",
}
"""What people call a request, by the headers of the command and of its acknowledgement."""


class Capture2Go:
    """The host's half."""

    name = "capture2go"
    model = "Capture2Go"
    notify = (DATA,)
    tick_hz = _TICK_HZ
    tick_modulus = TICK_MODULUS

    def recognises(self, name: str | None, service_uuids: Collection[str]) -> bool:
        """By its service, which it advertises."""
        return SERVICE in service_uuids

    def settings(self, rate_hz: float) -> Settings:
        """One of six rates; the ranges are fixed."""
        return Settings(nearest_rate(MODE_OF_RATE, rate_hz), ACC_RANGE_G, GYRO_RANGE_DPS)

    def stream_info(self, settings: Settings, placement: Placement, device_id: str) -> StreamInfo:
        """The sensor's own counts."""
        return StreamInfo(
            placement=placement,
            rate_hz=settings.rate_hz,
            acc_scale_ms2=ACC_SCALE_MS2,
            gyro_scale_rads=GYRO_SCALE_RADS,
            device_id=device_id,
            model=self.model,
        )

    def start(self, settings: Settings) -> Sequence[Write]:
        """End what a lost connection left running, then stream full packages."""
        mode = MeasurementMode(MODE_OF_RATE[round(settings.rate_hz)], status_interval_s=0)
        return (
            *self.stop(),
            _write(Header.SET_MEASUREMENT_MODE, bytes(mode)),
            _write(Header.START_STREAMING),
        )

    def stop(self) -> Sequence[Write]:
        """Stop streaming and forget what is not sent."""
        return (_write(Header.STOP_STREAMING_AND_CLEAR),)

    def battery(self) -> Sequence[Write | Read]:
        """Ask for the status, which holds it."""
        return (_write(Header.GET_STATUS),)

    def identify(self) -> Sequence[Write]:
        """Light the LED for five seconds."""
        led = LedMode(start_ns=0, end_ns=IDENTIFY_NS, end_is_relative=True)
        return (_write(Header.SET_LED_MODE, bytes(led)),)

    def decoder(self, settings: Settings) -> Capture2GoDecoder:
        """A decoder for one connection."""
        return Capture2GoDecoder(settings)

    def peripheral(self, serial: str) -> Capture2GoPeripheral:
        """A virtual Capture2Go."""
        return Capture2GoPeripheral(serial)


class Capture2GoDecoder:
    """Puts the stream together again; after a loss it goes on at the next whole package."""

    def __init__(self, settings: Settings) -> None:
        self._interval_s = 1 / settings.rate_hz
        self._samples_header = Header.FULL_PACKED + MODE_OF_RATE[round(settings.rate_hz)]
        self._bytes = b""

    def feed(self, characteristic: str, data: bytes) -> list[Message]:
        """Take one notification; CodecError if it brings to light that bytes were lost."""
        real_time, rest = _real_time(data)
        self._bytes += rest
        packages, skipped = self._packages()
        messages: list[Message] = []
        for package in real_time + packages:
            try:
                messages += self._understood(package)
            except CodecError:
                skipped += FRAME_BYTES + len(package.payload)
        if skipped and not messages:
            raise CodecError(f"{skipped} bytes of no Capture2Go package came; they were lost.")
        return messages

    def _packages(self) -> tuple[list[Package], int]:
        """The whole packages that have come, and how many bytes were of none."""
        packages, at, skipped = [], 0, 0
        while (size := _size(self._bytes[at:])) <= len(self._bytes) - at:
            try:
                packages.append(Package.from_bytes(self._bytes[at : at + size]))
                at += size
            except CodecError:
                at += 1
                skipped += 1
        self._bytes = self._bytes[at:]
        return packages, skipped

    def _understood(self, package: Package) -> list[Message]:
        if package.header == self._samples_header:
            full = FullPacked.from_bytes(package.payload)
            acc = from_counts(full.acc, ACC_SCALE_MS2)
            gyro = from_counts(full.gyro, GYRO_SCALE_RADS)
            return [Samples(acc, gyro, full.first_ns, self._interval_s)]
        if package.header == Header.STATUS:
            battery = Status.from_bytes(package.payload).battery
            return [Battery(min(battery & ~_CHARGING, 100), bool(battery & _CHARGING))]
        if package.header == Header.ERROR:
            refusal = Refusal.from_bytes(package.payload)
            request = _REQUESTS.get(refusal.command, f"{refusal.command:#06x}")
            return [Reply(request, f"error {refusal.code:#04x}")]
        request = _REQUESTS.get(package.header, "")
        return [Reply(request)] if request else []


class Capture2GoPeripheral:
    """The device's half. The magnetometer and the orientation stay 0, as nothing reads them."""

    def __init__(self, serial: str) -> None:
        self.battery_percent = 100
        self._serial = serial
        self._mode: MeasurementMode | None = None
        self._packets: Packets | None = None
        self._now_ns = 0

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
        """Answer a command."""
        try:
            command = Package.from_bytes(data)
        except CodecError:
            return _sent([_refusal(PACKAGE_ERROR, Header.ERROR)])
        try:
            return _sent([self._answer(command)])
        except CodecError:
            return _sent([_refusal(PACKAGE_ERROR, command.header)])

    def stream(self, samples: Samples) -> list[Notification]:
        """Cut samples into packages of eight."""
        if self._mode is None or self._packets is None:
            return []
        header = Header.FULL_PACKED + self._mode.full_packed
        packages = []
        for packet in self._packets.cut(samples):
            self._now_ns = int(packet.ticks[-1])
            packages.append(Package(header, bytes(_full_packed(packet))))
        return _sent(packages)

    def _answer(self, command: Package) -> Package:
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
                    SAMPLES_PER_PACKAGE, tick_hz=_TICK_HZ, tick_modulus=TICK_MODULUS
                )
                return Package(Header.STREAMING_STARTED)
            case Header.STOP_STREAMING_AND_CLEAR:
                self._packets = None
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
            state=_IDLE if self._packets is None else _STREAMING,
            connection=_CONNECTED,
            gyro_bias=(0, 0, 0),
            synchronized=False,
            battery=self.battery_percent,
            free_storage_percent=100,
        )


_RATE_OF_MODE = {mode: float(rate) for rate, mode in MODE_OF_RATE.items()}


def _write(header: Header, payload: bytes = b"") -> Write:
    return Write(COMMAND, bytes(Package(header, payload)))


def _refusal(code: int, command: int) -> Package:
    return Package(Header.ERROR, bytes(Refusal(code, command)))


def _real_time(data: bytes) -> tuple[list[Package], bytes]:
    """The real-time packages at the front of a notification, and the bytes that follow them."""
    count = _NO_REAL_TIME - data[0] if data else 0
    if count > _MOST_REAL_TIME:
        raise CodecError(f"No Capture2Go sends {count} real-time packages; they were lost.")
    packages, at = [], 1
    for _ in range(count):
        size = _size(data[at:])
        packages.append(Package.from_bytes(data[at : at + size]))
        at += size
    return packages, data[at:]


def _size(data: bytes) -> int:
    """Bytes of the package that begins `data`; 1 if none does, and a header's if that is cut."""
    if data[:1] not in (b"", bytes([START_BYTE])) or data[5:6] > bytes([MOST_PAYLOAD_BYTES]):
        return 1
    return FRAME_BYTES + data[5] if len(data) >= FRAME_BYTES else FRAME_BYTES


def _sent(packages: Sequence[Package]) -> list[Notification]:
    stream = b"".join(bytes(package) for package in packages)
    most = _NOTIFICATION_BYTES - 1
    parts = [stream[at : at + most] for at in range(0, len(stream), most)]
    return [Notification(DATA, bytes([_NO_REAL_TIME]) + part) for part in parts]


def _full_packed(packet: Packet) -> FullPacked:
    return FullPacked(
        int(packet.ticks[0]),
        gyro=to_counts(packet.gyro, GYRO_SCALE_RADS),
        acc=to_counts(packet.acc, ACC_SCALE_MS2),
        mag=np.zeros_like(packet.acc, np.int16),
    )
