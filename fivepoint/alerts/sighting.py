"""What the hub tells of falls and of the person, in the terms of the answer to a fall."""

from __future__ import annotations

from datetime import datetime, timedelta

from analytics.events import Fall, FallEnding
from fivepoint.alerts.episode import Fallen
from fivepoint.alerts.response import Sighting
from fivepoint.live import LivePhase, LiveState, is_current


def sighted(state: LiveState, now: datetime) -> Sighting:
    """What a live state tells; one that a killed hub left behind still tells of its falls."""
    falls = (*state.falls, *([state.suspected_fall] if state.suspected_fall else []))
    stale_s = max(0.0, (now - state.updated_at).total_seconds())
    return Sighting(
        recording_id=state.recording_id,
        falls=tuple(
            (_fallen(state, fall), state.elapsed_s - fall.impact_s + stale_s) for fall in falls
        ),
        current=is_current(state, now) and state.phase is LivePhase.RECORDING,
        posture=state.posture,
        walking=False,
    )


def _fallen(state: LiveState, fall: Fall) -> Fallen:
    return Fallen(
        recording_id=state.recording_id or "",
        impact_at=state.started_at + timedelta(seconds=fall.impact_s),
        probability=fall.probability,
        posture_after=fall.posture_after,
        still_s=fall.inactive_s,
        got_up=fall.ending is FallEnding.GOT_UP,
        virtual=state.virtual,
    )
