"""The file of a spool: an Arrow IPC stream whose batches each hold samples of one placement.

Unlike Parquet, such a stream can be read up to wherever its writer was cut off. Each batch carries
the CRC-32 of its samples, because after a power cut a file may end in zeros.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from sensors.recording.counts import (
    ACC_COLUMNS,
    GYRO_COLUMNS,
    Counts,
    columns_of,
    from_batch,
    to_batch,
)
from sensors.recording.header import RecordingHeader
from sensors.types import Placement

_SCHEMA = pa.schema(
    [("time_us", pa.int64()), *((name, pa.int16()) for name in ACC_COLUMNS + GYRO_COLUMNS)]
)


class SpoolFileWriter:
    """Writes a spool's file; the system's errors come through as OSError."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._writer = pa.ipc.new_stream(self._file, _SCHEMA)
        self.flush()
        self.sync()

    @property
    def closed(self) -> bool:
        """Whether the file was closed."""
        return self._file.closed

    def append(self, placement: Placement, counts: Counts) -> None:
        """Write the next samples of a placement, perhaps only into the buffer."""
        tags = {"placement": placement, "crc32": _checksum(counts)}
        self._writer.write_batch(_batch(counts), custom_metadata=tags)

    def flush(self) -> None:
        """Hand the buffer to the system: what was appended survives the end of this process."""
        self._file.flush()

    def sync(self) -> None:
        """Make what was flushed outlive a power cut."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Flush and close."""
        self._file.close()


def read_spool_file(path: Path, header: RecordingHeader) -> Iterator[tuple[Placement, Counts]]:
    """The samples up to where the writer was cut off: the first broken batch ends them."""
    streams = {info.placement.encode(): info for info in header.streams}
    for batch, tags in _batches(path):
        info = streams.get(tags.get(b"placement", b""))
        if info is None:
            return
        counts = from_batch(batch.select(list(columns_of(info))))
        if tags.get(b"crc32") != _checksum(counts):
            return
        yield info.placement, counts


def _batches(path: Path) -> Iterator[tuple[pa.RecordBatch, dict[bytes, bytes]]]:
    with pa.OSFile(str(path)) as file:
        try:
            reader = pa.ipc.open_stream(file)
            while True:
                found = reader.read_next_batch_with_custom_metadata()
                found.batch.validate()
                yield found.batch, dict(found.custom_metadata or {})
        except (StopIteration, pa.ArrowException):
            return
        except OSError as error:
            if error.errno is not None:  # not Arrow's word for a stream that ends too early
                raise


def _batch(counts: Counts) -> pa.RecordBatch:
    """All columns of the schema, the gyro's null for a stream without gyro."""
    batch = to_batch(counts)
    absent = pa.nulls(len(counts), pa.int16())
    present = set(batch.schema.names)
    return pa.record_batch(
        [batch.column(name) if name in present else absent for name in _SCHEMA.names],
        schema=_SCHEMA,
    )


def _checksum(counts: Counts) -> bytes:
    checksum = zlib.crc32(counts.acc.tobytes(), zlib.crc32(counts.time_us.tobytes()))
    if counts.gyro is not None:
        checksum = zlib.crc32(counts.gyro.tobytes(), checksum)
    return b"%08x" % checksum
