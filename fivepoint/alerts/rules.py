"""What the user has set about the answer to a fall: who is told, and what is waited for."""

from __future__ import annotations

from typing import Annotated

import msgspec

_Text = Annotated[str, msgspec.Meta(min_length=1)]
_Seconds = Annotated[float, msgspec.Meta(gt=0)]


class Contact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody to tell, by an address as Apprise writes it: a secret, so nothing prints it."""

    name: _Text
    url: _Text

    def __repr__(self) -> str:
        return f"Contact(name={self.name!r})"


class AlarmRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table `alarm` of `settings.toml`; everything may be left out.

    `person` is how messages call who wears the sensors. Each of the `contacts` is told in order,
    the next one when the one before has not acknowledged for `next_contact_after_s` or could not be
    reached, and all of them in `rounds` rounds at most. Who has not been upright for
    `long_lie_after_s` is told of again.
    """

    person: str = ""
    contacts: tuple[Contact, ...] = ()
    answer_within_s: _Seconds = 30.0
    next_contact_after_s: _Seconds = 120.0
    rounds: Annotated[int, msgspec.Meta(ge=1)] = 3
    long_lie_after_s: _Seconds = 600.0
    retry_after_s: _Seconds = 5.0
    """Time to the second attempt at a message; it doubles, up to twelve times as long."""
    check_every_days: Annotated[float, msgspec.Meta(ge=0)] = 7.0
    """How often every contact is sent a message of trial; 0 is never."""

    def __post_init__(self) -> None:
        names = self.names
        if len(set(names)) < len(names):
            raise ValueError("two contacts have the same name")

    @property
    def names(self) -> tuple[str, ...]:
        """The contacts by name, in order."""
        return tuple(contact.name for contact in self.contacts)

    def retry_s(self, attempts: int) -> float:
        """How long is waited after so many attempts at a message."""
        return self.retry_after_s * min(2.0 ** (attempts - 1), 12.0)
