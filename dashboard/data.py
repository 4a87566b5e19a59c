"""The one store of the dashboard process, and what its pages share of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from analytics.store import Cursor, Store
from analytics.store.queries import Patient
from dashboard.server import STORE_VARIABLE, TODAY_VARIABLE, DashboardError

_opening = threading.Lock()


def the_store() -> Store:
    """The store of this process, opened when it is first asked for.

    Raises DashboardError when the process was not told which, and what `Store.open` raises.
    """
    path = os.environ.get(STORE_VARIABLE)
    if not path:
        raise DashboardError(
            f"{STORE_VARIABLE} is not set, so there is no store to show; "
            "start the dashboard with the fivepoint command."
        )
    with _opening:
        return _opened(path)


@cache
def _opened(path: str) -> Store:
    return Store.open(Path(path))


@contextmanager
def cursor() -> Iterator[Cursor]:
    """A connection to the store for one run of a page; raises what `the_store` raises."""
    with the_store().cursor() as connection:
        yield connection


def today(patients: Iterable[Patient]) -> date:
    """The day that the pages show as today, unless the launcher set another.

    It is the day where the patients live, wherever this computer believes to be; of several the
    latest, so that nothing that happened is still to come.
    """
    shown = os.environ.get(TODAY_VARIABLE)
    if shown:
        return date.fromisoformat(shown)
    days = (datetime.now(ZoneInfo(each.time_zone)).date() for each in patients)
    return max(days, default=date.today())
