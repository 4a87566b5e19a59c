"""What is known of a recording before its first sample."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sensors.errors import FivepointError
from sensors.types import Calibration, Placement, StreamInfo


class RecordingError(FivepointError):
    """A recording cannot be read or written."""


class RecordingKind(StrEnum):
    """What the wearer set out to do."""

    EXERCISE = "exercise"
    POSITIONING = "positioning"
    DAY = "day"
    CALIBRATION = "calibration"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingHeader:
    """Who, when, what and with which sensors; at most one stream a placement.

    `started_at` carries a time zone, and is the instant from which the streams count seconds.
    `resumes` is the id of the recording that this one continues: one that was cut off, or one that
    ended while the sensors went on.
    """

    id: str
    started_at: datetime
    kind: RecordingKind
    streams: tuple[StreamInfo, ...]
    patient: str | None = None
    calibrations: tuple[Calibration, ...] = ()
    resumes: str | None = None

    def __post_init__(self) -> None:
        placements = [info.placement for info in self.streams]
        if not placements or len(set(placements)) < len(placements):
            raise RecordingError(
                f"Recording {self.id} has {len(placements)} streams ({', '.join(placements)}), so "
                "it cannot be stored; give it at least one stream and no two at one placement."
            )
        if self.started_at.tzinfo is None:
            raise RecordingError(
                f"Recording {self.id} starts at {self.started_at}, which has no time zone, so its "
                "day is unknown; give the start in UTC."
            )
        for info in self.streams:
            _check_stream(info)

    def stream(self, placement: Placement) -> StreamInfo | None:
        """The stream worn at `placement`, or None."""
        return next((info for info in self.streams if info.placement == placement), None)


def nothing_came(name: str) -> RecordingError:
    """The error for a recording that ends without a sample."""
    return RecordingError(
        f"No sample came for {name}, so there is nothing to keep; check that the sensor is on and "
        "sends."
    )


def unnamed_stream(placement: Placement, name: str) -> RecordingError:
    """The error for samples of a placement that the header of a recording does not have."""
    return RecordingError(
        f"Samples came from {placement}, which the header of {name} does not name, so they were "
        "not stored; give the header every stream."
    )


def _check_stream(info: StreamInfo) -> None:
    scales = [info.acc_scale_ms2, 1.0 if info.gyro_scale_rads is None else info.gyro_scale_rads]
    if not (0 < info.rate_hz < float("inf") and all(0 < x < float("inf") for x in scales)):
        raise RecordingError(
            f"The {info.placement} stream states a rate of {info.rate_hz} Hz and scales of "
            f"{scales}, so its samples mean nothing; every one of them must be above zero."
        )
