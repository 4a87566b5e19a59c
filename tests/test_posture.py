"""Postures are told apart and dated as a person watching would."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.body import BodyChunk, Segment
from analytics.detector import detect
from analytics.events import Event, Posture, PostureBout
from analytics.posture import PostureDetector
from tests.body_chunks import Keyframe, body, segment, up_path, without

UPRIGHT, SUPINE, PRONE, LEFT, RIGHT, UNKNOWN = (
    Posture.UPRIGHT,
    Posture.SUPINE,
    Posture.PRONE,
    Posture.LEFT,
    Posture.RIGHT,
    Posture.UNKNOWN,
)


def trunk(*keyframes: Keyframe) -> BodyChunk:
    return body({Segment.TRUNK: up_path(*keyframes)})


def bouts(chunk: BodyChunk) -> list[PostureBout]:
    found = detect(PostureDetector(), [chunk])
    assert tiles(found, len(chunk) / 50.0)
    return [bout for bout in found if isinstance(bout, PostureBout)]


def tiles(events: list[Event], duration_s: float) -> bool:
    """Whether the bouts follow each other without a hole from the start to the end."""
    spans = [(event.start_s, event.end_s) for event in events if isinstance(event, PostureBout)]
    starts, ends = zip(*spans, strict=True)
    return list(starts) == [0.0, *ends[:-1]] and ends[-1] == duration_s


def postures(chunk: BodyChunk) -> list[Posture]:
    return [bout.posture for bout in bouts(chunk)]


@pytest.mark.parametrize(
    ("inclination_deg", "azimuth_deg", "posture"),
    [
        (0, 0, UPRIGHT),
        (40, 180, UPRIGHT),
        (90, 0, SUPINE),
        (115, 0, SUPINE),
        (70, 0, SUPINE),
        (90, 180, PRONE),
        (90, 90, RIGHT),
        (90, -90, LEFT),
        (80, 30, SUPINE),
        (56, 86, RIGHT),
        (56, 0, UPRIGHT),
        (35, -90, UPRIGHT),
    ],
)
def test_a_held_pose_is_one_bout_of_its_posture(
    inclination_deg: float, azimuth_deg: float, posture: Posture
) -> None:
    chunk = trunk((0, inclination_deg, azimuth_deg), (20, inclination_deg, azimuth_deg))
    assert bouts(chunk) == [PostureBout(posture=posture, start_s=0.0, end_s=20.0)]


def test_lying_down_is_dated_to_where_the_trunk_passes_sixty_degrees() -> None:
    first, second = bouts(trunk((0, 0, 0), (10, 0, 0), (13, 90, 0), (30, 90, 0)))
    assert (first.posture, second.posture) == (UPRIGHT, SUPINE)
    assert first.end_s == pytest.approx(12.0, abs=0.7)


def test_getting_up_is_dated_to_where_the_trunk_passes_sixty_degrees() -> None:
    first, second = bouts(trunk((0, 90, 0), (10, 90, 0), (13, 0, 0), (30, 0, 0)))
    assert (first.posture, second.posture) == (SUPINE, UPRIGHT)
    assert first.end_s == pytest.approx(11.0, abs=0.7)


def test_turning_in_bed_is_dated_to_the_diagonal_between_two_sides() -> None:
    first, second = bouts(trunk((0, 90, 0), (10, 90, 0), (14, 90, -90), (30, 90, -90)))
    assert (first.posture, second.posture) == (SUPINE, LEFT)
    assert first.end_s == pytest.approx(12.0, abs=0.7)


def test_turning_over_the_back_of_the_circle_is_no_detour() -> None:
    chunk = trunk((0, 90, 180), (10, 90, 180), (13, 90, 270), (30, 90, 270))
    assert postures(chunk) == [PRONE, LEFT]


def test_a_side_passed_through_in_lying_down_belongs_to_the_lying_that_follows() -> None:
    first, second = bouts(trunk((0, 0, 90), (10, 0, 90), (12, 90, 90), (13, 90, 0), (30, 90, 0)))
    assert (first.posture, second.posture) == (UPRIGHT, SUPINE)
    assert first.end_s == pytest.approx(11.0, abs=0.7)


def test_a_side_passed_through_in_getting_up_belongs_to_the_lying_before() -> None:
    first, second = bouts(trunk((0, 90, 0), (10, 90, 0), (11, 90, 90), (13, 0, 90), (30, 0, 90)))
    assert (first.posture, second.posture) == (SUPINE, UPRIGHT)
    assert first.end_s == pytest.approx(12.0, abs=0.7)


def test_the_time_of_a_side_passed_through_in_turning_over_is_shared() -> None:
    first, second = bouts(trunk((0, 90, 0), (10, 90, 0), (13, 90, 180), (30, 90, 180)))
    assert (first.posture, second.posture) == (SUPINE, PRONE)
    assert first.end_s == pytest.approx(11.5, abs=0.7)


def test_a_short_bend_leaves_the_posture_as_it_was() -> None:
    chunk = trunk((0, 0, 180), (10, 0, 180), (11, 80, 180), (12, 80, 180), (13, 0, 180), (30, 0, 0))
    assert postures(chunk) == [UPRIGHT]


def test_staying_down_on_the_front_is_lying_from_when_it_began() -> None:
    chunk = trunk((0, 0, 180), (10, 0, 180), (11, 90, 180), (30, 90, 180))
    first, second = bouts(chunk)
    assert (first.posture, second.posture) == (UPRIGHT, PRONE)
    assert first.end_s == pytest.approx(10.7, abs=0.7)


def test_a_long_bend_leaves_the_posture_as_it_was() -> None:
    chunk = trunk((0, 0, 180), (10, 0, 180), (11, 80, 180), (19, 80, 180), (20, 0, 180), (30, 0, 0))
    assert postures(chunk) == [UPRIGHT]


def test_lying_on_the_back_for_two_seconds_is_lying() -> None:
    chunk = trunk((0, 0, 0), (10, 0, 0), (11, 90, 0), (12.5, 90, 0), (13.5, 0, 0), (30, 0, 0))
    assert postures(chunk) == [UPRIGHT, SUPINE, UPRIGHT]


def test_the_limit_to_the_back_is_in_proportion_to_how_far_lying_flat_turns_the_sensor() -> None:
    up = up_path((0, 0, 0), (10, 0, 0), (12, 58, 0), (20, 58, 0))
    lying = np.array([np.sin(np.radians(58.0)), 0.0, np.cos(np.radians(58.0))])
    sloping = BodyChunk(0, {Segment.TRUNK: segment(up, supine_up=lying)})
    assert postures(sloping) == [UPRIGHT, SUPINE]
    assert postures(body({Segment.TRUNK: up})) == [UPRIGHT]


def test_wavering_about_the_limit_makes_no_new_bout() -> None:
    to_and_fro = [(5.0 * k, 60.0 + 4.0 * (-1) ** k, 0.0) for k in range(12)]
    assert len(bouts(trunk(*to_and_fro))) == 1


def test_wavering_about_the_diagonal_makes_no_new_bout() -> None:
    to_and_fro = [(5.0 * k, 90.0, 45.0 + 9.0 * (-1) ** k) for k in range(12)]
    assert len(bouts(trunk(*to_and_fro))) == 1


def test_a_short_gap_is_passed_over() -> None:
    chunk = without(trunk((0, 90, 0), (30, 90, 0)), Segment.TRUNK, 10.0, 11.9)
    assert postures(chunk) == [SUPINE]


def test_a_long_gap_is_unknown_from_its_first_to_its_last_sample() -> None:
    chunk = without(trunk((0, 90, 0), (30, 90, 0)), Segment.TRUNK, 10.0, 14.0)
    assert bouts(chunk) == [
        PostureBout(posture=SUPINE, start_s=0.0, end_s=10.0),
        PostureBout(posture=UNKNOWN, start_s=10.0, end_s=14.0),
        PostureBout(posture=SUPINE, start_s=14.0, end_s=30.0),
    ]


def test_the_posture_after_a_gap_owes_nothing_to_the_one_before() -> None:
    chunk = trunk((0, 0, 0), (10, 0, 0), (10.1, 90, 90), (30, 90, 90))
    assert postures(without(chunk, Segment.TRUNK, 9.0, 14.0)) == [UPRIGHT, UNKNOWN, RIGHT]


def test_an_uncalibrated_sensor_tells_no_posture() -> None:
    chunk = BodyChunk(0, {Segment.TRUNK: segment(up_path((0, 0, 0), (9, 0, 0)), calibrated=False)})
    assert postures(chunk) == [UNKNOWN]


def test_without_a_lying_calibration_upright_is_known_and_the_lying_side_is_not() -> None:
    up = up_path((0, 0, 0), (10, 0, 0), (12, 90, 0), (20, 90, 0), (22, 90, 90), (30, 90, 90))
    chunk = BodyChunk(0, {Segment.TRUNK: segment(up, supine_up=None)})
    first, second = bouts(chunk)
    assert (first.posture, second.posture) == (UPRIGHT, UNKNOWN)
    assert second.side_unknown
    assert (first.lying, second.lying) == (False, True)


def test_the_pelvis_serves_where_no_trunk_is_worn() -> None:
    assert postures(body({Segment.PELVIS: up_path((0, 90, 0), (9, 90, 0))})) == [SUPINE]


def test_the_trunk_goes_before_the_pelvis() -> None:
    chunk = body(
        {
            Segment.PELVIS: up_path((0, 50, 0), (9, 50, 0)),
            Segment.TRUNK: up_path((0, 90, 0), (9, 90, 0)),
        }
    )
    assert postures(chunk) == [SUPINE]


def test_the_thigh_alone_tells_no_posture() -> None:
    assert postures(body({Segment.THIGH: up_path((0, 90, 0), (9, 90, 0))})) == [UNKNOWN]


def test_a_recording_that_begins_just_before_a_bend_begins_upright() -> None:
    chunk = trunk((0, 0, 180), (0.7, 0, 180), (1.5, 85, 180), (4, 85, 180), (5, 0, 0), (20, 0, 0))
    assert postures(chunk) == [UPRIGHT]


def test_a_recording_shorter_than_the_dwell_still_has_its_posture() -> None:
    assert postures(trunk((0, 90, 90), (1, 90, 90))) == [RIGHT]


def test_no_samples_give_no_bouts() -> None:
    assert detect(PostureDetector(), []) == []


def test_the_live_posture_follows_before_the_bout_is_settled() -> None:
    detector = PostureDetector()
    assert detector.posture == UNKNOWN
    detector.update(trunk((0, 0, 0), (10, 0, 0), (11, 90, 0), (12.5, 90, 0)))
    assert detector.posture == SUPINE
