"""Bridges of simulated people: all that was done, found and measured, and nothing else.

Anybody, at any speed and to any height, with sensors of any quality mounted anyhow, each calibrated
from standing and lying as people do it. A sensor is judged by what its own segment does: the upper
back tilts less than the hips.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from analytics.calibration import calibrate
from analytics.events import Repetition
from analytics.validation.figures import ALL, Figure, Kind, Unit, pooled, quantile, rate, share
from analytics.validation.repetitions import Interval, matched, repetitions, whole
from analytics.validation.worn import without_gyro
from sensors.simulator import Simulation, simulate
from sensors.simulator.body import SEGMENT_OF
from sensors.simulator.sessions import Script, exercise_session
from sensors.simulator.stage import RepetitionTruth
from sensors.simulator.variation import (
    any_body,
    any_bridging_set,
    any_sensor,
    hour_at_home,
    pelvic_tilts,
)
from sensors.types import FloatArray, Placement

SET = "simulator"
BODIES = 500
BLOCK = 50
"""Bodies whose results are shown together."""

SETS, REPS = 2, 10
"""Each body does two sets of ten."""

PAUSE_S = 20.0
ASKED_EXACT, ASKED_HOLD_S, ASKED_PEAK_DEG = 99.5, 0.15, 2.0
"""Share of sets counted exactly, and 95th percentiles of the errors."""

HOURS = 100
TILTING_BODIES, TILTS = 50, 20
AT_HOME = (Placement.PELVIS, Placement.THIGH, Placement.STERNUM)
WORN = {
    "": (True, True),
    ", no gyroscope": (False, True),
    ", mounting unknown": (True, False),
}
"""How a sensor is worn: whether it has a gyroscope, and whether it was calibrated."""

WhichSensor: TypeAlias = tuple[Placement, str]
"""Where it sits, and how it is worn."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Result:
    """What one sensor tells of one body: its sets, those counted exactly, and its errors (n,)."""

    sets: int
    exact: int
    hold_errors_s: FloatArray
    peak_errors_deg: FloatArray


def simulated_figures(bodies: int = BODIES) -> Iterator[Figure]:
    """How many sets were counted exactly, and how far off hold times and peaks are."""
    results: dict[WhichSensor, list[Result]] = {}
    for first in range(0, bodies, BLOCK):
        block = range(first, min(first + BLOCK, bodies))
        for seed in block:
            for which, result in results_of(seed).items():
                results.setdefault(which, []).append(result)
        for which, of_bodies in results.items():
            yield from _figures(which, f"bodies {first}–{block[-1]}", of_bodies[first:])
    for which, of_bodies in results.items():
        yield from _figures(which, ALL, of_bodies)


def results_of(seed: int) -> dict[WhichSensor, Result]:
    """What each sensor tells of one body."""
    simulation = simulated(seed)
    found = _found(simulation, seed)
    true_peaks_deg = {place: _true_peaks_deg(simulation, place) for place in Placement}
    return {
        (place, how): _result(simulation.repetitions, true_peaks_deg[place], each)
        for (place, how), each in found.items()
    }


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


def hours_figures(hours: int = HOURS) -> Iterator[Figure]:
    """Bridges found in hours about the house and in bed, in which there are none."""
    found: dict[WhichSensor, int] = {}
    for seed in range(hours):
        script = hour_at_home(np.random.default_rng(seed))
        for which, count in false_bridges(script, seed).items():
            found[which] = found.get(which, 0) + count
            if count:
                yield rate(_false_kind(which), f"seed {seed}", count, 1.0)
    for which, count in found.items():
        yield rate(_false_kind(which), ALL, count, hours)


def tilts_figures(bodies: int = TILTING_BODIES) -> Iterator[Figure]:
    """Pelvic tilts, in which the hips stay down, that are not taken for bridges."""
    false: dict[WhichSensor, list[int]] = {}
    for seed in range(bodies):
        script = pelvic_tilts(np.random.default_rng(seed), count=TILTS)
        for which, count in false_bridges(script, seed).items():
            false.setdefault(which, []).append(min(count, TILTS))
    for (placement, how), counts in false.items():
        kind = Kind(SET, f"{placement}{how}, pelvic tilts left alone", Unit.SHARE)
        yield pooled(kind, [TILTS - count for count in counts], [TILTS] * len(counts))


def false_bridges(script: Script, seed: int) -> dict[WhichSensor, int]:
    """How many bridges each sensor finds in a script without any."""
    rng = np.random.default_rng(seed)
    simulation = simulate(
        script,
        sensors=[any_sensor(placement, rng) for placement in AT_HOME],
        seed=seed,
        body=any_body(rng),
    )
    return {which: whole(found) for which, found in _found(simulation, seed).items()}


def _found(simulation: Simulation, seed: int) -> dict[WhichSensor, list[Repetition]]:
    """The repetitions that each sensor shows, worn in each way."""
    chunks = [simulation.samples(info.placement) for info in simulation.infos]
    calibrations = calibrate(
        simulation.infos,
        chunks,
        still=simulation.still_s,
        lying=simulation.lying_s,
        made_from=f"seed {seed}",
    )
    found = {}
    for info, chunk, calibration in zip(simulation.infos, chunks, calibrations, strict=True):
        for how, (has_gyro, calibrated) in WORN.items():
            stream = (info, chunk) if has_gyro else without_gyro((info, chunk))
            known = calibration if calibrated else None
            found[info.placement, how] = repetitions(stream, known)
    return found


def _false_kind(which: WhichSensor) -> Kind:
    placement, how = which
    return Kind(SET, f"{placement}{how}, false bridges at home and in bed", Unit.PER_HOUR, 0.0)


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
        sets=SETS,
        exact=_exact(true, done),
        hold_errors_s=np.array([each.hold_s - true[index].hold_s for index, each in both]),
        peak_errors_deg=np.array([each.peak_deg - true_peaks_deg[index] for index, each in both]),
    )


def _exact(true: Sequence[RepetitionTruth], done: Sequence[Repetition]) -> int:
    """In how many sets as many were found as done; what is found between counts to the nearest."""
    pauses_s = [
        0.5 * (before.end_s + after.start_s)
        for before, after in zip(true[REPS - 1 :: REPS], true[REPS::REPS], strict=False)
    ]
    edges_s = [-np.inf, *pauses_s, np.inf]
    counts, _ = np.histogram([each.start_s for each in done], edges_s)
    return int((counts == REPS).sum())


def _whole_s(repetition: Repetition | RepetitionTruth) -> Interval:
    return repetition.start_s, repetition.end_s


def _figures(which: WhichSensor, subject: str, results: Sequence[Result]) -> Iterator[Figure]:
    placement, how = which
    asked = how != ", mounting unknown"
    exact = Kind(
        SET, f"{placement}{how}, sets counted exactly", Unit.SHARE, ASKED_EXACT if asked else None
    )
    hits, counts = [each.exact for each in results], [each.sets for each in results]
    if subject == ALL:
        yield pooled(exact, hits, counts)
    else:
        yield share(exact, subject, sum(hits), sum(counts))
    if asked:
        hold = Kind(SET, f"{placement}{how}, hold error, 95 % below", Unit.SECONDS, ASKED_HOLD_S)
        peak = Kind(SET, f"{placement}{how}, peak error, 95 % below", Unit.DEGREES, ASKED_PEAK_DEG)
        yield quantile(hold, subject, [np.abs(each.hold_errors_s) for each in results], 0.95)
        yield quantile(peak, subject, [np.abs(each.peak_errors_deg) for each in results], 0.95)
