"""The commands as a new user types them, with good input and bad."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analytics.pipeline import analyze
from analytics.session import session_json
from fivepoint.cli import main
from fivepoint.options import Format
from sensors.importers import IMPORTERS
from sensors.recording import read_calibrations, read_recording

ROOT = Path(__file__).resolve().parent.parent
STREAMS = ROOT / "sample_streams"
GOOD = STREAMS / "bridging_good"


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("FIVEPOINT_DATA", str(folder))
    return folder


def write_csv(path: Path, rows: int = 500, columns: str = "{t:.2f},0.01,0.02,1.0") -> Path:
    path.write_text("".join(columns.format(t=row / 100) + "\n" for row in range(rows)))
    return path


def import_csv(source: Path, destination: Path, *more: str) -> int:
    columns = [] if "--columns" in more else ["--columns", "t,ax,ay,az"]
    placement = [] if "--placement" in more else ["--placement", "pelvis"]
    arguments = ["import", "csv", str(source), str(destination), *placement, *columns]
    return main([*arguments, "--rate", "100", *more])


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    """What was printed, which must be one line on standard error."""
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("error: ")
    return err


def test_words_that_are_no_command_are_refused_with_where_to_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["import", "nothing", "a", "b"]) == 2
    assert "`fivepoint import --help` tells what there is" in refusal(capsys)
    assert main(["nothing"]) == 2
    assert "No such command 'nothing'; nothing was done" in refusal(capsys)


def test_what_the_terminal_has_no_character_for_is_a_question_mark(tmp_path: Path) -> None:
    spans = ["--still", "2:7", "--lying", "15:20"]
    arguments = ["calibrate", "--from", str(GOOD), *spans, "--out", str(tmp_path / "c.json")]
    done = child(arguments, variables={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "m/s?" in done.stdout


def test_analyze_prints_one_object_a_recording(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", str(GOOD), str(STREAMS / "fall_forward"), "--json"]) == 0
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["recording_id"] for each in objects] == ["bridging_good", "fall_forward"]
    assert objects[0] == json.loads(json.dumps(session_json(analyze(read_recording(GOOD)))))
    assert len(objects[0]["repetitions"]) == 10
    assert len(objects[1]["falls"]) == 1


def test_analyze_takes_a_folder_of_recordings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("bridging_good", "chest_acc_only"):
        shutil.copytree(STREAMS / name, tmp_path / name)
    assert main(["analyze", str(tmp_path)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("bridging_good: 2.7 min, 100% received, 10 repetitions")
    assert second.startswith("chest_acc_only: ")


def test_one_bad_recording_does_not_hide_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["analyze", str(tmp_path), str(GOOD)]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("bridging_good: ")
    assert err.count("\n") == 1


def test_bends_are_those_beyond_the_limit_that_was_prescribed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = []
    for more in ([], ["--flexion-limit", "25"]):
        assert main(["analyze", str(STREAMS / "fall_from_chair"), "--json", *more]) == 0
        found.append(json.loads(capsys.readouterr().out)["flexion"])
    assert [len(bends) for bends in found] == [0, 3]


def test_extension_is_measured_against_the_angles_that_were_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    angles = ["--extension-band", "5:8", "--extension-limit", "10"]
    assert main(["analyze", str(STREAMS / "positioning_pad"), "--json", *angles]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["limits"] == {"band_deg": [5, 8], "over_deg": 10, "flexion_deg": 60}
    assert found["over_extension"]
    shares = [b["in_band_s"] / (b["end_s"] - b["start_s"]) for b in found["hyperextension"]]
    assert shares == pytest.approx([0.1, 0.1], abs=0.01)


@pytest.mark.parametrize(
    ("angles", "told"),
    [
        (["--extension-band", "5-20"], "write it as 5:20"),
        (["--extension-band", "20:5"], "no band of extension"),
        (["--extension-limit", "15"], "no band of extension"),
        (["--flexion-limit", "120"], "no limit to bending"),
    ],
)
def test_angles_that_cannot_be_followed_are_refused(
    angles: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["analyze", str(STREAMS / "bridging_good"), *angles]) != 0
    assert told in refusal(capsys)


def test_replay_prints_what_analysis_finds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(STREAMS / "chest_acc_only"), "--speed", "10000"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum("Repetition" in line for line in lines) == 8
    assert "8 repetitions" in lines[-1]


def test_a_calibration_made_once_serves_another_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "cal.json"
    source = ["--from", str(STREAMS / "chest_acc_only")]
    poses = ["--still", "0.5:5.5", "--lying", "18:20"]
    assert main(["calibrate", *source, *poses, "--out", str(made)]) == 0
    (calibration,) = read_calibrations(made)
    csv = write_csv(tmp_path / "still.csv")
    more = ["--placement", "sternum", "--calibration", str(made)]
    assert import_csv(csv, tmp_path / "out", *more) == 0
    (imported,) = read_recording(tmp_path / "out" / "still").header.calibrations
    assert (imported.rotation == calibration.rotation).all()


def poses_csv(path: Path, *poses: tuple[str, int]) -> Path:
    """A file of one sensor in g at 100 Hz, from (line, samples) of each pose."""
    path.write_text("".join(f"{line}\n" * count for line, count in poses))
    return path


def test_poses_may_lie_in_two_recordings_and_a_third_corrects_the_accelerometer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sides = ["1.02,0,0", "-0.98,0,0", "0.02,1,0", "0.02,-1,0", "0.02,0,1", "0.02,0,-1"]
    poses_csv(tmp_path / "standing.csv", ("0.02,1,0", 500))
    poses_csv(tmp_path / "lying.csv", ("1.02,0,0", 500))
    poses_csv(tmp_path / "sides.csv", *((side, 500) for side in sides))
    for name in ("standing", "lying", "sides"):
        csv = tmp_path / f"{name}.csv"
        assert import_csv(csv, tmp_path / "out", "--columns", "ax,ay,az") == 0
    standing, lying, turned = (tmp_path / "out" / n for n in ("standing", "lying", "sides"))
    made = tmp_path / "cal.json"
    command = ["calibrate", "--from", str(standing), "--still", "0:4", "--lying", "0:4"]
    more = ["--lying-from", str(lying), "--six-poses-from", str(turned), "--out", str(made)]
    capsys.readouterr()
    assert main([*command, *more]) == 0
    assert "lying 0° off a right angle to standing" in capsys.readouterr().out
    (calibration,) = read_calibrations(made)
    assert calibration.facing_known
    assert calibration.quality is not None
    correction = calibration.acc_correction
    assert correction is not None
    np.testing.assert_allclose(correction.offset_ms2[0], -0.02 * 9.80665, atol=0.005)


def test_a_calibration_file_of_before_is_still_read(tmp_path: Path) -> None:
    old = {
        "placement": "pelvis",
        "rotation": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        "supine_up": [1, 0, 0],
        "method": "standing and supine",
        "made_from": "before",
    }
    (tmp_path / "cal.json").write_text(json.dumps([old]))
    (calibration,) = read_calibrations(tmp_path / "cal.json")
    assert calibration.facing_known
    assert (calibration.quality, calibration.acc_correction) == (None, None)


def test_analyze_takes_a_calibration_made_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    csv = write_csv(tmp_path / "still.csv", columns="{t:.2f},0.01,1.0,0.02")
    assert import_csv(csv, tmp_path / "out") == 0
    poses = tmp_path / "poses.csv"
    poses.write_text("0,1,0\n" * 500 + "1,0,0\n" * 500)
    assert import_csv(poses, tmp_path / "out", "--columns", "ax,ay,az") == 0
    cal, span = str(tmp_path / "cal.json"), ["--still", "0:4", "--lying", "6:9"]
    assert main(["calibrate", "--from", str(tmp_path / "out" / "poses"), *span, "--out", cal]) == 0
    capsys.readouterr()
    postures = []
    for more in ([], ["--calibration", cal]):
        assert main(["analyze", str(tmp_path / "out" / "still"), "--json", *more]) == 0
        postures.append(json.loads(capsys.readouterr().out)["posture"][0]["posture"])
    assert postures == ["unknown", "upright"]


def test_import_calibrates_from_known_poses(tmp_path: Path) -> None:
    lines = ["0,0,1\n"] * 500 + ["1,0,0\n"] * 500
    (tmp_path / "poses.csv").write_text("".join(lines))
    more = ["--columns", "ax,ay,az", "--still", "0:4", "--lying", "6:9"]
    assert import_csv(tmp_path / "poses.csv", tmp_path / "out", *more) == 0
    (calibration,) = read_recording(tmp_path / "out" / "poses").header.calibrations
    assert calibration.facing_known


def test_import_knows_every_layout() -> None:
    assert Format.__args__ == ("csv", *IMPORTERS)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("content", "more", "told"),
    [
        ("", (), "the file is empty"),
        ("Dear diary,\ntoday I walked.\n", (), "not a table of 4 columns"),
        ("\x00\x01\x02\xff" * 200, (), "not a table of 4 columns"),
        ("0,0,0,1\n0.01,0,0\n" * 300, (), "not a table of 4 columns"),
        ("0,0,0,1\n0.01,nan,0,1\n0.02,0,0,1\n" * 100, (), "row 2 has no finite number"),
        ("0,0,0,1\n0.02,0,0,1\n0.01,0,0,1\n" * 100, (), "time does not rise at row 3"),
        ("0,0,0,1\n0.01,0,0,1\n1e8,0,0,1\n", (), "jumps"),
        (None, ("--placement", "left knee"), "'left knee'"),
        (None, ("--columns", "t,ax,ay"), "t,ax,ay"),
        (None, ("--columns", "ax,ay,az"), "not a table of 3 columns"),
        (None, ("--acc-unit", "stone"), "'stone'"),
        (None, ("--lying", "1:2"), "--still"),
        (None, ("--still", "2:1"), "'2:1' is not a time span"),
        (None, ("--still", "100:105"), "no samples"),
        (None, ("--calibration", "missing.json"), "missing.json"),
    ],
)
def test_a_bad_file_is_refused_in_one_line_and_leaves_nothing(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: str | None,
    more: tuple[str, ...],
    told: str,
) -> None:
    source = write_csv(tmp_path / "bad.csv")
    if content is not None:
        source.write_text(content, encoding="latin-1")
    assert import_csv(source, tmp_path / "out", *more) != 0
    assert told in refusal(capsys)
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_a_missing_source_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "sisfall", str(tmp_path / "nowhere"), str(tmp_path / "out")]) == 1
    assert "no such file or folder" in refusal(capsys)


def truncated(recording: Path) -> None:
    stream = recording / "pelvis.parquet"
    stream.write_bytes(stream.read_bytes()[:-2000])


def without_stream(recording: Path) -> None:
    (recording / "sternum.parquet").unlink()


def without_description(recording: Path) -> None:
    (recording / "recording.json").unlink()


def with_unknown_placement(recording: Path) -> None:
    path = recording / "recording.json"
    path.write_text(path.read_text().replace('"pelvis"', '"left knee"'))


@pytest.mark.parametrize(
    "damage", [truncated, without_stream, without_description, with_unknown_placement]
)
@pytest.mark.parametrize("command", ["analyze", "replay"])
def test_a_damaged_recording_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: object, command: str
) -> None:
    assert callable(damage)
    recording = tmp_path / "recording"
    shutil.copytree(GOOD, recording)
    damage(recording)
    assert main([command, str(recording)]) == 1
    assert str(recording) in refusal(capsys)


@pytest.mark.parametrize(
    "arguments",
    [["dance"], ["analyze"], ["replay", "x", "--speed", "0"], ["simulate", "tango", "x"], ["--no"]],
)
def test_a_wrong_command_line_is_refused_in_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) != 0
    refusal(capsys)


def test_ingest_takes_each_recording_once(
    data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(STREAMS / "chest_acc_only", tmp_path / "in" / "chest_acc_only")
    for told in ("1 recordings ingested, 0 known", "0 recordings ingested, 1 known"):
        assert main(["ingest", str(tmp_path / "in")]) == 0
        assert told in capsys.readouterr().out
    assert (data_folder / "fivepoint.duckdb").exists()


def test_a_first_start_makes_the_folders_for_their_owner_alone(
    data_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ingest"]) == 0
    assert "0 recordings ingested" in capsys.readouterr().out
    if os.name == "posix":
        assert data_folder.stat().st_mode & 0o777 == 0o700


ORDINARY_USER: dict[str, Any] = {"user": 65534} if os.name == "posix" and not os.geteuid() else {}
"""For `child`: whom no superuser's rights help past missing permissions."""


def child(
    arguments: list[str], *, variables: Mapping[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, with these variables in its environment."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **(variables or {})}
    command = [sys.executable, "-m", "fivepoint", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, **options)


@pytest.mark.skipif(os.name != "posix", reason="no file size limit on this system")
def test_a_full_disk_is_told_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    def limit_file_size() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    done = child(["simulate", "bridging_good", str(tmp_path / "r")], preexec_fn=limit_file_size)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="no POSIX permissions on this system")
def test_a_folder_without_permission_is_told_in_one_line(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    tmp_path.chmod(0o755)
    done = child(["simulate", "bridging_good", str(closed / "r")], **ORDINARY_USER)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert "ermission" in done.stderr
    assert list(closed.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="no POSIX permissions on this system")
def test_analysis_needs_no_folder_that_it_may_write(tmp_path: Path) -> None:
    done = child(
        ["analyze", str(STREAMS / "chest_acc_only")],
        variables={"HOME": str(tmp_path / "nowhere")},
        **ORDINARY_USER,
    )
    assert done.returncode == 0, done.stderr
    assert "8 repetitions" in done.stdout


def test_a_long_recording_corrects_its_accelerometer_or_says_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fivepoint.calibrating.LONG_S", 500.0)
    sides = ["1.02,0,0", "-0.98,0,0", "0.02,1,0", "0.02,-1,0", "0.02,0,1", "0.02,0,-1"]
    poses_csv(tmp_path / "turned.csv", *((side, 10_000) for side in sides))
    poses_csv(tmp_path / "upright.csv", ("0.02,1,0", 60_000))
    said = []
    for name in ("turned", "upright"):
        csv = tmp_path / f"{name}.csv"
        assert import_csv(csv, tmp_path / "out", "--columns", "ax,ay,az") == 0
        capsys.readouterr()
        source = ["--from", str(tmp_path / "out" / name), "--still", "201:205"]
        assert main(["calibrate", *source, "--out", str(tmp_path / "cal.json")]) == 0
        said.append(capsys.readouterr())
    assert "accelerometer corrected from" in said[0].out
    assert "never pointed both up and down" in said[1].err
