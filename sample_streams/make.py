"""Make the sample streams anew: `python sample_streams/make.py [FOLDER]`.

Every scenario of the simulator becomes a recording with its truth, calibrated by the product itself
from the standing and lying seconds at its beginning. The same code gives the same samples.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from fivepoint.simulated import write_scenario  # noqa: E402
from sensors.simulator import SCENARIOS  # noqa: E402


def main(destination: Path) -> None:
    """Make every stream beside the old ones, then put each in the place of its forerunner."""
    destination.mkdir(parents=True, exist_ok=True)
    for name, scenario in SCENARIOS.items():
        with TemporaryDirectory(dir=destination) as scratch:
            recording = write_scenario(name, Path(scratch) / name)
            shutil.rmtree(destination / name, ignore_errors=True)
            recording.folder.rename(destination / name)
        print(f"{name:22} {recording.duration_s:6.0f} s  {scenario.description}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
