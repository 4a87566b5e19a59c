"""Finished recordings that appear are taken in while the pages are open."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analytics.store import Store, ingest_folder
from dashboard.data import the_store
from dashboard.server import RECORDINGS_VARIABLE
from sensors.errors import FivepointError
from sensors.recording import RESUMED_WITHIN, recover

LOOK_EVERY_S = 5.0
"""Time between two looks at the folder: a look costs a listing and one query."""

_STOP_WITHIN_S = 2.0

log = logging.getLogger(__name__)


class Intake:
    """Takes recordings of one folder into a store, and tells once what cannot be taken."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._bad: set[Path] = set()
        self._told: set[str] = set()

    def look(self) -> int:
        """Take in what is new; return how many recordings that were.

        What a killed recorder left is completed once no recorder will continue it.
        """
        try:
            recover(self._folder, untouched_for=RESUMED_WITHIN)
            report = ingest_folder(self._store, self._folder, skip=self._bad)
        except FivepointError as error:
            self._tell(error)
            return 0
        for bad in report.bad:
            self._bad.add(bad.path)
            self._tell(bad.reason)
        return report.ingested

    def _tell(self, problem: object) -> None:
        text = str(problem)
        if text not in self._told:
            self._told.add(text)
            log.error(text)


@contextmanager
def taking_in() -> Iterator[None]:
    """Meanwhile recordings are taken in, from the folder that the launcher told, if it told one."""
    folder = os.environ.get(RECORDINGS_VARIABLE)
    if not folder:
        yield
        return
    stop = threading.Event()
    thread = threading.Thread(target=_look, args=(Path(folder), stop), name="intake", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_STOP_WITHIN_S)


def _look(folder: Path, stop: threading.Event) -> None:
    intake = Intake(the_store(), folder)
    while not stop.is_set():
        if intake.look() == 0:
            stop.wait(LOOK_EVERY_S)
