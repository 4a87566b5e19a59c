"""A script, a body and sensors become streams of samples with their exact truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from sensors.simulator.body import SEGMENT_OF, Body, Segment
from sensors.simulator.imu import VirtualSensor, measure, mounted
from sensors.simulator.kinematics import Frame, segment_frame
from sensors.simulator.stage import Activity, BridgeTruth, Pose, ScriptError, play
from sensors.simulator.truth import truth_of
from sensors.types import Calibration, Chunk, FloatArray, Placement, StreamInfo


class Simulation:
    """What the sensors report while a body plays a script, and what really happened.

    The same script, sensors, body and seed give the same bytes; a sensor's samples do not depend
    on which other sensors are worn.
    """

    def __init__(
        self,
        script: Sequence[Activity],
        *,
        sensors: Sequence[VirtualSensor],
        seed: int,
        body: Body | None = None,
    ) -> None:
        self.body = Body() if body is None else body
        self.sensors = tuple(mounted(sensor, seed) for sensor in sensors)
        self._seed = seed
        self._stage = play(script, self.body, np.random.default_rng([seed, 0]))
        self._motion = self._stage.finish()

    @property
    def duration_s(self) -> float:
        """Length of the recording."""
        return self._motion.duration_s

    @property
    def infos(self) -> tuple[StreamInfo, ...]:
        """What a recording's header says about the streams."""
        return tuple(sensor.info for sensor in self.sensors)

    @property
    def still_s(self) -> tuple[float, float]:
        """The first seconds of quiet standing, for calibration; ScriptError if there are none."""
        standing = self._first_still(Pose.STANDING)
        if standing is None:
            raise ScriptError(
                "The script never stands still, so its sensors cannot be calibrated from it; "
                "begin it with Stand."
            )
        return standing

    @property
    def lying_s(self) -> tuple[float, float] | None:
        """The first seconds of lying still on the back, for calibration."""
        return self._first_still(Pose.SUPINE)

    @cached_property
    def truth(self) -> dict[str, Any]:
        """The content of truth.json: postures, repetitions, hyperextension, falls, extension."""
        return truth_of(self._stage, self._motion)

    @property
    def repetitions(self) -> tuple[BridgeTruth, ...]:
        """The bridges as scripted: a part of `truth` that costs nothing."""
        return tuple(self._stage.repetitions)

    def true_calibrations(self) -> tuple[Calibration, ...]:
        """How each sensor really sits, known without error."""
        return tuple(
            Calibration(
                placement=sensor.placement,
                rotation=np.eye(3) if sensor.mounting is None else sensor.mounting,
                supine_up=self.body.supine_up(SEGMENT_OF[sensor.placement]),
                method="true",
                made_from="simulation",
                device_id=sensor.info.device_id,
            )
            for sensor in self.sensors
        )

    def segment_frame(self, segment: Segment, t_s: FloatArray) -> Frame:
        """The true motion of a segment at rising times, without any sensor's error."""
        return segment_frame(self._motion, self.body, segment, t_s)

    def samples(self, placement: Placement) -> Chunk:
        """All samples of one sensor."""
        return self._samples[placement]

    def chunks(self, chunk_s: float = 10.0) -> Iterator[Chunk]:
        """All samples of all sensors in order of time, `chunk_s` seconds a chunk."""
        for start_s in np.arange(0.0, self.duration_s + 1.0, chunk_s):
            for samples in self._samples.values():
                first, last = np.searchsorted(samples.t_s, (start_s, start_s + chunk_s))
                if first < last:
                    yield _part(samples, slice(first, last))

    @cached_property
    def _samples(self) -> dict[Placement, Chunk]:
        return {
            sensor.placement: measure(sensor, self._motion, self.body, self._seed)
            for sensor in self.sensors
        }

    def _first_still(self, pose: Pose) -> tuple[float, float] | None:
        found = (bout[1:] for bout in self._stage.still if bout[0] is pose)
        return next(found, None)


def simulate(
    script: Sequence[Activity],
    *,
    sensors: Sequence[VirtualSensor],
    seed: int,
    body: Body | None = None,
) -> Simulation:
    """Simulate sensors worn by a body that plays a script; raises ScriptError if it cannot."""
    return Simulation(script, sensors=sensors, seed=seed, body=body)


def _part(samples: Chunk, within: slice) -> Chunk:
    gyro = None if samples.gyro is None else samples.gyro[within]
    return Chunk(samples.placement, samples.t_s[within], samples.acc[within], gyro)
