"""How likely an impact was a fall: a logistic regression, its coefficients kept as data."""

from __future__ import annotations

import math
from functools import cache
from importlib import resources

import msgspec

from analytics.falls.features import FEATURES
from sensors.types import FloatArray

MODEL_FILE = "model.json"


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """One feature's part: `coefficient` × (value − `mean`) / `sd`."""

    feature: str
    coefficient: float
    mean: float
    sd: float


class FallModel(msgspec.Struct, frozen=True, kw_only=True):
    """A fitted regression, and what it was fitted on and when."""

    fitted_on: str
    fitted_at: str
    intercept: float
    terms: tuple[Term, ...]

    def __post_init__(self) -> None:
        if tuple(term.feature for term in self.terms) != FEATURES:
            raise ValueError(f"a fall model needs exactly the features {', '.join(FEATURES)}")

    def logit(self, features: FloatArray) -> float:
        """Log-odds that an impact with these features, ordered as `FEATURES`, is a fall.

        What is not known (NaN) speaks neither for nor against it.
        They mean what they say only among the activities it was fitted on, weighed as they were
        there; in daily life falls are far rarer.
        """
        logit = self.intercept
        for term, value in zip(self.terms, features, strict=True):
            if not math.isnan(value):
                logit += term.coefficient * (float(value) - term.mean) / term.sd
        return logit


@cache
def default_model() -> FallModel:
    """The model that comes with Fivepoint."""
    content = resources.files("analytics.falls").joinpath(MODEL_FILE).read_bytes()
    return msgspec.json.decode(content, type=FallModel)
