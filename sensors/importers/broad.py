"""BROAD: an IMU moved by hand with its orientation tracked by cameras, 286 Hz.

Laidig, Caruso, Cereatti, Seel: BROAD, a benchmark for robust inertial orientation estimation.
Data 6 (2021) 72. No body wears the sensor, so its placement is stated as pelvis. Only the IMU's
samples become a recording; the optical truth stays in the set's files.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sensors.importers.importer import Imported, Item, find_files, stream_info, unusable
from sensors.importers.table import CHECK_FILE
from sensors.types import Chunk, FloatArray, Placement

if TYPE_CHECKING:
    import h5py

_NAME = re.compile(r"(?P<exercise>\d\d)_\w+\.hdf5")


def find(source: Path) -> list[Item]:
    """The trials in a folder of the set, or the one in a file."""
    return [
        Item(name=path.stem, paths=(path,), exercise=match["exercise"])
        for path, match in find_files(source, "02_undisturbed_slow_rotation_B.hdf5", _NAME)
    ]


def read(item: Item) -> Imported:
    """The IMU stream of a trial."""
    import h5py  # 12 MB that no other command needs

    (path,) = item.paths
    try:
        with h5py.File(path) as file:
            rate_hz = float(file.attrs["sampling_rate"])
            acc, gyro = _samples(file["imu_acc"]), _samples(file["imu_gyr"])
    except (OSError, KeyError) as error:
        raise unusable(path, f"not a trial of BROAD: {error}", CHECK_FILE) from error
    info = stream_info(
        Placement.PELVIS, rate_hz, acc_range_g=20, gyro_range_dps=2000, model="BROAD myon aktos-t"
    )
    chunk = Chunk(info.placement, np.arange(len(acc)) / rate_hz, acc, gyro)
    return Imported(streams=((info, chunk),))


def _samples(dataset: h5py.Dataset) -> FloatArray:
    return np.asarray(dataset[:], dtype=np.float64)
