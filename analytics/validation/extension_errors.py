"""How far the told extension of the spine is from the true one, and whether it knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.body import BODY_RATE_HZ
from analytics.trace import Trace
from sensors.types import FloatArray

SETTLED_S = 2.0
"""Seconds around a change of posture that are left out: there the neutral changes."""

FIRST_MINUTES_S = 600.0
"""On the side only so much is asked: no sensor keeps a heading for ever."""

NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ExtensionErrors:
    """Errors and stated standard deviations (n,) of the seconds at which an angle was told.

    `told` is the share of the seconds asked for at which one was.
    """

    error_deg: FloatArray
    sigma_deg: FloatArray
    told: float

    @property
    def rmse_deg(self) -> float:
        """Root mean square error."""
        return float(np.sqrt(np.mean(self.error_deg**2)))

    @property
    def covered(self) -> float:
        """Share of errors within the stated 95 % interval."""
        return float(np.mean(np.abs(self.error_deg) <= NORMAL_95 * self.sigma_deg))


def extension_errors(traced: Trace, truth: Mapping[str, Any]) -> dict[str, ExtensionErrors]:
    """The errors of a trace by true posture: upright, supine, prone and side.

    `truth` is the content of truth.json. Postures that are not in it are left out.
    """
    true_deg = np.array(truth["extension_deg"]["values"])
    seconds = np.arange(len(true_deg)) / truth["extension_deg"]["rate_hz"]
    seconds = seconds[seconds < traced.t_s[-1]]
    asked: dict[str, list[NDArray[np.bool_]]] = {}
    for bout in truth["posture"]:
        on_side = bout["posture"] in ("left", "right")
        last_s = bout["end_s"] - SETTLED_S
        if on_side:
            last_s = min(last_s, bout["start_s"] + FIRST_MINUTES_S)
        within = (seconds >= bout["start_s"] + SETTLED_S) & (seconds < last_s)
        asked.setdefault("side" if on_side else bout["posture"], []).append(within)
    return {
        name: _errors(traced, true_deg, seconds, np.logical_or.reduce(masks))
        for name, masks in asked.items()
        if np.any(masks)
    }


def _errors(
    traced: Trace, true_deg: FloatArray, seconds: FloatArray, asked: NDArray[np.bool_]
) -> ExtensionErrors:
    index = np.rint(seconds[asked] * BODY_RATE_HZ).astype(int)
    error_deg = traced.extension_deg[index] - true_deg[: len(seconds)][asked]
    told = np.isfinite(error_deg)
    return ExtensionErrors(
        error_deg=error_deg[told], sigma_deg=traced.sigma_deg[index][told], told=float(told.mean())
    )
