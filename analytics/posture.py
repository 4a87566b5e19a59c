"""Which way the body lies or stands, from the vertical in the trunk's axes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import SupportsFloat, SupportsInt

import numpy as np

from analytics.body import BODY_RATE_HZ, BodyChunk, Segment, SegmentChunk
from analytics.detector import Variables, kernel, opened, variables
from analytics.events import Event, Posture, PostureBout
from sensors.types import FloatArray

_POSTURES = (
    Posture.UPRIGHT,
    Posture.SUPINE,
    Posture.PRONE,
    Posture.LEFT,
    Posture.RIGHT,
    Posture.UNKNOWN,
    Posture.UNKNOWN,
)
_UPRIGHT, _SUPINE, _PRONE, _LEFT, _RIGHT, _UNKNOWN, _SOME_SIDE = range(7)
_NONE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureParams:
    """How postures are told apart."""

    upright_limit_deg: float = 60.0
    """Inclination that parts upright from lying; a change is dated at its crossing. Engineering
    judgement: propped up in bed counts as lying up to 30° of backrest."""
    leaning_limit_deg: float = 45.0
    """The same to the side, where nobody stays upright: on the side the chest rests on the ribs
    and the shoulder and reads 56–93°, measured on four people (Barshan and Altun's data)."""
    hysteresis_deg: float = 5.0
    """Lying starts above 65° and ends below 55°, or in proportion to the side."""
    side_hysteresis_deg: float = 10.0
    """A turn counts once it is this far past the diagonal between two lying sides."""
    dwell_s: float = 2.0
    """A posture held for less is passed through, as the side is in rolling over or getting up."""
    lie_down_s: float = 1.5
    """The same from upright onto the back, where nobody passes through. Engineering judgement."""
    first_s: float = 0.5
    """The same for the first of all, which may have begun long before the recording."""
    bend_s: float = 10.0
    """The same from upright onto the front: until then it is a bend. Engineering judgement."""
    tau_s: float = 0.5
    """Time constant of the low-pass on the vertical: steps and breathing vanish, turns stay."""
    max_gap_s: float = 2.0
    """Samples missing for longer leave the posture unknown."""


class PostureDetector:
    """Tiles the recording with upright, supine, prone, left, right and unknown.

    Upright or lying by the inclination, lying by the nearest of four sides, both with hysteresis:
    engineering practice for one trunk sensor rather than one paper's method (a neck sensor read so
    agrees with polysomnography on the side in 97–99 % of the night). A bout is dated from when it
    began, not from when it was believed. A lying posture passed through in less than the dwell
    time belongs to the lying beside it; between two lying postures its time is shared.

    To the back the limit is the wearer's own: where lying flat turned the sensor by less than a
    right angle, as on a sloping chest or a soft belly, it is narrower in proportion.

    It looks at the trunk if it is worn, else at the pelvis; the thigh alone tells nothing, since
    it lies level in sitting too. In a bridge the spine slopes towards the head, so both stay
    supine. Sitting and standing are both upright. Unknown is said while the sensor is not
    calibrated, while its samples are missing, and of lying where the calibration does not know
    the front: then lying is known, but not the side (`PostureBout.side_unknown`).
    """

    def __init__(self, params: PostureParams | None = None) -> None:
        params = params or PostureParams()
        self._limits = _limits(params)
        self._supine_up: FloatArray | None = None
        self._state = variables(
            index=0,
            missing=0,
            x=np.nan,
            y=np.nan,
            z=np.nan,
            nearest=_UNKNOWN,
            nearest_from=0,
            posture=_UNKNOWN,
            posture_from=0,
            left_at=0,
            settled=_NONE,
            settled_from=0,
        )

    @property
    def posture(self) -> Posture:
        """The posture at the last sample, before it has lasted long enough to be an event."""
        return _POSTURES[int(self._state["posture"])]

    def update(self, chunk: BodyChunk) -> list[Event]:
        """See `Detector.update`: the postures that the samples showed to have ended."""
        segment = chunk.segments.get(Segment.TRUNK) or chunk.segments.get(Segment.PELVIS)
        up = _usable_up(segment, len(chunk))
        ended = np.empty((len(chunk), 3))
        facing_known = segment is not None and segment.facing_known
        if segment is not None and segment.supine_up is not self._supine_up:
            self._supine_up = segment.supine_up
            upright_tan = float(self._limits["upright_tan"])
            self._limits["back_weight"] = _back_weight(segment.supine_up, upright_tan)
        count = _settle(up, facing_known, self._limits, self._state, ended)
        return [_bout(*row) for row in ended[:count].tolist()]

    def finish(self) -> list[Event]:
        """See `Detector.finish`: the posture that lasted to the end."""
        state = self._state
        if state["index"] == 0:
            return []
        last = state["posture"] if state["settled"] == _NONE else state["settled"]
        return [_bout(last, state["settled_from"], state["index"])]


def posture_of(up: FloatArray) -> Posture:
    """The posture nearest to a vertical (3,) in trunk axes, of any length, without hysteresis."""
    x, y, z = (float(part) for part in up)
    return _POSTURES[_nearest_of(x, y, z, _usual_limits())]


def _usable_up(segment: SegmentChunk | None, count: int) -> FloatArray:
    if segment is None or not segment.calibrated:
        return np.full((count, 3), np.nan)
    return np.ascontiguousarray(segment.up)


def _bout(
    posture: SupportsInt, start_index: SupportsFloat, end_index: SupportsFloat
) -> PostureBout:
    return PostureBout(
        posture=_POSTURES[int(posture)],
        start_s=float(start_index) / BODY_RATE_HZ,
        end_s=float(end_index) / BODY_RATE_HZ,
        side_unknown=int(posture) == _SOME_SIDE,
    )


def _back_weight(supine_up: FloatArray | None, upright_tan: float) -> float:
    """How much leaning back weighs, so that its limit is in proportion to lying flat."""
    if supine_up is None:
        return 1.0
    lying_share = np.arctan2(supine_up[0], supine_up[2]) / (0.5 * np.pi)
    limit = np.arctan(upright_tan) * min(lying_share, 1.0)
    return float(upright_tan / np.tan(limit))


def _limits(params: PostureParams) -> Variables:
    upright, margin = params.upright_limit_deg, params.hysteresis_deg
    return variables(
        weight=1.0 - np.exp(-1.0 / (BODY_RATE_HZ * params.tau_s)),
        upright_tan=np.tan(np.radians(upright)),
        lying_on_tan=np.tan(np.radians(upright + margin)),
        lying_off_tan=np.tan(np.radians(upright - margin)),
        side_weight=np.tan(np.radians(upright)) / np.tan(np.radians(params.leaning_limit_deg)),
        back_weight=1.0,
        side_tan=np.tan(np.radians(45.0 + params.side_hysteresis_deg)),
        dwell=round(params.dwell_s * BODY_RATE_HZ),
        first=round(params.first_s * BODY_RATE_HZ),
        lie_down=round(params.lie_down_s * BODY_RATE_HZ),
        bend=round(params.bend_s * BODY_RATE_HZ),
        max_missing=round(params.max_gap_s * BODY_RATE_HZ),
    )


@cache
def _usual_limits() -> Variables:
    return _limits(PostureParams())


@kernel
def _settle(
    up: FloatArray, facing_known: bool, given: Variables, kept: Variables, ended: FloatArray
) -> int:
    """Follow the posture; write posture, first and end index of each that ended into `ended`."""
    limits, state = opened(given), opened(kept)
    count = 0
    for i in range(len(up)):
        if np.isnan(up[i, 0]):
            state.missing += 1
            settles = state.missing > limits.max_missing
            if settles:
                _lose(state)
        else:
            state.missing = 0
            _low_pass(up[i], limits.weight, state)
            _recognize(facing_known, limits, state)
            settles = state.index - state.posture_from >= _dwell(limits, state)
        state.index += 1
        if settles and state.posture != state.settled:
            boundary = _boundary(state)
            if state.settled != _NONE:
                ended[count, 0] = state.settled
                ended[count, 1] = state.settled_from
                ended[count, 2] = boundary
                count += 1
                state.settled_from = boundary
            state.settled = state.posture
    return count


@kernel
def _dwell(limits: np.record, state: np.record) -> float:
    """For how many samples the posture must last to be believed."""
    if state.settled == _NONE:
        return float(limits.first)
    if state.settled == _UPRIGHT:
        if state.posture == _PRONE:
            return float(limits.bend)
        if state.posture == _SUPINE or state.posture == _SOME_SIDE:
            return float(limits.lie_down)
    return float(limits.dwell)


@kernel
def _boundary(state: np.record) -> float:
    """Index at which the settled posture gave way, whatever was passed through on the way."""
    if state.posture == _UPRIGHT:
        return float(state.posture_from)
    if state.settled == _UPRIGHT or state.settled == _UNKNOWN:
        return float(state.left_at)
    return float(np.floor(0.5 * (state.left_at + state.posture_from)))


@kernel
def _lose(state: np.record) -> None:
    """Too many samples are missing: the posture is unknown since the first of them."""
    if state.nearest == _UNKNOWN and np.isnan(state.x):
        return
    state.x = state.y = state.z = np.nan
    state.nearest = state.posture = _UNKNOWN
    state.posture_from = state.left_at = state.index - state.missing + 1


@kernel
def _low_pass(up: FloatArray, weight: float, state: np.record) -> None:
    if np.isnan(state.x):
        state.x, state.y, state.z = up[0], up[1], up[2]
    state.x += weight * (up[0] - state.x)
    state.y += weight * (up[1] - state.y)
    state.z += weight * (up[2] - state.z)


@kernel
def _recognize(facing_known: bool, limits: np.record, state: np.record) -> None:
    """Keep the posture while its own limits hold, else take the nearest, dated to its crossing."""
    nearest = _nearest(state.x, state.y, state.z, facing_known, limits)
    if nearest != state.nearest:
        state.nearest = nearest
        state.nearest_from = state.index
    if nearest == state.posture or _holds(facing_known, limits, state):
        return
    if state.posture == state.settled:
        state.left_at = state.nearest_from
    state.posture = nearest
    state.posture_from = state.nearest_from


@kernel
def _nearest_of(x: float, y: float, z: float, given: Variables) -> int:
    return _nearest(x, y, z, True, opened(given))


@kernel
def _nearest(x: float, y: float, z: float, facing_known: bool, limits: np.record) -> int:
    if _is_upright(x, y, z, limits.upright_tan, facing_known, limits):
        return _UPRIGHT
    if not facing_known:
        return _SOME_SIDE
    if abs(x) >= abs(y):
        return _SUPINE if x > 0.0 else _PRONE
    return _RIGHT if y > 0.0 else _LEFT


@kernel
def _is_upright(
    x: float, y: float, z: float, limit_tan: float, facing_known: bool, limits: np.record
) -> bool:
    """Whether the inclination is below its limit: narrower to the side, personal to the back."""
    if facing_known:
        y *= limits.side_weight
        if x > 0.0:
            x *= limits.back_weight
    return bool(z * limit_tan > np.sqrt(x * x + y * y))


@kernel
def _holds(facing_known: bool, limits: np.record, state: np.record) -> bool:
    """Whether the vertical is still within the posture's limits, widened by the hysteresis."""
    limit_tan = limits.lying_on_tan if state.posture == _UPRIGHT else limits.lying_off_tan
    upright = _is_upright(state.x, state.y, state.z, limit_tan, facing_known, limits)
    if upright or state.posture == _UPRIGHT:
        return bool(upright and state.posture == _UPRIGHT)
    if state.posture == _UNKNOWN or state.posture == _SOME_SIDE:
        return not facing_known and state.posture == _SOME_SIDE
    along, across = state.x, state.y
    if state.posture == _LEFT or state.posture == _RIGHT:
        along, across = state.y, state.x
    if state.posture == _PRONE or state.posture == _LEFT:
        along = -along
    return bool(abs(across) <= along * limits.side_tan)
