"""The alarm of `up`, a process of its own: it goes on whatever becomes of hub, pages and parent.

`python -m fivepoint.alerts.process DATA_FOLDER LIVE_FILE`. When standard input ends, as it does
with the parent, or on a request to terminate, it ends as soon as no fall is being answered.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from dashboard.alarm import AlarmState, answers, publish
from fivepoint.alerts import words
from fivepoint.alerts.post import Post
from fivepoint.alerts.record import read_record, write_step
from fivepoint.alerts.response import Entry, Response
from fivepoint.alerts.sighting import read_told, sighted
from fivepoint.alerts.sound import Siren
from fivepoint.alerts.state import alarm_state
from fivepoint.alerts.weekly import WeeklyCheck
from fivepoint.complaint import complain
from fivepoint.settings import Settings, Wishes, read_wishes
from sensors.clock import now_s
from sensors.errors import FivepointError
from sensors.locking import lock

BEAT_S = 0.25
"""Time between two looks at what the hub tells and what people answer."""

_PUBLISH_S = 2.0


class Alarm:
    """Answers what the hub tells of falls, and keeps the record."""

    def __init__(self, settings: Settings, live_path: Path, wishes: Wishes) -> None:
        self._folder = settings.alarm_folder
        self._live_path = live_path
        self._rules = wishes.alarm
        self._entries = read_record(self._folder)
        self._response = Response(self._rules, self._entries, now_s())
        self._post = Post(self._rules.contacts, wishes.wearer)
        self._siren = Siren(self._folder)
        self._weekly = WeeklyCheck(settings, wishes)
        self._answered = 0
        self._published: AlarmState | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no fall is being answered."""
        return self._response.is_idle

    def beat(self) -> None:
        """Take what has come, record it, and do what is due."""
        told = read_told(self._live_path)
        if told is not None:
            self._record(self._response.see(sighted(told, datetime.now(UTC)), now_s()))
        self._take_answers()
        for due, delivered in self._post.returned():
            self._record(self._response.sent(due, now_s(), delivered=delivered))
        self._record(self._response.tick(now_s()))
        if not self.is_idle:
            self._post.get_ready()
        for due in self._response.due(now_s()):
            self._post.send(due)
        self._siren.sound(self._response.loudness(now_s()))
        if self.is_idle and told is not None and not told.virtual:
            self._weekly.look()
        self._publish()

    def rest(self) -> None:
        """Wait for the next beat; what became of a message is recorded at once."""
        self._post.back.wait(BEAT_S)

    def close(self) -> None:
        """Be quiet."""
        self._siren.sound(0)

    def _take_answers(self) -> None:
        given = answers(self._folder)
        for answer in given[self._answered :]:
            self._record(self._response.answer(answer, now_s()))
        self._answered = len(given)

    def _record(self, entries: Iterable[Entry]) -> None:
        """Put steps into the record; a disk that refuses does not keep the alarm from going on."""
        for entry in entries:
            self._entries.append(entry)
            _say(words.step_text(entry.step, entry.episode))
            try:
                write_step(self._folder, entry)
            except OSError as error:
                complain(f"The alarm's record cannot be written ({error}); the alarm goes on.")

    def _publish(self) -> None:
        """Tell the pages what has changed, and from time to time that the alarm still runs."""
        left_s = self._response.left_s(now_s())
        state = alarm_state(self._entries, self._rules, left_s, self._weekly.last)
        before = self._published
        if before is None or _differ(before, state):
            self._published = state
            with suppress(OSError):
                publish(self._folder, state)


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
        claim = stack.enter_context((settings.alarm_folder / "lock").open("wb"))
        while not lock(claim):
            if ending.wait(BEAT_S):
                return 0
        alarm = Alarm(settings, live_path, wishes)
        stack.callback(alarm.close)
        _keep(alarm, ending)
    return 0


def _keep(alarm: Alarm, ending: threading.Event) -> None:
    while not ending.is_set():
        alarm.beat()
        alarm.rest()
    if not alarm.is_idle:
        _say("A fall is still being answered, and that goes on; `fivepoint alarm ok` ends it.")
    while not alarm.is_idle:
        alarm.beat()
        alarm.rest()


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


def _say(text: str) -> None:
    """Print, for as long as somebody reads it: a closed terminal does not end an alarm."""
    with suppress(OSError):
        print(f"Alarm: {text}", flush=True)


def _differ(before: AlarmState, now: AlarmState) -> bool:
    def lasting(state: AlarmState) -> tuple[object, ...]:
        return state.stage, state.episode, state.history, state.checked_at, round(state.left_s)

    old = abs((now.updated_at - before.updated_at).total_seconds()) >= _PUBLISH_S
    return old or lasting(before) != lasting(now)


if __name__ == "__main__":
    sys.exit(main())
