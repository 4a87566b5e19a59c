"""Samples put together before the detectors are asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from analytics.body import BodyChunk, Segment, SegmentChunk
from analytics.frontend import Gathering

LEAST = 10


def chunks(*lengths: int) -> list[BodyChunk]:
    """Chunks of all segments that follow each other, all numbers in them different."""
    starts = np.cumsum([0, *lengths])
    return [
        BodyChunk(int(start), {name: segment(name, int(start), count) for name in Segment})
        for start, count in zip(starts[:-1], lengths, strict=True)
    ]


def segment(name: Segment, start: int, count: int) -> SegmentChunk:
    first = 1e6 * list(Segment).index(name) + 1e3 * start
    values = first + np.arange(count)[:, np.newaxis] + np.arange(10) / 10
    return SegmentChunk(
        acc=values[:, :3],
        gyro=values[:, 3:6],
        up=values[:, 6:9],
        peak_ms2=values[:, 9],
        rate_hz=50.0,
        calibrated=True,
        facing_known=True,
        supine_up=None,
    )


def rows(given: Iterable[BodyChunk], name: Segment) -> list[list[float]]:
    parts = [chunk.segments[name] for chunk in given]
    return [
        [*acc, *gyro, *up, peak]
        for part in parts
        for acc, gyro, up, peak in zip(part.acc, part.gyro, part.up, part.peak_ms2, strict=True)
    ]


def gathered(taken: list[BodyChunk]) -> list[BodyChunk]:
    gathering = Gathering(LEAST)
    return [given for chunk in taken for given in gathering.add(chunk)] + gathering.rest()


def test_nothing_is_lost_and_nothing_is_moved() -> None:
    taken = chunks(2, 3, 4, 2, 25, 1, 9, 3)
    given = gathered(taken)
    for name in Segment:
        assert rows(given, name) == rows(taken, name)
    starts = np.cumsum([0, *(len(chunk) for chunk in given)])[:-1]
    assert [chunk.start_index for chunk in given] == starts.tolist()


def test_a_call_is_made_for_enough_samples_but_at_the_end() -> None:
    given = [len(chunk) for chunk in gathered(chunks(2, 3, 4, 2, 25, 1, 9, 3))]
    assert given == [11, 25, 10, 3]


def test_samples_on_axes_that_were_set_right_begin_a_chunk() -> None:
    before, after = chunks(3, 4)
    trunk = replace(after.segments[Segment.TRUNK], tilt_sigma_deg=2.0)
    after = BodyChunk(after.start_index, {**after.segments, Segment.TRUNK: trunk})
    assert [len(chunk) for chunk in gathered([before, after])] == [3, 4]
