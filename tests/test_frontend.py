"""The front end: from sensor axes and clocks to body axes and one grid."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.body import BODY_RATE_HZ, BodyChunk, Segment
from analytics.frontend import FrontEnd
from sensors.types import GRAVITY_MS2, Calibration, Chunk, FloatArray, Placement, StreamInfo

TURN = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def info(
    placement: Placement = Placement.STERNUM, rate_hz: float = 100.0, gyro: bool = True
) -> StreamInfo:
    return StreamInfo(
        placement=placement,
        rate_hz=rate_hz,
        acc_scale_ms2=1e-3,
        gyro_scale_rads=1e-3 if gyro else None,
    )


def still(t_s: FloatArray, placement: Placement = Placement.STERNUM, gyro: bool = True) -> Chunk:
    acc = np.tile([0.0, 0.0, GRAVITY_MS2], (len(t_s), 1))
    return Chunk(placement, t_s, acc, np.zeros_like(acc) if gyro else None)


def moving(t_s: FloatArray, placement: Placement = Placement.STERNUM, seed: int = 0) -> Chunk:
    rng = np.random.default_rng(seed)
    acc = rng.normal([1.0, 2.0, 9.0], 1.0, (len(t_s), 3))
    return Chunk(placement, t_s, acc, rng.normal(0.0, 0.5, (len(t_s), 3)))


def part(chunk: Chunk, start: int, end: int) -> Chunk:
    gyro = None if chunk.gyro is None else chunk.gyro[start:end]
    return Chunk(chunk.placement, chunk.t_s[start:end], chunk.acc[start:end], gyro)


def run(front_end: FrontEnd, *chunks: Chunk) -> dict[Segment, FloatArray]:
    """All rows of each segment: acc, gyro, up and peak side by side."""
    bodies = [body for chunk in chunks for body in front_end.push(chunk)] + front_end.finish()
    assert_contiguous(bodies)
    segments = bodies[0].segments if bodies else {}
    return {name: np.concatenate([rows(body, name) for body in bodies]) for name in segments}


def rows(body: BodyChunk, name: Segment) -> FloatArray:
    segment = body.segments[name]
    return np.column_stack((segment.acc, segment.gyro, segment.up, segment.peak_ms2))


def assert_contiguous(bodies: list[BodyChunk]) -> None:
    index = 0
    for body in bodies:
        assert body.start_index == index
        index += len(body)


@pytest.mark.parametrize("rate_hz", [20.0, 25.0, 50.0, 100.0, 200.0, 238.0])
@pytest.mark.parametrize("gyro", [True, False])
def test_a_still_sensor_reads_gravity_on_the_grid_at_any_rate(rate_hz: float, gyro: bool) -> None:
    t_s = np.arange(int(10 * rate_hz)) / rate_hz
    trunk = run(FrontEnd([info(rate_hz=rate_hz, gyro=gyro)]), still(t_s, gyro=gyro))[Segment.TRUNK]
    assert len(trunk) == pytest.approx(10 * BODY_RATE_HZ, abs=3)
    np.testing.assert_allclose(trunk[1:, 2], GRAVITY_MS2)
    np.testing.assert_allclose(trunk[1:, 6:9], np.tile([0.0, 0.0, 1.0], (len(trunk) - 1, 1)))
    np.testing.assert_allclose(trunk[1:, 9], GRAVITY_MS2)
    assert np.isnan(trunk[:, 3:6]).all() != gyro


@pytest.mark.parametrize("rate_hz", [20.0, 52.0, 104.0, 286.0])
def test_no_rotation_is_lost_on_the_way_to_the_grid(rate_hz: float) -> None:
    chunk = moving(np.arange(int(5 * rate_hz)) / rate_hz)
    trunk = run(FrontEnd([info(rate_hz=rate_hz)]), chunk)[Segment.TRUNK]
    end_s = (len(trunk) - 1) / BODY_RATE_HZ
    assert chunk.gyro is not None
    steps_s = np.clip(end_s - chunk.t_s[:-1], 0, 1 / rate_hz)[:, np.newaxis]
    slopes = np.diff(chunk.gyro, axis=0) * rate_hz
    angle = (chunk.gyro[:-1] * steps_s + slopes * steps_s**2 / 2).sum(axis=0)
    np.testing.assert_allclose(trunk[1:, 3:6].sum(axis=0) / BODY_RATE_HZ, angle, atol=1e-9)


def test_the_peak_survives_the_averaging() -> None:
    chunk = still(np.arange(400) / 200.0)
    chunk.acc[101] = [0.0, 0.0, 50.0]
    trunk = run(FrontEnd([info(rate_hz=200.0)]), chunk)[Segment.TRUNK]
    assert np.nanmax(trunk[:, 9]) == 50.0
    assert np.nanargmax(trunk[:, 9]) / BODY_RATE_HZ == pytest.approx(0.52)


def test_a_calibration_turns_all_vectors_into_segment_axes() -> None:
    t_s = np.arange(200) / 100.0
    chunk = Chunk(Placement.STERNUM, t_s, still(t_s).acc @ TURN, np.zeros((200, 3)))
    calibration = Calibration(
        placement=Placement.STERNUM,
        rotation=TURN,
        supine_up=np.array([1.0, 0.0, 0.0]),
        method="test",
        made_from="test",
    )
    body = FrontEnd([info()], [calibration]).push(chunk)[0].segments[Segment.TRUNK]
    assert np.abs(body.acc[1:] - [0.0, 0.0, GRAVITY_MS2]).max() < 1e-9
    assert body.calibrated
    assert body.facing_known


def test_a_short_gap_is_bridged_and_a_long_one_is_missing() -> None:
    t_s = np.arange(1000) / 100.0
    chunk = still(t_s[(t_s < 2) | (t_s >= 2.08)])
    assert not np.isnan(run(FrontEnd([info()]), chunk)[Segment.TRUNK][1:]).any()

    chunk = still(t_s[(t_s < 2) | (t_s >= 4)])
    missing = np.isnan(run(FrontEnd([info()]), chunk)[Segment.TRUNK]).any(axis=1)
    missing_s = np.flatnonzero(missing)[1:] / BODY_RATE_HZ
    assert (missing_s[0], missing_s[-1]) == pytest.approx((2.0, 4.0), abs=0.021)
    assert missing.sum() == pytest.approx(2 * BODY_RATE_HZ, abs=3)


def test_a_stream_that_starts_late_and_one_that_ends_early_leave_the_other_whole() -> None:
    long = still(np.arange(1000) / 100.0)
    short = still(np.arange(300, 600) / 100.0, Placement.PELVIS)
    segments = run(
        FrontEnd([info(), info(Placement.PELVIS)]),
        part(long, 0, 300),
        short,
        part(long, 300, 1000),
    )
    assert not np.isnan(segments[Segment.TRUNK][1:]).any()
    present = np.flatnonzero(~np.isnan(segments[Segment.PELVIS][:, 0])) / BODY_RATE_HZ
    assert (present[0], present[-1]) == pytest.approx((3.0, 6.0), abs=0.05)


def test_a_live_stream_gives_each_body_sample_as_soon_as_it_is_complete() -> None:
    whole = still(np.arange(203) / 100.0)
    front_end = FrontEnd([info()])
    for end in range(5, 203, 5):
        given = front_end.push(part(whole, end - 5, end))
        last = given[-1].t_s[-1]
        assert whole.t_s[end - 1] - last < 1.0 / BODY_RATE_HZ


def test_two_sensors_on_one_segment_are_refused() -> None:
    with pytest.raises(ValueError, match="two sensors on one body segment"):
        FrontEnd([info(Placement.WAIST), info(Placement.PELVIS)])


@settings(max_examples=40)
@given(data=st.data())
def test_the_result_does_not_depend_on_how_the_streams_are_cut(data: st.DataObject) -> None:
    """Bit for bit, with dropped samples, gaps, and two sensors of different rates interleaved."""
    rates = {Placement.STERNUM: 104.0, Placement.PELVIS: 26.0}
    whole = {}
    for placement, rate_hz in rates.items():
        t_s = np.round(np.arange(int(12 * rate_hz)) / rate_hz, 6)
        keep = np.random.default_rng(data.draw(st.integers(0, 99))).random(len(t_s)) > 0.05
        start_s = data.draw(st.floats(0, 10))
        keep &= (t_s < start_s) | (t_s > start_s + data.draw(st.sampled_from([0.0, 0.3, 1.5])))
        whole[placement] = moving(t_s[keep | (t_s == 0)], placement)
    infos = [info(placement, rate_hz) for placement, rate_hz in rates.items()]
    expected = run(FrontEnd(infos), *whole.values())
    pieces = []
    for chunk in whole.values():
        cuts = sorted(data.draw(st.sets(st.integers(1, len(chunk.t_s) - 1), max_size=30)))
        bounds = [0, *cuts, len(chunk.t_s)]
        pieces += [part(chunk, a, b) for a, b in pairwise(bounds)]
    pieces.sort(key=lambda piece: piece.t_s[0])
    actual = run(FrontEnd(infos), *pieces)
    for name, values in expected.items():
        np.testing.assert_array_equal(actual[name], values)
