"""Polar's H10 chest strap, which has no gyroscope, and Verity Sense, by the PMD service.

Facts from Polar's "online_measurement" specification. A frame is stamped with the time of its last
sample; here it becomes that of the first. Acceleration and angular rate of a Verity Sense come in
frames of their own, with times of their own; here they are joined.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sensors.devices.family import (
    BATTERY_LEVEL,
    BATTERY_SERVICE,
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
from sensors.devices.joining import SixAxes
from sensors.devices.packets import Packet, Packets, Spacing, from_counts, to_counts
from sensors.devices.polar_frames import (
    TICK_MODULUS,
    Encoding,
    MeasuredFrame,
    Measurement,
    Operation,
    Request,
    Response,
    SettingKind,
    SettingValues,
    bits_of,
    float_of,
)
from sensors.types import GRAVITY_MS2, Placement, StreamInfo

SERVICE = "fb005c80-02e7-f387-1cad-8acd2d8df0c8"
CONTROL = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
DATA = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
HEART_RATE_SERVICE = "0000180d-0000-1000-8000-00805f9b34fb"

ACC_RANGE_G = 8
GYRO_RANGE_DPS = 2000
RESOLUTION_BITS = 16
ACC_SCALE_MS2 = GRAVITY_MS2 / 1000
"""Acceleration comes in thousandths of g."""
FACTORS = {Measurement.ACC: 1.0, Measurement.GYRO: GYRO_RANGE_DPS / 32768}
"""What counts are to be multiplied by, in mg and °/s, unless the sensor names another factor."""

SUCCESS, INVALID_PARAMETER, ALREADY_IN_STATE = 0, 5, 6

_TICK_HZ = 1e9
_FEATURES = 0x0F


@dataclass(frozen=True, slots=True)
class Polar:
    """The host's half, for one of the models."""

    name: str
    model: str
    advertised_name: str
    rates_hz: tuple[int, ...]
    measurements: tuple[Measurement, ...]
    encodings: tuple[Encoding, ...]
    samples_per_frame: int
    notify: tuple[str, ...] = (CONTROL, DATA)
    tick_hz: float = _TICK_HZ
    tick_modulus: int = TICK_MODULUS

    @property
    def has_gyro(self) -> bool:
        """Whether it measures angular rates."""
        return Measurement.GYRO in self.measurements

    def recognises(self, name: str | None, service_uuids: Collection[str]) -> bool:
        """By the name: Polar's other sensors speak PMD too."""
        return (name or "").startswith(self.advertised_name)

    def settings(self, rate_hz: float) -> Settings:
        """One of its rates, in the widest range."""
        return Settings(
            nearest_rate(self.rates_hz, rate_hz),
            float(ACC_RANGE_G),
            float(GYRO_RANGE_DPS) if self.has_gyro else None,
        )

    def stream_info(self, settings: Settings, placement: Placement, device_id: str) -> StreamInfo:
        """A count is a thousandth of g; angular rates are interpolated between counts."""
        return StreamInfo(
            placement=placement,
            rate_hz=settings.rate_hz,
            acc_scale_ms2=ACC_SCALE_MS2,
            gyro_scale_rads=float(np.radians(FACTORS[Measurement.GYRO])) if self.has_gyro else None,
            device_id=device_id,
            model=self.model,
        )

    def start(self, settings: Settings) -> Sequence[Write]:
        """End what a lost connection left running, then start with all settings named."""
        starts = [
            Request(Operation.START, measurement, self.chosen(measurement, settings.rate_hz))
            for measurement in self.measurements
        ]
        return (*self.stop(), *(Write(CONTROL, bytes(request)) for request in starts))

    def stop(self) -> Sequence[Write]:
        """Stop; without it the sensor stays on until its battery is empty."""
        return tuple(
            Write(CONTROL, bytes(Request(Operation.STOP, measurement)))
            for measurement in self.measurements
        )

    def battery(self) -> Sequence[Write | Read]:
        """Read the standard level."""
        return (Read(BATTERY_LEVEL),)

    def identify(self) -> Sequence[Write]:
        """It cannot."""
        return ()

    def decoder(self, settings: Settings) -> PolarDecoder:
        """A decoder for one connection."""
        return PolarDecoder(self, settings)

    def peripheral(self, serial: str) -> PolarPeripheral:
        """A virtual sensor of this model."""
        return PolarPeripheral(self, serial)

    def chosen(self, measurement: Measurement, rate_hz: float) -> SettingValues:
        """All settings of a measurement; a partial choice is refused."""
        return tuple(
            (kind, (round(rate_hz),) if kind is SettingKind.RATE_HZ else values)
            for kind, values in self.offered(measurement)
        )

    def offered(self, measurement: Measurement) -> SettingValues:
        """What can be set, and to what."""
        widest = ACC_RANGE_G if measurement is Measurement.ACC else GYRO_RANGE_DPS
        offered: SettingValues = (
            (SettingKind.RATE_HZ, self.rates_hz),
            (SettingKind.RESOLUTION_BITS, (RESOLUTION_BITS,)),
            (SettingKind.RANGE, (widest,)),
        )
        return (*offered, (SettingKind.CHANNELS, (3,))) if self.has_gyro else offered


H10 = Polar(
    name="polar_h10",
    model="Polar H10",
    advertised_name="Polar H10",
    rates_hz=(25, 50, 100, 200),
    measurements=(Measurement.ACC,),
    encodings=(Encoding.RAW_16_BIT,),
    samples_per_frame=36,
)
VERITY_SENSE = Polar(
    name="polar_verity",
    model="Polar Verity Sense",
    advertised_name="Polar Sense",
    rates_hz=(52,),
    measurements=(Measurement.ACC, Measurement.GYRO),
    encodings=(Encoding.DELTA_1, Encoding.DELTA_0),
    samples_per_frame=26,
)


class PolarDecoder:
    """Follows one connection: the factors that the sensor names, and its true rate."""

    def __init__(self, family: Polar, settings: Settings) -> None:
        self._factors = dict(FACTORS)
        self._spacings = {
            measurement: Spacing(settings.rate_hz, _TICK_HZ, TICK_MODULUS)
            for measurement in family.measurements
        }
        self._six_axes = SixAxes(_TICK_HZ, TICK_MODULUS) if family.has_gyro else None

    def feed(self, characteristic: str, data: bytes) -> list[Message]:
        """Take one notification, indication or the battery's value."""
        if characteristic == BATTERY_LEVEL:
            if len(data) != 1 or data[0] > 100:
                raise CodecError(f"No battery level: {data[:8].hex()}; it was ignored.")
            return [Battery(data[0])]
        if characteristic == CONTROL:
            return [] if data[:1] == bytes([_FEATURES]) else self._answered(data)
        return self._measured(MeasuredFrame.from_bytes(data))

    def _answered(self, data: bytes) -> list[Message]:
        response = Response.from_bytes(data)
        if response.operation is Operation.STOP:
            return [Reply("stop")]
        name = response.measurement.name.lower()
        if response.error not in (SUCCESS, ALREADY_IN_STATE):
            return [Reply(name, f"error {response.error}")]
        for kind, values in response.settings:
            if kind is SettingKind.FACTOR and values:
                self._factors[response.measurement] = float_of(values[0])
        return [Reply(name)]

    def _measured(self, frame: MeasuredFrame) -> list[Message]:
        spacing = self._spacings.get(frame.measurement)
        if spacing is None:
            raise CodecError(f"Polar's {frame.measurement.name} was not asked for; it was ignored.")
        n = len(frame.counts)
        spacing.update(frame.last_ns, n)
        before_ns = round((n - 1) * spacing.interval_s * _TICK_HZ)
        values = from_counts(frame.counts, self._scale(frame))
        samples = Samples(
            values, None, (frame.last_ns - before_ns) % TICK_MODULUS, spacing.interval_s
        )
        if self._six_axes is None:
            return [samples]
        if frame.measurement is Measurement.ACC:
            return list(self._six_axes.add_acc(samples))
        return list(self._six_axes.add_gyro(samples))

    def _scale(self, frame: MeasuredFrame) -> float:
        factor = self._factors[frame.measurement]
        if frame.measurement is Measurement.GYRO:
            return factor * float(np.radians(1.0))
        if frame.encoding is Encoding.DELTA_0:
            return factor * GRAVITY_MS2
        return factor * ACC_SCALE_MS2 if frame.encoding is Encoding.DELTA_1 else ACC_SCALE_MS2


class PolarPeripheral:
    """The device's half."""

    def __init__(self, family: Polar, serial: str) -> None:
        self.battery_percent = 100
        self._family = family
        self._serial = serial
        self._rates_hz: dict[Measurement, int] = {}
        self._packets = self._no_packets()

    @property
    def settings(self) -> Settings | None:
        """What it streams at, once all that it measures is started."""
        if set(self._rates_hz) != set(self._family.measurements):
            return None
        return self._family.settings(self._rates_hz[Measurement.ACC])

    @property
    def profile(self) -> Profile:
        """What it advertises and serves."""
        name = f"{self._family.advertised_name} {self._serial}"
        return Profile(name, (HEART_RATE_SERVICE,), _SERVICES)

    def read(self, characteristic: str) -> bytes:
        """The battery, or what can be measured, as bits."""
        if characteristic == BATTERY_LEVEL:
            return bytes([self.battery_percent])
        bits = sum(1 << measurement for measurement in self._family.measurements)
        return bytes([_FEATURES, bits]) if characteristic == CONTROL else b""

    def write(self, characteristic: str, data: bytes) -> list[Notification]:
        """Answer a request; what is none is ignored."""
        try:
            request = Request.from_bytes(data)
        except CodecError:
            return []
        return [Notification(CONTROL, bytes(self._answer(request)))]

    def stream(self, samples: Samples) -> list[Notification]:
        """Cut samples into frames."""
        if self.settings is None:
            return []
        return [
            Notification(DATA, bytes(_frame(packet, measurement, encoding)))
            for packet in self._packets.cut(samples)
            for measurement, encoding in zip(
                self._family.measurements, self._family.encodings, strict=True
            )
        ]

    def _answer(self, request: Request) -> Response:
        answer = Response(request.operation, request.measurement, SUCCESS)
        if request.measurement not in self._family.measurements:
            return replace(answer, error=INVALID_PARAMETER)
        if request.operation is Operation.GET_SETTINGS:
            return replace(answer, settings=self._family.offered(request.measurement))
        running = request.measurement in self._rates_hz
        if running == (request.operation is Operation.START):
            return replace(answer, error=ALREADY_IN_STATE)
        self._packets = self._no_packets()
        if running:
            del self._rates_hz[request.measurement]
            return answer
        for rate_hz in self._family.rates_hz:
            if request.settings == self._family.chosen(request.measurement, rate_hz):
                self._rates_hz[request.measurement] = rate_hz
                factor = (SettingKind.FACTOR, (bits_of(FACTORS[request.measurement]),))
                return replace(answer, settings=(factor,))
        return replace(answer, error=INVALID_PARAMETER)

    def _no_packets(self) -> Packets:
        size = self._family.samples_per_frame
        return Packets(size, tick_hz=_TICK_HZ, tick_modulus=TICK_MODULUS)


def _frame(packet: Packet, measurement: Measurement, encoding: Encoding) -> MeasuredFrame:
    if measurement is Measurement.ACC:
        most_ms2 = ACC_RANGE_G * GRAVITY_MS2
        counts = to_counts(np.clip(packet.acc, -most_ms2, most_ms2), ACC_SCALE_MS2)
    else:
        counts = to_counts(np.degrees(packet.gyro), FACTORS[Measurement.GYRO])
    return MeasuredFrame(measurement, int(packet.ticks[-1]), encoding, counts)


_SERVICES = (
    Service(
        SERVICE,
        (
            Characteristic(CONTROL, frozenset({"read", "write", "indicate"})),
            Characteristic(DATA, frozenset({"notify"})),
        ),
    ),
    Service(BATTERY_SERVICE, (Characteristic(BATTERY_LEVEL, frozenset({"read", "notify"})),)),
)
