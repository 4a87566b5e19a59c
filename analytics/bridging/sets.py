"""Sets of repetitions: how even each is, and whether it tires."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from itertools import chain, pairwise
from statistics import fmean, median, stdev
from typing import Any

from analytics.events import Repetition
from analytics.robust import Trend, trend

MAX_REST_S = 30.0
"""A longer rest ends a set. Plans ask for 3 to 5 s between repetitions, and for a minute or so
between sets; engineering judgement."""

_FEWEST_TO_VARY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RepetitionSet:
    """Repetitions one after another, `rest_before_s` after those of the set before, if any.

    All figures are of the `whole` repetitions, and None where there are too few or the sensors do
    not tell. What is usual is the median.
    """

    repetitions: tuple[Repetition, ...]
    rest_before_s: float | None

    @property
    def start_s(self) -> float:
        """When the first one began."""
        return self.repetitions[0].start_s

    @property
    def end_s(self) -> float:
        """When the last one was over."""
        return self.repetitions[-1].end_s

    @property
    def whole(self) -> tuple[Repetition, ...]:
        """Those that count."""
        return tuple(each for each in self.repetitions if not each.partial)

    @property
    def best_hold_s(self) -> float | None:
        """The longest hold."""
        return max((each.hold_s for each in self.whole), default=None)

    @property
    def usual_hold_s(self) -> float | None:
        """The usual hold."""
        return self._usual(_hold_s)

    @property
    def best_peak_deg(self) -> float | None:
        """The largest range."""
        return max((each.peak_deg for each in self.whole), default=None)

    @property
    def usual_peak_deg(self) -> float | None:
        """The usual range."""
        return self._usual(_peak_deg)

    @property
    def usual_roll_deg(self) -> float | None:
        """The usual roll of the pelvis in the hold, positive with the left side up."""
        return self._usual(_roll_deg)

    @property
    def usual_sag_deg(self) -> float | None:
        """How much of the tilt is usually lost in the hold."""
        return self._usual(_sag_deg)

    @property
    def usual_lower_s(self) -> float | None:
        """How long the lowering usually takes."""
        return self._usual(_lower_s)

    @property
    def peak_variation(self) -> float | None:
        """Coefficient of variation of the range: standard deviation ÷ mean; 0 is quite regular."""
        return _variation(self._values(_peak_deg))

    @property
    def tempo_variation(self) -> float | None:
        """Coefficient of variation of how long lift and lowering take together."""
        return _variation(self._values(_moving_s))

    @property
    def peak_trend(self) -> Trend | None:
        """How the range changes, in degrees; less and less is fatigue."""
        return trend(self._values(_peak_deg))

    @property
    def hold_trend(self) -> Trend | None:
        """How the hold changes, in seconds."""
        return trend(self._values(_hold_s))

    @property
    def tempo_trend(self) -> Trend | None:
        """How lift and lowering together change, in seconds."""
        return trend(self._values(_moving_s))

    @property
    def tremor_trend(self) -> Trend | None:
        """How the tremor in the hold changes, as shares of the usual tremor."""
        usual = self._usual(_tremor)
        return trend([value / usual for value in self._values(_tremor)]) if usual else None

    def _usual(self, measure: _Measure) -> float | None:
        values = self._values(measure)
        return median(values) if values else None

    def _values(self, measure: _Measure) -> list[float]:
        """A measure of the whole repetitions in their order, where it is known."""
        return [value for value in map(measure, self.whole) if value is not None]


_Measure = Callable[[Repetition], float | None]


def sets_of(repetitions: Iterable[Repetition]) -> tuple[RepetitionSet, ...]:
    """Repetitions in their order, parted where there is a rest of more than `MAX_REST_S`.

    A partial repetition is effort too: the rest begins at its end.
    """
    groups: list[list[Repetition]] = []
    for each in repetitions:
        if not groups or each.start_s - groups[-1][-1].end_s > MAX_REST_S:
            groups.append([])
        groups[-1].append(each)
    rests_s = (after[0].start_s - before[-1].end_s for before, after in pairwise(groups))
    return tuple(
        RepetitionSet(repetitions=tuple(group), rest_before_s=rest_s)
        for group, rest_s in zip(groups, chain((None,), rests_s), strict=False)
    )


def set_json(one: RepetitionSet) -> dict[str, Any]:
    """A set as `analyze --json` prints it."""
    trends = {
        "peak_deg": one.peak_trend,
        "hold_s": one.hold_trend,
        "tempo_s": one.tempo_trend,
        "tremor_part": one.tremor_trend,
    }
    return {
        "start_s": one.start_s,
        "end_s": one.end_s,
        "rest_before_s": one.rest_before_s,
        "repetitions": len(one.whole),
        "partial": len(one.repetitions) - len(one.whole),
        "usual_hold_s": one.usual_hold_s,
        "best_hold_s": one.best_hold_s,
        "usual_peak_deg": one.usual_peak_deg,
        "best_peak_deg": one.best_peak_deg,
        "usual_roll_deg": one.usual_roll_deg,
        "usual_sag_deg": one.usual_sag_deg,
        "peak_variation": one.peak_variation,
        "tempo_variation": one.tempo_variation,
        "trends": {name: each and asdict(each) for name, each in trends.items()},
    }


def _variation(values: list[float]) -> float | None:
    return stdev(values) / fmean(values) if len(values) >= _FEWEST_TO_VARY else None


def _hold_s(repetition: Repetition) -> float:
    return repetition.hold_s


def _peak_deg(repetition: Repetition) -> float:
    return repetition.peak_deg


def _roll_deg(repetition: Repetition) -> float | None:
    return repetition.roll_deg


def _sag_deg(repetition: Repetition) -> float | None:
    return repetition.sag_deg


def _lower_s(repetition: Repetition) -> float:
    return repetition.lower_s


def _tremor(repetition: Repetition) -> float | None:
    degs = repetition.tremor_degs
    return repetition.tremor_ms2 if degs is None else degs


def _moving_s(repetition: Repetition) -> float:
    return repetition.lift_s + repetition.lower_s
