"""Whether an alarm would be heard here and reach its contacts, found out by trying."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from fivepoint.alerts import words
from fivepoint.alerts.contacts import is_understood, send
from fivepoint.alerts.rules import AlarmRules
from fivepoint.alerts.sound import can_play
from fivepoint.settings import Settings

DAYTIME_H = range(9, 19)
"""Hours of the day at which a message of trial wakes nobody."""


class Finding(msgspec.Struct, frozen=True):
    """A part of the alarm, and whether it is well."""

    well: bool
    text: str


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """All findings of one check."""

    at: datetime
    findings: tuple[Finding, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """What is not well."""
        return tuple(each.text for each in self.findings if not each.well)


def check(settings: Settings, rules: AlarmRules, person: str, *, aloud: bool) -> Iterator[Finding]:
    """Try each part: play a tone, silent unless `aloud`, and send every contact a message of trial.

    A finding is given as soon as it is known; a contact who is not reached takes seconds.
    """
    yield _sound(settings.alarm_folder, aloud=aloud)
    yield from _secrecy(settings.wishes_path, rules)
    title, body = words.trial(person)
    for contact in rules.contacts:
        if not is_understood(contact):
            told = f"The address of {contact.name} is not understood; correct it in settings.toml."
            yield Finding(False, told)
        elif send(contact, title, body):
            yield Finding(True, f"{contact.name} was sent a message of trial; ask for it.")
        else:
            told = f"{contact.name} could not be reached; see to the network and the address."
            yield Finding(False, told)


def is_due(last: Check | None, rules: AlarmRules, now: datetime) -> bool:
    """Whether it is time for another check, by day; `now` is local."""
    if rules.check_every_days == 0 or now.hour not in DAYTIME_H:
        return False
    return last is None or abs(now - last.at) >= timedelta(days=rules.check_every_days)


def _sound(folder: Path, *, aloud: bool) -> Finding:
    if can_play(folder, 2 if aloud else None):
        return Finding(True, "The alarm can be heard here, if the sound is turned up.")
    return Finding(False, "No sound can be played here, so an alarm is only seen on the pages.")


def _secrecy(wishes_path: Path, rules: AlarmRules) -> Iterator[Finding]:
    """The contacts' addresses hold passwords: only their owner may read them."""
    if not rules.contacts or sys.platform == "win32":
        return
    mode = stat.S_IMODE(wishes_path.stat().st_mode)
    if mode & 0o077:
        yield Finding(False, f"Others can read the contacts' addresses: chmod 600 {wishes_path}")
