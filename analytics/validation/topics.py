"""What can be validated, and what each topic needs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from itertools import chain
from pathlib import Path

from analytics.validation.bridges_measured import measured_figures
from analytics.validation.bridges_recorded import recorded_figures
from analytics.validation.bridges_rejected import exercises_figures, hours_figures
from analytics.validation.bridges_simulated import simulated_findings
from analytics.validation.everyday import everyday_figures
from analytics.validation.falls_recorded import recorded_findings
from analytics.validation.falls_simulated import home_figures, simulated_fall_figures
from analytics.validation.figures import Figure
from analytics.validation.findings import Finding
from analytics.validation.lying_down import lying_down_figures
from analytics.validation.movements import movement_figures
from analytics.validation.orientation import orientation_figures
from analytics.validation.simulated import alone_figures, posture_figures, spine_figures
from analytics.validation.worn import ValidationError

DATASETS_VARIABLE = "FIVEPOINT_DATASETS"
"""Environment variable that names the folder of published recordings."""


class Topic(StrEnum):
    """What is compared with a known truth."""

    ORIENTATION = "orientation"
    POSTURE = "posture"
    SPINE = "spine"
    BRIDGING = "bridging"
    FALLS = "falls"
    MOVEMENTS = "movements"


def validate(topic: Topic, datasets: Path | None = None) -> Iterator[Finding]:
    """What a topic gives, as it is measured on published recordings or simulated ones.

    The recordings are looked for in `datasets`, else in the folder that `FIVEPOINT_DATASETS`
    names. Raises ValidationError if they are needed and not there.
    """
    return _MEASURED[topic](datasets)


def _orientation(datasets: Path | None) -> Iterator[Figure]:
    return orientation_figures(_folder(datasets))


def _posture(datasets: Path | None) -> Iterator[Figure]:
    folder = _folder(datasets)
    return chain(everyday_figures(folder), lying_down_figures(folder), posture_figures())


def _spine(datasets: Path | None) -> Iterator[Figure]:
    return chain(spine_figures(), alone_figures())


def _bridging(datasets: Path | None) -> Iterator[Finding]:
    folder = _folder(datasets)
    return chain(
        recorded_figures(folder),
        simulated_findings(),
        measured_figures(),
        exercises_figures(),
        hours_figures(),
    )


def _falls(datasets: Path | None) -> Iterator[Finding]:
    folder = _folder(datasets)
    return chain(recorded_findings(folder), home_figures(), simulated_fall_figures())


def _movements(datasets: Path | None) -> Iterator[Figure]:
    return movement_figures(_folder(datasets))


_MEASURED: Mapping[Topic, Callable[[Path | None], Iterator[Finding]]] = {
    Topic.ORIENTATION: _orientation,
    Topic.POSTURE: _posture,
    Topic.SPINE: _spine,
    Topic.BRIDGING: _bridging,
    Topic.FALLS: _falls,
    Topic.MOVEMENTS: _movements,
}


def _folder(datasets: Path | None) -> Path:
    named = datasets or os.environ.get(DATASETS_VARIABLE)
    if not named:
        raise ValidationError(
            f"{DATASETS_VARIABLE} is not set and no folder was given, so nothing was validated; "
            "name the folder that holds the published recordings."
        )
    return Path(named)
