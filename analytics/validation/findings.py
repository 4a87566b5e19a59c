"""What a topic gives beside its figures: lists to read through, and drawings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from analytics.validation.figures import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A table of single cases."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """A drawing, as SVG, with what it shows."""

    name: str
    caption: str
    svg: str


Finding: TypeAlias = Figure | Listing | Plate
