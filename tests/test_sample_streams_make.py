"""The sample streams are what their script makes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fivepoint.simulated import write_scenario
from sensors.recording import read_recording
from sensors.simulator import SCENARIOS

FOLDER = Path(__file__).parent.parent / "sample_streams"


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name != "hour_at_home"])
def test_making_a_stream_again_gives_the_same_samples_and_truth(name: str, tmp_path: Path) -> None:
    """To the count: another processor's sine may round a sample to its neighbour."""
    kept, made = read_recording(FOLDER / name), write_scenario(name, tmp_path / name)
    assert made.header.streams == kept.header.streams
    count_ms2 = kept.header.streams[0].acc_scale_ms2
    for ours, theirs in zip(made.chunks(), kept.chunks(), strict=True):
        assert ours.placement is theirs.placement
        assert np.array_equal(ours.t_s, theirs.t_s)
        assert np.abs(ours.acc - theirs.acc).max() < 1.1 * count_ms2
        assert np.mean(ours.acc != theirs.acc) < 0.01
    truths = [json.loads((r.folder / "truth.json").read_text()) for r in (made, kept)]
    assert truths[0] == truths[1]


def test_there_is_one_stream_a_scenario_and_together_they_are_small() -> None:
    recordings = {path.parent.name for path in FOLDER.glob("*/recording.json")}
    assert recordings == set(SCENARIOS)
    size_bytes = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
    assert size_bytes < 20e6
