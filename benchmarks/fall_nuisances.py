"""Show what falls are found, and what activities stay clean, as other sensors would have seen them.

    FIVEPOINT_DATASETS=… python -m benchmarks.fall_nuisances [NAME …]

The model was fitted on the other of the two sets, undisturbed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from analytics.falls.model import FallModel
from analytics.validation.fall_trials import Worn, falls_called, fitted, read_trials
from analytics.validation.nuisances import NUISANCES


def main(names: Sequence[str]) -> int:
    """Print a line for each nuisance, or for those named."""
    folder = os.environ.get("FIVEPOINT_DATASETS")
    if not folder:
        print("FIVEPOINT_DATASETS is not set, so nothing was tried; set it to the data folder.")
        return 1
    strangers = {
        "sisfall": fitted(list(read_trials(Path(folder), "umafall"))),
        "umafall": fitted(list(read_trials(Path(folder), "sisfall"))),
    }
    print(f"{'':22}" + "".join(f"{name:>30}" for name in strangers))
    for name in names or NUISANCES:
        shares = [
            _shares(Path(folder), each, strangers[each], NUISANCES[name]) for each in strangers
        ]
        print(f"{name:22}" + "".join(f"{share:>30}" for share in shares), flush=True)
    return 0


def _shares(datasets: Path, data_set: str, model: FallModel, worn: Worn | None) -> str:
    """Falls found and activities clean."""
    called = {True: 0, False: 0}
    trials = {True: 0, False: 0}
    for trial in read_trials(datasets, data_set, worn):
        trials[trial.is_fall] += 1
        called[trial.is_fall] += bool(falls_called(model, trial))
    found, clean = called[True] / trials[True], 1.0 - called[False] / trials[False]
    return f"{found:.1%} found, {clean:.1%} clean"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
