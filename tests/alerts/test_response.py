"""The answer to a fall as it should be, played through in no time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.events import Posture
from dashboard.alarm import Said
from fivepoint.alerts.episode import Outcome
from fivepoint.alerts.rules import AlarmRules
from tests.alerts.playing import RULES, START, Play, fallen

ASKED = ["asked"]
UNANSWERED = ["asked", "not_answered"]
BOTH = ["told Son", "told Aunt"]


def fell(**rules: Any) -> Play:
    play = Play(RULES if not rules else AlarmRules(contacts=RULES.contacts, **rules))
    play.see(fallen())
    return play


def walk(from_s: float, until_s: float) -> tuple[datetime, datetime]:
    """A walk, by seconds from the impact."""
    return START + timedelta(seconds=from_s), START + timedelta(seconds=until_s)


def test_without_an_answer_contacts_are_told_one_after_the_other() -> None:
    play = fell()
    play.run(29)
    assert play.steps == ASKED
    play.run(1)
    assert play.steps == [*UNANSWERED, "told Son"]
    play.run(119)
    assert play.sent == [("Son", "fall")]
    play.run(2)
    assert play.sent == [("Son", "fall"), ("Aunt", "fall")]


def test_whoever_answers_in_time_is_left_in_peace() -> None:
    play = fell()
    play.run(29)
    play.say(Said.OK)
    play.run(3600)
    assert play.steps == [*ASKED, "ended"]
    assert play.sent == []
    assert play.loudness == 0


def test_the_tone_grows_more_urgent_and_ends_in_time() -> None:
    play = fell()
    heard = [play.loudness]
    for _ in range(4):
        play.run(10)
        heard.append(play.loudness)
    assert heard == [1, 2, 3, 3, 3]
    play.run(600)
    assert play.loudness == 0


def test_who_was_told_is_told_of_a_late_answer_and_the_others_are_not() -> None:
    play = fell()
    play.run(40)
    play.say(Said.OK)
    play.run(3600)
    assert play.sent == [("Son", "fall"), ("Son", "closing")]


def test_one_acknowledgement_is_enough_and_everybody_told_learns_of_it() -> None:
    play = fell()
    play.run(200)
    play.say(Said.ACKNOWLEDGED, by="Aunt")
    play.run(300)
    assert play.steps == [*UNANSWERED, *BOTH, "ended Aunt", *BOTH]
    assert play.episode.outcome is Outcome.ACKNOWLEDGED


def test_contacts_who_do_not_acknowledge_are_told_in_three_rounds_and_then_the_end() -> None:
    play = fell()
    play.run(3600)
    assert [who for who, what in play.sent if what == "fall"] == ["Son", "Aunt"] * 3
    assert play.sent[-2:] == [("Son", "closing"), ("Aunt", "closing")]
    assert play.episode.outcome is Outcome.UNANSWERED
    assert play.is_idle


def test_a_contact_who_cannot_be_reached_does_not_keep_the_next_one_waiting() -> None:
    play = fell()
    play.network = lambda contact, t_s: contact == "Aunt"
    play.run(33)
    assert play.steps == [*UNANSWERED, "not_reached Son", "told Aunt"]


def test_without_a_network_for_ten_minutes_each_is_told_once_when_it_is_back() -> None:
    play = fell()
    play.network = lambda contact, t_s: t_s > 630
    play.run(700)
    assert play.sent == [("Son", "fall"), ("Aunt", "fall")]
    assert play.steps == [*UNANSWERED, "not_reached Son", "not_reached Aunt", *BOTH]


def test_a_fall_told_of_over_and_over_is_answered_once() -> None:
    play = fell()
    play.run(20)
    play.see(fallen(2.5))
    play.see(fallen(), fallen(2.5))
    play.run(20)
    play.say(Said.OK)
    play.see(fallen(2.5))
    play.see(fallen(), recording_id="r2")
    play.run(60)
    assert play.steps.count("asked") == 1
    assert play.sent == [("Son", "fall"), ("Son", "closing")]


def test_another_fall_meanwhile_is_answered_with_the_first() -> None:
    play = fell()
    play.run(15)
    play.see(fallen(), fallen(15))
    play.run(20)
    assert play.steps == ["asked", "fell_again", "not_answered", "told Son"]


def test_a_second_fall_that_was_none_does_not_end_the_alarm_of_the_first() -> None:
    play = fell()
    play.see(fallen(), fallen(15))
    play.see(fallen())
    play.run(31)
    assert play.sent == [("Son", "fall")]


def test_another_fall_afterwards_is_asked_about_anew() -> None:
    play = fell()
    play.say(Said.OK)
    play.run(60)
    play.see(fallen(), fallen(60))
    assert play.steps == ["asked", "ended", "asked"]


def test_what_was_probably_no_fall_ends_by_itself() -> None:
    play = fell()
    play.run(4)
    play.see()
    play.run(60)
    assert play.steps == [*ASKED, "ended"]
    assert play.episode.outcome is Outcome.NOT_BELIEVED


def test_a_fall_that_is_believed_again_is_asked_about_again() -> None:
    play = fell()
    play.see()
    play.run(5)
    play.see(fallen())
    play.run(31)
    assert play.steps == ["asked", "ended", "asked", "not_answered", "told Son"]


@pytest.mark.parametrize("seen", [{"recording_id": "r2"}, {"current": False}])
def test_a_hub_that_is_gone_or_started_again_does_not_end_the_alarm(seen: dict[str, Any]) -> None:
    play = fell()
    play.see(**seen)
    play.run(31)
    assert play.steps == [*UNANSWERED, "told Son"]


@pytest.mark.parametrize("from_s", [-30, 5])
def test_clear_walking_since_the_fall_ends_it_while_asking(from_s: float) -> None:
    play = fell()
    play.run(10)
    play.see(fallen(), walk=walk(from_s, max(from_s, 0) + 10), posture=Posture.UPRIGHT)
    play.run(60)
    assert play.steps == [*ASKED, "ended"]
    assert play.episode.outcome is Outcome.WALKING


@pytest.mark.parametrize(
    "seen",
    [
        {"walk": walk(-30, 9), "posture": Posture.UPRIGHT},
        {"walk": walk(0, 10), "posture": Posture.PRONE},
        {"walk": walk(0, 10), "posture": Posture.UPRIGHT, "current": False},
    ],
)
def test_other_walking_does_not_end_it(seen: dict[str, Any]) -> None:
    play = fell()
    play.run(10)
    play.see(fallen(), **seen)
    play.run(25)
    assert play.sent == [("Son", "fall")]


def test_who_got_up_without_an_answer_is_told_of_all_the_same() -> None:
    play = fell()
    play.run(60, posture=Posture.UPRIGHT)
    assert play.sent == [("Son", "fall")]
    assert play.episode.up_again


def test_who_still_lies_after_ten_minutes_is_told_of_again_though_acknowledged() -> None:
    play = fell()
    play.run(40, posture=Posture.PRONE)
    play.say(Said.ACKNOWLEDGED, by="Son")
    play.run(600, posture=Posture.PRONE)
    assert [each for each in play.sent if each[1] == "long_lie"] == [
        ("Son", "long_lie"),
        ("Aunt", "long_lie"),
    ]
    play.run(3600, posture=Posture.PRONE)
    assert play.steps.count("lies_long") == 1
    assert play.sent.count(("Aunt", "closing")) == play.sent.count(("Son", "closing")) == 1


@pytest.mark.parametrize(
    "since", [{"posture": Posture.UPRIGHT}, {"posture": Posture.PRONE, "current": False}]
)
def test_who_was_seen_up_or_is_no_longer_seen_is_not_told_of_again(since: dict[str, Any]) -> None:
    play = fell()
    play.run(40, posture=Posture.PRONE)
    play.say(Said.ACKNOWLEDGED)
    play.run(900, **since)
    assert "lies_long" not in play.steps


def test_who_goes_to_bed_the_day_after_is_not_told_of_again() -> None:
    play = fell()
    play.run(40)
    play.say(Said.ACKNOWLEDGED)
    play.killed(away_s=80_000)
    play.run(120, posture=Posture.SUPINE)
    assert "lies_long" not in play.steps


def test_a_fall_of_virtual_sensors_is_told_to_nobody() -> None:
    play = Play()
    play.see(fallen(virtual=True))
    play.run(3600, posture=Posture.PRONE)
    assert play.steps == [*UNANSWERED, "ended", "lies_long"]
    assert play.sent == []


def test_a_fall_that_is_seen_an_hour_late_is_only_recorded() -> None:
    play = Play()
    play.see(fallen(), age_s=4000)
    play.run(60)
    assert play.steps == ["missed"]
    assert play.loudness == 0


def test_contacts_that_are_never_reached_are_given_up_after_a_day() -> None:
    play = fell(retry_after_s=600)
    play.network = lambda contact, t_s: False
    play.run(100_000, beat_s=60)
    assert play.steps[-3:] == ["gave_up Son", "gave_up Aunt", "ended"]
    assert play.is_idle


# Killed and started again


def test_killed_while_asking_it_goes_on_where_it_was() -> None:
    play = fell()
    play.run(20)
    play.killed(away_s=5)
    play.run(4)
    assert play.steps == ASKED
    play.run(2)
    assert play.steps == [*UNANSWERED, "told Son"]


def test_after_a_long_absence_there_is_still_time_to_answer() -> None:
    play = fell()
    play.killed(away_s=500)
    play.run(9)
    assert play.steps == ASKED
    play.run(2)
    assert play.steps == [*UNANSWERED, "told Son"]


@pytest.mark.parametrize("wall_s", [-86_400.0, 0.0, 86_400.0])
@pytest.mark.parametrize("rebooted", [False, True])
def test_the_time_of_day_skips_no_step_and_repeats_none(wall_s: float, rebooted: bool) -> None:
    play = fell()
    play.run(35)
    play.killed(away_s=10, rebooted=rebooted, wall_s=wall_s)
    play.run(100)
    assert play.steps == [*UNANSWERED, "told Son"]
    play.run(60)
    assert play.steps == [*UNANSWERED, *BOTH]


KILLS = st.lists(
    st.tuples(
        st.floats(1.0, 200.0),
        st.floats(0.0, 300.0),
        st.booleans(),
        st.floats(-1e6, 1e6),
    ),
    max_size=6,
)


@settings(max_examples=40)
@given(kills=KILLS, down_s=st.floats(0.0, 900.0))
def test_however_often_it_is_killed_nobody_is_told_twice_and_everybody_once(
    kills: list[tuple[float, float, bool, float]], down_s: float
) -> None:
    play = fell(rounds=1)
    back_s = play.t_s + down_s
    up = [False]
    play.network = lambda contact, t_s: up[0]
    for run_s, away_s, rebooted, wall_s in kills:
        play.run(run_s, posture=Posture.PRONE)
        play.killed(away_s, rebooted=rebooted, wall_s=wall_s)
        up[0] = up[0] or play.t_s > back_s
    up[0] = True
    play.run(2000, posture=Posture.PRONE)
    expected = {(who, what) for who in ("Son", "Aunt") for what in ("fall", "long_lie", "closing")}
    assert set(play.sent) == expected
    assert len(play.sent) == len(expected)
    assert play.steps.count("asked") == 1


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("see"), st.sampled_from([0.0, 3.0, 40.0, 400.0])),
        st.tuples(st.just("doubt"), st.just(0.0)),
        st.tuples(st.just("ok"), st.just(0.0)),
        st.tuples(st.just("acknowledge"), st.just(0.0)),
        st.tuples(st.just("run"), st.floats(0.5, 150.0)),
        st.tuples(st.just("kill"), st.floats(0.0, 50.0)),
    ),
    max_size=20,
)


@settings(max_examples=40)
@given(events=EVENTS, lost=st.sets(st.integers(0, 40)))
def test_whatever_happens_no_message_is_sent_twice_and_all_ends(
    events: list[tuple[str, float]], lost: set[int]
) -> None:
    play = fell()
    tries = iter(range(10**9))
    play.network = lambda contact, t_s: next(tries) not in lost
    for what, value in events:
        if what == "see":
            play.see(fallen(value))
        elif what == "doubt":
            play.see()
        elif what == "run":
            play.run(value)
        elif what == "kill":
            play.killed(value)
        else:
            play.say(Said.OK if what == "ok" else Said.ACKNOWLEDGED)
    play.run(4000)
    assert len(play.keys) == len(set(play.keys))
    assert play.is_idle
    assert play.loudness == 0
