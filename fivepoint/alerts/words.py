"""What the alarm says: to contacts in messages, and in the record to whoever reads it."""

from __future__ import annotations

from datetime import datetime

from analytics.events import Posture
from dashboard.notice import NOTICE
from fivepoint.alerts.episode import Did, Episode, Fallen, Letter, Outcome, Step, Subject

QUESTION = "A fall was noticed. Are you OK?"

_POSTURES = {
    Posture.UPRIGHT: "upright",
    Posture.SUPINE: "lying on the back",
    Posture.PRONE: "lying on the front",
    Posture.LEFT: "lying on the left side",
    Posture.RIGHT: "lying on the right side",
}


def message(person: str, episode: Episode, letter: Letter) -> tuple[str, str]:
    """Title and text of a message to a contact."""
    tell = {Subject.FALL: _fall, Subject.LONG_LIE: _long_lie, Subject.CLOSING: _closing}
    title, sentences = tell[letter.subject](person, episode, letter)
    return title, "\n".join([*sentences, "", NOTICE])


def trial(person: str) -> tuple[str, str]:
    """Title and text of a message of trial."""
    return (
        f"A test: {person} is well",
        f"This is a test of the alarm of {person}. Nothing has happened, and nothing is to be "
        f"done.\n\n{NOTICE}",
    )


def step_text(step: Step, episode: Episode) -> str:
    """A step as a sentence of the record."""
    if step.did is Did.ENDED:
        return _ENDINGS[episode.outcome or Outcome.UNANSWERED].format(who=step.who or "somebody")
    about = {Subject.LONG_LIE: " again", Subject.CLOSING: " how it ended"}.get(
        step.about or Subject.FALL, ""
    )
    return _STEPS[step.did].format(who=step.who, about=about)


_STEPS = {
    Did.ASKED: "A fall was noticed; “Are you OK?” was asked.",
    Did.FELL_AGAIN: "Another fall was noticed.",
    Did.NOT_ANSWERED: "There was no answer in time.",
    Did.TOLD: "{who} was told{about}.",
    Did.NOT_REACHED: "{who} could not be reached yet; it is tried again.",
    Did.GAVE_UP: "{who} could not be reached for a day; it is no longer tried.",
    Did.LIES_LONG: "Still not seen upright after a long while.",
    Did.MISSED: "A fall was noticed only long after it happened; nobody was asked or told.",
}

_ENDINGS = {
    Outcome.OK: "Answered: I am OK.",
    Outcome.WALKING: "It ended by itself, since walking was seen.",
    Outcome.NOT_BELIEVED: "It ended by itself, since what followed was probably no fall.",
    Outcome.ACKNOWLEDGED: "Acknowledged by {who}.",
    Outcome.UNANSWERED: "Nobody has answered or acknowledged.",
}


def _fall(person: str, episode: Episode, letter: Letter) -> tuple[str, list[str]]:
    repeated = "" if letter.round == 0 else f" (message {letter.round + 1})"
    return f"{person} may have fallen{repeated}", [
        f"The sensors of {person} noticed {_likely(episode.fallen)} fall at "
        f"{_clock(episode.fallen.impact_at)}, and the question “Are you OK?” was not answered.",
        _known(episode),
        f"Please call or go to {person}. If nobody answers, call your local emergency number.",
        "Whoever is there presses the button on the page, which tells the others.",
    ]


def _long_lie(person: str, episode: Episode, _letter: Letter) -> tuple[str, list[str]]:
    return f"{person} may still be lying on the floor", [
        f"Since the fall at {_clock(episode.fallen.impact_at)}, the sensors have not seen {person} "
        "upright.",
        _told(episode),
        "Lying long on the floor is dangerous. Please make sure that somebody is there, or call "
        "your local emergency number.",
    ]


def _closing(person: str, episode: Episode, _letter: Letter) -> tuple[str, list[str]]:
    at = _clock(episode.fallen.impact_at)
    if episode.outcome is Outcome.OK:
        return f"{person} is OK", [f"{person} has answered after the fall at {at}: I am OK."]
    if episode.outcome is Outcome.ACKNOWLEDGED:
        who = episode.by or "Somebody"
        return f"{who} takes care of {person}", [
            f"{who} has acknowledged the fall at {at}.",
            _told(episode),
        ]
    return f"Nobody has acknowledged the fall of {person}", [
        f"Nobody has acknowledged the fall at {at}, and no more messages follow.",
        _told(episode),
        "Please agree who looks after it.",
    ]


def _known(episode: Episode) -> str:
    fallen = episode.fallen
    known = []
    if fallen.posture_after in _POSTURES:
        known.append(f"Afterwards: {_POSTURES[fallen.posture_after]}.")
    if fallen.still_s >= 1.0:
        known.append(f"Lay still for {fallen.still_s:.0f} s.")
    known.append("Was seen upright since." if episode.up_again else "Not seen upright since.")
    if len(episode.impacts_at) > 1:
        known.append(f"{len(episode.impacts_at)} falls were noticed in a row.")
    return " ".join(known)


def _likely(fallen: Fallen) -> str:
    if fallen.probability >= 0.9:
        return "a very likely"
    return "a likely" if fallen.probability >= 0.7 else "a possible"


def _told(episode: Episode) -> str:
    return f"Told so far: {', '.join(episode.reached) or 'nobody'}."


def _clock(at: datetime) -> str:
    return f"{at.astimezone():%H:%M on %d %B}"
