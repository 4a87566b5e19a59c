"""A recording that is damaged or cannot be read is refused, with the reason in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sensors.recording import Recording, RecordingError, read_recording, write_recording
from sensors.recording.files import sha256
from tests.sensors.making import STERNUM, WAIST, assert_one_line, header, steady


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    chunks = [steady(WAIST, 2), steady(STERNUM, 2)]
    return write_recording(tmp_path / "r", header(), chunks, {"falls": []})


def remove_a_stream(folder: Path) -> None:
    (folder / "waist.parquet").unlink()


def truncate_a_stream(folder: Path) -> None:
    path = folder / "waist.parquet"
    path.write_bytes(path.read_bytes()[:-100])


def truncate_a_stream_and_its_hash(folder: Path) -> None:
    truncate_a_stream(folder)
    rewrite_hash(folder, "waist.parquet")


def exchange_the_streams(folder: Path) -> None:
    (folder / "sternum.parquet").replace(folder / "waist.parquet")
    (folder / "sternum.parquet").write_bytes((folder / "waist.parquet").read_bytes())
    rewrite_hash(folder, "waist.parquet")


def flip_a_bit_of_truth(folder: Path) -> None:
    (folder / "truth.json").write_text('{"falls": [0]}')


def rewrite_hash(folder: Path, name: str) -> None:
    edit(folder, lambda manifest: manifest["files"].update({name: sha256(folder / name)}))


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    manifest = json.loads((folder / "recording.json").read_text())
    change(manifest)
    (folder / "recording.json").write_text(json.dumps(manifest))


def no_json(folder: Path) -> None:
    (folder / "recording.json").write_text("hello")


def no_manifest(folder: Path) -> None:
    (folder / "recording.json").unlink()


def unknown_placement(folder: Path) -> None:
    edit(folder, lambda manifest: manifest["header"]["streams"][0].update(placement="knee"))


def undescribed_stream(folder: Path) -> None:
    edit(folder, lambda manifest: manifest["recorded"].pop("waist"))


def naive_start(folder: Path) -> None:
    edit(folder, lambda manifest: manifest["header"].update(started_at="2026-03-01T07:30:00"))


def text_for_a_rate(folder: Path) -> None:
    edit(folder, lambda manifest: manifest["header"]["streams"][0].update(rate_hz="fast"))


def newer_format(folder: Path) -> None:
    edit(folder, lambda manifest: manifest.update(format_version=99))


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (remove_a_stream, "No such file.*waist.parquet"),
        (truncate_a_stream, "waist.parquet is damaged"),
        (truncate_a_stream_and_its_hash, "not a whole Parquet file"),
        (exchange_the_streams, "holds 100 samples of time_us, acc_x, acc_y, acc_z where"),
        (flip_a_bit_of_truth, "truth.json is damaged"),
        (no_json, "malformed"),
        (no_manifest, "is not a recording"),
        (unknown_placement, "knee"),
        (undescribed_stream, "says nothing of the waist stream"),
        (naive_start, "started_at"),
        (text_for_a_rate, "rate_hz"),
        (newer_format, "update Fivepoint"),
    ],
)
def test_a_damaged_recording_is_refused_with_the_reason(
    recording: Recording, damage: Callable[[Path], None], complaint: str
) -> None:
    damage(recording.folder)
    with pytest.raises(RecordingError, match=complaint) as caught:
        read_recording(recording.folder)
    assert_one_line(caught.value)


def test_a_recording_that_may_not_be_read_is_told(
    recording: Recording, refuse: Callable[[Path], None]
) -> None:
    refuse(recording.folder)
    with pytest.raises(RecordingError, match="Permission denied") as caught:
        read_recording(recording.folder)
    assert_one_line(caught.value)


def test_a_file_lost_after_opening_is_told_when_its_samples_are_read(recording: Recording) -> None:
    (recording.folder / "waist.parquet").unlink()
    with pytest.raises(RecordingError, match=r"waist\.parquet"):
        list(recording.chunks())


def test_paths_in_a_description_lead_nowhere(recording: Recording, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    digest = sha256(tmp_path / "secret")
    edit(recording.folder, lambda manifest: manifest["files"].update({"../secret": digest}))
    with pytest.raises(RecordingError, match="No such file"):
        read_recording(recording.folder)
