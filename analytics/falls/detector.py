"""Falls: an impact, judged by the seconds around it, then watched until activity returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from analytics.body import BODY_RATE_HZ, BodyChunk, Segment
from analytics.events import Event, Fall
from analytics.falls.features import AFTER_S
from analytics.falls.impacts import Impact, ImpactFinder, ImpactParams, samples
from analytics.falls.model import FallModel, default_model
from analytics.falls.slides import SlideFinder, SlideParams
from sensors.types import FloatArray

_SECOND = samples(1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FallParams:
    """What counts as a fall, and how long one is watched."""

    impact: ImpactParams = field(default_factory=ImpactParams)
    slide: SlideParams = field(default_factory=SlideParams)
    least_probability: float = 0.5
    """Probability from which an impact is called a fall: where the model was balanced."""
    same_fall_s: float = 3.0
    """Impacts and sensors that tell of falls this close tell of one."""
    settled_after_s: float = 1.5
    """Stillness is counted from here: the tumble itself is over. As the features have it."""
    still_sd_g: float = 0.1
    """Force that varies less than this over a second is stillness. Engineering judgement:
    breathing and moving an arm stay below, getting up and walking above."""
    resumed_s: float = 3.0
    """Movement for this long without a still second is activity again, not a twitch."""
    watched_s: float = 60.0
    """Longest time after the impact that is watched: a minute on the floor has answered itself."""


class FallDetector:
    """Finds falls with a sensor on the trunk, the pelvis or both, however mounted.

    Every impact is judged 3.5 s later by a logistic regression on features of the force around it.
    They follow the established ones (Bourke 2007, Kangas 2008: drop, impact, change of posture),
    but the change of posture and the turn of the body are told by gravity with no axis known.
    From then on the fall is `suspected`; the event follows when activity resumes, another fall is
    called or the watch ends, and tells how long the body had lain still. A fall just before the
    stream's end is judged by what there is.

    With two sensors either may call the fall, but both must have felt the impact: in a fall the
    whole body drops, while who lies down quickly lets the trunk drop beside a pelvis at rest.
    A slide to the floor, without a hard impact, is called once the body lies (see `SlideFinder`).
    """

    def __init__(self, params: FallParams | None = None, model: FallModel | None = None) -> None:
        self._params = params or FallParams()
        self._model = model or default_model()
        self._sensors: dict[Segment, _Sensor] = {}
        self._watched: _WatchedFall | None = None

    @property
    def suspected(self) -> Fall | None:
        """The fall already called and still watched, as known so far: what an alarm acts upon."""
        return None if self._watched is None else self._watched.fall

    def update(self, chunk: BodyChunk) -> list[Event]:
        """See `Detector.update`: falls whose watch has ended."""
        until_index = chunk.start_index + len(chunk)
        felt: list[tuple[_Sensor, list[Impact]]] = []
        for name in (Segment.TRUNK, Segment.PELVIS):
            if name in chunk.segments:
                sensor = self._sensor(name, chunk.start_index)
                felt.append((sensor, sensor.impacts.update(chunk.segments[name])))
        calls = [call for sensor, impacts in felt for call in self._falls(sensor, impacts)]
        for sensor, impacts in felt:
            calls += self._slides(sensor, impacts, until_index)
        return self._follow(calls) + self._watch(until_index)

    def finish(self) -> list[Event]:
        """See `Detector.finish`: falls in the last seconds, and one still watched."""
        sensors = self._sensors.values()
        calls = [call for s in sensors for call in self._falls(s, s.impacts.finish())]
        return self._follow(calls) + self._end_watch()

    def _sensor(self, name: Segment, start_index: int) -> _Sensor:
        if name not in self._sensors:
            impacts = ImpactFinder(start_index, self._params.impact)
            self._sensors[name] = _Sensor(impacts, SlideFinder(impacts, self._params.slide))
        return self._sensors[name]

    def _falls(self, sensor: _Sensor, impacts: list[Impact]) -> Iterator[_Call]:
        for impact in impacts:
            probability = self._model.probability(impact.features)
            if probability >= self._params.least_probability and self._felt_by_all(impact):
                known_at = impact.index + samples(AFTER_S)
                yield _Call(impact, probability, known_at, sensor.impacts)

    def _slides(self, sensor: _Sensor, impacts: list[Impact], until_index: int) -> Iterator[_Call]:
        for slide in sensor.slides.update(impacts, until_index):
            if self._felt_by_all(slide.impact):
                yield _Call(slide.impact, slide.probability, slide.known_at, sensor.impacts)

    def _felt_by_all(self, impact: Impact) -> bool:
        return all(sensor.impacts.felt(impact.index) for sensor in self._sensors.values())

    def _follow(self, calls: list[_Call]) -> list[Event]:
        """Watch each called fall until the next is called, in the order of the calls."""
        events: list[Event] = []
        for call in sorted(calls, key=lambda call: (call.known_at, call.impact.index)):
            events += self._watch(call.known_at)
            if self._watched is not None and self._watched.is_same(call):
                self._watched.add(call)
            else:
                events += self._end_watch()
                self._watched = _WatchedFall(call, self._params)
        return events

    def _watch(self, until_index: int) -> list[Event]:
        """Watch the called fall through the samples before `until_index`; return it if over."""
        if self._watched is None or not self._watched.is_over(until_index):
            return []
        return self._end_watch()

    def _end_watch(self) -> list[Event]:
        watched, self._watched = self._watched, None
        return [] if watched is None else [watched.fall]


@dataclass(frozen=True, slots=True, eq=False)
class _Sensor:
    impacts: ImpactFinder
    slides: SlideFinder


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    """An impact judged a fall, when that was known, and the sensor that felt it."""

    impact: Impact
    probability: float
    known_at: int
    finder: ImpactFinder

    @property
    def fall(self) -> Fall:
        return Fall(
            impact_s=self.impact.time_s,
            probability=self.probability,
            peak_g=self.impact.peak_g,
            posture_after=self.impact.posture_after,
            inactive_s=0.0,
        )


class _WatchedFall:
    """A called fall and the seconds after it, until activity resumes.

    It is watched second by second through the sensor that called it first, and for long enough
    that all calls of the same fall have come.
    """

    def __init__(self, call: _Call, params: FallParams) -> None:
        self._params = params
        self._finder = call.finder
        self._fall = call.fall
        self._impact_index = call.impact.index
        self._next_index = call.impact.index + samples(params.settled_after_s)
        self._still_s = 0.0
        self._moving_s = 0.0

    @property
    def fall(self) -> Fall:
        return replace(self._fall, inactive_s=self._still_s)

    def is_same(self, call: _Call) -> bool:
        """Whether the call tells of this fall: no later impact, or one that came soon after."""
        return call.impact.index - self._impact_index <= samples(self._params.same_fall_s)

    def add(self, call: _Call) -> None:
        """Take another call of this fall: the most certain one describes it."""
        if call.probability > self._fall.probability:
            self._fall = call.fall

    def is_over(self, until_index: int) -> bool:
        """Watch on through the whole seconds before `until_index`; whether the watch has ended."""
        while self._next_index + _SECOND <= until_index:
            self._see(self._finder.acc_g(self._next_index, 0.0, 1.0))
            self._next_index += _SECOND
            watched_s = (self._next_index - self._impact_index) / BODY_RATE_HZ
            all_calls_came = watched_s >= AFTER_S + self._params.same_fall_s
            resumed = all_calls_came and self._moving_s >= self._params.resumed_s
            if resumed or watched_s >= self._params.watched_s:
                return True
        return False

    def _see(self, acc_g: FloatArray) -> None:
        """Count one second as still, as moving or, with most of it missing, as neither."""
        acc_g = acc_g[~np.isnan(acc_g[:, 0])]
        if len(acc_g) < _SECOND / 2:
            return
        if np.sqrt(acc_g.var(axis=0).sum()) < self._params.still_sd_g:
            self._still_s += 1.0
            self._moving_s = 0.0
        else:
            self._moving_s += 1.0
