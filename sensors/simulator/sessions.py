"""Whole scripts with the variation that people show: an exercise session, a day, a fall."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sensors.simulator.activities import (
    BendKnees,
    GetUp,
    LieDown,
    Rest,
    Sit,
    SitDown,
    Stand,
    StandUp,
    TurnInBed,
    Walk,
)
from sensors.simulator.body import Body
from sensors.simulator.exercises import BackExtension, Bridge, Extend
from sensors.simulator.falls import Fall, FallKind, Stumble
from sensors.simulator.stage import Activity, Pose, ScriptError, play

Script = list[Activity]


def script_s(script: Script) -> float:
    """How long a script lasts."""
    return play(script, Body(), np.random.default_rng(0)).now_s


def calibration_poses() -> Script:
    """Stand still, lie down by a log-roll, lie flat on the back."""
    return [Stand(6.0), LieDown(), Rest(6.0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgingSet:
    """One set of bridges as a person does it: means, their scatter and the toll of fatigue.

    `fatigue` is the share of height and hold that is lost from the first to the last repetition;
    `cut_short` of the repetitions, spread over the set, are given up on the way.
    """

    reps: int = 10
    hold_s: float = 5.0
    hold_sd_s: float = 0.4
    peak_deg: float = 22.0
    peak_sd_deg: float = 1.2
    lift_s: float = 1.6
    lower_s: float = 1.9
    rest_s: float = 4.0
    sag_deg: float = 0.5
    roll_deg: float = 0.0
    fatigue: float = 0.05
    cut_short: int = 0

    def script(self, rng: np.random.Generator) -> Script:
        """The set, beginning and ending at rest on the back with bent knees."""
        spoiled = np.linspace(0, self.reps - 1, self.cut_short + 2).round()[1:-1]
        activities: Script = [BendKnees(), Rest(4.0)]
        for index in range(self.reps):
            left = 1.0 - self.fatigue * index / max(self.reps - 1, 1)
            activities.append(self._bridge(rng, left, cut_short=index in spoiled))
            activities.append(Rest(self.rest_s * rng.uniform(0.85, 1.25)))
        return activities

    def _bridge(self, rng: np.random.Generator, left: float, *, cut_short: bool) -> Bridge:
        peak_deg = left * self.peak_deg + self.peak_sd_deg * rng.uniform(-1.7, 1.7)
        hold_s = left * self.hold_s + self.hold_sd_s * rng.uniform(-1.7, 1.7)
        return Bridge(
            peak_deg=max((0.6 if cut_short else 1.0) * peak_deg, 4.0),
            lift_s=self.lift_s * rng.uniform(0.85, 1.2),
            hold_s=max(hold_s, 0.5),
            lower_s=self.lower_s * rng.uniform(0.85, 1.2),
            sag_deg=self.sag_deg * rng.uniform(0.7, 1.3),
            roll_deg=self.roll_deg + rng.uniform(-0.8, 0.8),
            late_share=rng.uniform(0.0, 0.15),
            cut_short=cut_short,
        )


def exercise_session(*sets: BridgingSet, rng: np.random.Generator, pause_s: float = 45.0) -> Script:
    """Calibration poses, then sets of bridges with pauses between them."""
    script = calibration_poses()
    for index, bridging in enumerate(sets):
        if index:
            script += [BendKnees(bent=False), Rest(pause_s)]
        script += bridging.script(rng)
    return [*script, BendKnees(bent=False), Rest(4.0)]


def positioning_session(
    *, extension_deg: float, minutes: float, slip_deg: float = 0.0, breaks: int = 0
) -> Script:
    """Calibration poses, then rest over a pad, taken away for a minute at each of the breaks."""
    bout = Extend(
        extension_deg=extension_deg, seconds=60.0 * minutes / (breaks + 1), slip_deg=slip_deg
    )
    script = calibration_poses()
    for _ in range(breaks):
        script += [bout, Rest(60.0)]
    return [*script, bout, Rest(6.0)]


def back_extension_session(
    *, rng: np.random.Generator, reps: int = 8, hold_s: float = 4.0, peak_deg: float = 15.0
) -> Script:
    """Calibration poses, then a set of back extensions lying on the front."""
    script = [*calibration_poses(), TurnInBed(to=Pose.PRONE), Rest(5.0)]
    for _ in range(reps):
        lift = BackExtension(
            peak_deg=peak_deg * rng.uniform(0.85, 1.15),
            lift_s=rng.uniform(1.2, 2.0),
            hold_s=hold_s * rng.uniform(0.8, 1.2),
            lower_s=rng.uniform(1.4, 2.3),
            sag_deg=rng.uniform(0.0, 1.5),
        )
        script += [lift, Rest(rng.uniform(2.5, 4.5))]
    return [*script, TurnInBed(to=Pose.SUPINE), Rest(4.0)]


def sit_to_stand_session(
    *, rng: np.random.Generator, reps: int = 10, stand_up_s: float = 2.0
) -> Script:
    """Calibration poses, then a set of rises from a seat."""
    script = [*calibration_poses(), GetUp(), Stand(4.0), SitDown(), Sit(6.0)]
    for _ in range(reps):
        rise = StandUp(seconds=stand_up_s * rng.uniform(0.85, 1.2))
        lower = SitDown(seconds=stand_up_s * rng.uniform(0.9, 1.2))
        script += [rise, Stand(rng.uniform(0.6, 1.5)), lower, Sit(rng.uniform(0.6, 2.0))]
    return [*script, Sit(6.0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How somebody moves about: see `Walk` and `StandUp`.

    `stumble_share` of the errands have a stumble.
    """

    unsteadiness: float = 0.0
    stumble_share: float = 0.0
    stand_up_s: float = 2.0


def day_at_home(
    *, minutes: float, rng: np.random.Generator, manner: Manner | None = None
) -> Script:
    """Calibration poses, then everyday episodes in random order until the time is up."""
    script = [*calibration_poses(), GetUp()]
    left_s = 60.0 * minutes - script_s(script)
    if left_s < 0.0:
        raise ScriptError(
            f"{minutes:g} minutes are too short for the poses a day begins with, so nothing was "
            "simulated; allow at least one."
        )
    episodes = _episodes(rng, manner or Manner())
    while script_s(episode := next(episodes)) <= left_s:
        script += episode
        left_s -= script_s(episode)
    return [*script, Stand(left_s)]


def up_and_about(*, rng: np.random.Generator, manner: Manner) -> Script:
    """Get up from lying, walk, sit down and stand up again."""
    stumbles = bool(rng.random() < manner.stumble_share)
    walk = Walk(
        seconds=24.0,
        leg_s=12.0,
        cadence_hz=rng.uniform(1.6, 1.9),
        unsteadiness=manner.unsteadiness,
        stumbles=stumbles,
    )
    rise = StandUp(seconds=manner.stand_up_s * rng.uniform(0.9, 1.1))
    return [GetUp(rise=rise), Stand(3.0), walk, Stand(4.0), SitDown(), Sit(6.0), rise, Stand(4.0)]


def fall_at_home(
    kind: FallKind,
    *,
    rng: np.random.Generator,
    lying_s: float = 40.0,
    seated: bool = False,
    recovers: bool = False,
) -> Script:
    """Calibration poses, a walk, a fall, and lying where one fell; some get up again."""
    before: Script = [Walk(seconds=rng.uniform(20.0, 30.0)), Stand(rng.uniform(1.0, 3.0))]
    if seated:
        before += [SitDown(), Sit(20.0)]
    fall = Fall(kind=kind, fall_s=rng.uniform(0.68, 0.85), stop_s=rng.uniform(0.07, 0.13))
    after = [GetUp(), Stand(3.0), Walk(seconds=16.0), Stand(3.0)] if recovers else []
    return [*calibration_poses(), GetUp(), *before, fall, Rest(lying_s), *after]


def _episodes(rng: np.random.Generator, manner: Manner) -> Iterator[Script]:
    """Everyday episodes from standing to standing, each kind once before any comes again."""
    kinds = (_errand, _errand, _in_a_chair, _in_a_chair, _in_bed, _chores, _trip)
    while True:
        for index in rng.permutation(len(kinds)):
            yield kinds[index](rng, manner)


def _errand(rng: np.random.Generator, manner: Manner) -> Script:
    cadence_hz = rng.uniform(1.6, 2.0)
    vertical_g = rng.uniform(0.20, 0.35)
    return [
        Walk(
            seconds=rng.uniform(20.0, 90.0),
            cadence_hz=cadence_hz,
            vertical_g=vertical_g,
            unsteadiness=manner.unsteadiness,
            stumbles=manner.stumble_share > 0.0 and rng.random() < manner.stumble_share,
        ),
        Stand(rng.uniform(5.0, 20.0)),
    ]


def _in_a_chair(rng: np.random.Generator, manner: Manner) -> Script:
    hard = bool(rng.random() < 0.4)
    rise = StandUp(seconds=manner.stand_up_s)
    return [SitDown(hard=hard), Sit(rng.uniform(60.0, 300.0)), rise, Stand(3.0)]


def _in_bed(rng: np.random.Generator, _manner: Manner) -> Script:
    quick = bool(rng.random() < 0.5)
    poses = rng.permutation([Pose.LEFT, Pose.RIGHT, Pose.PRONE])
    script: Script = [LieDown(quick=quick), Rest(rng.uniform(60.0, 150.0), fidgets=2)]
    for pose in poses[: rng.integers(1, 4)]:
        script += [TurnInBed(to=Pose(pose)), Rest(rng.uniform(40.0, 120.0), fidgets=1)]
    return [*script, TurnInBed(to=Pose.SUPINE), Rest(20.0), GetUp(), Stand(4.0)]


def _chores(rng: np.random.Generator, _manner: Manner) -> Script:
    script: Script = []
    for _ in range(3):
        script += [Stand(rng.uniform(10.0, 40.0)), Walk(seconds=rng.uniform(5.0, 12.0))]
    return [*script, Stand(3.0)]


def _trip(rng: np.random.Generator, _manner: Manner) -> Script:
    return [Walk(seconds=rng.uniform(10.0, 25.0)), Stumble(), Walk(seconds=12.0), Stand(4.0)]
