"""What nearly was a fall: not counted where it was one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analytics.events import Fall, NearFall

_SAME_S = 5.0


def without_falls(near_falls: Iterable[NearFall], falls: Sequence[Fall]) -> tuple[NearFall, ...]:
    """The near-falls that are not part of a fall, which follows or precedes them within 5 s."""
    return tuple(
        near
        for near in near_falls
        if all(abs(near.at_s - fall.impact_s) > _SAME_S for fall in falls)
    )
