"""The example of docs/add-a-sensor.md keeps what every family keeps."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sensors.devices import FAMILIES
from tests.devices import test_families

GUIDE = Path(__file__).parents[2] / "docs" / "add-a-sensor.md"
EXAMPLE = "example_one"

CHECKS: list[Callable[[str], None]] = [
    check
    for title, check in inspect.getmembers(test_families, inspect.isfunction)
    if title.startswith("test_") and list(inspect.signature(check).parameters) == ["name"]
]


@pytest.fixture
def _registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = re.search(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert code is not None
    (tmp_path / f"{EXAMPLE}.py").write_text(code[1], encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    family = importlib.import_module(EXAMPLE).ExampleOne()
    monkeypatch.setattr(test_families, "FAMILIES", {**FAMILIES, family.name: family})


@pytest.mark.usefixtures("_registered")
@pytest.mark.parametrize("check", CHECKS)
def test_the_example_keeps_what_every_family_keeps(check: Callable[[str], None]) -> None:
    check(EXAMPLE)


@pytest.mark.usefixtures("_registered")
@pytest.mark.parametrize("before_wrap_s", [60.0, 2.0])
def test_the_example_stamps_its_first_samples(before_wrap_s: float) -> None:
    test_families.test_stamps_are_those_of_the_first_sample(EXAMPLE, before_wrap_s)


def test_all_checks_are_found() -> None:
    assert len(CHECKS) >= 12
