"""What one bend or lift tells: the axis that a sensor turned about, and which way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sensors.types import FloatArray

BLOCK_S = 0.2
"""Gravity is told from the push of the movement by averaging over this long."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Bend:
    """How a sensor turned, in its own axes.

    `axis` (3,) is the unit axis it turned about, of either sign; `start` and `furthest` (3,) are
    the unit verticals at the beginning and where it had turned most, by `turned_deg`.
    `planar_share` is how much of the turning was about that axis, up to 1.
    """

    axis: FloatArray
    start: FloatArray
    furthest: FloatArray
    turned_deg: float
    planar_share: float


def bend_of(
    acc: FloatArray, gyro: FloatArray, gyro_at_rest: FloatArray, rate_hz: float
) -> Bend | None:
    """The turn in specific force (n, 3) and angular rate (n, 3); None without samples.

    The axis is the first principal component of the angular rate without its bias, `gyro_at_rest`
    (3,). Without a gyroscope (NaN) it is the normal of the plane in which gravity moved, which
    needs a movement slow enough for gravity to be seen.
    """
    size = max(round(BLOCK_S * rate_hz), 1)
    if len(acc) < 2 * size:
        return None
    blocks = acc[: len(acc) // size * size].reshape(-1, size, 3).mean(axis=1)
    up = blocks / np.linalg.norm(blocks, axis=1, keepdims=True)
    turned = np.arccos(np.clip(up @ up[0], -1.0, 1.0))
    axis, planar_share = (
        _normal_of(up) if np.isnan(gyro).any() else _main_axis_of(gyro - gyro_at_rest)
    )
    return Bend(
        axis=axis,
        start=up[0],
        furthest=up[np.argmax(turned)],
        turned_deg=float(np.degrees(turned.max())),
        planar_share=planar_share,
    )


def _main_axis_of(rate: FloatArray) -> tuple[FloatArray, float]:
    power, axes = np.linalg.eigh(rate.T @ rate)
    return axes[:, 2], float(power[2] / power.sum())


def _normal_of(up: FloatArray) -> tuple[FloatArray, float]:
    power, axes = np.linalg.eigh(up.T @ up)
    return axes[:, 0], float(power[1] / (power[0] + power[1]))
