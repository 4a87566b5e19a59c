"""Which table holds which events of a session; columns are named as the events' fields."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from enum import StrEnum
from typing import Any, NamedTuple

from analytics.body import Segment
from analytics.events import (
    BackExtension,
    Confidence,
    ExtensionBout,
    Fall,
    FallEnding,
    FlexionBout,
    NearFall,
    NearFallKind,
    OverExtension,
    PadSlip,
    Posture,
    PostureBout,
    Repetition,
    SensorSlip,
    SittingBout,
    StandUp,
    WalkingBout,
    WearBout,
    WearState,
)
from analytics.spine import Unseen, UnseenReason


class EventTable(NamedTuple):
    """A table, the `Session` field it holds, and the type of its rows.

    `dated_by` is the time whose local day the table keeps beside it, None where it keeps none.
    """

    name: str
    session_field: str
    event: type[Any]
    dated_by: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that hold the event's fields."""
        return tuple(field.name for field in fields(self.event))


EVENT_TABLES = (
    EventTable("postures", "postures", PostureBout),
    EventTable("extension_bouts", "hyperextension", ExtensionBout, "start_s"),
    EventTable("over_extensions", "over_extension", OverExtension),
    EventTable("pad_slips", "pad_slips", PadSlip),
    EventTable("sensor_slips", "sensor_slips", SensorSlip),
    EventTable("spine_unseen", "spine_unseen", Unseen),
    EventTable("flexion_bouts", "flexion", FlexionBout),
    EventTable("repetitions", "repetitions", Repetition, "start_s"),
    EventTable("back_extensions", "back_extensions", BackExtension, "start_s"),
    EventTable("stand_ups", "stand_ups", StandUp, "start_s"),
    EventTable("walks", "walks", WalkingBout, "start_s"),
    EventTable("near_falls", "near_falls", NearFall, "at_s"),
    EventTable("falls", "falls", Fall, "impact_s"),
    EventTable("wear_bouts", "wear", WearBout),
    EventTable("sitting_bouts", "sitting", SittingBout),
)

_WORDS: dict[str, type[StrEnum]] = {
    "posture": Posture,
    "posture_after": Posture,
    "ending": FallEnding,
    "state": WearState,
    "kind": NearFallKind,
    "confidence": Confidence,
    "segment": Segment,
    "reason": UnseenReason,
}


def event_of(table: EventTable, row: Iterable[Any]) -> Any:
    """The event that a row of `table.columns` holds."""
    named = zip(table.columns, row, strict=True)
    return table.event(**{n: _WORDS[n](value) if n in _WORDS else value for n, value in named})
