"""Published recordings become ours with the right axes, units, clock and name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import h5py
import numpy as np
import pytest

from sensors.clock import gaps
from sensors.errors import FivepointError
from sensors.importers import (
    IMPORTERS,
    ImporterError,
    ImportStep,
    Selection,
    import_all,
)
from sensors.importers.importer import Imported, Item
from sensors.importers.run import uncalibrated
from sensors.recording import read_recording
from sensors.types import GRAVITY_MS2, Calibration, Chunk, FloatArray, Placement

SISFALL_LINES = " 17,-179, -99, -18,-504,-352,  76,-697,-279;\n" * 400 + " \n"
MEX_LINES = "".join(
    f"2019-02-20 14:20:{second:02}.{ms:03}000,-0.625,0.671875,-0.359375\n"
    for second in range(3)
    for ms in range(0, 1000, 10)
)
UMAFALL_LINES = """% Universidad de Malaga
%f8:95; 0; RIGHTPOCKET; phone
%C4:BE; 1; CHEST; SensorTag
%C4:BF; 3; WRIST; SensorTag

% TimeStamp; Sample No; X-Axis; Y-Axis; Z-Axis; Sensor Type; Sensor ID;
""" + "".join(
    f"{50 * n + 100};{n};1.0;0.0;0.0;0;1\n{50 * n + 102};{n};90.0;45.0;-30.0;1;1\n"
    f"{50 * n + 120};{n};0.0;0.0;1.0;0;3\n"
    for n in range(40)
)
DSADS_HEADER = "acc_x,acc_y,acc_z (m/s2),gyr_x,gyr_y,gyr_z (rad/s),mag_x,mag_y,mag_z\n"


def lay_out(folder: Path) -> Path:
    """A few short files in each published layout."""
    for name in ("SA01/D01_SA01_R01.txt", "SA01/F01_SA01_R01.txt", "SE06/D01_SE06_R02.txt"):
        write(folder / "sisfall" / name, SISFALL_LINES)
    for name in ("01/02_act_1.csv", "01/04_act_2.csv", "02/02_act_1.csv"):
        write(folder / "mex" / "act" / name, MEX_LINES)
    trial = "UMAFall_Subject_02_ADL_LyingDown_OnABed_1_2016-06-13_20-32-16.csv"
    write(folder / "umafall" / trial, UMAFALL_LINES)
    row = ",".join(map(str, range(1, 46)))
    for segment in (1, 2):
        write(folder / "dsads" / "a03" / "p1" / f"s{segment:02}.txt", f"{row}\n" * 125)
    write(
        folder / "dsads" / "a02_standing_p2.csv", DSADS_HEADER + "9.8,0,1,0.1,0.2,0.3,0,0,0\n" * 50
    )
    (folder / "broad").mkdir()
    with h5py.File(folder / "broad" / "02_undisturbed_slow_rotation_B.hdf5", "w") as file:
        file.attrs["sampling_rate"] = 2000 / 7
        file["imu_acc"] = np.tile([0.0, 0.0, 9.8], (600, 1))
        file["imu_gyr"] = np.tile([0.1, 0.2, 0.3], (600, 1))
    return folder


def write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


@pytest.fixture(scope="module")
def layouts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_out(tmp_path_factory.mktemp("layouts"))


def imported(name: str, source: Path, destination: Path, **selection: object) -> list[ImportStep]:
    chosen = Selection(**selection)  # type: ignore[arg-type]
    return list(import_all(IMPORTERS[name], source, destination, selection=chosen))


def only(name: str, source: Path) -> Imported:
    importer = IMPORTERS[name]
    return importer.read(importer.find(source)[0])


@pytest.mark.parametrize(
    ("name", "selection", "names", "placements", "samples"),
    [
        ("sisfall", {}, ["D01_SA01_R01", "D01_SE06_R02", "F01_SA01_R01"], ["waist"], 400),
        ("sisfall", {"subjects": ("SE06",)}, ["D01_SE06_R02"], ["waist"], 400),
        ("sisfall", {"exercises": ("F01",)}, ["F01_SA01_R01"], ["waist"], 400),
        ("mex", {}, ["01_02_act_1", "01_04_act_2", "02_02_act_1"], ["thigh"], 300),
        ("mex", {"exercises": ("02",)}, ["01_02_act_1", "02_02_act_1"], ["thigh"], 300),
        ("mex", {"subjects": ("01",), "exercises": ("04",)}, ["01_04_act_2"], ["thigh"], 300),
        (
            "umafall",
            {"placements": (Placement.STERNUM,)},
            ["Subject_02_ADL_LyingDown_OnABed_1_2016-06-13_20-32-16"],
            ["sternum"],
            40,
        ),
        ("dsads", {"subjects": ("p1",)}, ["a03_p1"], ["sternum"], 250),
        ("dsads", {"subjects": ("p2",)}, ["a02_standing_p2"], ["sternum"], 50),
        ("broad", {}, ["02_undisturbed_slow_rotation_B"], ["pelvis"], 600),
    ],
)
def test_each_layout_becomes_recordings(
    layouts: Path,
    tmp_path: Path,
    name: str,
    selection: dict[str, tuple[str, ...]],
    names: list[str],
    placements: list[str],
    samples: int,
) -> None:
    steps = imported(name, layouts / name, tmp_path / "out", **selection)
    assert [(step.done, step.total) for step in steps] == [
        (k + 1, len(names)) for k in range(len(names))
    ]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    for each in names:
        recording = read_recording(tmp_path / "out" / each)
        assert list(recording.sample_counts) == placements
        assert set(recording.sample_counts.values()) == {samples}
        assert recording.header.id.startswith(each)


def test_sisfall_counts_become_si_units(layouts: Path) -> None:
    ((info, chunk),) = only("sisfall", layouts / "sisfall").streams
    assert info.rate_hz == 200
    assert chunk.acc[0] / GRAVITY_MS2 == pytest.approx(np.array([17, -179, -99]) / 256)
    assert chunk.gyro is not None
    assert np.rad2deg(chunk.gyro[0]) == pytest.approx(np.array([-18, -504, -352]) / 14.375)


def test_umafall_gyro_is_turned_to_the_accelerometer_s_axes(layouts: Path) -> None:
    found = only("umafall", layouts / "umafall")
    ((info, chunk),) = found.streams
    assert info.placement == Placement.STERNUM
    assert chunk.gyro is not None
    assert np.rad2deg(chunk.gyro[0]) == pytest.approx([-90, 45, 30])
    assert chunk.acc[0] == pytest.approx([GRAVITY_MS2, 0, 0])
    assert chunk.t_s == pytest.approx(np.arange(40) / 20)
    assert found.started_at == datetime(2016, 6, 13, 20, 32, 16, tzinfo=UTC)


def test_mex_stamps_give_times_and_the_start(layouts: Path) -> None:
    found = only("mex", layouts / "mex")
    ((_, chunk),) = found.streams
    assert found.started_at == datetime(2019, 2, 20, 14, 20, tzinfo=UTC)
    assert chunk.t_s == pytest.approx(np.arange(300) / 100)
    assert chunk.acc[0] / GRAVITY_MS2 == pytest.approx([-0.625, 0.671875, -0.359375])


def test_dsads_torso_comes_first_among_the_published_units(layouts: Path) -> None:
    ((_, chunk),) = only("dsads", layouts / "dsads" / "a03").streams
    assert chunk.acc[0].tolist() == [1, 2, 3]
    assert chunk.gyro is not None
    assert chunk.gyro[0].tolist() == [4, 5, 6]


def test_importing_again_gives_the_same_id_and_another_calibration_another(
    layouts: Path, tmp_path: Path
) -> None:
    calibration = Calibration(
        placement=Placement.WAIST,
        rotation=np.eye(3),
        supine_up=None,
        method="standing",
        made_from="elsewhere",
    )

    def calibrated(item: Item, imported: Imported) -> tuple[Calibration, ...]:
        return (calibration,)

    trial = layouts / "sisfall" / "SA01" / "D01_SA01_R01.txt"
    steps = [
        next(import_all(IMPORTERS["sisfall"], trial, tmp_path / folder, calibrate=calibrate))
        for folder, calibrate in (("a", uncalibrated), ("b", uncalibrated), ("c", calibrated))
    ]
    first, again, other = (step.recording.header.id for step in steps)
    assert first == again != other


def test_a_taken_name_stops_the_import_before_it_begins(layouts: Path, tmp_path: Path) -> None:
    write(tmp_path / "out" / "F01_SA01_R01" / "notes.txt", "mine")
    with pytest.raises(ImporterError, match="exists already"):
        imported("sisfall", layouts / "sisfall", tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["F01_SA01_R01"]


@pytest.mark.parametrize(
    ("name", "selection", "complaint"),
    [
        ("sisfall", {"subjects": ("SE06", "SE99")}, "no subject SE99.*SA01, SE06"),
        ("mex", {"exercises": ("09",)}, "no exercise 09.*02, 04"),
        ("mex", {"subjects": ("02",), "exercises": ("04",)}, "No recording of subjects 02"),
        ("broad", {"subjects": ("p1",)}, "names no subject"),
        ("umafall", {"placements": (Placement.PELVIS,)}, "no stream at pelvis.*sternum"),
    ],
)
def test_a_selection_of_what_is_not_there_is_refused(
    layouts: Path,
    tmp_path: Path,
    name: str,
    selection: dict[str, tuple[str, ...]],
    complaint: str,
) -> None:
    with pytest.raises(ImporterError, match=complaint) as caught:
        imported(name, layouts / name, tmp_path / "out", **selection)
    assert_one_line(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_calibration_for_another_place_is_refused(layouts: Path, tmp_path: Path) -> None:
    calibration = Calibration(
        placement=Placement.STERNUM, rotation=np.eye(3), supine_up=None, method="", made_from=""
    )
    steps = import_all(
        IMPORTERS["sisfall"],
        layouts / "sisfall",
        tmp_path / "out",
        calibrate=lambda item, imported: (calibration,),
    )
    with pytest.raises(ImporterError, match="the calibration is for sternum"):
        next(steps)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", sorted(IMPORTERS))
@pytest.mark.parametrize("content", [b"", b"hello\nworld\n", bytes(range(256)) * 20])
def test_files_that_are_not_of_the_set_are_refused(
    layouts: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    path = IMPORTERS[name].find(layouts / name)[0].paths[0]
    copy = tmp_path / path.relative_to(layouts)
    copy.parent.mkdir(parents=True)
    copy.write_bytes(content)
    with pytest.raises(ImporterError) as caught:
        imported(name, copy, tmp_path / "out")
    assert_one_line(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", sorted(IMPORTERS))
def test_a_folder_without_the_set_is_refused(tmp_path: Path, name: str) -> None:
    for source in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ImporterError, match=r"no file named like|no such file") as caught:
            imported(name, source, tmp_path / "out")
        assert_one_line(caught.value)


def test_a_source_that_may_not_be_read_is_told(
    tmp_path: Path, refuse: Callable[[Path], None]
) -> None:
    write(tmp_path / "set" / "SA01" / "D01_SA01_R01.txt", SISFALL_LINES)
    refuse(tmp_path / "set")
    with pytest.raises(ImporterError, match=r"Permission denied|no file named"):
        imported("sisfall", tmp_path / "set", tmp_path / "out")


def assert_one_line(error: FivepointError) -> None:
    assert str(error).isprintable()


# The published recordings themselves


def of_trial(name: str, folder: Path, trial: str) -> Chunk:
    importer = IMPORTERS[name]
    (item,) = (item for item in importer.find(folder) if item.name.startswith(trial))
    return importer.read(item).streams[-1][1]


def turning_error(chunk: Chunk, gyro: FloatArray) -> float:
    """How far the turning of gravity seen by the gyro is from that of the accelerometer.

    The share of the squared rate of change of the vertical that up' = −gyro × up leaves over.
    """
    up = chunk.acc / np.linalg.norm(chunk.acc, axis=1, keepdims=True)
    change = np.gradient(up, chunk.t_s, axis=0)
    return float(np.sum((change + np.cross(gyro, up)) ** 2) / np.sum(change**2))


def test_sisfall_upright_and_lying_read_as_the_set_says(datasets: Path) -> None:
    standing = of_trial("sisfall", datasets / "sisfall", "D01_SA01_R01")
    assert np.median(standing.acc[:, 1]) / GRAVITY_MS2 == pytest.approx(-1, abs=0.15)
    lying = of_trial("sisfall", datasets / "sisfall", "D14_SA01_R01")
    assert lying.acc[:200, 2].mean() / GRAVITY_MS2 == pytest.approx(1, abs=0.15)


def test_sisfall_gyro_scale_is_the_one_that_turns_gravity(datasets: Path) -> None:
    """Turning in bed, followed by the gyro alone: other scales lose gravity sooner."""
    importer = IMPORTERS["sisfall"]
    turning = [item for item in importer.find(datasets / "sisfall") if item.exercise == "D14"]
    chunks = [importer.read(item).streams[0][1] for item in turning[::3]]
    acc = half_seconds(np.stack([chunk.acc[:2400] for chunk in chunks]))
    up = acc.mean(axis=2) / np.linalg.norm(acc.mean(axis=2), axis=-1, keepdims=True)
    rates = half_seconds(
        np.stack([chunk.gyro[:2400] for chunk in chunks if chunk.gyro is not None])
    )
    stillest = rates.std(axis=2).sum(axis=-1).argmin(axis=1)
    bias = rates.mean(axis=2)[np.arange(len(chunks)), stillest]
    errors = {}
    for scale in (0.88, 1.0, 1.14):
        followed = turned(up[:, 0], (rates.reshape(len(chunks), -1, 3) - bias[:, None]) * scale)
        cosine = np.sum(followed[:, 50::100][:, : up.shape[1]] * up, axis=-1)
        errors[scale] = np.median(np.arccos(np.clip(cosine, -1, 1)))
    assert min(errors, key=lambda scale: float(errors[scale])) == 1.0


def half_seconds(values: FloatArray) -> FloatArray:
    """(trials, 2400, 3) at 200 Hz as (trials, 24, 100, 3)."""
    return values.reshape(len(values), -1, 100, 3)


def turned(up: FloatArray, rates: FloatArray) -> FloatArray:
    """The vertical (trials, 3) at the middle of the first half second, followed by the gyro."""
    followed = np.repeat(up[:, None], rates.shape[1], axis=1)
    for k in range(51, rates.shape[1]):
        up = up - np.cross(rates[:, k], up) / 200
        followed[:, k] = up / np.linalg.norm(up, axis=-1, keepdims=True)
    return followed


def test_umafall_gyro_signs_are_those_that_turn_gravity(datasets: Path) -> None:
    importer = IMPORTERS["umafall"]
    bending = [item for item in importer.find(datasets / "umafall") if "Bending" in item.name]
    errors: dict[tuple[int, ...], list[float]] = {}
    for item in bending:
        for info, chunk in importer.read(item).streams:
            if info.placement == Placement.THIGH or gaps(chunk.t_s, info.rate_hz):
                continue
            assert chunk.gyro is not None
            for signs in product((1, -1), repeat=3):
                errors.setdefault(signs, []).append(turning_error(chunk, chunk.gyro * signs))
    assert min(errors, key=lambda signs: float(np.median(errors[signs]))) == (1, 1, 1)


def test_umafall_upright_has_x_up_on_the_chest(datasets: Path) -> None:
    chunk = of_trial("umafall", datasets / "umafall", "Subject_02_ADL_Walking_1")
    assert np.median(chunk.acc[:, 0]) / GRAVITY_MS2 == pytest.approx(1, abs=0.2)


def test_mex_is_in_g_and_runs_without_gaps(datasets: Path) -> None:
    importer = IMPORTERS["mex"]
    items = importer.find(datasets / "mex")
    assert len(items) == 120
    for item in items[::10]:
        ((info, chunk),) = importer.read(item).streams
        magnitude = np.median(np.linalg.norm(chunk.acc, axis=1))
        assert magnitude / GRAVITY_MS2 == pytest.approx(1, abs=0.1)
        assert gaps(chunk.t_s, info.rate_hz) == []


def test_dsads_supine_reads_as_the_set_says(datasets: Path) -> None:
    chunk = of_trial("dsads", datasets / "dsads_torso", "a03_lying_back_p1")
    assert np.median(chunk.acc[:, 2]) > 8
    assert np.median(chunk.acc[:, 0]) < -3
    assert chunk.t_s[-1] == pytest.approx(300, abs=0.1)


def test_broad_is_kept_to_half_a_count(datasets: Path, tmp_path: Path) -> None:
    source = datasets / "broad" / "24_disturbed_tapping_A.hdf5"
    (step,) = imported("broad", source, tmp_path / "out")
    ((info,), chunks) = (step.recording.header.streams, step.recording.chunks(float("inf")))
    (chunk,) = chunks
    with h5py.File(source) as file:
        error = np.abs(chunk.acc - file["imu_acc"][:]).max()
    assert error <= info.acc_scale_ms2 * 0.501
