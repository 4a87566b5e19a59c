"""The spool: a live recording's samples, safe on disk within a second of their arrival.

A spool is the hidden folder `.NAME.spool` beside the recording it will become.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType

from sensors.locking import lock
from sensors.recording.counts import Counts, concatenated, not_rising, to_counts
from sensors.recording.files import explained, sync_folder
from sensors.recording.header import RecordingError, RecordingHeader, nothing_came, unnamed_stream
from sensors.recording.reading import Recording
from sensors.recording.recovery import (
    SAMPLES_NAME,
    complete,
    lock_of,
    remove_lock,
    spool_of,
    write_spool_header,
)
from sensors.recording.spoolfile import SpoolFileWriter
from sensors.recording.writing import refuse_existing
from sensors.types import Chunk, Placement

WRITE_INTERVAL_S = 0.2
"""Time between two writes: what a kill can take. Larger batches make a smaller file."""

SYNC_INTERVAL_S = 0.5
"""Time between two syncs: what a power cut can take, with the other half for a slow disk."""

MOST_PENDING_SAMPLES = 10_000
"""Samples that may wait for the next write; more (a replay, a backfill) are synced at once."""


class Spool:
    """Takes the chunks of a live recording and turns them into the recording when closed.

    `append` hands samples over and does not wait for the disk; within a second they are durable
    and counted in `durable_samples`. After a kill or a power cut, `recover` completes the
    recording. Leaving the `with` block without `close` keeps the spool for `recover` too.
    """

    def __init__(self, folder: Path, header: RecordingHeader) -> None:
        refuse_existing(folder)
        self._folder = folder
        self._spool = spool_of(folder)
        if self._spool.exists():
            raise RecordingError(
                f"{self._spool} holds a recording that was cut off, so none was begun under that "
                "name; recover it first or choose another name."
            )
        self._header = header
        self._pending: dict[Placement, list[Counts]] = {i.placement: [] for i in header.streams}
        self._pending_samples = 0
        self._last_us: dict[Placement, int] = {}
        self._written = dict.fromkeys(self._pending, 0)
        self._durable = dict(self._written)
        self._failure: RecordingError | None = None
        self._pending_lock, self._file_lock = threading.Lock(), threading.Lock()
        self._sync_lock = threading.Lock()
        self._stopping = threading.Event()
        self._opened = ExitStack()
        with explained(f"{folder} was not begun; free the disk or choose another folder."):
            self._file = self._create()
        self._threads = [
            self._started(self._write, WRITE_INTERVAL_S),
            self._started(self.sync, SYNC_INTERVAL_S),
        ]

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
            raise unnamed_stream(chunk.placement, self._folder.name)
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
            many = self._pending_samples >= MOST_PENDING_SAMPLES
        if many:
            self.sync()

    def sync(self) -> None:
        """Make everything appended so far durable; happens by itself twice a second."""
        with self._sync_lock:
            self._write()
            written = dict(self._written)
            with self._ending_on_failure():
                self._file.sync()
            with self._pending_lock:
                self._durable = written

    def close(self) -> Recording:
        """Turn the spool into the recording it was begun for.

        Raises RecordingError if no sample came, and if the disk refuses; then the spool stays.
        """
        try:
            self._stop()
            self.sync()
            recording = complete(self._spool)
        finally:
            self._release()
        shutil.rmtree(self._spool)
        remove_lock(lock_of(self._folder))
        if recording is None:
            raise nothing_came(self._folder.name)
        return recording

    def _create(self) -> SpoolFileWriter:
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        lock(self._opened.enter_context(lock_of(self._folder).open("wb")))
        try:
            self._spool.mkdir()
            write_spool_header(self._spool, self._header)
            file = self._opened.enter_context(closing(SpoolFileWriter(self._spool / SAMPLES_NAME)))
            sync_folder(self._spool)
            sync_folder(self._spool.parent)
        except OSError:
            shutil.rmtree(self._spool, ignore_errors=True)
            self._opened.close()
            remove_lock(lock_of(self._folder))
            raise
        return file

    def _started(self, step: Callable[[], None], interval_s: float) -> threading.Thread:
        def repeat() -> None:
            with suppress(RecordingError):  # the next append or close tells
                while not self._stopping.wait(interval_s):
                    step()

        thread = threading.Thread(target=repeat, name=f"spool {self._folder.name}", daemon=True)
        thread.start()
        return thread

    def _write(self) -> None:
        """Hand what is pending to the system, where a kill cannot take it any more."""
        with self._file_lock, self._ending_on_failure():
            pending = self._take_pending()
            for placement, counts in pending.items():
                self._file.append(placement, counts)
            self._file.flush()
            for placement, counts in pending.items():
                self._written[placement] += len(counts)

    def _take_pending(self) -> dict[Placement, Counts]:
        with self._pending_lock:
            if self._failure is not None:
                raise self._failure
            taken = {place: concatenated(held) for place, held in self._pending.items() if held}
            self._pending = {place: [] for place in self._pending}
            self._pending_samples = 0
        return taken

    @contextmanager
    def _ending_on_failure(self) -> Iterator[None]:
        try:
            with explained(
                f"the recording ends here, and what came before is kept in {self._spool}; "
                "free the disk, then recover it."
            ):
                yield
        except RecordingError as error:
            self._failure = error
            raise

    def _stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _release(self) -> None:
        self._stop()
        if self._file.closed:
            return
        with suppress(RecordingError):
            self.sync()
        with suppress(OSError):  # a full disk refuses the rest of the buffer once more
            self._opened.close()
