"""The spool: a live recording's samples, safe on disk within a second of their arrival.

A spool is the hidden folder `.NAME.spool` beside the recording it will become: `header.json`, and
`samples.arrow`, an Arrow IPC stream whose batches each hold samples of one placement. Unlike
Parquet, such a stream can be read up to wherever its writer was killed.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType

import pyarrow as pa

from sensors.recording.counts import (
    ACC_COLUMNS,
    GYRO_COLUMNS,
    Counts,
    columns_of,
    concatenated,
    from_batch,
    not_rising,
    to_batch,
    to_counts,
)
from sensors.recording.files import explained, lock, replace_file, sync_folder
from sensors.recording.header import RecordingError, RecordingHeader
from sensors.recording.manifest import (
    HeaderJson,
    encode,
    header_from_json,
    header_to_json,
    read_json,
)
from sensors.recording.reading import Recording, read_recording
from sensors.recording.writing import RecordingWriter, refuse_existing
from sensors.types import Chunk, Placement

SYNC_INTERVAL_S = 0.5
"""Time between two syncs; half a second leaves the disk the other half to answer."""

MOST_PENDING_SAMPLES = 10_000
"""Samples that may wait for the next sync; more (a replay, a backfill) are synced at once."""

_HEADER_NAME = "header.json"
_SAMPLES_NAME = "samples.arrow"
_LOCK_NAME = "lock"
_SCHEMA = pa.schema(
    [("time_us", pa.int64()), *((name, pa.int16()) for name in ACC_COLUMNS + GYRO_COLUMNS)]
)


class Spool:
    """Takes the chunks of a live recording and turns them into the recording when closed.

    `append` hands samples over and does not wait for the disk; within a second they are durable
    and counted in `durable_samples`. After a kill or a power cut, `recover` completes the
    recording. Leaving the `with` block without `close` keeps the spool for `recover` too.
    """

    def __init__(self, folder: Path, header: RecordingHeader) -> None:
        refuse_existing(folder)
        self._folder = folder
        self._spool = folder.with_name(f".{folder.name}.spool")
        if self._spool.exists():
            raise RecordingError(
                f"{self._spool} holds a recording that was cut off, so none was begun under that "
                "name; recover it first or choose another name."
            )
        self._header = header
        self._pending: dict[Placement, list[Counts]] = {i.placement: [] for i in header.streams}
        self._pending_samples = 0
        self._last_us: dict[Placement, int] = {}
        self._durable = dict.fromkeys(self._pending, 0)
        self._failure: RecordingError | None = None
        self._pending_lock = threading.Lock()
        self._file_lock = threading.Lock()
        self._stopping = threading.Event()
        self._opened = ExitStack()
        with explained(f"{folder} was not begun; free the disk or choose another folder."):
            self._create()
        self._syncer = threading.Thread(target=self._keep_syncing, name="spool", daemon=True)
        self._syncer.start()

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._release()

    @property
    def durable_samples(self) -> Mapping[Placement, int]:
        """How many samples of each stream would outlive a power cut now."""
        with self._pending_lock:
            return dict(self._durable)

    def append(self, chunk: Chunk) -> None:
        """Hand over the samples that follow the earlier ones of their stream.

        Raises RecordingError, storing nothing of the chunk, if it does not fit the header or goes
        back in time; and if the disk refused earlier samples, which ends the recording there.
        """
        info = self._header.stream(chunk.placement)
        if info is None:
            raise RecordingError(
                f"Samples came from {chunk.placement}, which {self._folder.name}'s header does not "
                "name, so they were not stored; give the header every stream."
            )
        counts = to_counts(chunk, info)
        if len(counts) == 0:
            return
        with self._pending_lock:
            if self._failure is not None:
                raise self._failure
            if self._file.closed:
                raise ValueError(f"the spool of {self._folder} is closed")
            if counts.time_us[0] <= self._last_us.get(chunk.placement, counts.time_us[0] - 1):
                raise not_rising(info)
            self._last_us[chunk.placement] = int(counts.time_us[-1])
            self._pending[chunk.placement].append(counts)
            self._pending_samples += len(counts)
            sync_now = self._pending_samples >= MOST_PENDING_SAMPLES
        if sync_now:
            self.sync()

    def sync(self) -> None:
        """Make everything appended so far durable; happens by itself twice a second."""
        with self._file_lock:
            pending = self._take_pending()
            try:
                with explained(
                    f"the recording ends here, and what came before is kept in {self._spool}; "
                    "free the disk, then recover it."
                ):
                    self._write(pending)
            except RecordingError as error:
                self._failure = error
                raise
            with self._pending_lock:
                for placement, counts in pending.items():
                    self._durable[placement] += len(counts)

    def close(self) -> Recording:
        """Turn the spool into the recording it was begun for.

        Raises RecordingError if no sample came, and if the disk refuses; then the spool stays.
        """
        try:
            self._stop()
            self.sync()
            recording = _complete(self._spool)
        finally:
            self._release()
        shutil.rmtree(self._spool)
        if recording is None:
            raise RecordingError(
                f"No sample came for {self._folder.name}, so there is nothing to keep; check that "
                "the sensor is on and sends."
            )
        return recording

    def _create(self) -> None:
        self._spool.mkdir(parents=True)
        try:
            lock(self._opened.enter_context((self._spool / _LOCK_NAME).open("wb")))
            replace_file(self._spool / _HEADER_NAME, encode(header_to_json(self._header)))
            self._file = self._opened.enter_context((self._spool / _SAMPLES_NAME).open("wb"))
            self._writer = pa.ipc.new_stream(self._file, _SCHEMA)
            sync_folder(self._spool)
            sync_folder(self._spool.parent)
        except OSError:
            self._opened.close()
            shutil.rmtree(self._spool, ignore_errors=True)
            raise

    def _keep_syncing(self) -> None:
        while not self._stopping.wait(SYNC_INTERVAL_S):
            try:
                self.sync()
            except RecordingError:  # the next append or close tells
                return

    def _take_pending(self) -> dict[Placement, Counts]:
        with self._pending_lock:
            if self._failure is not None:
                raise self._failure
            taken = {place: concatenated(held) for place, held in self._pending.items() if held}
            self._pending = {place: [] for place in self._pending}
            self._pending_samples = 0
        return taken

    def _write(self, pending: Mapping[Placement, Counts]) -> None:
        if not pending:
            return
        for placement, counts in pending.items():
            self._writer.write_batch(_spool_batch(counts), custom_metadata={"placement": placement})
        self._file.flush()
        os.fsync(self._file.fileno())

    def _stop(self) -> None:
        self._stopping.set()
        self._syncer.join()

    def _release(self) -> None:
        self._stop()
        if self._file.closed:
            return
        with suppress(RecordingError):
            self.sync()
        with suppress(OSError):  # a full disk refuses the rest of the buffer once more
            self._opened.close()


def recover(folder: Path) -> list[Recording]:
    """Complete the spools in `folder` that a kill or a power cut left, and return their recordings.

    Spools that another process is still writing are left alone; those without a sample are
    removed. Raises the first RecordingError after trying all of them; its spool stays.
    """
    recordings, failures = [], []
    for spool in sorted(folder.glob(".*.spool")):
        try:
            with explained(f"{spool} was not recovered; check the folder's permissions."):
                recording = _recover(spool)
        except RecordingError as error:
            failures.append(error)
        else:
            recordings += [recording] if recording else []
    if failures:
        raise failures[0]
    return recordings


def _recover(spool: Path) -> Recording | None:
    with (spool / _LOCK_NAME).open("ab") as claim:
        if not lock(claim):
            return None
        recording = _complete(spool) if (spool / _SAMPLES_NAME).exists() else None
    shutil.rmtree(spool)
    return recording


def _complete(spool: Path) -> Recording | None:
    """Make the recording of a spool, unless that was done before; None if it holds no sample."""
    folder = spool.with_name(spool.name.removeprefix(".").removesuffix(".spool"))
    header = header_from_json(read_json(spool / _HEADER_NAME, HeaderJson, "a spool's header"))
    done = _existing(folder)
    if done is not None and done.header.id == header.id:
        return done
    with RecordingWriter(folder, header) as writer:
        for placement, counts in _readable(spool / _SAMPLES_NAME, header):
            writer.append(placement, counts)
        if writer.is_empty:
            return None
        writer.finish()
    return read_recording(folder)


def _existing(folder: Path) -> Recording | None:
    try:
        return read_recording(folder)
    except RecordingError:
        return None


def _spool_batch(counts: Counts) -> pa.RecordBatch:
    batch = to_batch(counts)
    absent = pa.nulls(len(counts), pa.int16())
    present = set(batch.schema.names)
    return pa.record_batch(
        [batch.column(name) if name in present else absent for name in _SCHEMA.names],
        schema=_SCHEMA,
    )


def _readable(path: Path, header: RecordingHeader) -> Iterator[tuple[Placement, Counts]]:
    """The spooled samples up to where the writer was cut off: a broken batch ends the stream."""
    last_us: dict[Placement, int] = {}
    for batch, tag in _whole_batches(path):
        info = header.stream(Placement(tag))
        if info is None:
            return
        counts = from_batch(batch.select(list(columns_of(info))))
        if counts.time_us[0] <= last_us.get(info.placement, counts.time_us[0] - 1):
            return
        last_us[info.placement] = int(counts.time_us[-1])
        yield info.placement, counts


def _whole_batches(path: Path) -> Iterator[tuple[pa.RecordBatch, str]]:
    with pa.OSFile(str(path)) as file:
        try:
            reader = pa.ipc.open_stream(file)
            while True:
                found = reader.read_next_batch_with_custom_metadata()
                yield found.batch, found.custom_metadata["placement"].decode()
        except (StopIteration, pa.ArrowInvalid):
            return
        except OSError as error:
            if error.errno is not None:
                raise
