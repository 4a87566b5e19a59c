"""Curves and points over two axes, drawn by hand as the rows of figures are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TypeAlias

INK, PALE = "#1f2933", "#d5dbe1"
COLOURS = ("#2b6cb0", "#c05621", "#2f855a")
WIDTH_PX, HEIGHT_PX = 460, 300
LEFT_PX, BOTTOM_PX, TOP_PX, RIGHT_PX = 56, 44, 32, 16
NAME_PX = 150

Point: TypeAlias = tuple[float, float]
Range: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """What an axis shows, from where to where, and the values marked on it."""

    title: str
    range: Range
    ticks: tuple[float, ...]


@dataclass(slots=True, eq=False)
class Chart:
    """A plot that curves, bars and lines are added to, in its axes' units."""

    x: Axis
    y: Axis
    parts: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def curve(self, name: str, points: Sequence[Point], *, dots: bool = True) -> None:
        """A named line through points, in the next colour."""
        colour = COLOURS[len(self.names) % len(COLOURS)]
        placed = [self._placed(point) for point in points]
        path = " ".join(f"{x},{y}" for x, y in placed)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}"/>')
        if dots:
            self.parts += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in placed]
        at = LEFT_PX + NAME_PX * len(self.names)
        self.parts.append(_text(at, TOP_PX - 12, name, "start", colour))
        self.names.append(name)

    def interval(self, x: float, low: float, high: float) -> None:
        """A bar from low to high."""
        self._line((x, low), (x, high), INK)

    def line(self, start: Point, end: Point) -> None:
        """A pale line to compare with."""
        self._line(start, end, PALE)

    def svg(self) -> str:
        """The drawing."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {HEIGHT_PX}" '
            f'font-family="sans-serif" font-size="12" fill="{INK}">'
        )
        ground = f'<rect width="{WIDTH_PX}" height="{HEIGHT_PX}" fill="white"/>'
        return "\n".join([head, ground, *self._axes(), *self.parts, "</svg>"]) + "\n"

    def _axes(self) -> list[str]:
        parts = []
        bottom, left = HEIGHT_PX - BOTTOM_PX, LEFT_PX
        for tick in self.x.ticks:
            at, _ = self._placed((tick, self.y.range[0]))
            parts.append(_text(at, bottom + 16, f"{tick:g}", "middle"))
        for tick in self.y.ticks:
            _, at = self._placed((self.x.range[0], tick))
            parts.append(_text(left - 6, at + 4, f"{tick:g}", "end"))
            parts.append(f'<path d="M{left} {at}H{WIDTH_PX - RIGHT_PX}" stroke="{PALE}"/>')
        parts.append(_text((left + WIDTH_PX) / 2, HEIGHT_PX - 8, self.x.title, "middle"))
        turned = f'transform="rotate(-90 14 {bottom / 2})"'
        title = escape(self.y.title)
        parts.append(f'<text x="14" y="{bottom / 2}" text-anchor="middle" {turned}>{title}</text>')
        return parts

    def _line(self, start: Point, end: Point, colour: str) -> None:
        (x1, y1), (x2, y2) = self._placed(start), self._placed(end)
        self.parts.append(f'<path d="M{x1} {y1}L{x2} {y2}" stroke="{colour}" stroke-width="1.5"/>')

    def _placed(self, point: Point) -> Point:
        """Pixels of a point; one beyond the axes is drawn at their end."""
        x, y = _part(point[0], self.x.range), _part(point[1], self.y.range)
        width, height = WIDTH_PX - LEFT_PX - RIGHT_PX, HEIGHT_PX - TOP_PX - BOTTOM_PX
        return round(LEFT_PX + x * width, 1), round(TOP_PX + (1.0 - y) * height, 1)


def _part(value: float, limits: Range) -> float:
    low, high = limits
    return (min(max(value, low), high) - low) / (high - low)


def _text(x: float, y: float, text: str, anchor: str, colour: str = INK) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
