"""What the hub tells of falls and of the person, in the terms of the answer to a fall.

Of the hub's live state (`fivepoint.live`) only that is read which an alarm acts upon, so that this
process stays small.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from analytics.events import Fall, FallEnding, Posture
from fivepoint.alerts.episode import Fallen
from fivepoint.alerts.response import Sighting

STALE_AFTER_S = 5.0
"""What is older than this tells of falls, but no longer how the person is."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub told at `updated_at`; see `LiveState`."""

    phase: str
    recording_id: str | None
    started_at: datetime
    updated_at: datetime
    elapsed_s: float
    posture: Posture
    suspected_fall: Fall | None
    falls: tuple[Fall, ...]
    walking_s: tuple[float, float] | None = None
    virtual: bool = False


def read_told(live_path: Path) -> Told | None:
    """What the hub told last, or None if that cannot be read."""
    try:
        return msgspec.json.decode(live_path.read_bytes(), type=Told)
    except (OSError, msgspec.DecodeError):
        return None


def sighted(told: Told, now: datetime) -> Sighting:
    """What the hub told; what a killed one left behind still tells of its falls."""
    falls = (*told.falls, *([told.suspected_fall] if told.suspected_fall else []))
    age_s = (now - told.updated_at).total_seconds()
    return Sighting(
        recording_id=told.recording_id,
        falls=tuple(
            (_fallen(told, fall), told.elapsed_s - fall.impact_s + max(age_s, 0.0))
            for fall in falls
        ),
        current=told.phase == "recording" and abs(age_s) <= STALE_AFTER_S,
        posture=told.posture,
        walk=told.walking_s and (_at(told, told.walking_s[0]), _at(told, told.walking_s[1])),
    )


def _fallen(told: Told, fall: Fall) -> Fallen:
    return Fallen(
        recording_id=told.recording_id or "",
        impact_at=_at(told, fall.impact_s),
        probability=fall.probability,
        posture_after=fall.posture_after,
        still_s=fall.inactive_s,
        got_up=fall.ending is FallEnding.GOT_UP,
        virtual=told.virtual,
    )


def _at(told: Told, offset_s: float) -> datetime:
    return told.started_at + timedelta(seconds=offset_s)
