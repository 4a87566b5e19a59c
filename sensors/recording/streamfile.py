"""One stream as a Parquet file: about 6 bytes a sample of six axes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sensors.recording.counts import Counts, columns_of, concatenated, from_batch, to_batch
from sensors.recording.files import explained
from sensors.recording.header import RecordingError, RecordingHeader
from sensors.types import StreamInfo

ROW_GROUP_SAMPLES = 65_536
"""Samples that are compressed, and later read, together: 11 minutes at 100 Hz."""

_MOST_PIECES = 256
"""Pieces that are held as they came: thousands of small ones take many times their size."""


class StreamFileWriter:
    """Writes the counts of one stream; how they come in pieces does not show in the bytes."""

    def __init__(self, path: Path, header: RecordingHeader, info: StreamInfo) -> None:
        columns = [pa.field(name, kind, nullable=False) for name, kind in columns_of(info).items()]
        self._schema = pa.schema(columns, metadata=_metadata(header, info))
        self._held: list[Counts] = []
        self._held_samples = 0
        self._writer = pq.ParquetWriter(
            path,
            self._schema,
            compression="zstd",
            use_dictionary=False,
            column_encoding=dict.fromkeys(self._schema.names, "DELTA_BINARY_PACKED"),
            write_statistics=False,
        )

    def append(self, counts: Counts) -> None:
        """Take the samples that follow the earlier ones."""
        self._held.append(counts)
        self._held_samples += len(counts)
        if len(self._held) >= _MOST_PIECES:
            self._held = [concatenated(self._held)]
        if self._held_samples >= ROW_GROUP_SAMPLES:
            self._write(self._held_samples - self._held_samples % ROW_GROUP_SAMPLES)

    def close(self) -> None:
        """Write what is still held, and the file's footer."""
        if self._held_samples:
            self._write(self._held_samples)
        self._writer.close()

    def abandon(self) -> None:
        """Let go of the file, which is not going to be used."""
        with suppress(OSError, pa.ArrowException):
            self._writer.close()

    def _write(self, samples: int) -> None:
        held = concatenated(self._held)
        columns = to_batch(held[:samples]).columns
        batch = pa.RecordBatch.from_arrays(columns, schema=self._schema)
        self._writer.write_batch(batch, row_group_size=ROW_GROUP_SAMPLES)
        rest = held[samples:]
        self._held, self._held_samples = [rest], len(rest)


def check_stream_file(path: Path, info: StreamInfo, samples: int) -> None:
    """Raise RecordingError unless the file is Parquet with this stream's columns and samples."""
    with _open(path) as file:
        found = (file.schema_arrow.names, file.metadata.num_rows)
    if found != (list(columns_of(info)), samples):
        raise RecordingError(
            f"{path} holds {found[1]} samples of {', '.join(found[0])} where recording.json tells "
            f"of {samples} of {', '.join(columns_of(info))}, so it was not read; restore it."
        )


def read_pieces(path: Path) -> Iterator[Counts]:
    """The samples of a stream's file, a row group at a time."""
    with _open(path) as file:
        for index in range(file.num_row_groups):
            try:
                table = file.read_row_group(index)
            except (OSError, pa.ArrowException) as error:
                raise _unreadable(path, error) from error
            yield from_batch(table)


def _open(path: Path) -> pq.ParquetFile:
    try:
        with explained("the recording was not read; restore the folder from a copy."):
            return pq.ParquetFile(path)
    except pa.ArrowException as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> RecordingError:
    reason = str(error).partition("\n")[0]
    return RecordingError(
        f"{path} is not a whole Parquet file ({reason}), so the recording was not read; "
        "restore the folder from a copy."
    )


def _metadata(header: RecordingHeader, info: StreamInfo) -> dict[str, str]:
    """What the samples mean, so that the file can be understood without its recording.json."""
    gyro_scale = info.gyro_scale_rads
    return {
        "recording_id": header.id,
        "started_at": header.started_at.isoformat(),
        "placement": info.placement,
        "rate_hz": repr(float(info.rate_hz)),
        "acc_scale_ms2": repr(float(info.acc_scale_ms2)),
        **({} if gyro_scale is None else {"gyro_scale_rads": repr(float(gyro_scale))}),
    }
