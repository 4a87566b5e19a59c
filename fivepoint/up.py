"""`up`: the hub, which records, the alarm, which answers falls, and the dashboard, which shows."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from analytics.limits import PrescribedByDay
from analytics.store import Store
from analytics.store.queries import add_patient, patients, prescribed_by_day, set_stature
from dashboard.processes import start_child
from dashboard.server import serve
from fivepoint.allday import IN_VAIN, Day
from fivepoint.complaint import complain
from fivepoint.live import LIVE_NAME
from fivepoint.options import Worn
from fivepoint.performance import Performance
from fivepoint.settings import Settings, Wishes, read_wishes

SHORTEST_PAUSE_S = 1.0
"""A hub that ended by itself is started again after so long, and then twice as long each time."""

LONGEST_PAUSE_S = 60.0

WELL_AFTER_S = 120.0
"""A hub that lived for so long was well: the next pause is the shortest again."""

_FINISHING_S = 60.0
_LEAVING_S = 2.0


def up(
    settings: Settings,
    wear: Sequence[Worn],
    performance: Performance | None,
    *,
    port: int | None,
    open_browser: bool,
) -> None:
    """Record all day and show it, until Ctrl-C or a request to terminate.

    Recorded is the `performance` of virtual sensors, else what is worn, else what the settings
    say. Without any of these there are only the pages. Raises FivepointError if the settings
    cannot be understood, another process owns the store or the pages cannot be shown.
    """
    wishes = read_wishes(settings.wishes_path)
    time_zone = wishes.time_zone or _local_time_zone()
    prescribed = _prepared(settings.store_path, wishes, time_zone)
    worn = {place: sensor or "" for place, sensor in wear} or wishes.wear
    calibration = settings.calibration_path
    day = Day(
        folder=str(settings.recordings_folder),
        patient=wishes.patient,
        rate_hz=wishes.rate_hz,
        wear={} if performance else worn,
        calibration=str(calibration) if calibration.exists() else None,
        prescribed=prescribed,
        performance=performance,
    )
    with _answering(settings), _recording(day, settings.wishes_path):
        serve(
            settings.store_path,
            recordings_folder=settings.recordings_folder,
            alarm_folder=settings.alarm_folder,
            port=port or wishes.port,
            open_browser=open_browser,
        )


def _prepared(store_path: Path, wishes: Wishes, time_zone: str) -> PrescribedByDay:
    """What is prescribed to the wearer, who is then in the store, which can then be had."""
    patient = wishes.patient
    with Store.open(store_path) as store, store.cursor() as cursor:
        if patient not in {each.id for each in patients(cursor)}:
            label = patient.capitalize()
            add_patient(cursor, patient, label=label, birth_year=None, time_zone=time_zone)
        if wishes.stature_cm is not None:
            set_stature(cursor, patient, wishes.stature_cm / 100.0)
        return prescribed_by_day(cursor, patient)


@contextmanager
def _recording(day: Day, wishes_path: Path) -> Iterator[None]:
    """Meanwhile there is a hub, unless there is nothing to record; at the end it finishes."""
    if not day.wear and day.performance is None:
        print(
            "No sensor is named, so nothing is recorded: start with --wear sternum, or name your "
            f"sensors in {wishes_path}",
            flush=True,
        )
        yield
        return
    if day.wear and day.calibration is None:
        print(
            "The sensors are not calibrated, so most angles are not known: run `fivepoint "
            "calibrate` once",
            flush=True,
        )
    arguments = ["-m", "fivepoint.allday", msgspec.json.encode(day).decode()]
    keeper = Keeper(arguments, "The recorder stopped, so nothing is recorded just now")
    try:
        yield
    finally:
        keeper.end()


@contextmanager
def _answering(settings: Settings) -> Iterator[None]:
    """Meanwhile falls are answered; one that still is at the end goes on being answered."""
    live_path = settings.recordings_folder / LIVE_NAME
    arguments = ["-m", "fivepoint.alerts.process", str(settings.data_folder), str(live_path)]
    keeper = Keeper(arguments, "The alarm stopped, so no fall is answered just now")
    try:
        yield
    finally:
        keeper.leave()


class Keeper:
    """Keeps a process running: one that fails is started again.

    One that ends well, or would fail again, is not.
    """

    def __init__(self, arguments: Sequence[str], failure: str) -> None:
        self._arguments = arguments
        self._failure = failure
        self._ending = threading.Event()
        self._process = start_child(arguments)
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait until the process has ended for good."""
        self._thread.join()

    def end(self) -> None:
        """Ask the process to end, and wait for it; one that does not is killed."""
        self.leave(_FINISHING_S)
        self._process.kill()
        self.wait()

    def leave(self, patience_s: float = _LEAVING_S) -> None:
        """Ask the process to end; one that does not within a while is left to itself."""
        self._ending.set()
        _close_input(self._process)
        self._thread.join(patience_s)

    def _keep(self) -> None:
        pause_s = SHORTEST_PAUSE_S
        while True:
            started_s = time.monotonic()
            code = self._process.wait()
            _close_input(self._process)
            if code in (0, IN_VAIN) or self._ending.is_set():
                return
            if time.monotonic() - started_s > WELL_AFTER_S:
                pause_s = SHORTEST_PAUSE_S
            complain(f"{self._failure} (exit code {code}); it is started again in {pause_s:.0f} s.")
            if self._ending.wait(pause_s):
                return
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            self._process = start_child(self._arguments)
            if self._ending.is_set():
                _close_input(self._process)


def _close_input(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()


def _local_time_zone() -> str:
    """The name of this computer's time zone, where the system tells it, else "UTC"."""
    named = os.environ.get("TZ", "").removeprefix(":")
    _, _, linked = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")
    return named or linked or "UTC"
