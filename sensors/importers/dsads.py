"""Daily and Sports Activities: the unit on the chest, 25 Hz, five minutes an activity.

Barshan, Yüksek: Recognizing daily and sports activities in two open source machine learning
environments using body-worn sensor units. The Computer Journal 57 (2014). Two layouts are read: the
published `a01/p1/s01.txt` … `s60.txt` (45 columns, the torso unit first; joined here), and one file
`a01_sitting_p1.csv` an activity and person with the torso unit alone. m/s² and rad/s.
"""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa

from sensors.importers.importer import Imported, Item, find_files, read_bytes, stream_info
from sensors.importers.table import floats, read_table
from sensors.types import Chunk, Placement

RATE_HZ = 25.0
INFO = stream_info(
    Placement.STERNUM, RATE_HZ, acc_range_g=18, gyro_range_dps=2000, model="DSADS Xsens MTx"
)
_NAME = re.compile(r"(?P<exercise>a\d\d)_\w+_(?P<subject>p\d)\.csv|s\d\d\.txt")
_UNITS = ("torso", "right_arm", "left_arm", "right_leg", "left_leg")
_SENSORS = ("acc", "gyro", "mag")
_COLUMNS = dict.fromkeys(
    [f"{unit}_{sensor}_{axis}" for unit in _UNITS for sensor in _SENSORS for axis in "xyz"],
    pa.float64(),
)
_TORSO = dict(list(_COLUMNS.items())[:9])


def find(source: Path) -> list[Item]:
    """The activities in a folder of the set, or the one in a file."""
    found = find_files(source, "a01_sitting_p1.csv or a01/p1/s01.txt", _NAME)
    joined = [
        Item(name=path.stem, paths=(path,), subject=match["subject"], exercise=match["exercise"])
        for path, match in found
        if match["subject"]
    ]
    segments = sorted(path for path, match in found if not match["subject"])
    for folder, paths in groupby(segments, key=lambda path: path.parent):
        subject, exercise = folder.name, folder.parent.name
        name = f"{exercise}_{subject}"
        joined.append(Item(name=name, paths=tuple(paths), subject=subject, exercise=exercise))
    return sorted(joined, key=lambda item: item.name)


def read(item: Item) -> Imported:
    """The chest stream of an activity."""
    values = np.concatenate([_torso(path) for path in item.paths])
    t_s = np.arange(len(values)) / RATE_HZ
    chunk = Chunk(INFO.placement, t_s, values[:, :3], values[:, 3:6])
    return Imported(streams=((INFO, chunk),))


def _torso(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    published = path.suffix == ".txt"
    columns, header_lines = (_COLUMNS, 0) if published else (_TORSO, 1)
    table = read_table(read_bytes(path), path, columns, skip_lines=header_lines)
    return floats(table, list(_TORSO), path, header_lines)
