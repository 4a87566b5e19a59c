"""Whether a sensor has shifted on the body: found in walking, shown, and set right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analytics.body import BODY_RATE_HZ, BodyChunk, Segment, SegmentChunk
from analytics.detector import Variables, kernel, opened, variables
from analytics.events import SensorSlip
from analytics.stepping import WALKING_SD_MS2
from sensors.types import FloatArray

RECENT = 6
"""Windows that are compared: half a minute."""

UPRIGHT_COS = np.cos(np.radians(60.0))
FLAT_COS = np.cos(np.radians(35.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipParams:
    """When a change of the vertical in walking is a slip of the sensor.

    In DSADS the chest of one person leans forward by up to 18° more on stairs, up a slope or
    running than on the flat, and sideways by up to 8°.
    """

    window_s: float = 4.0
    """A few steps, so that their sway averages out."""
    walking_sd_ms2: tuple[float, float] = WALKING_SD_MS2
    """Standard deviation of the specific force's size from a slow walk to a run …"""
    still_sd_ms2: float = 0.2
    """… and up to which a person lies still."""
    sideways_deg: float = 10.0
    """Change to a side in walking: nobody walks so."""
    forward_deg: float = 8.0
    """Change to the front or back in walking *and* lying: a stoop does not lie down."""
    agree_deg: float = 4.0
    """By how much these two may differ."""
    spread_deg: float = 4.0
    """Windows farther apart are not one way of walking or lying."""
    rezeroed_sigma_deg: float = 2.0
    """What is left: a person's walk varies by about as much."""


class SlipGuard:
    """Watches the vertical of every calibrated sensor while its wearer walks and lies on the back.

    Published practice calls it a slip when gravity in walking moves by more than 5 to 8°. That
    alone would set right a sensor whose wearer climbs stairs. So a sideways change must be larger,
    and one to the front or back must be seen lying on the back too. Each is half a minute against
    the first half minute of the recording. Then the slip is told as a `SensorSlip`, and from there
    on the axes are turned, by the smallest rotation, so that walking is what it was.

    What it cannot see: a sensor that slid around the body without tilting, since gravity upright
    does not show it, and one that slipped before the recording.
    """

    def __init__(self, params: SlipParams | None = None) -> None:
        self._params = params or SlipParams()
        self._limits = _limits(self._params)
        self._watches: dict[Segment, Variables] = {}
        self._rotations: dict[Segment, FloatArray] = {}

    def update(self, chunk: BodyChunk) -> tuple[list[BodyChunk], list[SensorSlip]]:
        """The next samples in corrected axes, cut where a correction begins, and what slipped."""
        found: list[tuple[int, SensorSlip, FloatArray]] = []
        for name, segment in chunk.segments.items():
            if segment.calibrated:
                found += self._slips(name, segment, chunk.start_index)
        if not found and not self._rotations:
            return [chunk], []
        found.sort(key=lambda one: one[0])
        pieces, first = [], 0
        for at, slip, turn in found:
            pieces.append(self._corrected(chunk, first, at))
            self._rotations[slip.segment] = self._rotations.get(slip.segment, np.eye(3)) @ turn
            first = at
        pieces.append(self._corrected(chunk, first, len(chunk)))
        return [piece for piece in pieces if len(piece)], [slip for _, slip, _ in found]

    def _slips(
        self, name: Segment, segment: SegmentChunk, start_index: int
    ) -> list[tuple[int, SensorSlip, FloatArray]]:
        """Where slips were found in a chunk: the row after, the slip, and what sets it right."""
        if name not in self._watches:
            self._watches[name] = np.zeros((), _WATCH)
        watch = self._watches[name]
        found = []
        at = _follow(segment.acc, segment.up, 0, start_index, self._limits, watch)
        while at > 0:
            turn = _smallest_turn(watch["walk"]["now"], watch["walk"]["usual"])
            watch["walk"]["usual"] = watch["walk"]["now"]
            slip = SensorSlip(
                start_s=float(watch["right_until"]) / BODY_RATE_HZ,
                end_s=(start_index + at) / BODY_RATE_HZ,
                segment=name,
                tilt_deg=float(watch["tilt_deg"]),
            )
            found.append((at, slip, turn))
            at = _follow(segment.acc, segment.up, at, start_index, self._limits, watch)
        return found

    def _corrected(self, chunk: BodyChunk, first: int, last: int) -> BodyChunk:
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


_WAY = np.dtype(
    [
        ("usual", np.float64, 3),  # the vertical in the first half minute of it
        ("now", np.float64, 3),  # … and in the last
        ("known", np.float64),
        ("recent", np.float64, 3 * RECENT),
        ("windows", np.float64),
    ]
)

_WATCH = np.dtype(
    [
        ("walk", _WAY),
        ("lie", _WAY),
        ("tilt_deg", np.float64),
        ("right_until", np.float64),  # the half minute before the last that was right
        ("right_lately", np.float64),
        ("count", np.float64),  # sums over the window
        ("up", np.float64, 3),
        ("force", np.float64),
        ("force_square", np.float64),
    ]
)


def _limits(params: SlipParams) -> Variables:
    return variables(
        window=round(params.window_s * BODY_RATE_HZ),
        low_variance=params.walking_sd_ms2[0] ** 2,
        high_variance=params.walking_sd_ms2[1] ** 2,
        still_variance=params.still_sd_ms2**2,
        sideways_deg=params.sideways_deg,
        forward_deg=params.forward_deg,
        agree_deg=params.agree_deg,
        spread_cos=np.cos(np.radians(params.spread_deg)),
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
    """Watch from a row on; return the row after which a slip is known, else 0."""
    limits, watch = opened(given), opened(kept)
    for i in range(first, len(up)):
        square = acc[i, 0] ** 2 + acc[i, 1] ** 2 + acc[i, 2] ** 2
        if np.isnan(square):
            _forget_window(watch)
            continue
        watch.count += 1.0
        watch.force += np.sqrt(square)
        watch.force_square += square
        for j in range(3):
            watch.up[j] += up[i, j]
        if watch.count == limits.window:
            slipped = _end_window(limits, watch, start_index + i)
            _forget_window(watch)
            if slipped:
                return i + 1
    return 0


@kernel
def _forget_window(watch: Any) -> None:
    watch.count = watch.force = watch.force_square = 0.0
    watch.up[0] = watch.up[1] = watch.up[2] = 0.0


@kernel
def _end_window(limits: Any, watch: Any, index: int) -> bool:
    """Take a window of walking or of lying on the back; whether it makes a slip certain."""
    mean = watch.force / watch.count
    variance = watch.force_square / watch.count - mean * mean
    size = np.sqrt(watch.up[0] ** 2 + watch.up[1] ** 2 + watch.up[2] ** 2)
    if limits.low_variance < variance < limits.high_variance and watch.up[2] > UPRIGHT_COS * size:
        return _take(limits, watch.walk, watch.up, size) and _compare(limits, watch, index)
    if variance < limits.still_variance and watch.up[0] > FLAT_COS * size:
        return _take(limits, watch.lie, watch.up, size) and _compare(limits, watch, index)
    return False


@kernel
def _take(limits: Any, way: Any, up: FloatArray, size: float) -> bool:
    """Write the mean of the recent windows; whether there are enough and all are close to it."""
    slot = int(way.windows % RECENT)
    for j in range(3):
        way.recent[3 * slot + j] = up[j] / size
    way.windows += 1.0
    if way.windows < RECENT:
        return False
    mean = np.zeros(3)
    for j in range(3):
        for slot in range(RECENT):
            mean[j] += way.recent[3 * slot + j]
    mean /= np.sqrt(mean[0] ** 2 + mean[1] ** 2 + mean[2] ** 2)
    for slot in range(RECENT):
        cosine = 0.0
        for j in range(3):
            cosine += mean[j] * way.recent[3 * slot + j]
        if cosine < limits.spread_cos:
            return False
    for j in range(3):
        way.now[j] = mean[j]
        if not way.known:
            way.usual[j] = mean[j]
    way.known = 1.0
    return True


@kernel
def _compare(limits: Any, watch: Any, index: int) -> bool:
    """Compare walking, and lying, with what they were."""
    walk, lie = watch.walk, watch.lie
    if not walk.known:
        return False
    sideways_deg = np.degrees(np.arcsin(walk.now[1]) - np.arcsin(walk.usual[1]))
    forward_deg = _pitch_deg(walk.now) - _pitch_deg(walk.usual)
    lying_deg = _pitch_deg(lie.now) - _pitch_deg(lie.usual) if lie.known else 0.0
    tilted = abs(sideways_deg) > limits.sideways_deg
    leaning = min(abs(forward_deg), abs(lying_deg)) > limits.forward_deg
    if tilted or (leaning and abs(forward_deg - lying_deg) < limits.agree_deg):
        cosine = 0.0
        for j in range(3):
            cosine += walk.now[j] * walk.usual[j]
        watch.tilt_deg = np.degrees(np.arccos(min(cosine, 1.0)))
        lie.known = lie.windows = 0.0
        return True
    if abs(forward_deg) < limits.forward_deg and walk.windows % RECENT == 0:
        watch.right_until, watch.right_lately = watch.right_lately, index + 1.0
    return False


@kernel
def _pitch_deg(up: FloatArray) -> float:
    pitch_deg: float = np.degrees(np.arctan2(-up[0], up[2]))
    return pitch_deg
