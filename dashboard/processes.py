"""Child processes that end with their parent, however that ends."""

from __future__ import annotations

import _thread
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parent.parent


def start_child(
    arguments: Sequence[str], *, environment: Mapping[str, str] | None = None, quiet: bool = False
) -> subprocess.Popen[bytes]:
    """Run this Python with arguments, in the parent's environment with changes.

    The child's standard input stays open for as long as the parent lives, and nobody else has its
    other end: the child notices by it that the parent is gone (see `end_with_parent`). Ctrl-C is
    for the parent alone, which then ends the child.
    """
    search_path = [str(_CHECKOUT), os.environ.get("PYTHONPATH")]
    return subprocess.Popen(
        [sys.executable, *arguments],
        env={
            **os.environ,
            **(environment or {}),
            "PYTHONPATH": os.pathsep.join(filter(None, search_path)),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL if quiet else None,
        process_group=0 if os.name == "posix" else None,
    )


def end_with_parent(*, grace_s: float) -> None:
    """Treat the end of standard input as a request to terminate; after `grace_s` end at once."""
    threading.Thread(target=_wait_for_parent, args=(grace_s,), name="parent", daemon=True).start()


def _wait_for_parent(grace_s: float) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    if callable(signal.getsignal(signal.SIGTERM)):
        _thread.interrupt_main(signal.SIGTERM)
        time.sleep(grace_s)
    os._exit(1)
