"""The commands of the alarm: answer it, try it, and see how it is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from dashboard.alarm import Answer, Said, give_answer, read_alarm
from fivepoint.alerts.rules import AlarmRules
from fivepoint.settings import Settings, load_settings, read_wishes
from sensors.errors import FivepointError

app = typer.Typer(help="The alarm after a fall: answer it, try it, see how it is.")

_STEPS_SHOWN = 10

_Out = Annotated[Path | None, typer.Option(metavar="DIR", help="Data folder; else your own.")]


@app.command()
def ok(out: _Out = None) -> None:
    """Answer the alarm that is under way: I am OK."""
    _answer(_settings(out), Said.OK, "")
    print("Answered: all is well. Whoever was told of the fall is told that too.")


@app.command()
def acknowledge(
    name: Annotated[str, typer.Argument(help="Who takes care of it.")] = "", out: _Out = None
) -> None:
    """Tell the alarm that is under way that somebody takes care of it."""
    _answer(_settings(out), Said.ACKNOWLEDGED, name)
    print("Acknowledged. Whoever was told of the fall is told that too.")


@app.command("test")
def try_out(out: _Out = None) -> None:
    """Sound the alarm for a moment and send every contact a message of trial."""
    from fivepoint.alerts.checking import Check, check
    from fivepoint.alerts.record import write_check

    settings = _settings(out)
    wishes = read_wishes(settings.wishes_path)
    _print_contacts(wishes.alarm)
    findings = []
    for finding in check(settings, wishes.alarm, wishes.wearer, aloud=True):
        print(f"{'ok  ' if finding.well else 'FAIL'}  {finding.text}", flush=True)
        findings.append(finding)
    result = Check(at=datetime.now(UTC), findings=tuple(findings))
    write_check(settings.alarm_folder, result)
    raise typer.Exit(1 if result.problems else 0)


@app.command()
def status(out: _Out = None) -> None:
    """Show whether the alarm runs, whom it would tell, how its last check was and what it did."""
    from fivepoint.alerts.record import read_last_check, read_record
    from fivepoint.alerts.words import step_text

    settings = _settings(out)
    state = read_alarm(settings.alarm_folder, datetime.now(UTC))
    running = "does not run; start `fivepoint up`" if state is None else f"is {state.stage}"
    print(f"The alarm {running}.")
    _print_contacts(read_wishes(settings.wishes_path).alarm)
    last = read_last_check(settings.alarm_folder)
    if last is None:
        print("It was never checked; `fivepoint alarm test` does it.")
    else:
        print(f"Checked {last.at.astimezone():%d %B, %H:%M}.")
        for finding in last.findings:
            print(f"{'ok  ' if finding.well else 'FAIL'}  {finding.text}")
    for entry in read_record(settings.alarm_folder)[-_STEPS_SHOWN:]:
        print(f"{entry.at.astimezone():%d %B, %H:%M:%S}  {step_text(entry.step, entry.episode)}")


def _print_contacts(rules: AlarmRules) -> None:
    print(f"Contacts: {', '.join(rules.names) or 'none, so nobody else is told of a fall'}.")


def _settings(out: Path | None) -> Settings:
    return load_settings() if out is None else Settings(out.resolve())


def _answer(settings: Settings, said: Said, by: str) -> None:
    """Answer the fall under way, even if the alarm is just being started again."""
    from fivepoint.alerts.record import latest_episode, read_record

    episode = latest_episode(read_record(settings.alarm_folder))
    if episode is None or not episode.active:
        raise FivepointError("No alarm is under way, so there is nothing to answer.")
    answer = Answer(episode=episode.id, said=said, by=by, at=datetime.now(UTC))
    give_answer(settings.alarm_folder, answer)
