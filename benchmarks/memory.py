"""How much memory a process has taken."""

from __future__ import annotations

from pathlib import Path


def peak_mib() -> float:
    """The most resident memory that this process had at any time, in MiB; not on Windows.

    On Linux `ru_maxrss` begins with the memory of the process that started this one, so the
    kernel's own high-water mark is read.
    """
    if Path("/proc").is_dir():
        status = Path("/proc/self/status").read_text(encoding="ascii").split()
        return int(status[status.index("VmHWM:") + 1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
