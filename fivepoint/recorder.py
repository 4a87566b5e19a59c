"""Recording from Bluetooth sensors: from finding them to the finished recording."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from analytics.calibration import CalibrationError, calibrate
from fivepoint.finding import SCAN_S, assigned, find_worn, heard, there
from fivepoint.guide import Guide, GuidedSource, say
from fivepoint.hub import Hub, since_now, stopping_on_signals
from fivepoint.joining import PATIENT, Patience, as_calibrated, joining
from fivepoint.live import LIVE_NAME, read_live, status_line
from fivepoint.options import Worn
from fivepoint.output import calibrated, summary
from fivepoint.take import Plan, Result
from sensors.ble import Backend, BleSource, Found
from sensors.clock import now_s
from sensors.recording import RecordingHeader, RecordingKind, write_calibrations
from sensors.source import Source, merge
from sensors.types import Placement


@dataclass(frozen=True, slots=True)
class Radio:
    """How sensors are reached: over which Bluetooth, at which rate, by which clock in seconds."""

    backend: Backend
    rate_hz: float
    now: Callable[[], float] = now_s
    patience: Patience = PATIENT

    def source(self, sensor: Found, placement: Placement, clock: Callable[[], float]) -> BleSource:
        """The stream of a sensor, with times by that clock."""
        return BleSource(sensor, placement, clock=clock, backend=self.backend, rate_hz=self.rate_hz)


@dataclass(frozen=True, slots=True)
class Guiding:
    """Where a guided calibration goes, and which poses it asks for beside standing and lying.

    With a `lift` the hips are lifted once; for `six_poses` the sensors rest on their six sides.
    """

    file: Path
    lift: bool
    six_poses: bool


def record(plan: Plan, worn: Sequence[Worn], rate_hz: float) -> None:
    """Record from sensors until the planned duration is over or somebody stops it.

    It begins with the sensors that are there; the others join when they are. Raises FivepointError
    if none is there, and what `Hub.run` raises.
    """
    worn = as_calibrated(worn, plan.calibrations)
    asyncio.run(_record(plan, worn, rate_hz))


def record_all_day(plan: Plan, worn: Sequence[Worn], rate_hz: float) -> None:
    """Record from sensors, now or when they are heard, until somebody stops it.

    Without a name, it is the sensor that was calibrated in that place. Raises what `Hub.run`
    raises.
    """
    worn = as_calibrated(worn, plan.calibrations)
    asyncio.run(_record_all_day(replace(plan, all_day=True), worn, rate_hz))


def calibrate_live(folder: Path, worn: Sequence[Worn], rate_hz: float, to: Guiding) -> None:
    """Guide through the poses of a calibration and write what they show.

    The poses are recorded into a folder of recordings.

    Raises CalibrationError if a pose is not taken, FivepointError if a sensor is not there, and
    what `Hub.run` raises.
    """
    plan = Plan(folder=folder, kind=RecordingKind.CALIBRATION)
    asyncio.run(_calibrate(plan, worn, rate_hz, to))


async def run_hub(
    plan: Plan,
    sensors: Mapping[Placement, Found],
    radio: Radio,
    stop: asyncio.Event,
    *,
    missing: Sequence[Worn] = (),
) -> None:
    """Record from sensors that were found, and from those that are missing as soon as they are.

    Prints what is recorded into where, and what was found in it.
    """
    clock = since_now(radio.now)
    names = {placement: sensor.name for placement, sensor in sensors.items()}

    def begun(header: RecordingHeader) -> None:
        places = [info.placement for info in header.streams]
        worn = ", ".join(f"{place} ({names[place]})" for place in places)
        print(f"Recording {worn} into {plan.folder / header.id}; Ctrl-C ends it", flush=True)
        if header.resumes is not None:
            print(f"It continues {header.resumes}", flush=True)

    async def later() -> AsyncIterator[Source]:
        for worn in missing:
            print(f"{_named(worn)} is not heard yet; it joins as soon as it is", flush=True)
        in_use = list(sensors.values())
        async for placement, sensor in joining(missing, in_use, radio.backend, radio.patience):
            names[placement] = sensor.name
            yield radio.source(sensor, placement, clock)

    hub = Hub(
        plan,
        clock,
        expected=[*sensors, *(worn.placement for worn in missing)],
        on_begin=begun,
        on_finish=lambda result: print(summary(result.session), flush=True),
    )
    sources = [radio.source(sensor, placement, clock) for placement, sensor in sensors.items()]
    showing = asyncio.create_task(_show(plan.folder / LIVE_NAME))
    try:
        await hub.run(stop, sources, later() if missing else None)
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


async def run_guide(
    plan: Plan, sensors: Mapping[Placement, Found], radio: Radio, stop: asyncio.Event, to: Guiding
) -> None:
    """Guide somebody who wears the sensors through the poses, and write their calibration.

    Accelerometers that the file corrected before are still corrected, unless they rest anew.
    """
    from fivepoint.calibrating import known_corrections, rest_corrections  # SciPy, for this only

    clock = since_now(radio.now)
    guide = Guide(sensors, say, lift=to.lift, six_poses=to.six_poses)
    sources = [radio.source(sensor, placement, clock) for placement, sensor in sensors.items()]
    results: list[Result] = []
    hub = Hub(plan, clock, expected=sensors, on_finish=results.append)
    await hub.run(stop, [GuidedSource(merge(*sources), guide)])
    if guide.still is None or not guide.done:
        raise CalibrationError(
            "It was stopped before all poses were seen, so nothing was calibrated; start again"
        )
    ((recording, _),) = results
    streams = recording.header.streams
    known = known_corrections(to.file, streams)
    calibrations = calibrate(
        streams,
        recording.chunks(),
        still=guide.still,
        lying=guide.lying,
        bend=guide.lift,
        corrections=known | rest_corrections(recording, guide.rests),
        made_from=recording.header.id,
    )
    write_calibrations(to.file, calibrations)
    print(calibrated(to.file, calibrations))


async def _show(live_path: Path) -> None:
    """Show the live state on standard error once a second, where somebody can see it."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return
    with console.status("Connecting") as status:
        while True:
            await asyncio.sleep(1.0)
            state = read_live(live_path)
            if state is not None:
                status.update(status_line(state, datetime.now(UTC)))


async def _record(plan: Plan, worn: Sequence[Worn], rate_hz: float) -> None:
    backend = Backend()
    found = await heard(backend, SCAN_S)
    sensors = there(worn, found) or assigned(worn, found)
    missing = [each for each in worn if each.placement not in sensors]
    with stopping_on_signals() as stop:
        await run_hub(plan, sensors, Radio(backend, rate_hz), stop, missing=missing)


async def _record_all_day(plan: Plan, worn: Sequence[Worn], rate_hz: float) -> None:
    with stopping_on_signals() as stop:
        await run_hub(plan, {}, Radio(Backend(), rate_hz), stop, missing=worn)


def _named(worn: Worn) -> str:
    sensor = f" ({worn.sensor})" if worn.sensor else ""
    return f"The sensor of the {worn.placement}{sensor}"


async def _calibrate(plan: Plan, worn: Sequence[Worn], rate_hz: float, to: Guiding) -> None:
    backend = Backend()
    sensors = await find_worn(worn, backend)
    with stopping_on_signals() as stop:
        await run_guide(plan, sensors, Radio(backend, rate_hz), stop, to)
