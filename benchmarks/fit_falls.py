"""Fit the fall model on published recordings, as the model that comes with Fivepoint was.

    FIVEPOINT_DATASETS=… python -m benchmarks.fit_falls [--write]

SisFall and UMAFall are read by the importers and brought through the front end like any recording.
`--write` puts the coefficients where `analytics.falls.model` looks for them. How models fitted in
the same way do on people and sets that they never saw, `fivepoint validate falls` tells.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

import analytics.falls
from analytics.falls.model import MODEL_FILE
from analytics.validation.fall_trials import Trial, fitted, read_trials


def main(arguments: Sequence[str]) -> int:
    """Print the fitted coefficients; with `--write` also put them in place."""
    folder = os.environ.get("FIVEPOINT_DATASETS")
    if not folder:
        print("FIVEPOINT_DATASETS is not set, so nothing was fitted; set it to the data folder.")
        return 1
    sisfall = list(read_trials(Path(folder), "sisfall"))
    umafall = list(read_trials(Path(folder), "umafall"))
    told = f"SisFall: {_counted(sisfall)}; UMAFall: {_counted(umafall)}"
    model = fitted(sisfall + umafall, told)
    print(model.fitted_on)
    for term in model.terms:
        scaled = f"(value − {term.mean:.3f}) / {term.sd:.3f}"
        print(f"{term.feature:16}{term.coefficient:8.3f} × {scaled}")
    print(f"{'intercept':16}{model.intercept:8.3f}")
    if "--write" in arguments:
        target = Path(analytics.falls.__file__).with_name(MODEL_FILE)
        target.write_bytes(msgspec.json.format(msgspec.json.encode(model), indent=2) + b"\n")
        print(f"Wrote {target}.")
    return 0


def _counted(trials: Sequence[Trial]) -> str:
    falls = sum(trial.is_fall for trial in trials)
    people = ", ".join(sorted({trial.subject for trial in trials}))
    places = ", ".join(sorted({trial.placement for trial in trials}))
    return f"{falls} falls, {len(trials) - falls} activities at {places} of people {people}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
