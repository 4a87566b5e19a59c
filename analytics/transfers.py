"""Rises from a seat, and seats that are hit hard: what the trunk does between sitting and standing.

Any mounting serves: the vertical is known from gravity, and leaning forward is a turn away from it
that is taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analytics.body import BODY_RATE_HZ, BodyChunk, Segment, SegmentChunk
from analytics.detector import variables
from analytics.events import Event, NearFall, NearFallKind, StandUp
from analytics.history import BLOCK, History
from analytics.transfers_kernel import (
    BESIDE,
    COLUMNS,
    DESCENT,
    SEAT,
    follow,
    landing_course,
    rise_course,
)
from sensors.types import GRAVITY_MS2, FloatArray

_BEFORE = round(4.0 * BODY_RATE_HZ)
_AFTER = round(2.0 * BODY_RATE_HZ)
_IN_A_ROW_S = 20.0
_LEAST_ROW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferParams:
    """What counts as a rise from a seat, and as hitting it hard.

    Defaults without a source are engineering judgement, chosen between published recordings of
    sitting down and standing up and those of walking, stairs, bending and lying down.
    """

    min_rise_m: float = 0.15
    max_rise_m: float = 0.8
    """A seat is 0.2 to 0.5 m below standing; drift costs a slow rise some of it."""
    min_speed_ms: float = 0.2
    max_speed_ms: float = 1.8
    """Fastest upward speed: 0.3 in slow rises of older adults, and 2 in a jump."""
    one_way: float = 1.5
    """Upward speed against downward: who bends and straightens goes both ways alike."""
    min_lean_deg: float = 10.0
    """The trunk leans forward to leave a seat, by 30 to 40° (Schenkman et al. 1990, Phys Ther
    70:638), and comes back."""
    max_turn_deg: float = 45.0
    """Sitting and standing incline the trunk, and more so the pelvis, not quite alike."""
    min_s: float = 0.7
    max_s: float = 6.0
    max_restless_ms2: float = 0.5
    """Who sits is still: walking varies by 1.5 or more."""
    upright_deg: float = 60.0
    """Known to incline by more, somebody lies."""
    hard_g: float = 1.8
    """Vertical force over 60 ms as the seat stops the body: slow sitting down stays below 1.5,
    toppling into a chair reaches 2 to 3."""
    min_descent_ms: float = 0.4
    hard_lean_deg: float = 15.0
    """Who sits down bends at the hips; who jumps or comes down the stairs hardly does."""


class TransferDetector:
    """Finds rises from a seat and hard landings on one, by a sensor on the trunk, else the pelvis.

    A rise is looked at where the vertical speed, free of steps and drift, stays upwards. It lasts
    from the first leaning forward to the last straightening; between the two the vertical force is
    integrated twice, from rest to rest, as Zijlstra et al. 2010 (Gait Posture 31:272) did at the
    hip. Whoever sat still before, leant forward and back and ended higher has stood up. Rising from
    the bed's edge counts like rising from a chair, and from a squat that was held; getting up from
    lying does not.

    A hard landing is a stop harder than `hard_g` after a descent, with the trunk still and held as
    before soon afterwards. Slow rises of less than 0.2 m/s are missed, and so are some into which a
    step falls; the thigh alone, level in bed too, tells none.
    """

    def __init__(self, params: TransferParams | None = None) -> None:
        self._params = params or TransferParams()
        self._upright_cos = float(np.cos(np.radians(self._params.upright_deg)))
        self._limits = variables(
            level_weight=_weight(2.0),
            kept_part=1.0 - 1.0 / (BODY_RATE_HZ * 0.7),
            slow_weight=_weight(0.12),
            rising_ms=0.06,
            min_way_m=0.04,
            hard_ms2=(self._params.hard_g - 1.0) * GRAVITY_MS2,
            descent_ms=self._params.min_descent_ms,
        )
        self._state = variables(
            index=0,
            level=GRAVITY_MS2,
            speed=0,
            slow=0,
            slower=0,
            way=0,
            rise_from=0,
            last=GRAVITY_MS2,
            last_but_one=GRAVITY_MS2,
            fell_at=-np.inf,
            held=0,
            held_at=0,
        )
        self._history = History(columns=COLUMNS, kept=_BEFORE + 2 * _AFTER)
        self._pending: list[tuple[int, int, int]] = []
        self._start_index: int | None = None
        self._risen_at = -1

    def update(self, chunk: BodyChunk) -> list[Event]:
        """See `Detector.update`: the rises and landings 2 s after them."""
        segment = chunk.segments.get(Segment.TRUNK) or chunk.segments.get(Segment.PELVIS)
        if segment is None:
            return []
        if self._start_index is None:
            self._start_index = chunk.start_index
        events: list[Event] = []
        for start in range(0, len(chunk), BLOCK):
            part = slice(start, min(start + BLOCK, len(chunk)))
            self._pending += self._marks(segment, part)
            events += self._judged(segment)
        return events

    def finish(self) -> list[Event]:
        """See `Detector.finish`: what ended less than 2 s before the end is not told."""
        return []

    def _marks(self, segment: SegmentChunk, part: slice) -> list[tuple[int, int, int]]:
        """Kind, first and last sample of what is worth a look."""
        rows = self._history.room(part.stop - part.start)
        marks = np.empty((len(rows) + 1, 3), dtype=np.int64)
        acc, gyro, up = segment.acc[part], segment.gyro[part], segment.up[part]
        peak_ms2 = segment.peak_ms2[part]
        count = follow(acc, gyro, up, peak_ms2, rows, self._limits, self._state, marks)
        return [(kind, began, ended) for kind, began, ended in marks[:count].tolist()]

    def _judged(self, segment: SegmentChunk) -> list[Event]:
        known = self._history.end - _AFTER
        ready = [mark for mark in self._pending if mark[2] <= known]
        self._pending = self._pending[len(ready) :]
        upright_cos = self._upright_cos if segment.calibrated else -2.0
        found = [self._judge(*mark, upright_cos) for mark in ready]
        return [event for event in found if event is not None]

    def _judge(self, kind: int, began: int, ended: int, upright_cos: float) -> Event | None:
        first = max(ended - _BEFORE, 0)
        rows = self._history.part(first, ended + _AFTER)
        if kind == SEAT:
            return self._landing(first, rows, ended - first, upright_cos)
        course = _Course(*rise_course(rows, began - first, ended - first))
        if first + course.start <= self._risen_at or not self._is_rise(course, upright_cos):
            return None
        self._risen_at = first + int(course.end)
        return StandUp(
            start_s=self._at_s(first + course.start),
            end_s=self._at_s(first + course.end),
            rise_m=course.rise_m,
        )

    def _landing(
        self, first: int, rows: FloatArray, at: int, upright_cos: float
    ) -> NearFall | None:
        if at < DESCENT + BESIDE:
            return None
        restless_ms2, push_ms2, lean_deg, turn_deg, least_z, peak_ms2 = landing_course(rows, at)
        params = self._params
        if (
            not restless_ms2 <= params.max_restless_ms2
            or push_ms2 > params.hard_g * GRAVITY_MS2
            or lean_deg < params.hard_lean_deg
            or turn_deg > params.max_turn_deg
            or least_z < upright_cos
        ):
            return None
        return NearFall(
            at_s=self._at_s(first + at),
            kind=NearFallKind.HARD_SIT_DOWN,
            peak_g=peak_ms2 / GRAVITY_MS2,
        )

    def _is_rise(self, course: _Course, upright_cos: float) -> bool:
        params = self._params
        return (
            params.min_s <= (course.end - course.start) / BODY_RATE_HZ <= params.max_s
            and params.min_rise_m <= course.rise_m <= params.max_rise_m
            and params.min_speed_ms <= course.up_ms <= params.max_speed_ms
            and course.humps == 1
            and course.up_ms >= params.one_way * course.down_ms
            and course.lean_deg >= params.min_lean_deg
            and course.turn_deg <= params.max_turn_deg
            and course.restless_ms2 <= params.max_restless_ms2
            and course.least_z >= upright_cos
        )

    def _at_s(self, sample: float) -> float:
        return ((self._start_index or 0) + sample) / BODY_RATE_HZ


def exercised(stand_ups: Sequence[StandUp]) -> list[StandUp]:
    """The rises that were done as an exercise: three or more in a row, each soon after the last.

    In everyday life people stay seated, or up, for longer than 20 s (engineering judgement).
    """
    rows: list[list[StandUp]] = []
    for rise in stand_ups:
        if rows and rise.start_s - rows[-1][-1].end_s <= _IN_A_ROW_S:
            rows[-1].append(rise)
        else:
            rows.append([rise])
    return [rise for row in rows if len(row) >= _LEAST_ROW for rise in row]


class _Course(NamedTuple):
    """A rise that begins and ends at samples of the rows it was measured in.

    NaN throughout where it is not seen whole: then no comparison holds.
    """

    start: float
    end: float
    rise_m: float
    humps: float
    up_ms: float
    down_ms: float
    lean_deg: float
    turn_deg: float
    restless_ms2: float
    least_z: float


def _weight(tau_s: float) -> float:
    return float(1.0 - np.exp(-1.0 / (BODY_RATE_HZ * tau_s)))
