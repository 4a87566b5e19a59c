"""Time stamps of files as seconds from the first sample."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from sensors.importers.importer import unusable
from sensors.types import FloatArray

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def seconds_from_first(
    stamps: pa.ChunkedArray, path: Path, remedy: str
) -> tuple[FloatArray, datetime]:
    """Seconds (n,) and the instant of the first, from a column of microsecond time stamps.

    Stamps without a zone are taken as UTC. ImporterError where one is missing.
    """
    if stamps.null_count:
        raise unusable(path, "a time stamp is missing", remedy)
    if len(stamps) == 0:
        raise unusable(path, "there are no samples", remedy)
    stamps_us = stamps.cast(pa.int64()).to_numpy()
    started_at = _EPOCH + timedelta(microseconds=int(stamps_us[0]))
    return (stamps_us - stamps_us[0]).astype(np.float64) / 1e6, started_at
