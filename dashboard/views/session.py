"""Session: one recording's signal with what was found in it, and how complete it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import streamlit as st

from analytics.bridging.sets import RepetitionSet
from analytics.events import Confidence, NearFallKind, WearState
from analytics.pathway import Evidence
from analytics.posture_summary import PostureSummary
from analytics.session import Session, StreamSummary
from analytics.spine import SpineSummary, Unseen, UnseenReason
from analytics.store.queries import prescription, session, sessions
from analytics.trace import Trace, trace
from dashboard import repetitions, signal_charts, words
from dashboard.data import cursor
from dashboard.palette import palette
from dashboard.repetition_charts import repetition_bars
from dashboard.selection import chosen_patient, chosen_session
from dashboard.signal_charts import Doubt, Span, Window
from sensors.errors import FivepointError
from sensors.recording import read_recording

_SHORTEST_WINDOW_S = 10
_EXTENSION = "spine extension"
_ROLL_SHOWN_DEG = (-8.0, 8.0)
_OF_95_PERCENT = 1.96  # standard deviations of a normal distribution, to either side


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

_UNSEEN = {
    UnseenReason.MISSING_SAMPLES: "samples missing",
    UnseenReason.ON_THE_SIDE: "on the side, or too unsure",
    UnseenReason.UPRIGHT_ALONE: "upright with the trunk sensor alone",
    UnseenReason.NO_TRUNK_SENSOR: "no sensor on the trunk",
    UnseenReason.NOT_CALIBRATED: "not calibrated",
}


def _unseen_text(unseen: Sequence[Unseen]) -> str:
    minutes = {_UNSEEN[each.reason]: round(each.seconds / 60) for each in unseen}
    parts = [f"{reason} {number} min" for reason, number in minutes.items() if number]
    return f"Not known: {', '.join(parts)}." if parts else ""


def _spine_text(spine: SpineSummary) -> str:
    text = (
        f"The spine's angle was known for {spine.observable_s / 60:.0f} min, to "
        f"±{_OF_95_PERCENT * spine.sigma_deg:.0f}° (95 %), shown as a band around its line."
    )
    if spine.confidence is Confidence.LOWER:
        text += " It comes from one sensor, and is less sure than from two."
    return text


def _posture_text(summary: PostureSummary) -> str:
    text = (
        f"Lay {summary.bed_rest_min:.0f} min, was upright {summary.upright_min:.0f} min, "
        f"got up {summary.times_up} times, bent too far {summary.bends} times."
    )
    if summary.sitting_min is not None:
        text += f" Sat {summary.sitting_min:.0f} min of that."
    return text


def _show_signal(found: Session, folder: Path) -> None:
    try:
        signal = _trace(str(folder))
    except FivepointError as error:
        st.warning(f"{error} The results below are those stored when it was analyzed.")
        return
    colours = palette(st.context.theme.type)
    window = Window(start_s=0.0, end_s=max(found.duration_s, 1.0), palette=colours)
    if found.duration_s > 2 * _SHORTEST_WINDOW_S:
        start_s, end_s = st.slider(
            "Part shown, seconds",
            0,
            round(found.duration_s),
            (0, round(found.duration_s)),
            step=_SHORTEST_WINDOW_S,
        )
        window = Window(
            start_s=start_s, end_s=max(end_s, start_s + _SHORTEST_WINDOW_S), palette=colours
        )
    strips = signal_charts.lanes(_spans(found), window)
    if strips is not None:
        st.altair_chart(strips, width="stretch")
    st.subheader("Angles, degrees", anchor=False)
    if found.repetitions:
        st.markdown("Shaded: repetitions, their hold darker. In brackets: not counted.")
    angles_deg = {f"{name} pitch": values for name, values in signal.pitch_deg.items()}
    doubt = None
    if found.spine is not None:
        angles_deg[_EXTENSION] = signal.extension_deg
        doubt = Doubt(line=_EXTENSION, half_deg=_OF_95_PERCENT * signal.sigma_deg)
        st.markdown(f"{_spine_text(found.spine)} {_unseen_text(found.spine_unseen)}")
    if angles_deg:
        st.altair_chart(
            signal_charts.angles(signal.t_s, angles_deg, found.repetitions, window, doubt),
            width="stretch",
        )
    else:
        st.info("Angles need a calibration with a lying pose; this recording has none.")
    st.subheader("Largest acceleration, g", anchor=False)
    st.altair_chart(
        signal_charts.impacts(signal.t_s, signal.peak_g, found.falls, window), width="stretch"
    )


def _show_repetitions(
    sets: Sequence[RepetitionSet], prescribed_hold_s: float | None, stature_m: float | None
) -> None:
    for number, one in enumerate(sets, start=1):
        st.markdown(repetitions.set_text(number, one, prescribed_hold_s))
    colours = palette(st.context.theme.type)
    holds_s = repetitions.bars(sets, lambda each: each.hold_s)
    peaks_deg = repetitions.bars(sets, lambda each: each.peak_deg)
    rolls_deg = repetitions.bars(sets, lambda each: each.roll_deg)
    charts = {
        "Hold, seconds": repetition_bars(holds_s, "s", colours, target=prescribed_hold_s),
        "Peak, degrees": repetition_bars(peaks_deg, "°", colours),
    }
    if rolls_deg:
        charts["Left side up, degrees"] = repetition_bars(
            rolls_deg, "°", colours, least=_ROLL_SHOWN_DEG
        )
    for column, (title, chart) in zip(st.columns(len(charts)), charts.items(), strict=True):
        column.subheader(title, anchor=False)
        column.altair_chart(chart, width="stretch")
    st.dataframe(
        repetitions.table(sets, prescribed_hold_s, stature_m),
        column_config=repetitions.COLUMNS,
        hide_index=True,
        placeholder=words.UNKNOWN,
    )


with cursor() as connection:
    patient = chosen_patient(connection)
    recordings = sessions(connection, patient.id)
    if not recordings:
        st.title("Session", anchor=False)
        st.info(f"{patient.label} has no recording yet; recordings show here once ingested.")
        st.stop()
    row = chosen_session(recordings, patient.time_zone)
    found = session(connection, row.recording_id).session
    plan = prescription(connection, patient.id, row.date)
    bridges = plan.item_shown_by(Evidence.BRIDGES) if plan else None

st.title(words.session_text(row, patient.time_zone), anchor=False)
whole = [repetition for repetition in found.repetitions if not repetition.partial]
figures = st.columns(4)
figures[0].metric("Repetitions", len(whole))
figures[1].metric("Median hold", words.number_text(row.hold_median_s, "s", digits=1))
figures[2].metric("Extension", words.number_text(row.extension_min, "min"))
figures[3].metric("Falls", len(found.falls))
st.markdown(_posture_text(found.posture_summary))
_show_signal(found, row.path)

st.header("Repetitions", anchor=False)
if found.repetitions:
    hold_s = None if bridges is None else bridges.hold_s
    _show_repetitions(found.sets, hold_s, patient.stature_m)
else:
    st.info("No bridging repetition was found in this recording.")

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
