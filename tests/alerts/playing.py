"""The answer to falls, played through in no time, with a network that may fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from analytics.events import Posture
from dashboard.alarm import Answer, Said
from fivepoint.alerts.episode import Episode, Fallen
from fivepoint.alerts.response import Entry, Response, Sighting
from fivepoint.alerts.rules import AlarmRules, Contact

RULES = AlarmRules(
    contacts=(Contact(name="Son", url="json://b"), Contact(name="Aunt", url="json://c"))
)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)

Network = Callable[[str, float], bool]
"""Whether a message to a contact arrives at a time."""


def fallen(after_s: float = 0.0, **known: Any) -> Fallen:
    """A fall with its impact so long after the start."""
    fall = Fallen(
        recording_id="r1",
        impact_at=START + timedelta(seconds=after_s),
        probability=0.9,
        posture_after=Posture.PRONE,
        still_s=0.0,
        got_up=False,
    )
    return msgspec.structs.replace(fall, **known)


def sighting(*falls: Fallen, age_s: float = 4.0, **known: Any) -> Sighting:
    """What a hub tells that runs, of somebody who lies."""
    seen = Sighting(
        recording_id="r1",
        falls=tuple((fall, age_s) for fall in falls),
        current=True,
        posture=Posture.PRONE,
        walk=None,
    )
    return msgspec.structs.replace(seen, **known)


class Play:
    """Plays the answer from second to second; everything that is recorded stays here.

    `killed` takes the process away, so that only the record is left; the computer's clock may
    begin anew and the time of day be set meanwhile.
    """

    def __init__(self, rules: AlarmRules = RULES) -> None:
        self.rules = rules
        self.clock_s = 1000.0
        self.wall = START
        self.entries: list[Entry] = []
        self.sent: list[tuple[str, str]] = []
        self.keys: list[object] = []
        self.network: Network = lambda contact, t_s: True
        self._started_s = self.clock_s
        self._response = Response(rules, [], self.clock_s, lambda: self.wall)

    @property
    def t_s(self) -> float:
        return self.clock_s - self._started_s

    @property
    def loudness(self) -> int:
        return self._response.loudness(self.clock_s)

    @property
    def is_idle(self) -> bool:
        return self._response.is_idle

    @property
    def episode(self) -> Episode:
        return self.entries[-1].episode

    @property
    def steps(self) -> list[str]:
        """What was done, such as "told Son"."""
        return [f"{entry.step.did} {entry.step.who}".strip() for entry in self.entries]

    def see(self, *falls: Fallen, **known: Any) -> None:
        self.entries += self._response.see(sighting(*falls, **known), self.clock_s)

    def say(self, said: Said, by: str = "") -> None:
        answer = Answer(episode=self.episode.id, said=said, by=by, at=self.wall)
        self.entries += self._response.answer(answer, self.clock_s)

    def run(self, seconds: float, *, beat_s: float = 1.0, **seen: Any) -> None:
        """Time passes; with `seen`, the hub tells that all the while."""
        for _ in range(round(seconds / beat_s)):
            self.clock_s += beat_s
            self.wall += timedelta(seconds=beat_s)
            if seen:
                self.see(*self._falls(), **seen)
            self.entries += self._response.tick(self.clock_s)
            for due in self._response.due(self.clock_s):
                arrives = self.network(due.letter.contact, self.t_s)
                if arrives:
                    self.sent.append((due.letter.contact, due.letter.subject))
                    self.keys.append(due.key)
                self.entries += self._response.sent(due, self.clock_s, delivered=arrives)

    def killed(
        self, away_s: float = 0.0, *, rebooted: bool = False, wall_s: float | None = None
    ) -> None:
        """The process is gone for a while and started again; the time of day may jump."""
        self.clock_s = away_s if rebooted else self.clock_s + away_s
        self.wall += timedelta(seconds=away_s if wall_s is None else wall_s)
        kept = [msgspec.json.decode(msgspec.json.encode(each), type=Entry) for each in self.entries]
        self._response = Response(self.rules, kept, self.clock_s, lambda: self.wall)

    def _falls(self) -> tuple[Fallen, ...]:
        return (self.episode.fallen,) if self.entries else ()
