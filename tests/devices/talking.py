"""A host's half and a device's half of a family, joined without a radio."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
from hypothesis import strategies as st

from sensors.devices import FAMILIES
from sensors.devices.family import (
    CodecError,
    Decoder,
    Family,
    Message,
    Notification,
    Peripheral,
    Read,
    Samples,
    Settings,
    Write,
)
from sensors.types import FloatArray

RATE_HZ = 100.0

ALL_FAMILIES = sorted(FAMILIES)


def settings_of(family: Family) -> Settings:
    return family.settings(RATE_HZ)


def say(family: Family, peripheral: Peripheral, requests: Sequence[Write | Read]) -> list[Message]:
    """What the family's decoder makes of the peripheral's answers."""
    decoder = family.decoder(settings_of(family))
    answers: list[Notification] = []
    for request in requests:
        if isinstance(request, Read):
            value = peripheral.read(request.characteristic)
            answers.append(Notification(request.characteristic, value))
        else:
            answers += peripheral.write(request.characteristic, request.data)
    return heard(decoder, answers)


def heard(decoder: Decoder, notifications: Sequence[Notification]) -> list[Message]:
    return [
        message
        for notification in notifications
        for message in decoder.feed(notification.characteristic, notification.data)
    ]


def started(family: Family) -> Peripheral:
    peripheral = family.peripheral("12345678")
    for request in family.start(settings_of(family)):
        peripheral.write(request.characteristic, request.data)
    return peripheral


def motion(n: int, rate_hz: float, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    """Smooth acceleration and angular rate within every family's range."""
    t_s = np.arange(n)[:, None] / rate_hz
    phase = np.random.default_rng(seed).uniform(0, 6, (2, 3))
    acc = 9.0 * np.sin(5 * t_s + phase[0])
    gyro = 4.0 * np.cos(3 * t_s + phase[1])
    return acc, gyro


def streamed(family: Family, n: int, ticks: int | None, block: int = 7) -> list[Notification]:
    """The notifications of `n` samples, given to the peripheral in blocks."""
    settings = settings_of(family)
    peripheral = started(family)
    acc, gyro = motion(n, settings.rate_hz)
    notifications: list[Notification] = []
    for at in range(0, n, block):
        first = None
        if ticks is not None and family.tick_hz is not None and family.tick_modulus is not None:
            first = (ticks + round(at / settings.rate_hz * family.tick_hz)) % family.tick_modulus
        part = slice(at, at + block)
        notifications += peripheral.stream(
            Samples(acc[part], gyro[part], first, 1 / settings.rate_hz)
        )
    return notifications


def only_samples(messages: Sequence[Message]) -> list[Samples]:
    return [message for message in messages if isinstance(message, Samples)]


def survives(decoder: Decoder, characteristic: str, data: bytes) -> None:
    """Feed bytes; no error but the typed one may come out, and all samples must be numbers."""
    try:
        messages = decoder.feed(characteristic, data)
    except CodecError:
        return
    for samples in only_samples(messages):
        assert np.isfinite(samples.acc).all()
        assert samples.gyro is None or np.isfinite(samples.gyro).all()
        assert samples.interval_s > 0


def damaged(valid: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Valid bytes, cut short, lengthened or with flipped bits, or bytes at random."""
    return st.builds(_damage, st.sampled_from(valid), st.binary(min_size=1, max_size=261))


def many_damaged(valid: Sequence[bytes], count: int, rng: Random) -> list[bytes]:
    """So many of the same, ten times as fast; they repeat with the seed, but cannot be shrunk."""
    return [_damage(rng.choice(valid), rng.randbytes(rng.choice(_SIZES))) for _ in range(count)]


_SIZES = (3, 5, 13, 41, 261)


def _damage(valid: bytes, choices: bytes) -> bytes:
    """What the first of the chosen bytes tells to do, with the others."""
    kind, rest = choices[0] % 5, choices[1:]
    if kind == 0:
        return valid
    if kind == 1:
        return valid[: int.from_bytes(rest[:2]) % (len(valid) + 1)]
    if kind == 2:
        return valid + rest
    return _flipped(valid, rest[:12]) if kind == 3 else rest


def _flipped(data: bytes, places: bytes) -> bytes:
    """The data with a bit changed at each of the places, of two bytes each."""
    if not data:
        return data
    flipped = bytearray(data)
    for high, low in zip(places[::2], places[1::2], strict=False):
        bit = (high << 8 | low) % (8 * len(data))
        flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)
