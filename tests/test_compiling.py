"""Machine code that is kept on disk is that of the loops and numbers as they stand."""

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

PARTS = """
from analytics.detector import kernel

STEP = {step}

@kernel
def stretched(x):
    return {factor} * x
"""

LOOP = """
from analytics.detector import kernel
from parts_of_a_loop import STEP, stretched

@kernel
def counted(x):
    return stretched(x) + STEP
"""


@pytest.fixture(autouse=True)
def _folder_of_loops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "whole_loop.py").write_text(LOOP)


def counted(folder: Path, *, step: float, factor: float) -> Any:
    """The loop as another start of the program finds it."""
    for name in ("whole_loop", "parts_of_a_loop"):
        sys.modules.pop(name, None)
    (folder / "parts_of_a_loop.py").write_text(PARTS.format(step=step, factor=factor))
    importlib.invalidate_caches()
    return importlib.import_module("whole_loop").counted


def test_a_loop_is_compiled_anew_when_a_number_or_a_loop_that_it_imports_has_changed(
    tmp_path: Path,
) -> None:
    assert counted(tmp_path, step=1.0, factor=2.0)(3.0) == 7.0
    assert counted(tmp_path, step=5.0, factor=2.0)(3.0) == 11.0
    assert counted(tmp_path, step=5.0, factor=4.0)(3.0) == 17.0


def test_a_loop_of_which_nothing_has_changed_is_taken_from_disk(tmp_path: Path) -> None:
    assert counted(tmp_path, step=1.0, factor=2.0)(3.0) == 7.0
    again = counted(tmp_path, step=1.0, factor=2.0)
    assert again(3.0) == 7.0
    assert sum(again.stats.cache_hits.values()) == 1
