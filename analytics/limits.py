"""What a clinician prescribes that recordings are measured against, and from which day on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sensors.errors import FivepointError

FLEXION_LIMITS_DEG = (10.0, 90.0)
"""A limit to bending below is passed by breathing and walking, one above by nobody upright."""


class LimitsError(FivepointError):
    """Angles that cannot be followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What recordings are analyzed with; the defaults hold where nothing is prescribed.

    Raises LimitsError for angles of extension that do not rise from 0° to the alarm, and for a
    limit to bending outside `FLEXION_LIMITS_DEG`.
    """

    band_deg: tuple[float, float] = (5.0, 20.0)
    """The extension that counts as positioning, as the pathways have it."""
    over_deg: float = 30.0
    """The extension that alarms, as the pathways have it."""
    flexion_deg: float = 60.0
    """How far the trunk may bend forward: ISO 11226:2000 and EN 1005-4 do not accept more."""

    def __post_init__(self) -> None:
        low_deg, high_deg = self.band_deg
        if not 0.0 <= low_deg < high_deg <= self.over_deg <= 180.0:
            raise LimitsError(
                f"{low_deg:g}° to {high_deg:g}° with the alarm at {self.over_deg:g}° is no band of "
                "extension, so it cannot be followed; give rising angles."
            )
        lowest_deg, highest_deg = FLEXION_LIMITS_DEG
        if not lowest_deg <= self.flexion_deg <= highest_deg:
            raise LimitsError(
                f"{self.flexion_deg:g}° is no limit to bending forward, so it cannot be followed; "
                f"give {lowest_deg:g}° to {highest_deg:g}°."
            )


USUAL = Limits()
"""Where nothing is prescribed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prescribed:
    """What a recording is measured against, and for how long to hold a bridge, told live."""

    limits: Limits = USUAL
    hold_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrescribedByDay:
    """What is prescribed from which day on, where the wearer lives; nothing before.

    `since` is in the order of its days; of two from the same day the later one holds.
    """

    time_zone: str = "UTC"
    since: tuple[tuple[date, Prescribed], ...] = ()

    def at(self, moment: datetime) -> Prescribed:
        """For the wearer's day at an aware moment: a recording has what holds at its start."""
        today = moment.astimezone(ZoneInfo(self.time_zone)).date()
        held = (prescribed for day, prescribed in reversed(self.since) if day <= today)
        return next(held, Prescribed())


NOTHING_PRESCRIBED = PrescribedByDay()


def prescribed_always(prescribed: Prescribed) -> PrescribedByDay:
    """The same on every day."""
    return PrescribedByDay(since=((date.min, prescribed),))
