"""How smooth a movement is."""

from __future__ import annotations

import numpy as np

from sensors.types import FloatArray

MAX_CUTOFF_HZ = 10.0
AMPLITUDE_PART = 0.05
PADDING_LEVEL = 4
"""As published (Balasubramanian et al. 2012): 10 Hz, 5 % of the largest amplitude, padding 4."""


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
