"""Importing: from the files of a source to recordings in a folder, one at a time."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sensors.importers.importer import (
    Imported,
    Importer,
    ImporterError,
    Item,
    Selection,
    selected,
)
from sensors.recording import Recording, RecordingHeader, RecordingKind, write_recording
from sensors.types import Calibration, Placement

EVERYTHING = Selection()

Calibrate = Callable[[Item, Imported], tuple[Calibration, ...]]
"""Gives the calibrations of what was read."""


def uncalibrated(item: Item, imported: Imported) -> tuple[Calibration, ...]:
    """No calibration: nothing is known of how the sensors were worn."""
    return ()


@dataclass(frozen=True, slots=True)
class ImportStep:
    """One recording is in place: the `done`-th of `total`."""

    recording: Recording
    done: int
    total: int


def import_all(
    importer: Importer,
    source: Path,
    destination: Path,
    *,
    selection: Selection = EVERYTHING,
    calibrate: Calibrate = uncalibrated,
    patient: str | None = None,
) -> Iterator[ImportStep]:
    """Import every selected recording of `source` into a folder of its own in `destination`.

    The id of a recording follows from its content, so importing the same again gives the same id.
    Of what `calibrate` gives, each recording takes what is for its placements. Raises
    FivepointError before anything is written when a name is taken or the selection unknown; and at
    the first source that cannot be read, keeping the recordings that are in place by then.
    """
    items = selected(importer.find(source), selection)
    _refuse_clashes(items, destination)
    for done, item in enumerate(items, start=1):
        imported = _at(importer.read(item), selection.placements, item)
        header = _header(item, imported, calibrate(item, imported), patient)
        chunks = (chunk for _, chunk in imported.streams)
        yield ImportStep(write_recording(destination / item.name, header, chunks), done, len(items))


def _refuse_clashes(items: list[Item], destination: Path) -> None:
    names = Counter(item.name for item in items)
    repeated = [name for name, count in names.items() if count > 1]
    if repeated:
        raise ImporterError(
            f"Several sources would become the recording {repeated[0]}, so nothing was imported; "
            "rename them or import them into different folders."
        )
    taken = [name for name in names if (destination / name).exists()]
    if taken:
        raise ImporterError(
            f"{destination / taken[0]} exists already ({len(taken)} of {len(items)} names are "
            "taken), so nothing was imported; remove them or choose another destination."
        )


def _at(imported: Imported, placements: tuple[Placement, ...], item: Item) -> Imported:
    if not placements:
        return imported
    streams = tuple(stream for stream in imported.streams if stream[0].placement in placements)
    if not streams:
        there = ", ".join(info.placement for info, _ in imported.streams)
        raise ImporterError(
            f"{item.paths[0]} has no stream at {', '.join(placements)}, so it was not imported; "
            f"it has: {there}."
        )
    return replace(imported, streams=streams)


def _header(
    item: Item, imported: Imported, calibrations: tuple[Calibration, ...], patient: str | None
) -> RecordingHeader:
    infos = tuple(info for info, _ in imported.streams)
    worn = {info.placement for info in infos}
    used = tuple(calibration for calibration in calibrations if calibration.placement in worn)
    if calibrations and not used:
        raise ImporterError(
            f"{item.paths[0]} has streams at {', '.join(sorted(worn))} and the calibration is for "
            f"{calibrations[0].placement}, so it was not imported; give the right calibration."
        )
    return RecordingHeader(
        id=f"{item.name}-{_digest(imported, used)}",
        started_at=imported.started_at,
        kind=RecordingKind.OTHER,
        streams=infos,
        patient=patient or item.subject or None,
        calibrations=used,
    )


def _digest(imported: Imported, calibrations: tuple[Calibration, ...]) -> str:
    """Twelve digits that stand for the samples and what was said of them."""
    digest = hashlib.sha256(imported.started_at.isoformat().encode())
    for info, chunk in imported.streams:
        digest.update(repr(info).encode())
        for values in (chunk.t_s, chunk.acc, chunk.gyro):
            digest.update(b"" if values is None else values.tobytes())
    for calibration in calibrations:
        digest.update(calibration.rotation.tobytes())
        digest.update(repr((calibration.placement, calibration.supine_up)).encode())
    return digest.hexdigest()[:12]
