"""Which angles can be prescribed, and which hold on which day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import nan

import pytest

from analytics.limits import (
    NOTHING_PRESCRIBED,
    Limits,
    LimitsError,
    Prescribed,
    PrescribedByDay,
    prescribed_always,
)

NARROW = Prescribed(limits=Limits(band_deg=(5.0, 12.0), over_deg=15.0), hold_s=3.0)
WIDE = Prescribed(limits=Limits(flexion_deg=80.0))


@pytest.mark.parametrize("band_deg", [(20, 5), (5, 5), (-1, 5), (5, 31), (nan, 5)])
def test_a_band_that_does_not_rise_to_the_alarm_is_refused(band_deg: tuple[float, float]) -> None:
    with pytest.raises(LimitsError, match="no band of extension"):
        Limits(band_deg=band_deg)


@pytest.mark.parametrize("flexion_deg", [0.0, 9.0, 91.0, nan])
def test_a_limit_that_everybody_or_nobody_passes_is_refused(flexion_deg: float) -> None:
    with pytest.raises(LimitsError, match="no limit to bending forward"):
        Limits(flexion_deg=flexion_deg)


def test_a_band_may_reach_up_to_the_alarm() -> None:
    assert Limits(band_deg=(0.0, 30.0)).over_deg == 30.0


def test_a_day_has_the_last_limits_that_began_before_its_end() -> None:
    since = ((date(2026, 3, 2), NARROW), (date(2026, 3, 9), Prescribed()), (date(2026, 3, 9), WIDE))
    prescribed = PrescribedByDay(time_zone="Asia/Tokyo", since=since)
    hours = [(1, 14), (1, 15), (8, 14), (8, 15), (20, 0)]
    found = [prescribed.at(datetime(2026, 3, day, hour, tzinfo=UTC)) for day, hour in hours]
    assert found == [Prescribed(), NARROW, NARROW, WIDE, WIDE]


def test_where_nothing_is_prescribed_the_usual_limits_hold() -> None:
    assert NOTHING_PRESCRIBED.at(datetime(2026, 3, 2, tzinfo=UTC)).limits == Limits()


def test_what_is_prescribed_always_holds_on_every_day() -> None:
    assert prescribed_always(WIDE).at(datetime(2000, 1, 1, tzinfo=UTC)) == WIDE
