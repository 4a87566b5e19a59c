"""What a recording's page says of what was found, and of how sure that is."""

from __future__ import annotations

from dataclasses import replace

from analytics.events import (
    Confidence,
    DismissedFall,
    FallEnding,
    Posture,
    PostureBout,
    WearState,
)
from dashboard import findings
from tests.stored import bridges, fall, session, worn


def test_a_fall_is_told_with_how_it_ended_and_what_speaks_for_it() -> None:
    seen = replace(fall(65.0), ending=FallEnding.GOT_UP, evidence="impact of 4.5 g")
    dismissed = DismissedFall(impact_s=10.0, probability=0.8, evidence="went on walking")
    lines = findings.fall_texts(session(falls=(seen,), dismissed_falls=(dismissed,)))
    assert lines == [
        "**0:10** not counted as a fall: went on walking.",
        f"**1:05** a fall ({seen.probability:.0%} sure), got up: impact of 4.5 g.",
    ]


def test_nothing_is_called_less_certain_without_a_reason() -> None:
    assert list(findings.less_certain(session(repetitions=bridges(3)))) == []


def test_what_is_less_certain_is_said_with_the_reason() -> None:
    seen = replace(bridges(1)[0], confidence=Confidence.LOWER)
    on_a_side = PostureBout(posture=Posture.UNKNOWN, start_s=0.0, end_s=90.0, side_unknown=True)
    loose = worn(60.0, 120.0, WearState.PERHAPS_SLIPPED)
    said = list(
        findings.less_certain(session(repetitions=(seen,), postures=(on_a_side,), wear=(loose,)))
    )
    assert [line.partition(":")[0] for line in said] == [
        "Repetitions",
        "Posture",
        "All angles from 1",
    ]
    assert "1 min 30 s on a side that is not known" in said[1]
    assert said[2] == "All angles from 1:00 to 2:00: a sensor perhaps slipped."
