"""What virtual sensors play, and what their process tells the one that listens to them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import msgspec

from sensors.errors import FivepointError
from sensors.recording import RecordingKind
from sensors.recording.manifest import CalibrationJson
from sensors.types import Placement
from sensors.virtual.airtime import AirTime
from sensors.virtual.faults import Faults


class PerformanceError(FivepointError):
    """What was asked for cannot be played, however often it is tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """What virtual sensors of a family play, a scenario or a recording, and how well.

    `speed` above 1 suits families with a clock of their own only: the others are timed by when
    their packets arrive.
    """

    scenario: str
    family: str
    speed: float = 1.0
    faults: Faults | None = None


def read_faults(text: str) -> Faults:
    """Read faults from "loss=0.01,drop_every_s=30"; FivepointError says which there are."""
    parts = [part.split("=", 1) for part in text.split(",") if part]
    names = [field.name for field in fields(Faults)]
    try:
        return Faults(**{names[names.index(name.strip())]: float(value) for name, value in parts})
    except ValueError as error:
        raise FivepointError(
            f"'{text}' does not name faults, so nothing was recorded; write them as "
            f"loss=0.01,drop_every_s=30, choosing from: {', '.join(names)}."
        ) from error


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The sensors are on: where they are reached, their time, where each address is worn.

    `kind` and `calibrations` are those of what they play.
    """

    port: int
    time: AirTime
    worn: dict[Placement, str]
    kind: RecordingKind
    calibrations: tuple[CalibrationJson, ...]


class Refused(msgspec.Struct, frozen=True, tag=True):
    """It cannot be played, and why."""

    reason: str


class Played(msgspec.Struct, frozen=True, tag=True):
    """What the sensors play is over; they feel its last moment from now on."""


Told = Ready | Refused | Played
