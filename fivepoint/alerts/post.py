"""Messages on their way, each in a thread of its own, so that none holds up anything else."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator

from fivepoint.alerts import words
from fivepoint.alerts.contacts import is_understood, send
from fivepoint.alerts.response import Due
from fivepoint.alerts.rules import Contact


class Post:
    """Sends messages of the alarm of `person`, and tells what became of them.

    `back` is set whenever there is something to tell.
    """

    def __init__(self, contacts: Iterable[Contact], person: str) -> None:
        self._contacts = {contact.name: contact for contact in contacts}
        self._person = person
        self.back = threading.Event()
        self._ready = False
        self._under_way: set[object] = set()
        self._returned: queue.SimpleQueue[tuple[Due, bool]] = queue.SimpleQueue()

    def get_ready(self) -> None:
        """Load what sending needs, which takes seconds, while the person is still asked."""
        if not self._ready:
            self._ready = True
            contacts = self._contacts.values()
            threading.Thread(target=lambda: list(map(is_understood, contacts)), daemon=True).start()

    def send(self, due: Due) -> None:
        """Send a message, unless it is on its way already."""
        if due.key not in self._under_way:
            self._under_way.add(due.key)
            threading.Thread(target=self._deliver, args=(due,), daemon=True).start()

    def returned(self) -> Iterator[tuple[Due, bool]]:
        """The messages whose sending is over since the last call, and whether they were taken."""
        self.back.clear()
        while not self._returned.empty():
            due, delivered = self._returned.get()
            self._under_way.discard(due.key)
            yield due, delivered

    def _deliver(self, due: Due) -> None:
        contact = self._contacts.get(due.letter.contact)
        title, body = words.message(self._person, due.episode, due.letter)
        self._returned.put((due, contact is not None and send(contact, title, body)))
        self.back.set()
