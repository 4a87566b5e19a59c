"""Slides to the floor: no hard impact, but the hips sink that far and the body ends up lying."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analytics.falls.features import angle_deg
from analytics.falls.impacts import Impact, ImpactFinder, samples
from sensors.types import FloatArray

_SECOND = samples(1.0)
_SANK_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SlideParams:
    """What tells a slide to the floor from sitting down. Engineering judgement throughout."""

    least_sunk_m: float = 0.6
    """Between the hips' way from standing to a bed or chair (0.45 m) and to the floor (0.85 m)."""
    sunk_error_m: float = 0.1
    """Error of the measured depth, which sets how fast the log-odds grow with it."""
    upright_within_deg: float = 35.0
    """A slide ends seated: the body has turned less than this from how it was before."""
    calm_sd_g: float = 0.15
    """And seated it stays for a moment; a step or a jump is followed by the next."""
    held_s: float = 8.0
    """For so long before it sank …"""
    held_within_deg: float = 60.0
    """… the body was held like this; a sensor in the hand was not."""
    lying_deg: float = 60.0
    """Turned this far from before the slide, the body lies."""
    lying_s: float = 3.0
    """For this long without a break: it stays down."""
    lies_within_s: float = 10.0
    """The body lies at most so long after it reached the floor, or it sits there on purpose."""


@dataclass(frozen=True, slots=True, eq=False)
class Slide:
    """A slide whose end was `impact`; known at grid sample `known_at`."""

    impact: Impact
    logit: float
    known_at: int
    gravity_before: FloatArray


class SlideFinder:
    """Finds slides among the impacts of one sensor by what follows them.

    The depth sunk comes from integrating the vertical acceleration twice, at rest before and after,
    as in fall detection by vertical velocity (Bourke 2010); with it, sitting down on the floor and
    then lying is told from lying down on a bed. Getting down on a mat so fast that one lands with
    a bump, and lying down at once, cannot be told from a slide.
    """

    def __init__(self, finder: ImpactFinder, params: SlideParams) -> None:
        self._finder = finder
        self._params = params
        self._seated: list[_Seated] = []

    def update(self, impacts: list[Impact], until_index: int) -> list[Slide]:
        """Take the next impacts and all samples before `until_index`; return the slides."""
        self._seated += [
            _Seated(impact, self._finder.gravity_before(impact.index))
            for impact in impacts
            if self._ends_seated(impact)
        ]
        slides = [slide for seated in self._seated for slide in self._follow(seated, until_index)]
        self._seated = [seated for seated in self._seated if not seated.done]
        return slides

    def _ends_seated(self, impact: Impact) -> bool:
        params, finder = self._params, self._finder
        before = finder.gravity_before(impact.index)
        after_g = finder.acc_g(impact.index, 0.5, 1.5)
        return (
            finder.sunk_m(impact.index) >= params.least_sunk_m
            and float(angle_deg(before, after_g.mean(axis=0))) <= params.upright_within_deg
            and float(np.sqrt(after_g.var(axis=0).sum())) <= params.calm_sd_g
            and finder.wandered_deg(impact.index, -params.held_s, -_SANK_S)
            <= params.held_within_deg
        )

    def _follow(self, seated: _Seated, until_index: int) -> list[Slide]:
        """Watch a seated body second by second; give the slide once it lies."""
        params = self._params
        while not seated.done and seated.next_index + _SECOND <= until_index:
            acc_g = self._finder.acc_g(seated.next_index, 0.0, 1.0)
            lies = angle_deg(seated.gravity_before, acc_g.mean(axis=0)) >= params.lying_deg
            seated.lying_s = seated.lying_s + 1.0 if lies else 0.0
            seated.next_index += _SECOND
            if seated.lying_s >= params.lying_s:
                seated.done = True
                return [self._slide(seated)]
            waited = seated.next_index - samples(seated.lying_s) - seated.impact.index
            seated.done = waited > samples(params.lies_within_s)
        return []

    def _slide(self, seated: _Seated) -> Slide:
        params = self._params
        excess_m = self._finder.sunk_m(seated.impact.index) - params.least_sunk_m
        posture = self._finder.posture(seated.next_index, -1.0, 0.0)
        return Slide(
            impact=replace(seated.impact, posture_after=posture),
            logit=excess_m / params.sunk_error_m,
            known_at=seated.next_index,
            gravity_before=seated.gravity_before,
        )


class _Seated:
    """A body that sank to a seat, whichever it is, and is watched for lying down."""

    def __init__(self, impact: Impact, gravity_before: FloatArray) -> None:
        self.impact = impact
        self.gravity_before = gravity_before
        self.next_index = impact.index + samples(1.5)
        self.lying_s = 0.0
        self.done = False
