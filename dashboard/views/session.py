"""Session: one recording's signal with what was found in it, and how complete it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import streamlit as st

from analytics.bridging.sets import RepetitionSet
from analytics.events import NearFallKind, WearState
from analytics.pathway import Evidence
from analytics.session import Session, StreamSummary
from analytics.store import Cursor
from analytics.store.queries import Patient, SessionRow, prescription, session, sessions
from analytics.trace import Trace, trace
from dashboard import findings, repetitions, signal_charts, words
from dashboard.data import cursor
from dashboard.figures import draw, figure
from dashboard.palette import palette
from dashboard.selection import chosen_patient, chosen_session
from dashboard.signal_charts import Doubt, Span, Window
from sensors.errors import FivepointError
from sensors.recording import read_recording

_SHORTEST_WINDOW_S = 10
_EXTENSION = "spine extension"


@st.cache_resource(max_entries=4, show_spinner="Reading the signal…")
def _trace(folder: str) -> Trace:
    return trace(read_recording(Path(folder)))


class _Lasting(Protocol):
    @property
    def start_s(self) -> float: ...

    @property
    def end_s(self) -> float: ...


L = TypeVar("L", bound=_Lasting)


def _lane(lane: str, stretches: Iterable[L], name: Callable[[L], str]) -> list[Span]:
    return [
        Span(lane=lane, name=name(each), start_s=each.start_s, end_s=each.end_s)
        for each in stretches
    ]


def _spans(found: Session) -> list[Span]:
    """Everything that lasts, in the lanes from top to bottom."""
    not_worn = [bout for bout in found.wear if bout.state is WearState.NOT_WORN]
    return [
        *_lane("Posture", found.postures, lambda bout: bout.posture),
        *_lane("Extension", found.hyperextension, lambda bout: f"{bout.mean_deg:.0f}°"),
        *_lane("Too far", found.over_extension, lambda bout: f"{bout.peak_deg:.0f}°"),
        *_lane(
            "Pad slipped",
            found.pad_slips,
            lambda slip: f"{slip.from_deg:.0f}° to {slip.to_deg:.0f}°",
        ),
        *_lane("Bent", found.flexion, lambda bout: f"{bout.peak_deg:.0f}°"),
        *_lane("Back extension", found.back_extensions, lambda lift: f"{lift.hold_s:.1f} s"),
        *_lane("Stood up", found.stand_ups, lambda rise: f"{rise.duration_s:.1f} s"),
        *_lane("Walked", found.walks, lambda walk: f"{walk.cadence_hz * 60:.0f} a minute"),
        *(
            Span(
                lane="Near-fall",
                name=_NEAR_FALLS[near.kind],
                start_s=near.at_s - 1.0,
                end_s=near.at_s + 1.0,
            )
            for near in found.near_falls
        ),
        *_lane("Not worn", not_worn, lambda _: "not worn"),
        *_lane(
            "Sensor slipped",
            found.sensor_slips,
            lambda slip: f"{slip.segment} {slip.tilt_deg:.0f}°",
        ),
        *(
            Span(lane="Gaps", name=stream.placement, start_s=gap.start_s, end_s=gap.end_s)
            for stream in found.streams
            for gap in stream.gaps
        ),
    ]


def _stream_row(stream: StreamSummary) -> dict[str, object]:
    lengths = [gap.end_s - gap.start_s for gap in stream.gaps]
    return {
        "Sensor": stream.placement.replace("_", " "),
        "Model": stream.model or words.UNKNOWN,
        "Rate, Hz": stream.rate_hz,
        "Samples": stream.samples,
        "Coverage": 100 * stream.coverage,
        "Gaps": len(lengths),
        "Longest gap, s": max(lengths, default=0.0),
    }


_STREAM_COLUMNS = {
    "Coverage": st.column_config.NumberColumn(format="%.1f %%"),
    "Longest gap, s": st.column_config.NumberColumn(format="%.1f"),
}


_NEAR_FALLS = {
    NearFallKind.STUMBLE: "stumble",
    NearFallKind.HARD_SIT_DOWN: "hard sit-down",
}


def _show(connection: Cursor, patient: Patient) -> None:
    recordings = sessions(connection, patient.id)
    if not recordings:
        st.title("Session", anchor=False)
        st.info(f"{patient.label} has no recording yet; recordings show here once ingested.")
        return
    row = chosen_session(recordings, patient.time_zone)
    found = session(connection, row.recording_id).session
    plan = prescription(connection, patient.id, row.date)
    bridges = plan.item_shown_by(Evidence.BRIDGES) if plan else None
    st.title(words.session_text(row, patient.time_zone), anchor=False)
    _show_figures(found, row)
    _show_signal(found, row.path)
    _show_repetitions(found.sets, bridges.hold_s if bridges else None, patient.stature_m)
    _show_completeness(found)


def _show_figures(found: Session, row: SessionRow) -> None:
    """What was found in a few numbers, what is less certain, and the falls."""
    figures: dict[str, int | str] = {
        "Repetitions": row.repetitions,
        "Median hold": words.number_text(row.hold_median_s, "s", digits=1),
        "Extension": words.number_text(row.extension_min, "min"),
        "Falls": row.falls,
    }
    for column, (name, value) in zip(st.columns(len(figures)), figures.items(), strict=True):
        column.metric(name, value)
    st.markdown(findings.posture_text(found.posture_summary))
    falls = findings.fall_texts(found)
    if falls:
        st.markdown("\n".join(f"- {line}" for line in falls))
    doubtful = list(findings.less_certain(found))
    if doubtful:
        st.warning("\n".join(["**Less certain than usual**", *(f"- {line}" for line in doubtful)]))


def _show_signal(found: Session, folder: Path) -> None:
    st.header("Signal", anchor=False)
    try:
        signal = _trace(str(folder))
    except FivepointError as error:
        st.warning(f"{error} The results are those stored when it was analyzed.")
        return
    window = _window(found.duration_s)
    strips = signal_charts.lanes(_spans(found), window)
    if strips is not None:
        draw(strips, "What was found when")
    _show_angles(found, signal, window)
    chart = signal_charts.impacts(signal.t_s, signal.peak_g, found.falls, window)
    figure("Largest acceleration, g", chart)


def _window(duration_s: float) -> Window:
    """The part of the recording that is chosen; all of a short one."""
    colours = palette(st.context.theme.type)
    if duration_s <= 2 * _SHORTEST_WINDOW_S:
        return Window(start_s=0.0, end_s=max(duration_s, 1.0), palette=colours)
    whole_s = round(duration_s)
    start_s, end_s = st.slider(
        "Part shown, seconds", 0, whole_s, (0, whole_s), step=_SHORTEST_WINDOW_S
    )
    return Window(start_s=start_s, end_s=max(end_s, start_s + _SHORTEST_WINDOW_S), palette=colours)


def _show_angles(found: Session, signal: Trace, window: Window) -> None:
    st.subheader("Angles, degrees", anchor=False)
    if found.repetitions:
        st.markdown("Shaded: repetitions, their hold darker. In brackets: not counted.")
    angles_deg = {f"{name} pitch": values for name, values in signal.pitch_deg.items()}
    doubt = None
    if found.spine is not None:
        angles_deg[_EXTENSION] = signal.extension_deg
        doubt = Doubt(line=_EXTENSION, half_deg=findings.OF_95_PERCENT * signal.sigma_deg)
        known, unknown = findings.spine_text(found.spine), findings.unseen_text(found.spine_unseen)
        st.markdown(f"{known} {unknown}")
    if angles_deg:
        chart = signal_charts.angles(signal.t_s, angles_deg, found.repetitions, window, doubt)
        draw(chart, "Angles, degrees")
    else:
        st.info("Angles need a calibration with a lying pose; this recording has none.")


def _show_repetitions(
    sets: Sequence[RepetitionSet], prescribed_hold_s: float | None, stature_m: float | None
) -> None:
    st.header("Repetitions", anchor=False)
    if not sets:
        st.info("No bridging repetition was found in this recording.")
        return
    for number, one in enumerate(sets, start=1):
        st.markdown(repetitions.set_text(number, one, prescribed_hold_s))
    charts = repetitions.charts(sets, prescribed_hold_s, palette(st.context.theme.type))
    for column, (title, chart) in zip(st.columns(len(charts)), charts.items(), strict=True):
        with column:
            figure(title, chart)
    st.dataframe(
        repetitions.table(sets, prescribed_hold_s, stature_m),
        column_config=repetitions.COLUMNS,
        hide_index=True,
        placeholder=words.UNKNOWN,
    )


def _show_completeness(found: Session) -> None:
    st.header("How complete it is", anchor=False)
    st.dataframe(
        [_stream_row(stream) for stream in found.streams],
        column_config=_STREAM_COLUMNS,
        hide_index=True,
    )
    st.markdown(
        f"Recording `{found.recording_id}`, analyzed by algorithm version "
        f"`{found.algorithm_version}`. {words.limits_text(found.limits)} "
        "The same recording gives the same results again."
    )


with cursor() as connection:
    _show(connection, chosen_patient(connection))
