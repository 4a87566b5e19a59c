"""What is prescribed, and where each of the template's numbers comes from, as table rows."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from analytics.pathway import Number, Pathway, PathwayError, Statement
from analytics.prescription import PrescribedItem, Prescription

MARKS = (
    "**S** found in the named source · **M** recalled, not read again · "
    "**D** default of this project, to be signed off by a physiotherapist"
)

_BENDING = "Bending forward"

_FIELDS = {
    "reps": "repetitions",
    "hold_s": "hold, s",
    "rest_s": "rest, s",
    "per_day": "times a day",
    "minutes_per_day": "minutes a day",
    "days_per_week": "days a week",
    "bout_min": "minutes each",
    "band_deg": "extension, °",
    "alarm_deg": "alarm above, °",
    "cap_per_day": "most a day",
    "not_before_week": "not before week",
    "ceiling_min": "most minutes",
    "hours_per_day": "hours a day",
    "every_days": "every … days",
    "course_weeks": "course, weeks",
    "pad_cm": "pad, cm",
}


def prescribed_rows(plan: Prescription) -> list[dict[str, str]]:
    """One row an item of the prescription."""
    return [
        {
            "Item": item.title,
            "A day": f"{item.per_day:g} {_unit(item)}",
            "Days a week": f"{item.days_per_week:g}",
            "Details": ", ".join(_details(item)),
            "Followed by": "the patient's report" if item.evidence == "report" else "sensors",
        }
        for item in plan.items
    ]


def source_rows(plan: Prescription, pathway: Pathway) -> list[dict[str, str]]:
    """One row a number or statement of the template behind the prescription's items."""
    phase = pathway.phase(plan.phase_id)
    marked = []
    for prescribed in plan.items:
        try:
            template = phase.item(prescribed.id)
        except PathwayError:
            continue
        marked += [(prescribed.title, name, value) for name, value in _marked(template)]
    marked.append((_BENDING, "at most, °", pathway.flexion_limit_deg))
    return [
        {
            "Item": title,
            "What": name,
            "Value": _text(value),
            "Mark": value.mark.value,
            "Source": "; ".join(pathway.sources[source] for source in value.source),
        }
        for title, name, value in marked
    ]


def _unit(item: PrescribedItem) -> str:
    return item.unit.removesuffix("s") if item.per_day == 1 else item.unit


def _details(item: PrescribedItem) -> Iterator[str]:
    if item.hold_s is not None:
        yield f"hold {item.hold_s:g} s"
    if item.band_deg is not None:
        yield f"{item.band_deg[0]:g} to {item.band_deg[1]:g}°"
    if item.alarm_deg is not None:
        yield f"alarm above {item.alarm_deg:g}°"
    if item.cap_per_day is not None:
        yield f"at most {item.cap_per_day:g} a day"


def _marked(value: object, name: str = "") -> Iterator[tuple[str, Number | Statement]]:
    if isinstance(value, Number | Statement):
        yield name, value
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            yield from _marked(getattr(value, field), _joined(name, field))
    elif isinstance(value, tuple):
        for element in value:
            yield from _marked(element, name)


def _joined(name: str, field: str) -> str:
    words = _FIELDS.get(field, field.replace("_", " "))
    return f"{name}: {words}" if name else words


def _text(value: Number | Statement) -> str:
    if isinstance(value, Statement):
        return value.text
    return f"{value.value:g}" if value.upto is None else f"{value.value:g} to {value.upto:g}"
