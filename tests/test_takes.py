"""Where one recording ends and the next begins, with clocks that are set by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.events import Posture
from analytics.pipeline import analyze
from fivepoint.take import Plan, Result
from fivepoint.takes import Rules, Takes
from sensors.recording import Recording, RecordingKind, read_recording
from sensors.types import Chunk, Placement, StreamInfo
from tests.sensors.making import STERNUM, WAIST, joined, part, steady

STREAMS = Path(__file__).resolve().parent.parent / "sample_streams"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = Rules(silence_s=10.0, long_s=60.0, current_s=2.0, earlier_s=0.5)
"""An hour of the real ones in a minute."""

SLOW = replace(WAIST, rate_hz=4.0)
SLOW_STERNUM = replace(STERNUM, rate_hz=4.0)


class Day:
    """A hub's day: what comes is put in, and what ends is finished."""

    def __init__(self, plan: Plan, noon: datetime = NOON, rules: Rules = RULES) -> None:
        self.now_s = 0.0
        self.set_s = 0.0
        self.results: list[Result] = []
        self._noon = noon
        self.takes = Takes(plan, lambda: self.now_s, self._wall, rules)
        self.takes.recover()

    def _wall(self) -> datetime:
        return self._noon + timedelta(seconds=self.now_s + self.set_s)

    def put(self, *chunks: Chunk, streams: Sequence[StreamInfo] = (SLOW, SLOW_STERNUM)) -> None:
        """Put in what has come just now."""
        if chunks:
            self.now_s = max(self.now_s, *(float(chunk.t_s[-1]) for chunk in chunks))
        known = {info.placement: info for info in streams}
        ended = self.takes.put(chunks, known)
        self.results += [ended.finish()] if ended else []

    def end(self) -> list[Recording]:
        last = self.takes.end()
        self.results += [last.finish()] if last else []
        return [result.recording for result in self.results]


@pytest.fixture
def all_day(tmp_path: Path) -> Plan:
    return Plan(folder=tmp_path, kind=RecordingKind.DAY, patient="p1", all_day=True)


def put_seconds(day: Day, start_s: int, end_s: int, *infos: StreamInfo) -> None:
    for second in range(start_s, end_s):
        chunks = [steady(info, 1, start_s=second, seed=second) for info in infos]
        day.put(*chunks, streams=infos)


def absolute_us(recording: Recording, placement: Placement) -> list[int]:
    """When each sample was taken, in microseconds since noon."""
    begins = recording.header.started_at - NOON
    origin_us = begins // timedelta(microseconds=1)
    return [
        origin_us + round(t_s * 1e6)
        for chunk in recording.chunks()
        if chunk.placement == placement
        for t_s in chunk.t_s
    ]


def test_after_a_while_a_recording_follows_without_a_pause(all_day: Plan) -> None:
    day = Day(all_day)
    put_seconds(day, 0, 150, SLOW)
    first, second, third = day.end()
    assert [first.header.resumes, second.header.resumes] == [None, first.header.id]
    assert third.header.resumes == second.header.id
    assert RULES.long_s <= first.duration_s <= RULES.long_s + 1
    taken = [us for each in (first, second, third) for us in absolute_us(each, SLOW.placement)]
    assert taken == [quarter * 250_000 for quarter in range(150 * 4)]


def test_a_single_recording_may_be_long(all_day: Plan) -> None:
    day = Day(replace(all_day, all_day=False))
    put_seconds(day, 0, 90, SLOW)
    assert len(day.end()) == 1


def played(day: Day, name: str) -> list[Result]:
    """What is recorded all day while a sample stream is played."""
    recording = read_recording(STREAMS / name)
    for chunk in recording.chunks(1.0):
        day.put(chunk, streams=recording.header.streams)
    day.end()
    return day.results


def calibrated(plan: Plan, name: str) -> Plan:
    return replace(plan, calibrations=read_recording(STREAMS / name).header.calibrations)


def test_it_ends_while_the_wearer_is_upright_and_nothing_else_is_going_on(all_day: Plan) -> None:
    results = played(Day(calibrated(all_day, "bridging_good")), "bridging_good")
    assert sum(len(result.session.repetitions) for result in results) == 10
    for result in results[:-1]:
        assert result.session.postures[-1].posture is Posture.UPRIGHT


@pytest.mark.parametrize("long_s", [61.0, 62.5, 63.0, 64.0])
def test_it_does_not_end_in_a_fall_which_is_called_while_it_is_recorded(
    all_day: Plan, long_s: float
) -> None:
    """The impact is at 62.3 s, and the body seems upright for a second more."""
    recording = read_recording(STREAMS / "fall_forward")
    day = Day(calibrated(all_day, "fall_forward"), rules=replace(RULES, long_s=long_s))
    called = False
    for chunk in recording.chunks(0.2):
        day.put(chunk, streams=recording.header.streams)
        assert day.takes.current is not None
        called |= day.takes.current.pipeline.falls.suspected is not None
    assert called


FALLEN_S = 62.3
"""When the impact is in the sample stream of a fall."""


@pytest.fixture
def fallen(all_day: Plan) -> Day:
    """A day so far, with a fall of which only the first moments came."""
    day = Day(calibrated(all_day, "fall_forward"), rules=Rules())
    recording = read_recording(STREAMS / "fall_forward")
    for chunk in recording.chunks(0.2):
        if chunk.t_s[-1] < FALLEN_S + 1.7:
            day.put(chunk, streams=recording.header.streams)
    return day


def test_a_fall_is_suspected_though_the_sensors_fall_silent_in_it(fallen: Day) -> None:
    take = fallen.takes.current
    assert take is not None
    assert take.suspected_fall(FALLEN_S + 3.0) is None
    suspected = take.suspected_fall(FALLEN_S + 7.0)
    assert suspected is not None
    assert suspected.impact_s == pytest.approx(FALLEN_S, abs=0.2)


def test_a_fall_with_which_a_recorder_was_cut_off_is_told_by_the_next(
    fallen: Day, all_day: Plan
) -> None:
    assert fallen.takes.current is not None
    fallen.takes.current.leave()
    info = fallen.takes.current.header.streams[0]
    day = Day(all_day, NOON + timedelta(seconds=80.0))
    day.put(steady(info, 1), streams=(info,))
    take = day.takes.current
    assert take is not None
    (fall,) = take.falls
    fallen_at = take.header.started_at + timedelta(seconds=fall.impact_s)
    assert (fallen_at - NOON).total_seconds() == pytest.approx(FALLEN_S, abs=0.2)


def test_what_is_found_in_each_is_what_analysis_finds_in_it(all_day: Plan) -> None:
    results = played(Day(calibrated(all_day, "fall_forward")), "fall_forward")
    assert sum(len(result.session.falls) for result in results) == 1
    assert [each.session for each in results] == [analyze(each.recording) for each in results]


def test_it_does_not_end_while_a_stream_is_behind_that_may_come_back(all_day: Plan) -> None:
    day = Day(all_day)
    put_seconds(day, 0, 58, SLOW, SLOW_STERNUM)
    put_seconds(day, 58, 66, SLOW)
    assert day.results == []
    put_seconds(day, 66, 70, SLOW)
    assert len(day.end()) == 2


def test_after_a_silence_another_recording_begins_that_continues_nothing(all_day: Plan) -> None:
    day = Day(all_day)
    put_seconds(day, 0, 5, SLOW)
    for silent_s, finished in ((9.0, 0), (10.0, 1)):
        day.now_s = 5.0 + silent_s
        day.put()
        assert len(day.results) == finished
    put_seconds(day, 20, 22, SLOW)
    first, second = day.end()
    assert second.header.resumes is None
    assert second.header.started_at == NOON + timedelta(seconds=20 - RULES.earlier_s)
    assert first.duration_s == 5


def test_it_also_begins_if_the_first_news_of_the_silence_is_its_end(all_day: Plan) -> None:
    day = Day(all_day)
    put_seconds(day, 0, 5, SLOW)
    put_seconds(day, 60, 62, SLOW)
    first, second = day.end()
    assert (first.duration_s, second.header.resumes) == (5, None)


def test_after_a_silence_the_time_of_day_is_looked_up_again(all_day: Plan) -> None:
    day = Day(all_day)
    put_seconds(day, 0, 1, SLOW)
    day.set_s = 3600.0
    put_seconds(day, 60, 61, SLOW)
    second = day.end()[1]
    assert second.header.started_at == NOON + timedelta(seconds=3660 - RULES.earlier_s)


def test_a_sensor_that_joins_begins_a_recording_with_both(all_day: Plan) -> None:
    day = Day(replace(all_day, all_day=False))
    day.put(steady(SLOW, 20), streams=(SLOW,))
    day.put(streams=(SLOW, SLOW_STERNUM))
    assert day.results == []
    day.put(steady(SLOW, 5, start_s=20), steady(SLOW_STERNUM, 5, start_s=19.5))
    first, second = day.end()
    assert [info.placement for info in second.header.streams] == [WAIST.placement, "sternum"]
    assert second.header.resumes == first.header.id
    assert absolute_us(second, WAIST.placement)[0] == 20_000_000
    assert absolute_us(second, STERNUM.placement)[0] == 19_500_000


def test_a_stream_that_reaches_back_is_kept_whole(all_day: Plan) -> None:
    day = Day(all_day)
    day.put(steady(SLOW, 20), steady(SLOW_STERNUM, 20))
    put_seconds(day, 60, 61, SLOW)
    day.put(steady(SLOW_STERNUM, 40, start_s=20))
    stored = [us for each in day.end() for us in absolute_us(each, STERNUM.placement)]
    assert stored == [quarter * 250_000 for quarter in range(60 * 4)]


def test_what_comes_too_late_for_the_live_result_is_in_the_one_that_is_told(
    all_day: Plan,
) -> None:
    recording = read_recording(STREAMS / "bridging_good")
    streams = recording.header.streams
    day = Day(replace(calibrated(all_day, "bridging_good"), all_day=False))
    late: list[Chunk] = []
    for chunk in recording.chunks(1.0):
        if chunk.placement is streams[0].placement or chunk.t_s[0] < 10:
            day.put(chunk, streams=streams)
        else:
            late.append(chunk)
    for chunk in late:
        day.put(chunk, streams=streams)
    assert day.takes.current is not None
    assert day.takes.current.repetitions < 10
    day.end()
    (result,) = day.results
    assert len(result.session.repetitions) == 10


@settings(max_examples=12)
@given(data=st.data())
def test_no_sample_is_lost_or_in_two_recordings_whatever_comes_when(data: Any) -> None:
    """Two streams with pauses come in pieces of any size, each late by a delay of its own."""
    with TemporaryDirectory() as folder:
        day = Day(Plan(folder=Path(folder), all_day=data.draw(st.booleans())))
        streams = [_with_pauses(data, info) for info in (SLOW, SLOW_STERNUM)]
        for pieces in _beats(data, streams):
            day.put(*pieces)
        recordings = day.end()
        for stream in streams:
            stored = [us for each in recordings for us in absolute_us(each, stream.placement)]
            assert stored == [round(t_s * 1e6) for t_s in stream.t_s]


def _with_pauses(data: Any, info: StreamInfo) -> Chunk:
    start_s, parts = data.draw(st.sampled_from([0.0, 0.2, 15.0])), []
    for pause_s in data.draw(st.lists(st.sampled_from([0.0, 3.0, 12.0, 70.0]), min_size=1)):
        length_s = data.draw(st.sampled_from([1, 5, 64]))
        parts.append(steady(info, length_s, start_s=start_s))
        start_s += length_s + pause_s
        if start_s > 200:
            break
    return joined(parts, info.placement)


def _beats(data: Any, streams: list[Chunk]) -> Iterator[list[Chunk]]:
    """What has come at the end of each of some stretches; a stream is late by up to 15 s."""
    delays_s = [data.draw(st.sampled_from([0.0, 0.5, 3.0, 15.0])) for _ in streams]
    taken = [0] * len(streams)
    end_s, now_s = max(float(stream.t_s[-1]) for stream in streams), 0.0
    while now_s <= end_s + 15:
        now_s += data.draw(st.sampled_from([0.5, 4.0, 30.0]))
        pieces = []
        for index, stream in enumerate(streams):
            come = int(np.searchsorted(stream.t_s, now_s - delays_s[index]))
            if come > taken[index]:
                pieces.append(part(stream, taken[index], come))
            taken[index] = come
        yield pieces


# Cut off and continued


def cut_off(plan: Plan, at: datetime) -> str:
    """Leave a spool of one second, as a kill does; the id of its recording."""
    takes = Day(plan, at).takes
    takes.put([steady(WAIST, 1)], {WAIST.placement: WAIST})
    take = takes.end()
    assert take is not None
    take.leave()
    return take.header.id


def begun(plan: Plan, info: StreamInfo, at: datetime) -> str | None:
    """What the first recording of a new hub resumes."""
    day = Day(plan, at)
    day.put(steady(info, 1), streams=(info,))
    (recording,) = day.end()
    return recording.header.resumes


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan(folder=tmp_path, kind=RecordingKind.DAY, patient="p1")


def test_a_new_recording_resumes_the_one_that_was_cut_off(plan: Plan) -> None:
    old = cut_off(plan, NOON)
    assert begun(plan, WAIST, NOON + timedelta(minutes=5)) == old
    assert read_recording(plan.folder / old).duration_s == 1.0


def test_only_the_first_recording_resumes_it(all_day: Plan) -> None:
    cut_off(all_day, NOON)
    day = Day(all_day, NOON + timedelta(minutes=5))
    put_seconds(day, 0, 1, SLOW)
    put_seconds(day, 20, 21, SLOW)
    assert [each.header.resumes is None for each in day.end()] == [False, True]


@pytest.mark.parametrize(
    ("change", "info", "later"),
    [
        ({"patient": "p2"}, WAIST, timedelta(minutes=5)),
        ({"kind": RecordingKind.EXERCISE}, WAIST, timedelta(minutes=5)),
        ({}, STERNUM, timedelta(minutes=5)),
        ({}, WAIST, timedelta(hours=5)),
    ],
    ids=["another wearer", "another kind", "another place", "another time"],
)
def test_it_does_not_resume_what_is_something_else(
    change: dict[str, Any], info: StreamInfo, later: timedelta, plan: Plan
) -> None:
    old = cut_off(plan, NOON)
    assert begun(replace(plan, **change), info, NOON + later) is None
    assert (plan.folder / old).exists()


def test_a_spool_that_cannot_be_completed_does_not_stop_the_next_recording(
    plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    old = cut_off(plan, NOON)
    (plan.folder / f".{old}.spool" / "header.json").write_text("{}")
    assert begun(plan, WAIST, NOON) is None
    assert capsys.readouterr().err.count("\n") == 1
    assert (plan.folder / f".{old}.spool").exists()


def test_two_recorders_on_one_folder_leave_each_other_alone(plan: Plan) -> None:
    one = Day(plan)
    one.put(steady(WAIST, 1), streams=(WAIST,))
    other = Day(plan)
    other.put(steady(WAIST, 2), streams=(WAIST,))
    one.put(steady(WAIST, 1, start_s=1), streams=(WAIST,))
    assert [each.duration_s for each in (*one.end(), *other.end())] == [2.0, 2.0]
