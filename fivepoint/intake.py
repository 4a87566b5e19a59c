"""How recordings get in: from other people's files, and into the store."""

from __future__ import annotations

from pathlib import Path

from analytics.calibration import Seconds
from analytics.calibration import calibrate as calibrate_from_poses
from analytics.store import Store
from analytics.store.ingest import ingest_folder
from fivepoint.complaint import complain
from fivepoint.output import progress_bar, with_progress
from sensors.errors import FivepointError
from sensors.importers import (
    Calibrate,
    Imported,
    Importer,
    Item,
    Selection,
    import_all,
    uncalibrated,
)
from sensors.recording import RESUMED_WITHIN, read_calibrations, recover
from sensors.types import Calibration


def take_in(store_path: Path, recordings_folder: Path) -> int:
    """Complete what killed recorders left, and ingest what the store does not know yet.

    What was cut off within the last half hour is left to the recorder that continues it. Returns
    how many recordings could not be read; each is named on standard error.
    """
    try:
        recover(recordings_folder, untouched_for=RESUMED_WITHIN)
    except FivepointError as error:
        complain(error)
    with Store.open(store_path) as store, progress_bar("Ingesting") as show:
        report = ingest_folder(store, recordings_folder, lambda done, total, _: show(done, total))
    for bad in report.bad:
        complain(bad.reason)
    print(f"{report.ingested} recordings ingested, {report.known} known, {len(report.bad)} bad")
    return len(report.bad)


def import_files(
    importer: Importer,
    source: Path,
    destination: Path,
    *,
    selection: Selection,
    calibrate: Calibrate,
    patient: str | None,
) -> None:
    """Import with a progress bar, and say what came of it."""
    steps = import_all(
        importer, source, destination, selection=selection, calibrate=calibrate, patient=patient
    )
    imported = sum(1 for _ in with_progress(steps, "Importing"))
    print(f"{imported} recordings imported into {destination}")


def calibrating(file: Path | None, still: Seconds | None, lying: Seconds | None) -> Calibrate:
    """How imported recordings get their calibration: a file, seconds of known poses, or none."""
    if file is not None:
        calibrations = read_calibrations(file)
        return lambda item, imported: calibrations
    if still is None:
        return uncalibrated

    def from_poses(item: Item, imported: Imported) -> tuple[Calibration, ...]:
        infos = [info for info, _ in imported.streams]
        chunks = [chunk for _, chunk in imported.streams]
        return calibrate_from_poses(infos, chunks, still=still, lying=lying, made_from=item.name)

    return from_poses
