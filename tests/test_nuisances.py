"""Nuisances change what a sensor gives and nothing of what it saw."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.validation.nuisances import NUISANCES
from sensors.types import GRAVITY_MS2, Chunk, Placement, StreamInfo

INFO = StreamInfo(
    placement=Placement.WAIST, rate_hz=100.0, acc_scale_ms2=0.01, gyro_scale_rads=0.001
)
STRUCK_S = 6.0


def stream() -> Chunk:
    """Ten seconds of upright, struck once by 9 g."""
    t_s = np.arange(1000) / INFO.rate_hz
    force_g = 1.0 + 8.0 * np.exp(-0.5 * ((t_s - STRUCK_S) / 0.05) ** 2)
    acc = GRAVITY_MS2 * force_g[:, np.newaxis] * np.array([0.0, 0.6, 0.8])
    return Chunk(Placement.WAIST, t_s, acc, np.zeros_like(acc))


def worn(name: str) -> tuple[StreamInfo, Chunk]:
    nuisance = NUISANCES[name]
    assert nuisance is not None
    return nuisance(INFO, stream(), np.random.default_rng(1))


@pytest.mark.parametrize("name", [name for name in NUISANCES if name != "nothing"])
def test_a_stream_stays_a_stream(name: str) -> None:
    info, chunk = worn(name)
    assert np.all(np.diff(chunk.t_s) > 0.0)
    assert chunk.acc.shape == (len(chunk.t_s), 3)
    assert np.isfinite(chunk.acc).all()
    assert (chunk.gyro is None) == (info.gyro_scale_rads is None)


@pytest.mark.parametrize("rate_hz", [20, 31.25, 238])
def test_another_rate_spans_the_same_time(rate_hz: float) -> None:
    info, chunk = worn(f"{rate_hz:g} Hz")
    assert info.rate_hz == rate_hz
    assert len(chunk.t_s) == pytest.approx(10.0 * rate_hz, abs=2)


def test_a_small_range_clips_each_axis() -> None:
    _, chunk = worn("±4 g")
    assert np.abs(chunk.acc).max() == pytest.approx(4.0 * GRAVITY_MS2)


def test_a_recording_begins_so_long_before_its_strongest_moment_and_ends_so_long_after() -> None:
    _, chunk = worn("from 1 s until 2.5 s")
    assert chunk.t_s[0] == pytest.approx(STRUCK_S - 1.0)
    assert chunk.t_s[-1] == pytest.approx(STRUCK_S + 2.5)


def test_turning_a_sensor_changes_no_length() -> None:
    _, chunk = worn("turned")
    assert np.linalg.norm(chunk.acc, axis=1) == pytest.approx(np.linalg.norm(stream().acc, axis=1))


def test_a_tenth_of_the_packets_is_lost() -> None:
    _, chunk = worn("10 % lost")
    assert 0.8 < len(chunk.t_s) / 1000 < 0.97


def test_what_was_strongest_is_lost_and_the_rest_is_kept() -> None:
    _, chunk = worn("strongest 0.5 s lost")
    assert len(chunk.t_s) == 1000 - 51
    assert np.diff(chunk.t_s).max() == pytest.approx(0.52)
    assert np.linalg.norm(chunk.acc, axis=1).max() < 1.1 * GRAVITY_MS2
