"""Falls that people simulated, and activities that resemble them, in recordings of others.

A fall is one if it is called within 3 s of the strongest sample of its trial, the only truth there
is. Nobody is judged by a model that was fitted on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analytics.detector import detect
from analytics.events import Fall
from analytics.falls import FallDetector
from analytics.falls.model import FallModel
from analytics.frontend import FrontEnd
from analytics.validation.document import interval_text, value_text
from analytics.validation.everyday import people
from analytics.validation.fall_trials import Trial, fitted, read_trials
from analytics.validation.falls_judged import (
    Asked,
    Judged,
    by_exercise,
    decision_delays_s,
    fall_figures,
    judged,
    leaving_one_out,
)
from analytics.validation.falls_listed import listing, traces
from analytics.validation.falls_probability import probability_findings
from analytics.validation.figures import ALL, Figure, Kind, Unit, quantile, rate
from analytics.validation.findings import Finding, Listing
from analytics.validation.nuisances import NUISANCES
from analytics.validation.worn import Stream
from sensors.types import Placement

SISFALL, UMAFALL = "SisFall waist", "UMAFall"
LEFT_OUT = "leaving one person out"
ASKED_LEFT_OUT = Asked(found=99.0, clean=99.5, false_per_hour=0.6)
ASKED_OLD = Asked(clean=99.5)
OF_THE_OTHER = "fitted on the other set"
UMAFALL_PLACEMENTS = (Placement.WAIST, Placement.STERNUM)
ASKED_ACROSS = {
    SISFALL: Asked(found=92.0, clean=97.0),
    f"{UMAFALL} {Placement.WAIST}": Asked(found=96.0, clean=99.0),
    f"{UMAFALL} {Placement.STERNUM}": Asked(found=93.0, clean=99.0),
}
ASKED_DELAY_S = 4.0
REPORTED = (
    *("20 Hz", "25 Hz", "100 Hz", "±8 g", "below 10 Hz", "no gyroscope", "worn otherwise"),
    *("10 % lost", "strongest 0.2 s lost", "strongest 0.5 s lost", "until 1.0 s after"),
)
"""The nuisances that are reported; `NUISANCES` has more."""

EDGE_S = 5.0
"""The first and last seconds of a recording, in which sensors are put on and taken off."""

STRENUOUS = {"a03", "a04", "a17", "a18", "a19"}
"""Lying on the back and the right side, rowing, jumping and basketball."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strangers:
    """A model of each set, for the other."""

    of_sisfall: FallModel
    of_umafall: FallModel

    def judged(self, sisfall: Sequence[Trial], umafall: Sequence[Trial]) -> dict[str, list[Judged]]:
        """Each set by the model of the other, by set and placement."""
        found = {SISFALL: judged(self.of_umafall, sisfall)}
        for placement in UMAFALL_PLACEMENTS:
            there = [trial for trial in umafall if trial.placement is placement]
            found[f"{UMAFALL} {placement}"] = judged(self.of_sisfall, there)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """Trials as judged by models that never saw their people.

    `left_out` is SisFall, each person by everybody else's model; `older` its older people by that
    of the young; `across` each set by the model of the other, by set and placement.
    """

    left_out: list[Judged]
    older: list[Judged]
    across: dict[str, list[Judged]]
    strangers: Strangers


def held_out(sisfall: Sequence[Trial], umafall: Sequence[Trial]) -> HeldOut:
    """Fit on some people, judge the others."""
    young = fitted([trial for trial in sisfall if not _is_older(trial)])
    strangers = Strangers(of_sisfall=fitted(sisfall), of_umafall=fitted(umafall))
    return HeldOut(
        left_out=leaving_one_out(sisfall),
        older=judged(young, [trial for trial in sisfall if _is_older(trial)]),
        across=strangers.judged(sisfall, umafall),
        strangers=strangers,
    )


def recorded_findings(datasets: Path) -> Iterator[Finding]:
    """Falls of SisFall and UMAFall found by models of other people, and everything else clean."""
    sisfall = list(read_trials(datasets, "sisfall"))
    umafall = list(read_trials(datasets, "umafall"))
    results = held_out(sisfall, umafall)
    strangers = results.strangers
    yield from held_out_figures(results)
    yield _delay_figure(strangers.of_umafall, sisfall)
    yield from sport_figures(datasets)
    yield from _turned_figures(datasets, strangers, results.across)
    yield _nuisances(datasets, strangers)
    yield from probability_findings(
        {UMAFALL: (strangers.of_sisfall, umafall), SISFALL: (strangers.of_umafall, sisfall)}
    )
    in_umafall = [
        each for name, group in results.across.items() if name != SISFALL for each in group
    ]
    yield listing("SisFall, leaving one person out", results.left_out)
    yield listing("UMAFall, fitted on SisFall", in_umafall)
    yield from traces([*results.left_out, *in_umafall])


def held_out_figures(results: HeldOut) -> Iterator[Figure]:
    """Falls found and activities clean of people and sets that were not fitted on."""
    left_out = results.left_out
    of_older = [each for each in left_out if _is_older(each.trial)]
    yield from fall_figures(SISFALL, LEFT_OUT, left_out, ASKED_LEFT_OUT)
    yield from fall_figures(SISFALL, f"{LEFT_OUT}, by activity", left_out, grouping=by_exercise)
    yield from fall_figures(SISFALL, "of these the older people", of_older, ASKED_OLD)
    yield from fall_figures(SISFALL, "fitted on the young, the older people", results.older)
    for data_set, found in results.across.items():
        yield from fall_figures(data_set, OF_THE_OTHER, found, ASKED_ACROSS[data_set])


def sport_figures(datasets: Path) -> Iterator[Figure]:
    """False alarms of the shipped model in sport and rest, from 5 s on and until 5 s before."""
    strenuous = Kind(
        "DSADS chest", "false alarms in jumping, basketball, rowing, lying", Unit.PER_HOUR, 0.0
    )
    everything = Kind("DSADS chest", "false alarms in all of sport and rest", Unit.PER_HOUR)
    alarms: dict[str, int] = {}
    hours: dict[str, float] = {}
    for person in people(datasets).values():
        for activity, stream in person.items():
            alarms[activity] = alarms.get(activity, 0) + _alarms_inside(stream)
            hours[activity] = hours.get(activity, 0.0) + float(stream[1].t_s[-1]) / 3600.0
    for kind, activities in ((strenuous, STRENUOUS), (everything, set(alarms))):
        for name in sorted(activities):
            yield rate(kind, name, alarms[name], hours[name])
        counted = sum(alarms[name] for name in activities)
        yield rate(kind, ALL, counted, sum(hours[name] for name in activities))


def _alarms_inside(stream: Stream) -> int:
    info, chunk = stream
    front_end = FrontEnd([info])
    events = detect(FallDetector(), [*front_end.push(chunk), *front_end.finish()])
    falls = [event for event in events if isinstance(event, Fall)]
    return sum(EDGE_S < fall.impact_s < chunk.t_s[-1] - EDGE_S for fall in falls)


def _turned_figures(
    datasets: Path, strangers: Strangers, as_worn: Mapping[str, Sequence[Judged]]
) -> Iterator[Figure]:
    """The same with each sensor mounted anyhow: shares may be one point less than as worn."""
    for data_set, results in strangers.judged(*_worn_so(datasets, "turned")).items():
        asked = _a_point_less(as_worn[data_set])
        yield from fall_figures(data_set, f"{OF_THE_OTHER}, random mounting", results, asked)


def _nuisances(datasets: Path, strangers: Strangers) -> Listing:
    """The same as other sensors, or the same worn otherwise, would have seen it."""
    rows = []
    for name in REPORTED:
        found = strangers.judged(*_worn_so(datasets, name))
        rows.append((name, *(text for results in found.values() for text in _told(results))))
    return Listing(
        title="As other sensors would have seen it, by the model of the other set",
        columns=("sensor", *(f"{name}, {what}" for name in found for what in ("found", "clean"))),
        rows=tuple(rows),
    )


def _worn_so(datasets: Path, nuisance: str) -> tuple[list[Trial], list[Trial]]:
    """SisFall's trials and UMAFall's with a nuisance."""
    worn = NUISANCES[nuisance]
    sisfall, umafall = (list(read_trials(datasets, name, worn)) for name in ("sisfall", "umafall"))
    return sisfall, umafall


def _told(results: Sequence[Judged]) -> Iterator[str]:
    """The shares of falls found and of activities clean, with their intervals."""
    for figure in fall_figures("", "", results):
        if figure.subject == ALL and figure.unit is Unit.SHARE:
            yield f"{value_text(figure)} ({interval_text(figure)})"


def _a_point_less(results: Sequence[Judged]) -> Asked:
    found, clean = (
        100.0 * float(np.mean([each.right for each in results if each.trial.is_fall is is_fall]))
        for is_fall in (True, False)
    )
    return Asked(found=round(found - 1.0, 1), clean=round(clean - 1.0, 1))


def _delay_figure(model: FallModel, trials: Sequence[Trial]) -> Figure:
    kind = Kind(SISFALL, "from impact to suspicion, 95 % below", Unit.SECONDS, ASKED_DELAY_S)
    delays: dict[str, list[float]] = {}
    for trial in trials:
        if trial.is_fall:
            delays.setdefault(trial.subject, []).extend(decision_delays_s(model, trial))
    return quantile(kind, ALL, list(delays.values()), 0.95)


def _is_older(trial: Trial) -> bool:
    return trial.subject.startswith("SE")
