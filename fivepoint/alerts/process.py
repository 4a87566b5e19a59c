"""The alarm of `up`, a process of its own: it goes on whatever becomes of hub, pages and parent.

`python -m fivepoint.alerts.process DATA_FOLDER LIVE_FILE`. When standard input ends, as it does
with the parent, or on a request to terminate, it ends as soon as no fall is being answered.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from dashboard.alarm import answers, append_line, publish, read_lines
from fivepoint.alerts import words
from fivepoint.alerts.contacts import send
from fivepoint.alerts.response import Due, Entry, Response
from fivepoint.alerts.rules import AlarmRules
from fivepoint.alerts.sighting import read_told, sighted
from fivepoint.alerts.sound import Siren
from fivepoint.alerts.state import alarm_state
from fivepoint.complaint import complain
from fivepoint.settings import Settings, read_wishes
from sensors.clock import now_s
from sensors.errors import FivepointError
from sensors.locking import lock

BEAT_S = 0.25
"""Time between two looks at what the hub tells and what people answer."""

RECORD_NAME = "record.jsonl"
"""Every step that an alarm has taken, a line each."""


class Alarm:
    """Answers what the hub tells of falls, and keeps the record."""

    def __init__(self, folder: Path, live_path: Path, rules: AlarmRules, person: str) -> None:
        self._folder = folder
        self._live_path = live_path
        self._rules = rules
        self._person = person
        self._record_path = self._folder / RECORD_NAME
        self._entries = list(read_lines(self._record_path, Entry))
        self._response = Response(rules, self._entries, now_s())
        self._siren = Siren(self._folder)
        self._answered = 0
        self._under_way: set[object] = set()
        self._sent: queue.SimpleQueue[tuple[Due, bool]] = queue.SimpleQueue()

    def is_idle(self) -> bool:
        """Whether no fall is being answered."""
        return self._response.is_idle

    def beat(self) -> None:
        """Take what has come, record it, and do what is due."""
        told = read_told(self._live_path)
        if told is not None:
            self._record(self._response.see(sighted(told, datetime.now(UTC)), now_s()))
        self._take_answers()
        self._take_sent()
        self._record(self._response.tick(now_s()))
        for due in self._response.due(now_s()):
            self._send(due)
        self._siren.sound(self._response.loudness(now_s()))
        with suppress(OSError):
            publish(self._folder, alarm_state(self._response, self._rules, self._entries, now_s()))

    def close(self) -> None:
        """Be quiet."""
        self._siren.stop()

    def _take_answers(self) -> None:
        given = answers(self._folder)
        for answer in given[self._answered :]:
            self._record(self._response.answer(answer, now_s()))
        self._answered = len(given)

    def _take_sent(self) -> None:
        while not self._sent.empty():
            due, delivered = self._sent.get()
            self._under_way.discard((due.episode.id, due.letter.key))
            self._record(self._response.sent(due, now_s(), delivered=delivered))

    def _send(self, due: Due) -> None:
        """Send a message in a thread of its own, unless it is on its way already."""
        key = (due.episode.id, due.letter.key)
        if key not in self._under_way:
            self._under_way.add(key)
            threading.Thread(target=self._deliver, args=(due,), daemon=True).start()

    def _deliver(self, due: Due) -> None:
        contacts = [each for each in self._rules.contacts if each.name == due.letter.contact]
        title, body = words.message(self._person, due.episode, due.letter)
        self._sent.put((due, any(send(contact, title, body) for contact in contacts)))

    def _record(self, entries: Iterable[Entry]) -> None:
        """Put steps into the record; a disk that refuses does not keep the alarm from going on."""
        for entry in entries:
            self._entries.append(entry)
            print(f"Alarm: {words.step_text(entry.step, entry.episode)}", flush=True)
            try:
                append_line(self._record_path, entry)
            except OSError as error:
                complain(f"The alarm's record cannot be written ({error}); the alarm goes on.")


def main() -> int:
    """Keep the alarm of a data folder, for the falls that a live state tells; the exit code."""
    ending = _ending()
    settings, live_path = Settings(Path(sys.argv[1])), Path(sys.argv[2])
    try:
        wishes = read_wishes(settings.wishes_path)
    except FivepointError as error:
        complain(error)
        return 1
    with ExitStack() as stack:
        file = stack.enter_context((settings.alarm_folder / "lock").open("wb"))
        while not lock(file):
            if ending.wait(BEAT_S):
                return 0
        person = wishes.alarm.person or wishes.patient.capitalize()
        alarm = Alarm(settings.alarm_folder, live_path, wishes.alarm, person)
        stack.callback(alarm.close)
        _keep(alarm, ending)
    return 0


def _keep(alarm: Alarm, ending: threading.Event) -> None:
    told = False
    while not (ending.is_set() and alarm.is_idle()):
        if ending.is_set() and not told:
            told = True
            print(
                "A fall is still being answered, and that goes on; `fivepoint alarm ok` ends it.",
                flush=True,
            )
        alarm.beat()
        time.sleep(BEAT_S)


def _ending() -> threading.Event:
    """An event that is set when the parent is gone, and by requests to end."""
    ending = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        ending.set()

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), ask)
    threading.Thread(target=_wait_for_parent, args=(ending,), daemon=True).start()
    return ending


def _wait_for_parent(ending: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    ending.set()


if __name__ == "__main__":
    sys.exit(main())
