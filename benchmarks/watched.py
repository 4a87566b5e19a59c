"""A `fivepoint` command that at last prints what it took of the machine, as JSON.

It runs as `python -m benchmarks.watched COMMAND ...`, where the system can tell what a process
takes.
"""

from __future__ import annotations

import json
import runpy
import threading
import time
from contextlib import suppress

from benchmarks.memory import peak_mib

_EVERY_S = 1.0


def main() -> None:
    """Run the command beside a thread that looks at the clocks."""
    clocks: list[tuple[float, float]] = []
    threading.Thread(target=_watch, args=[clocks], daemon=True).start()
    with suppress(SystemExit):
        runpy.run_module("fivepoint", run_name="__main__")
    print(json.dumps({"clocks": clocks, "peak_mib": peak_mib()}))


def _watch(clocks: list[tuple[float, float]]) -> None:
    """Note the time of day and the processor time that was taken until then, each second."""
    while True:
        clocks.append((time.time(), time.process_time()))
        time.sleep(_EVERY_S)


if __name__ == "__main__":
    main()
