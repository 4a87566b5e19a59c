"""What the detectors find. Times are seconds from the start of the recording, half-open."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from analytics.body import Segment


class Posture(StrEnum):
    """How the trunk is held; lying on the left is with the left side down."""

    UPRIGHT = "upright"
    SUPINE = "supine"
    PRONE = "prone"
    LEFT = "left"
    RIGHT = "right"
    UNKNOWN = "unknown"


class WearState(StrEnum):
    """Whether the sensors are on the body, and perhaps not where they were put."""

    WORN = "worn"
    PERHAPS_SLIPPED = "perhaps_slipped"
    NOT_WORN = "not_worn"


class FallEnding(StrEnum):
    """What became of a person who fell."""

    STAYED_DOWN = "stayed_down"
    GOT_UP = "got_up"


class NearFallKind(StrEnum):
    """How somebody nearly fell."""

    STUMBLE = "stumble"
    HARD_SIT_DOWN = "hard_sit_down"


class Confidence(StrEnum):
    """How much a measurement says.

    Of the spine, FULL: the trunk against the pelvis, from a sensor on each. LOWER: the inclination
    of the trunk alone, to which raised hips or a raised head end of the bed look like bending. Of a
    bridge, FULL: from hips or thigh. LOWER: from the trunk, which tilts less and breathes, or
    without a gyroscope; its times may err by some tenths of a second. Or without a calibration:
    nothing tells then that the body lies on its back.
    """

    FULL = "full"
    LOWER = "lower"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureBout:
    """The body held in one posture.

    `side_unknown` tells of an unknown posture that it is lying, though not on which side.
    """

    posture: Posture
    start_s: float
    end_s: float
    side_unknown: bool = False

    @property
    def lying(self) -> bool:
        """Whether somebody is known to lie."""
        return self.side_unknown or self.posture not in (Posture.UPRIGHT, Posture.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class SittingBout:
    """Sitting, within being upright; found where a thigh sensor is worn too."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionBout:
    """The spine held extended beyond the personal neutral of the posture.

    `in_band_s` is how long of it the extension lay in the prescribed band, `interruptions` how
    often it was left for a moment. `sigma_deg` is the mean standard deviation of the angle.
    """

    start_s: float
    end_s: float
    mean_deg: float
    peak_deg: float
    posture: Posture
    in_band_s: float
    interruptions: int
    sigma_deg: float
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class OverExtension:
    """The spine extended beyond the prescribed alarm."""

    start_s: float
    end_s: float
    peak_deg: float
    posture: Posture


@dataclass(frozen=True, slots=True, kw_only=True)
class PadSlip:
    """Extension that was lost slowly while lying still, as when the pad slips.

    It was `from_deg` at `start_s` and `to_deg` at `end_s`, when enough was lost to tell.
    """

    start_s: float
    end_s: float
    from_deg: float
    to_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorSlip:
    """A sensor has shifted on the body, and its axes with it.

    It still sat right at `start_s` and was found tilted by `tilt_deg` at `end_s`; from then on its
    axes are corrected.
    """

    start_s: float
    end_s: float
    segment: Segment
    tilt_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexionBout:
    """The trunk bent forward beyond the prescribed limit."""

    start_s: float
    end_s: float
    peak_deg: float
    posture: Posture


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """One bridge: lifted from `start_s`, held until `hold_end_s`, back down at `end_s`.

    A `partial` repetition was cut off, or too shallow or short to count. Measures are None where
    the sensors cannot tell; how each is taken stands in `analytics.bridging.measures`.
    """

    start_s: float
    end_s: float
    hold_start_s: float
    hold_end_s: float
    peak_deg: float
    """Largest tilt of the worn segment against the rest before."""
    rise_part: float | None = None
    """Estimated rise of the hips, as a share of the trunk's length."""
    roll_deg: float | None
    """Mean pelvic roll in the hold, positive with the left side up."""
    sag_degs: float | None = None
    """How fast the tilt falls in the hold …"""
    sag_deg: float | None = None
    """… and how much of it is lost from the first second of the hold to the last."""
    tremor_degs: float | None = None
    """Tremor in the hold (4 to 12 Hz, root mean square) of the angular rate …"""
    tremor_ms2: float | None = None
    """… or, without a gyroscope, of the specific force."""
    sparc: float | None
    """Smoothness of lift and lowering: spectral arc length, −1.4 is smoothest …"""
    ldlj: float | None = None
    """… and log dimensionless jerk, −5.3 is smoothest."""
    partial: bool
    confidence: Confidence = Confidence.FULL

    @property
    def lift_s(self) -> float:
        """How long the hips rise."""
        return self.hold_start_s - self.start_s

    @property
    def hold_s(self) -> float:
        """How long they stay up."""
        return self.hold_end_s - self.hold_start_s

    @property
    def lower_s(self) -> float:
        """How long they come down."""
        return self.end_s - self.hold_end_s


@dataclass(frozen=True, slots=True, kw_only=True)
class BackExtension:
    """The chest lifted from `start_s`, lying prone, held until `hold_end_s`, down at `end_s`.

    `peak_deg` is how far the trunk was raised; a `partial` one was cut off.
    """

    start_s: float
    end_s: float
    hold_start_s: float
    hold_end_s: float
    peak_deg: float
    partial: bool

    @property
    def hold_s(self) -> float:
        """How long the chest stays up."""
        return self.hold_end_s - self.hold_start_s


@dataclass(frozen=True, slots=True, kw_only=True)
class StandUp:
    """A rise from a seat, from the first leaning forward until upright; `rise_m` is how far up."""

    start_s: float
    end_s: float
    rise_m: float

    @property
    def duration_s(self) -> float:
        """How long it takes."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkingBout:
    """Walking without a longer pause, and how steady it was.

    `step_regularity` and `stride_regularity` are the autocorrelation of the vertical acceleration
    at one step and at two (Moe-Nilssen and Helbostad 2004): 1 where each is like the one before.
    """

    start_s: float
    end_s: float
    steps: int
    cadence_hz: float
    step_regularity: float
    stride_regularity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NearFall:
    """What might have become a fall, and did not; `peak_g` is the largest force at the sensor."""

    at_s: float
    kind: NearFallKind
    peak_g: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """A fall with its impact at `impact_s`; `inactive_s` is the still time that followed.

    `ending` is how it ended as far as it was watched, `evidence` what speaks for and against it,
    for people to read.
    """

    impact_s: float
    probability: float
    peak_g: float
    posture_after: Posture
    inactive_s: float
    ending: FallEnding = FallEnding.STAYED_DOWN
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DismissedFall:
    """What was suspected to be a fall at `impact_s`, but then `evidence` told it probably not."""

    impact_s: float
    probability: float
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WearBout:
    """The sensors worn, or not, or worn with one that slips meanwhile."""

    state: WearState
    start_s: float
    end_s: float


Event = (
    PostureBout
    | ExtensionBout
    | OverExtension
    | PadSlip
    | SensorSlip
    | SittingBout
    | FlexionBout
    | Repetition
    | BackExtension
    | StandUp
    | WalkingBout
    | NearFall
    | Fall
    | DismissedFall
    | WearBout
)
