"""Published trials of falls and activities, as the fall model is fitted and judged on them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from analytics.body import SEGMENT_OF, BodyChunk
from analytics.detector import detect
from analytics.events import Fall
from analytics.falls import FallDetector, FallParams
from analytics.falls.features import FEATURES
from analytics.falls.fitting import fit
from analytics.falls.impacts import Impact, ImpactFinder, ImpactParams
from analytics.falls.model import FallModel
from analytics.frontend import FrontEnd
from sensors.importers import IMPORTERS, ImporterError, Item
from sensors.types import Chunk, FloatArray, Placement, StreamInfo

HIT_WITHIN_S = 3.0
"""A fall is found by a call this close to its strongest moment, the trial's only truth."""

Worn: TypeAlias = Callable[[StreamInfo, Chunk, np.random.Generator], tuple[StreamInfo, Chunk]]
"""Changes a stream into what another sensor, or the same worn otherwise, would have given."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Trial:
    """One sensor's recording of one fall or activity, and every impact in it.

    `strongest_s` is when the force was largest, before anything was changed about the stream.
    `hits` (n, k) are the features of the impacts close to that moment and `impacts` (m, k) those
    of all impacts that may have been falls, ordered as `FEATURES`.
    """

    data_set: str
    name: str
    placement: Placement
    subject: str
    exercise: str
    is_fall: bool
    duration_s: float
    strongest_s: float
    body: tuple[BodyChunk, ...]
    hits: FloatArray
    impacts: FloatArray


def read_trials(datasets: Path, name: str, worn: Worn | None = None) -> Iterator[Trial]:
    """Every trunk stream of every trial of SisFall or UMAFall, if so desired as if `worn` so."""
    importer = IMPORTERS[name]
    rng = np.random.default_rng(1)
    for item in importer.find(datasets / name):
        try:
            streams = importer.read(item).streams
        except ImporterError as error:
            print(error, file=sys.stderr)
            continue
        for info, chunk in streams:
            if info.placement is not Placement.THIGH:
                strongest_s = float(chunk.t_s[np.argmax(np.linalg.norm(chunk.acc, axis=1))])
                if worn is not None:
                    info, chunk = worn(info, chunk, rng)
                yield _trial(name, item, info, chunk, strongest_s)


def fitted(trials: Sequence[Trial], fitted_on: str = "") -> FallModel:
    """The model fitted on these trials, as `fit` does it."""
    falls = [trial.hits for trial in trials if trial.is_fall]
    return fit(falls, [trial.impacts for trial in trials if not trial.is_fall], fitted_on)


def falls_called(
    model: FallModel | None, trial: Trial, params: FallParams | None = None
) -> list[Fall]:
    """The falls that the whole detector calls in a trial; in a fall, only where it happened."""
    events = detect(FallDetector(params, model), trial.body)
    falls = [event for event in events if isinstance(event, Fall)]
    if trial.is_fall:
        return [fall for fall in falls if abs(fall.impact_s - trial.strongest_s) <= HIT_WITHIN_S]
    return falls


def _trial(data_set: str, item: Item, info: StreamInfo, chunk: Chunk, strongest_s: float) -> Trial:
    start_s = float(chunk.t_s[0])
    chunk, strongest_s = replace(chunk, t_s=chunk.t_s - start_s), strongest_s - start_s
    front_end = FrontEnd([info])
    body = (*front_end.push(chunk), *front_end.finish())
    finder = ImpactFinder(0, ImpactParams())
    impacts = [i for part in body for i in finder.update(part.segments[SEGMENT_OF[info.placement]])]
    impacts += finder.finish()
    return Trial(
        data_set=data_set,
        name=item.name,
        placement=info.placement,
        subject=item.subject,
        exercise=item.exercise,
        is_fall=item.exercise.startswith("F"),
        duration_s=float(chunk.t_s[-1]),
        strongest_s=strongest_s,
        body=body,
        hits=_features([i for i in impacts if abs(i.time_s - strongest_s) <= HIT_WITHIN_S]),
        impacts=_features(impacts),
    )


def _features(impacts: Sequence[Impact]) -> FloatArray:
    """The features (n, k) of those that may have been falls and are known in full."""
    values = [impact.features.values for impact in impacts if impact.features is not None]
    features = np.array(values).reshape(-1, len(FEATURES))
    return features[~np.isnan(features).any(axis=1)]
