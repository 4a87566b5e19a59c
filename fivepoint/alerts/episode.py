"""One fall and the answer to it: the person is asked, then contacts are told, until one acts.

A pure state machine. Each transition takes an episode, and what happened, and gives the episode
after it with the steps that were taken, which go into the record. Times are in seconds since the
person was first asked, so that no clock of the day can skip or repeat a step.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from analytics.events import Posture
from fivepoint.alerts.rules import AlarmRules

SOUNDING_S = 600.0
"""The alarm is heard for so long at most: who is near has heard it by then."""

GIVE_UP_S = 86_400.0
"""A message that could not be delivered for a day is given up."""

UP_AGAIN_S = 10.0
"""Upright for so long, somebody is up again and not only sitting up for a moment."""

TOLD_WITHIN = 2.0
"""A long lie is told of until so many times its least length: who lies then may lie in bed."""

LAST_SEEN_S = 60.0
"""A long lie is told of only if the sensors told so lately that the person was not upright."""


class Phase(StrEnum):
    """How far the answer has come."""

    ASKING = "asking"
    TELLING = "telling"
    ENDED = "ended"


class Outcome(StrEnum):
    """How it ended."""

    OK = "ok"
    WALKING = "walking"
    NOT_BELIEVED = "not_believed"
    ACKNOWLEDGED = "acknowledged"
    UNANSWERED = "unanswered"
    TOO_LATE = "too_late"


class Subject(StrEnum):
    """What a message to a contact tells."""

    FALL = "fall"
    LONG_LIE = "long_lie"
    CLOSING = "closing"


class Did(StrEnum):
    """What a step of the record tells."""

    ASKED = "asked"
    FELL_AGAIN = "fell_again"
    NOT_ANSWERED = "not_answered"
    TOLD = "told"
    NOT_REACHED = "not_reached"
    GAVE_UP = "gave_up"
    LIES_LONG = "lies_long"
    ENDED = "ended"
    MISSED = "missed"


class Fallen(msgspec.Struct, frozen=True, kw_only=True):
    """A fall as known so far, `impact_at` by the clock that its recording began with.

    One that only `virtual` sensors felt is asked about, but nobody else is told.
    """

    recording_id: str
    impact_at: datetime
    probability: float
    posture_after: Posture
    still_s: float
    got_up: bool
    virtual: bool = False


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A message to a contact, tried until it is delivered; each round has one of its own."""

    subject: Subject
    contact: str
    since_s: float
    next_s: float
    round: int = 0
    attempts: int = 0
    delivered_s: float | None = None

    @property
    def key(self) -> tuple[Subject, str, int]:
        """What tells it from the others of its episode."""
        return self.subject, self.contact, self.round


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a fall so far; `turn` counts whose turn it was, round after round."""

    id: str
    fallen: Fallen
    impacts_at: tuple[datetime, ...]
    phase: Phase = Phase.ASKING
    outcome: Outcome | None = None
    by: str = ""
    letters: tuple[Letter, ...] = ()
    turn: int = 0
    turn_s: float = 0.0
    upright_since_s: float | None = None
    down_seen_s: float | None = None
    up_again: bool = False
    lies_long: bool = False

    @property
    def pending(self) -> tuple[Letter, ...]:
        """What is still to be delivered."""
        return tuple(letter for letter in self.letters if letter.delivered_s is None)

    @property
    def reached(self) -> tuple[str, ...]:
        """The contacts that were told, in order."""
        told = [each.contact for each in self.letters if each.delivered_s is not None]
        return tuple(dict.fromkeys(told))

    @property
    def active(self) -> bool:
        """Whether somebody is still asked or told."""
        return self.phase is not Phase.ENDED or bool(self.pending)

    @property
    def cancelled(self) -> bool:
        """Whether it ended without anything left to be done."""
        return self.outcome not in (None, Outcome.ACKNOWLEDGED, Outcome.UNANSWERED)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was done; `who` is the contact, told `about` what, or by whom it ended."""

    did: Did
    who: str = ""
    about: Subject | None = None


class Turn(NamedTuple):
    """An episode after something happened, and the steps that this was."""

    episode: Episode
    steps: tuple[Step, ...] = ()


def opened(episode_id: str, fallen: Fallen) -> Turn:
    """A fall is seen: the person is asked."""
    episode = Episode(
        id=episode_id, fallen=fallen, impacts_at=(fallen.impact_at,), up_again=fallen.got_up
    )
    return Turn(episode, (Step(did=Did.ASKED),))


def missed(episode_id: str, fallen: Fallen) -> Turn:
    """A fall is seen so late that asking would only frighten: it is no more than recorded."""
    episode, _ = opened(episode_id, fallen)
    over = replace(episode, phase=Phase.ENDED, outcome=Outcome.TOO_LATE)
    return Turn(over, (Step(did=Did.MISSED),))


def reopened(episode: Episode) -> Turn:
    """A fall that was no longer believed is seen again: the person is asked anew."""
    return Turn(replace(episode, phase=Phase.ASKING, outcome=None), (Step(did=Did.ASKED),))


def fell_again(episode: Episode, fallen: Fallen) -> Turn:
    """Another fall while one is being answered is answered with it."""
    impacts_at = (*episode.impacts_at, fallen.impact_at)
    virtual = episode.fallen.virtual and fallen.virtual
    again = replace(
        episode,
        fallen=replace(fallen, virtual=virtual),
        impacts_at=impacts_at,
        up_again=False,
        upright_since_s=None,
    )
    return Turn(again, (Step(did=Did.FELL_AGAIN),))


def passed(episode: Episode, rules: AlarmRules, t_s: float) -> Turn:
    """Time has passed."""
    steps: list[Step] = []
    for transition in (_not_answered, _next_told, _long_lain, _given_up, _run_out):
        episode, taken = transition(episode, rules, t_s)
        steps += taken
    return Turn(episode, tuple(steps))


def seen(episode: Episode, t_s: float, posture: Posture, *, got_up: bool) -> Episode:
    """The sensors tell how the person is held; standing or sitting for a while is being up."""
    if posture is not Posture.UPRIGHT:
        episode = replace(episode, upright_since_s=None, down_seen_s=t_s)
        return replace(episode, up_again=episode.up_again or got_up)
    since_s = t_s if episode.upright_since_s is None else episode.upright_since_s
    up_again = episode.up_again or got_up or t_s - since_s >= UP_AGAIN_S
    return replace(episode, upright_since_s=since_s, up_again=up_again)


def ended(episode: Episode, t_s: float, outcome: Outcome, by: str = "") -> Turn:
    """Nobody needs to be told any more; those who were told are told that."""
    if episode.phase is Phase.ENDED:
        return Turn(episode)
    told = tuple(letter for letter in episode.letters if letter.delivered_s is not None)
    over = replace(episode, phase=Phase.ENDED, outcome=outcome, by=by, letters=told)
    for name in over.reached:
        over = _with(over, Letter(subject=Subject.CLOSING, contact=name, since_s=t_s, next_s=t_s))
    return Turn(over, (Step(did=Did.ENDED, who=by),))


def delivered(episode: Episode, letter: Letter, t_s: float) -> Turn:
    """A message has been taken; whoever is told only after the end is told of the end too."""
    arrived = replace(letter, attempts=letter.attempts + 1, delivered_s=t_s)
    others = tuple(each for each in episode.letters if each.key != letter.key)
    episode = replace(episode, letters=(*others, arrived))
    late = episode.phase is Phase.ENDED and letter.subject is not Subject.CLOSING
    if late and not _has(episode, Subject.CLOSING, letter.contact):
        closing = Letter(subject=Subject.CLOSING, contact=letter.contact, since_s=t_s, next_s=t_s)
        episode = _with(episode, closing)
    return Turn(episode, (Step(did=Did.TOLD, who=letter.contact, about=letter.subject),))


def failed(episode: Episode, rules: AlarmRules, letter: Letter, t_s: float) -> Turn:
    """A message that is still wanted could not be delivered: it is tried after a growing pause."""
    if letter not in episode.letters:
        return Turn(episode)
    attempts = letter.attempts + 1
    tried = replace(letter, attempts=attempts, next_s=t_s + rules.retry_s(attempts))
    letters = tuple(tried if each.key == letter.key else each for each in episode.letters)
    step = Step(did=Did.NOT_REACHED, who=letter.contact, about=letter.subject)
    return Turn(replace(episode, letters=letters), (step,) if attempts == 1 else ())


def loudness(episode: Episode, rules: AlarmRules, t_s: float) -> int:
    """How urgently the alarm sounds: from 1 to 3 while the person is asked, 0 for not at all."""
    if episode.phase is Phase.ASKING:
        return 1 + min(int(3.0 * t_s / rules.answer_within_s), 2)
    return 3 if episode.phase is Phase.TELLING and t_s < SOUNDING_S else 0


def _not_answered(episode: Episode, rules: AlarmRules, t_s: float) -> Turn:
    if episode.phase is not Phase.ASKING or t_s < rules.answer_within_s:
        return Turn(episode)
    telling = replace(episode, phase=Phase.TELLING, turn_s=t_s)
    return Turn(telling, (Step(did=Did.NOT_ANSWERED),))


def _next_told(episode: Episode, rules: AlarmRules, t_s: float) -> Turn:
    """Give the turn to the next contact, and on if a message to that one is still tried."""
    names = rules.names
    while names and _is_next(episode, rules, t_s):
        round_, index = divmod(episode.turn, len(names))
        name = names[index]
        if not any(each.contact == name for each in episode.pending):
            letter = Letter(
                subject=Subject.FALL, contact=name, round=round_, since_s=t_s, next_s=t_s
            )
            episode = _with(episode, letter)
        episode = replace(episode, turn=episode.turn + 1, turn_s=t_s)
    return Turn(episode)


def _is_next(episode: Episode, rules: AlarmRules, t_s: float) -> bool:
    """Whether it is the next contact's turn.

    One that is not reached does not keep the next one waiting; but a new round begins only after
    somebody was reached in vain.
    """
    count = len(rules.contacts)
    if episode.phase is not Phase.TELLING or episode.turn >= count * rules.rounds:
        return False
    if episode.turn == 0:
        return True
    waited = t_s - _last_move_s(episode) >= rules.next_contact_after_s
    if episode.turn % count == 0:
        return waited and bool(episode.reached)
    before = rules.names[episode.turn % count - 1]
    unreached = any(each.contact == before and each.attempts for each in episode.pending)
    return unreached or waited


def _run_out(episode: Episode, rules: AlarmRules, t_s: float) -> Turn:
    """All were told in all rounds, and nobody has acknowledged."""
    if episode.phase is not Phase.TELLING or episode.pending:
        return Turn(episode)
    count = len(rules.contacts)
    nobody_left = episode.turn >= count * (rules.rounds if episode.reached else 1)
    patience_s = rules.next_contact_after_s * (1 if count else rules.rounds)
    if not nobody_left or t_s - _last_move_s(episode) < patience_s:
        return Turn(episode)
    return ended(episode, t_s, Outcome.UNANSWERED)


def _last_move_s(episode: Episode) -> float:
    """When somebody's turn began, or somebody was reached, last."""
    return max([episode.turn_s, *(each.delivered_s or 0.0 for each in episode.letters)])


def _long_lain(episode: Episode, rules: AlarmRules, t_s: float) -> Turn:
    """Who still lies there after long is told of to everybody, whether acknowledged or not."""
    if episode.phase is Phase.ASKING or episode.cancelled or episode.lies_long or episode.up_again:
        return Turn(episode)
    long_s, down_s = rules.long_lie_after_s, episode.down_seen_s
    seen_down = down_s is not None and t_s - down_s <= LAST_SEEN_S
    if not (seen_down and long_s <= t_s <= TOLD_WITHIN * long_s):
        return Turn(episode)
    episode = replace(episode, lies_long=True)
    for name in rules.names:
        letter = Letter(subject=Subject.LONG_LIE, contact=name, since_s=t_s, next_s=t_s)
        episode = _with(episode, letter)
    return Turn(episode, (Step(did=Did.LIES_LONG),))


def _given_up(episode: Episode, rules: AlarmRules, t_s: float) -> Turn:
    old = [each for each in episode.pending if t_s - each.since_s > GIVE_UP_S]
    kept = tuple(each for each in episode.letters if each not in old)
    steps = tuple(Step(did=Did.GAVE_UP, who=each.contact, about=each.subject) for each in old)
    return Turn(replace(episode, letters=kept), steps) if old else Turn(episode)


def _with(episode: Episode, letter: Letter) -> Episode:
    return replace(episode, letters=(*episode.letters, letter))


def _has(episode: Episode, subject: Subject, contact: str) -> bool:
    return any((each.subject, each.contact) == (subject, contact) for each in episode.letters)
