"""From a spool to its recording: when it is closed, or after its writer was cut off."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from sensors.locking import lock
from sensors.recording.files import explained, replace_file
from sensors.recording.header import RecordingError, RecordingHeader
from sensors.recording.manifest import (
    HeaderJson,
    encode,
    header_from_json,
    header_to_json,
    read_json,
)
from sensors.recording.reading import Recording, read_recording
from sensors.recording.spoolfile import read_spool_file
from sensors.recording.writing import RecordingWriter

SAMPLES_NAME = "samples.arrow"
RESUMED_WITHIN = timedelta(minutes=30)
"""A recorder started longer after another was cut off does not continue what it recorded."""

_HEADER_NAME = "header.json"


def spool_of(folder: Path) -> Path:
    """The hidden folder in which the recording `folder` is spooled."""
    return folder.with_name(f".{folder.name}.spool")


def lock_of(folder: Path) -> Path:
    """The file that is locked for as long as the recording `folder` is spooled or recovered.

    It lies beside the spool and is locked before there is one, so that a spool without a living
    writer is known at any moment.
    """
    return folder.with_name(f".{folder.name}.lock")


def write_spool_header(spool: Path, header: RecordingHeader) -> None:
    """Write what `recover` needs to know besides the samples."""
    replace_file(spool / _HEADER_NAME, encode(header_to_json(header)))


def recover(folder: Path, *, untouched_for: timedelta = timedelta(0)) -> list[Recording]:
    """Complete the spools in `folder` that a kill or a power cut left, and return their recordings.

    Spools that another process is still writing are left alone, and so are those written to within
    `untouched_for`; those without a sample are removed. Raises the first RecordingError after
    trying all of them; its spool stays.
    """
    recordings, failures = [], []
    for spool in sorted(folder.glob(".*.spool")):
        try:
            with explained(f"{spool} was not recovered; check the folder's permissions."):
                recording = _recover(spool) if _untouched(spool, untouched_for) else None
        except RecordingError as error:
            failures.append(error)
        else:
            recordings += [recording] if recording else []
    if failures:
        raise failures[0]
    return recordings


def complete(spool: Path) -> Recording | None:
    """Make the recording of a spool, unless that was done before; None if it holds no sample."""
    folder = _recording_of(spool)
    header = header_from_json(read_json(spool / _HEADER_NAME, HeaderJson, "a spool's header"))
    done = _existing(folder)
    if done is not None and done.header.id == header.id:
        return done
    with RecordingWriter(folder, header) as writer:
        for placement, counts in read_spool_file(spool / SAMPLES_NAME, header):
            writer.append(placement, counts)
        if writer.is_empty:
            return None
        writer.finish()
    return read_recording(folder)


def _recover(spool: Path) -> Recording | None:
    claim = lock_of(_recording_of(spool))
    with claim.open("ab") as file:
        if not lock(file):
            return None
        recording = complete(spool) if (spool / SAMPLES_NAME).exists() else None
        shutil.rmtree(spool, ignore_errors=not spool.exists())
    remove_lock(claim)
    return recording


def remove_lock(claim: Path) -> None:
    """Remove the lock of a spool that is no more; it does no harm where that fails."""
    with suppress(OSError):
        claim.unlink()


def _recording_of(spool: Path) -> Path:
    return spool.with_name(spool.name.removeprefix(".").removesuffix(".spool"))


def _untouched(spool: Path, duration: timedelta) -> bool:
    samples = spool / SAMPLES_NAME
    touched_at = (samples if samples.exists() else spool).stat().st_mtime
    return time.time() - touched_at >= duration.total_seconds()


def _existing(folder: Path) -> Recording | None:
    try:
        return read_recording(folder)
    except RecordingError:
        return None
