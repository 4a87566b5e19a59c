"""What is kept of two sensors from sample to sample, to tell the angle of the spine."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from analytics.body import BODY_RATE_HZ
from analytics.detector import Variables
from sensors.types import FloatArray

Signals: TypeAlias = tuple[FloatArray, FloatArray, FloatArray]
"""Specific force in m/s², angular rate in rad/s and vertical (n, 3) of a segment."""

STEP_S = 1.0 / BODY_RATE_HZ
TICK = 10
"""Samples between two looks at the axes: faster than the spine twists."""
BLOCK_TICKS = 20
BLOCK_S = BLOCK_TICKS * TICK * STEP_S
"""Over which rest is judged: four seconds, a breath or more."""

BIAS_SIGMA_RADS = np.radians(1.0)
"""Bias of a gyroscope that was not at rest yet (data sheets)."""
ACC_OFFSET_SIGMA_MS2 = 0.15
"""Zero-g offset of an axis (data sheets: 20 mg typical)."""

_SIDE = np.dtype(
    [
        ("up", np.float64, 3),  # the vertical, up to a tick ago
        ("north", np.float64, 3),  # of the level reference, in segment axes
        ("bias", np.float64, 3),
        ("bias_variance", np.float64),
        ("turned", np.float64, 3),  # in this block, the last and the one before, rad
        ("last", np.float64, 3),
        ("before", np.float64, 3),
        ("lean_x", np.float64),  # what gravity says beyond the vertical given
        ("lean_z", np.float64),
        ("force", np.float64, 3),  # sums over this block
        ("rate", np.float64),
        ("acc_offset", np.float64, 3),
        ("acc_cov", np.float64, 9),
    ]
)

_STATE = np.dtype(
    [
        ("trunk", _SIDE),
        ("pelvis", _SIDE),
        ("offset", np.float64),  # by which the trunk's level axes are turned to the pelvis's, rad
        ("cosine", np.float64),
        ("sine", np.float64),
        ("variance", np.float64),
        ("bias_cov", np.float64),
        ("since_s", np.float64),  # the last measurement
        ("tick", np.float64),
        ("turn_ticks", np.float64),
        ("block_ticks", np.float64),
        ("missing", np.float64),
        ("rate", np.float64),  # squared, of both at the last sample
        ("across", np.float64),  # sums over the looks at a turn
        ("along", np.float64),
        ("turning", np.float64),
        ("apart", np.float64),
    ]
)


def new_state() -> Variables:
    """What is known before the first sample: nothing but what sensors may be like."""
    state = np.zeros((), _STATE)
    state["cosine"], state["variance"] = 1.0, np.inf
    for side in (state["trunk"], state["pelvis"]):
        side["bias_variance"] = BIAS_SIGMA_RADS**2
        side["last"], side["before"] = np.nan, np.nan
        side["acc_cov"] = np.eye(3).ravel() * ACC_OFFSET_SIGMA_MS2**2
    return state
