"""The hub as it runs: real recordings played as sensors, real processes, real signals."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analytics.bridging.phase import BridgePhase
from analytics.limits import Limits, Prescribed, PrescribedByDay, prescribed_always
from analytics.pipeline import analyze
from fivepoint.hub import Hub, Plan, Result
from fivepoint.live import (
    LIVE_NAME,
    STALE_AFTER_S,
    LivePhase,
    LiveSensors,
    LiveState,
    is_current,
    read_live,
    status_line,
)
from sensors.errors import FivepointError
from sensors.recording import (
    RecordingKind,
    find_recordings,
    read_recording,
)
from sensors.replay import ReplaySource
from sensors.source import Link, Source
from sensors.types import Chunk, Placement, StreamInfo
from tests.sensors.making import STERNUM, WAIST, assert_same, joined, steady

STREAMS = Path(__file__).resolve().parent.parent / "sample_streams"
AS_FAST_AS_READ = float("inf")

on_unix = pytest.mark.skipif(sys.platform == "win32", reason="no such signals on Windows")


LONG = pytest.param("positioning_pad", marks=pytest.mark.slow)


def replayed(name: str, *, speed: float = AS_FAST_AS_READ) -> tuple[ReplaySource, Plan]:
    """A sample stream as a sensor, and a plan with its calibrations but without a folder."""
    recording = read_recording(STREAMS / name)
    header = recording.header
    plan = Plan(folder=Path(), kind=header.kind, calibrations=header.calibrations)
    return ReplaySource(recording, speed=speed, chunk_s=0.08), plan


def record(
    plan: Plan, *sources: Source, clock: Callable[[], float] | None = None, **hub: Any
) -> list[Result]:
    """What is recorded until all sources have ended or the plan's duration is over."""
    results: list[Result] = []
    made = Hub(plan, clock, on_finish=results.append, **hub)
    asyncio.run(made.run(asyncio.Event(), sources))
    return results


def live(folder: Path) -> LiveState:
    state = read_live(folder / LIVE_NAME)
    assert state is not None
    return state


class Steady:
    """A sensor that sends at its rate until it is let go, and tells how it is connected."""

    def __init__(self, info: StreamInfo = WAIST, *, fails_after: int | None = None) -> None:
        self.infos = (info,)
        self.link = Link(connected=True, battery_percent=87, rssi_dbm=-60)
        self.stopped_orderly = False
        self._fails_after = fails_after

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        try:
            sent = 0
            while True:
                await asyncio.sleep(0.02)
                if sent == self._fails_after:
                    raise FivepointError("the sensor fell into the bath")
                yield steady(self.infos[0], 0.02, start_s=0.02 * sent)
                sent += 1
        finally:
            await asyncio.sleep(0)  # as to write to the sensor that it should stop
            self.stopped_orderly = True


class Ticking:
    """A clock that is set by hand."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Silent:
    """A sensor that is never found."""

    infos: tuple[StreamInfo, ...] = (STERNUM,)

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        await asyncio.sleep(3600)
        yield steady(STERNUM, 1)


@pytest.mark.parametrize("name", ["bridging_good", "fall_forward", LONG])
def test_what_is_found_live_is_what_analysis_finds_bit_for_bit(name: str, tmp_path: Path) -> None:
    source, plan = replayed(name)
    (result,) = record(replace(plan, folder=tmp_path), source)
    assert result.session == analyze(result.recording)
    original = analyze(read_recording(STREAMS / name))
    same = replace(result.session, recording_id=original.recording_id, kind=original.kind)
    assert replace(same, started_at=original.started_at) == original


@pytest.mark.slow
def test_live_measures_against_the_limits_of_the_wearers_day_as_analysis_does(
    tmp_path: Path,
) -> None:
    narrow = Limits(band_deg=(2.0, 8.0), over_deg=10.0, flexion_deg=30.0)
    source, plan = replayed("positioning_pad")
    today = datetime.now(UTC).date()
    since = ((date(2000, 1, 1), Prescribed()), (today, Prescribed(limits=narrow)))
    plan = replace(plan, folder=tmp_path, prescribed=PrescribedByDay(since=since))
    (result,) = record(plan, source)
    assert result.session.limits == narrow
    assert result.session.over_extension
    assert result.session == analyze(result.recording, limits=narrow)


def test_every_sample_is_recorded_as_it_came(tmp_path: Path) -> None:
    source, plan = replayed("chest_acc_only")
    ((recording, _),) = record(replace(plan, folder=tmp_path), source)
    original = read_recording(STREAMS / "chest_acc_only")
    for info in original.header.streams:
        found = joined(recording.chunks(), info.placement)
        assert_same(found, joined(original.chunks(), info.placement))


def test_the_live_state_tells_what_was_done(tmp_path: Path) -> None:
    source, plan = replayed("bridging_good")
    prescribed = prescribed_always(Prescribed(hold_s=5.0))
    (result,) = record(replace(plan, folder=tmp_path, prescribed=prescribed), source)
    state = live(tmp_path)
    assert state.phase is LivePhase.FINISHED
    assert state.recording_id == result.recording.header.id
    assert state.repetitions == 10
    assert state.last_repetition == result.session.repetitions[-1]
    assert state.bridge is not None
    assert (state.bridge.phase, state.bridge.repetitions) == (BridgePhase.REST, 10)
    assert state.bridge.hold_s == state.last_repetition.hold_s
    assert state.remaining_hold_s == 5.0
    assert [sensor.missing_s for sensor in state.sensors] == [0.0, 0.0]
    assert [sensor.samples for sensor in state.sensors] == [8480, 8480]


def test_the_live_state_tells_the_angle_of_the_spine_and_how_sure_it_is(tmp_path: Path) -> None:
    source, plan = replayed("bridging_good")
    record(replace(plan, folder=tmp_path), source)
    state = live(tmp_path)
    assert state.extension_deg is not None
    assert state.extension_sigma_deg is not None
    assert 0.1 < state.extension_sigma_deg < 2.0


def test_a_called_fall_is_in_the_live_state(tmp_path: Path) -> None:
    source, plan = replayed("fall_forward")
    (result,) = record(replace(plan, folder=tmp_path), source)
    assert live(tmp_path).falls == result.session.falls
    assert len(result.session.falls) == 1


def test_the_live_state_is_plain_json_while_recording(tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []

    class Watched(Steady):
        async def __aiter__(self) -> AsyncIterator[Chunk]:
            async for chunk in super().__aiter__():
                yield chunk
                if (tmp_path / LIVE_NAME).exists():
                    seen.append(json.loads((tmp_path / LIVE_NAME).read_bytes()))

    record(Plan(folder=tmp_path, duration_s=0.6), Watched())
    (sensor,) = seen[-1]["sensors"]
    assert seen[-1]["phase"] == "recording"
    assert seen[-1]["posture"] == "unknown"
    assert (seen[-1]["extension_deg"], seen[-1]["extension_sigma_deg"]) == (None, None)
    assert (sensor["battery_percent"], sensor["rssi_dbm"]) == (87, -60)
    assert len({each["updated_at"] for each in seen}) >= 3


def test_the_live_state_fits_a_line_that_tells_whether_it_records(tmp_path: Path) -> None:
    record(Plan(folder=tmp_path, duration_s=0.4), Steady())
    finished = live(tmp_path)
    now = finished.updated_at
    assert status_line(finished, now) == "finished"
    state = msgspec.structs.replace(finished, elapsed_s=3723.4, phase=LivePhase.RECORDING)
    assert status_line(state, now).split("  ") == [
        *("1:02:03", "unknown", "0 repetitions"),
        "waist: 87 % battery, 0.0 s missing",
    ]
    away = msgspec.structs.replace(state.sensors[0], connected=False)
    line = status_line(msgspec.structs.replace(state, sensors=(away,)), now)
    assert line.endswith("NOT CONNECTED")


def test_a_state_that_a_killed_recorder_left_is_not_believed(tmp_path: Path) -> None:
    record(Plan(folder=tmp_path, duration_s=0.2), Steady())
    finished = live(tmp_path)
    later = finished.updated_at + timedelta(seconds=STALE_AFTER_S + 1)
    assert is_current(finished, later)
    for phase in set(LivePhase) - {LivePhase.FINISHED}:
        left = msgspec.structs.replace(finished, phase=phase)
        assert is_current(left, left.updated_at)
        assert not is_current(left, later)
        assert "no news" in status_line(left, later)


def test_before_the_first_sample_it_tells_that_it_waits_and_for_what(tmp_path: Path) -> None:
    seen: list[LiveState] = []

    class Watched(Silent):
        async def __aiter__(self) -> AsyncIterator[Chunk]:
            await asyncio.sleep(0.3)
            seen.append(live(tmp_path))
            yield steady(STERNUM, 1)

    record(Plan(folder=tmp_path), Watched(), expected=[Placement.PELVIS])
    (state,) = seen
    assert (state.phase, state.recording_id) == (LivePhase.WAITING, None)
    sternum, pelvis = state.sensors
    assert (pelvis.placement, pelvis.connected, pelvis.samples) == (Placement.PELVIS, False, 0)
    assert (sternum.missing_s, pelvis.missing_s) == (0.0, 0.0)


def test_what_is_missing_grows_while_a_sensor_is_away(tmp_path: Path) -> None:
    sensors = LiveSensors([], time_s := Ticking())
    sensors.attend([Steady()])
    sensors.arrived(steady(WAIST, 1))
    missing = []
    for now_s in (1.0, 2.0, 4.0, 9.0):
        time_s.now_s = now_s
        missing.append(sensors.states()[0].missing_s)
    assert missing == [0.0, 0.0, 4.0, 9.0]


def test_it_ends_after_the_planned_duration_and_lets_the_sensor_go(tmp_path: Path) -> None:
    sensor = Steady()
    ((recording, _),) = record(Plan(folder=tmp_path, duration_s=0.5), sensor)
    assert sensor.stopped_orderly
    assert 0 < recording.duration_s < 3.0
    assert recording.header.kind is RecordingKind.OTHER


def test_a_sensor_that_is_never_found_does_not_keep_the_other_from_being_recorded(
    tmp_path: Path,
) -> None:
    ((recording, _),) = record(Plan(folder=tmp_path, duration_s=0.5), Steady(), Silent())
    assert recording.sample_counts[Placement.WAIST] > 0
    assert recording.sample_counts[Placement.STERNUM] == 0
    waist, sternum = live(tmp_path).sensors
    assert waist.silent_s < sternum.silent_s


def test_the_error_of_a_sensor_is_told_after_the_recording_is_safe(tmp_path: Path) -> None:
    with pytest.raises(FivepointError, match="bath"):
        record(Plan(folder=tmp_path), Steady(fails_after=10))
    (folder,) = find_recordings(tmp_path)
    assert read_recording(folder).sample_counts[Placement.WAIST] == 20


@pytest.mark.parametrize(
    ("sensor", "told"), [(Silent(), "No sample came"), (Steady(fails_after=0), "bath")]
)
def test_nothing_is_left_where_no_sample_came(sensor: Source, told: str, tmp_path: Path) -> None:
    with pytest.raises(FivepointError, match=told):
        record(Plan(folder=tmp_path, duration_s=0.2), sensor)
    assert [path.name for path in tmp_path.iterdir()] == [LIVE_NAME]


# Real processes

RECORD = """
import asyncio, sys
from dataclasses import replace
from pathlib import Path
from fivepoint.hub import Hub, stopping_on_signals
from tests.test_hub import replayed

async def run():
    source, plan = replayed("chest_acc_only", speed=4.0)
    plan = replace(plan, folder=Path(sys.argv[1]))
    with stopping_on_signals() as stop:
        await Hub(plan).run(stop, [source])

asyncio.run(run())
"""


@contextmanager
def recorder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that records a replay into a folder."""
    command = [sys.executable, "-W", "error", "-c", RECORD, str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait for as long as the process lives; it ends by itself after a minute at most."""
    while not condition():
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        time.sleep(0.02)


def seconds_recorded(folder: Path) -> Callable[[float], bool]:
    def reached(seconds: float) -> bool:
        state = read_live(folder / LIVE_NAME)
        return state is not None and state.sensors[0].samples >= 100 * seconds

    return reached


@on_unix
@pytest.mark.parametrize("asked_by", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_recording_that_is_whole(asked_by: signal.Signals, tmp_path: Path) -> None:
    with recorder(tmp_path) as process:
        wait_for(lambda: seconds_recorded(tmp_path)(3), process)
        process.send_signal(asked_by)
        _, complaints = process.communicate()
        assert (process.returncode, complaints) == (0, "")
    (folder,) = find_recordings(tmp_path)
    assert read_recording(folder).duration_s > 2.5
    assert live(tmp_path).phase is LivePhase.FINISHED
    assert not list(tmp_path.glob(".*.spool"))


@on_unix
@pytest.mark.slow
def test_a_killed_recorder_loses_half_a_second_and_is_resumed_by_the_next(tmp_path: Path) -> None:
    with recorder(tmp_path) as process:
        wait_for(lambda: seconds_recorded(tmp_path)(6), process)
        known = live(tmp_path).sensors[0].samples
        process.kill()
    killed = live(tmp_path).recording_id
    with recorder(tmp_path) as process:
        wait_for(lambda: live(tmp_path).recording_id != killed, process)
        wait_for(lambda: seconds_recorded(tmp_path)(3), process)
        process.terminate()
        process.wait()
    first, second = (read_recording(folder) for folder in find_recordings(tmp_path))
    assert (first.header.id, first.header.resumes) == (killed, None)
    assert second.header.resumes == killed
    assert first.sample_counts[Placement.STERNUM] >= known - 4.0 * 0.5 * 100
    original = joined(read_recording(STREAMS / "chest_acc_only").chunks(), Placement.STERNUM)
    found = joined(first.chunks(), Placement.STERNUM)
    assert (found.acc == original.acc[: len(found.acc)]).all()
