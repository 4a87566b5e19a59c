"""The colours of the charts, one set for light pages and one for dark.

Text and marks reach the contrast that WCAG 2.2 AA asks for on their page (4.5 for text, 3 for
marks). No meaning rests on colour alone: every state has a symbol and a word as well.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """Colours by their role."""

    ink: str
    quiet: str
    page: str
    band: str
    done: str
    partly: str
    missed: str
    line: str
    second_line: str
    third_line: str


LIGHT = Palette(
    ink="#1b2430",
    quiet="#566373",
    page="#ffffff",
    band="#1f5fa8",
    done="#1c7550",
    partly="#9a5b00",
    missed="#b3261e",
    line="#1f5fa8",
    second_line="#9a4d00",
    third_line="#6b3fa0",
)
DARK = Palette(
    ink="#eef2f6",
    quiet="#a7b3c0",
    page="#12171d",
    band="#8bbcf0",
    done="#5fc79a",
    partly="#efb154",
    missed="#ff9d94",
    line="#8bbcf0",
    second_line="#f0b072",
    third_line="#c3a3f0",
)


def palette(theme: str | None) -> Palette:
    """The colours for Streamlit's theme type, "light" or "dark"."""
    return DARK if theme == "dark" else LIGHT
