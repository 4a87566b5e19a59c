"""UMAFall: falls and daily activities with sensors on chest and waist and a phone at the thigh.

Casilari, Santoyo-Ramón, Cano-García: UMAFall: a multisensor dataset for the research on automatic
fall detection. Procedia Computer Science 110 (2017). A header of lines beginning with % maps sensor
ids to positions; then stamp in ms; sample number; x; y; z; kind (0 acc in g, 1 gyro in °/s, 2
magnetometer); sensor id. Wrist and ankle are not imported.

The SensorTags' gyroscope has x and z against the accelerometer's axes: rotations only meet gravity
again with these two flipped. The stamps tell when the phone received a sample, in bursts and late;
the times they were taken at are estimated. The start, in Spanish local time, is taken as UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from sensors.clock import without_bursts
from sensors.importers.importer import (
    Imported,
    Item,
    find_files,
    read_bytes,
    stream_info,
    unusable,
)
from sensors.importers.table import CHECK_FILE, floats, read_table
from sensors.types import GRAVITY_MS2, Chunk, Clock, FloatArray, Placement, StreamInfo

TAG_RATE_HZ = 20.0
PHONE_RATE_HZ = 200.0
GYRO_AXES = np.array([-1.0, 1.0, -1.0])

_ACC, _GYRO = 0, 1
_NAME = re.compile(
    r"UMAFall_Subject_(?P<subject>\d\d)_(?P<exercise>(?:ADL|Fall)_\w+?)_(?P<trial>\d+)"
    r"_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.csv"
)
_SENSOR = re.compile(rb"^%[^;\n]*;\s*(\d+)\s*;\s*(\w+)\s*;", re.MULTILINE)
_COLUMNS = dict.fromkeys(["stamp", "number", "x", "y", "z", "kind", "sensor"], pa.float64())
_STREAMS = {
    b"CHEST": (Placement.STERNUM, TAG_RATE_HZ, 500.0, "UMAFall SensorTag"),
    b"WAIST": (Placement.WAIST, TAG_RATE_HZ, 500.0, "UMAFall SensorTag"),
    b"RIGHTPOCKET": (Placement.THIGH, PHONE_RATE_HZ, None, "UMAFall phone"),
}


def find(source: Path) -> list[Item]:
    """The trials in a folder of the set, or the one in a file."""
    example = "UMAFall_Subject_01_ADL_Bending_1_2016-06-13_20-25-26.csv"
    return [
        Item(
            name=path.stem.removeprefix("UMAFall_"),
            paths=(path,),
            subject=match["subject"],
            exercise=match["exercise"],
        )
        for path, match in find_files(source, example, _NAME)
    ]


def read(item: Item) -> Imported:
    """The streams of chest, waist and thigh that the trial has samples of."""
    (path,) = item.paths
    content = read_bytes(path)
    samples = _samples(content, path)
    found = [
        _stream(samples[samples[:, 6] == int(sensor)], *_STREAMS[position])
        for sensor, position in _SENSOR.findall(content)
        if position in _STREAMS
    ]
    streams = [stream for stream in found if stream is not None]
    if not streams:
        raise unusable(path, "no samples of chest, waist or pocket", CHECK_FILE)
    start_s = min(chunk.t_s[0] for _, chunk in streams)
    return Imported(
        streams=tuple((info, _shifted(chunk, -start_s)) for info, chunk in streams),
        started_at=_started_at(path),
    )


def _samples(content: bytes, path: Path) -> FloatArray:
    lines = [line for line in content.splitlines() if line.strip() and not line.startswith(b"%")]
    if not lines:
        raise unusable(path, "there are no samples", CHECK_FILE)
    table = read_table(b"\n".join(lines), path, _COLUMNS, delimiter=";")
    return floats(table, list(_COLUMNS), path)


def _stream(
    samples: FloatArray,
    placement: Placement,
    rate_hz: float,
    gyro_range_dps: float | None,
    model: str,
) -> tuple[StreamInfo, Chunk] | None:
    """The stream of one sensor, acc and gyro paired by sample number; None without samples."""
    acc, gyro = samples[samples[:, 5] == _ACC], samples[samples[:, 5] == _GYRO]
    if gyro_range_dps is not None:
        _, in_acc, in_gyro = np.intersect1d(acc[:, 1], gyro[:, 1], return_indices=True)
        acc, gyro = acc[in_acc], gyro[in_gyro]
    if len(acc) == 0:
        return None
    info = stream_info(
        placement,
        rate_hz,
        acc_range_g=16,
        gyro_range_dps=gyro_range_dps,
        model=model,
        clock=Clock.ESTIMATED,
    )
    t_s = without_bursts(acc[:, 0] / 1000, rate_hz)
    rates = None if gyro_range_dps is None else np.deg2rad(gyro[:, 2:5]) * GYRO_AXES
    return info, Chunk(placement, t_s, acc[:, 2:5] * GRAVITY_MS2, rates)


def _shifted(chunk: Chunk, by_s: float) -> Chunk:
    return Chunk(chunk.placement, chunk.t_s + by_s, chunk.acc, chunk.gyro)


def _started_at(path: Path) -> datetime:
    return datetime.strptime(path.stem[-19:], "%Y-%m-%d_%H-%M-%S").replace(tzinfo=UTC)
