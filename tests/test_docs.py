"""The pages that tell where each thing is and what results mean, held against the code."""

import re
from pathlib import Path
from typing import Any

import pytest

from analytics.session import session_json
from tests.stored import full_session

ROOT = Path(__file__).parents[1]
ROOMS = ("sensors", "analytics", "dashboard", "fivepoint")


def told_of(room: str) -> set[str]:
    """What the tables of a room name; folders end in a slash."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = page.partition(f"### `{room}`")[2].partition("\n### ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return set(re.findall(r"`([a-z0-9_]+/?)`", " ".join(row.split("|")[2] for row in rows)))


def there_is(room: str) -> set[str]:
    """The modules and folders of a room."""
    modules = {path.stem for path in (ROOT / room).glob("[!_]*.py")}
    folders = {path.name for path in (ROOT / room).iterdir() if path.is_dir()}
    return modules | {f"{name}/" for name in folders - {"__pycache__"}}


@pytest.mark.parametrize("room", ROOMS)
def test_the_page_names_what_is_there_and_nothing_else(room: str) -> None:
    assert told_of(room) == there_is(room)


def test_the_page_of_results_names_every_key() -> None:
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    assert keys(session_json(full_session())) <= set(re.findall(r"`(\w+)`", page))


def keys(value: Any) -> set[str]:
    """All keys of an object and of what it holds."""
    if isinstance(value, dict):
        return set(value).union(*map(keys, value.values()))
    return set().union(*map(keys, value)) if isinstance(value, (list, tuple)) else set()
