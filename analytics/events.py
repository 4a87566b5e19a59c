"""What the detectors find. Times are seconds from the start of the recording, half-open."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Posture(StrEnum):
    """How the trunk is held; lying on the left is with the left side down."""

    UPRIGHT = "upright"
    SUPINE = "supine"
    PRONE = "prone"
    LEFT = "left"
    RIGHT = "right"
    UNKNOWN = "unknown"


class WearState(StrEnum):
    """Whether the sensors are on the body."""

    WORN = "worn"
    NOT_WORN = "not_worn"


class FallEnding(StrEnum):
    """What became of a person who fell."""

    STAYED_DOWN = "stayed_down"
    GOT_UP = "got_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureBout:
    """The body held in one posture."""

    posture: Posture
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionBout:
    """The spine held extended beyond the personal neutral of the posture."""

    start_s: float
    end_s: float
    mean_deg: float
    peak_deg: float
    posture: Posture


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexionBout:
    """The trunk bent forward beyond the limit."""

    start_s: float
    end_s: float
    peak_deg: float
    posture: Posture


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """One bridge: lifted from `start_s`, held until `hold_end_s`, back down at `end_s`.

    `roll_deg` is the mean pelvic roll in the hold, positive with the left side up; `sparc` the
    smoothness of lift and lowering (Balasubramanian 2012; 0 is smoothest). Both are None where the
    sensors cannot tell. A `partial` repetition was cut off, or too shallow or short to count.
    """

    start_s: float
    end_s: float
    hold_start_s: float
    hold_end_s: float
    peak_deg: float
    roll_deg: float | None
    sparc: float | None
    partial: bool

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
    """The sensor worn, or not."""

    state: WearState
    start_s: float
    end_s: float


Event = PostureBout | ExtensionBout | FlexionBout | Repetition | Fall | DismissedFall | WearBout
