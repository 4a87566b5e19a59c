"""What else an impact may have been: small judgements, each of what people or sensors do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analytics.body import Segment
from analytics.falls.features import AFTER_S, ImpactFeatures, angle_deg
from analytics.falls.impacts import ImpactFinder
from sensors.types import FloatArray

HANDLED_S = 8.0
TUMBLE_S = 1.5
FLIGHT_S = 1.2
BOUNCING_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtParams:
    """From where on something else is likely, and how much that weighs (in logits)."""

    slow_trunk_ms: float = 1.45
    """The trunk comes down faster in falls, and hardly ever faster than 1.3 m/s in daily activities
    (Bourke et al. 2008, Med Eng Phys 30:937). A little more, as tall people who topple back onto
    the bed from sitting reach 1.4 m/s (in the simulator)."""
    slow_trunk_logit: float = 4.0
    turned_over_deg: float = 150.0
    """A trunk that was upright never ends head down; a sensor that came loose does."""
    turned_over_logit: float = 3.0
    handled_deg: float = 110.0
    """Gravity that wandered this far in the 8 s before tells of a sensor in the hand, being put on
    or taken off: before the 981 falls of SisFall and UMAFall it stayed within 76°."""
    turned_about_before_deg: float = 240.0
    """So does one that went so far there and back, in these 981 falls at most 128°."""
    handled_logit: float = 12.0
    turned_about_after_deg: float = 100.0
    """The same within two seconds after the tumble; at most 75° after these falls."""
    turned_about_after_logit: float = 3.0
    weightless_s: float = 0.18
    """No body was weightless for as long before it struck the floor (in the 981 falls of SisFall
    and UMAFall at most 0.12 s), but who jumps is, who falls off a ladder, and a dropped sensor."""
    weightless_logit: float = 3.0
    bounced_s: float = 0.1
    """Weightless again for so long within a second after it: it bounced, as no body does (at most
    0.04 s after these falls)."""
    lifeless_sd_g: float = 0.006
    """Stillness beyond that of a breathing body: the noise of a sensor that lies on the floor."""
    dropped_logit: float = 12.0
    """A sensor that was weightless and bounces or is lifeless then, however hard it struck."""
    pushed_off_ms: float = 1.2
    """Upward speed that lifts a body by 7 cm: it jumped. Runners have as much, but …"""
    landed_within_deg: float = 35.0
    """… turned by less, a body that pushed itself off has landed on its feet. Of the 981 falls of
    SisFall and UMAFall five turn by less than 45°, none of them after such a push."""
    landed_logit: float = 6.0
    lay_before_deg: float = 65.0
    """Inclined by this before, as far as upright is known, the body lay and turned over in bed …"""
    rolled_ms: float = 1.3
    """… unless it dropped faster: from the height of a bed a body gains 2 to 3 m/s."""
    lay_before_logit: float = 2.5
    sat_up_deg: float = 35.0
    """Lying before and inclined by less all the time after, the body rose."""
    sat_up_logit: float = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """An impact, and the stream of the segment that felt it, as the finder keeps it.

    `up` (3,) is the vertical of an upright body, None where that is not known.
    """

    index: int
    features: ImpactFeatures
    finder: ImpactFinder
    segment: Segment
    up: FloatArray | None


def doubts(seen: Seen, params: DoubtParams) -> Iterator[tuple[str, float]]:
    """What speaks against a fall beside the model, for people to read, and how much (logits)."""
    if seen.segment is Segment.TRUNK and seen.finder.descent_ms(seen.index) < params.slow_trunk_ms:
        yield "came down slowly", params.slow_trunk_logit
    if seen.features.tilt_deg > params.turned_over_deg:
        yield "the sensor turned over", params.turned_over_logit
    if _was_handled(seen, params):
        yield "the sensor was handled before", params.handled_logit
    if _turned_about_after_deg(seen) > params.turned_about_after_deg:
        yield "the sensor was turned about after", params.turned_about_after_logit
    if seen.finder.weightless_s(seen.index, -FLIGHT_S, 0.0) >= params.weightless_s:
        if _is_thing(seen, params):
            yield "the sensor was dropped", params.dropped_logit
        else:
            yield "was weightless before", params.weightless_logit
    if _landed_on_the_feet(seen, params):
        yield "jumped", params.landed_logit
    if seen.up is not None and _lay_before(seen.up, seen, params):
        if seen.features.inclined_after_deg(seen.up).max() < params.sat_up_deg:
            yield "sat up", params.sat_up_logit
        elif seen.finder.dropped_ms(seen.index) < params.rolled_ms:
            yield "lay before", params.lay_before_logit


def _is_thing(seen: Seen, params: DoubtParams) -> bool:
    bounced_s = seen.finder.weightless_s(seen.index, 0.0, BOUNCING_S)
    return bounced_s >= params.bounced_s or seen.features.restless_g < params.lifeless_sd_g


def _was_handled(seen: Seen, params: DoubtParams) -> bool:
    index, finder = seen.index, seen.finder
    return (
        finder.wandered_deg(index, -HANDLED_S, -TUMBLE_S) > params.handled_deg
        or finder.turned_about_deg(index, -HANDLED_S, -TUMBLE_S) > params.turned_about_before_deg
    )


def _turned_about_after_deg(seen: Seen) -> float:
    return seen.finder.turned_about_deg(seen.index, TUMBLE_S, AFTER_S)


def _landed_on_the_feet(seen: Seen, params: DoubtParams) -> bool:
    if seen.features.tilt_deg > params.landed_within_deg:
        return False
    return seen.finder.pushed_off_ms(seen.index) > params.pushed_off_ms


def _lay_before(up: FloatArray, seen: Seen, params: DoubtParams) -> bool:
    return bool(angle_deg(up, seen.features.before_g) > params.lay_before_deg)
