"""Small pieces of HTML that Streamlit has no element for; pure functions from values to text."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from analytics.adherence import DayRow, DayStatus
from analytics.pathway import Pathway, Phase, Statement
from dashboard.notice import NOTICE
from dashboard.words import STATUS_SYMBOL, STATUS_WORD, unit_text


def phase_steps(pathway: Pathway, current: Phase) -> str:
    """The phases of the pathway in a row, the current one set off and named as such."""
    here = pathway.phases.index(current)
    steps = "".join(_step(phase, number, here) for number, phase in enumerate(pathway.phases))
    return f'<ol class="fp-steps" aria-label="Phases of the pathway">{steps}</ol>'


def _step(phase: Phase, number: int, here: int) -> str:
    state = "✓ behind you" if number < here else "▶ you are here" if number == here else "later"
    current = ' aria-current="step"' if number == here else ""
    return (
        f"<li{current}><b>{escape(phase.title)}</b>"
        f"Weeks {phase.weeks.start:g} to {phase.weeks.end:g}<br>{state}</li>"
    )


def amount(row: DayRow) -> str:
    """How much of a day's dose is done, in large letters."""
    unit = unit_text(row.unit, row.prescribed)
    done = "✓ " if row.done >= row.prescribed else ""
    return f'<p class="fp-amount">{done}{row.done:.0f} of {row.prescribed:.0f} {escape(unit)}</p>'


def calendar_legend() -> str:
    """What the symbols of the adherence calendar mean."""
    entries = "".join(
        f"<li><b>{STATUS_SYMBOL[status]}</b> {STATUS_WORD[status]}</li>" for status in DayStatus
    )
    return f'<ul class="fp-legend" aria-label="Symbols">{entries}</ul>'


def statements(entries: Iterable[Statement]) -> str:
    """The statements as a Markdown list, without their sources."""
    return "\n".join(f"- {entry.text}" for entry in entries)


def notice() -> str:
    """What Fivepoint is not, at the foot of every page of a patient."""
    return f'<p class="fp-note">{escape(NOTICE)}</p>'
