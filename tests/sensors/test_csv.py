"""Delimited text is read as its layout says, or refused with the row and the remedy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.errors import FivepointError
from sensors.importers import (
    AccUnit,
    CsvLayout,
    GyroUnit,
    ImporterError,
    TimeUnit,
    csv_importer,
    import_all,
)
from sensors.importers.importer import UNKNOWN_START, Imported, Item
from sensors.recording import Recording
from sensors.types import GRAVITY_MS2, Clock, Placement, StreamInfo

SIX = ("ax", "ay", "az", "gx", "gy", "gz")


def layout(**changes: Any) -> CsvLayout:
    usual: dict[str, Any] = {"placement": Placement.WAIST, "rate_hz": 50.0}
    return CsvLayout(**(usual | changes))


def read(path: Path, content: str | bytes, **changes: Any) -> Imported:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return csv_importer(layout(**changes)).read(Item(name=path.stem, paths=(path,)))


def rows(*leading: str, count: int = 100, acc: str = "0,0,1", gyro: str = ",10,20,30") -> str:
    """Lines with a time every 20 ms, after any others."""
    return "".join(leading) + "".join(f"{k / 50:.2f},{acc}{gyro}\n" for k in range(count))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "walk.csv"


@pytest.mark.parametrize(
    ("unit", "one_g"), [(AccUnit.G, "1"), (AccUnit.MG, "1e3"), (AccUnit.MS2, "9.80665")]
)
def test_acceleration_is_read_in_its_unit(path: Path, unit: AccUnit, one_g: str) -> None:
    ((_, chunk),) = read(path, rows(acc=f"0,0,{one_g}"), acc_unit=unit).streams
    assert chunk.acc[7] == pytest.approx([0, 0, GRAVITY_MS2])


@pytest.mark.parametrize(("unit", "factor"), [(GyroUnit.DPS, np.pi / 180), (GyroUnit.RADS, 1.0)])
def test_angular_rate_is_read_in_its_unit(path: Path, unit: GyroUnit, factor: float) -> None:
    ((_, chunk),) = read(path, rows(), gyro_unit=unit).streams
    assert chunk.gyro is not None
    assert chunk.gyro[7] == pytest.approx(np.array([10, 20, 30]) * factor)


@pytest.mark.parametrize(
    ("unit", "stamp"),
    [
        (TimeUnit.S, lambda k: f"{3 + k / 50:.6f}"),
        (TimeUnit.MS, lambda k: f"{20 * k}"),
        (TimeUnit.US, lambda k: f"{77 + 20_000 * k}"),
        (TimeUnit.NS, lambda k: f"{20_000_000 * k}"),
        (TimeUnit.ISO, lambda k: f"2026-03-01T07:30:{k // 50:02}.{k % 50 * 20:03}Z"),
        (TimeUnit.ISO, lambda k: f"2026-03-01 07:30:{k // 50:02}.{k % 50 * 20:03}"),
        (TimeUnit.ISO, lambda k: f"2026-03-01T15:30:{k // 50:02}.{k % 50 * 20:03}+08:00"),
    ],
)
def test_time_is_read_in_its_unit_from_the_first_sample(
    path: Path, unit: TimeUnit, stamp: Callable[[int], str]
) -> None:
    content = "".join(f"{stamp(k)},0,0,1,0,0,0\n" for k in range(100))
    found = read(path, content, t_unit=unit)
    ((info, chunk),) = found.streams
    assert chunk.t_s == pytest.approx(np.arange(100) / 50)
    assert info.clock == Clock.DEVICE
    started_at = datetime(2026, 3, 1, 7, 30, tzinfo=UTC) if unit is TimeUnit.ISO else UNKNOWN_START
    assert found.started_at == started_at


def test_unix_time_tells_the_start(path: Path) -> None:
    content = "".join(f"{1_772_350_200_000 + 20 * k},0,0,1,0,0,0\n" for k in range(100))
    found = read(path, content, t_unit=TimeUnit.MS)
    assert found.started_at == datetime(2026, 3, 1, 7, 30, tzinfo=UTC)


def test_without_a_time_column_the_rate_gives_the_times(path: Path) -> None:
    content = "0,0,1,1,2,3\n" * 100
    ((info, chunk),) = read(path, content, columns=SIX, rate_hz=25.0).streams
    assert chunk.t_s == pytest.approx(np.arange(100) / 25)
    assert info.clock == Clock.ESTIMATED


def test_without_a_rate_the_time_column_gives_it(path: Path) -> None:
    ((info, _),) = read(path, rows(), rate_hz=None).streams
    assert info.rate_hz == pytest.approx(50)


def test_columns_may_be_in_any_order_ignored_or_absent(path: Path) -> None:
    content = "label;9.8;0;-1;walk;0.5\n" * 100
    columns = ("_", "_", "ay", "az", "_", "ax")
    ((info, chunk),) = read(path, content, columns=columns, delimiter=";").streams
    assert chunk.acc[3] / GRAVITY_MS2 == pytest.approx([0.5, 0, -1])
    assert chunk.gyro is None
    assert info.gyro_scale_rads is None


@pytest.mark.parametrize("ending", ["", "\n", "\n\n  \n", "\r\n"])
def test_headers_marks_and_line_ends_do_not_matter(path: Path, ending: str) -> None:
    content = "\ufeff" + rows("time,a,b,c,d,e,f\n").rstrip() + ending
    ((_, chunk),) = read(path, content.replace("\n", "\r\n"), header=True).streams
    assert len(chunk.t_s) == 100


@given(
    peak_g=st.floats(0.5, 200),
    peak_dps=st.floats(0, 30_000),
    seed=st.integers(0, 1000),
)
@settings(max_examples=10)
def test_whatever_the_range_nothing_clips(peak_g: float, peak_dps: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    acc, gyro = random.uniform(-1, 1, (2, 100, 3))
    acc[10:, 2] = 1
    acc[3], gyro[3] = peak_g, -peak_dps
    with TemporaryDirectory() as name:
        path = Path(name, "walk.csv")
        np.savetxt(path, np.column_stack([np.arange(100) / 50, acc, gyro]), delimiter=",")
        (step,) = import_all(csv_importer(layout()), path, Path(name, "out"))
        (info,) = step.recording.header.streams
        (chunk,) = step.recording.chunks(60)
    assert np.abs(chunk.acc - acc * GRAVITY_MS2).max() <= 0.501 * info.acc_scale_ms2
    assert chunk.gyro is not None
    assert info.gyro_scale_rads is not None
    assert np.abs(chunk.gyro - np.deg2rad(gyro)).max() <= 0.501 * info.gyro_scale_rads


def test_a_folder_gives_one_recording_a_file(tmp_path: Path) -> None:
    for name in ("b.csv", "a.txt", "notes.md"):
        (tmp_path / name).write_text(rows())
    steps = list(import_all(csv_importer(layout()), tmp_path, tmp_path / "out", patient="p7"))
    assert [step.recording.folder.name for step in steps] == ["a", "b"]
    assert [step.recording.header.patient for step in steps] == ["p7", "p7"]


def test_files_that_would_share_a_name_are_refused(tmp_path: Path) -> None:
    for name in ("a.csv", "a.txt"):
        (tmp_path / name).write_text(rows())
    with pytest.raises(ImporterError, match="Several sources would become the recording a"):
        next(import_all(csv_importer(layout()), tmp_path, tmp_path / "out"))


@pytest.mark.parametrize(
    ("content", "changes", "complaint"),
    [
        ("", {}, "empty"),
        (" \n\n", {}, "empty"),
        ("Dear diary,\ntoday I walked.\n", {}, "Row #1"),
        (bytes(range(256)) * 100, {}, "table of 7 columns"),
        (rows().replace("0.10,0,0,1", "0.10,0,1"), {}, "Row #6.*--columns"),
        (rows(), {"columns": ("t", "ax", "ay", "az")}, "Expected 4 columns, got 7"),
        (rows(), {"delimiter": ";"}, "Expected 7 columns, got 1.*--delimiter"),
        (rows("t,x,y,z,a,b,c\n"), {}, "Row #1.*--header"),
        (rows("t,x,y,z,a,b,c\n"), {"header": True, "t_unit": TimeUnit.ISO}, "not ISO"),
        (rows().replace("0.10,0", "0.10,nan"), {}, "row 6 has no finite number in column ax"),
        (rows("t\n").replace("0.10,0", "0.10,"), {"header": True}, "row 7"),
        (rows().replace("20", "inf", 1), {}, "no finite number in column gy"),
        (rows().replace("0.10,", "0.08,"), {}, "time does not rise at row 6"),
        (rows().replace("0.10,", "0.01,"), {}, "time does not rise at row 6"),
        (rows(count=30), {}, "less than 1 s"),
        (rows(count=1), {}, "less than 1 s"),
        (rows(), {"acc_unit": AccUnit.MG}, "--acc-unit"),
        (rows(), {"acc_unit": AccUnit.MS2}, "--acc-unit"),
        (rows(acc="0,0,9.81"), {}, "--acc-unit"),
        (rows(count=5000), {"t_unit": TimeUnit.MS}, "--t-unit"),
        (rows(), {"rate_hz": 5000.0}, "--rate"),
    ],
)
def test_what_is_not_as_described_is_refused_with_place_and_remedy(
    path: Path, content: str | bytes, changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ImporterError, match=complaint) as caught:
        read(path, content, **changes)
    assert str(path) in str(caught.value)
    assert_one_line(caught.value)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"columns": ("t", "ax", "ay")}, "cannot be imported"),
        ({"columns": ("t", "ax", "ay", "az", "az")}, "cannot be imported"),
        ({"columns": ("t", "ax", "ay", "az", "gx")}, "cannot be imported"),
        ({"columns": ("time", "ax", "ay", "az")}, "cannot be imported"),
        ({"columns": SIX, "rate_hz": None}, "give --rate"),
        ({"rate_hz": 0.0}, "above 0"),
        ({"rate_hz": -50.0}, "above 0"),
        ({"rate_hz": float("nan")}, "above 0"),
        ({"delimiter": "tab"}, "one character"),
    ],
)
def test_a_layout_that_makes_no_sense_is_refused(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ImporterError, match=complaint) as caught:
        layout(**changes)
    assert_one_line(caught.value)


@pytest.mark.parametrize("name", ["nowhere.csv", "empty"])
def test_a_source_without_files_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImporterError, match=name):
        next(import_all(csv_importer(layout()), tmp_path / name, tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_bad_file_in_a_folder_keeps_the_good_ones_before_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(rows())
    (tmp_path / "b.csv").write_text("hello")
    done: list[Recording] = []
    with pytest.raises(ImporterError, match=r"b\.csv"):
        done.extend(
            step.recording
            for step in import_all(csv_importer(layout()), tmp_path, tmp_path / "out")
        )
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]


def assert_one_line(error: FivepointError) -> None:
    assert str(error).isprintable()
    assert isinstance(error, FivepointError)


def test_placements_of_the_layout_reach_the_stream(path: Path) -> None:
    ((info, chunk),) = read(path, rows(), placement=Placement.UPPER_BACK).streams
    assert isinstance(info, StreamInfo)
    assert info.placement == chunk.placement == Placement.UPPER_BACK
