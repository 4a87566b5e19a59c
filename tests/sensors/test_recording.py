"""A recording gives back what was written, or says in one line why it cannot."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.recording import (
    RecordingError,
    find_recordings,
    quantized,
    read_calibrations,
    read_recording,
    write_calibrations,
    write_recording,
)
from sensors.recording.streamfile import ROW_GROUP_SAMPLES
from sensors.types import Calibration, Chunk, Gap, Placement, StreamInfo
from sensors.version import VERSION
from tests.sensors.making import (
    STARTED_AT,
    STERNUM,
    WAIST,
    assert_one_line,
    assert_same,
    cut,
    header,
    joined,
    part,
    signal,
    steady,
)

PELVIS = replace(STERNUM, placement=Placement.PELVIS, rate_hz=286.0)
T0 = np.zeros(1)
QUARTER_TURN = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
CALIBRATION = Calibration(
    placement=Placement.WAIST,
    rotation=QUARTER_TURN,
    supine_up=np.array([0.8, 0.6, 0.0]),
    method="standing and lying",
    made_from="made-0",
    device_id="w1",
)


@st.composite
def streams(draw: st.DrawFn, info: StreamInfo) -> Chunk:
    """A stream with random gaps, and samples beyond the sensor's range."""
    samples = draw(st.integers(0, 300))
    steps = draw(
        st.lists(st.sampled_from([1, 1, 1, 3, 40, 5000]), min_size=samples, max_size=samples)
    )
    t_s = draw(st.floats(-2, 1e6)) + np.cumsum(steps) / info.rate_hz
    chunk = signal(info, t_s, draw(st.integers(0, 2**32)))
    return Chunk(info.placement, t_s, chunk.acc * draw(st.sampled_from([0.01, 1, 30])), chunk.gyro)


@st.composite
def interleaved(draw: st.DrawFn, infos: tuple[StreamInfo, ...]) -> list[Chunk]:
    """Some streams in random pieces; the order of the streams among each other is random too."""
    waiting = [list(cut(draw(streams(info)), draw(st.integers(1, 200)))) for info in infos]
    chunks = []
    while waiting := [pieces for pieces in waiting if pieces]:
        chunks.append(draw(st.sampled_from(waiting)).pop(0))
    return chunks


@given(
    chunks=interleaved((WAIST, STERNUM, PELVIS)).filter(bool),
    chunk_s=st.sampled_from([0.02, 0.7, 10.0, float("inf")]),
)
@settings(max_examples=25)
def test_a_recording_gives_back_every_sample_on_whole_counts(
    chunks: list[Chunk], chunk_s: float
) -> None:
    with TemporaryDirectory() as folder:
        recording = write_recording(Path(folder, "r"), header(WAIST, STERNUM, PELVIS), chunks)
        found = list(recording.chunks(chunk_s))
    for info in (WAIST, STERNUM, PELVIS):
        expected = [quantized(chunk, info) for chunk in chunks if chunk.placement == info.placement]
        if expected:
            assert_same(joined(found, info.placement), joined(expected, info.placement))
        count = sum(len(chunk.t_s) for chunk in expected)
        assert recording.sample_counts[info.placement] == count


@given(chunks=interleaved((WAIST, STERNUM)).filter(bool), chunk_s=st.sampled_from([0.05, 1.0]))
@settings(max_examples=15)
def test_chunks_come_in_order_of_time_and_within_windows(
    chunks: list[Chunk], chunk_s: float
) -> None:
    with TemporaryDirectory() as folder:
        recording = write_recording(Path(folder, "r"), header(), chunks)
        found = list(recording.chunks(chunk_s))
    assert [chunk.t_s[0] for chunk in found] == sorted(chunk.t_s[0] for chunk in found)
    for chunk in found:
        first_us, last_us = np.rint(chunk.t_s[[0, -1]] * 1e6).astype(int)
        assert first_us // round(chunk_s * 1e6) == last_us // round(chunk_s * 1e6)


def test_quantizing_twice_changes_nothing() -> None:
    once = quantized(steady(WAIST, 3), WAIST)
    assert_same(quantized(once, WAIST), once)


def test_a_recording_remembers_which_one_it_resumes(tmp_path: Path) -> None:
    first = write_recording(tmp_path / "a", header(), [steady(WAIST, 1)])
    resumed = replace(header(), id="made-2", resumes=first.header.id)
    assert write_recording(tmp_path / "b", resumed, [steady(WAIST, 1)]).header == resumed
    assert "resumes" not in (tmp_path / "a" / "recording.json").read_text()


def test_a_recording_longer_than_a_row_group_is_read_across_it(tmp_path: Path) -> None:
    chunk = steady(STERNUM, 1.5 * ROW_GROUP_SAMPLES / STERNUM.rate_hz)
    recording = write_recording(tmp_path / "r", header(STERNUM), cut(chunk, 999))
    assert_same(joined(recording.chunks(60), Placement.STERNUM), quantized(chunk, STERNUM))


def test_the_files_do_not_show_how_the_samples_were_cut(tmp_path: Path) -> None:
    chunk = steady(STERNUM, 2.5 * ROW_GROUP_SAMPLES / STERNUM.rate_hz)
    write_recording(tmp_path / "whole", header(STERNUM), [chunk])
    write_recording(tmp_path / "pieces", header(STERNUM), cut(chunk, 12_345))
    for path in (tmp_path / "whole").iterdir():
        assert path.read_bytes() == (tmp_path / "pieces" / path.name).read_bytes()


def test_six_axes_take_about_six_bytes_a_sample(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    t_s = np.arange(60_000) / WAIST.rate_hz
    counts = random.normal(0, 4, (6, len(t_s))).T  # the noise floor of a common sensor
    chunk = Chunk(Placement.WAIST, t_s, counts[:, :3] * WAIST.acc_scale_ms2, counts[:, 3:] * 0.001)
    write_recording(tmp_path / "r", header(WAIST), [chunk])
    assert (tmp_path / "r" / "waist.parquet").stat().st_size / len(t_s) < 6


def test_reading_keeps_what_the_header_said(tmp_path: Path) -> None:
    given_header = replace(header(), calibrations=(CALIBRATION,))
    write_recording(tmp_path / "r", given_header, [steady(WAIST, 2)])
    found = read_recording(tmp_path / "r")
    assert replace(found.header, calibrations=()) == header()
    (calibration,) = found.header.calibrations
    assert_same_calibration(calibration, CALIBRATION)
    assert found.duration_s == pytest.approx(2.0)


def test_a_start_in_local_time_is_the_same_instant_in_utc(tmp_path: Path) -> None:
    shanghai = STARTED_AT.astimezone(timezone(timedelta(hours=8)))
    write_recording(tmp_path / "r", replace(header(), started_at=shanghai), [steady(WAIST, 2)])
    found = read_recording(tmp_path / "r").header.started_at
    assert found == STARTED_AT
    assert found.utcoffset() == timedelta(0)


def test_missing_samples_are_told_as_gaps(tmp_path: Path) -> None:
    whole = steady(WAIST, 10)
    chunks = [part(whole, 0, 200), part(whole, 700, 1000), steady(STERNUM, 10)]
    recording = write_recording(tmp_path / "r", header(), chunks)
    assert recording.gaps == {Placement.WAIST: (Gap(2.0, 7.0),), Placement.STERNUM: ()}


def test_a_stream_may_stay_silent_but_not_all(tmp_path: Path) -> None:
    recording = write_recording(tmp_path / "one", header(), [steady(WAIST, 2)])
    assert recording.sample_counts == {Placement.WAIST: 200, Placement.STERNUM: 0}
    with pytest.raises(RecordingError, match="No sample came"):
        write_recording(tmp_path / "none", header(), [])


def test_truth_is_kept_beside_the_samples(tmp_path: Path) -> None:
    truth = {"posture": [{"posture": "supine", "start_s": 0.0, "end_s": 2.0}]}
    recording = write_recording(tmp_path / "r", header(), [steady(WAIST, 2)], truth)
    assert recording.truth() == truth
    assert write_recording(tmp_path / "s", header(), [steady(WAIST, 2)]).truth() is None


def test_recordings_are_found_by_their_own_folder_or_the_one_above(tmp_path: Path) -> None:
    for name in ("b", "a"):
        write_recording(tmp_path / name, header(), [steady(WAIST, 2)])
    (tmp_path / "empty").mkdir()
    assert find_recordings(tmp_path) == [tmp_path / "a", tmp_path / "b"]
    assert find_recordings(tmp_path / "b") == [tmp_path / "b"]
    with pytest.raises(RecordingError, match="neither is a recording nor holds one"):
        find_recordings(tmp_path / "empty")


def test_the_stored_version_is_the_application_s() -> None:
    project = Path(__file__).parents[2] / "pyproject.toml"
    assert f'version = "{VERSION}"' in project.read_text()


@pytest.mark.parametrize(
    ("chunks", "complaint"),
    [
        ([signal(WAIST, np.array([0.0, 0.01, 0.01]))], "do not rise"),
        ([steady(WAIST, 1), steady(WAIST, 1)], "do not rise"),
        ([signal(WAIST, np.array([0.0, np.nan]))], "not finite"),
        (
            [Chunk(Placement.WAIST, T0, np.full((1, 3), np.inf), np.zeros((1, 3)))],
            "not finite",
        ),
        ([Chunk(Placement.WAIST, T0, np.zeros((1, 2)), np.zeros((1, 3)))], "shapes"),
        ([Chunk(Placement.WAIST, T0, np.zeros((1, 3)), None)], "None"),
        ([steady(replace(STERNUM, placement=Placement.THIGH), 1)], "thigh"),
    ],
)
def test_samples_that_do_not_fit_leave_nothing_behind(
    tmp_path: Path, chunks: list[Chunk], complaint: str
) -> None:
    with pytest.raises(RecordingError, match=complaint) as caught:
        write_recording(tmp_path / "r", header(), [steady(STERNUM, 1), *chunks])
    assert_one_line(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"streams": ()}, "0 streams"),
        ({"streams": (WAIST, replace(STERNUM, placement=Placement.WAIST))}, "no two at one"),
        ({"started_at": datetime(2026, 3, 1)}, "no time zone"),
        ({"streams": (replace(WAIST, rate_hz=0.0),)}, "above zero"),
        ({"streams": (replace(WAIST, gyro_scale_rads=-1.0),)}, "above zero"),
    ],
)
def test_a_header_that_means_nothing_is_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(RecordingError, match=complaint):
        replace(header(), **change)


def test_an_existing_name_is_not_written_over(tmp_path: Path) -> None:
    write_recording(tmp_path / "r", header(), [steady(WAIST, 2)])
    before = {path: path.read_bytes() for path in (tmp_path / "r").iterdir()}
    with pytest.raises(RecordingError, match="exists already"):
        write_recording(tmp_path / "r", header(), [steady(WAIST, 3)])
    assert {path: path.read_bytes() for path in (tmp_path / "r").iterdir()} == before


def test_an_error_of_the_source_leaves_nothing_behind(tmp_path: Path) -> None:
    def failing() -> Any:
        yield steady(WAIST, 2)
        raise RuntimeError("the sensor is gone")

    with pytest.raises(RuntimeError):
        write_recording(tmp_path / "r", header(), failing())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_may_not_be_written_is_told(
    tmp_path: Path, refuse: Callable[[Path], None]
) -> None:
    refuse(tmp_path)
    with pytest.raises(RecordingError, match="Permission denied") as caught:
        write_recording(tmp_path / "r", header(), [steady(WAIST, 2)])
    assert_one_line(caught.value)


def assert_same_calibration(found: Calibration, expected: Calibration) -> None:
    assert (found.placement, found.method, found.made_from, found.device_id) == (
        expected.placement,
        expected.method,
        expected.made_from,
        expected.device_id,
    )
    assert found.rotation.tolist() == expected.rotation.tolist()
    assert found.supine_up is not None
    assert expected.supine_up is not None
    assert found.supine_up.tolist() == expected.supine_up.tolist()


def test_a_calibration_file_gives_back_what_was_written(tmp_path: Path) -> None:
    write_calibrations(tmp_path / "cal.json", [CALIBRATION])
    (found,) = read_calibrations(tmp_path / "cal.json")
    assert_same_calibration(found, CALIBRATION)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("-1.0", "-2.0", "not a rotation"),
        ("-1.0", "0.0", "not a rotation"),
        ("-1.0", '"x"', "rotation"),
        ('"waist"', '"knee"', "knee"),
    ],
)
def test_a_calibration_that_cannot_be_used_is_refused(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    path = tmp_path / "cal.json"
    write_calibrations(path, [CALIBRATION])
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(RecordingError, match=complaint) as caught:
        read_calibrations(path)
    assert_one_line(caught.value)


READ_A_DAY = """
import resource, sys
from pathlib import Path
from sensors.recording import read_recording
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
samples = sum(len(chunk.t_s) for chunk in read_recording(Path(sys.argv[1])).chunks())
print(samples, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the peak of memory is measured by Unix means")
def test_a_day_of_two_streams_is_read_in_little_memory(tmp_path: Path) -> None:
    def hours(info: StreamInfo) -> Any:
        return (steady(info, 3600, start_s=3600.0 * hour, seed=hour) for hour in range(24))

    two = header(WAIST, replace(STERNUM, rate_hz=100.0))
    chunks = (chunk for info in two.streams for chunk in hours(info))
    write_recording(tmp_path / "r", two, chunks)
    run = subprocess.run(
        [sys.executable, "-c", READ_A_DAY, str(tmp_path / "r")], capture_output=True, check=True
    )
    samples, grown_kb = map(int, run.stdout.split())
    assert samples == 2 * 24 * 3600 * 100
    assert grown_kb < 150_000
