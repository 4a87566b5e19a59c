"""The simulated sensor: where it sits, how it errs, what it loses."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import lfilter, lfilter_zi
from scipy.spatial.transform import Rotation

from sensors.simulator.body import SEGMENT_OF, Body
from sensors.simulator.kinematics import cross, segment_frame
from sensors.simulator.motion import Motion
from sensors.types import (
    FULL_SCALE_COUNTS,
    GRAVITY_MS2,
    Chunk,
    FloatArray,
    Placement,
    StreamInfo,
)

BLOCK_SAMPLES = 8192
WARMING_S = 600.0
"""Time constant of a small case on the skin, from room to body temperature."""
SLIP_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VirtualSensor:
    """One worn sensor and its errors.

    The defaults are of the size that data sheets of current consumer MEMS IMUs state (zero-g
    offset 20 mg, noise 0.1 mg/√Hz and 0.007 °/s/√Hz, zero-rate offset 0.5 °/s, sensitivity 0.5 %).
    Fields that end in `_sd` are standard deviations from which each axis draws its own value.
    `mounting` (3, 3) takes sensor axes to segment axes, as `Calibration.rotation`; None draws any
    rotation. The skin lets the sensor tilt by `wobble_deg_per_g`, as a damped oscillator that the
    specific force along the skin drives. Whole packets get lost, in bursts. The clock runs fast by
    a draw of `clock_ppm_sd` and each stamp errs by `jitter_s`.
    """

    placement: Placement
    rate_hz: float = 52.0
    has_gyro: bool = True
    model: str = "simulated"
    mounting: FloatArray | None = None
    acc_range_g: float = 16.0
    gyro_range_dps: float = 2000.0
    acc_bias_sd_ms2: float = 0.1
    gyro_bias_sd_rads: float = 0.005
    gyro_walk_rads: float = 5e-5
    """Growth of the gyro bias as a random walk, per square root of a second."""
    gyro_warming_sd_rads: float = 0.0
    """How far the gyro bias drifts while the sensor warms up on the skin, with `WARMING_S`."""
    acc_noise_ms2: float = 0.01
    gyro_noise_rads: float = 0.001
    scale_error_sd: float = 0.003
    wobble_deg_per_g: float = 0.4
    wobble_hz: float = 8.0
    wobble_damping: float = 0.3
    slip_at_s: float = np.inf
    """When the sensor shifts on the body, within a second …"""
    slip_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """… by this rotation vector in segment axes."""
    loss: float = 0.0
    """Share of packets lost."""
    loss_burst_packets: float = 3.0
    packet_samples: int = 8
    clock_ppm_sd: float = 10.0
    jitter_s: float = 0.0

    @classmethod
    def ideal(cls, placement: Placement, rate_hz: float = 100.0) -> VirtualSensor:
        """A sensor in line with its segment, without any error but its resolution."""
        return cls(
            placement=placement,
            rate_hz=rate_hz,
            mounting=np.eye(3),
            acc_bias_sd_ms2=0.0,
            gyro_bias_sd_rads=0.0,
            gyro_walk_rads=0.0,
            acc_noise_ms2=0.0,
            gyro_noise_rads=0.0,
            scale_error_sd=0.0,
            wobble_deg_per_g=0.0,
            clock_ppm_sd=0.0,
        )

    @property
    def info(self) -> StreamInfo:
        """What a recording says about this sensor."""
        acc_scale_ms2 = self.acc_range_g * GRAVITY_MS2 / FULL_SCALE_COUNTS
        gyro_scale_rads = np.radians(self.gyro_range_dps) / FULL_SCALE_COUNTS
        return StreamInfo(
            placement=self.placement,
            rate_hz=self.rate_hz,
            acc_scale_ms2=acc_scale_ms2,
            gyro_scale_rads=float(gyro_scale_rads) if self.has_gyro else None,
            device_id=f"simulated-{self.placement}",
            model=self.model,
        )


def mounted(sensor: VirtualSensor, seed: int) -> VirtualSensor:
    """The sensor with its mounting drawn, if it was left open."""
    if sensor.mounting is not None:
        return sensor
    quaternion = _generator(seed, sensor, stream=0).normal(size=4)
    return replace(sensor, mounting=_matrix(quaternion / np.linalg.norm(quaternion)))


def measure(sensor: VirtualSensor, motion: Motion, body: Body, seed: int) -> Chunk:
    """Everything a mounted sensor reports of a motion, as one chunk of whole counts."""
    rng = _generator(seed, sensor, stream=1)
    t_s, true_t_s = _clock(sensor, motion.duration_s, rng)
    force, rate = _felt(sensor, motion, body, true_t_s)
    if sensor.wobble_deg_per_g:
        force, rate = _wobbled(sensor, body, force, rate)
    if any(sensor.slip_deg):
        force, rate = _slipped(sensor, true_t_s, force, rate)
    mounting = np.eye(3) if sensor.mounting is None else sensor.mounting
    info = sensor.info
    walk = rng.normal(0.0, sensor.gyro_walk_rads / np.sqrt(sensor.rate_hz), rate.shape)
    acc = _distorted(mounting.T @ force, sensor.scale_error_sd, sensor.acc_bias_sd_ms2, rng)
    acc += rng.normal(0.0, sensor.acc_noise_ms2, acc.shape)
    gyro = _distorted(mounting.T @ rate, sensor.scale_error_sd, sensor.gyro_bias_sd_rads, rng)
    gyro += rng.normal(0.0, sensor.gyro_noise_rads, gyro.shape) + np.cumsum(walk, axis=1)
    if sensor.gyro_warming_sd_rads:
        drift = rng.normal(0.0, sensor.gyro_warming_sd_rads, (3, 1))
        gyro += drift * (1.0 - np.exp(-true_t_s / WARMING_S))
    kept = _received(sensor, t_s.size, rng)
    return Chunk(
        placement=sensor.placement,
        t_s=t_s[kept],
        acc=_counted(acc, info.acc_scale_ms2)[kept],
        gyro=None if info.gyro_scale_rads is None else _counted(gyro, info.gyro_scale_rads)[kept],
    )


def _generator(seed: int, sensor: VirtualSensor, *, stream: int) -> np.random.Generator:
    """Each sensor draws from its own stream, whatever other sensors there are."""
    return np.random.default_rng([seed, 1 + list(Placement).index(sensor.placement), stream])


def _matrix(quaternion: FloatArray) -> FloatArray:
    w, x, y, z = quaternion
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def _clock(
    sensor: VirtualSensor, duration_s: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Stamps on the sensor's clock and the true instants of sampling, both rising."""
    speed = 1.0 + 1e-6 * rng.normal(0.0, sensor.clock_ppm_sd)
    offset_s = rng.uniform(0.0, 1.0 / sensor.rate_hz)
    count = int((duration_s - offset_s) * sensor.rate_hz * min(speed, 1.0 / speed))
    t_s = offset_s + np.arange(count) / sensor.rate_hz
    largest_s = 0.4 / sensor.rate_hz
    jitter_s = np.clip(rng.normal(0.0, sensor.jitter_s, count), -largest_s, largest_s)
    stamps_s = np.rint(np.maximum(t_s + jitter_s, 0.0) * 1e6) / 1e6
    return stamps_s, t_s / speed


def _felt(
    sensor: VirtualSensor, motion: Motion, body: Body, t_s: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Exact specific force and angular rate (3, n) in segment axes, worked out block by block."""
    force, rate = np.empty((3, t_s.size)), np.empty((3, t_s.size))
    offset_m = body.sensor_offset_m(sensor.placement)
    for first in range(0, t_s.size, BLOCK_SAMPLES):
        block = slice(first, first + BLOCK_SAMPLES)
        frame = segment_frame(motion, body, SEGMENT_OF[sensor.placement], t_s[block])
        frame = frame.moved(offset_m)
        force[:, block], rate[:, block] = frame.force, frame.rate
    return force, rate


def _wobbled(
    sensor: VirtualSensor, body: Body, force: FloatArray, rate: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """What the sensor feels when it tilts on soft tissue, in the tilting axes.

    Its mass lags behind the skin: the force along the skin tilts it like a damped oscillator
    (bilinear transform of a second-order low-pass at `wobble_hz`).
    """
    normal = body.sensor_offset_m(sensor.placement) * (1.0, 1.0, 0.0)
    normal /= np.linalg.norm(normal)
    gain = np.radians(sensor.wobble_deg_per_g) / GRAVITY_MS2
    drive = -gain * cross(normal[:, np.newaxis], force)
    warped = np.tan(np.pi * min(sensor.wobble_hz / sensor.rate_hz, 0.4))
    damping = 2.0 * sensor.wobble_damping * warped
    low_pass = warped**2 * np.array([1.0, 2.0, 1.0])
    feedback = np.array([1 + damping + warped**2, 2 * warped**2 - 2, 1 - damping + warped**2])
    start = lfilter_zi(low_pass, feedback) * drive[:, :1]
    tilt, _ = lfilter(low_pass, feedback, drive, zi=start)
    tilt_rate = np.gradient(tilt, 1.0 / sensor.rate_hz, axis=1)
    return _tilted(tilt, force), _tilted(tilt, rate) + tilt_rate


def _slipped(
    sensor: VirtualSensor, t_s: FloatArray, force: FloatArray, rate: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """What the sensor feels once it has shifted, in its new axes."""
    way = np.clip((t_s - sensor.slip_at_s) / SLIP_S, 0.0, 1.0)
    done = way * way * (3.0 - 2.0 * way)
    turn = np.radians(sensor.slip_deg)[:, np.newaxis] * done
    axes = Rotation.from_rotvec(turn.T).inv()
    turn_rate = np.gradient(turn, t_s, axis=1)
    return axes.apply(force.T).T, axes.apply(rate.T).T + turn_rate


def _tilted(tilt: FloatArray, vector: FloatArray) -> FloatArray:
    """A vector (3, n) in axes tilted by a small rotation vector (Rodrigues, second order)."""
    first = cross(tilt, vector)
    return np.asarray(vector - first + 0.5 * cross(tilt, first))


def _distorted(
    vector: FloatArray, scale_error_sd: float, bias_sd: float, rng: np.random.Generator
) -> FloatArray:
    gain = 1.0 + rng.normal(0.0, scale_error_sd, (3, 1))
    return np.asarray(gain * vector + rng.normal(0.0, bias_sd, (3, 1)))


def _counted(vector: FloatArray, scale: float) -> FloatArray:
    """Clipped to the range and rounded to whole counts, (n, 3)."""
    counts = np.clip(np.rint(vector.T / scale), -FULL_SCALE_COUNTS, FULL_SCALE_COUNTS)
    return np.ascontiguousarray(counts * scale)


def _received(sensor: VirtualSensor, samples: int, rng: np.random.Generator) -> slice | FloatArray:
    """Which samples arrive: lost packets come in bursts of geometric length (Gilbert 1960)."""
    if not sensor.loss:
        return slice(None)
    packets = -(-samples // sensor.packet_samples)
    leave = 1.0 / sensor.loss_burst_packets
    enter = leave * sensor.loss / (1.0 - sensor.loss)
    runs = np.stack([rng.geometric(enter, packets), rng.geometric(leave, packets)], axis=1).ravel()
    enough = int(np.searchsorted(np.cumsum(runs), packets)) + 1
    arrives = np.repeat(np.tile([True, False], packets)[:enough], runs[:enough])[:packets]
    return np.repeat(arrives, sensor.packet_samples)[:samples]
