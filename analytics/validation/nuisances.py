"""Streams as sensors of another make would have given them: the nuisances that recordings bring.

Each is a rate, a range, a filter, an error or a mounting, no gyroscope, lost packets, or how soon a
recording begins before its strongest moment and ends after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from analytics.validation.fall_trials import Worn
from sensors.types import GRAVITY_MS2, Chunk, FloatArray, StreamInfo

Stream: TypeAlias = tuple[StreamInfo, Chunk]


def at_rate(info: StreamInfo, chunk: Chunk, rng: np.random.Generator, *, rate_hz: float) -> Stream:
    """Sampled at another rate, from a random instant on, without any filter before it."""
    start_s = chunk.t_s[0] + rng.uniform(0.0, 1.0 / rate_hz)
    t_s = np.arange(start_s, chunk.t_s[-1], 1.0 / rate_hz)
    gyro = None if chunk.gyro is None else _at(t_s, chunk.t_s, chunk.gyro)
    sampled = Chunk(chunk.placement, t_s, _at(t_s, chunk.t_s, chunk.acc), gyro)
    return replace(info, rate_hz=rate_hz), sampled


def clipped(info: StreamInfo, chunk: Chunk, _: np.random.Generator, *, range_g: float) -> Stream:
    """From an accelerometer of so small a range."""
    limit_ms2 = range_g * GRAVITY_MS2
    return info, replace(chunk, acc=np.clip(chunk.acc, -limit_ms2, limit_ms2))


def filtered(info: StreamInfo, chunk: Chunk, _: np.random.Generator, *, below_hz: float) -> Stream:
    """Smoothed before it was stored; slower sensors than that give what they give."""
    if below_hz >= 0.45 * info.rate_hz:
        return info, chunk
    low_pass = butter(4, below_hz, fs=info.rate_hz, output="sos")
    return info, replace(chunk, acc=sosfiltfilt(low_pass, chunk.acc, axis=0))


def scaled(info: StreamInfo, chunk: Chunk, rng: np.random.Generator, *, error: float) -> Stream:
    """With a gain that errs by so much all over and by half of it, at random, on each axis."""
    gain = (1.0 + error) * (1.0 + rng.uniform(-abs(error) / 2, abs(error) / 2, 3))
    return info, replace(chunk, acc=chunk.acc * gain)


def offset(info: StreamInfo, chunk: Chunk, rng: np.random.Generator, *, error_g: float) -> Stream:
    """With an offset of this size in a random direction."""
    direction = rng.normal(size=3)
    return info, replace(
        chunk, acc=chunk.acc + error_g * GRAVITY_MS2 * direction / np.linalg.norm(direction)
    )


def noisy(info: StreamInfo, chunk: Chunk, rng: np.random.Generator, *, sd_g: float) -> Stream:
    """With white noise of this standard deviation on each axis."""
    return info, replace(
        chunk, acc=chunk.acc + sd_g * GRAVITY_MS2 * rng.normal(size=chunk.acc.shape)
    )


def turned(info: StreamInfo, chunk: Chunk, rng: np.random.Generator) -> Stream:
    """Mounted anyhow."""
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turn *= np.linalg.det(turn)
    gyro = None if chunk.gyro is None else chunk.gyro @ turn.T
    return info, replace(chunk, acc=chunk.acc @ turn.T, gyro=gyro)


def without_gyro(info: StreamInfo, chunk: Chunk, _: np.random.Generator) -> Stream:
    """From a sensor that has none."""
    return replace(info, gyro_scale_rads=None), replace(chunk, gyro=None)


def lossy(info: StreamInfo, chunk: Chunk, rng: np.random.Generator, *, share: float) -> Stream:
    """With this share of packets of a tenth of a second lost."""
    packet = ((chunk.t_s - chunk.t_s[0]) / 0.1).astype(int)
    return info, _part(chunk, (rng.random(packet[-1] + 1) >= share)[packet])


def blinded(
    info: StreamInfo, chunk: Chunk, _: np.random.Generator, *, from_s: float, until_s: float
) -> Stream:
    """With what was felt around the strongest moment lost, between two times from it."""
    strongest_s = chunk.t_s - chunk.t_s[np.argmax(np.linalg.norm(chunk.acc, axis=1))]
    return info, _part(chunk, (strongest_s < from_s) | (strongest_s > until_s))


def cut(
    info: StreamInfo,
    chunk: Chunk,
    _: np.random.Generator,
    *,
    before_s: float = np.inf,
    after_s: float = np.inf,
) -> Stream:
    """Recorded from so long before the strongest moment until so long after it."""
    from_strongest_s = chunk.t_s - chunk.t_s[np.argmax(np.linalg.norm(chunk.acc, axis=1))]
    return info, _part(chunk, (from_strongest_s >= -before_s) & (from_strongest_s <= after_s))


def flipped_gyro(info: StreamInfo, chunk: Chunk, _: np.random.Generator) -> Stream:
    """With a gyroscope whose axes are not those of the accelerometer, as some sets store them."""
    gyro = None if chunk.gyro is None else chunk.gyro * np.array([-1.0, 1.0, -1.0])
    return info, replace(chunk, gyro=gyro)


def worn_otherwise(info: StreamInfo, chunk: Chunk, rng: np.random.Generator) -> Stream:
    """A sensor without gyro that sits anyhow, at 20 to 100 Hz and up to 4 to 16 g."""
    info, chunk = turned(*without_gyro(info, chunk, rng), rng)
    info, chunk = clipped(info, chunk, rng, range_g=rng.choice([4.0, 8.0, 16.0]))
    return at_rate(info, chunk, rng, rate_hz=rng.choice([20.0, 25.0, 50.0, 100.0]))


NUISANCES: Mapping[str, Worn | None] = {
    "nothing": None,
    **{f"{hz:g} Hz": partial(at_rate, rate_hz=hz) for hz in (20, 25, 31.25, 50, 100, 184, 238)},
    **{f"±{g} g": partial(clipped, range_g=g) for g in (2, 4, 8)},
    **{f"below {hz} Hz": partial(filtered, below_hz=hz) for hz in (5, 10, 20)},
    **{f"gain {error:+.0%}": partial(scaled, error=error) for error in (-0.1, -0.05, 0.05, 0.1)},
    "offset 0.1 g": partial(offset, error_g=0.1),
    "noise 0.03 g": partial(noisy, sd_g=0.03),
    "turned": turned,
    "no gyroscope": without_gyro,
    "gyroscope's axes flipped": flipped_gyro,
    **{f"{percent} % lost": partial(lossy, share=percent / 100) for percent in (10, 20)},
    "strongest 0.2 s lost": partial(blinded, from_s=-0.1, until_s=0.1),
    "strongest 0.5 s lost": partial(blinded, from_s=-0.25, until_s=0.25),
    **{f"from {s} s before": partial(cut, before_s=s) for s in (0.5, 1.0, 2.0)},
    **{f"until {s} s after": partial(cut, after_s=s) for s in (1.0, 1.5, 2.0, 3.0)},
    "from 1 s until 2.5 s": partial(cut, before_s=1.0, after_s=2.5),
    "worn otherwise": worn_otherwise,
}


def _at(t_s: FloatArray, known_s: FloatArray, values: FloatArray) -> FloatArray:
    return np.column_stack([np.interp(t_s, known_s, column) for column in values.T])


def _part(chunk: Chunk, within: NDArray[np.bool_]) -> Chunk:
    gyro = None if chunk.gyro is None else chunk.gyro[within]
    return Chunk(chunk.placement, chunk.t_s[within], chunk.acc[within], gyro)
