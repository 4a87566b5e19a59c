"""`recording.json` and calibration files: typed JSON with errors that say what is wrong where."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import numpy as np

from sensors.recording.files import explained
from sensors.recording.header import RecordingError, RecordingHeader, RecordingKind
from sensors.types import AccCorrection, Calibration, CalibrationQuality, Gap, Placement, StreamInfo

T = TypeVar("T")
Vector = tuple[float, float, float]
FORMAT_VERSION = 1
MANIFEST_NAME = "recording.json"
TRUTH_NAME = "truth.json"


class AccCorrectionJson(msgspec.Struct, frozen=True):
    """A correction of an accelerometer with its arrays as rows."""

    gain: Vector
    offset_ms2: Vector
    error_before_ms2: float
    error_after_ms2: float
    method: str


class CalibrationJson(msgspec.Struct, frozen=True):
    """A calibration with its arrays as rows; what older files lack is unset."""

    placement: Placement
    rotation: tuple[Vector, Vector, Vector]
    supine_up: Vector | None
    method: str
    made_from: str
    device_id: str = ""
    front_seen: bool | msgspec.UnsetType = msgspec.UNSET
    quality: CalibrationQuality | msgspec.UnsetType = msgspec.UNSET
    acc_correction: AccCorrectionJson | msgspec.UnsetType = msgspec.UNSET


class HeaderJson(msgspec.Struct, frozen=True, omit_defaults=True):
    """A recording's header."""

    id: str
    started_at: Annotated[datetime, msgspec.Meta(tz=True)]
    kind: RecordingKind
    streams: tuple[StreamInfo, ...]
    patient: str | None
    calibrations: tuple[CalibrationJson, ...]
    resumes: str | None = None


class StreamSummaryJson(msgspec.Struct, frozen=True):
    """What was recorded of one stream; `end_s` is one sample interval after its last sample."""

    samples: Annotated[int, msgspec.Meta(ge=0)]
    end_s: float
    gaps: tuple[Gap, ...]


class Manifest(msgspec.Struct, frozen=True):
    """The content of `recording.json`; `files` has the SHA-256 of each other file."""

    format_version: Annotated[int, msgspec.Meta(ge=1)]
    application_version: str
    header: HeaderJson
    recorded: dict[Placement, StreamSummaryJson]
    files: dict[str, str]


def stream_name(placement: Placement) -> str:
    """The name of the file that holds the stream of a placement."""
    return f"{placement}.parquet"


def encode(value: msgspec.Struct | dict[str, object] | list[CalibrationJson]) -> bytes:
    """Indented JSON, for people to read too."""
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=_plain), indent=1) + b"\n"


def _plain(value: object) -> object:
    """NumPy's numbers and arrays as those of Python."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value)} cannot be stored")


def read_json(path: Path, kind: type[T], what: str) -> T:
    """Read a JSON file of the given type; RecordingError tells where it departs from it."""
    with explained(f"{what} was not read; check that the file is there and may be read."):
        content = path.read_bytes()
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError as error:
        raise RecordingError(
            f"{path} does not hold {what} ({error}), so it was not read; restore or remake it."
        ) from error


def header_to_json(header: RecordingHeader) -> HeaderJson:
    """The header as it is stored."""
    return HeaderJson(
        id=header.id,
        started_at=header.started_at.astimezone(UTC),
        kind=header.kind,
        streams=header.streams,
        patient=header.patient,
        calibrations=tuple(calibration_to_json(item) for item in header.calibrations),
        resumes=header.resumes,
    )


def header_from_json(header: HeaderJson) -> RecordingHeader:
    """The header that was stored."""
    return RecordingHeader(
        id=header.id,
        started_at=header.started_at,
        kind=header.kind,
        streams=header.streams,
        patient=header.patient,
        calibrations=tuple(calibration_from_json(item) for item in header.calibrations),
        resumes=header.resumes,
    )


def calibration_to_json(calibration: Calibration) -> CalibrationJson:
    """The calibration as it is stored."""
    supine_up = calibration.supine_up
    x, y, z = (_vector(row) for row in calibration.rotation)
    return CalibrationJson(
        placement=calibration.placement,
        rotation=(x, y, z),
        supine_up=None if supine_up is None else _vector(supine_up),
        method=calibration.method,
        made_from=calibration.made_from,
        device_id=calibration.device_id,
        front_seen=calibration.front_seen or msgspec.UNSET,
        quality=calibration.quality or msgspec.UNSET,
        acc_correction=_correction_to_json(calibration.acc_correction),
    )


def calibration_from_json(calibration: CalibrationJson) -> Calibration:
    """The calibration that was stored; RecordingError if its matrix is not a rotation."""
    rotation = np.array(calibration.rotation)
    if np.abs(rotation @ rotation.T - np.eye(3)).max() > 1e-6 or np.linalg.det(rotation) < 0:
        raise RecordingError(
            f"The {calibration.placement} calibration's matrix is not a rotation, so angles from "
            "it would be wrong; calibrate again."
        )
    supine_up = calibration.supine_up
    return Calibration(
        placement=calibration.placement,
        rotation=rotation,
        supine_up=None if supine_up is None else np.array(supine_up),
        method=calibration.method,
        made_from=calibration.made_from,
        device_id=calibration.device_id,
        front_seen=bool(calibration.front_seen),
        quality=calibration.quality or None,
        acc_correction=_correction_from_json(calibration.acc_correction),
    )


def _correction_to_json(
    correction: AccCorrection | None,
) -> AccCorrectionJson | msgspec.UnsetType:
    if correction is None:
        return msgspec.UNSET
    return AccCorrectionJson(
        gain=_vector(correction.gain),
        offset_ms2=_vector(correction.offset_ms2),
        error_before_ms2=correction.error_before_ms2,
        error_after_ms2=correction.error_after_ms2,
        method=correction.method,
    )


def _correction_from_json(
    correction: AccCorrectionJson | msgspec.UnsetType,
) -> AccCorrection | None:
    if isinstance(correction, msgspec.UnsetType):
        return None
    return AccCorrection(
        gain=np.array(correction.gain),
        offset_ms2=np.array(correction.offset_ms2),
        error_before_ms2=correction.error_before_ms2,
        error_after_ms2=correction.error_after_ms2,
        method=correction.method,
    )


def _vector(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Vector:
    x, y, z = (float(value) for value in values)
    return x, y, z
