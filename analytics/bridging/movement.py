"""One movement that may be a bridge: its samples, and what they measure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analytics.body import BODY_RATE_HZ
from analytics.bridging.course import Felt
from analytics.bridging.timing import HoldParams, Timing, timing
from analytics.detector import kernel
from sensors.types import GRAVITY_MS2, FloatArray

UP, GYRO, FORCE, SUPINE, FELLOW = slice(0, 3), slice(3, 6), 6, 7, 8
COLUMNS = 9
"""Of a sample in the history: vertical (see `write_motion`), angular rate in rad/s, specific force
in m/s², whether all calibrated sensors say that the person lies on the back, and the sine by which
the segment of a second calibrated sensor is raised, NaN without one."""

_SIGMA_S = 0.08
"""Smoothing of the measured movement, about 2 Hz and without delay."""

_HALF_WIDTH = round(3.0 * _SIGMA_S * BODY_RATE_HZ)
_OFFSETS = np.arange(-_HALF_WIDTH, _HALF_WIDTH + 1)
_KERNEL = np.exp(-0.5 * (_OFFSETS / (_SIGMA_S * BODY_RATE_HZ)) ** 2)
_KERNEL /= _KERNEL.sum()

_REST_S = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Samples (n, COLUMNS) from sample `first` of the recording; a low, then a top, then a return.

    `low` and `top` count from `first`. `opens` says that the low is the first sample there is,
    `closes` that no sample follows.
    """

    first: int
    samples: FloatArray
    low: int
    top: int
    opens: bool = False
    closes: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Movement:
    """A stretch with the tilt along one axis, and when it was lifted, held and lowered.

    `axis` (3,) is where the vertical moves as the tilt grows, `up` (n, 3) the smoothed vertical and
    `tilt_deg` (n,) the elevation of the axis.
    """

    stretch: Stretch
    timing: Timing
    axis: FloatArray
    up: FloatArray
    tilt_deg: FloatArray

    def at_s(self, sample: float) -> float:
        """Seconds from the start of the recording."""
        return (self.stretch.first + sample) / BODY_RATE_HZ

    def part(self, start: float, end: float) -> slice:
        """The samples between two of the timing's, at least one and all inside the stretch."""
        last = len(self.tilt_deg) - 1
        first = min(max(round(start), 0), last)
        return slice(first, max(first + 1, min(round(end), last + 1)))

    @property
    def rest(self) -> slice:
        """The last second before the lift."""
        return self.part(self.timing.start - _REST_S * BODY_RATE_HZ, self.timing.start)

    @property
    def hold(self) -> slice:
        """The hold, or its moment where there was none."""
        return self.part(self.timing.hold_start, self.timing.hold_end)

    @property
    def sway_part(self) -> float:
        """How much of the change from rest to hold did not go along the axis: 0 none, 1 all."""
        rest, held = self.up[self.rest].mean(axis=0), self.up[self.hold].mean(axis=0)
        turned = np.degrees(2.0 * np.arcsin(min(0.5 * float(np.linalg.norm(held - rest)), 1.0)))
        along = float(self.tilt_deg[self.hold].mean() - self.tilt_deg[self.rest].mean())
        return 1.0 - along / turned if turned > 0.0 else 1.0

    @property
    def fellow_part(self) -> float | None:
        """How far the segment of a second sensor, if one is worn, tilts along, as part of the tilt.

        Along is the way in which it tilts as the hips rise.
        """
        raised = self.stretch.samples[:, FELLOW]
        rest, held = raised[self.rest], raised[self.hold]
        if np.isnan(rest).all() or np.isnan(held).all():
            return None
        turned = np.degrees(np.arcsin(np.nanmean(held)) - np.arcsin(np.nanmean(rest)))
        return float(turned / self.timing.range_deg)

    @property
    def comes_back(self) -> bool:
        """Whether the lowering takes back half of the lift; less is a change of position."""
        return self.timing.return_deg >= 0.5 * self.timing.range_deg


def movement(
    stretch: Stretch, rise_axis: FloatArray | None, params: HoldParams, *, breathes: bool
) -> Movement | None:
    """Measure a stretch; None where it shows no lift and lowering.

    Without a `rise_axis` the axis is the one from the low to the top. `breathes` says that
    breathing tilts the sensor. Times are those of the course that fits all that was felt, or where
    none does, of levels that are crossed.
    """
    samples = _filled(stretch.samples)
    stretch = replace(stretch, samples=samples)
    up = _directions(samples[:, UP])
    top, before, after = stretch.top, slice(stretch.low, stretch.top + 1), slice(stretch.top, None)
    axis = _axis(up, top, before if stretch.closes else after) if rise_axis is None else rise_axis
    tilt_deg = _elevation_deg(up, axis)
    fallen_deg = [float(tilt_deg[top] - tilt_deg[side].min()) for side in (before, after)]
    seen = min(fallen_deg) >= params.min_level_deg
    depth_deg = min(fallen_deg) if seen else max(fallen_deg)
    times = timing(tilt_deg, _rate_degs(samples, tilt_deg), top, depth_deg, params)
    if times is None:
        return None
    has_gyro = not np.isnan(samples[:, GYRO]).any()
    if has_gyro:
        times = times.sharpened(_SIGMA_S * BODY_RATE_HZ)
    force_ms2 = np.convolve(np.pad(samples[:, FORCE], _HALF_WIDTH, mode="edge"), _KERNEL, "valid")
    felt = Felt(tilt_deg, force_ms2, _SIGMA_S * BODY_RATE_HZ, breathes=breathes, sways=not has_gyro)
    return Movement(stretch, times.fitted(felt), axis, up, tilt_deg)


def _axis(up: FloatArray, top: int, side: slice) -> FloatArray:
    """From the direction farthest from the top, on one side of it, to the top; of unit length."""
    away = up[top] - up[side]
    farthest = away[np.argmax(np.linalg.norm(away, axis=1))]
    return np.asarray(farthest / max(float(np.linalg.norm(farthest)), 1e-9))


def _rate_degs(samples: FloatArray, tilt_deg: FloatArray) -> FloatArray:
    """Angular speed (n,) from the gyroscope, or else from the tilt."""
    if np.isnan(samples[:, GYRO]).any():
        return np.abs(np.gradient(tilt_deg)) * BODY_RATE_HZ
    return np.degrees(_lengths(_smoothed(samples[:, GYRO])))


def _filled(samples: FloatArray) -> FloatArray:
    """Short gaps interpolated; a column without any value stays as it is."""
    missing = np.isnan(samples[:, FORCE])
    if not missing.any():
        return samples
    filled = samples.copy()
    there = np.flatnonzero(~missing)
    for j in range(COLUMNS):
        filled[missing, j] = np.interp(np.flatnonzero(missing), there, samples[there, j])
    return filled


@kernel
def _smoothed(vectors: FloatArray) -> FloatArray:
    """The vectors (n, 3) low-passed; the first and the last are held beyond the ends."""
    last = len(vectors) - 1
    smooth = np.zeros((len(vectors), 3))
    for i in range(len(vectors)):
        for k in range(len(_KERNEL)):
            at = min(max(i + k - _HALF_WIDTH, 0), last)
            for j in range(3):
                smooth[i, j] += _KERNEL[k] * vectors[at, j]
    return smooth


@kernel
def _directions(vectors: FloatArray) -> FloatArray:
    """The same, of unit length; 0 where a sensor that tells nothing feels no force."""
    smooth = _smoothed(vectors)
    lengths = _lengths(smooth)
    for i in range(len(smooth)):
        for j in range(3):
            smooth[i, j] /= max(lengths[i], 1e-9)
    return smooth


@kernel
def _lengths(vectors: FloatArray) -> FloatArray:
    lengths = np.empty(len(vectors))
    for i in range(len(vectors)):
        x, y, z = vectors[i, 0], vectors[i, 1], vectors[i, 2]
        lengths[i] = np.sqrt(x * x + y * y + z * z)
    return lengths


@kernel
def _elevation_deg(up: FloatArray, axis: FloatArray) -> FloatArray:
    """Angles (n,) of an axis above the horizon."""
    elevation_deg = np.empty(len(up))
    for i in range(len(up)):
        sine = up[i, 0] * axis[0] + up[i, 1] * axis[1] + up[i, 2] * axis[2]
        elevation_deg[i] = np.degrees(np.arcsin(min(max(sine, -1.0), 1.0)))
    return elevation_deg


@kernel
def write_motion(acc: FloatArray, gyro: FloatArray, up: FloatArray, rows: FloatArray) -> None:
    """Write rows (n, COLUMNS) of samples (n, 3), none of them known not to be supine.

    Without a gyroscope the vertical is the specific force itself, in gravities: what follows
    smooths it, and smoothing it twice would blur the lift. It keeps its length until then: over a
    lift the body's own acceleration averages out of the force, but not out of its direction.
    """
    for i in range(len(acc)):
        force = np.sqrt(acc[i, 0] ** 2 + acc[i, 1] ** 2 + acc[i, 2] ** 2)
        for j in range(3):
            rows[i, j] = up[i, j]
            rows[i, 3 + j] = gyro[i, j]
        if np.isnan(gyro[i, 0]):
            for j in range(3):
                rows[i, j] = acc[i, j] / GRAVITY_MS2
        rows[i, FORCE] = force
        rows[i, SUPINE] = 1.0
        rows[i, FELLOW] = np.nan


@kernel
def elevation(rows: FloatArray, axis: FloatArray) -> FloatArray:
    """The elevation of an axis above the horizon, as an arc of vectors (n, 3) as long as before."""
    arc = np.zeros((len(rows), 3))
    for i in range(len(rows)):
        x, y, z = rows[i, 0], rows[i, 1], rows[i, 2]
        rise = axis[0] * x + axis[1] * y + axis[2] * z
        level_square = x * x + y * y + z * z - rise * rise
        arc[i, 0], arc[i, 1] = rise, np.sqrt(max(level_square, 0.0))
    return arc
