"""Whether a sensor has shifted on the body: found in walking, shown, and set right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analytics.body import BODY_RATE_HZ, BodyChunk, Segment, SegmentChunk
from analytics.detector import Variables, kernel, opened, variables
from analytics.events import SensorSlip
from sensors.types import FloatArray

RECENT = 6
"""Windows of walking that are compared: half a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipParams:
    """When a change of the vertical in walking is a slip of the sensor."""

    window_s: float = 4.0
    """A few steps, so that their sway averages out."""
    walking_sd_ms2: tuple[float, float] = (0.6, 6.0)
    """Standard deviation of the specific force's size from a slow walk to a run."""
    slip_deg: float = 8.0
    """Least change that is told; published practice sees slips from 5 to 8°."""
    fresh_deg: float = 20.0
    """From the calibrated vertical until the person's own walk is known: people lean."""
    spread_deg: float = 4.0
    """Windows farther apart are not one way of walking."""
    upright_deg: float = 60.0
    """Walking beyond this inclination is no walking; a slip beyond it cannot be set right."""
    rezeroed_sigma_deg: float = 2.0
    """What is left: a person's walk varies by about as much."""


class SlipGuard:
    """Watches the vertical of every calibrated sensor while its wearer walks.

    Gravity in walking is the one pose that comes again and again unasked. Where it has moved by
    `slip_deg` since the first half minute of walking, and stays there for another half minute, the
    sensor has shifted: it is told as a `SensorSlip`, and from then on the axes are turned, by the
    smallest rotation, so that walking is what it was.

    What it cannot see: a sensor that slid around the body without tilting, since gravity upright
    does not show it. What it cannot tell from a slip: a person who walks stooped from one minute to
    the next, as behind a walking frame taken up in the middle of a recording.
    """

    def __init__(self, params: SlipParams | None = None) -> None:
        self._params = params or SlipParams()
        self._limits = _limits(self._params)
        self._walks: dict[Segment, Variables] = {}
        self._rotations: dict[Segment, FloatArray] = {}

    def update(self, chunk: BodyChunk) -> tuple[list[BodyChunk], list[SensorSlip]]:
        """The next samples in corrected axes, cut where a correction begins, and what slipped."""
        found: list[tuple[int, SensorSlip, FloatArray]] = []
        for name, segment in chunk.segments.items():
            if segment.calibrated:
                found += self._slips(name, segment, chunk.start_index)
        pieces, first = [], 0
        for at, slip, turn in sorted(found, key=lambda one: one[0]):
            pieces.append(self._corrected(chunk, first, at))
            self._rotations[slip.segment] = self._rotations.get(slip.segment, np.eye(3)) @ turn
            first = at
        pieces.append(self._corrected(chunk, first, len(chunk)))
        return [piece for piece in pieces if len(piece)], [slip for _, slip, _ in found]

    def _slips(
        self, name: Segment, segment: SegmentChunk, start_index: int
    ) -> list[tuple[int, SensorSlip, FloatArray]]:
        """Where slips were found in a chunk: the row after, the slip, and what sets it right."""
        walk = self._walks.setdefault(name, _new_walk())
        found = []
        at = _follow(segment.acc, segment.up, 0, start_index, self._limits, walk)
        while at > 0:
            turn = _smallest_turn(walk["now"], walk["usual"])
            walk["usual"], walk["known"] = walk["now"], 1.0
            slip = SensorSlip(
                start_s=float(walk["right_until"]) / BODY_RATE_HZ,
                end_s=(start_index + at) / BODY_RATE_HZ,
                segment=name,
                tilt_deg=float(walk["tilt_deg"]),
            )
            found.append((at, slip, turn))
            at = _follow(segment.acc, segment.up, at, start_index, self._limits, walk)
        return found

    def _corrected(self, chunk: BodyChunk, first: int, last: int) -> BodyChunk:
        if first == 0 and last == len(chunk) and not self._rotations:
            return chunk
        segments = {
            name: self._turned(name, segment, slice(first, last))
            for name, segment in chunk.segments.items()
        }
        return BodyChunk(chunk.start_index + first, segments)

    def _turned(self, name: Segment, segment: SegmentChunk, part: slice) -> SegmentChunk:
        acc, gyro, up = segment.acc[part], segment.gyro[part], segment.up[part]
        sigma_deg = segment.tilt_sigma_deg
        if name in self._rotations:
            rotation = self._rotations[name]
            acc, gyro, up = (_rotated(vectors, rotation) for vectors in (acc, gyro, up))
            sigma_deg = self._params.rezeroed_sigma_deg
        return replace(
            segment,
            acc=acc,
            gyro=gyro,
            up=up,
            peak_ms2=segment.peak_ms2[part],
            tilt_sigma_deg=sigma_deg,
        )


_WALK = np.dtype(
    [
        ("usual", np.float64, 3),  # the vertical in the person's own walk
        ("now", np.float64, 3),  # … in the last half minute of it
        ("known", np.float64),
        ("tilt_deg", np.float64),
        ("right_until", np.float64),
        ("recent", np.float64, 3 * RECENT),
        ("windows", np.float64),
        ("count", np.float64),  # sums over the window
        ("up", np.float64, 3),
        ("force", np.float64),
        ("force_square", np.float64),
    ]
)


def _new_walk() -> Variables:
    return np.zeros((), _WALK)


def _limits(params: SlipParams) -> Variables:
    return variables(
        window=round(params.window_s * BODY_RATE_HZ),
        low_variance=params.walking_sd_ms2[0] ** 2,
        high_variance=params.walking_sd_ms2[1] ** 2,
        slip_deg=params.slip_deg,
        fresh_deg=params.fresh_deg,
        spread_cos=np.cos(np.radians(params.spread_deg)),
        upright_cos=np.cos(np.radians(params.upright_deg)),
    )


def _smallest_turn(start: FloatArray, end: FloatArray) -> FloatArray:
    """The rotation (3, 3) by the smallest angle that takes one unit vector to another."""
    axis = np.cross(start, end)
    skew = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.asarray(np.eye(3) + skew + skew @ skew / (1.0 + start @ end))


@kernel
def _rotated(vectors: FloatArray, rotation: FloatArray) -> FloatArray:
    """Vectors (n, 3) in other axes; sums are written out so that no row depends on others."""
    out = np.empty_like(vectors)
    for i in range(len(vectors)):
        for j in range(3):
            out[i, j] = (
                rotation[j, 0] * vectors[i, 0]
                + rotation[j, 1] * vectors[i, 1]
                + rotation[j, 2] * vectors[i, 2]
            )
    return out


@kernel
def _follow(
    acc: FloatArray, up: FloatArray, first: int, start_index: int, given: Variables, kept: Variables
) -> int:
    """Follow the walk from a row on; return the row after which a slip is known, else 0."""
    limits, walk = opened(given), opened(kept)
    for i in range(first, len(up)):
        square = acc[i, 0] ** 2 + acc[i, 1] ** 2 + acc[i, 2] ** 2
        if np.isnan(square):
            _forget_window(walk)
            continue
        walk.count += 1.0
        walk.force += np.sqrt(square)
        walk.force_square += square
        for j in range(3):
            walk.up[j] += up[i, j]
        if walk.count == limits.window:
            slipped = _end_window(limits, walk, start_index + i)
            _forget_window(walk)
            if slipped:
                return i + 1
    return 0


@kernel
def _forget_window(walk: Any) -> None:
    walk.count = walk.force = walk.force_square = 0.0
    walk.up[0] = walk.up[1] = walk.up[2] = 0.0


@kernel
def _end_window(limits: Any, walk: Any, index: int) -> bool:
    """Take a window of walking; whether it makes a slip certain."""
    mean = walk.force / walk.count
    variance = walk.force_square / walk.count - mean * mean
    size = np.sqrt(walk.up[0] ** 2 + walk.up[1] ** 2 + walk.up[2] ** 2)
    walking = limits.low_variance < variance < limits.high_variance
    if not walking or walk.up[2] < limits.upright_cos * size:
        return False
    slot = int(walk.windows % RECENT)
    for j in range(3):
        walk.recent[3 * slot + j] = walk.up[j] / size
    walk.windows += 1.0
    if walk.windows < RECENT or not _is_one_way(limits, walk):
        return False
    return _compare(limits, walk, index)


@kernel
def _is_one_way(limits: Any, walk: Any) -> bool:
    """Write the mean of the recent windows; whether all of them are close to it."""
    for j in range(3):
        walk.now[j] = 0.0
        for slot in range(RECENT):
            walk.now[j] += walk.recent[3 * slot + j]
    size = np.sqrt(walk.now[0] ** 2 + walk.now[1] ** 2 + walk.now[2] ** 2)
    for j in range(3):
        walk.now[j] /= size
    for slot in range(RECENT):
        cosine = 0.0
        for j in range(3):
            cosine += walk.now[j] * walk.recent[3 * slot + j]
        if cosine < limits.spread_cos:
            return False
    return True


@kernel
def _compare(limits: Any, walk: Any, index: int) -> bool:
    """Compare the walk with the usual one, or with standing as long as none is known."""
    if not walk.known:
        walk.usual[0] = walk.usual[1] = 0.0
        walk.usual[2] = 1.0
    cosine = 0.0
    for j in range(3):
        cosine += walk.usual[j] * walk.now[j]
    walk.tilt_deg = np.degrees(np.arccos(min(cosine, 1.0)))
    limit_deg = limits.slip_deg if walk.known else limits.fresh_deg
    if walk.tilt_deg > limit_deg:
        walk.windows = 0.0
        return True
    if not walk.known:
        walk.known = 1.0
        for j in range(3):
            walk.usual[j] = walk.now[j]
    walk.right_until = index + 1.0
    return False
