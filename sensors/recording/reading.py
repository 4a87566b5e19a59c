"""Reading a recording, checked and a little at a time."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sensors.recording.counts import US_PER_S, to_chunk, windows
from sensors.recording.files import explained, sha256
from sensors.recording.header import RecordingError, RecordingHeader
from sensors.recording.manifest import (
    FORMAT_VERSION,
    MANIFEST_NAME,
    TRUTH_NAME,
    Manifest,
    header_from_json,
    read_json,
    stream_name,
)
from sensors.recording.streamfile import check_stream_file, read_pieces
from sensors.types import Chunk, Gap, Placement, StreamInfo

_LONGEST_WINDOW_US = 2**62


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording on disk: what is known of it, and its samples when asked for.

    `duration_s` ends one sample interval after the last sample of any stream.
    """

    folder: Path
    header: RecordingHeader
    duration_s: float
    gaps: Mapping[Placement, tuple[Gap, ...]]
    sample_counts: Mapping[Placement, int]

    def chunks(self, chunk_s: float = 10.0) -> Iterator[Chunk]:
        """The samples of all streams in order of the chunks' first times, read when asked for.

        A chunk holds the samples of one stream between two multiples of `chunk_s`, so no stream
        runs ahead of another by more than that. Chunks without samples are left out.
        """
        if not chunk_s > 0:
            raise ValueError(f"chunk_s is {chunk_s}; it must be above zero")
        window_us = round(min(chunk_s * US_PER_S, _LONGEST_WINDOW_US))
        streams = [self._stream(info, window_us) for info in self.header.streams]
        return heapq.merge(*streams, key=lambda chunk: float(chunk.t_s[0]))

    def truth(self) -> dict[str, Any] | None:
        """The content of `truth.json`, or None if the recording has none."""
        path = self.folder / TRUTH_NAME
        return read_json(path, dict[str, Any], "a recording's truth") if path.exists() else None

    def _stream(self, info: StreamInfo, window_us: int) -> Iterator[Chunk]:
        pieces = read_pieces(self.folder / stream_name(info.placement))
        return (to_chunk(counts, info) for counts in windows(pieces, max(window_us, 1)))


def find_recordings(path: Path) -> list[Path]:
    """The folder itself if it is a recording, else those right in it that are; sorted by name.

    Raises RecordingError if there is none.
    """
    with explained("no recording was read; check the name and the folder's permissions."):
        if (path / MANIFEST_NAME).is_file():
            return [path]
        found = sorted(folder.parent for folder in path.glob(f"*/{MANIFEST_NAME}"))
    if not found:
        raise RecordingError(
            f"{path} neither is a recording nor holds one, so nothing was read; name the folder "
            "that import, record or simulate wrote."
        )
    return found


def read_recording(folder: Path) -> Recording:
    """Open a recording and check that it is complete and undamaged, without keeping its samples.

    Raises RecordingError when `folder` is no recording, may not be read, misses a file or holds
    one that differs from what was written.
    """
    with explained("the recording was not read; check the folder's permissions."):
        described = (folder / MANIFEST_NAME).is_file()
    if not described:
        raise RecordingError(
            f"{folder} is not a recording: it holds no {MANIFEST_NAME}, so nothing was read; "
            "name a recording's own folder."
        )
    manifest = read_json(folder / MANIFEST_NAME, Manifest, "a recording's description")
    if manifest.format_version > FORMAT_VERSION:
        raise RecordingError(
            f"{folder} was written by version {manifest.application_version}, whose format is "
            "newer than this one can read, so it was not read; update Fivepoint."
        )
    header = header_from_json(manifest.header)
    _check_files(folder, header, manifest)
    return Recording(
        folder=folder,
        header=header,
        duration_s=max(stream.end_s for stream in manifest.recorded.values()),
        gaps={place: stream.gaps for place, stream in manifest.recorded.items()},
        sample_counts={place: stream.samples for place, stream in manifest.recorded.items()},
    )


def _check_files(folder: Path, header: RecordingHeader, manifest: Manifest) -> None:
    for info in header.streams:
        name = stream_name(info.placement)
        if name not in manifest.files or info.placement not in manifest.recorded:
            raise RecordingError(
                f"{folder / MANIFEST_NAME} says nothing of the {info.placement} stream's file, so "
                "the recording was not read; restore the folder from a copy."
            )
    for name, expected in manifest.files.items():
        _check_hash(folder / Path(name).name, expected)
    for info in header.streams:
        samples = manifest.recorded[info.placement].samples
        check_stream_file(folder / stream_name(info.placement), info, samples)


def _check_hash(path: Path, expected: str) -> None:
    with explained("the recording was not read; restore the folder from a copy."):
        found = sha256(path)
    if found != expected:
        raise RecordingError(
            f"{path} is damaged: its SHA-256 is not the one in {MANIFEST_NAME}, so the recording "
            "was not read; restore the folder from a copy."
        )
