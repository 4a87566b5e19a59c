"""What really happened in a simulated recording, for comparison with what is detected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import numpy as np

from sensors.simulator.body import Body, Segment
from sensors.simulator.kinematics import segment_frame
from sensors.simulator.motion import Channel, Motion
from sensors.simulator.stage import Stage
from sensors.types import FloatArray

POSTURE_RATE_HZ = 10.0
EXTENSION_RATE_HZ = 1.0
LYING_BEYOND_DEG = 60.0
PASSAGE_S = 2.0
"""A posture held for less is a passage between its neighbours."""
HYPEREXTENSION_DEG = 5.0
HYPEREXTENSION_S = 10.0

Bout = dict[str, Any]


def truth_of(stage: Stage, motion: Motion) -> dict[str, Any]:
    """The content of truth.json: postures, exercises, walks, falls, spine extension."""
    t_s = np.arange(0.0, motion.duration_s, 1.0 / POSTURE_RATE_HZ)
    postures = _posture_bouts(motion, stage.body, t_s)
    stride = round(POSTURE_RATE_HZ / EXTENSION_RATE_HZ)
    seconds = t_s[::stride]
    extension_deg = _spine_extension_deg(motion, stage.body, postures, seconds)
    return {
        "posture": _rounded(postures),
        "repetitions": _rounded(asdict(repetition) for repetition in stage.repetitions),
        "hyperextension": _rounded(_hyperextension(motion, stage.body, postures, t_s)),
        "back_extensions": _rounded(asdict(each) for each in stage.back_extensions),
        "stand_ups": _rounded(asdict(each) for each in stage.stand_ups),
        "walks": _rounded(asdict(each) for each in stage.walks),
        "near_falls": _rounded(asdict(each) for each in stage.near_falls),
        "falls": _rounded(asdict(fall) for fall in stage.falls),
        "extension_deg": {
            "rate_hz": EXTENSION_RATE_HZ,
            "values": np.round(extension_deg, 3).tolist(),
        },
    }


def _posture_bouts(motion: Motion, body: Body, t_s: FloatArray) -> list[Bout]:
    """Postures by the thorax: lying where it inclines by more than 60°, then by what faces up.

    Passages of less than 2 s join the lying posture beside them; between two lying postures their
    time is shared.
    """
    up = segment_frame(motion, body, Segment.THORAX, t_s).up
    facing = np.round(np.arctan2(up[1], up[0]) / (np.pi / 2.0)).astype(int) % 4
    upright = up[2] > np.cos(np.radians(LYING_BEYOND_DEG))
    names = np.where(upright, "upright", np.array(["supine", "right", "prone", "left"])[facing])
    changes = np.flatnonzero(names[1:] != names[:-1]) + 1
    edges = [0.0, *t_s[changes].tolist(), motion.duration_s]
    labels = names[[0, *changes]].tolist()
    return _without_passages(
        [
            {"posture": label, "start_s": start_s, "end_s": end_s}
            for label, (start_s, end_s) in zip(labels, pairwise(edges), strict=True)
        ]
    )


def _without_passages(bouts: list[Bout]) -> list[Bout]:
    kept: list[Bout] = []
    for index, bout in enumerate(bouts):
        passing = bout["end_s"] - bout["start_s"] < PASSAGE_S
        if not passing or index in (0, len(bouts) - 1):
            kept.append(dict(bout))
    for before, after in pairwise(kept):
        if before["end_s"] < after["start_s"]:
            boundary_s = _boundary(before, after)
            before["end_s"] = after["start_s"] = boundary_s
    return _merged(kept)


def _boundary(before: Bout, after: Bout) -> float:
    if before["posture"] == "upright" and after["posture"] != "upright":
        return float(before["end_s"])
    if after["posture"] == "upright" and before["posture"] != "upright":
        return float(after["start_s"])
    return float((before["end_s"] + after["start_s"]) / 2.0)


def _merged(bouts: list[Bout]) -> list[Bout]:
    merged = bouts[:1]
    for bout in bouts[1:]:
        if bout["posture"] == merged[-1]["posture"]:
            merged[-1]["end_s"] = bout["end_s"]
        else:
            merged.append(bout)
    return merged


def _spine_extension_deg(
    motion: Motion, body: Body, postures: list[Bout], t_s: FloatArray, *, breath: bool = True
) -> FloatArray:
    """Extension (n,) beyond the personal neutral of the posture, at rising times.

    The neutral is 0 upright and the flat supine flexion lying. Taken from the joints, so that it
    holds in side-lying too, where gravity cannot tell; elsewhere it equals the difference of the
    segments' pitches.
    """
    flex, bridge = (
        motion.courses[channel].at(t_s, waves=breath)[0]
        for channel in (Channel.SPINE_FLEX, Channel.BRIDGE)
    )
    neutral_deg = np.full(t_s.size, body.supine_flex_deg)
    for bout in postures:
        if bout["posture"] == "upright":
            neutral_deg[_within(bout, t_s)] = 0.0
    flexed_deg = np.degrees(flex + (1.0 - body.bridge_thorax_share) * bridge)
    return np.asarray(neutral_deg - flexed_deg)


def _hyperextension(
    motion: Motion, body: Body, postures: list[Bout], t_s: FloatArray
) -> list[Bout]:
    """Extension of at least 5° for at least 10 s in one posture, bridges and breath left out."""
    extension_deg = _spine_extension_deg(motion, body, postures, t_s, breath=False)
    bridging = motion.courses[Channel.BRIDGE].at(t_s, waves=False)[0] > np.radians(0.5)
    extended = (extension_deg >= HYPEREXTENSION_DEG) & ~bridging
    bouts = []
    for posture in postures:
        within = _within(posture, t_s)
        edges = np.flatnonzero(np.diff(extended[within], prepend=False, append=False))
        for first, last in (edges.reshape(-1, 2) + within.start).tolist():
            start_s, end_s = first / POSTURE_RATE_HZ, last / POSTURE_RATE_HZ
            if end_s - start_s >= HYPEREXTENSION_S:
                held_deg = extension_deg[first:last]
                bouts.append(
                    {
                        "start_s": start_s,
                        "end_s": end_s,
                        "mean_deg": float(held_deg.mean()),
                        "peak_deg": float(held_deg.max()),
                        "posture": posture["posture"],
                    }
                )
    return bouts


def _within(bout: Bout, t_s: FloatArray) -> slice:
    first, last = np.searchsorted(t_s, (bout["start_s"], bout["end_s"]))
    return slice(int(first), int(last))


def _rounded(bouts: Iterable[Bout]) -> list[Bout]:
    """To milliseconds and thousandths of a degree."""
    return [
        {key: round(value, 3) if isinstance(value, float) else value for key, value in bout.items()}
        for bout in bouts
    ]
