"""How smooth a movement is."""

from __future__ import annotations

import numpy as np

from sensors.types import FloatArray

MAX_CUTOFF_HZ = 10.0
AMPLITUDE_PART = 0.05
PADDING_LEVEL = 4
"""As published (Balasubramanian et al. 2012): 10 Hz, 5 % of the largest amplitude, padding 4."""


_SMOOTH = np.exp(-0.5 * (np.arange(-4, 5) / 1.3) ** 2)
_SMOOTH /= _SMOOTH.sum()
"""Gaussian weights over samples of the 50 Hz grid: half the power at 5 Hz."""


def spectral_arc_length(speed: FloatArray, rate_hz: float) -> float | None:
    """Spectral arc length (SPARC) of one movement's speed (n,), in any unit; 0 is smoothest.

    The length of the normalized amplitude spectrum of the speed, up to the last frequency that
    still holds 5 % of the largest amplitude; see Balasubramanian, Melendez-Calderon and Burdet,
    IEEE Trans Biomed Eng 59(8), 2012, and the revision of 2015. A minimum-jerk movement has
    about −1.4. None for a movement of under four samples or without any speed.
    """
    if len(speed) < 4 or not np.any(speed > 0.0):
        return None
    size = 2 ** (int(np.ceil(np.log2(len(speed)))) + PADDING_LEVEL)
    amplitude = np.abs(np.fft.rfft(speed, size))
    amplitude /= amplitude.max()
    frequency_hz = np.fft.rfftfreq(size, 1.0 / rate_hz)
    amplitude = amplitude[frequency_hz <= MAX_CUTOFF_HZ]
    kept = int(np.flatnonzero(amplitude >= AMPLITUDE_PART)[-1]) + 1
    steps = np.diff(amplitude[:kept])
    return -float(np.sum(np.hypot(1.0 / max(kept - 1, 1), steps)))


def log_dimensionless_jerk(speed: FloatArray, rate_hz: float) -> float | None:
    """Log dimensionless jerk (LDLJ) of one movement's speed (n,), in any unit; 0 is out of reach.

    −ln(T³ / v² · ∫ a² dt) with the duration T, the peak speed v and the speed's second derivative
    a; see Balasubramanian, Melendez-Calderon, Roby-Brami and Burdet, J NeuroEng Rehabil 12:112,
    2015. A minimum-jerk movement has −5.32. The speed is first low-passed at 5 Hz, since two
    derivatives make noise of it otherwise: tremor is told elsewhere. Unlike the arc length it falls
    with rests within the movement and with where the movement is cut. None for a movement that is
    too short or without any speed.
    """
    if len(speed) <= len(_SMOOTH):
        return None
    smooth = np.convolve(np.pad(speed, len(_SMOOTH) // 2, mode="edge"), _SMOOTH, mode="valid")
    peak = float(smooth.max())
    if peak <= 0.0:
        return None
    jerk = np.gradient(np.gradient(smooth)) * rate_hz**2
    duration_s = len(speed) / rate_hz
    roughness = float(jerk @ jerk) / rate_hz * duration_s**3 / peak**2
    return -float(np.log(roughness)) if roughness > 0.0 else None
