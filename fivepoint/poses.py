"""What is wrong with a pose of a guided calibration, said as a helper would say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from analytics.calibration import POSE_ANGLE_DEG, CalibrationError
from sensors.types import FloatArray, Placement

Ups = Mapping[Placement, FloatArray]
"""Mean specific force (3,) at each sensor, of length 1: what is up."""

_HIPS = (Placement.PELVIS, Placement.WAIST)
_TRUNK = (Placement.STERNUM, Placement.UPPER_BACK)

_HARDLY_DEG = 30.0
"""Less than this is the same pose: sway and slumping stay below it."""

_LEVEL_DEG = 25.0
"""A stiff, bent back lifts the chest by less than this; a pillow beneath it by more."""

_OTHER_POSE_DEG = 45.0
"""Further than a held bridge turns anything but a thigh."""

_MOST_LIFT_DEG = 45.0
"""Hips as far above the bed as a trunk allows; a thigh turns further when the knees are bent."""

_SURELY_LIFT_DEG = 30.0
_LEADING_DEG = 1.0


class Obstacle(NamedTuple):
    """Why a pose is not the one that is waited for, and what to do.

    One that only says that nothing has happened yet is not `pressing`.
    """

    cause: str
    remedy: str
    pressing: bool = True


def wrong_lying(standing: Ups, up: Ups) -> Obstacle | None:
    """What is wrong with lying, for which each sensor turns by about a right angle.

    Raises CalibrationError if it shows that the standing before was sitting, which no other way of
    lying can mend.
    """
    turned_deg = {place: angle_deg(before, up[place]) for place, before in standing.items()}
    low_deg, high_deg = POSE_ANGLE_DEG
    if max(turned_deg.values()) < _HARDLY_DEG:
        return Obstacle("You have not lain down yet", "Lie down flat on your back", pressing=False)
    lain = [place for place, deg in turned_deg.items() if deg >= low_deg]
    for place, deg in turned_deg.items():
        if deg < _HARDLY_DEG and lain:
            return _unturned(place)
        if deg < low_deg:
            return Obstacle(
                f"The {place} has turned by {deg:.0f}° since standing and not by about 90°",
                "Lie flat, with no more than one pillow under your head",
            )
        if deg > high_deg:
            return Obstacle(
                f"The {place} has turned by {deg:.0f}° since standing and not by about 90°",
                "Lie level, the head no lower than the hips, with your legs straight",
            )
    return _uneven(turned_deg)


def turned_over(lying: Ups, up: Ups) -> bool:
    """Whether the trunk or the hips lie another way than they did; thighs move with the knees."""
    return any(
        angle_deg(before, up[place]) > _OTHER_POSE_DEG
        for place, before in lying.items()
        if place is not Placement.THIGH
    )


def lift_deg(standing: FloatArray, lying: FloatArray, up: FloatArray) -> float:
    """How far a sensor has turned as hips do that rise: the end at the head goes down.

    0 if it turned otherwise, as in sitting up or rolling. The plane of the front is the one in
    which it turned from `standing` to `lying`, whichever way it is worn.
    """
    turn = up - lying
    aside = np.cross(standing, lying)
    along, across = float(turn @ standing), float(turn @ aside) / float(np.linalg.norm(aside))
    return angle_deg(lying, up) if -along > abs(across) else 0.0


def check_lift(peak_deg: Mapping[Placement, float]) -> None:
    """Raise CalibrationError if sensors turned in the lift as if they were worn elsewhere."""
    thigh_deg = peak_deg.get(Placement.THIGH)
    for place, deg in peak_deg.items():
        if place is Placement.THIGH:
            continue
        outdone = thigh_deg is not None and thigh_deg < deg and deg > _SURELY_LIFT_DEG
        if deg > _MOST_LIFT_DEG or outdone:
            raise CalibrationError(
                f"The {place} sensor turned by {deg:.0f}° in the lift, further than hips do, so "
                "it may sit on a thigh or be loose and nothing was calibrated; see which sensor "
                "is where, and start again"
            )


def seen(standing: Ups, lying: Ups, peak_deg: Mapping[Placement, float]) -> str:
    """What was seen, in one or two sentences."""
    turned = _listed({place: angle_deg(up, lying[place]) for place, up in standing.items()})
    told = f"I saw you stand and lie down: turned by {turned}."
    if not peak_deg:
        return told
    told += f" I saw you lift your hips: turned by {_listed(peak_deg)}."
    trunk = [deg for place, deg in peak_deg.items() if place in _TRUNK]
    hips = [deg for place, deg in peak_deg.items() if place in _HIPS]
    if trunk and hips and max(trunk) > max(hips) + _LEADING_DEG:
        told += " The chest turned more than the hips: see that the two sensors are not swapped."
    return told


def angle_deg(first: FloatArray, second: FloatArray) -> float:
    """The angle between two vectors (3,) of length 1."""
    return float(np.degrees(np.arccos(np.clip(first @ second, -1.0, 1.0))))


def _unturned(place: Placement) -> Obstacle:
    if place is Placement.THIGH:
        raise CalibrationError(
            "The thigh lies as it did at first, so you were sitting and not standing and nothing "
            "was calibrated; start again, and stand upright"
        )
    return Obstacle(
        f"The {place} sensor has not turned with you", "See that it is worn, and lies as you do"
    )


def _uneven(turned_deg: Mapping[Placement, float]) -> Obstacle | None:
    """What is wrong if the chest lies far higher or lower than the hips."""
    trunk = [deg for place, deg in turned_deg.items() if place in _TRUNK]
    hips = [deg for place, deg in turned_deg.items() if place in _HIPS]
    if not trunk or not hips or abs(trunk[0] - hips[0]) <= _LEVEL_DEG:
        return None
    if trunk[0] < hips[0]:
        return Obstacle(
            f"Your chest is raised by about {hips[0] - trunk[0]:.0f}°",
            "Take away what is under your back; one pillow under your head may stay",
        )
    return Obstacle(
        f"Your hips are raised by about {trunk[0] - hips[0]:.0f}°",
        "Take away what is under them; if you sat or leaned at first, start again",
    )


def _listed(degrees: Mapping[Placement, float]) -> str:
    return ", ".join(f"{place} {deg:.0f}°" for place, deg in degrees.items())
