"""The trials that went wrong, one by one, and how the most telling of them look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from analytics.body import BODY_RATE_HZ
from analytics.validation.chart import Axis, Chart
from analytics.validation.fall_trials import Trial
from analytics.validation.falls_judged import Judged
from analytics.validation.findings import Listing, Plate
from sensors.types import GRAVITY_MS2, FloatArray

AROUND_S = 6.0
"""How much of a trial is drawn before and after its strongest moment."""

MOST_DRAWN = 2
"""How many misses and how many false alarms are drawn, each."""


def listing(title: str, results: Sequence[Judged]) -> Listing:
    """Every missed fall and every activity with a false alarm."""
    rows = [
        (
            each.trial.name,
            str(each.trial.placement),
            "missed" if each.trial.is_fall else f"{each.calls} false",
            f"{_force_g(each.trial).max():.1f} g",
            f"{_tilt_deg(each.trial):.0f}°",
        )
        for each in results
        if not each.right
    ]
    return Listing(
        title=f"Missed and falsely called: {title}",
        columns=("trial", "sensor", "what", "peak", "turned by, 2 s before to 3 s after"),
        rows=tuple(rows),
    )


def traces(results: Sequence[Judged]) -> Iterator[Plate]:
    """The hardest and the softest fall that were missed, and the hardest false alarms."""
    wrong = sorted((each for each in results if not each.right), key=_peak_g)
    missed = [each for each in wrong if each.trial.is_fall]
    false = [each for each in wrong if not each.trial.is_fall]
    drawn = [*missed[:1], *missed[1:][-MOST_DRAWN + 1 :], *false[-MOST_DRAWN:]]
    for number, each in enumerate(drawn, start=1):
        yield _trace(each, f"trace-{number}")


def _trace(result: Judged, name: str) -> Plate:
    trial = result.trial
    force_g = _force_g(trial)
    t_s = np.arange(len(force_g)) / BODY_RATE_HZ - trial.strongest_s
    shown = np.abs(t_s) <= AROUND_S
    chart = Chart(
        Axis(title="seconds from the strongest moment", range=(-6.0, 6.0), ticks=(-6, -3, 0, 3, 6)),
        Axis(title="g, and right angles", range=(0.0, 6.0), ticks=(0.0, 1.0, 2.0, 4.0, 6.0)),
    )
    chart.curve("force, g", _points(t_s[shown], force_g[shown]), dots=False)
    turned = _turned_deg(trial)[shown] / 90.0
    chart.curve("turned, right angles", _points(t_s[shown], turned), dots=False)
    what = "missed" if trial.is_fall else "falsely called"
    caption = f"{what}: {trial.name}, {trial.placement}"
    return Plate(name=name, caption=caption, svg=chart.svg())


def _points(x: FloatArray, y: FloatArray) -> list[tuple[float, float]]:
    known = np.isfinite(y)
    return list(zip(x[known].tolist(), y[known].tolist(), strict=True))


def _peak_g(result: Judged) -> float:
    return float(_force_g(result.trial).max())


def _force_g(trial: Trial) -> FloatArray:
    peaks = [next(iter(part.segments.values())).peak_ms2 for part in trial.body]
    force_g: FloatArray = np.nan_to_num(np.concatenate(peaks)) / GRAVITY_MS2
    return force_g


def _turned_deg(trial: Trial) -> FloatArray:
    """The angle (n,) of the vertical to where it was 2 s before the strongest moment."""
    up = np.concatenate([next(iter(part.segments.values())).up for part in trial.body])
    first = up[max(round((trial.strongest_s - 2.0) * BODY_RATE_HZ), 0)]
    turned: FloatArray = np.degrees(np.arccos(np.clip(up @ first, -1.0, 1.0)))
    return turned


def _tilt_deg(trial: Trial) -> float:
    turned = _turned_deg(trial)
    after = min(round((trial.strongest_s + 3.0) * BODY_RATE_HZ), len(turned) - 1)
    return float(turned[after])
