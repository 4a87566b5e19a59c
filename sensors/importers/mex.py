"""MEx: seven exercises on a mat, of which the thigh accelerometer is imported; 100 Hz.

Wijekoon, Wiratunga, Cooper: MEx: multi-modal exercises dataset for human activity recognition
(2019). Files `act/SS/EE_act_N.csv` of subject SS doing exercise EE: time stamp, x, y, z in g. The
stamps, taken as UTC, run at about 103 Hz.
"""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa

from sensors.importers.importer import Imported, Item, find_files, read_bytes, stream_info
from sensors.importers.table import CHECK_FILE, floats, read_table
from sensors.importers.times import seconds_from_first
from sensors.types import GRAVITY_MS2, Chunk, Placement

INFO = stream_info(
    Placement.THIGH, 100.0, acc_range_g=8, gyro_range_dps=None, model="MEx Axivity AX3"
)
_NAME = re.compile(r"(?P<exercise>\d\d)_act_(?P<trial>\d)\.csv")
_COLUMNS = {"t": pa.timestamp("us"), **dict.fromkeys("xyz", pa.float64())}


def find(source: Path) -> list[Item]:
    """The trials in a folder of the set, or the one in a file."""
    found = find_files(source, "act/01/02_act_1.csv", _NAME)
    items = [
        Item(
            name=f"{path.parent.name}_{path.stem}",
            paths=(path,),
            subject=path.parent.name,
            exercise=match["exercise"],
        )
        for path, match in found
    ]
    return sorted(items, key=lambda item: item.name)


def read(item: Item) -> Imported:
    """The thigh stream of a trial."""
    (path,) = item.paths
    table = read_table(read_bytes(path), path, _COLUMNS)
    t_s, started_at = seconds_from_first(table.column("t"), path, CHECK_FILE)
    acc = floats(table, "xyz", path) * GRAVITY_MS2
    return Imported(streams=((INFO, Chunk(INFO.placement, t_s, acc, None)),), started_at=started_at)
