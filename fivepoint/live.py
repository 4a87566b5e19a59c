"""What is happening now, as a file that any process may read while a recorder writes it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec

from analytics.events import Event, Fall, Posture, Repetition
from analytics.session import Pipeline
from sensors.clock import GapFinder
from sensors.recording import RecordingHeader
from sensors.source import Link, LinkedSource, Source
from sensors.types import Chunk, Placement, StreamInfo

LIVE_NAME = "live.json"
"""The file's name, in the folder of the recordings that it tells of."""


class LivePhase(StrEnum):
    """How far a recording has come."""

    RECORDING = "recording"
    FINISHING = "finishing"
    FINISHED = "finished"


class LiveSensor(msgspec.Struct, frozen=True, kw_only=True):
    """One sensor; None for what is not known.

    `missing_s` is how much is missing since its first sample, `silent_s` for how long nothing has
    come.
    """

    placement: Placement
    model: str
    connected: bool
    battery_percent: int | None
    rssi_dbm: int | None
    samples: int
    missing_s: float
    silent_s: float


class LiveState(msgspec.Struct, frozen=True, kw_only=True):
    """What a recorder knew at `updated_at`.

    `extension_deg` is None while it cannot be seen. `repetitions` counts the whole ones.
    `suspected_fall` was called and is still watched, which an alarm acts upon; `falls` are those
    whose watch has ended.
    """

    phase: LivePhase
    recording_id: str
    started_at: Annotated[datetime, msgspec.Meta(tz=True)]
    updated_at: Annotated[datetime, msgspec.Meta(tz=True)]
    elapsed_s: float
    posture: Posture
    extension_deg: float | None
    repetitions: int
    last_repetition: Repetition | None
    suspected_fall: Fall | None
    falls: tuple[Fall, ...]
    sensors: tuple[LiveSensor, ...]


def publish(path: Path, state: LiveState) -> None:
    """Put the state in place of the one before; a reader sees either, never half of one."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(msgspec.json.encode(state))
    partial.replace(path)


def read_live(path: Path) -> LiveState | None:
    """The state last published, or None if there is none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=LiveState)
    except (OSError, msgspec.DecodeError):
        return None


def status_line(state: LiveState) -> str:
    """The state in one line for the terminal: for how long, what was done, how each sensor is."""
    if state.phase is not LivePhase.RECORDING:
        return state.phase
    elapsed = timedelta(seconds=int(state.elapsed_s))
    done = f"{elapsed}  {state.posture}  {state.repetitions} repetitions"
    return "  ".join([done, *(_sensor_line(sensor) for sensor in state.sensors)])


def _sensor_line(sensor: LiveSensor) -> str:
    if not sensor.connected:
        return f"{sensor.placement}: NOT CONNECTED"
    battery = "" if sensor.battery_percent is None else f" {sensor.battery_percent} % battery,"
    return f"{sensor.placement}:{battery} {sensor.missing_s:.1f} s missing"


class LiveView:
    """Keeps what the live state tells while a recording is made from sources by a pipeline."""

    def __init__(
        self,
        header: RecordingHeader,
        sources: Sequence[Source],
        pipeline: Pipeline,
        clock: Callable[[], float],
    ) -> None:
        self._header = header
        self._pipeline = pipeline
        self._clock = clock
        self._started_s = clock()
        self._streams = {
            info.placement: _Stream(info, source) for source in sources for info in source.infos
        }
        self._repetitions = 0
        self._last_repetition: Repetition | None = None
        self._falls: list[Fall] = []

    def arrived(self, chunk: Chunk) -> None:
        """Samples came."""
        self._streams[chunk.placement].arrived(chunk)

    def found(self, events: Iterable[Event]) -> None:
        """The detectors found something."""
        for event in events:
            if isinstance(event, Fall):
                self._falls.append(event)
            elif isinstance(event, Repetition):
                self._repetitions += not event.partial
                self._last_repetition = event

    def state(self, phase: LivePhase) -> LiveState:
        """What is known now."""
        extension_deg = self._pipeline.spine.extension_deg
        return LiveState(
            phase=phase,
            recording_id=self._header.id,
            started_at=self._header.started_at,
            updated_at=datetime.now(UTC),
            elapsed_s=self._clock() - self._started_s,
            posture=self._pipeline.posture.posture,
            extension_deg=None if math.isnan(extension_deg) else extension_deg,
            repetitions=self._repetitions,
            last_repetition=self._last_repetition,
            suspected_fall=self._pipeline.falls.suspected,
            falls=tuple(self._falls),
            sensors=tuple(stream.state() for stream in self._streams.values()),
        )


class _Stream:
    """What is known of one sensor; one that has never sent is silent since the start."""

    def __init__(self, info: StreamInfo, source: Source) -> None:
        self._info = info
        self._linked = source if isinstance(source, LinkedSource) else None
        self._finder = GapFinder(info.rate_hz)
        self._samples = 0
        self._missing_s = 0.0
        self._arrived_s = time.monotonic()

    def arrived(self, chunk: Chunk) -> None:
        gaps = self._finder.update(chunk.t_s)
        self._missing_s += sum(gap.end_s - gap.start_s for gap in gaps)
        self._samples += len(chunk.t_s)
        self._arrived_s = time.monotonic()

    def state(self) -> LiveSensor:
        gaps_only = Link(connected=True, lost_s=self._missing_s)
        link = gaps_only if self._linked is None else self._linked.link
        return LiveSensor(
            placement=self._info.placement,
            model=self._info.model,
            connected=link.connected,
            battery_percent=link.battery_percent,
            rssi_dbm=link.rssi_dbm,
            samples=self._samples,
            missing_s=link.lost_s,
            silent_s=time.monotonic() - self._arrived_s,
        )
