"""The check of the alarm that nobody has to think of."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from fivepoint.alerts.checking import Check, check, is_due
from fivepoint.alerts.record import read_last_check, write_check
from fivepoint.complaint import complain
from fivepoint.settings import Settings, Wishes
from sensors.clock import now_s

_LOOK_S = 10.0


class WeeklyCheck:
    """Checks the alarm once a week, or as often as is set, by day and beside everything else.

    `wall` tells the time of day where this computer is.
    """

    def __init__(
        self,
        settings: Settings,
        wishes: Wishes,
        wall: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        self._settings = settings
        self._wishes = wishes
        self._wall = wall
        self._looked_s = -math.inf
        self._checking: threading.Thread | None = None
        self.last = read_last_check(settings.alarm_folder)
        """The last check, by whomever."""

    def look(self) -> None:
        """Begin a check if it is time for one; to be called now and then."""
        if now_s() - self._looked_s < _LOOK_S:
            return
        self._looked_s = now_s()
        self.last = read_last_check(self._settings.alarm_folder)
        checking = self._checking is not None and self._checking.is_alive()
        if not checking and is_due(self.last, self._wishes.alarm, self._wall()):
            self._checking = threading.Thread(target=self._check, daemon=True)
            self._checking.start()

    def _check(self) -> None:
        settings, wishes = self._settings, self._wishes
        findings = check(settings, wishes.alarm, wishes.wearer, aloud=False)
        result = Check(at=self._wall().astimezone(UTC), findings=tuple(findings))
        try:
            write_check(settings.alarm_folder, result)
        except OSError as error:
            complain(f"The check of the alarm cannot be recorded ({error}), so it is made again.")
