"""Movesense sensors (HR2, MD, Flash) by their GATT SensorData Protocol, "GSP".

The sensor goes on logging while the link is down. After it the log is fetched while the live stream
goes on, and what was missed is put before what comes live, which waits for it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from sensors.devices.family import (
    Battery,
    CodecError,
    Message,
    Peripheral,
    Read,
    Reply,
    Samples,
    Settings,
    Write,
    nearest_rate,
)
from sensors.devices.movesense_backfill import Backfill
from sensors.devices.movesense_frames import (
    ACC_RANGE_G,
    BATTERY_PATH,
    COMMAND,
    DATA,
    GYRO_RANGE_DPS,
    PACKETS_PER_S,
    RATES_HZ,
    SAMPLE_BYTES,
    SERVICE,
    TICK_HZ,
    TICK_MODULUS,
    Answer,
    Command,
    CommandCode,
    Imu6,
    LoggerState,
    ReplyCode,
    holds_samples,
    imu6_path,
)
from sensors.devices.movesense_log import Step
from sensors.devices.movesense_peripheral import MovesensePeripheral
from sensors.devices.packets import Spacing, stream_info_of_floats
from sensors.types import Placement, StreamInfo

WIDEST_ACC_RANGE_G = 16.0
STREAM_REFERENCE = 99
BATTERY_REFERENCE = 98

_MOST_PACKET_BYTES = 4 + SAMPLE_BYTES * RATES_HZ[-1] // PACKETS_PER_S


class Movesense:
    """The host's half."""

    name = "movesense"
    model = "Movesense"
    notify = (DATA,)
    tick_hz = TICK_HZ
    tick_modulus = TICK_MODULUS

    def recognises(self, name: str | None, service_uuids: Collection[str]) -> bool:
        """By name: the service is not advertised, and FDF3 is shared with other makers' devices."""
        return (name or "").startswith("Movesense") or SERVICE in service_uuids

    def settings(self, rate_hz: float) -> Settings:
        """One of five rates; the ranges are the sensor's own and cannot be set over GSP."""
        return Settings(nearest_rate(RATES_HZ, rate_hz), ACC_RANGE_G, GYRO_RANGE_DPS)

    def stream_info(self, settings: Settings, placement: Placement, device_id: str) -> StreamInfo:
        """Samples are floats on the air: the counts spread over the widest ranges it can have."""
        widest = replace(settings, acc_range_g=WIDEST_ACC_RANGE_G)
        return stream_info_of_floats(widest, placement, device_id, self.model)

    def start(self, settings: Settings) -> Sequence[Write]:
        """Subscribe to acceleration and angular rate."""
        return (_subscribe(settings),)

    def stop(self) -> Sequence[Write]:
        """Unsubscribe, and let the logger rest; what it holds is left to whoever wants it."""
        rest = Command(CommandCode.PUT_DATALOGGER_STATE, Step.REST, number=LoggerState.READY)
        return (
            _write(Command(CommandCode.UNSUBSCRIBE, STREAM_REFERENCE)),
            _write(rest),
        )

    def battery(self) -> Sequence[Write | Read]:
        """Ask for the level."""
        return (_write(Command(CommandCode.GET, BATTERY_REFERENCE, (BATTERY_PATH,))),)

    def identify(self) -> Sequence[Write]:
        """GSP cannot write to the LED."""
        return ()

    def decoder(self, settings: Settings) -> MovesenseDecoder:
        """A decoder for all connections."""
        return MovesenseDecoder(settings)

    def peripheral(self, serial: str) -> Peripheral:
        """A virtual Movesense."""
        return MovesensePeripheral(serial)


class MovesenseDecoder:
    """Joins continued packets: one is continued if its length fits no whole number of samples."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._spacing = Spacing(settings.rate_hz, TICK_HZ, TICK_MODULUS)
        self._backfill = Backfill(imu6_path(settings.rate_hz), 1 / settings.rate_hz)
        self._before = 0
        self._begun = b""

    def resume(self) -> Sequence[Write]:
        """Subscribe again, as a subscription ends with its connection."""
        self._begun = b""
        self._backfill.reconnected()
        return (_subscribe(self._settings),)

    def feed(self, characteristic: str, data: bytes) -> list[Message]:
        """Take one notification."""
        if len(data) < 2 or data[0] not in set(ReplyCode):
            raise CodecError(f"Not from a Movesense: {data[:8].hex()}; it was ignored.")
        if data[0] == ReplyCode.ANSWER:
            return self._answered(Answer.from_bytes(data))
        if data[1] == Step.FETCH:
            return self._messages(*self._backfill.part(data[2:]))
        if data[1] == STREAM_REFERENCE:
            return self._streamed(ReplyCode(data[0]), data[2:])
        raise CodecError(f"Movesense data of nobody's subscription {data[1]}; they were lost.")

    def _answered(self, answer: Answer) -> list[Message]:
        if answer.reference in set(Step):
            return self._messages(*self._backfill.answered(answer))
        return [_understood(answer)]

    def _streamed(self, code: ReplyCode, part: bytes) -> list[Message]:
        begun, self._begun = self._begun, b""
        if code is ReplyCode.DATA_CONTINUED and not begun:
            raise CodecError("A Movesense packet lacks its beginning; it was lost.")
        whole = part if code is ReplyCode.DATA else begun + part
        if not holds_samples(len(whole)) and len(whole) < _MOST_PACKET_BYTES:
            self._begun = whole
            return []
        packet = Imu6.from_bytes(whole)
        self._spacing.update(packet.first_ms, self._before)
        self._before = len(packet.acc)
        return self._messages(*self._backfill.live(packet, self._spacing.interval_s))

    def _messages(self, packets: Sequence[Imu6], writes: Sequence[Write]) -> list[Message]:
        interval_s = self._spacing.interval_s
        samples = [
            Samples(packet.acc, np.radians(packet.gyro_dps), packet.first_ms, interval_s)
            for packet in packets
        ]
        return [*samples, *writes]


def _subscribe(settings: Settings) -> Write:
    path = imu6_path(settings.rate_hz)
    return _write(Command(CommandCode.SUBSCRIBE, STREAM_REFERENCE, (path,)))


def _write(command: Command) -> Write:
    return Write(COMMAND, bytes(command))


def _understood(answer: Answer) -> Message:
    request = {STREAM_REFERENCE: "stream", BATTERY_REFERENCE: "battery"}.get(answer.reference, "")
    if answer.status >= 300:
        return Reply(request, f"status {answer.status}")
    if answer.reference != BATTERY_REFERENCE:
        return Reply(request)
    if len(answer.value) != 1:
        raise CodecError("A Movesense battery level is not one byte; it was ignored.")
    return Battery(min(answer.value[0], 100))
