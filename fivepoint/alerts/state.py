"""What the pages are told of the alarm."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from dashboard.alarm import AlarmState, Happened, Stage
from fivepoint.alerts import words
from fivepoint.alerts.checking import Check
from fivepoint.alerts.episode import Phase
from fivepoint.alerts.record import latest_episode
from fivepoint.alerts.response import Entry
from fivepoint.alerts.rules import AlarmRules

_STAGES = {
    Phase.ASKING: Stage.ASKING,
    Phase.TELLING: Stage.TELLING,
    Phase.ENDED: Stage.WATCHING,
}


def alarm_state(
    entries: Sequence[Entry], rules: AlarmRules, left_s: float, check: Check | None
) -> AlarmState:
    """The alarm as it is now, with the history of the fall that it answers or answered last."""
    latest = latest_episode(entries)
    return AlarmState(
        updated_at=datetime.now(UTC),
        stage=Stage.WATCHING if latest is None else _STAGES[latest.phase],
        episode="" if latest is None else latest.id,
        left_s=left_s,
        history=tuple(
            Happened(at=entry.at, text=words.step_text(entry.step, entry.episode))
            for entry in entries
            if latest is not None and entry.episode.id == latest.id
        ),
        contacts=() if latest is not None and latest.fallen.virtual else rules.names,
        checked_at=None if check is None else check.at,
        problems=() if check is None else check.problems,
    )
