"""Impacts in one sensor's stream, and the seconds around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.body import BODY_RATE_HZ, SegmentChunk
from analytics.detector import Variables, kernel, opened, variables
from analytics.events import Posture
from analytics.falls.features import (
    AFTER_S,
    BEFORE_S,
    ImpactFeatures,
    angle_deg,
    impact_features,
    weight_g,
)
from analytics.falls.upright import WINDOW_S, UprightLearner
from analytics.posture import posture_of
from sensors.types import GRAVITY_MS2, FloatArray

_PEAK_WITHIN_S = 0.1
_MISSING_WITHIN_S = 1.5
_TUMBLE_S = 1.5
_TOGETHER_S = 0.5
_GRAVITY_ERROR_G = 0.2
_DESCENT_S = 1.2
_LANDED_S = 0.3
_STOPPING_S = 0.4
_STOPPED_S = 0.6
_STOPPING_SHARE = 0.8
_SINKING_S = 2.5
_COME_TO_REST_S = 0.5
_GRAVITY_MEAN_S = 0.5
_WEIGHTLESS_G = 0.2
_COLUMNS = 6
_UP = np.array([0.0, 0.0, 1.0])


def samples(duration_s: float) -> int:
    """How many grid samples a duration is."""
    return round(duration_s * BODY_RATE_HZ)


_HISTORY = samples(20.0)
_AFTER = samples(AFTER_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactParams:
    """What counts as an impact worth judging."""

    least_g: float = 1.4
    """Softest impact looked at: judging is the model's task, this only spares it work. Published
    detectors take 1.6–2 g at 100 Hz or more; on the body grid a soft fall's peak is rounded off."""
    spacing_s: float = 1.0
    """Of impacts closer than this only the hardest is looked at: a fall strikes more than once."""
    lost_within_s: float = 2.0
    """What is missing for a moment is looked at too, since it may hide an impact; not for longer,
    when no turn is known to have been abrupt."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Impact:
    """An impact at grid sample `index` and its `features`, None if it cannot have been a fall.

    `peak_g` is the largest force at the sensor's own rate, `posture_after` how the body was held
    1.5 to 3.5 s later, as far as the calibration tells.
    """

    index: int
    features: ImpactFeatures | None
    peak_g: float
    posture_after: Posture

    @property
    def time_s(self) -> float:
        """Seconds from the start of the recording."""
        return self.index / BODY_RATE_HZ


class ImpactFinder:
    """Finds the impacts in one segment's stream, each once, `AFTER_S` after it.

    It keeps the last seconds of the stream, so that what follows an impact can be looked at too.
    """

    def __init__(self, start_index: int, params: ImpactParams) -> None:
        self._least_g = params.least_g
        self._start = start_index
        self._rows = np.empty((2 * _HISTORY, _COLUMNS))
        self._count = 0
        self._calibrated = self._facing_known = False
        self._pending: list[int] = []
        self._upright = UprightLearner(start_index)
        self._limits = variables(
            least_g=params.least_g,
            spacing=samples(params.spacing_s),
            longest_lost=samples(params.lost_within_s),
        )
        self._state = variables(index=start_index, held_g=0.0, held_index=0, lost=np.inf)

    def update(self, segment: SegmentChunk) -> list[Impact]:
        """Take the next samples; return the impacts with all that follows them known."""
        self._calibrated, self._facing_known = segment.calibrated, segment.facing_known
        rows = self._room(len(segment.peak_ms2))
        _write_in_g(segment.acc, segment.gyro, segment.up, segment.peak_ms2, rows)
        self._pending = sorted(
            self._pending + _find_impacts(rows, self._limits, self._state).tolist()
        )
        self._learn_upright()
        known = self._start + self._count - _AFTER
        complete = [index for index in self._pending if index <= known]
        self._pending = self._pending[len(complete) :]
        return self._described(complete)

    def finish(self) -> list[Impact]:
        """The stream has ended: return the impacts whose aftermath was cut off but tells enough."""
        held = [int(self._state["held_index"])] if self._state["held_g"] > 0.0 else []
        return self._described(self._pending + held)

    def felt(self, index: int) -> bool:
        """Whether this sensor felt an impact there, too; a sensor that cannot tell agrees.

        It cannot while its samples are missing, or where it does not measure gravity at rest.
        """
        force_g = np.linalg.norm(self.acc_g(index, -_TOGETHER_S, _TOGETHER_S), axis=1)
        resting_g = self.acc_g(index, _TUMBLE_S, AFTER_S)
        resting_g = resting_g[~np.isnan(resting_g[:, 0])]
        if np.isnan(force_g).any() or len(resting_g) == 0:
            return True
        gravity_g = np.linalg.norm(resting_g.mean(axis=0))
        return bool(abs(gravity_g - 1.0) > _GRAVITY_ERROR_G or np.nanmax(force_g) >= self._least_g)

    @property
    def awaits_aftermath(self) -> bool:
        """Whether there was an impact of which it is not known yet what follows."""
        return bool(self._pending) or float(self._state["held_g"]) > 0.0

    def acc_g(self, index: int, from_s: float, until_s: float) -> FloatArray:
        """Specific force (n, 3) in g from and until so long after a sample, NaN where not known."""
        return self._around(index, from_s, until_s)[:, 0:3]

    def up(self, index: int) -> FloatArray | None:
        """The vertical (3,) of an upright body, in the axes of `acc_g`, as known at a sample.

        It is calibrated, or learned from walking; None where neither is.
        """
        return _UP if self._calibrated else self._upright.up(index)

    def gravity_before(self, impact: int) -> FloatArray:
        """Mean force (3,) in g from 3 to 2 s before an impact, NaN where samples are missing."""
        mean: FloatArray = self.acc_g(impact, -3.0, -2.0).mean(axis=0)
        return mean

    def weightless_s(self, index: int, from_s: float, until_s: float) -> float:
        """The longest stretch without weight between two times from a sample."""
        force_g = np.linalg.norm(self.acc_g(index, from_s, until_s), axis=1)
        breaks = np.flatnonzero(~(force_g < _WEIGHTLESS_G))
        longest = np.diff(breaks, prepend=-1, append=len(force_g)).max() - 1
        return float(longest / BODY_RATE_HZ)

    def wandered_deg(self, index: int, from_s: float, until_s: float) -> float:
        """Largest angle between any two directions of gravity between two times from a sample."""
        means_g = self._half_seconds(index, from_s, until_s)
        return float(angle_deg(means_g[:, np.newaxis], means_g).max(initial=0.0))

    def turned_about_deg(self, index: int, from_s: float, until_s: float) -> float:
        """How far the direction of gravity went, there and back, between two times."""
        means_g = self._half_seconds(index, from_s, until_s)
        return float(angle_deg(means_g[:-1], means_g[1:]).sum())

    def _half_seconds(self, index: int, from_s: float, until_s: float) -> FloatArray:
        """Mean forces (n, 3) over half seconds in a row, without those not known."""
        acc_g = self.acc_g(index, from_s, until_s)
        means_g: FloatArray = acc_g.reshape(-1, samples(_GRAVITY_MEAN_S), 3).mean(axis=1)
        return means_g[~np.isnan(means_g[:, 0])]

    def descent_ms(self, impact: int) -> float:
        """Largest downward speed around an impact, by what came before it and by what it stopped.

        The second is what the force had beyond gravity, less what rebounds and shaking add.
        """
        stopping = slice(_from_before(-_STOPPING_S), _from_before(_STOPPED_S))
        stopped_g = np.maximum(self._beyond_weight_g(impact)[stopping], 0.0)
        return max(self.dropped_ms(impact), _STOPPING_SHARE * _speed_ms(np.nansum(stopped_g)))

    def dropped_ms(self, impact: int) -> float:
        """Downward speed that a body gained before an impact, as if from rest 1.2 s before it.

        It is the larger of that of the vertical acceleration, known in a tumble only with a
        gyroscope, and of what the size of the force lacked of gravity.
        """
        falling = slice(_from_before(-_DESCENT_S), _from_before(_LANDED_S))
        lacked_g = np.nancumsum(self._beyond_weight_g(impact)[falling])
        vertical_g = np.nancumsum(self._around(impact, -_DESCENT_S, _LANDED_S)[:, 5])
        return max(_speed_ms(-vertical_g.min()), _speed_ms(-lacked_g.min()))

    def pushed_off_ms(self, impact: int) -> float:
        """Largest upward speed that the size of the force gave before an impact, as in a jump."""
        pushing = slice(_from_before(-_TUMBLE_S), _from_before(-_PEAK_WITHIN_S))
        gained_g = np.nancumsum(self._beyond_weight_g(impact)[pushing])
        return _speed_ms((gained_g - np.minimum.accumulate(gained_g)).max())

    def _beyond_weight_g(self, impact: int) -> FloatArray:
        """The size of the force (n,) less that of gravity, from `BEFORE_S` to `AFTER_S`."""
        force_g: FloatArray = np.linalg.norm(self.acc_g(impact, -BEFORE_S, AFTER_S), axis=1)
        return force_g - weight_g(force_g)

    def sunk_m(self, impact: int) -> float:
        """How far the sensor came down in the 2.5 s before an impact, NaN where not known.

        The vertical acceleration is integrated twice, as if from rest to rest.
        """
        vertical_ms2 = GRAVITY_MS2 * self._around(impact, -_SINKING_S, _COME_TO_REST_S)[:, 4]
        velocity_ms = np.cumsum(vertical_ms2) / BODY_RATE_HZ
        drift_ms = np.linspace(0.0, velocity_ms[-1], len(velocity_ms))
        return float(-(velocity_ms - drift_ms).sum() / BODY_RATE_HZ)

    def posture(self, index: int, from_s: float, until_s: float) -> Posture:
        """How the body is held between two times from a sample, as far as the calibration tells."""
        acc_g = self.acc_g(index, from_s, until_s)
        acc_g = acc_g[~np.isnan(acc_g[:, 0])]
        if len(acc_g) == 0 or not self._calibrated:
            return Posture.UNKNOWN
        posture = posture_of(acc_g.mean(axis=0))
        told = self._facing_known or posture is Posture.UPRIGHT
        return posture if told else Posture.UNKNOWN

    def _learn_upright(self) -> None:
        """Show the learner every whole window once, wherever the stream was cut."""
        if self._calibrated:
            return
        first = self._upright.next_index - self._start
        while first + samples(WINDOW_S) <= self._count:
            self._upright.update(self._rows[first : first + samples(WINDOW_S)])
            first += samples(WINDOW_S)

    def _room(self, count: int) -> FloatArray:
        """Rows for the next samples; where there are none left, the last 20 s are kept."""
        if self._count + count > len(self._rows):
            kept = self._rows[max(self._count - _HISTORY, 0) : self._count]
            self._start += self._count - len(kept)
            self._count = len(kept)
            self._rows = np.empty((max(len(kept) + count, 2 * _HISTORY), _COLUMNS))
            self._rows[: len(kept)] = kept
        self._count += count
        return self._rows[self._count - count : self._count]

    def _described(self, indices: list[int]) -> list[Impact]:
        """The impacts at these samples."""
        return [
            Impact(
                index=index,
                features=impact_features(self.acc_g(index, -BEFORE_S, AFTER_S)),
                peak_g=self._peak_g(index),
                posture_after=self.posture(index, _TUMBLE_S, AFTER_S),
            )
            for index in indices
        ]

    def _peak_g(self, index: int) -> float:
        """The largest force around an impact at the sensor's own rate, where that is known."""
        for within_s in (_PEAK_WITHIN_S, _MISSING_WITHIN_S):
            peaks_g = self._around(index, -within_s, within_s)[:, 3]
            if not np.isnan(peaks_g).all():
                break
        return float(np.nanmax(peaks_g))

    def _around(self, index: int, from_s: float, until_s: float) -> FloatArray:
        first, end = index + samples(from_s) - self._start, index + samples(until_s) - self._start
        known = slice(min(max(first, 0), self._count), min(max(end, 0), self._count))
        rows = np.full((end - first, _COLUMNS), np.nan)
        rows[known.start - first : known.stop - first] = self._rows[known]
        return rows


def _from_before(offset_s: float) -> int:
    return samples(BEFORE_S + offset_s)


def _speed_ms(sum_g: float) -> float:
    """The speed that a sum of accelerations, one a grid sample, comes to."""
    return float(GRAVITY_MS2 * sum_g / BODY_RATE_HZ)


@kernel
def _write_in_g(
    acc: FloatArray, gyro: FloatArray, up: FloatArray, peak_ms2: FloatArray, rows: FloatArray
) -> None:
    """Write rows (n, 6) in g: specific force, its peak, what of it exceeds gravity upwards.

    The last column tells that again, but only where a gyroscope does.
    """
    for i in range(len(acc)):
        along = 0.0
        for j in range(3):
            rows[i, j] = acc[i, j] / GRAVITY_MS2
            along += acc[i, j] * up[i, j]
        rows[i, 3] = peak_ms2[i] / GRAVITY_MS2
        rows[i, 4] = (along - GRAVITY_MS2) / GRAVITY_MS2
        rows[i, 5] = np.nan if np.isnan(gyro[i, 0]) else rows[i, 4]


@kernel
def _find_impacts(rows: FloatArray, given: Variables, kept: Variables) -> NDArray[np.int64]:
    """The indices of impacts and of what may hide one, in the order in which they are known.

    A sample above `least_g` is held until a larger one takes its place, or until nothing larger
    has come for `spacing` samples and it is an impact. What may hide one is what was missing for a
    moment: its middle.
    """
    limits, state = opened(given), opened(kept)
    found = np.empty(len(rows) // 2 + int(len(rows) / limits.spacing) + 2, dtype=np.int64)
    count = 0
    for i in range(len(rows)):
        force_g = np.sqrt(rows[i, 0] ** 2 + rows[i, 1] ** 2 + rows[i, 2] ** 2)
        if np.isnan(force_g):
            state.lost += 1
        else:
            if 0.0 < state.lost <= limits.longest_lost:
                found[count] = int(state.index - (state.lost + 1) // 2)
                count += 1
            state.lost = 0
        if force_g > max(limits.least_g, state.held_g):
            state.held_g = force_g
            state.held_index = state.index
        elif state.held_g > 0.0 and state.index - state.held_index >= limits.spacing:
            found[count] = int(state.held_index)
            count += 1
            state.held_g = 0.0
        state.index += 1
    return found[:count]
