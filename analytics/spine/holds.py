"""The loop behind held extension: what was held, exceeded and lost (see `detector`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from analytics.detector import Variables, kernel, opened
from analytics.spine.angle_kernel import LYING_COS, UPRIGHT_COS
from sensors.types import FloatArray

BINS_PER_DEG = 10
BINS = 360 * BINS_PER_DEG
BOUT, OVER, PAD_SLIP = range(3)
FOUND_COLUMNS = 11
MISSING, ON_THE_SIDE, UPRIGHT = range(3)
FLAT = 0.5
"""Largest squared sideways part of the vertical at which one lies on a pad, not beside it (45°)."""


_NUMBERS = (
    *("index", "extension_deg", "sigma_deg", "all_sigma_deg", "lying", "extended"),
    *("open", "start", "end", "count", "sum_deg", "peak_deg", "up_x", "up_y", "up_z"),
    *("in_band", "interruptions", "held", "sum_sigma_deg", "pause_count", "pause_sum_deg"),
    *("over", "over_start", "over_peak_deg", "over_up_x", "over_up_y", "over_up_z"),
    *("pad_count", "pad_sum_deg", "pad_last_deg", "pad_level_deg", "pad_start"),
)
"""At the last sample; of the hold under way; of the excess; of the pad under the back."""

_STATE = np.dtype(
    [
        *((name, np.float64) for name in _NUMBERS),
        ("histogram", np.int64, BINS),  # of every angle, from −180° on
        ("unseen", np.int64, 3),  # samples without one: MISSING, ON_THE_SIDE, UPRIGHT
    ]
)


def new_state() -> Variables:
    """What has been seen of a stream that has not begun: nothing."""
    state = np.zeros((), _STATE)
    state["extension_deg"] = state["sigma_deg"] = np.nan
    return state


@kernel
def follow(
    angle: FloatArray, trunk_up: FloatArray, given: Variables, kept: Variables, found: FloatArray
) -> int:
    """Follow the holds over angles (n, 2); write what ended into `found`, return how many did."""
    limits, state = opened(given), opened(kept)
    count = 0
    for i in range(len(angle)):
        up_z = trunk_up[i, 2]
        if np.isnan(angle[i, 0]):
            _lose(up_z, limits, state)
        else:
            _low_pass(angle[i, 0], angle[i, 1], limits, state)
        turned = _lies_down_or_gets_up(up_z, state)
        count += _follow_excess(trunk_up, i, limits, state, found[count])
        if state.open and (turned or state.index - state.end >= limits.max_pause):
            count += _close(limits, state, found[count])
        if state.extended:
            _extend(trunk_up, i, limits, state)
            if state.lying and trunk_up[i, 1] ** 2 < FLAT:
                count += _follow_pad(limits, state, found[count])
        elif state.open and not np.isnan(state.extension_deg):
            state.pause_count += 1.0
            state.pause_sum_deg += state.extension_deg
        state.index += 1.0
    return count


@kernel
def finish(given: Variables, kept: Variables, found: FloatArray) -> int:
    """Write what lasted to the end into `found`."""
    limits, state = opened(given), opened(kept)
    count = _end_excess(limits, state, found[0])
    return count + _close(limits, state, found[count])


@kernel
def _lose(up_z: float, limits: Any, state: Any) -> None:
    """There is no angle at this sample: count it by the reason."""
    state.extension_deg = state.sigma_deg = np.nan
    state.extended = 0.0
    if np.isnan(up_z):
        state.unseen[MISSING] += 1
    elif limits.alone and up_z >= LYING_COS:
        state.unseen[UPRIGHT] += 1
    else:
        state.unseen[ON_THE_SIDE] += 1


@kernel
def _low_pass(angle_deg: float, sigma_deg: float, limits: Any, state: Any) -> None:
    smooth_deg: float = state.extension_deg
    if np.isnan(smooth_deg):
        smooth_deg = angle_deg
    smooth_deg += limits.weight * (angle_deg - smooth_deg)
    limit_deg = limits.stop_deg if state.extended else limits.start_deg
    state.extended = 1.0 if smooth_deg >= limit_deg else 0.0
    state.extension_deg = smooth_deg
    state.sigma_deg = sigma_deg
    state.all_sigma_deg += sigma_deg
    state.histogram[min(max(int((smooth_deg + 180.0) * BINS_PER_DEG), 0), BINS - 1)] += 1


@kernel
def _lies_down_or_gets_up(up_z: float, state: Any) -> bool:
    """Whether the neutral changes here, and with it what the angle is measured against."""
    lying = up_z < (UPRIGHT_COS if state.lying else LYING_COS)
    turned = lying != state.lying and not np.isnan(up_z)
    if turned:
        state.lying = lying
    return bool(turned)


@kernel
def _extend(up: FloatArray, i: int, limits: Any, state: Any) -> None:
    """Take an extended sample into the hold, and the pause before it, or start a hold."""
    if not state.open:
        state.open = 1.0
        state.start = state.index
        state.count = state.sum_deg = state.held = state.sum_sigma_deg = 0.0
        state.in_band = state.interruptions = 0.0
        state.pause_count = state.pause_sum_deg = 0.0
        state.up_x = state.up_y = state.up_z = 0.0
        state.peak_deg = state.extension_deg
        state.pad_count = state.pad_sum_deg = 0.0
        state.pad_level_deg = state.pad_last_deg = -np.inf
    if state.index > state.end and state.count:
        state.interruptions += 1.0
    state.end = state.index + 1.0
    state.count += state.pause_count + 1.0
    state.sum_deg += state.pause_sum_deg + state.extension_deg
    state.pause_count = state.pause_sum_deg = 0.0
    state.held += 1.0
    state.sum_sigma_deg += state.sigma_deg
    if limits.low_deg <= state.extension_deg <= limits.high_deg:
        state.in_band += 1.0
    state.peak_deg = max(state.peak_deg, state.extension_deg)
    state.up_x += up[i, 0]
    state.up_y += up[i, 1]
    state.up_z += up[i, 2]


@kernel
def _close(limits: Any, state: Any, row: FloatArray) -> int:
    """End the hold; if it was long enough, write it."""
    was_open, state.open = state.open, 0.0
    if not was_open or state.end - state.start < limits.dwell:
        return 0
    row[0], row[1], row[2] = BOUT, state.start, state.end
    row[3], row[4] = state.sum_deg / state.count, state.peak_deg
    row[5], row[6] = state.in_band, state.interruptions
    row[7] = state.sum_sigma_deg / state.held
    row[8], row[9], row[10] = state.up_x, state.up_y, state.up_z
    return 1


@kernel
def _follow_excess(up: FloatArray, i: int, limits: Any, state: Any, row: FloatArray) -> int:
    """Follow extension beyond what is safe; write it when it ends."""
    if not state.over:
        if state.extension_deg >= limits.over_deg:
            state.over = 1.0
            state.over_start = state.index
            state.over_peak_deg = state.extension_deg
            state.over_up_x, state.over_up_y, state.over_up_z = up[i, 0], up[i, 1], up[i, 2]
        return 0
    if state.extension_deg >= limits.over_stop_deg:
        state.over_peak_deg = max(state.over_peak_deg, state.extension_deg)
        return 0
    return _end_excess(limits, state, row)


@kernel
def _end_excess(limits: Any, state: Any, row: FloatArray) -> int:
    was_over, state.over = state.over, 0.0
    if not was_over or state.index - state.over_start < limits.over_dwell:
        return 0
    row[0], row[1], row[2], row[3] = OVER, state.over_start, state.index, state.over_peak_deg
    row[8], row[9], row[10] = state.over_up_x, state.over_up_y, state.over_up_z
    return 1


@kernel
def _follow_pad(limits: Any, state: Any, row: FloatArray) -> int:
    """Compare means of the hold; write a slow loss."""
    state.pad_count += 1.0
    state.pad_sum_deg += state.extension_deg
    if state.pad_count < limits.pad_block:
        return 0
    mean_deg = state.pad_sum_deg / limits.pad_block
    state.pad_count = state.pad_sum_deg = 0.0
    moved = abs(mean_deg - state.pad_last_deg) >= limits.step_deg
    state.pad_last_deg = mean_deg
    lost_deg = state.pad_level_deg - mean_deg
    if moved or lost_deg <= 0.0:
        state.pad_level_deg = mean_deg
        state.pad_start = state.index
    elif lost_deg >= limits.slip_deg:
        row[0], row[1], row[2] = PAD_SLIP, state.pad_start, state.index
        row[3], row[4] = state.pad_level_deg, mean_deg
        state.pad_level_deg = mean_deg
        state.pad_start = state.index
        return 1
    return 0
