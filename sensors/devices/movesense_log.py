"""The host's talk with a Movesense's logger, which goes on writing while the link is down.

A log can only be fetched whole and from its beginning, and only while the logger rests, though the
live stream may go on. So the logger is started with an empty log again and again; to fetch it, it
is stopped, its log found and read, cleared, and the logger started. One request is made at a time,
since the sensor bears few at once and answers when it can. Facts as in `movesense_frames`; that a
log grows over stops and starts until it is cleared is Movesense's description of its data storage.
"""

from __future__ import annotations

from enum import IntEnum

from sensors.devices.family import CodecError, Write
from sensors.devices.movesense_frames import (
    BUSY,
    COMMAND,
    LOGBOOK_PATH,
    Answer,
    Command,
    CommandCode,
    Imu6,
    LogEntries,
    LoggerState,
    LogPart,
)
from sensors.devices.movesense_sbem import samples_in

MOST_LOG_BYTES = 2**20
"""Of a log; the memory of most sensors holds 384 kB."""

_MOST_PARTS = 2**14
_MOST_TRIES = 3
_REFUSED = 300


class Step(IntEnum):
    """What is asked of the logger, each with its own reference."""

    REST = 90
    LIST = 91
    FETCH = 92
    CLEAR = 93
    CONFIGURE = 94
    LOG = 95


class LoggerTalk:
    """What to write to the logger next, from what it answered last."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._awaited: Step | None = None
        self._logs = True
        self._fetches = False
        self._tries = 0
        self._log_id = 0
        self._parts: dict[int, bytes] = {}

    @property
    def fetches(self) -> bool:
        """Whether a log is being fetched, or about to be."""
        return self._fetches

    def restart(self) -> list[Write]:
        """Begin an empty log; nothing is asked of a sensor that does not log."""
        self._fetches = False
        return self._ask(Step.REST) if self._logs else []

    def fetch(self) -> list[Write]:
        """Fetch the log, and then begin an empty one."""
        self._parts.clear()
        self._tries = 0
        self._fetches = self._logs
        return self._ask(Step.REST) if self._logs else []

    def answered(self, answer: Answer) -> list[Write]:
        """Take an answer to one of the steps."""
        if answer.reference != self._awaited:
            return []
        agreed = answer.status < _REFUSED
        if answer.status == BUSY or (self._awaited is Step.LOG and not agreed):
            self._logs = self._fetches = False
            self._awaited = None
            return []
        match self._awaited:
            case Step.REST:
                return self._ask(Step.LIST if self._fetches else Step.CLEAR)
            case Step.LIST if agreed and self._found(answer.value):
                return self._ask(Step.FETCH, self._log_id)
            case Step.FETCH if agreed:
                return []
            case Step.LIST | Step.FETCH:
                return self._fetched()
            case Step.CLEAR:
                return self._ask(Step.CONFIGURE)
            case Step.CONFIGURE:
                return self._ask(Step.LOG)
        self._awaited = None
        return []

    def part(self, data: bytes) -> list[Write]:
        """Take a part of the log; CodecError if it cannot be one of it."""
        part = LogPart.from_bytes(data)
        if self._awaited is not Step.FETCH:
            raise CodecError("Part of a Movesense log that nobody fetches came; it was ignored.")
        if part.offset + len(part.content) > MOST_LOG_BYTES or len(self._parts) > _MOST_PARTS:
            raise CodecError("A Movesense log is longer than any that is read; a part was lost.")
        if part.content:
            self._parts[part.offset] = part.content
            return []
        self._tries += 1
        if len(self._log()) < part.offset and self._tries < _MOST_TRIES:
            return self._ask(Step.FETCH, self._log_id)
        return self._fetched()

    def taken(self) -> list[Imu6]:
        """The samples that were fetched, up to the first that did not come; only once."""
        log = self._log()
        self._parts.clear()
        return samples_in(log)

    def _fetched(self) -> list[Write]:
        self._fetches = False
        return self._ask(Step.CLEAR)

    def _found(self, value: bytes) -> bool:
        """Whether there is a log; the newest has the highest id."""
        try:
            ids = [entry[0] for entry in LogEntries.from_bytes(value).entries]
        except CodecError:
            return False
        self._log_id = max(ids, default=0)
        return bool(ids)

    def _log(self) -> bytes:
        """What came of the log from its beginning on, without a hole."""
        log = bytearray()
        for offset, content in sorted(self._parts.items()):
            if offset > len(log):
                break
            log += content[len(log) - offset :]
        return bytes(log)

    def _ask(self, step: Step, log_id: int | None = None) -> list[Write]:
        self._awaited = step
        code, paths, number = {
            Step.REST: (CommandCode.PUT_DATALOGGER_STATE, (), LoggerState.READY),
            Step.LIST: (CommandCode.GET, (LOGBOOK_PATH,), None),
            Step.FETCH: (CommandCode.FETCH_LOG, (), log_id),
            Step.CLEAR: (CommandCode.CLEAR_LOGBOOK, (), None),
            Step.CONFIGURE: (CommandCode.PUT_DATALOGGER_CONFIG, (self._path,), None),
            Step.LOG: (CommandCode.PUT_DATALOGGER_STATE, (), LoggerState.LOGGING),
        }[step]
        return [Write(COMMAND, bytes(Command(code, step, paths, number)))]
