"""Whether the alarm would be heard and reach anybody, and what may be set about it."""

from __future__ import annotations

import os
import sys
import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashboard.alarm import append_line, read_lines
from fivepoint.alerts.checking import Check, Finding, is_due
from fivepoint.alerts.contacts import is_understood
from fivepoint.alerts.record import read_last_check
from fivepoint.alerts.rules import AlarmRules, Contact
from fivepoint.alerts.sound import Siren
from fivepoint.alerts.weekly import WeeklyCheck
from fivepoint.cli import main
from fivepoint.settings import read_wishes
from sensors.errors import FivepointError
from tests.alerts.receivers import webhook
from tests.alerts.running import ROOT, Home, wait_for
from tests.test_cli import refusal

on_unix = pytest.mark.skipif(sys.platform == "win32", reason="the tests' player is a script")

imports_apprise = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def player(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A player is found, and this is where it would be."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'data'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FIVEPOINT_PLAYED", str(tmp_path / "data" / "played"))
    return tmp_path / "data" / "paplay"


# Trying it


@on_unix
@imports_apprise
def test_a_trial_sounds_and_sends_everybody_a_message_that_says_it_is_one(
    tmp_path: Path, player: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with webhook() as hook:
        home = Home(tmp_path / "data", {"Son": f"json://127.0.0.1:{hook.port}"})
        assert main(["alarm", "test", "--out", str(tmp_path / "data")]) == 0
    assert hook.titles == ["A test: Mum is well"]
    assert home.played() == ["tone-2"]
    printed = capsys.readouterr().out.splitlines()
    assert [line[:4] for line in printed[1:]] == ["ok  ", "ok  "]
    main(["alarm", "status", "--out", str(tmp_path / "data")])
    assert "Son was sent a message of trial" in capsys.readouterr().out


@on_unix
@imports_apprise
def test_a_trial_says_plainly_what_does_not_work_and_nothing_of_addresses(
    tmp_path: Path, player: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with webhook() as gone:
        contacts = {"Son": f"json://127.0.0.1:{gone.port}/hidden", "Aunt": "nothing://hidden"}
    home = Home(tmp_path / "data", contacts)
    home.settings.wishes_path.chmod(0o644)
    player.write_text("#!/bin/sh\nexit 1\n")
    assert main(["alarm", "test", "--out", str(tmp_path / "data")]) == 1
    out, err = capsys.readouterr()
    assert [line[:4] for line in out.splitlines()[1:]] == ["FAIL"] * 4
    for told in ("No sound", "chmod 600", "Son could not be reached", "Aunt is not understood"):
        assert told in out
    assert "hidden" not in out + err
    check = read_last_check(home.settings.alarm_folder)
    assert check is not None
    assert len(check.problems) == 4


@on_unix
def test_without_contacts_a_trial_says_that_nobody_else_is_told(
    tmp_path: Path, player: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Home(tmp_path / "data", {})
    assert main(["alarm", "test", "--out", str(tmp_path / "data")]) == 0
    assert "nobody else is told" in capsys.readouterr().out


def test_without_an_alarm_under_way_there_is_nothing_to_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("ok", "acknowledge"):
        assert main(["alarm", command, "--out", str(tmp_path)]) == 1
        assert "nothing to answer" in refusal(capsys)


@pytest.mark.parametrize(
    ("last_days", "hour", "due"),
    [(None, 12, True), (None, 3, False), (6, 12, False), (7, 12, True), (7, 22, False)],
)
def test_it_is_checked_once_a_week_and_by_day(last_days: int | None, hour: int, due: bool) -> None:
    now = NOON.replace(hour=hour)
    last = None if last_days is None else Check(at=now - timedelta(days=last_days), findings=())
    assert is_due(last, AlarmRules(), now) is due
    assert not is_due(last, AlarmRules(check_every_days=0), now)


@on_unix
@imports_apprise
def test_the_weekly_check_sends_a_message_of_trial_and_plays_nothing_aloud(
    tmp_path: Path, player: Path
) -> None:
    with webhook() as hook:
        home = Home(tmp_path / "data", {"Son": f"json://127.0.0.1:{hook.port}"}, check_every_days=7)
        weekly = WeeklyCheck(home.settings, read_wishes(home.settings.wishes_path), lambda: NOON)
        weekly.look()
        wait_for(lambda: read_last_check(home.settings.alarm_folder))
    assert hook.titles == ["A test: Mum is well"]
    assert home.played() == ["tone-silent"]
    again = WeeklyCheck(home.settings, read_wishes(home.settings.wishes_path), lambda: NOON)
    again.look()
    assert again.last is not None
    assert again.last.at == NOON
    assert hook.titles == ["A test: Mum is well"]


# What may be set


def test_contacts_are_told_in_the_order_of_the_settings(tmp_path: Path) -> None:
    home = Home(tmp_path / "data", {"Son": "json://b", "Aunt": "json://c"}, answer_within_s=20)
    wishes = read_wishes(home.settings.wishes_path)
    assert wishes.alarm.names == ("Son", "Aunt")
    assert wishes.alarm.answer_within_s == 20.0
    assert wishes.wearer == "Mum"


@imports_apprise
def test_the_example_of_the_readme_is_understood(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = (block for block in readme.split("```") if block.startswith("toml\n[alarm]"))
    file = tmp_path / "settings.toml"
    file.write_text(example.removeprefix("toml"))
    rules = read_wishes(file).alarm
    assert rules == AlarmRules(person="Mum", contacts=rules.contacts)
    assert all(map(is_understood, rules.contacts))


@pytest.mark.parametrize(
    "lines",
    [
        'contacts = [{name = "Son", url = "json://hidden"}, {name = "Son", url = "json://hidden"}]',
        'contacts = [{name = "Son", url = "json://hidden", phone = 1}]',
        'contacts = [{name = "", url = "json://hidden"}]',
        'contacts = [{name = "Son", url = ["json://hidden"]}]',
        'contacts = [{name = "Son", url = "json://hidden"]',
        "answer_within_s = 0",
        "rounds = 0",
    ],
)
def test_settings_that_make_no_sense_are_refused_without_telling_an_address(
    lines: str, tmp_path: Path
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(f"[alarm]\n{lines}\n")
    with pytest.raises(FivepointError) as refused:
        read_wishes(file)
    assert "hidden" not in str(refused.value)


def test_a_contact_is_printed_without_its_address() -> None:
    assert "hidden" not in f"{AlarmRules(contacts=(Contact(name='Son', url='json://hidden'),))}"


# The record and the tones


def test_a_line_that_was_cut_off_is_left_out_and_spoils_no_other(tmp_path: Path) -> None:
    file = tmp_path / "checks.jsonl"
    append_line(file, Finding(True, "first"))
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:-5])
    append_line(file, Finding(True, "last"))
    assert [each.text for each in read_lines(file, Finding)] == ["first", "last"]


def test_each_tone_is_louder_than_the_one_before(tmp_path: Path) -> None:
    Siren(tmp_path)
    peaks = []
    for level in (1, 2, 3):
        with wave.open(str(tmp_path / f"tone-{level}.wav")) as tone:
            frames = tone.readframes(tone.getnframes())
        peaks.append(max(memoryview(frames).cast("h")))
    assert 5_000 < peaks[0] < peaks[1] < peaks[2] < 32_768
