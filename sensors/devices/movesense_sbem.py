"""SBEM, the format of a Movesense log.

Eight bytes of header and then chunks: an id, a length and so many bytes. A chunk with the id 0
describes what chunks of another id hold. Ids change from one firmware to the next, and not all
sensors send descriptions; but a log of nothing else than /Meas/IMU6 has only one kind of data, with
the bytes of the live stream, so its length tells samples.

Facts from the `sbem_definitions` and the header files of Movesense's device library, which give 255
as the escape, and from the notes on real logs in sokolmarek/movesense-commander
(docs/sbem-format.md). Public sources do not say how a log comes whose beginning was overwritten
because the memory was full: one that lacks its header is not read.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from sensors.devices.family import CodecError, Frame
from sensors.devices.movesense_frames import Imu6, holds_samples

HEADER = b"SBEM0112"
DESCRIPTION = 0

_MAGIC = b"SBEM"
_ESCAPE = 255


@dataclass(frozen=True, slots=True, eq=False)
class Chunk(Frame):
    """One entry of a log."""

    id: int
    content: bytes

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read the chunk that is exactly `data`; CodecError if it is none."""
        chunk, end = _chunk(data, 0)
        if end != len(data):
            raise CodecError(f"{len(data) - end} bytes follow a Movesense log entry; it was lost.")
        return cls(chunk.id, chunk.content)

    def __bytes__(self) -> bytes:
        return _escaped(self.id, 2) + _escaped(len(self.content), 4) + self.content


def samples_in(log: bytes) -> list[Imu6]:
    """The packets of samples in a log, up to where it cannot be read any further."""
    packets: list[Imu6] = []
    at = len(HEADER) if log.startswith(_MAGIC) else len(log)
    while at < len(log):
        try:
            chunk, at = _chunk(log, at)
        except CodecError:
            break
        if chunk.id != DESCRIPTION and holds_samples(len(chunk.content)):
            with suppress(CodecError):
                packets.append(Imu6.from_bytes(chunk.content))
    return packets


def _chunk(log: bytes, at: int) -> tuple[Chunk, int]:
    """The chunk that begins there, and where it ends."""
    identity, at = _number(log, at, 2)
    length, at = _number(log, at, 4)
    end = at + length
    if end > len(log):
        raise CodecError("A Movesense log ends within an entry; what follows is lost.")
    return Chunk(identity, log[at:end]), end


def _number(log: bytes, at: int, size: int) -> tuple[int, int]:
    """A number of one byte, or of `size` bytes after an escape, and where it ends."""
    if log[at : at + 1] != bytes([_ESCAPE]):
        size, at = 1, at - 1
    end = at + 1 + size
    if end > len(log):
        raise CodecError("A Movesense log ends within an entry; what follows is lost.")
    return int.from_bytes(log[at + 1 : end], "little"), end


def _escaped(number: int, size: int) -> bytes:
    if number < _ESCAPE:
        return bytes([number])
    return bytes([_ESCAPE]) + number.to_bytes(size, "little")
