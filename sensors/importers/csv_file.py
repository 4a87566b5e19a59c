"""Delimited text of any layout: the caller says what the columns are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import ceil, log2, pi
from pathlib import Path

import numpy as np
import pyarrow as pa

from sensors.importers.importer import (
    UNKNOWN_START,
    Imported,
    Importer,
    ImporterError,
    Item,
    read_bytes,
    unusable,
)
from sensors.importers.table import floats, read_table
from sensors.importers.times import seconds_from_first
from sensors.types import (
    FULL_SCALE_COUNTS,
    GRAVITY_MS2,
    Chunk,
    Clock,
    FloatArray,
    Placement,
    StreamInfo,
)


class AccUnit(StrEnum):
    """What a file's acceleration is counted in."""

    G = "g"
    MG = "mg"
    MS2 = "m/s2"


class GyroUnit(StrEnum):
    """What a file's angular rate is counted in."""

    DPS = "dps"
    RADS = "rad/s"


class TimeUnit(StrEnum):
    """What a file's time is counted in; `iso` is date and time as text, UTC unless it says so."""

    S = "s"
    MS = "ms"
    US = "us"
    NS = "ns"
    ISO = "iso"


ACC = ("ax", "ay", "az")
GYRO = ("gx", "gy", "gz")
IGNORED = "_"
SUFFIXES = (".csv", ".tsv", ".txt")

_MS2 = {AccUnit.G: GRAVITY_MS2, AccUnit.MG: GRAVITY_MS2 / 1000, AccUnit.MS2: 1.0}
_RADS = {GyroUnit.DPS: pi / 180, GyroUnit.RADS: 1.0}
_PER_S = {TimeUnit.S: 1.0, TimeUnit.MS: 1e3, TimeUnit.US: 1e6, TimeUnit.NS: 1e9}

_YEAR_2000_S = 946_684_800.0
"""Unix time of 2000-01-01: what counts more seconds than this is no device's uptime."""

USUAL_ACC_RANGE_MS2 = 16 * GRAVITY_MS2
USUAL_GYRO_RANGE_RADS = 2000 * _RADS[GyroUnit.DPS]

_LEAST_DURATION_S = 1.0
_LONGEST_STEP_S = 86_400.0
"""A day without samples belongs between two recordings, not into one."""

_PLAUSIBLE_G = (0.2, 5.0)
"""Where the median magnitude of a worn sensor lies: near 1 g, unless the unit is wrong."""

_PLAUSIBLE_RATE = (0.1, 10.0)
"""Stated rate over the rate of the time stamps: far from the 1000 of a wrong unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvLayout:
    """What the columns of a file are. Raises ImporterError for one that makes no sense.

    `columns` are in the file's order: ax, ay, az; optionally gx, gy, gz; optionally t; and _ for
    each column to ignore. `rate_hz` may be left out where there is a t. `started_at` is the
    instant of the first sample where the stamps do not tell: ISO and Unix times do.
    """

    placement: Placement
    rate_hz: float | None = None
    columns: tuple[str, ...] = ("t", *ACC, *GYRO)
    acc_unit: AccUnit = AccUnit.G
    gyro_unit: GyroUnit = GyroUnit.DPS
    t_unit: TimeUnit = TimeUnit.S
    header: bool = False
    delimiter: str = ","
    started_at: datetime = UNKNOWN_START

    def __post_init__(self) -> None:
        named = [name for name in self.columns if name != IGNORED]
        allowed = {frozenset(ACC + rest) for rest in ((), ("t",), GYRO, ("t", *GYRO))}
        if frozenset(named) not in allowed or len(set(named)) < len(named):
            raise ImporterError(
                f"The columns {','.join(self.columns)} cannot be imported; name ax,ay,az once "
                "each, with or without t, with gx,gy,gz or none, and _ for those to ignore."
            )
        if self.rate_hz is None and not self.has_time:
            raise ImporterError(
                "There is no column t and no rate, so nothing was imported; give --rate."
            )
        if self.rate_hz is not None and not 0 < self.rate_hz < float("inf"):
            raise ImporterError(
                f"A rate of {self.rate_hz} Hz cannot be, so nothing was imported; give the samples "
                "a second, above 0."
            )
        if len(self.delimiter) != 1:
            raise ImporterError(
                f"The delimiter {self.delimiter!r} is not one character, so nothing was imported; "
                "give one, such as ';'."
            )

    @property
    def has_time(self) -> bool:
        """Whether the file tells when each sample was taken."""
        return "t" in self.columns

    @property
    def has_gyro(self) -> bool:
        """Whether the file has angular rates."""
        return GYRO[0] in self.columns


def csv_importer(layout: CsvLayout) -> Importer:
    """The importer of delimited text files of one layout."""
    return Importer(find, lambda item: read(item, layout))


def find(source: Path) -> list[Item]:
    """The file, or each .csv, .tsv or .txt file right in the folder."""
    if not source.exists():
        raise unusable(source, "no such file or folder", "check the name")
    try:
        paths = sorted(source.iterdir()) if source.is_dir() else [source]
    except OSError as error:
        raise unusable(source, error.strerror or str(error), "check the permissions") from error
    if source.is_dir():
        paths = [path for path in paths if path.suffix.lower() in SUFFIXES]
    if not paths:
        raise unusable(source, f"no file ends in {', '.join(SUFFIXES)}", "name the file itself")
    return [Item(name=path.stem, paths=(path,)) for path in paths]


def read(item: Item, layout: CsvLayout) -> Imported:
    """The stream in a file; ImporterError where it is not what the layout says, or implausible."""
    (path,) = item.paths
    table = _table(path, layout)
    acc = _values(table, ACC, path, layout) * _MS2[layout.acc_unit]
    gyro = _values(table, GYRO, path, layout) * _RADS[layout.gyro_unit] if layout.has_gyro else None
    t_s, started_at = _times(table, path, layout)
    _check_times(t_s, path, layout)
    _check_gravity(acc, path)
    info = StreamInfo(
        placement=layout.placement,
        rate_hz=layout.rate_hz or float(1 / np.median(np.diff(t_s))),
        acc_scale_ms2=_scale(acc, USUAL_ACC_RANGE_MS2),
        gyro_scale_rads=None if gyro is None else _scale(gyro, USUAL_GYRO_RANGE_RADS),
        model="csv",
        clock=Clock.DEVICE if layout.has_time else Clock.ESTIMATED,
    )
    chunk = Chunk(layout.placement, t_s, acc, gyro)
    return Imported(streams=((info, chunk),), started_at=started_at)


def _table(path: Path, layout: CsvLayout) -> pa.Table:
    names = [f"_{i}" if name == IGNORED else name for i, name in enumerate(layout.columns)]
    types = {name: pa.string() if name.startswith("_") else pa.float64() for name in names}
    if layout.has_time and layout.t_unit is TimeUnit.ISO:
        types["t"] = pa.string()
    return read_table(
        read_bytes(path),
        path,
        types,
        delimiter=layout.delimiter,
        skip_lines=int(layout.header),
        remedy="check --columns, --delimiter and --header",
    )


def _values(table: pa.Table, names: tuple[str, ...], path: Path, layout: CsvLayout) -> FloatArray:
    remedy = "remove or repair the row; a gap in time may stand in its place"
    return floats(table, names, path, int(layout.header), remedy)


def _times(table: pa.Table, path: Path, layout: CsvLayout) -> tuple[FloatArray, datetime]:
    if layout.rate_hz is not None and not layout.has_time:
        return np.arange(table.num_rows) / layout.rate_hz, layout.started_at
    if layout.t_unit is TimeUnit.ISO:
        return seconds_from_first(_instants(table, path), path, "check --t-unit")
    stamps = _values(table, ("t",), path, layout)[:, 0] / _PER_S[layout.t_unit]
    if len(stamps) and stamps[0] > _YEAR_2000_S:
        started_at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=stamps[0])
        return stamps - stamps[0], started_at
    return stamps - stamps[:1], layout.started_at


def _instants(table: pa.Table, path: Path) -> pa.ChunkedArray:
    stamps = table.column("t")
    for kind in (pa.timestamp("us", "UTC"), pa.timestamp("us")):
        try:
            return stamps.cast(kind)
        except pa.ArrowInvalid as error:
            reason = str(error)
    raise unusable(path, f"column t is not ISO date and time: {reason}", "check --t-unit")


def _check_times(t_s: FloatArray, path: Path, layout: CsvLayout) -> None:
    steps = np.diff(t_s)
    back = np.flatnonzero(steps <= 0)
    if len(back):
        row = back[0] + 2 + int(layout.header)
        raise unusable(path, f"time does not rise at row {row}", "sort the rows and drop repeats")
    if len(steps) and steps.max() > _LONGEST_STEP_S:
        row = int(steps.argmax()) + 2 + int(layout.header)
        raise unusable(
            path, f"time jumps by {steps.max():g} s at row {row}", "split the file there"
        )
    low, high = _PLAUSIBLE_RATE
    rate_hz = layout.rate_hz
    if len(steps) and rate_hz and not low <= rate_hz * np.median(steps) <= high:
        found = f"column t steps by {np.median(steps):g} s where {rate_hz:g} Hz was stated"
        raise unusable(path, found, "check --t-unit and --rate")
    if len(steps) == 0 or t_s[-1] < _LEAST_DURATION_S:
        raise unusable(path, f"less than {_LEAST_DURATION_S:g} s of samples", "give a longer one")


def _check_gravity(acc: FloatArray, path: Path) -> None:
    median_g = np.median(np.linalg.norm(acc, axis=1)) / GRAVITY_MS2
    if not _PLAUSIBLE_G[0] <= median_g <= _PLAUSIBLE_G[1]:
        found = f"the median acceleration would be {median_g:.3g} g, near 1 g on any body"
        raise unusable(path, found, "check --acc-unit and --columns")


def _scale(values: FloatArray, usual_range: float) -> float:
    """The value of one count: the usual range of sensors is doubled until it holds all values."""
    excess = max(float(np.abs(values).max()) / usual_range, 1.0)
    return usual_range * 2.0 ** ceil(log2(excess)) / FULL_SCALE_COUNTS
