"""What was handed to the spool survives a kill, a power cut and a full disk."""

from __future__ import annotations

import shutil
import signal as signals
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.recording import (
    RecordingError,
    Spool,
    quantized,
    read_recording,
    recover,
    write_recording,
)
from sensors.types import Chunk, Placement
from tests.sensors.making import STERNUM, WAIST, assert_same, cut, header, joined, part, steady

on_unix = pytest.mark.skipif(sys.platform == "win32", reason="kills and limits as Unix has them")


@given(pieces=st.integers(1, 400), chunk=st.builds(steady, st.just(WAIST), st.floats(0.02, 5)))
@settings(max_examples=15)
def test_a_spool_becomes_the_recording_that_writing_at_once_gives(
    pieces: int, chunk: Chunk
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_recording(folder / "at_once", header(), [chunk])
        with Spool(folder / "live", header()) as spool:
            for piece in cut(chunk, pieces):
                spool.append(piece)
            spool.close()
        assert sorted(path.name for path in folder.iterdir()) == ["at_once", "live"]
        for path in (folder / "at_once").iterdir():
            assert path.read_bytes() == (folder / "live" / path.name).read_bytes()


def test_samples_become_durable_without_a_further_append(tmp_path: Path) -> None:
    with Spool(tmp_path / "r", header()) as spool:
        spool.append(steady(WAIST, 0.5))
        deadline = time.monotonic() + 30
        while spool.durable_samples[Placement.WAIST] < 50 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert spool.durable_samples == {Placement.WAIST: 50, Placement.STERNUM: 0}


def test_a_spool_that_was_left_is_recovered(tmp_path: Path) -> None:
    with Spool(tmp_path / "r", header()) as spool:
        spool.append(steady(WAIST, 2))
        spool.append(steady(STERNUM, 2))
    assert not (tmp_path / "r").exists()
    (recording,) = recover(tmp_path)
    assert recording.folder == tmp_path / "r"
    assert recording.sample_counts == {Placement.WAIST: 200, Placement.STERNUM: 100}
    assert [path.name for path in tmp_path.iterdir()] == ["r"]
    assert recover(tmp_path) == []


def test_an_empty_spool_leaves_nothing(tmp_path: Path) -> None:
    with Spool(tmp_path / "closed", header()) as spool, pytest.raises(RecordingError, match="No"):
        spool.close()
    with Spool(tmp_path / "left", header()):
        pass
    assert recover(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_spool_in_use_is_left_alone(tmp_path: Path) -> None:
    with Spool(tmp_path / "r", header()) as spool:
        spool.append(steady(WAIST, 2))
        assert recover(tmp_path) == []
        assert spool.close().sample_counts[Placement.WAIST] == 200


def test_a_kill_after_putting_the_recording_in_place_is_cleared_up(tmp_path: Path) -> None:
    with Spool(tmp_path / "r", header()) as spool:
        spool.append(steady(WAIST, 2))
        spool.sync()
        shutil.copytree(tmp_path / ".r.spool", tmp_path / "kept")
        spool.close()
    (tmp_path / "kept").rename(tmp_path / ".r.spool")
    (recording,) = recover(tmp_path)
    assert recording.sample_counts[Placement.WAIST] == 200
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_a_broken_spool_does_not_keep_the_others_from_recovery(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with Spool(tmp_path / name, header()) as spool:
            spool.append(steady(WAIST, 2))
    (tmp_path / ".a.spool" / "header.json").write_text("{}")
    with pytest.raises(RecordingError, match="header"):
        recover(tmp_path)
    assert read_recording(tmp_path / "b").sample_counts[Placement.WAIST] == 200
    assert (tmp_path / ".a.spool" / "samples.arrow").exists()


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[int, int]]]:
    """A spool with eight batches, and the file's size and samples after each sync."""
    folder = tmp_path_factory.mktemp("cut")
    synced = [(0, 0)]
    with Spool(folder / "r", header()) as spool:
        for piece in cut(steady(WAIST, 2), 25):
            spool.append(piece)
            spool.sync()
            size = (folder / ".r.spool" / "samples.arrow").stat().st_size
            synced.append((size, spool.durable_samples[Placement.WAIST]))
    return folder / ".r.spool", synced


@pytest.mark.parametrize("zeros", [0, 5000], ids=["cut short", "filled with zeros"])
@given(share=st.floats(0, 1))
@settings(max_examples=30)
def test_a_spool_cut_at_any_byte_keeps_every_batch_before(
    cut_off: tuple[Path, list[tuple[int, int]]], zeros: int, share: float
) -> None:
    spool, synced = cut_off
    content = (spool / "samples.arrow").read_bytes()
    kept = round(share * len(content))
    durable = max(samples for size, samples in synced if size <= kept)
    with TemporaryDirectory() as name:
        copy = shutil.copytree(spool, Path(name, ".r.spool"))
        (copy / "samples.arrow").write_bytes(content[:kept] + bytes(zeros))
        recovered = recover(Path(name))
        found = [chunk for recording in recovered for chunk in recording.chunks()]
        samples = sum(len(chunk.t_s) for chunk in found)
        assert durable <= samples <= durable + 25
        if found:
            expected = quantized(part(steady(WAIST, 2), 0, samples), WAIST)
            assert_same(joined(found, Placement.WAIST), expected)


@pytest.mark.parametrize("leftover", ["r", ".r.spool"])
def test_a_taken_name_is_refused_and_not_touched(tmp_path: Path, leftover: str) -> None:
    (tmp_path / leftover).mkdir()
    (tmp_path / leftover / "notes.txt").write_text("mine")
    with pytest.raises(RecordingError, match=r"remove it or|recover it first"):
        Spool(tmp_path / "r", header())
    assert [path.name for path in tmp_path.rglob("*")] == [leftover, "notes.txt"]


def test_what_does_not_fit_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    with Spool(tmp_path / "r", header()) as spool:
        spool.append(steady(WAIST, 1))
        with pytest.raises(RecordingError, match="do not rise"):
            spool.append(steady(WAIST, 1))
        with pytest.raises(RecordingError, match="thigh"):
            spool.append(steady(replace(STERNUM, placement=Placement.THIGH), 1))
        spool.append(steady(WAIST, 1, start_s=1.0))
        assert spool.close().sample_counts[Placement.WAIST] == 200


def test_nothing_can_be_added_to_a_closed_spool(tmp_path: Path) -> None:
    with Spool(tmp_path / "r", header()) as spool:
        spool.append(steady(WAIST, 1))
        spool.close()
        with pytest.raises(ValueError, match="closed"):
            spool.append(steady(WAIST, 1, start_s=1.0))


def test_a_folder_that_may_not_be_written_is_told(
    tmp_path: Path, refuse: Callable[[Path], None]
) -> None:
    refuse(tmp_path)
    with pytest.raises(RecordingError, match="Permission denied"):
        Spool(tmp_path / "r", header())


# Real processes


def sent(chunk_s: float, chunks: int) -> Chunk:
    """What a process below appended in that many chunks."""
    each = (steady(WAIST, chunk_s, start_s=chunk_s * k, seed=k) for k in range(chunks))
    return quantized(joined(each, Placement.WAIST), WAIST)


SPOOL_UNTIL_KILLED = """
import sys, time
from pathlib import Path
from sensors.recording import Spool
from tests.sensors.making import WAIST, header, steady

with Spool(Path(sys.argv[1]), header()) as spool:
    started = time.monotonic()
    for k in range(10_000):
        time.sleep(max(0, started + 0.1 * k - time.monotonic()))
        spool.append(steady(WAIST, 0.1, start_s=0.1 * k, seed=k))
        durable = spool.durable_samples[WAIST.placement]
        print(10 * (k + 1), durable, time.monotonic(), flush=True)
"""


@on_unix
@pytest.mark.slow
@pytest.mark.parametrize("life_s", [1.6, 2.0, 2.9])
def test_a_killed_process_loses_at_most_the_last_second(tmp_path: Path, life_s: float) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", SPOOL_UNTIL_KILLED, str(tmp_path / "r")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    told = [child.stdout.readline().split()]
    time.sleep(life_s)
    killed_at = time.monotonic()
    child.send_signal(signals.SIGKILL)
    told += [line.split() for line in child.communicate()[0].splitlines()]
    (recording,) = recover(tmp_path)
    found = recording.sample_counts[Placement.WAIST]
    handed_over_a_second_before = max(
        int(appended) for appended, _, at in told if float(at) <= killed_at - 1
    )
    assert found >= handed_over_a_second_before
    assert found >= max(int(durable) for _, durable, _ in told)
    expected = quantized(
        joined(
            (steady(WAIST, 0.1, start_s=0.1 * k, seed=k) for k in range(found // 10)),
            Placement.WAIST,
        ),
        WAIST,
    )
    assert_same(joined(recording.chunks(), Placement.WAIST), expected)


FILL_THE_DISK = """
import resource, signal, sys
from pathlib import Path
from sensors.recording import RecordingError, Spool, write_recording
from tests.sensors.making import WAIST, header, steady

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
chunks = (steady(WAIST, 1, start_s=k, seed=k) for k in range(1000))
way, folder = sys.argv[1], Path(sys.argv[2])
try:
    if way == "write":
        write_recording(folder, header(), chunks)
    with Spool(folder, header()) as spool:
        for chunk in chunks:
            spool.append(chunk)
            spool.sync()
            print(spool.durable_samples[WAIST.placement])
except RecordingError as error:
    print(error)
"""


def fill_the_disk(way: str, folder: Path) -> list[str]:
    """Run into the kernel's limit on the size of files, which fails writes as a full disk does."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", FILL_THE_DISK, way, str(folder)],
        capture_output=True,
        check=True,
        text=True,
    )
    assert run.stderr == ""
    return run.stdout.splitlines()


@on_unix
def test_a_full_disk_ends_a_live_recording_and_keeps_what_came_before(tmp_path: Path) -> None:
    *durable, error = fill_the_disk("spool", tmp_path / "r")
    assert "File too large" in error
    assert "what came before is kept" in error
    (recording,) = recover(tmp_path)
    samples = recording.sample_counts[Placement.WAIST]
    assert samples >= int(durable[-1])
    expected = joined(
        (steady(WAIST, 1, start_s=k, seed=k) for k in range(samples // 100)), Placement.WAIST
    )
    assert_same(joined(recording.chunks(), Placement.WAIST), quantized(expected, WAIST))


@on_unix
def test_a_full_disk_leaves_nothing_of_a_recording_written_at_once(tmp_path: Path) -> None:
    (error,) = fill_the_disk("write", tmp_path / "r")
    assert "File too large" in error
    assert "was not written" in error
    assert list(tmp_path.iterdir()) == []
