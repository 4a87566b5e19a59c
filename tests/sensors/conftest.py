"""Folders that the system refuses to touch, for real."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

NOBODY = 65534


@pytest.fixture
def refuse() -> Iterator[Callable[[Path], None]]:
    """Makes a folder one that this process may neither read nor write, until the test ends."""
    if sys.platform == "win32":
        pytest.skip("Windows has other permissions: refused access is checked elsewhere")
    refused: list[Path] = []
    was_root = os.geteuid() == 0

    def refuse_folder(folder: Path) -> None:
        refused.append(folder)
        folder.chmod(0)
        if was_root:
            os.seteuid(NOBODY)

    yield refuse_folder
    if was_root:
        os.seteuid(0)
    for folder in refused:
        folder.chmod(0o700)
