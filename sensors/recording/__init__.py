"""Recordings: a folder with `recording.json` and one Parquet file a stream, whole or not there.

Samples are stored as the sensor's 16-bit counts with their scale, times as whole microseconds.
A live recording is spooled beside its folder first and put in place when it is complete.
"""

import pyarrow as pa

from sensors.recording.calibrations import read_calibrations, write_calibrations
from sensors.recording.counts import quantized
from sensors.recording.header import RecordingError, RecordingHeader, RecordingKind
from sensors.recording.reading import Recording, find_recordings, read_recording
from sensors.recording.recovery import RESUMED_WITHIN, recover
from sensors.recording.spool import Spool
from sensors.recording.writing import write_recording

__all__ = [
    "RESUMED_WITHIN",
    "Recording",
    "RecordingError",
    "RecordingHeader",
    "RecordingKind",
    "Spool",
    "find_recordings",
    "quantized",
    "read_calibrations",
    "read_recording",
    "recover",
    "write_calibrations",
    "write_recording",
]

pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own keeps what it freed, some MB of a hub's
