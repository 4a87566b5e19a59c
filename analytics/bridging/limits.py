"""What a movement, and a set of them, must show to be bridges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.body import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeParams:
    """How far the hips are lifted, and what makes a repetition partial."""

    min_deg: float = 4.0
    """Smallest range, that one of 5° is never missed; bridges moved the thigh by 7–39° in a
    published set of exercises."""
    min_other_deg: float = 3.0
    """Smallest of trunk and thigh soon after another bridge, since they tilt by as little as three
    quarters of what the hips do; a deep breath tilts the trunk as far, but not in sets."""
    max_deg: float = 50.0
    """Largest; a person who sits up or turns tilts further."""
    max_sway_part: float = 0.4
    """Largest share of the change that may leave the sagittal plane, where that is not known."""
    max_roll_deg: float = 20.0
    """Largest roll, where it is: hips that a weak side lets drop roll by 10° or so …"""
    max_roll_part: float = 1.5
    """… and as a part of the range: who turns over rolls by more than the hips pitch."""
    shallow_part: float = 0.4
    """Of the range usual in the last repetitions; less is partial."""
    short_part: float = 0.1
    """Of the hold usual in the last repetitions; less is partial …"""
    short_up_part: float = 0.5
    """… if the hips were also up for less than this part of the usual: slow ones hardly stop …"""
    min_usual_hold_s: float = 2.0
    """… where holding is usual at all."""
    max_pause_s: float = 20.0
    """Rest after which what was usual is forgotten (`SetParams.max_pause_s`)."""
    min_pelvis_arm_m: float = 0.15
    """Smallest lever arm of a pelvis sensor: the trunk turns about the shoulders, so that lifted
    hips rise by 0.25 to 0.5 m for each radian; hips that only roll, by less than 0.05 m …"""
    min_thigh_arm_m: float = 0.05
    """… and that of a thigh sensor, whose knee moves too …"""
    arm_errors: float = 2.0
    """… unless so many standard errors leave it open."""
    min_fellow_part: float = 0.25
    """Smallest part of the tilt with which the segment of a second sensor tilts along: trunk and
    thigh do by half or more in a bridge, and not at all where the pelvis rolls alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetParams:
    """What an unknown sensor must show, since there is no posture to ask.

    All defaults are engineering judgement, measured on the published set with and without bridges.
    """

    min_deg: float = 4.5
    """Smallest range: more than `RangeParams.min_deg`, since nothing else tells of the posture."""
    min_repetitions: int = 4
    """Like movements in a row that make a set."""
    max_pause_s: float = 20.0
    """Rest that ends a set."""
    min_alignment: float = 0.6
    """Cosine between the axes of two movements of one set."""
    max_range_ratio: float = 1.7
    """Between the ranges of two movements of one set."""
    min_alike_part: float = 0.55
    """Of lift and lowering, the smaller is at least this part of the larger."""
    phase_s: tuple[float, float] = (0.3, 8.0)
    """Shortest and longest lift or lowering."""
    max_hold_s: float = 60.0
    """Longest hold, or rest between two."""
    max_unrest_ms2: float = 0.8
    """Median deviation of the specific force: bridges are slow, walking shakes throughout …"""
    max_usual_unrest_ms2: float = 0.45
    """… and what is usual in a set is less; nobody's in the published sets was above 0.3."""
    plain_arm_m: float = 0.18
    """A lever arm so long is a bridge's: the thigh's is shorter where knees open or roll to the
    side and in a press-up. In the published set bridges have 0.2 to 0.5 m, two of 15 less …"""
    min_arm_m: float = 0.07
    """… and if it is shorter, at least this (and that of `RangeParams`) …"""
    modest_deg: float = 25.0
    """… the range must be no larger, since what rolls or opens goes further …"""
    modest_hold_s: float = 1.0
    """… be held for so long …"""
    wandering_arm_m: float = 1.5
    """… about one hinge: the arm must be longer by so much times what the axes of the movements
    wander (one less a mean cosine). A press-up goes another way each time."""
    min_rise_m: float = 0.015
    """Smallest rise of the sensor."""
    trunk_arm_m: tuple[float, float] = (0.03, 0.15)
    """Of a sensor on the trunk, which turns about the shoulders; in prone extension it turns about
    the hips, which are further away …"""
    trunk_hold_s: float = 0.5
    """… be held for so long: rowing and rocking go on without a stop …"""
    trunk_deg: float = 40.0
    """… go no further …"""
    trunk_rise_m: float = 0.005
    """… and raise the sensor by so much."""
    sure_errors: float = 2.0
    """Standard errors by which the arm must exceed the smallest to be sure within a set …"""
    likely_errors: float = 0.5
    """… and at its end, but for the trunk, which sways about in much else."""
    max_waiting: int = 24
    """Movements, up and down, after which the arm itself decides."""


def min_arm_m(segment: Segment, params: RangeParams) -> float:
    """Smallest lever arm of a bridge; a trunk's is too short to tell."""
    arms_m = {Segment.PELVIS: params.min_pelvis_arm_m, Segment.THIGH: params.min_thigh_arm_m}
    return arms_m.get(segment, -np.inf)
