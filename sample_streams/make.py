"""Make the sample streams anew: `python sample_streams/make.py [FOLDER]`.

Every scenario of the simulator becomes a recording with its truth, calibrated by the product itself
from the standing and lying seconds at its beginning. The same code gives the same samples.
"""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from analytics.calibration import calibrate  # noqa: E402
from sensors.recording import Recording, RecordingHeader, write_recording  # noqa: E402
from sensors.simulator import SCENARIOS, simulate_scenario  # noqa: E402

STARTED_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def make(name: str, folder: Path) -> Recording:
    """Write one scenario as a new recording, calibrated and with its truth."""
    simulation = simulate_scenario(name)
    calibrations = calibrate(
        simulation.infos,
        simulation.chunks(),
        still=simulation.still_s,
        lying=simulation.lying_s,
        made_from=name,
    )
    header = RecordingHeader(
        id=name,
        started_at=STARTED_AT,
        kind=SCENARIOS[name].kind,
        streams=simulation.infos,
        calibrations=calibrations,
    )
    return write_recording(folder, header, simulation.chunks(), simulation.truth)


def main(destination: Path) -> None:
    """Make every stream beside the old ones, then put each in the place of its forerunner."""
    destination.mkdir(parents=True, exist_ok=True)
    for name, scenario in SCENARIOS.items():
        with TemporaryDirectory(dir=destination) as scratch:
            recording = make(name, Path(scratch) / name)
            shutil.rmtree(destination / name, ignore_errors=True)
            recording.folder.rename(destination / name)
        print(f"{name:22} {recording.duration_s:6.0f} s  {scenario.description}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
