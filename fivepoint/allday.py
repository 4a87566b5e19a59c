"""The hub of `up`, a process of its own that records for as long as its parent lives.

`python -m fivepoint.allday DAY`, with a `Day` as JSON; standard input ends with the parent.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import msgspec

from analytics.limits import NOTHING_PRESCRIBED, PrescribedByDay
from dashboard.processes import end_with_parent
from fivepoint.complaint import complain
from fivepoint.hub import Plan
from fivepoint.options import Worn
from fivepoint.performance import Performance, PerformanceError
from fivepoint.recorder import record_all_day
from sensors.errors import FivepointError
from sensors.recording import RecordingKind, read_calibrations
from sensors.types import Placement

IN_VAIN = 2
"""The exit code of a hub that would fail again if it were started again."""

_FINISHING_S = 60.0


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What is recorded all day, and into which folder of recordings.

    `wear` has a sensor's name or address for each place, or "" for the nearest one. What is done
    is measured against what is `prescribed`. With a `performance` virtual sensors are recorded
    instead, for as long as they play.
    """

    folder: str
    patient: str
    rate_hz: float
    wear: dict[Placement, str] = {}
    calibration: str | None = None
    prescribed: PrescribedByDay = NOTHING_PRESCRIBED
    performance: Performance | None = None


def main() -> int:
    """Record what the only argument says; the exit code."""
    end_with_parent(grace_s=_FINISHING_S)
    day = msgspec.json.decode(sys.argv[1], type=Day)
    try:
        _record(day)
    except PerformanceError as error:
        complain(error)
        return IN_VAIN
    except FivepointError as error:
        complain(error)
        return 1
    return 0


def _record(day: Day) -> None:
    plan = Plan(
        folder=Path(day.folder),
        kind=RecordingKind.DAY,
        patient=day.patient,
        prescribed=day.prescribed,
    )
    if day.performance is not None:
        from fivepoint.virtual import record_virtual

        record_virtual(plan, day.performance, day.rate_hz)
        return
    calibrations = () if day.calibration is None else read_calibrations(Path(day.calibration))
    worn = [Worn(placement, sensor or None) for placement, sensor in day.wear.items()]
    record_all_day(replace(plan, calibrations=calibrations), worn, day.rate_hz)


if __name__ == "__main__":
    sys.exit(main())
