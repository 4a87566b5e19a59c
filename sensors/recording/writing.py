"""Writing a recording: into a hidden folder first, put in place in one step when complete."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from sensors.clock import GapFinder
from sensors.recording.counts import US_PER_S, Counts, not_rising, to_counts
from sensors.recording.files import explained, replace_file, sha256, sync_file, sync_folder
from sensors.recording.header import RecordingError, RecordingHeader, nothing_came, unnamed_stream
from sensors.recording.manifest import (
    FORMAT_VERSION,
    MANIFEST_NAME,
    TRUTH_NAME,
    Manifest,
    StreamSummaryJson,
    encode,
    header_to_json,
    stream_name,
)
from sensors.recording.reading import Recording, read_recording
from sensors.recording.streamfile import StreamFileWriter
from sensors.types import Chunk, Gap, Placement, StreamInfo
from sensors.version import VERSION


def write_recording(
    folder: Path,
    header: RecordingHeader,
    chunks: Iterable[Chunk],
    truth: Mapping[str, Any] | None = None,
) -> Recording:
    """Write a recording; `folder` is there, whole, when this returns and not before.

    Each placement's chunks must follow each other in time; the streams may be interleaved in any
    way. `truth` goes into `truth.json`. Raises RecordingError, leaving nothing behind, when the
    folder exists, the samples do not fit the header, there are none, or the disk refuses.
    """
    with RecordingWriter(folder, header) as writer:
        for chunk in chunks:
            writer.append(chunk.placement, to_counts(chunk, writer.info(chunk.placement)))
        writer.finish(truth)
    return read_recording(folder)


def refuse_existing(folder: Path) -> None:
    """Raise RecordingError if something has the name that a new recording would take."""
    with explained(f"{folder} was not written; choose a folder that you may write to."):
        exists = folder.exists()
    if exists:
        raise RecordingError(
            f"{folder} exists already, so nothing was written; remove it or choose another name."
        )


class RecordingWriter:
    """The hidden folder of a recording in the making; removed on exit unless finished."""

    def __init__(self, folder: Path, header: RecordingHeader) -> None:
        refuse_existing(folder)
        self._folder = folder
        self._header = header
        self._partial = folder.with_name(f".{folder.name}.partial")
        with self._explained():
            shutil.rmtree(self._partial, ignore_errors=True)
            self._partial.mkdir(parents=True)
            self._streams = {
                info.placement: _StreamWriter(self._partial, header, info)
                for info in header.streams
            }

    def __enter__(self) -> RecordingWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for stream in self._streams.values():
            stream.abandon()
        shutil.rmtree(self._partial, ignore_errors=True)

    def info(self, placement: Placement) -> StreamInfo:
        """The header's stream at `placement`; RecordingError if it has none."""
        if placement not in self._streams:
            raise unnamed_stream(placement, self._folder.name)
        return self._streams[placement].info

    @property
    def is_empty(self) -> bool:
        """Whether no stream has a sample yet."""
        return not any(stream.samples for stream in self._streams.values())

    def append(self, placement: Placement, counts: Counts) -> None:
        """Add the next samples of a stream."""
        with self._explained():
            self._streams[placement].append(counts)

    def finish(self, truth: Mapping[str, Any] | None = None) -> None:
        """Complete the files, make them durable and put the folder in place."""
        if self.is_empty:
            raise nothing_came(self._folder.name)
        with self._explained():
            for stream in self._streams.values():
                stream.close()
            if truth is not None:
                (self._partial / TRUTH_NAME).write_bytes(encode(dict(truth)))
            files = sorted(self._partial.iterdir())
            for file in files:
                sync_file(file)
            manifest = self._manifest({file.name: sha256(file) for file in files})
            replace_file(self._partial / MANIFEST_NAME, encode(manifest))
            self._partial.rename(self._folder)
            sync_folder(self._folder.parent)

    def _manifest(self, files: dict[str, str]) -> Manifest:
        return Manifest(
            format_version=FORMAT_VERSION,
            application_version=VERSION,
            header=header_to_json(self._header),
            recorded={place: stream.summary() for place, stream in self._streams.items()},
            files=files,
        )

    def _explained(self) -> Any:
        return explained(f"{self._folder} was not written; free the disk or choose another folder.")


class _StreamWriter:
    def __init__(self, folder: Path, header: RecordingHeader, info: StreamInfo) -> None:
        self.info = info
        self.samples = 0
        self._last_us: int | None = None
        self._gaps: list[Gap] = []
        self._gap_finder = GapFinder(info.rate_hz)
        self._file = StreamFileWriter(folder / stream_name(info.placement), header, info)

    def append(self, counts: Counts) -> None:
        if len(counts) == 0:
            return
        if self._last_us is not None and counts.time_us[0] <= self._last_us:
            raise not_rising(self.info)
        self._last_us = int(counts.time_us[-1])
        self._gaps += self._gap_finder.update(counts.time_us / US_PER_S)
        self.samples += len(counts)
        self._file.append(counts)

    def close(self) -> None:
        self._file.close()

    def abandon(self) -> None:
        self._file.abandon()

    def summary(self) -> StreamSummaryJson:
        last_s = None if self._last_us is None else self._last_us / US_PER_S
        end_s = 0.0 if last_s is None else last_s + 1 / self.info.rate_hz
        return StreamSummaryJson(samples=self.samples, end_s=end_s, gaps=tuple(self._gaps))
