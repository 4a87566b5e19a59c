"""Capture2Go by SensorStim.

Facts from the maker's "Capture2Go Communication Protocol". A notification is a count of real-time
packages, these packages, and then bytes of the stream in which all other packages follow each
other, cut anywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sensors.devices.capture2go_frames import (
    ACC_RANGE_G,
    ACC_SCALE_MS2,
    CHARGING,
    COMMAND,
    DATA,
    FRAME_BYTES,
    GYRO_RANGE_DPS,
    GYRO_SCALE_RADS,
    MODE_OF_RATE,
    MOST_PAYLOAD_BYTES,
    NO_REAL_TIME,
    SERVICE,
    START_BYTE,
    STREAMING,
    TICK_HZ,
    TICK_MODULUS,
    FullPacked,
    Header,
    LedMode,
    MeasurementMode,
    Package,
    Refusal,
    Status,
)
from sensors.devices.capture2go_peripheral import Capture2GoPeripheral
from sensors.devices.family import (
    Battery,
    CodecError,
    Message,
    Read,
    Reply,
    Samples,
    Settings,
    Write,
    nearest_rate,
)
from sensors.devices.packets import from_counts
from sensors.types import Placement, StreamInfo

IDENTIFY_NS = 5_000_000_000

_MOST_REAL_TIME = 3

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
    tick_hz = TICK_HZ
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
        """End what another run left behind, then stream full packages."""
        return (*self.stop(), *_begin(settings))

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
        """A decoder for all connections."""
        return Capture2GoDecoder(settings)

    def peripheral(self, serial: str) -> Capture2GoPeripheral:
        """A virtual Capture2Go."""
        return Capture2GoPeripheral(serial)


class Capture2GoDecoder:
    """Puts the stream together again; after a loss it goes on at the next whole package.

    While the link is down the sensor keeps the stream, and then sends it on from where it was, in
    the middle of a package perhaps.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._interval_s = 1 / settings.rate_hz
        self._samples_header = Header.FULL_PACKED + MODE_OF_RATE[round(settings.rate_hz)]
        self._bytes = b""
        self._resumes = False

    def resume(self) -> Sequence[Write]:
        """Ask for the status, to which a sensor that was off meanwhile is started anew."""
        self._resumes = True
        return (_write(Header.GET_STATUS),)

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
            return self._told(Status.from_bytes(package.payload))
        if package.header == Header.ERROR:
            refusal = Refusal.from_bytes(package.payload)
            request = _REQUESTS.get(refusal.command, f"{refusal.command:#06x}")
            return [Reply(request, f"error {refusal.code:#04x}")]
        request = _REQUESTS.get(package.header, "")
        return [Reply(request)] if request else []

    def _told(self, status: Status) -> list[Message]:
        battery = Battery(min(status.battery & ~CHARGING, 100), bool(status.battery & CHARGING))
        was_off = self._resumes and status.state != STREAMING
        self._resumes = False
        return [battery, *(_begin(self._settings) if was_off else ())]


def _begin(settings: Settings) -> tuple[Write, ...]:
    """What an idle sensor needs to stream."""
    mode = MeasurementMode(MODE_OF_RATE[round(settings.rate_hz)], status_interval_s=0)
    return (
        _write(Header.SET_MEASUREMENT_MODE, bytes(mode)),
        _write(Header.START_STREAMING),
    )


def _write(header: Header, payload: bytes = b"") -> Write:
    return Write(COMMAND, bytes(Package(header, payload)))


def _real_time(data: bytes) -> tuple[list[Package], bytes]:
    """The real-time packages at the front of a notification, and the bytes that follow them."""
    count = NO_REAL_TIME - data[0] if data else 0
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
