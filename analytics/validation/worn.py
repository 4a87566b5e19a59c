"""Published recordings as they would be with the sensor mounted in any other way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from analytics.body import BODY_RATE_HZ, SEGMENT_OF
from analytics.events import PostureBout
from analytics.frontend import FrontEnd
from analytics.pipeline import Pipeline
from sensors.errors import FivepointError
from sensors.importers import IMPORTERS, Item
from sensors.importers.importer import UNKNOWN_START
from sensors.recording import RecordingHeader, RecordingKind
from sensors.types import Calibration, Chunk, FloatArray, StreamInfo

Stream = tuple[StreamInfo, Chunk]


class ValidationError(FivepointError):
    """There is nothing to validate on."""


def mountings(count: int) -> list[FloatArray]:
    """The mounting as it was, and `count` random rotations (3, 3), always the same ones."""
    return [np.eye(3), *Rotation.random(count, rng=np.random.default_rng(1)).as_matrix()]


def turned(chunk: Chunk, rotation: FloatArray) -> Chunk:
    """What the sensor would have measured, mounted turned by a rotation (3, 3)."""
    gyro = None if chunk.gyro is None else chunk.gyro @ rotation.T
    return Chunk(chunk.placement, chunk.t_s, chunk.acc @ rotation.T, gyro)


def without_gyro(stream: Stream) -> Stream:
    """What an accelerometer alone would have given."""
    info, chunk = stream
    return replace(info, gyro_scale_rads=None), Chunk(chunk.placement, chunk.t_s, chunk.acc, None)


def read_set(datasets: Path, name: str) -> tuple[list[Item], str]:
    """The trials of a published set; ValidationError if it is not in the folder."""
    folders = {"dsads": "dsads_torso"}
    folder = datasets / folders.get(name, name)
    if not folder.is_dir():
        raise ValidationError(
            f"There is no folder {folder}, so nothing was validated on {name}; "
            "name the folder that holds the published recordings."
        )
    return IMPORTERS[name].find(folder), name


def streams(item: Item, name: str) -> tuple[Stream, ...]:
    """The streams of one trial."""
    return IMPORTERS[name].read(item).streams


def verticals(stream: Stream) -> FloatArray:
    """The unit vertical (n, 3) in sensor axes at every sample of the body grid."""
    info, chunk = stream
    front_end = FrontEnd([info])
    parts = [*front_end.push(chunk), *front_end.finish()]
    return np.concatenate([part.segments[SEGMENT_OF[info.placement]].up for part in parts])


def postures(stream: Stream, calibration: Calibration) -> tuple[PostureBout, ...]:
    """The posture bouts of one stream, as analysis finds them."""
    info, chunk = stream
    header = RecordingHeader(
        id="", started_at=UNKNOWN_START, kind=RecordingKind.OTHER, streams=(info,)
    )
    pipeline = Pipeline(header, [calibration])
    pipeline.push(chunk)
    pipeline.finish()
    return pipeline.session().postures


def labels(bouts: Iterable[PostureBout]) -> list[str]:
    """The posture at every sample of the body grid."""
    return [
        bout.posture.value
        for bout in bouts
        for _ in range(round((bout.end_s - bout.start_s) * BODY_RATE_HZ))
    ]
