"""The alarm as it runs: its own process, real messages, and what becomes of it when things fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from dashboard.alarm import Said
from fivepoint.alerts.episode import Did
from fivepoint.alerts.record import RECORD_NAME, write_step
from fivepoint.cli import main
from fivepoint.live import LIVE_NAME, read_live
from tests.alerts.receivers import mail_server, webhook
from tests.alerts.running import PATIENCE_S, ROOT, Home, alarm, fall, wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the tests' player is a script")

LATEST_S = 5.0
"""The first message has arrived so long after the time to answer is over."""


def test_a_fall_is_told_to_contacts_in_order_by_webhook_and_by_mail(tmp_path: Path) -> None:
    with webhook() as hook, mail_server() as mail:
        contacts = {
            "Son": f"json://127.0.0.1:{hook.port}/secret-token",
            "Aunt": f"mailto://127.0.0.1:{mail.port}?from=a@example.org&to=aunt@example.org",
        }
        home = Home(tmp_path / "data", contacts, answer_within_s=1, next_contact_after_s=0.5)
        with alarm(home) as process:
            home.tell(suspected=fall())
            wait_for(lambda: "told Aunt" in home.steps())
            home.answer(Said.ACKNOWLEDGED, by="Son")
            wait_for(lambda: len(hook.messages) > 1 and len(mail.messages) > 1)
            process.terminate()
            printed, _ = process.communicate(timeout=PATIENCE_S)
    told = ["told Son", "told Aunt"]
    assert home.steps() == ["asked", "not_answered", *told, "ended Son", *told]
    unanswered = next(each for each in home.record() if each.step.did is Did.NOT_ANSWERED)
    assert hook.messages[0].at_s - unanswered.at.timestamp() < LATEST_S
    assert hook.titles == mail.titles == ["Mum may have fallen", "Son takes care of Mum"]
    assert "lying on the front" in hook.messages[0].text
    assert "Told so far: Son, Aunt." in mail.messages[1].text
    kept = home.kept()
    assert "secret-token" not in printed + kept
    assert "@example.org" not in printed + kept


def test_a_tone_is_heard_until_somebody_answers_and_grows_more_urgent(tmp_path: Path) -> None:
    home = Home(tmp_path / "data", {}, answer_within_s=1.5)
    with alarm(home):
        home.tell(suspected=fall())
        home.wait_for_steps("asked", "not_answered")
        wait_for(lambda: {"tone-1", "tone-2", "tone-3"} <= set(home.played()))
        assert home.played()[0] == "tone-1"
        assert main(["alarm", "ok", "--out", str(home.settings.data_folder)]) == 0
        home.wait_for_steps("asked", "not_answered", "ended")


def test_a_fall_that_is_suspected_then_told_and_told_again_by_another_hub_is_told_once(
    tmp_path: Path,
) -> None:
    with webhook() as hook:
        home = Home(tmp_path / "data", {"Son": f"json://127.0.0.1:{hook.port}"}, answer_within_s=1)
        with alarm(home):
            home.tell(suspected=fall(55.0))
            wait_for(home.steps)
            home.tell(suspected=fall(56.5), falls=(fall(55.0),))
            home.wait_for_steps("asked", "not_answered", "told Son")
            home.tell(falls=(fall(56.5),))
            home.tell(falls=(fall(55.5),), recording_id="r2")
            home.answer(Said.OK)
            home.wait_for_steps("asked", "not_answered", "told Son", "ended", "told Son")
    assert hook.titles == ["Mum may have fallen", "Mum is OK"]


def test_a_fall_of_virtual_sensors_sounds_here_and_is_told_to_nobody(tmp_path: Path) -> None:
    with webhook() as hook:
        contacts = {"Son": f"json://127.0.0.1:{hook.port}"}
        home = Home(
            tmp_path / "data", contacts, answer_within_s=0.5, next_contact_after_s=0.5, rounds=1
        )
        with alarm(home):
            home.tell(suspected=fall(), virtual=True)
            wait_for(lambda: "ended" in home.steps())
            state = home.state()
        assert home.steps() == ["asked", "not_answered", "ended"]
        assert hook.messages == []
    assert home.played()
    assert state is not None
    assert state.contacts == ()


def test_without_a_network_messages_wait_for_it_and_arrive_once(tmp_path: Path) -> None:
    with webhook() as elsewhere:
        port = elsewhere.port
    contacts = {"Son": f"json://127.0.0.1:{port}/b", "Aunt": f"json://127.0.0.1:{port}/c"}
    home = Home(tmp_path / "data", contacts, answer_within_s=0.5, retry_after_s=0.2)
    with alarm(home):
        home.tell(suspected=fall())
        wait_for(lambda: "not_reached Aunt" in home.steps())
        with webhook(port) as hook:
            wait_for(lambda: "told Son" in home.steps() and "told Aunt" in home.steps())
            assert hook.titles == ["Mum may have fallen"] * 2
    assert home.steps()[:4] == ["asked", "not_answered", "not_reached Son", "not_reached Aunt"]


def test_an_alarm_killed_while_asking_goes_on_though_somebody_set_the_clock(
    tmp_path: Path,
) -> None:
    with webhook() as hook:
        home = Home(tmp_path / "data", {"Son": f"json://127.0.0.1:{hook.port}"}, answer_within_s=3)
        with alarm(home):
            home.tell(suspected=fall())
            wait_for(home.steps)
        (asked,) = home.record()
        home.settings.alarm_folder.joinpath(RECORD_NAME).unlink()
        write_step(home.settings.alarm_folder, replace(asked, at=asked.at + timedelta(days=1)))
        home.tell(recording_id="r2")
        with alarm(home):
            wait_for(lambda: "told Son" in home.steps())
        with alarm(home):
            wait_for(home.state)
    assert home.steps() == ["asked", "not_answered", "told Son"]
    assert hook.titles == ["Mum may have fallen"]


def test_an_alarm_whose_parent_is_gone_ends_only_when_the_fall_is_answered(tmp_path: Path) -> None:
    home = Home(tmp_path / "data", {}, answer_within_s=60)
    with alarm(home) as process:
        home.tell(suspected=fall())
        wait_for(home.steps)
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        printed = [process.stdout.readline() for _ in range(2)]
        assert "goes on" in printed[1]
        home.answer(Said.OK)
        assert process.wait(PATIENCE_S) == 0
    assert home.steps() == ["asked", "ended"]


def test_two_alarms_of_one_folder_take_turns(tmp_path: Path) -> None:
    with webhook() as hook:
        home = Home(tmp_path / "data", {"Son": f"json://127.0.0.1:{hook.port}"}, answer_within_s=1)
        with alarm(home), alarm(home):
            home.tell(suspected=fall())
            home.wait_for_steps("asked", "not_answered", "told Son")
            home.answer(Said.OK)
            home.wait_for_steps("asked", "not_answered", "told Son", "ended", "told Son")
    assert hook.titles == ["Mum may have fallen", "Mum is OK"]


def test_what_the_alarm_keeps_is_for_its_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "data", {})
    with alarm(home):
        home.tell(suspected=fall())
        wait_for(home.steps)
    folder = home.settings.alarm_folder
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / RECORD_NAME).stat().st_mode & 0o077 == 0


# With a hub that detects


@contextmanager
def hub(recordings: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A hub that records somebody who falls."""
    arguments = ["-m", "tests.alerts.hub_process", str(recordings)]
    process = subprocess.Popen(
        [sys.executable, *arguments], env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_hub_killed_while_asking_and_started_again_leads_to_one_message(tmp_path: Path) -> None:
    with webhook() as hook:
        home = Home(tmp_path / "data", {"Son": f"json://127.0.0.1:{hook.port}"}, answer_within_s=8)
        recordings = home.settings.recordings_folder
        with alarm(home):
            with hub(recordings):
                wait_for(home.steps)
            killed = read_live(recordings / LIVE_NAME)
            assert killed is not None
            assert killed.suspected_fall is not None
            with hub(recordings):
                wait_for(lambda: recording_id(recordings) != killed.recording_id)
                home.wait_for_steps("asked", "not_answered", "told Son")
                home.answer(Said.OK)
                home.wait_for_steps("asked", "not_answered", "told Son", "ended", "told Son")
    assert hook.titles == ["Mum may have fallen", "Mum is OK"]


def recording_id(recordings: Path) -> str | None:
    state = read_live(recordings / LIVE_NAME)
    return None if state is None else state.recording_id
