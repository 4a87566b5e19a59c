"""A recording of one sensor in windows that hold nearly all of their samples."""

from __future__ import annotations

from collections.abc import Iterator

from sensors.recording import Recording
from sensors.types import FloatArray, StreamInfo


def windows(
    recording: Recording, info: StreamInfo, window_s: float, *, least_share: float
) -> Iterator[FloatArray]:
    """Specific force (n, 3) of the windows with more than `least_share` of the samples."""
    for chunk in recording.chunks(chunk_s=window_s):
        if (
            chunk.placement is info.placement
            and len(chunk.acc) > least_share * window_s * info.rate_hz
        ):
            yield chunk.acc
