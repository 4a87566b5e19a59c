"""The page that tells where each thing is, held against the tree."""

import re
from pathlib import Path

import pytest

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
