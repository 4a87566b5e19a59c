"""The alarm's own process in the tests, and a hub's live state that tells it of falls."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from analytics.events import Fall, Posture
from dashboard.alarm import AlarmState, Answer, Said, give_answer, read_alarm
from fivepoint.alerts.record import read_record
from fivepoint.alerts.response import Entry
from fivepoint.live import LIVE_NAME, LivePhase, LiveState, publish
from fivepoint.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 40.0
"""A step that has not come by then never comes."""

PLAYER = """#!/bin/sh
echo "$1" >> "$FIVEPOINT_PLAYED"
"""


class Home:
    """A data folder, with what the user has set about the alarm."""

    def __init__(self, folder: Path, contacts: Mapping[str, str], **rules: float) -> None:
        self.settings = Settings(folder)
        self.started_at = datetime.now(UTC) - timedelta(seconds=60)
        rules = {"check_every_days": 0.0, **rules}
        lines = ["[alarm]", 'person = "Mum"']
        lines += [f"{name} = {value}" for name, value in rules.items()]
        for name, url in contacts.items():
            lines += ["[[alarm.contacts]]", f'name = "{name}"', f'url = "{url}"']
        folder.mkdir(mode=0o700, exist_ok=True)
        self.settings.wishes_path.write_text("\n".join(lines))
        self.settings.wishes_path.chmod(0o600)
        player = folder / "paplay"
        player.write_text(PLAYER)
        player.chmod(0o755)

    def tell(
        self,
        *,
        suspected: Fall | None = None,
        falls: tuple[Fall, ...] = (),
        recording_id: str = "r1",
        posture: Posture = Posture.PRONE,
        virtual: bool = False,
    ) -> None:
        """The hub tells this now."""
        now = datetime.now(UTC)
        state = LiveState(
            phase=LivePhase.RECORDING,
            recording_id=recording_id,
            started_at=self.started_at,
            updated_at=now,
            elapsed_s=(now - self.started_at).total_seconds(),
            posture=posture,
            extension_deg=None,
            extension_sigma_deg=None,
            repetitions=0,
            last_repetition=None,
            suspected_fall=suspected,
            falls=falls,
            virtual=virtual,
        )
        publish(self.settings.recordings_folder / LIVE_NAME, state)

    def answer(self, said: Said, by: str = "") -> None:
        """Somebody answers the alarm that is under way."""
        state = self.state()
        assert state is not None
        given = Answer(episode=state.episode, said=said, by=by, at=datetime.now(UTC))
        give_answer(self.settings.alarm_folder, given)

    def state(self) -> AlarmState | None:
        return read_alarm(self.settings.alarm_folder, datetime.now(UTC))

    def record(self) -> list[Entry]:
        return read_record(self.settings.alarm_folder)

    def steps(self) -> list[str]:
        """What was done, such as "told Son"."""
        steps = [entry.step for entry in self.record()]
        return [f"{step.did} {step.who}".strip() for step in steps]

    def wait_for_steps(self, *steps: str) -> None:
        """Wait until exactly this was done."""
        try:
            wait_for(lambda: self.steps() == list(steps))
        except TimeoutError:
            assert self.steps() == list(steps)

    def kept(self) -> str:
        """All that the alarm keeps in files, but for its tones."""
        files = self.settings.alarm_folder.iterdir()
        return "".join(file.read_text() for file in files if file.suffix != ".wav")

    def played(self) -> list[str]:
        """The tones that were heard."""
        file = self.settings.data_folder / "played"
        return [Path(line).stem for line in file.read_text().split()] if file.exists() else []


@contextmanager
def alarm(home: Home) -> Iterator[subprocess.Popen[str]]:
    """The alarm's process; on leaving it is killed if it has not ended."""
    folder, live_path = home.settings.data_folder, home.settings.recordings_folder / LIVE_NAME
    process = subprocess.Popen(
        [sys.executable, "-m", "fivepoint.alerts.process", str(folder), str(live_path)],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "FIVEPOINT_PLAYED": str(folder / "played"),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def fall(impact_s: float = 55.0) -> Fall:
    """A fall 5 s ago, in a recording that began a minute ago."""
    return Fall(
        impact_s=impact_s,
        probability=0.95,
        peak_g=4.0,
        posture_after=Posture.PRONE,
        inactive_s=3.0,
    )


def wait_for(condition: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline_s:
            raise TimeoutError("it never came")
        time.sleep(0.02)
