"""How the fall model is fitted: from the impacts of falls and those of activities."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from scipy.optimize import minimize

from analytics.falls.features import FEATURES
from analytics.falls.model import FallModel, Term
from sensors.types import FloatArray

RIDGE = 3.0
"""Weight of the penalty on squared coefficients, in trials: keeps correlated features in check."""

ACTIVITY_WEIGHT = 0.5
"""What all activities weigh together against all falls: to miss a fall is the graver error."""

FALLING = {"tilted_s", "least_g", "ln_restless"}
"""Features of which more may only make a fall less likely; of all others only more likely."""

ROUNDS = 3
"""How often the impact that stands for a fall is chosen again with the model just fitted."""


def fit(falls: Sequence[FloatArray], activities: Sequence[FloatArray], fitted_on: str) -> FallModel:
    """A ridge-penalized logistic regression; falls and activities weigh the same together.

    Each fall and each activity is an array (n, k) of the features of its impacts, ordered as
    `FEATURES`; one without impacts tells nothing. A fall is one example: of its impacts the
    likeliest, as the last round judged. The impacts of an activity share the weight √n, so that
    jogging is not all. The coefficients keep the signs that the features' meaning gives them.
    """
    falls = [impacts for impacts in falls if len(impacts)]
    activities = [impacts for impacts in activities if len(impacts)]
    negative = np.concatenate(activities)
    weights = np.concatenate([np.full(len(each), len(each) ** -0.5) for each in activities])
    weights *= ACTIVITY_WEIGHT * len(falls) / weights.sum()
    hardest = FEATURES.index("ln_force_rms")
    chosen = [impacts[np.argmax(impacts[:, hardest])] for impacts in falls]
    for _ in range(ROUNDS):
        model = _regression(np.array(chosen), negative, weights, fitted_on)
        chosen = [max(impacts, key=model.logit) for impacts in falls]
    return model


def _regression(
    positive: FloatArray, negative: FloatArray, negative_weights: FloatArray, fitted_on: str
) -> FallModel:
    values = np.concatenate((positive, negative))
    weights = np.concatenate((np.ones(len(positive)), negative_weights))
    sign = np.concatenate((np.ones(len(positive)), -np.ones(len(negative))))
    mean = np.average(values, axis=0, weights=weights)
    sd = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weights))
    design = np.column_stack(((values - mean) / sd, np.ones(len(values))))
    penalty = np.append(np.full(len(mean), RIDGE), 0.0)

    def loss(coefficients: FloatArray) -> tuple[float, FloatArray]:
        margin = sign * (design @ coefficients)
        pull = weights * sign / (1.0 + np.exp(margin))
        value = (weights * np.logaddexp(0.0, -margin)).sum()
        return value + 0.5 * (
            penalty * coefficients**2
        ).sum(), penalty * coefficients - pull @ design

    bounds = [(None, 0.0) if name in FALLING else (0.0, None) for name in FEATURES]
    start = np.zeros(design.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)]).x
    terms = tuple(
        Term(feature=name, coefficient=float(b), mean=float(m), sd=float(s))
        for name, b, m, s in zip(FEATURES, found, mean, sd, strict=False)
    )
    fitted_at = datetime.now(UTC).date().isoformat()
    return FallModel(
        fitted_on=fitted_on, fitted_at=fitted_at, intercept=float(found[-1]), terms=terms
    )
