"""Samples as they are stored: whole counts at whole microseconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sensors.recording.header import RecordingError
from sensors.types import Chunk, FloatArray, StreamInfo

US_PER_S = 1_000_000
ACC_COLUMNS = ("acc_x", "acc_y", "acc_z")
GYRO_COLUMNS = ("gyro_x", "gyro_y", "gyro_z")
_INT16 = np.iinfo(np.int16)


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Consecutive samples of one stream: `time_us` (n,), `acc` (n, 3), `gyro` (n, 3) or None."""

    time_us: NDArray[np.int64]
    acc: NDArray[np.int16]
    gyro: NDArray[np.int16] | None

    def __len__(self) -> int:
        return len(self.time_us)

    def __getitem__(self, part: slice) -> Counts:
        return Counts(
            self.time_us[part], self.acc[part], None if self.gyro is None else self.gyro[part]
        )


def to_counts(chunk: Chunk, info: StreamInfo) -> Counts:
    """The chunk in counts of `info`'s scales; beyond the 16-bit range it clips, as a sensor does.

    Raises RecordingError for arrays that do not fit each other or the stream, for values that are
    not finite, and for times that do not rise by a microsecond at least.
    """
    _check_shapes(chunk, info)
    time_us = np.rint(_finite(chunk.t_s, chunk) * US_PER_S).astype(np.int64)
    if np.any(np.diff(time_us) <= 0):
        raise not_rising(info)
    acc = _as_int16(chunk.acc / info.acc_scale_ms2, chunk)
    if chunk.gyro is None or info.gyro_scale_rads is None:
        return Counts(time_us, acc, None)
    return Counts(time_us, acc, _as_int16(chunk.gyro / info.gyro_scale_rads, chunk))


def to_chunk(counts: Counts, info: StreamInfo) -> Chunk:
    """The chunk that the counts stand for, in SI units."""
    t_s = counts.time_us.astype(np.float64) / US_PER_S
    gyro = None
    if counts.gyro is not None and info.gyro_scale_rads is not None:
        gyro = counts.gyro.astype(np.float64) * info.gyro_scale_rads
    return Chunk(info.placement, t_s, counts.acc.astype(np.float64) * info.acc_scale_ms2, gyro)


def quantized(chunk: Chunk, info: StreamInfo) -> Chunk:
    """The chunk with samples on whole counts and times on whole microseconds.

    This is exactly what a recording gives back; quantizing twice changes nothing.
    """
    return to_chunk(to_counts(chunk, info), info)


def columns_of(info: StreamInfo) -> dict[str, pa.DataType]:
    """The columns of a stream with their types; without gyro columns for a stream without gyro."""
    axes = ACC_COLUMNS if info.gyro_scale_rads is None else ACC_COLUMNS + GYRO_COLUMNS
    return {"time_us": pa.int64(), **dict.fromkeys(axes, pa.int16())}


def to_batch(counts: Counts) -> pa.RecordBatch:
    """One Arrow column an axis; without gyro columns for a stream without gyro."""
    columns = {"time_us": _column(counts.time_us)}
    axes = [counts.acc] if counts.gyro is None else [counts.acc, counts.gyro]
    names = (*ACC_COLUMNS, *GYRO_COLUMNS)
    for name, values in zip(names, np.concatenate(axes, axis=1).T, strict=False):
        columns[name] = _column(values)
    return pa.record_batch(columns)


def from_batch(batch: pa.RecordBatch | pa.Table) -> Counts:
    """The counts of a batch made by `to_batch`."""
    time_us = _values(batch.column("time_us"))
    gyro = _columns(batch, GYRO_COLUMNS) if GYRO_COLUMNS[0] in batch.schema.names else None
    return Counts(time_us, _columns(batch, ACC_COLUMNS), gyro)


def concatenated(pieces: list[Counts]) -> Counts:
    """The pieces, which follow each other, as one."""
    if len(pieces) == 1:
        return pieces[0]
    gyros = [piece.gyro for piece in pieces if piece.gyro is not None]
    return Counts(
        np.concatenate([piece.time_us for piece in pieces]),
        np.concatenate([piece.acc for piece in pieces]),
        np.concatenate(gyros) if gyros else None,
    )


def windows(pieces: Iterable[Counts], window_us: int) -> Iterator[Counts]:
    """The same samples cut at the multiples of `window_us`; empty windows are left out."""
    held: list[Counts] = []
    held_window = 0
    for piece in pieces:
        for window, part in _cut(piece, window_us):
            if held and window != held_window:
                yield concatenated(held)
                held = []
            held.append(part)
            held_window = window
    if held:
        yield concatenated(held)


def not_rising(info: StreamInfo) -> RecordingError:
    """The error for samples that are out of order."""
    return RecordingError(
        f"Times of the {info.placement} stream do not rise strictly, so the order of its samples "
        "is unknown and they were not stored; sort them and drop repeated ones."
    )


def _check_shapes(chunk: Chunk, info: StreamInfo) -> None:
    gyro_shape = None if chunk.gyro is None else chunk.gyro.shape
    found = (chunk.t_s.shape, chunk.acc.shape, gyro_shape)
    n = chunk.t_s.size
    expected = ((n,), (n, 3), None if info.gyro_scale_rads is None else (n, 3))
    if found != expected:
        raise RecordingError(
            f"A chunk of the {info.placement} stream has times, acc and gyro of shapes {found} "
            f"where its header asks for {expected}, so it was not stored; correct the source."
        )


def _cut(piece: Counts, window_us: int) -> Iterator[tuple[int, Counts]]:
    window = piece.time_us // window_us
    edges = [0, *(np.flatnonzero(np.diff(window)) + 1).tolist(), len(piece)]
    for start, end in pairwise(edges):
        if end > start:
            yield int(window[start]), piece[start:end]


def _columns(batch: pa.RecordBatch | pa.Table, names: tuple[str, ...]) -> NDArray[np.int16]:
    return np.stack([_values(batch.column(name)) for name in names], axis=1)


def _column(values: NDArray[np.integer]) -> pa.Array:
    """The values as Arrow's; `pa.array` would load pandas, and its 40 MB, where that is there."""
    whole = np.ascontiguousarray(values)
    kind = pa.from_numpy_dtype(whole.dtype)
    return pa.Array.from_buffers(kind, len(whole), [None, pa.py_buffer(whole)])


def _values(column: pa.Array | pa.ChunkedArray) -> NDArray[Any]:
    """The values of a column without nulls; `to_numpy` would load pandas too."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return np.from_dlpack(whole)


def _as_int16(values: FloatArray, chunk: Chunk) -> NDArray[np.int16]:
    return np.clip(np.rint(_finite(values, chunk)), _INT16.min, _INT16.max).astype(np.int16)


def _finite(values: FloatArray, chunk: Chunk) -> FloatArray:
    if not np.isfinite(values).all():
        raise RecordingError(
            f"The {chunk.placement} stream holds values that are not finite, so it was not stored; "
            "leave missing samples out, the step in time shows the gap."
        )
    return values
