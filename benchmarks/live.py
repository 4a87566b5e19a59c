"""What the hub takes of the machine while it records three sensors, and how late it knows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from analytics.body import BODY_RATE_HZ
from benchmarks.figures import Figure, recorded
from sensors.recording import Recording, RecordingKind, find_recordings, read_recording
from sensors.simulator import day_at_home
from sensors.types import FloatArray, Placement

FAMILIES = ("movesense", "capture2go")
RATE_HZ = 104.0
PLACEMENTS = (Placement.STERNUM, Placement.PELVIS, Placement.THIGH)
_LOOK_EVERY_S = 0.02
_STARTING_S = 10.0
"""At first compiled loops are loaded."""


def measure_live(folder: Path, minutes: float) -> Iterator[Figure]:
    """The figures of the hub with three sensors of two families each; none on Windows.

    The sensors are virtual and a process of their own, so that these are the hub's alone.
    """
    if sys.platform == "win32":  # has no module `resource`
        return
    script = day_at_home(minutes=minutes, rng=np.random.default_rng(1))
    played = recorded(folder / "played", script, RecordingKind.DAY, *PLACEMENTS, rate_hz=RATE_HZ)
    for family in FAMILIES:
        yield from _of_family(folder / family, played, family)


def _of_family(folder: Path, played: Recording, family: str) -> Iterator[Figure]:
    options = ["--virtual", played.folder, "--family", family, "--rate", RATE_HZ, "--out", folder]
    command = [sys.executable, "-m", "benchmarks.watched", "record", *map(str, options)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as hub:
        states = list(_states(hub, folder / "live.json"))
        told = json.loads((hub.stdout or sys.stdin).read().splitlines()[-1])
    (path,) = find_recordings(folder)
    recording = read_recording(path)
    start_s = recording.header.started_at.timestamp()
    what = f"hub with three {recording.header.streams[0].model} sensors"
    share = _share(np.array(told["clocks"]), start_s, start_s + recording.duration_s)
    yield Figure(what=f"{what}, of one core", value=100 * share, unit="%")
    yield Figure(what=f"{what}, peak memory", value=told["peak_mib"], unit="MiB")
    times = {placement: _times(recording, placement) for placement in PLACEMENTS}
    lost = sum(_lost(times[info.placement], info.rate_hz) for info in recording.header.streams)
    yield Figure(what=f"{what}, lost samples", value=lost, unit="")
    latency_s = np.concatenate(
        [_latency_s(t_s, states, place, start_s) for place, t_s in times.items()]
    )
    for percent in (50, 99):
        value = 1e3 * float(np.percentile(latency_s, percent))
        yield Figure(what=f"{what}, from sample to live state, p{percent}", value=value, unit="ms")
    phase_s = _phase_latency_s(states, start_s)
    for percent in (50, 95):
        value = 1e3 * float(np.percentile(phase_s, percent))
        yield Figure(
            what=f"{what}, from sample to bridge's phase, p{percent}", value=value, unit="ms"
        )


def _states(hub: subprocess.Popen[str], path: Path) -> Iterator[Mapping[str, Any]]:
    """Each live state that is published until the hub ends."""
    content = b""
    while hub.poll() is None:
        time.sleep(_LOOK_EVERY_S)
        before = content
        with suppress(OSError):
            content = path.read_bytes()
        if content != before:
            yield json.loads(content)


def _share(clocks: FloatArray, start_s: float, end_s: float) -> float:
    """The share of a core between two times, of clocks (n, 2) that tell time and core seconds."""
    taken_s = np.interp([start_s, end_s], clocks[:, 0], clocks[:, 1])
    return float(np.diff(taken_s)[0]) / (end_s - start_s)


def _times(recording: Recording, placement: Placement) -> FloatArray:
    chunks = [chunk.t_s for chunk in recording.chunks() if chunk.placement is placement]
    return np.concatenate(chunks)


def _lost(t_s: FloatArray, rate_hz: float) -> int:
    """How many samples are missing between others."""
    return int(np.sum(np.maximum(np.round(np.diff(t_s) * rate_hz) - 1, 0)))


def _latency_s(
    t_s: FloatArray, states: list[Mapping[str, Any]], placement: Placement, start_s: float
) -> FloatArray:
    """From each sample (n,) being taken to the first state that counts it."""
    known = [_samples(state, placement) for state in states]
    published_s = [datetime.fromisoformat(state["updated_at"]).timestamp() for state in states]
    first = np.searchsorted(known, np.arange(1, len(t_s) + 1))
    return np.array(published_s)[first] - start_s - t_s


def _phase_latency_s(states: list[Mapping[str, Any]], start_s: float) -> FloatArray:
    """From each body sample (n,) being felt to the first state whose bridge has seen it."""
    known = [state for state in states if state["bridge"] is not None]
    seen_s = np.array([state["bridge"]["at_s"] for state in known])
    published_s = [datetime.fromisoformat(state["updated_at"]).timestamp() for state in known]
    felt_s = np.arange(seen_s[0] + _STARTING_S, seen_s[-1], 1.0 / BODY_RATE_HZ)
    return np.array(published_s)[np.searchsorted(seen_s, felt_s)] - start_s - felt_s


def _samples(state: Mapping[str, Any], placement: Placement) -> int:
    return sum(int(s["samples"]) for s in state["sensors"] if s["placement"] == placement)
