"""A called fall and the minute after it: what speaks against it, and whether the person got up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analytics.body import BODY_RATE_HZ
from analytics.events import DismissedFall, Fall, FallEnding
from analytics.falls.features import AFTER_S, angle_deg
from analytics.falls.impacts import Impact, ImpactFinder, samples
from sensors.types import FloatArray

_SECOND = samples(1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchParams:
    """What is looked for after a call, and how much it weighs (in logits)."""

    same_fall_s: float = 3.0
    """Impacts and sensors that tell of falls this close tell of one."""
    settled_after_s: float = 1.5
    """Seconds are looked at from here: the tumble itself is over. As the features have it."""
    still_sd_g: float = 0.1
    """Force that varies less than this over a second is stillness. Engineering judgement:
    breathing and moving an arm stay below, getting up and walking above."""
    resumed_s: float = 3.0
    """Movement for this long without a still second is activity again, not a twitch."""
    watched_s: float = 60.0
    """Longest time after the impact that is watched: a minute on the floor has answered itself."""
    judged_s: float = 7.5
    """Until here the seconds may speak against the fall."""
    undone_within_deg: float = 30.0
    """Held again as before, to this angle and 0.4 of the tilt: who lies down briskly or turns over
    and comes back. A faller needs longer, or fell so hard that it outweighs this."""
    undone_logit: float = 1.5
    """Both chosen on SisFall and UMAFall."""
    vigorous_sd_g: float = 0.35
    """Force that varies by more in each of the five seconds after the tumble is sport that goes on:
    jogging is above, walking below. All 981 falls of SisFall and UMAFall have a second below 0.12 g
    among them."""
    vigorous_logit: float = 6.0
    turned_about: tuple[tuple[float, float], ...] = ((150.0, 5.0), (220.0, 12.0))
    """A sensor whose gravity went so far (°) there and back in the six seconds after the tumble is
    in somebody's hand, perhaps or surely (logits). Rising at once took 105° at most in these falls
    and in the simulator; rolling over and rising take more."""
    never_down_logit: float = 2.0
    """For never having been still for a second by then, though turned by less than lying takes."""
    upright_within_deg: float = 40.0
    """Held this near to upright for `upright_s`, or nearer than 0.6 of the tilt: got up."""
    upright_s: float = 2.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Call:
    """An impact judged a fall, when that was known, and the sensor that felt it.

    `before_g` (3,) is gravity before it and `tilt_deg` how far the body turned from there, None
    where there is nothing to be undone: a slide was watched until the body lay.
    """

    impact: Impact
    logit: float
    known_at: int
    finder: ImpactFinder
    before_g: FloatArray
    tilt_deg: float | None
    doubts: tuple[str, ...] = ()


class WatchedFall:
    """A called fall and the seconds after it, until the person is up or a minute is over.

    It is watched second by second through the sensor that called it first, and for long enough
    that all calls of the same fall have come.
    """

    def __init__(self, call: Call, params: WatchParams) -> None:
        self._params = params
        self._finder = call.finder
        self._first_index = call.impact.index
        self._calls = [_WatchedCall(call, params)]
        self._next_index = call.impact.index + samples(params.settled_after_s)
        self._still_s = self._moving_s = self._upright_s = 0.0
        self._calmest_g = np.inf
        self._last_g: FloatArray | None = None
        self._turned_about_deg = 0.0
        self._resumed = self._got_up = False

    @property
    def probability(self) -> float:
        """How likely it was a fall, by all that is known so far."""
        logit = self._likeliest.logit + self._carried_on_logit + self._handled_logit
        return float(1.0 / (1.0 + np.exp(-logit)))

    @property
    def fall(self) -> Fall:
        """The fall as known so far."""
        impact = self._likeliest.call.impact
        return Fall(
            impact_s=impact.time_s,
            probability=self.probability,
            peak_g=impact.peak_g,
            posture_after=impact.posture_after,
            inactive_s=self._still_s,
            ending=FallEnding.GOT_UP if self._got_up else FallEnding.STAYED_DOWN,
            evidence=self._evidence,
        )

    @property
    def dismissed(self) -> DismissedFall:
        """The event if it is believed no longer."""
        return DismissedFall(
            impact_s=self._likeliest.call.impact.time_s,
            probability=self.probability,
            evidence=self._evidence,
        )

    def is_same(self, call: Call) -> bool:
        """Whether the call tells of this fall: no later impact, or one that came soon after."""
        return call.impact.index - self._first_index <= samples(self._params.same_fall_s)

    def add(self, call: Call) -> None:
        """Take another call of this fall: the likeliest one describes it."""
        self._calls.append(_WatchedCall(call, self._params))

    def is_over(self, until_index: int, least_probability: float) -> bool:
        """Watch on through the whole seconds before `until_index`; whether the watch has ended."""
        params = self._params
        judged_s = max(params.judged_s, AFTER_S + params.same_fall_s)
        while self._next_index + _SECOND <= until_index:
            self._see(self._finder.acc_g(self._next_index, 0.0, 1.0))
            self._next_index += _SECOND
            watched_s = (self._next_index - self._first_index) / BODY_RATE_HZ
            answered = self._got_up or self.probability < least_probability
            if (answered and watched_s >= judged_s) or watched_s >= params.watched_s:
                return True
        return False

    @property
    def _likeliest(self) -> _WatchedCall:
        return max(self._calls, key=lambda watched: watched.logit)

    @property
    def _carried_on_logit(self) -> float:
        """Negative once five seconds have shown that the body never came to rest."""
        params = self._params
        watched_s = (self._next_index - self._first_index) / BODY_RATE_HZ
        if watched_s < params.settled_after_s + 5.0 or self._calmest_g == np.inf:
            return 0.0
        if self._calmest_g > params.vigorous_sd_g:
            return -params.vigorous_logit
        tilt_deg = self._likeliest.call.tilt_deg
        stood = tilt_deg is not None and tilt_deg < params.upright_within_deg
        return -params.never_down_logit if stood and self._calmest_g > params.still_sd_g else 0.0

    @property
    def _handled_logit(self) -> float:
        """Negative once the sensor was turned about as only hands do."""
        reached = [w for deg, w in self._params.turned_about if self._turned_about_deg > deg]
        return -max(reached, default=0.0)

    @property
    def _evidence(self) -> str:
        return ", ".join(self._told())

    def _told(self) -> Iterator[str]:
        likeliest = self._likeliest
        impact = likeliest.call.impact
        lost = impact.features is not None and not impact.features.whole
        yield f"impact of {impact.peak_g:.1f} g" + (" or more, partly lost" if lost else "")
        if likeliest.call.tilt_deg is None:
            yield "slid to the floor and lay down"
        else:
            yield f"turned by {likeliest.call.tilt_deg:.0f}°"
        yield from likeliest.call.doubts
        if likeliest.undone:
            yield "was soon held as before"
        if self._carried_on_logit < 0.0:
            yield "went on moving"
        if self._handled_logit < 0.0:
            yield "the sensor was handled after"
        if self._still_s > 0.0:
            yield f"lay still for {self._still_s:.0f} s"

    def _see(self, acc_g: FloatArray) -> None:
        """Look at one second; with most of it missing it tells nothing."""
        acc_g = acc_g[~np.isnan(acc_g[:, 0])]
        if len(acc_g) < _SECOND / 2:
            return
        mean_g = acc_g.mean(axis=0)
        sd_g = float(np.sqrt(acc_g.var(axis=0).sum()))
        if self._next_index - self._first_index < samples(self._params.settled_after_s + 5.0):
            self._calmest_g = min(self._calmest_g, sd_g)
        if self._next_index - self._first_index < samples(self._params.judged_s):
            self._count_turning(mean_g)
        for watched in self._calls:
            watched.see(self._next_index, mean_g)
        self._count_stillness(sd_g)
        self._upright_s = self._upright_s + 1.0 if self._is_upright(mean_g) else 0.0
        self._got_up |= self._upright_s >= self._params.upright_s

    def _count_turning(self, mean_g: FloatArray) -> None:
        if self._last_g is not None:
            self._turned_about_deg += float(angle_deg(self._last_g, mean_g))
        self._last_g = mean_g

    def _count_stillness(self, sd_g: float) -> None:
        """Count one second as still or as moving, until activity resumes."""
        still = sd_g < self._params.still_sd_g
        self._moving_s = 0.0 if still else self._moving_s + 1.0
        self._resumed |= self._moving_s >= self._params.resumed_s
        self._still_s += float(still and not self._resumed)

    def _is_upright(self, mean_g: FloatArray) -> bool:
        call, params = self._likeliest.call, self._params
        up = self._finder.up(self._first_index)
        limit_deg = params.upright_within_deg
        if up is None and call.tilt_deg is not None:
            limit_deg = min(limit_deg, 0.6 * call.tilt_deg)
        return bool(angle_deg(call.before_g if up is None else up, mean_g) < limit_deg)


class _WatchedCall:
    """A call, and whether the body was soon held again as before it."""

    def __init__(self, call: Call, params: WatchParams) -> None:
        self.call = call
        self.undone = False
        self._params = params

    @property
    def logit(self) -> float:
        return self.call.logit - (self._params.undone_logit if self.undone else 0.0)

    def see(self, index: int, mean_g: FloatArray) -> None:
        call, params = self.call, self._params
        after_s = (index - call.impact.index) / BODY_RATE_HZ
        if call.tilt_deg is None or not AFTER_S <= after_s <= params.judged_s - 1.0:
            return
        limit_deg = min(params.undone_within_deg, 0.4 * call.tilt_deg)
        self.undone |= bool(angle_deg(call.before_g, mean_g) < limit_deg)
