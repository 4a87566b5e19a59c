"""The dashboard as a process: its port, its end, its store."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import dashboard
from analytics.store import Store
from analytics.store.queries import add_patient
from dashboard.server import DashboardError, dashboard_process

CHECKOUT = Path(dashboard.__file__).parent.parent


@pytest.mark.slow
def test_a_busy_port_gives_way_to_the_next(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        with dashboard_process(tmp_path / "a.duckdb", port=port) as (_, served_at):
            assert port < int(served_at.rsplit(":", 1)[1]) <= port + 20


def test_a_port_that_cannot_be_had_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 65535))
        busy.listen()
        with pytest.raises(DashboardError, match="choose another with --port"):
            dashboard_process(tmp_path / "a.duckdb", port=65535).__enter__()


@pytest.mark.slow
def test_a_request_to_terminate_stops_the_dashboard_and_frees_its_port(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from dashboard.server import serve; "
        f"serve(Path({str(tmp_path / 'a.duckdb')!r}), port=0, open_browser=False)"
    )
    launcher = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=CHECKOUT
    )
    assert launcher.stdout is not None
    with launcher.stdout as printed:
        port = int(printed.readline().split("127.0.0.1:")[1].split()[0])
        launcher.send_signal(signal.SIGTERM)
        assert launcher.wait(30) == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_store_can_be_opened_again_after_the_dashboard_stopped(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    with dashboard_process(path, port=0):
        pass
    with Store.open(path) as store, store.cursor() as connection:
        add_patient(connection, "p", label="P", birth_year=None, time_zone="UTC")
