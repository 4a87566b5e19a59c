"""The one store of the dashboard process, and what its pages share of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
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


def today() -> date:
    """The day that the pages show as today: the real one, unless the launcher set another."""
    shown = os.environ.get(TODAY_VARIABLE)
    return date.fromisoformat(shown) if shown else date.today()


def today_of(patient: Patient) -> date:
    """The day that the pages show as today, where the patient lives."""
    shown = os.environ.get(TODAY_VARIABLE)
    local = datetime.now(ZoneInfo(patient.time_zone)).date()
    return date.fromisoformat(shown) if shown else local
