"""Bridges of simulated people: how many were found, and how rightly they were measured.

Anybody, at any speed and to any height, with sensors of any quality mounted anyhow, each calibrated
from standing and lying as people do it. A sensor is judged by what its own segment does: the upper
back tilts less than the hips.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analytics.events import Repetition
from analytics.validation.figures import ALL, Figure, Kind, Unit, pooled, quantile, share
from analytics.validation.findings import Finding, Listing
from analytics.validation.repetitions import (
    UNKNOWN,
    Interval,
    WhichSensor,
    found_by_each,
    matched,
)
from sensors.simulator import Simulation, simulate
from sensors.simulator.body import SEGMENT_OF
from sensors.simulator.sessions import exercise_session
from sensors.simulator.stage import RepetitionTruth
from sensors.simulator.variation import (
    any_body,
    any_bridging_set,
    any_sensor,
)
from sensors.types import FloatArray, Placement

SET = "simulator"
BODIES = 500
BLOCK = 25
"""Bodies whose results are shown together."""

SETS, REPS = 2, 10
"""Each body does two sets of ten."""

PAUSE_S = 20.0
LENGTHS_S, HEIGHTS_DEG = (1.0, 2.0, 4.0, 8.0, 13.0), (5.0, 10.0, 20.0, 40.0)
"""Limits between sets that are shown together."""

ASKED_EXACT, ASKED_HOLD_S, ASKED_PEAK_DEG = 99.5, 0.15, 2.0
"""Share of sets counted exactly, and 95th percentiles of the errors."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Result:
    """What one sensor tells of one body: which sets it counts exactly, and its errors (n,)."""

    exact: tuple[bool, ...]
    hold_errors_s: FloatArray
    peak_errors_deg: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BodyResults:
    """What each sensor tells of one body, and the mean length and height of its sets."""

    whole_s: tuple[float, ...]
    peak_deg: tuple[float, ...]
    results: Mapping[WhichSensor, Result]


def simulated_findings(bodies: int = BODIES) -> Iterator[Finding]:
    """How many sets were counted exactly, and how far off hold times and peaks are."""
    done: list[BodyResults] = []
    for seed in range(bodies):
        done.append(body_of(seed))
        if len(done) % BLOCK == 0:
            yield from _figures(f"bodies {seed + 1 - BLOCK}–{seed}", done[-BLOCK:])
    yield from _figures(ALL, done)
    yield _by_length_and_height(done)


def body_of(seed: int) -> BodyResults:
    """What each sensor tells of one body."""
    simulation = simulated(seed)
    true = simulation.repetitions
    true_peaks_deg = {str(place): _true_peaks_deg(simulation, place) for place in Placement}
    sets = [true[first : first + REPS] for first in range(0, len(true), REPS)]
    return BodyResults(
        whole_s=tuple(float(np.mean([each.end_s - each.start_s for each in one])) for one in sets),
        peak_deg=tuple(float(np.mean([each.peak_deg for each in one])) for one in sets),
        results={
            (place, how): _result(true, true_peaks_deg[place], found)
            for (place, how), found in found_by_each(simulation).items()
        },
    )


def simulated(seed: int) -> Simulation:
    """Another body for each seed that does its sets, with a sensor at every place."""
    rng = np.random.default_rng(seed)
    sets = [any_bridging_set(rng, reps=REPS) for _ in range(SETS)]
    return simulate(
        exercise_session(*sets, rng=rng, pause_s=PAUSE_S),
        sensors=[any_sensor(placement, rng) for placement in Placement],
        seed=seed,
        body=any_body(rng),
    )


def _true_peaks_deg(simulation: Simulation, placement: Placement) -> FloatArray:
    """How far (n,) the long axis of the segment that the sensor is on tilts in each repetition."""
    moments_s = [(each.start_s, each.hold_start_s) for each in simulation.repetitions]
    frame = simulation.segment_frame(SEGMENT_OF[placement], np.array(moments_s).ravel())
    elevation_deg = np.degrees(np.arcsin(frame.up[2]))
    peaks_deg: FloatArray = np.abs(elevation_deg[1::2] - elevation_deg[0::2])
    return peaks_deg


def _result(
    true: Sequence[RepetitionTruth], true_peaks_deg: FloatArray, found: Sequence[Repetition]
) -> Result:
    done = [each for each in found if not each.partial]
    pairs = matched([_whole_s(each) for each in true], [_whole_s(each) for each in done])
    both = [(index, done[pair]) for index, pair in enumerate(pairs) if pair is not None]
    return Result(
        exact=_exact(true, done),
        hold_errors_s=np.array([each.hold_s - true[index].hold_s for index, each in both]),
        peak_errors_deg=np.array([each.peak_deg - true_peaks_deg[index] for index, each in both]),
    )


def _exact(true: Sequence[RepetitionTruth], done: Sequence[Repetition]) -> tuple[bool, ...]:
    """For each set whether as many were found as done; those between count to the nearest."""
    pauses_s = [
        0.5 * (before.end_s + after.start_s)
        for before, after in zip(true[REPS - 1 :: REPS], true[REPS::REPS], strict=False)
    ]
    counts, _ = np.histogram([each.start_s for each in done], [-np.inf, *pauses_s, np.inf])
    return tuple((counts == REPS).tolist())


def _whole_s(repetition: Repetition | RepetitionTruth) -> Interval:
    return repetition.start_s, repetition.end_s


def _figures(subject: str, bodies: Sequence[BodyResults]) -> Iterator[Figure]:
    known = [which for which in bodies[0].results if which[1] != UNKNOWN]
    together = Kind(
        SET, "every sensor that is calibrated, sets counted exactly", Unit.SHARE, ASKED_EXACT
    )
    counted = [[ok for which in known for ok in body.results[which].exact] for body in bodies]
    yield _exact_figure(together, subject, counted)
    for placement, how in bodies[0].results:
        results = [body.results[placement, how] for body in bodies]
        asked = None if how == UNKNOWN else ASKED_EXACT
        exact = Kind(SET, f"{placement}{how}, sets counted exactly", Unit.SHARE, asked)
        yield _exact_figure(exact, subject, [each.exact for each in results])
        if how != UNKNOWN:
            yield from _error_figures(f"{placement}{how}", subject, results)


def _exact_figure(kind: Kind, subject: str, counted: Sequence[Sequence[bool]]) -> Figure:
    hits, counts = [sum(each) for each in counted], [len(each) for each in counted]
    if subject == ALL:
        return pooled(kind, hits, counts)
    return share(kind, subject, sum(hits), sum(counts))


def _error_figures(sensor: str, subject: str, results: Sequence[Result]) -> Iterator[Figure]:
    hold = Kind(SET, f"{sensor}, hold error, 95 % below", Unit.SECONDS, ASKED_HOLD_S)
    peak = Kind(SET, f"{sensor}, peak error, 95 % below", Unit.DEGREES, ASKED_PEAK_DEG)
    yield quantile(hold, subject, [np.abs(each.hold_errors_s) for each in results], 0.95)
    yield quantile(peak, subject, [np.abs(each.peak_errors_deg) for each in results], 0.95)


def _by_length_and_height(bodies: Sequence[BodyResults]) -> Listing:
    """Of all calibrated sensors, the share of sets counted exactly by what they were like."""
    rows = [
        (
            f"{low_s:g} to {high_s:g} s",
            *(
                _exact_text(bodies, (low_s, high_s), (low_deg, high_deg))
                for low_deg, high_deg in pairwise(HEIGHTS_DEG)
            ),
        )
        for low_s, high_s in pairwise(LENGTHS_S)
    ]
    heights = (f"{low:g} to {high:g}°" for low, high in pairwise(HEIGHTS_DEG))
    return Listing(
        title="Sets counted exactly by every calibrated sensor, by the length of a repetition "
        "and the tilt of the pelvis",
        columns=("repetition", *heights),
        rows=tuple(rows),
    )


def _exact_text(bodies: Sequence[BodyResults], whole_s: Interval, peak_deg: Interval) -> str:
    exact = [
        result.exact[number]
        for body in bodies
        for number in range(SETS)
        if whole_s[0] <= body.whole_s[number] < whole_s[1]
        and peak_deg[0] <= body.peak_deg[number] < peak_deg[1]
        for (_, how), result in body.results.items()
        if how != UNKNOWN
    ]
    return f"{100 * np.mean(exact):.1f} % of {len(exact)}" if exact else "none"
