"""What is measured of one bridge, and how sure each measure is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from analytics.body import BODY_RATE_HZ, Segment
from analytics.bridging.movement import GYRO, UP, Movement
from analytics.bridging.smoothness import log_dimensionless_jerk, spectral_arc_length
from analytics.bridging.tremor import tremor
from analytics.events import Confidence, Repetition
from analytics.robust import slope
from sensors.types import GRAVITY_MS2, FloatArray

_SETTLING_S = 0.3
"""At each end of the hold, where the hips still come to rest or already leave it."""

_MIN_SAG_HOLD_S = 2.0
"""Of a shorter hold, breath and the rest of the lift bend the slope more than fatigue does."""

_SAG_STEP = round(0.2 * BODY_RATE_HZ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worn:
    """The sensor that tells of the bridges: its place, its own rate, what is known of its axes."""

    segment: Segment
    rate_hz: float
    calibrated: bool
    facing_known: bool


TRUNK_PART = 0.288
"""Hip to shoulder as a share of stature (Drillis and Contini 1966, in Winter, Biomechanics and
Motor Control of Human Movement). A spine that has lost height is shorter than that."""


def hip_rise_m(rise_part: float | None, stature_m: float | None) -> float | None:
    """`Repetition.rise_part` in metres; None where it or the stature is not known."""
    if rise_part is None or stature_m is None:
        return None
    return rise_part * TRUNK_PART * stature_m


def repetition(movement: Movement, worn: Worn, *, partial: bool) -> Repetition:
    """The movement as a repetition, with everything that its sensor can tell."""
    times = movement.timing
    has_gyro = not bool(np.isnan(movement.stretch.samples[:, GYRO]).any())
    sure = has_gyro and worn.calibrated and worn.segment is not Segment.TRUNK
    return Repetition(
        start_s=movement.at_s(times.start),
        end_s=movement.at_s(times.end),
        hold_start_s=movement.at_s(times.hold_start),
        hold_end_s=movement.at_s(times.hold_end),
        peak_deg=times.range_deg,
        rise_part=_rise_part(movement, worn),
        roll_deg=_roll_deg(movement, worn),
        sag_degs=_sag_degs(movement),
        sag_deg=_sag_deg(movement),
        sparc=_sparc(movement) if has_gyro else None,
        ldlj=_ldlj(movement) if has_gyro else None,
        tremor_degs=_tremor_degs(movement, worn) if has_gyro else None,
        tremor_ms2=None if has_gyro else _tremor_ms2(movement, worn),
        partial=partial,
        confidence=Confidence.FULL if sure else Confidence.LOWER,
    )


def _rise_part(movement: Movement, worn: Worn) -> float | None:
    """Rise of the hips from rest to peak as a share of the trunk's length.

    sin θ − sin θ₀ of the trunk's inclination, as if it were a stiff beam that turns about the
    shoulders. In simulated bodies, whose upper back follows the hips by 75 to 88 %, a pelvis sensor
    so tells a tenth too much and a trunk sensor a fifteenth too little. A thigh sensor tells
    nothing of it, since the knee moves too.
    """
    if not worn.calibrated or worn.segment is Segment.THIGH:
        return None
    rest_deg = float(movement.tilt_deg[movement.rest].mean())
    peak_deg = rest_deg + movement.timing.range_deg
    return float(np.sin(np.radians(peak_deg)) - np.sin(np.radians(rest_deg)))


def _roll_deg(movement: Movement, worn: Worn) -> float | None:
    """Mean roll of the pelvis in the hold against the rest before, positive with the left side up.

    Only a calibrated pelvis tells it. What the axes err in facing, of the pitch a share of its sine
    looks like roll: 2° of facing are 0.7° at a peak of 20°.
    """
    if worn.segment is not Segment.PELVIS or not worn.facing_known:
        return None
    sideways_deg = np.degrees(np.arcsin(np.clip(movement.up[:, 1], -1.0, 1.0)))
    return float(sideways_deg[movement.hold].mean() - sideways_deg[movement.rest].mean())


def _sag_degs(movement: Movement) -> float | None:
    """How fast the tilt falls in the hold, in degrees a second; negative where it rises.

    The robust slope (Theil–Sen) over the hold without its first and last 0.3 s; None for a hold of
    under 2 s. Who sinks at once and then holds has a small slope and a large `_sag_deg`.
    """
    held_deg = _settled_tilt_deg(movement)
    if held_deg is None:
        return None
    tilt_deg = held_deg[::_SAG_STEP]
    return -slope(np.arange(len(tilt_deg)) * _SAG_STEP / BODY_RATE_HZ, tilt_deg)


def _sag_deg(movement: Movement) -> float | None:
    """How much of the tilt is lost in the hold: the median of its first second less its last's.

    Without the first and last 0.3 s; None for a hold of under 2 s.
    """
    held_deg = _settled_tilt_deg(movement)
    if held_deg is None:
        return None
    second = min(round(BODY_RATE_HZ), len(held_deg) // 2)
    return float(np.median(held_deg[:second]) - np.median(held_deg[-second:]))


def _settled_tilt_deg(movement: Movement) -> FloatArray | None:
    times, settling = movement.timing, _SETTLING_S * BODY_RATE_HZ
    if times.hold_end - times.hold_start < _MIN_SAG_HOLD_S * BODY_RATE_HZ:
        return None
    return movement.tilt_deg[movement.part(times.hold_start + settling, times.hold_end - settling)]


def _sparc(movement: Movement) -> float | None:
    """Mean spectral arc length of lift and lowering, from the gyroscope."""
    return _mean(spectral_arc_length(speed, BODY_RATE_HZ) for speed in _phase_speeds(movement))


def _ldlj(movement: Movement) -> float | None:
    """Mean log dimensionless jerk of lift and lowering, from the gyroscope."""
    return _mean(log_dimensionless_jerk(speed, BODY_RATE_HZ) for speed in _phase_speeds(movement))


def _tremor_degs(movement: Movement, worn: Worn) -> float | None:
    """Tremor of the turning in the hold, in degrees a second; see `tremor`."""
    return tremor(np.degrees(movement.stretch.samples[movement.hold, GYRO]), worn.rate_hz)


def _tremor_ms2(movement: Movement, worn: Worn) -> float | None:
    """Tremor of the specific force in the hold, in m/s²; see `tremor`.

    Without a gyroscope that is what stands for the vertical, in gravities.
    """
    return tremor(GRAVITY_MS2 * movement.stretch.samples[movement.hold, UP], worn.rate_hz)


def _phase_speeds(movement: Movement) -> list[FloatArray]:
    """Angular speeds in rad/s of lift and of lowering, without the gyroscope's offset at rest."""
    gyro = movement.stretch.samples[:, GYRO]
    speed = np.linalg.norm(gyro - gyro[movement.rest].mean(axis=0), axis=1)
    times = movement.timing
    phases = (times.start, times.hold_start), (times.hold_end, times.end)
    return [speed[movement.part(*phase)] for phase in phases]


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
