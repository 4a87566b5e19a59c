"""The alarm as it runs: its own process, real messages, and what becomes of it when things fail."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dashboard.alarm import Said
from tests.alerts.receivers import mail_server, webhook
from tests.alerts.running import PATIENCE_S, Home, alarm, fall, wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the tests' player is a script")

NEVER_S = 3600.0


def test_a_fall_is_told_to_contacts_in_order_by_webhook_and_by_mail(tmp_path: Path) -> None:
    with webhook() as hook, mail_server() as mail:
        contacts = {
            "Bea": f"json://127.0.0.1:{hook.port}/secret-token",
            "Carl": f"mailto://127.0.0.1:{mail.port}?from=a@example.org&to=carl@example.org",
        }
        home = Home(tmp_path / "data", contacts, answer_within_s=1, next_contact_after_s=0.5)
        with alarm(home) as process:
            home.tell(suspected=fall())
            wait_for(lambda: "told Carl" in home.steps())
            home.answer(Said.ACKNOWLEDGED, by="Bea")
            wait_for(lambda: len(hook.messages) > 1 and len(mail.messages) > 1)
            process.terminate()
            printed, _ = process.communicate(timeout=PATIENCE_S)
    told = ["told Bea", "told Carl"]
    assert home.steps() == ["asked", "not_answered", *told, "ended Bea", *told]
    assert hook.titles == mail.titles == ["Ada may have fallen", "Bea takes care of Ada"]
    assert "lying on the front" in hook.messages[0].text
    assert "Told so far: Bea, Carl." in mail.messages[1].text
    kept = home.kept()
    assert "secret-token" not in printed + kept
    assert "@example.org" not in printed + kept
