"""The alarm on the pages: the question after a fall with its answers, and how the alarm is."""

from __future__ import annotations

import math
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import streamlit as st

from dashboard.alarm import (
    ALARM_VARIABLE,
    AlarmState,
    Answer,
    Happened,
    Said,
    Stage,
    give_answer,
    read_alarm,
)
from dashboard.words import day_text

LOOK_EVERY_S = 1.0
"""Time between two looks at the alarm: a fall is asked about on the page that soon."""

_SHOWN_FOR = timedelta(days=1)


def ask_after_a_fall() -> None:
    """While an alarm is under way, the question and its answers; else nothing.

    It refreshes by itself.
    """
    if _folder() is not None:
        _asked()


def tell_of_the_alarm() -> None:
    """One quiet line on how the alarm is, and what it did last."""
    folder = _folder()
    if folder is None:
        return
    state = read_alarm(folder, datetime.now(UTC))
    if state is None:
        st.warning("The alarm does not run just now, so nobody is told of a fall.")
        return
    if state.problems:
        st.warning(f"The alarm after a fall: {' '.join(state.problems)}")
    else:
        st.markdown(_quiet_text(state))
    recent = [each for each in state.history if datetime.now(UTC) - each.at < _SHOWN_FOR]
    if recent and state.stage is Stage.WATCHING:
        with st.expander("What the alarm did last"):
            _list(recent)


@st.fragment(run_every=LOOK_EVERY_S)
def _asked() -> None:
    folder = _folder()
    state = None if folder is None else read_alarm(folder, datetime.now(UTC))
    if folder is None or state is None or state.stage is Stage.WATCHING:
        return
    with st.container(key="alarm"):
        st.header("A fall was noticed. Are you OK?", anchor=False)
        st.button(
            "I am OK",
            type="primary",
            width="stretch",
            key="alarm-ok",
            on_click=_answer,
            args=(folder, state.episode, Said.OK),
        )
        st.markdown(_what_follows(state))
        _list(state.history)
        if state.stage is Stage.TELLING:
            st.button(
                "I am with them, or on my way",
                width="stretch",
                key="alarm-acknowledged",
                on_click=_answer,
                args=(folder, state.episode, Said.ACKNOWLEDGED),
            )


def _answer(folder: Path, episode: str, said: Said) -> None:
    give_answer(folder, Answer(episode=episode, said=said, by="", at=datetime.now(UTC)))


def _what_follows(state: AlarmState) -> str:
    if state.stage is Stage.TELLING:
        return "Nobody has answered. If you need help now, call the emergency number."
    if not state.contacts:
        return "Nobody else is told. If you need help, call the emergency number."
    left_s = max(math.ceil(state.left_s), 0)
    return f"Without an answer, **{state.contacts[0]} is told in {left_s} s**."


def _quiet_text(state: AlarmState) -> str:
    told = ", ".join(state.contacts)
    then = f"tells {told}" if told else "sounds here; nobody else is told"
    checked = (
        "not tried yet"
        if state.checked_at is None
        else f"last tried on {day_text(state.checked_at.astimezone().date())}"
    )
    return f"After a fall the alarm asks you, and without an answer {then} ({checked})."


def _list(history: tuple[Happened, ...] | list[Happened]) -> None:
    st.markdown("\n".join(f"- {each.at.astimezone():%H:%M} {each.text}" for each in history))


def _folder() -> Path | None:
    named = os.environ.get(ALARM_VARIABLE)
    return Path(named) if named else None
