"""The process of virtual sensors, as the one that starts it sees it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from fivepoint.performance import Performance, Ready, Refused, Told
from sensors.recording import RecordingKind
from sensors.types import Placement

ROOT = Path(__file__).resolve().parent.parent
PLAYED = str(ROOT / "sample_streams" / "chest_acc_only")


def player(performance: Performance) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "fivepoint.player", msgspec.json.encode(performance).decode()],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def told(process: subprocess.Popen[bytes]) -> Told:
    assert process.stdout is not None
    line: Told = msgspec.json.decode(process.stdout.readline(), type=Told)
    return line


def test_it_ends_when_nobody_holds_its_standard_input_any_more() -> None:
    with player(Performance(scenario=PLAYED, family="movesense")) as process:
        ready = told(process)
        assert isinstance(ready, Ready)
        assert (ready.kind, list(ready.worn)) == (RecordingKind.EXERCISE, [Placement.STERNUM])
        assert process.poll() is None
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


@pytest.mark.parametrize(
    ("scenario", "family", "reason"),
    [("tango", "movesense", "tango"), (PLAYED, "abacus", "abacus")],
)
def test_what_it_cannot_play_it_refuses_with_the_reason(
    scenario: str, family: str, reason: str
) -> None:
    with player(Performance(scenario=scenario, family=family)) as process:
        refused = told(process)
        assert isinstance(refused, Refused)
        assert reason in refused.reason
