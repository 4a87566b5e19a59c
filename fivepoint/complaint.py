"""What went wrong, for people to read."""

from __future__ import annotations

import sys


def complain(error: object) -> None:
    """Print an error as one line on standard error."""
    print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
