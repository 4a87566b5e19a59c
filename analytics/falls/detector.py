"""Falls: an impact, judged by the seconds around it, then watched for what became of it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from analytics.body import BodyChunk, Segment
from analytics.events import Event, Fall
from analytics.falls.doubts import DoubtParams, Seen, doubts
from analytics.falls.features import AFTER_S, ImpactFeatures
from analytics.falls.impacts import Impact, ImpactFinder, ImpactParams, samples
from analytics.falls.model import FallModel, default_model
from analytics.falls.slides import SlideFinder, SlideParams
from analytics.falls.watch import Call, WatchedFall, WatchParams


@dataclass(frozen=True, slots=True, kw_only=True)
class FallParams:
    """What counts as a fall, and how long one is watched."""

    impact: ImpactParams = field(default_factory=ImpactParams)
    slide: SlideParams = field(default_factory=SlideParams)
    doubt: DoubtParams = field(default_factory=DoubtParams)
    watch: WatchParams = field(default_factory=WatchParams)
    least_probability: float = 0.5
    """Probability from which an impact is called a fall: where the model was balanced."""
    lost_logit: float = 2.0
    """What speaks against an impact that was lost, for the most part or entirely, and is inferred
    from the body that turned …"""
    lost_shaken_g: float = 0.15
    """… and from the force just before and after it, which in a fall strays from 1 g by more: else
    it was lying down. With the half second around the strongest moment lost, nine in ten of the
    falls of SisFall and UMAFall have as much and one in four of the activities."""


class FallDetector:
    """Finds falls with a sensor on the trunk, the pelvis or both, however mounted.

    Every impact is judged 3.5 s later by a logistic regression on features of the force around it,
    less what speaks for something else (see `doubts`). The features follow the established ones
    (Bourke 2007, Kangas 2008: drop, impact, change of posture), but the change of posture and the
    turn of the body are told by gravity with no axis known. From then on the fall is `suspected`,
    and watched: a body soon held again as before, or one that goes on moving vigorously, speaks
    against it, and the event may be that it is dismissed. Else it tells whether the person got up
    or stayed down, and how long the body lay still; it follows when that is known, when another
    fall is called or after a minute. A fall just before the stream's end is judged by what there
    is.

    With two sensors either may call the fall, but both must have felt the impact: in a fall the
    whole body drops, while who lies down quickly lets the trunk drop beside a pelvis at rest.
    A slide to the floor, without a hard impact, is called once the body lies (see `SlideFinder`).
    """

    def __init__(self, params: FallParams | None = None, model: FallModel | None = None) -> None:
        self._params = params or FallParams()
        self._model = model or default_model()
        least = self._params.least_probability
        self._least_logit = float(np.log(least) - np.log1p(-least))
        self._sensors: dict[Segment, _Sensor] = {}
        self._watched: WatchedFall | None = None

    @property
    def suspected(self) -> Fall | None:
        """The fall already called and still watched, as known so far: what an alarm acts upon."""
        watched = self._watched
        believed = watched is not None and watched.probability >= self._params.least_probability
        return watched.fall if watched is not None and believed else None

    @property
    def suspected_if_over(self) -> Fall | None:
        """The same if nothing more comes, as when a link breaks in a fall."""
        events = copy.deepcopy(self).finish()
        return next((event for event in reversed(events) if isinstance(event, Fall)), None)

    @property
    def undecided(self) -> bool:
        """Whether something that may be a fall has not been judged to its end."""
        awaited = any(sensor.impacts.awaits_aftermath for sensor in self._sensors.values())
        return awaited or self._watched is not None

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
            self._sensors[name] = _Sensor(name, impacts, SlideFinder(impacts, self._params.slide))
        return self._sensors[name]

    def _falls(self, sensor: _Sensor, impacts: list[Impact]) -> Iterator[Call]:
        for impact in impacts:
            features = impact.features
            if features is None or not self._felt_by_all(impact):
                continue
            logit = self._logit(features)
            if logit < self._least_logit:
                continue
            up = sensor.impacts.up(impact.index)
            seen = Seen(impact.index, features, sensor.impacts, sensor.segment, up)
            against = dict(doubts(seen, self._params.doubt))
            logit -= sum(against.values())
            if logit >= self._least_logit:
                yield Call(
                    impact=impact,
                    logit=logit,
                    known_at=impact.index + samples(AFTER_S),
                    finder=sensor.impacts,
                    before_g=features.before_g,
                    tilt_deg=features.tilt_deg,
                    doubts=tuple(against),
                )

    def _logit(self, features: ImpactFeatures) -> float:
        """The model's, to which what was lost of an impact may have been as hard as any."""
        params = self._params
        seen = -np.inf if np.isnan(features.values).any() else self._model.logit(features.values)
        if features.whole or features.shaken_g < params.lost_shaken_g:
            return seen
        return max(seen, self._model.logit(features.without_force) - params.lost_logit)

    def _slides(self, sensor: _Sensor, impacts: list[Impact], until_index: int) -> Iterator[Call]:
        for slide in sensor.slides.update(impacts, until_index):
            if self._felt_by_all(slide.impact):
                yield Call(
                    impact=slide.impact,
                    logit=slide.logit,
                    known_at=slide.known_at,
                    finder=sensor.impacts,
                    before_g=slide.gravity_before,
                    tilt_deg=None,
                )

    def _felt_by_all(self, impact: Impact) -> bool:
        return all(sensor.impacts.felt(impact.index) for sensor in self._sensors.values())

    def _follow(self, calls: list[Call]) -> list[Event]:
        """Watch each called fall until the next is called, in the order of the calls."""
        events: list[Event] = []
        for call in sorted(calls, key=lambda call: (call.known_at, call.impact.index)):
            events += self._watch(call.known_at)
            if self._watched is not None and self._watched.is_same(call):
                self._watched.add(call)
            else:
                events += self._end_watch()
                self._watched = WatchedFall(call, self._params.watch)
        return events

    def _watch(self, until_index: int) -> list[Event]:
        """Watch the called fall through the samples before `until_index`; return it if over."""
        watched = self._watched
        if watched is None or not watched.is_over(until_index, self._params.least_probability):
            return []
        return self._end_watch()

    def _end_watch(self) -> list[Event]:
        watched, self._watched = self._watched, None
        if watched is None:
            return []
        believed = watched.probability >= self._params.least_probability
        return [watched.fall if believed else watched.dismissed]


@dataclass(frozen=True, slots=True, eq=False)
class _Sensor:
    segment: Segment
    impacts: ImpactFinder
    slides: SlideFinder
