"""How well each bridge was done: side, rise, sag, tremor and fatigue beside the simulated truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.bridging.measures import hip_rise_m
from analytics.bridging.quality import exact_line, remarks
from analytics.bridging.sets import RepetitionSet, sets_of
from analytics.events import Repetition
from analytics.validation.figures import ALL, Figure, Kind, Unit, pooled, quantile
from analytics.validation.repetitions import calibrated, matched, repetitions
from sensors.simulator import BendKnees, Bridge, BridgingSet, Rest, Simulation, simulate
from sensors.simulator.body import SEGMENT_OF
from sensors.simulator.sessions import Script, calibration_poses
from sensors.simulator.stage import BridgeTruth
from sensors.simulator.variation import any_body, any_sensor
from sensors.types import Placement

SET = "simulator"
BODIES = 60
VARIED = 8
"""Bridges of any kind that each body does, before a set that is even and one that tires."""

TIRING = 0.35
"""Share of height and hold that is lost in the set that tires."""

PLACES = (Placement.PELVIS, Placement.WAIST, Placement.STERNUM)


@dataclass(frozen=True, slots=True, eq=False)
class _Body:
    """What one sensor measured of one body: each repetition with its truth, and the last sets."""

    simulation: Simulation
    placement: Placement
    pairs: list[tuple[Repetition, BridgeTruth]]
    even: RepetitionSet | None
    tiring: RepetitionSet | None


def measured_figures(bodies: int = BODIES) -> Iterator[Figure]:
    """The errors of each measure, and how often an even or a tiring set is said to tire."""
    by_place: dict[Placement, list[_Body]] = {place: [] for place in PLACES}
    for seed in range(bodies):
        for body in _bodies(seed):
            by_place[body.placement].append(body)
    for place, done in by_place.items():
        yield from _error_figures(place, done)
        yield from _fatigue_figures(place, done)


def any_exercise(rng: np.random.Generator) -> Script:
    """Calibration poses, bridges of any kind, and after a rest each an even and a tiring set."""
    script: Script = [*calibration_poses(), BendKnees(), Rest(4.0)]
    for _ in range(VARIED):
        script += [any_bridge(rng), Rest(rng.uniform(2.0, 4.0))]
    for fatigue in (0.0, TIRING):
        script += [Rest(40.0), *BridgingSet(fatigue=fatigue).script(rng)]
    return [*script, Rest(3.0)]


def any_bridge(rng: np.random.Generator) -> Bridge:
    """A bridge at least two seconds long in its hold, rolled, sagging and trembling at random."""
    peak_deg = rng.uniform(12.0, 35.0)
    return Bridge(
        peak_deg=peak_deg,
        lift_s=rng.uniform(0.8, 3.0),
        hold_s=rng.uniform(2.5, 9.0),
        lower_s=rng.uniform(0.8, 3.0),
        sag_deg=peak_deg * rng.uniform(0.0, 0.3),
        roll_deg=rng.uniform(-10.0, 10.0),
        tremor_deg=10.0 ** rng.uniform(-2.0, -0.7),
        late_share=rng.uniform(0.0, 0.15),
    )


def _bodies(seed: int) -> Iterator[_Body]:
    rng = np.random.default_rng([seed, 1])
    simulation = simulate(
        any_exercise(rng),
        sensors=[any_sensor(placement, rng) for placement in PLACES],
        seed=seed,
        body=any_body(rng),
    )
    true = simulation.repetitions
    for info, calibration in zip(simulation.infos, calibrated(simulation), strict=True):
        found = repetitions((info, simulation.samples(info.placement)), calibration)
        pairs = matched(
            [(each.start_s, each.end_s) for each in true],
            [(each.start_s, each.end_s) for each in found],
        )
        varied = zip(true[:VARIED], pairs, strict=False)
        sets = sets_of(found)
        yield _Body(
            simulation=simulation,
            placement=info.placement,
            pairs=[(found[index], truth) for truth, index in varied if index is not None],
            even=sets[1] if len(sets) == 3 else None,
            tiring=sets[2] if len(sets) == 3 else None,
        )


def _error_figures(place: Placement, done: Sequence[_Body]) -> Iterator[Figure]:
    for what, (unit, error) in _ERRORS.items():
        errors = [[error(body, *pair) for pair in body.pairs] for body in done]
        known = [[each for each in one if each is not None] for one in errors]
        if any(known):
            yield quantile(Kind(SET, f"{place}, {what}, 95 % below", unit), ALL, known, 0.95)


def _fatigue_figures(place: Placement, done: Sequence[_Body]) -> Iterator[Figure]:
    for what, sets in (
        ("even sets said to tire", [body.even for body in done]),
        ("tiring sets said to tire", [body.tiring for body in done]),
    ):
        hits = [int(_said_to_tire(one)) for one in sets if one is not None]
        yield pooled(Kind(SET, f"{place}, {what}", Unit.SHARE), hits, [1] * len(hits))


def _said_to_tire(one: RepetitionSet) -> bool:
    line = exact_line(remarks(one))
    return "get lower" in line or "get shorter" in line


def _roll_error_deg(_body: _Body, found: Repetition, truth: BridgeTruth) -> float | None:
    return None if found.roll_deg is None else abs(found.roll_deg - truth.roll_deg)


def _sag_error_deg(body: _Body, found: Repetition, truth: BridgeTruth) -> float | None:
    """Of the tilt lost in the hold, against what the segment itself lost of it."""
    if found.sag_deg is None:
        return None
    t_s = np.array([truth.hold_start_s, truth.hold_end_s])
    frame = body.simulation.segment_frame(SEGMENT_OF[body.placement], t_s)
    high_deg, low_deg = np.degrees(np.arcsin(-frame.up[2])).tolist()
    return float(abs(found.sag_deg - (high_deg - low_deg)))


def _rise_error_percent(body: _Body, found: Repetition, truth: BridgeTruth) -> float | None:
    rise_m = hip_rise_m(found.rise_part, body.simulation.body.stature_m)
    return None if rise_m is None else 100.0 * abs(rise_m / truth.rise_m - 1.0)


def _tremor_error_percent(_body: _Body, found: Repetition, truth: BridgeTruth) -> float | None:
    degs = found.tremor_degs
    return None if degs is None else 100.0 * abs(degs / truth.tremor_degs - 1.0)


_ERRORS: Mapping[str, tuple[Unit, Callable[[_Body, Repetition, BridgeTruth], float | None]]] = {
    "roll error": (Unit.DEGREES, _roll_error_deg),
    "sag error": (Unit.DEGREES, _sag_error_deg),
    "error of the rise, in percent of it": (Unit.SHARE, _rise_error_percent),
    "error of the tremor, in percent of it": (Unit.SHARE, _tremor_error_percent),
}
