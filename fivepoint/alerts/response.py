"""Which fall is which, and the answer to each: what the sensors tell becomes episodes.

Pure as well: the journal is written, messages are sent and the alarm sounds elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from analytics.events import Posture
from dashboard.alarm import Answer, Said
from fivepoint.alerts import episode as transition
from fivepoint.alerts.episode import Episode, Fallen, Letter, Outcome, Phase, Step, Turn
from fivepoint.alerts.rules import AlarmRules

SAME_FALL = timedelta(seconds=10)
"""Impacts within so long are one fall: tumbling strikes more than once, a detector may think again
which impact it was, and two recordings that follow each other may overlap."""

TOO_LATE_S = 3600.0
"""A fall first seen so long after is only recorded."""

CLEARLY_WALKING = timedelta(seconds=10)
"""As much in rhythm as the detector of walking asks for."""

LEAST_SHARE_ASKED = 1 / 3
"""Of the time to answer, so much is left after a restart during which nobody was asked."""


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """What the sensors tell just now; nothing is known of `posture` and `walk` unless `current`.

    `falls` are those of the recording that are believed, with how long ago each was. `walk` is from
    when until when somebody has walked, while that goes on.
    """

    recording_id: str | None
    falls: tuple[tuple[Fallen, float], ...]
    current: bool
    posture: Posture
    walk: tuple[datetime, datetime] | None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the record: a step, and the episode after it, from which it can be resumed.

    `t_s` is the episode's own time, `clock_s` that since the computer was started.
    """

    at: datetime
    clock_s: float
    t_s: float
    step: Step
    episode: Episode


class Due(NamedTuple):
    """A message to be sent now."""

    episode: Episode
    letter: Letter

    @property
    def key(self) -> object:
        """What tells it from all others."""
        return self.episode.id, self.letter.key


@dataclass(slots=True)
class _Course:
    episode: Episode
    zero_s: float


class Response:
    """Answers falls, each once: takes what happens and gives what is to be recorded.

    `entries` is the record so far, which is resumed. `now_s` are seconds since the computer was
    started: after a restart of the computer at least as long as it has been up has passed.
    """

    def __init__(
        self,
        rules: AlarmRules,
        entries: Iterable[Entry],
        now_s: float,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._rules = rules
        self._wall = wall
        last = {entry.episode.id: entry for entry in entries}
        self._courses = {
            episode_id: _Course(entry.episode, now_s - self._resumed_s(entry, now_s))
            for episode_id, entry in last.items()
        }

    @property
    def is_idle(self) -> bool:
        """Whether nobody is asked or told just now."""
        return not any(each.episode.active for each in self._courses.values())

    def loudness(self, now_s: float) -> int:
        """How urgently the alarm sounds, from 0 to 3."""
        return max(
            (
                transition.loudness(each.episode, self._rules, now_s - each.zero_s)
                for each in self._courses.values()
            ),
            default=0,
        )

    def left_s(self, now_s: float) -> float:
        """How long the person who is asked has to answer."""
        asking = [each for each in self._courses.values() if each.episode.phase is Phase.ASKING]
        return max((self._rules.answer_within_s + c.zero_s - now_s for c in asking), default=0.0)

    def due(self, now_s: float) -> list[Due]:
        """The messages whose time has come."""
        return [
            Due(each.episode, letter)
            for each in self._courses.values()
            for letter in each.episode.pending
            if letter.next_s <= now_s - each.zero_s
        ]

    def see(self, sighting: Sighting, now_s: float) -> list[Entry]:
        """Take what the sensors tell."""
        entries: list[Entry] = []
        for fallen, age_s in sighting.falls:
            entries += self._see_fall(fallen, age_s, now_s)
        for each in self._courses.values():
            if sighting.current:
                entries += self._see_person(each, sighting, now_s)
        return entries

    def answer(self, answer: Answer, now_s: float) -> list[Entry]:
        """Somebody has said that all is well, or that they take care of it."""
        each = self._courses.get(answer.episode)
        if each is None:
            return []
        outcome = Outcome.OK if answer.said is Said.OK else Outcome.ACKNOWLEDGED
        turn = transition.ended(each.episode, now_s - each.zero_s, outcome, answer.by)
        return self._take(each, turn, now_s)

    def sent(self, due: Due, now_s: float, *, delivered: bool) -> list[Entry]:
        """A message was delivered, or was not."""
        each = self._courses[due.episode.id]
        t_s = now_s - each.zero_s
        if delivered:
            return self._take(each, transition.delivered(each.episode, due.letter, t_s), now_s)
        rules = self._rules_of(each.episode)
        return self._take(each, transition.failed(each.episode, rules, due.letter, t_s), now_s)

    def tick(self, now_s: float) -> list[Entry]:
        """Time has passed."""
        entries: list[Entry] = []
        for each in self._courses.values():
            rules = self._rules_of(each.episode)
            turn = transition.passed(each.episode, rules, now_s - each.zero_s)
            entries += self._take(each, turn, now_s)
        return entries

    def _see_fall(self, fallen: Fallen, age_s: float, now_s: float) -> Iterator[Entry]:
        known = self._known(fallen)
        if known is not None:
            yield from self._see_again(known, fallen, now_s)
            return
        running = [c for c in self._courses.values() if c.episode.phase is not Phase.ENDED]
        if running:
            turn = transition.fell_again(running[0].episode, fallen)
            yield from self._take(running[0], turn, now_s)
            return
        episode_id = f"{fallen.impact_at:%Y%m%d-%H%M%S}"
        begin = transition.opened if age_s <= TOO_LATE_S else transition.missed
        turn = begin(episode_id, fallen)
        each = self._courses[episode_id] = _Course(turn.episode, now_s)
        yield from self._take(each, turn, now_s)

    def _see_again(self, each: _Course, fallen: Fallen, now_s: float) -> list[Entry]:
        """A fall that is known is told of again, perhaps with more that is known of it."""
        if abs(each.episode.fallen.impact_at - fallen.impact_at) <= SAME_FALL:
            each.episode = replace(each.episode, fallen=fallen)
        if each.episode.outcome is not Outcome.NOT_BELIEVED:
            return []
        each.zero_s = now_s
        return self._take(each, transition.reopened(each.episode), now_s)

    def _see_person(self, each: _Course, sighting: Sighting, now_s: float) -> list[Entry]:
        t_s = now_s - each.zero_s
        fallen = each.episode.fallen
        each.episode = transition.seen(each.episode, t_s, sighting.posture, got_up=fallen.got_up)
        if each.episode.phase is not Phase.ASKING:
            return []
        if _has_walked(sighting, max(each.episode.impacts_at)):
            return self._take(each, transition.ended(each.episode, t_s, Outcome.WALKING), now_s)
        believed = any(_is_of(each.episode, other) for other, _ in sighting.falls)
        if sighting.recording_id != fallen.recording_id or believed:
            return []
        return self._take(each, transition.ended(each.episode, t_s, Outcome.NOT_BELIEVED), now_s)

    def _known(self, fallen: Fallen) -> _Course | None:
        courses = self._courses.values()
        return next((each for each in courses if _is_of(each.episode, fallen)), None)

    def _rules_of(self, episode: Episode) -> AlarmRules:
        return replace(self._rules, contacts=()) if episode.fallen.virtual else self._rules

    def _resumed_s(self, entry: Entry, now_s: float) -> float:
        """The episode's own time now, when it was at `entry` last."""
        away_s = now_s - entry.clock_s if now_s >= entry.clock_s else now_s
        t_s = entry.t_s + away_s
        limit_s = self._rules.answer_within_s
        if entry.episode.phase is not Phase.ASKING or t_s < limit_s:
            return t_s
        return limit_s * (1.0 - LEAST_SHARE_ASKED)

    def _take(self, each: _Course, turn: Turn, now_s: float) -> list[Entry]:
        each.episode = turn.episode
        return [
            Entry(
                at=self._wall(),
                clock_s=now_s,
                t_s=now_s - each.zero_s,
                step=step,
                episode=turn.episode,
            )
            for step in turn.steps
        ]


def _has_walked(sighting: Sighting, since: datetime) -> bool:
    """Whether clear walking was seen since then, of somebody who does not lie."""
    if sighting.walk is None or sighting.posture not in (Posture.UPRIGHT, Posture.UNKNOWN):
        return False
    start_at, end_at = sighting.walk
    return end_at - max(start_at, since) >= CLEARLY_WALKING


def _is_of(episode: Episode, fallen: Fallen) -> bool:
    return any(abs(at - fallen.impact_at) <= SAME_FALL for at in episode.impacts_at)
