"""Filling the hole of a broken link from a Movesense's log.

After the link is made again the log is fetched, while live samples wait for what was missed before
them. The stamps of the live samples are the clock for all that has to end or to be repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sensors.devices.family import Write
from sensors.devices.movesense_frames import TICK_MODULUS, Answer, Imu6
from sensors.devices.movesense_log import LoggerTalk

LOG_MS = 30_000
"""A log is begun anew after so long: what there is to fetch stays short, at 11 kB a second."""

MOST_HELD_MS = 60_000
"""Longest time that live samples wait for what was missed; then comes what there is."""


class Backfill:
    """The packets of a stream in order, with what the log has of those that were missed."""

    def __init__(self, path: str, interval_s: float) -> None:
        self._path = path
        self._interval_ms = 1000 * interval_s
        self._talk = LoggerTalk(path)
        self._talked_ms: int | None = None
        self._next_ms: int | None = None
        self._hole_ms = 0
        self._held: list[Imu6] = []

    def reconnected(self) -> None:
        """The sensor was connected again; its next live packet shows what was missed."""
        self._talk = LoggerTalk(self._path)
        self._talked_ms = None

    def live(self, packet: Imu6, interval_s: float) -> tuple[list[Imu6], list[Write]]:
        """Take a live packet and the time between its samples; what is ready, what to write."""
        self._interval_ms = 1000 * interval_s
        writes = self._due(packet)
        self._next_ms = packet.first_ms + round(len(packet.acc) * self._interval_ms)
        if self._talk.fetches:
            self._held.append(packet)
            return [], writes
        return [*self._filled(), packet], writes

    def answered(self, answer: Answer) -> tuple[list[Imu6], list[Write]]:
        """Take an answer of the logger; what is ready, what to write."""
        writes = self._talk.answered(answer)
        return self._ready(), writes

    def part(self, data: bytes) -> tuple[list[Imu6], list[Write]]:
        """Take a part of the log; what is ready, what to write. CodecError if it is none."""
        writes = self._talk.part(data)
        return self._ready(), writes

    def _due(self, packet: Imu6) -> list[Write]:
        """Fetch the log if something was missed, and begin it anew every now and then."""
        if self._talked_ms is None:
            self._talked_ms = packet.first_ms
            return self._talk.fetch() if self._misses(packet) else self._talk.restart()
        if self._talk.fetches and self._waits(packet):
            return []
        if _ms(self._talked_ms, packet.first_ms) in range(LOG_MS) and not self._talk.fetches:
            return []
        self._talked_ms = packet.first_ms
        return self._talk.restart()

    def _misses(self, packet: Imu6) -> bool:
        """Whether samples are missing before the first packet of a connection.

        Not if the stamps stepped back, for then the sensor was off and its log begins later.
        """
        if self._held:
            return self._waits(packet)
        self._hole_ms = packet.first_ms if self._next_ms is None else self._next_ms
        return _ms(self._hole_ms, packet.first_ms) > self._interval_ms / 2

    def _waits(self, packet: Imu6) -> bool:
        """Whether what is held may wait any longer."""
        return not self._held or _ms(self._held[0].first_ms, packet.first_ms) in range(MOST_HELD_MS)

    def _ready(self) -> list[Imu6]:
        return [] if self._talk.fetches else self._filled()

    def _filled(self) -> list[Imu6]:
        """What is held, and before it what the log has; nothing is held any more."""
        held, self._held = self._held, []
        if not held:
            return []
        logged = self._talk.taken()
        return [*_between(logged, self._hole_ms, held[0].first_ms, self._interval_ms), *held]


def _between(
    packets: Iterable[Imu6], start_ms: int, end_ms: int, interval_ms: float
) -> Iterator[Imu6]:
    """The samples of packets from one time to another, in order and each time only once."""
    span_ms = _ms(start_ms, end_ms)
    done_ms = 0.0
    for packet in sorted(packets, key=lambda each: _ms(start_ms, each.first_ms)):
        at_ms = _ms(start_ms, packet.first_ms)
        first = max(0, round((done_ms - at_ms) / interval_ms))
        last = min(len(packet.acc), round((span_ms - at_ms) / interval_ms))
        if first < last:
            part = slice(first, last)
            first_ms = (packet.first_ms + round(first * interval_ms)) % TICK_MODULUS
            yield Imu6(first_ms, packet.acc[part], packet.gyro_dps[part])
            done_ms = at_ms + last * interval_ms


def _ms(from_ms: int, to_ms: int) -> int:
    """Milliseconds from one stamp to another of a counter that wraps, negative if it is earlier."""
    half = TICK_MODULUS // 2
    return (to_ms - from_ms + half) % TICK_MODULUS - half
