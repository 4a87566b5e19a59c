"""A motion from whose samples the time can be read at which they were taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sensors.recording import Recording
from sensors.types import GRAVITY_MS2, Chunk, FloatArray, Gap, Placement
from sensors.virtual.motion import Motion
from tests.ble.air import joined

_TURN_S = 4.0
_SHORTEST_HOLE_S = 0.05


def turning(duration_s: float, placement: Placement) -> Motion:
    """A body that turns evenly, head over heels."""
    t_s = np.arange(round(duration_s * 100)) / 100
    phase = 2 * np.pi * t_s / _TURN_S
    acc = GRAVITY_MS2 * np.stack([np.sin(phase), 0 * t_s, np.cos(phase)], axis=1)
    gyro = np.tile([0.0, 2 * np.pi / _TURN_S, 0.0], (len(t_s), 1))
    return Motion(Chunk(placement, t_s, acc, gyro))


@dataclass(frozen=True, slots=True)
class Felt:
    """The samples (n,) of a stream: when they were taken, and how much later than stamped."""

    taken_s: FloatArray
    late_s: FloatArray

    def holes(self, rate_hz: float) -> list[Gap]:
        """Where samples were not taken in, be it too short for a gap."""
        missing = np.diff(self.taken_s) > 1 / rate_hz + _SHORTEST_HOLE_S
        starts, ends = self.taken_s[:-1][missing] + 1 / rate_hz, self.taken_s[1:][missing]
        return [Gap(float(start), float(end)) for start, end in zip(starts, ends, strict=True)]


def felt(recording: Recording, placement: Placement, began_s: float) -> Felt:
    """What was recorded at a placement of a body that turned from `began_s` on.

    All times are from the start of the recording. What was felt before the body turned is left out.
    """
    stream = joined([chunk for chunk in recording.chunks() if chunk.placement is placement])
    turned = stream.t_s > began_s + 0.5
    stamped_s, acc = stream.t_s[turned], stream.acc[turned]
    turns = np.arctan2(acc[:, 0], acc[:, 2]) / (2 * np.pi) - (stamped_s - began_s) / _TURN_S
    late_s = _TURN_S * (turns - np.round(turns))
    return Felt(stamped_s + late_s, late_s)
