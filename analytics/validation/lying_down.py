"""Lying down, turning over and bending in short trials: UMAFall (chest, waist) and SisFall (waist).

Nobody noted when a trial's person stood and lay. So the poses to calibrate from are looked for in
*other* trials of the same person: upright is the stillest half second at the start of any of them,
lying on the back the stillest one that is turned by about a right angle from that. Trials for
which the others show no still pose are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from analytics.calibration import (
    MAX_FORCE_ERROR,
    MAX_POSE_SD_MS2,
    POSE_ANGLE_DEG,
    Seconds,
    angle_deg,
    between,
    calibrate,
)
from analytics.events import Posture, PostureBout
from analytics.validation.figures import Figure, Kind, Unit, pooled, share
from analytics.validation.worn import (
    Stream,
    mountings,
    postures,
    read_set,
    streams,
    turned,
    without_gyro,
)
from sensors.importers import ImporterError
from sensors.types import GRAVITY_MS2, Calibration, FloatArray, Placement

RANDOM_MOUNTINGS = 3
LOOK_S = 0.5
STEP_S = 0.1
START_S = 2.0
LOW_DEG, HIGH_DEG = POSE_ANGLE_DEG
LYING = (Posture.SUPINE, Posture.PRONE, Posture.LEFT, Posture.RIGHT)
SIDES = (Posture.LEFT, Posture.RIGHT)
ASKED = 98.0

Judge = Callable[[Sequence[PostureBout]], bool]


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One sensor's stream of one trial, and whose it is."""

    subject: str
    exercise: str
    name: str
    stream: Stream

    @property
    def placement(self) -> Placement:
        """Where the sensor was worn."""
        return self.stream[0].placement

    def without_gyro(self) -> Trial:
        """The trial as an accelerometer alone would have seen it."""
        return replace(self, stream=without_gyro(self.stream))


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is done in some trials of a set, and how to tell that it was found.

    Trials of `upright_in` begin upright and those of `lying_in` show lying on the back, at the
    start if `lies_at_start`; `asked` is the share asked for.
    """

    data_set: str
    placement: Placement
    exercises: tuple[str, ...]
    what: str
    judge: Judge
    upright_in: tuple[str, ...]
    lying_in: tuple[str, ...]
    lies_at_start: bool = False
    asked: float | None = None


def lies_down(bouts: Sequence[PostureBout]) -> bool:
    """Upright at first, then lying."""
    return any(
        before.posture is Posture.UPRIGHT and after.posture in LYING
        for before, after in pairwise(bouts[:2])
    )


def turns_over(bouts: Sequence[PostureBout]) -> bool:
    """On the back, then on a side, and on the back again unless the trial ends before that."""
    shown = [bout.posture for bout in bouts]
    back = Posture.SUPINE
    return any(shown in ([back, side], [back, side, back]) for side in SIDES)


def stays_upright(bouts: Sequence[PostureBout]) -> bool:
    """Nothing but upright."""
    return all(bout.posture is Posture.UPRIGHT for bout in bouts)


_NAMES = {"umafall": "UMAFall", "sisfall": "SisFall"}
_ON_A_BED = ("ADL_LyingDown_OnABed",)
_BENDING = ("ADL_Bending",)
TASKS = (
    *(
        task
        for placement in (Placement.STERNUM, Placement.WAIST)
        for task in (
            Task(
                data_set="umafall",
                placement=placement,
                exercises=_ON_A_BED,
                what="upright, then lying",
                judge=lies_down,
                upright_in=(*_ON_A_BED, *_BENDING),
                lying_in=_ON_A_BED,
                asked=ASKED,
            ),
            Task(
                data_set="umafall",
                placement=placement,
                exercises=_BENDING,
                what="upright throughout a bend",
                judge=stays_upright,
                upright_in=(*_ON_A_BED, *_BENDING),
                lying_in=_ON_A_BED,
            ),
        )
    ),
    Task(
        data_set="sisfall",
        placement=Placement.WAIST,
        exercises=("D12", "D13"),
        what="upright, then lying",
        judge=lies_down,
        upright_in=("D12", "D13"),
        lying_in=("D14",),
        lies_at_start=True,
    ),
    Task(
        data_set="sisfall",
        placement=Placement.WAIST,
        exercises=("D14",),
        what="back, then side",
        judge=turns_over,
        upright_in=("D12", "D13"),
        lying_in=("D14",),
        lies_at_start=True,
    ),
)


def lying_down_figures(datasets: Path) -> Iterator[Figure]:
    """The share of trials in which what was done is what was found, by task and person.

    In random mountings a trial must be right in all of them.
    """
    as_worn, *random = mountings(RANDOM_MOUNTINGS)
    trials = {name: _trials(datasets, name) for name in ("umafall", "sisfall")}
    for task in TASKS:
        posed = list(_posed(task, trials[task.data_set]))
        yield from _shares(task, posed, [as_worn], "")
        yield from _shares(task, posed, random, ", random mounting")
        alone = [(trial.without_gyro(), poses) for trial, poses in posed]
        yield from _shares(task, alone, random, ", random mounting, no gyroscope")


def calibrated_trials(datasets: Path, data_set: str) -> Iterator[tuple[Trial, Calibration]]:
    """The trials of a set's tasks, each with what others of the same person calibrate."""
    trials = _trials(datasets, data_set)
    for task in TASKS:
        if task.data_set == data_set:
            for trial, poses in _posed(task, trials):
                yield trial, poses.calibration(np.eye(3))


def missed(task: Task, datasets: Path) -> list[str]:
    """The names of the trials of a task that were not found to be what they are, as worn."""
    posed = _posed(task, _trials(datasets, task.data_set))
    return [trial.name for trial, poses in posed if not _found(task, trial, poses, np.eye(3))]


@dataclass(frozen=True, slots=True, eq=False)
class _Poses:
    """The times in two trials, or of one, that show how a sensor sits."""

    upright: Trial
    upright_s: Seconds
    lying: Trial
    lying_s: Seconds

    def calibration(self, rotation: FloatArray) -> Calibration:
        """Of the sensor mounted turned by a rotation (3, 3)."""
        info, chunk = self.upright.stream
        (calibration,) = calibrate(
            [info],
            [turned(chunk, rotation)],
            still=self.upright_s,
            lying=self.lying_s,
            lying_chunks=[turned(self.lying.stream[1], rotation)],
            made_from=self.upright.name,
        )
        return calibration


def _shares(
    task: Task,
    posed: Sequence[tuple[Trial, _Poses]],
    rotations: Sequence[FloatArray],
    how: str,
) -> Iterator[Figure]:
    place = f"{_NAMES[task.data_set]} {task.placement}"
    kind = Kind(place, task.what + how, Unit.SHARE, task.asked)
    found: dict[str, list[bool]] = {}
    for trial, poses in posed:
        right = all(_found(task, trial, poses, rotation) for rotation in rotations)
        found.setdefault(trial.subject, []).append(right)
    for subject, each in found.items():
        yield share(kind, subject, sum(each), len(each))
    yield pooled(kind, [sum(each) for each in found.values()], [*map(len, found.values())])


def _found(task: Task, trial: Trial, poses: _Poses, rotation: FloatArray) -> bool:
    """Whether a trial was found to be what it is."""
    info, chunk = trial.stream
    stream = info, turned(chunk, rotation)
    return task.judge(postures(stream, poses.calibration(rotation)))


def _posed(task: Task, trials: Sequence[Trial]) -> Iterator[tuple[Trial, _Poses]]:
    """The trials of a task with the stillest poses that the same sensor's others show."""
    for trial in trials:
        if trial.exercise in task.exercises and trial.placement is task.placement:
            others = [
                other
                for other in trials
                if (other.subject, other.placement) == (trial.subject, trial.placement)
                and other is not trial
            ]
            poses = _poses(task, others)
            if poses is not None:
                yield trial, poses


def _poses(task: Task, others: Sequence[Trial]) -> _Poses | None:
    starts = [
        (still, other)
        for other in others
        if other.exercise in task.upright_in
        for still in _stills(other, START_S)
    ]
    if not starts:
        return None
    upright, upright_trial = min(starts, key=lambda start: start[0].sway_ms2)
    lying_until_s = START_S if task.lies_at_start else np.inf
    lies = [
        (still, other)
        for other in others
        if other.exercise in task.lying_in
        for still in _stills(other, lying_until_s)
        if LOW_DEG <= angle_deg(upright.gravity, still.gravity) <= HIGH_DEG
    ]
    if not lies:
        return None
    lying, lying_trial = min(lies, key=lambda lie: lie[0].sway_ms2)
    return _Poses(upright_trial, upright.seconds, lying_trial, lying.seconds)


@dataclass(frozen=True, slots=True, eq=False)
class _Still:
    """Half a second of a trial that shows gravity (3,), and how much the sensor moved in it."""

    seconds: Seconds
    sway_ms2: float
    gravity: FloatArray


def _stills(trial: Trial, until_s: float) -> Iterator[_Still]:
    _, chunk = trial.stream
    for start_s in np.arange(0.0, min(until_s, chunk.t_s[-1]) - LOOK_S, STEP_S).tolist():
        acc = between(chunk, start_s, start_s + LOOK_S).acc
        gravity = acc.mean(axis=0) if len(acc) else np.zeros(3)
        sway_ms2 = float(np.sqrt(acc.var(axis=0).sum())) if len(acc) else np.inf
        weighs = abs(np.linalg.norm(gravity) / GRAVITY_MS2 - 1.0) <= MAX_FORCE_ERROR
        if weighs and sway_ms2 <= MAX_POSE_SD_MS2:
            yield _Still((start_s, start_s + LOOK_S), sway_ms2, gravity)


def _trials(datasets: Path, name: str) -> list[Trial]:
    wanted = {
        exercise
        for task in TASKS
        for exercise in (*task.exercises, *task.upright_in, *task.lying_in)
    }
    items, name = read_set(datasets, name)
    trials = []
    for item in items:
        if item.exercise in wanted:
            with suppress(ImporterError):  # one trial of UMAFall has no samples
                trials += [
                    Trial(item.subject, item.exercise, item.name, stream)
                    for stream in streams(item, name)
                ]
    return trials
