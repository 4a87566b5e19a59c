"""Delimited text as arrays, with errors that tell where the text stops being a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from sensors.importers.importer import unusable
from sensors.types import FloatArray

CHECK_FILE = "check that it is an unaltered file of the data set"


def read_table(
    content: bytes,
    path: Path,
    columns: Mapping[str, pa.DataType],
    *,
    delimiter: str = ",",
    skip_lines: int = 0,
    remedy: str = CHECK_FILE,
) -> pa.Table:
    """The lines of `content` after `skip_lines` as a table with exactly these columns.

    Raises ImporterError, naming `path` and the line, where they are something else.
    """
    try:
        return pa.csv.read_csv(
            BytesIO(content.rstrip(b" \r\n")),
            pa.csv.ReadOptions(column_names=list(columns), skip_rows=skip_lines, use_threads=False),
            pa.csv.ParseOptions(delimiter=delimiter),
            pa.csv.ConvertOptions(column_types=dict(columns)),
        )
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise unusable(path, f"not a table of {len(columns)} columns: {error}", remedy) from error


def floats(
    table: pa.Table, names: Sequence[str], path: Path, skip_lines: int = 0, remedy: str = CHECK_FILE
) -> FloatArray:
    """The named columns (n, k); ImporterError at the first value that is missing or not finite."""
    values = np.stack([table.column(name).to_numpy() for name in names], axis=1)
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        row, column = bad[0]
        reason = f"row {row + 1 + skip_lines} has no finite number in column {names[column]}"
        raise unusable(path, reason, remedy)
    return values.astype(np.float64, copy=False)
