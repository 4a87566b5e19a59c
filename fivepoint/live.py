"""What is happening now, as a file that any process may read while a recorder writes it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec

from analytics.bridging.live import LiveBridge
from analytics.events import Fall, Posture, Repetition
from sensors.clock import GapFinder
from sensors.source import Link, LinkedSource, Source
from sensors.types import Chunk, Placement, StreamInfo

if TYPE_CHECKING:
    from fivepoint.take import Take

LIVE_NAME = "live.json"
"""The file's name, in the folder of the recordings that it tells of."""


STALE_AFTER_S = 5.0
"""A state this old was left by a recorder that is no more, or hangs."""

AWAY_AFTER_S = 2.0
"""A sensor that is silent for so long is missing samples, and not just about to send some."""


class LivePhase(StrEnum):
    """How far a recording has come; waiting is for the first sample, or for one after a silence."""

    WAITING = "waiting"
    RECORDING = "recording"
    FINISHING = "finishing"
    FINISHED = "finished"


class LiveSensor(msgspec.Struct, frozen=True, kw_only=True):
    """One sensor; None for what is not known.

    `samples` have come since the hub began, `missing_s` is how much is missing since the first of
    them until now, and `silent_s` for how long nothing has come. The model of one that was not
    found yet is "".
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
    """What a recorder knew at `updated_at`; whether it is still so, `is_current` tells.

    `elapsed_s`, the repetitions and the falls are those of one recording, which began at
    `started_at`. There is none, and `recording_id` is None, while the first sample is waited for.
    `extension_deg` and its standard deviation are None while it cannot be seen. `repetitions`
    counts the whole ones that are confirmed; for a coach `bridge` is quicker, and None where it
    cannot be told. `remaining_hold_s` is how much longer to hold of what is prescribed, and None
    where that is not known. `suspected_fall` was called and is still watched, or the sensors fell
    silent in it, which an alarm acts upon; `falls` are those whose watch has ended, and one with
    which the recording before was cut off. `walking_s` is from when until when somebody has
    walked, while that goes on. `virtual` is what no real sensor tells.
    """

    phase: LivePhase
    recording_id: str | None
    started_at: Annotated[datetime, msgspec.Meta(tz=True)]
    updated_at: Annotated[datetime, msgspec.Meta(tz=True)]
    elapsed_s: float
    posture: Posture
    extension_deg: float | None
    extension_sigma_deg: float | None
    repetitions: int
    last_repetition: Repetition | None
    bridge: LiveBridge | None = None
    remaining_hold_s: float | None = None
    suspected_fall: Fall | None
    falls: tuple[Fall, ...]
    walking_s: tuple[float, float] | None = None
    sensors: tuple[LiveSensor, ...] = ()
    virtual: bool = False


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


def is_current(state: LiveState, now: datetime) -> bool:
    """Whether it is as the state tells: a recorder that was killed leaves a state behind."""
    age_s = (now - state.updated_at).total_seconds()
    return state.phase is LivePhase.FINISHED or abs(age_s) <= STALE_AFTER_S


def status_line(state: LiveState, now: datetime) -> str:
    """The state in one line for the terminal: for how long, what was done, how each sensor is."""
    if not is_current(state, now):
        return f"no news since {state.updated_at.astimezone():%H:%M:%S}; the recorder has stopped"
    sensors = [_sensor_line(sensor) for sensor in state.sensors]
    if state.phase is LivePhase.WAITING:
        return "  ".join(["waiting for samples", *sensors])
    if state.phase is not LivePhase.RECORDING:
        return state.phase
    elapsed = timedelta(seconds=int(state.elapsed_s))
    done = f"{elapsed}  {state.posture}  {state.repetitions} repetitions"
    return "  ".join([done, *sensors])


def _sensor_line(sensor: LiveSensor) -> str:
    if not sensor.connected:
        return f"{sensor.placement}: NOT CONNECTED"
    battery = "" if sensor.battery_percent is None else f" {sensor.battery_percent} % battery,"
    return f"{sensor.placement}:{battery} {sensor.missing_s:.1f} s missing"


def live_state(
    phase: LivePhase, take: Take | None, sensors: LiveSensors, now_s: float, *, virtual: bool
) -> LiveState:
    """What is known at `now_s` on the hub's clock, of the recording that is made, if one is."""
    known = _of_no_recording(phase) if take is None else _of(take, phase, now_s)
    return msgspec.structs.replace(known, sensors=sensors.states(), virtual=virtual)


def _of(take: Take, phase: LivePhase, now_s: float) -> LiveState:
    spine = take.pipeline.spine
    bridge = take.pipeline.bridging.live
    return LiveState(
        phase=phase,
        recording_id=take.header.id,
        started_at=take.header.started_at,
        updated_at=datetime.now(UTC),
        elapsed_s=now_s - take.origin_s,
        posture=take.pipeline.posture.posture,
        extension_deg=_known(spine.extension_deg),
        extension_sigma_deg=_known(spine.sigma_deg),
        repetitions=take.repetitions,
        last_repetition=take.last_repetition,
        bridge=bridge,
        remaining_hold_s=_remaining_hold_s(bridge, take.prescribed.hold_s),
        suspected_fall=take.suspected_fall(now_s),
        falls=tuple(take.falls),
        walking_s=take.pipeline.walking.under_way_s,
    )


def _remaining_hold_s(bridge: LiveBridge | None, prescribed_s: float | None) -> float | None:
    if bridge is None or prescribed_s is None:
        return None
    return bridge.remaining_hold_s(prescribed_s)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _of_no_recording(phase: LivePhase) -> LiveState:
    now = datetime.now(UTC)
    return LiveState(
        phase=phase,
        recording_id=None,
        started_at=now,
        updated_at=now,
        elapsed_s=0.0,
        posture=Posture.UNKNOWN,
        extension_deg=None,
        extension_sigma_deg=None,
        repetitions=0,
        last_repetition=None,
        suspected_fall=None,
        falls=(),
    )


class LiveSensors:
    """How each sensor is: those that are there, and those that are expected."""

    def __init__(self, expected: Iterable[Placement], clock: Callable[[], float]) -> None:
        self._expected = tuple(expected)
        self._clock = clock
        self._streams: dict[Placement, _Stream] = {}

    @property
    def infos(self) -> Mapping[Placement, StreamInfo]:
        """The streams of those that are there."""
        return {placement: stream.info for placement, stream in self._streams.items()}

    def attend(self, sources: Iterable[Source]) -> None:
        """These are there."""
        for source in sources:
            for info in source.infos:
                if info.placement not in self._streams:
                    self._streams[info.placement] = _Stream(info, source, self._clock)

    def arrived(self, chunk: Chunk) -> None:
        """Samples came."""
        self._streams[chunk.placement].arrived(chunk)

    def states(self) -> tuple[LiveSensor, ...]:
        """How they are now."""
        there = [stream.state() for stream in self._streams.values()]
        missing = [place for place in self._expected if place not in self._streams]
        return (*there, *(_missing(placement, self._clock()) for placement in missing))


class _Stream:
    """What is known of one sensor; one that has never sent is silent since the start."""

    def __init__(self, info: StreamInfo, source: Source, clock: Callable[[], float]) -> None:
        self.info = info
        self._clock = clock
        self._linked = source if isinstance(source, LinkedSource) else None
        self._finder = GapFinder(info.rate_hz)
        self._samples = 0
        self._missing_s = 0.0
        self._arrived_s = clock()

    def arrived(self, chunk: Chunk) -> None:
        gaps = self._finder.update(chunk.t_s)
        self._missing_s += sum(gap.end_s - gap.start_s for gap in gaps)
        self._samples += len(chunk.t_s)
        self._arrived_s = self._clock()

    def state(self) -> LiveSensor:
        gaps_only = Link(connected=True, lost_s=self._missing_s)
        link = gaps_only if self._linked is None else self._linked.link
        silent_s = self._clock() - self._arrived_s
        away_s = silent_s if self._samples and silent_s > AWAY_AFTER_S else 0.0
        return LiveSensor(
            placement=self.info.placement,
            model=self.info.model,
            connected=link.connected,
            battery_percent=link.battery_percent,
            rssi_dbm=link.rssi_dbm,
            samples=self._samples,
            missing_s=link.lost_s + away_s,
            silent_s=silent_s,
        )


def _missing(placement: Placement, silent_s: float) -> LiveSensor:
    return LiveSensor(
        placement=placement,
        model="",
        connected=False,
        battery_percent=None,
        rssi_dbm=None,
        samples=0,
        missing_s=0.0,
        silent_s=silent_s,
    )
