"""SisFall: falls and daily activities with a sensor at the waist, 200 Hz.

Sucerquia, López, Vargas-Bonilla: SisFall: a fall and movement dataset. Sensors 17 (2017) 198.
Files `D01_SA01_R01.txt`: comma-separated counts, a semicolon ends each line. The columns are an
ADXL345 accelerometer (±16 g at 13 bits), an ITG3200 gyroscope and a second accelerometer, which is
not imported. The gyroscope's scale is that of its data sheet, 14.375 counts per °/s: with the
4000/65536 of the set's own readme, integrated rotations do not meet gravity again.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa

from sensors.importers.importer import Imported, Item, find_files, read_bytes
from sensors.importers.table import floats, read_table
from sensors.types import GRAVITY_MS2, Chunk, Placement, StreamInfo

RATE_HZ = 200.0
ACC_SCALE_MS2 = GRAVITY_MS2 * 32 / 2**13
GYRO_SCALE_RADS = float(np.deg2rad(1 / 14.375))
INFO = StreamInfo(
    placement=Placement.WAIST,
    rate_hz=RATE_HZ,
    acc_scale_ms2=ACC_SCALE_MS2,
    gyro_scale_rads=GYRO_SCALE_RADS,
    model="SisFall ADXL345 + ITG3200",
)
_NAME = re.compile(r"(?P<name>(?P<exercise>[DF]\d\d)_(?P<subject>S[AE]\d\d)_R\d\d)\.txt")
_COLUMNS = dict.fromkeys(
    [f"{sensor}_{axis}" for sensor in ("acc", "gyro", "acc2") for axis in "xyz"], pa.float64()
)


def find(source: Path) -> list[Item]:
    """The trials in a folder of the set, or the one in a file."""
    return [
        Item(name=m["name"], paths=(path,), subject=m["subject"], exercise=m["exercise"])
        for path, m in find_files(source, "D01_SA01_R01.txt", _NAME)
    ]


def read(item: Item) -> Imported:
    """The waist stream of a trial."""
    (path,) = item.paths
    content = read_bytes(path).replace(b";", b"")
    counts = floats(read_table(content, path, _COLUMNS), list(_COLUMNS)[:6], path)
    chunk = Chunk(
        INFO.placement,
        np.arange(len(counts)) / RATE_HZ,
        counts[:, :3] * ACC_SCALE_MS2,
        counts[:, 3:] * GYRO_SCALE_RADS,
    )
    return Imported(streams=((INFO, chunk),))
