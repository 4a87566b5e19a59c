"""What one kind of Bluetooth motion sensor is, to the link and to a virtual sensor: pure values.

A family is two halves that speak the same frames. The host's half says what to write and turns
notifications into samples; the device's half (`Peripheral`) answers writes and turns samples into
notifications. Neither does any input or output. UUIDs are 128-bit and in lower case.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self, runtime_checkable

from sensors.errors import FivepointError
from sensors.types import FloatArray, Placement, StreamInfo

BATTERY_LEVEL = "00002a19-0000-1000-8000-00805f9b34fb"
BATTERY_SERVICE = "0000180f-0000-1000-8000-00805f9b34fb"


class CodecError(FivepointError):
    """Bytes that are malformed, cut short or hostile; what they held is lost, nothing else is."""


class Frame(ABC):
    """Bytes with a meaning. Frames are equal when their bytes are."""

    __slots__ = ()

    @classmethod
    @abstractmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read the frame that is exactly `data`; CodecError if it is none."""

    @abstractmethod
    def __bytes__(self) -> bytes: ...

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and bytes(self) == bytes(other)

    def __hash__(self) -> int:
        return hash(bytes(self))


@dataclass(frozen=True, slots=True)
class Settings:
    """What a sensor is asked for; `gyro_range_dps` is None for one without a gyroscope."""

    rate_hz: float
    acc_range_g: float
    gyro_range_dps: float | None


def nearest_rate(rates_hz: Iterable[float], rate_hz: float) -> float:
    """The rate that a family can do and that comes nearest to the one asked for."""
    return float(min(rates_hz, key=lambda rate: abs(rate - rate_hz)))


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Consecutive samples in the sensor's own axes: `acc` (n, 3) m/s², `gyro` (n, 3) rad/s or None.

    `ticks` is the device's counter at the first sample, below the family's `tick_modulus`, or None
    where the protocol has no clock. `interval_s` is the time from one sample to the next by the
    device's clock.
    """

    acc: FloatArray
    gyro: FloatArray | None
    ticks: int | None
    interval_s: float


@dataclass(frozen=True, slots=True)
class Battery:
    """How full the sensor's battery is; `charging` is None where the protocol does not say."""

    percent: int
    charging: bool | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """The sensor's answer to a request: `error` is None if it agreed, else says what it refused."""

    request: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes for the host to write to a characteristic of the sensor."""

    characteristic: str
    data: bytes


Message = Samples | Battery | Reply | Write
"""What a decoder tells; a `Write` is what the host has to say next, after what came."""


@dataclass(frozen=True, slots=True)
class Read:
    """A characteristic for the host to read; what is read goes to the decoder's `feed`."""

    characteristic: str


@dataclass(frozen=True, slots=True)
class Notification:
    """Bytes for a sensor to send, by indication if the characteristic has that property."""

    characteristic: str
    data: bytes


class Decoder(Protocol):
    """Turns what a connection brings into samples; a new one needs a new decoder, or `resume`."""

    def feed(self, characteristic: str, data: bytes) -> list[Message]:
        """Take one notification or read value; CodecError loses it and leaves the next unharmed."""
        ...


@runtime_checkable
class ResumingDecoder(Decoder, Protocol):
    """The decoder of a sensor that keeps what it measures while the link is down.

    It serves all connections of a stream and brings the samples in order, those of an outage after
    it. They may come late, but each only once.
    """

    def resume(self) -> Sequence[Write]:
        """The sensor was connected again: what makes it go on, or start if it was off meanwhile."""
        ...


@dataclass(frozen=True, slots=True)
class Characteristic:
    """A characteristic of a sensor, with its GATT properties by bleak's names: "read", "write",
    "write-without-response", "notify", "indicate".
    """

    uuid: str
    properties: frozenset[str]


@dataclass(frozen=True, slots=True)
class Service:
    """A GATT service of a sensor."""

    uuid: str
    characteristics: tuple[Characteristic, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a sensor advertises and serves."""

    name: str
    advertised_uuids: tuple[str, ...]
    services: tuple[Service, ...] = field(repr=False)


class Peripheral(Protocol):
    """The device's half: a sensor without its radio."""

    battery_percent: int

    @property
    def profile(self) -> Profile:
        """What it advertises and serves."""
        ...

    @property
    def settings(self) -> Settings | None:
        """What it streams at; None until it is started and after it is stopped."""
        ...

    def read(self, characteristic: str) -> bytes:
        """Answer a read of a characteristic that has the property."""
        ...

    def write(self, characteristic: str, data: bytes) -> list[Notification]:
        """Obey a write; the answers. Nonsense is answered or ignored as the sensor would."""
        ...

    def stream(self, samples: Samples) -> list[Notification]:
        """Take the next samples, any number of them; the packets that they complete.

        Samples must be at the rate of `settings` and are clipped to the range the sensor has.
        """
        ...


@runtime_checkable
class KeepingPeripheral(Peripheral, Protocol):
    """A sensor that keeps what it measures while nobody listens."""

    def keep(self, samples: Samples) -> None:
        """Take the next samples, like `stream`, while nobody listens."""
        ...

    def unsent(self, notifications: Sequence[Notification]) -> None:
        """The link broke before these were sent."""
        ...


class Family(Protocol):
    """One kind of sensor: everything that differs between kinds."""

    @property
    def name(self) -> str:
        """Its key in the registry, such as "movesense"."""
        ...

    @property
    def model(self) -> str:
        """What people call the sensor."""
        ...

    @property
    def notify(self) -> tuple[str, ...]:
        """Characteristics to subscribe to before anything is written."""
        ...

    @property
    def tick_hz(self) -> float | None:
        """Ticks of the device's counter in a second; None where the protocol has no clock."""
        ...

    @property
    def tick_modulus(self) -> int | None:
        """Count at which the counter starts again from 0."""
        ...

    def recognises(self, name: str | None, service_uuids: Collection[str]) -> bool:
        """Whether an advertisement is one of this family's."""
        ...

    def settings(self, rate_hz: float) -> Settings:
        """The nearest to `rate_hz` that the sensor can do, in the widest useful ranges."""
        ...

    def stream_info(self, settings: Settings, placement: Placement, device_id: str) -> StreamInfo:
        """What a recording has to know of the stream."""
        ...

    def start(self, settings: Settings) -> Sequence[Write]:
        """What starts the stream, to be written in this order with response."""
        ...

    def stop(self) -> Sequence[Write]:
        """What ends the stream; always to be sent, some sensors stay on without it."""
        ...

    def battery(self) -> Sequence[Write | Read]:
        """What asks for the battery, while streaming or not."""
        ...

    def identify(self) -> Sequence[Write]:
        """What makes the sensor blink or the like; empty if it cannot."""
        ...

    def decoder(self, settings: Settings) -> Decoder:
        """A decoder for one connection, or for all if the sensor keeps samples in between."""
        ...

    def peripheral(self, serial: str) -> Peripheral:
        """A virtual sensor of the family with this serial number."""
        ...
