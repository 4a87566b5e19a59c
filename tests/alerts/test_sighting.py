"""What the detectors tell of somebody who falls, and what the alarm makes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analytics.events import Fall
from analytics.pipeline import Pipeline
from fivepoint.alerts.episode import Outcome
from fivepoint.alerts.response import Entry, Response
from fivepoint.alerts.rules import AlarmRules
from fivepoint.alerts.sighting import Told, sighted
from sensors.recording import RecordingHeader, RecordingKind
from sensors.simulator import FallKind, Simulation, fall_at_home
from tests.moving import worn

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def answered(simulation: Simulation, rules: AlarmRules) -> list[Entry]:
    """The record of an alarm while this is recorded."""
    header = RecordingHeader(
        id="r",
        started_at=START,
        kind=RecordingKind.DAY,
        streams=simulation.infos,
        calibrations=simulation.true_calibrations(),
    )
    pipeline = Pipeline(header)
    response = Response(rules, [], 0.0)
    falls: list[Fall] = []
    entries: list[Entry] = []
    for chunk in simulation.chunks(1.0):
        now_s = float(chunk.t_s[-1])
        falls += [event for event in pipeline.push(chunk) if isinstance(event, Fall)]
        told = Told(
            phase="recording",
            recording_id="r",
            started_at=START,
            updated_at=START + timedelta(seconds=now_s),
            elapsed_s=now_s,
            posture=pipeline.posture.posture,
            suspected_fall=pipeline.falls.suspected,
            falls=tuple(falls),
            walking_s=pipeline.walking.under_way_s,
        )
        entries += response.see(sighted(told, told.updated_at), now_s)
        entries += response.tick(now_s)
    return entries


def fallen(kind: FallKind, *, lying_s: float, recovers: bool) -> Simulation:
    rng = np.random.default_rng(3)
    return worn(fall_at_home(kind, rng=rng, lying_s=lying_s, recovers=recovers))


@pytest.mark.parametrize("kind", [FallKind.FORWARD, FallKind.SYNCOPE])
def test_who_stays_down_is_asked_within_five_seconds_and_not_left_alone(kind: FallKind) -> None:
    simulation = fallen(kind, lying_s=45.0, recovers=False)
    [true] = simulation.truth["falls"]
    asked, unanswered = answered(simulation, AlarmRules())
    assert asked.clock_s - true["impact_s"] < 5.0
    assert unanswered.step.did == "not_answered"
    assert asked.episode.fallen.impact_at - START == pytest.approx(
        timedelta(seconds=true["impact_s"]), abs=timedelta(seconds=1)
    )


def test_who_gets_up_and_walks_off_need_not_answer() -> None:
    simulation = fallen(FallKind.FORWARD, lying_s=8.0, recovers=True)
    asked, ended = answered(simulation, AlarmRules(answer_within_s=40.0))
    assert asked.step.did == "asked"
    assert ended.episode.outcome is Outcome.WALKING


def test_who_gets_up_but_does_not_walk_is_asked_on() -> None:
    simulation = fallen(FallKind.FORWARD, lying_s=8.0, recovers=True)
    _, last = answered(simulation, AlarmRules(answer_within_s=15.0))
    assert last.step.did == "not_answered"
    assert last.episode.up_again
