"""Start the dashboard as a process of its own, with safe settings, and stop it cleanly.

This module does not import Streamlit, so that the command line starts fast.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import threading
import time
import tomllib
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any

from dashboard.alarm import ALARM_VARIABLE
from dashboard.processes import start_child
from sensors.errors import FivepointError

STORE_VARIABLE = "FIVEPOINT_STORE"
"""Environment variable that tells the dashboard process which store to open."""

RECORDINGS_VARIABLE = "FIVEPOINT_RECORDINGS"
"""Environment variable that tells it from which folder to take in what appears; without, none."""

TODAY_VARIABLE = "FIVEPOINT_TODAY"
"""Environment variable that sets the day shown as today, for a demo made on that day."""

_HERE = Path(__file__).resolve().parent
_HOST = "127.0.0.1"
_PORTS_TRIED = 20
_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 5.0
_POLL_S = 0.1


class DashboardError(FivepointError):
    """The dashboard could not be started."""


def serve(
    store_path: Path,
    *,
    recordings_folder: Path | None = None,
    alarm_folder: Path | None = None,
    port: int,
    open_browser: bool = True,
    today: date | None = None,
) -> None:
    """Serve the dashboard of a store on loopback until Ctrl-C or a request to terminate.

    Prints the address once the dashboard answers. A busy `port` gives way to the next free one.
    Recordings that appear in `recordings_folder` are taken in meanwhile, and the alarm of
    `alarm_folder` is shown. `today` is the day that the pages take for today, without it the real
    one.
    Raises `DashboardError` when no port is free or the dashboard stops by itself.
    """
    with _terminating_like_ctrl_c():
        try:
            served = dashboard_process(
                store_path,
                recordings_folder=recordings_folder,
                alarm_folder=alarm_folder,
                port=port,
                today=today,
            )
            with served as (process, address):
                print(f"Fivepoint is open at {address} (Ctrl-C stops it)", flush=True)
                if open_browser:
                    webbrowser.open(address)
                process.wait()
        except KeyboardInterrupt:
            return
    raise DashboardError(
        f"The dashboard stopped by itself (exit code {process.returncode}), so no page is shown; "
        "read the message above and start it again."
    )


@contextmanager
def dashboard_process(
    store_path: Path,
    *,
    recordings_folder: Path | None = None,
    alarm_folder: Path | None = None,
    port: int,
    today: date | None = None,
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A running dashboard that answers, with its address; it is stopped on leaving.

    `port` 0 takes any free port.
    """
    chosen = _free_port(port)
    environment = {
        STORE_VARIABLE: str(store_path.resolve()),
        RECORDINGS_VARIABLE: str(recordings_folder.resolve()) if recordings_folder else "",
        ALARM_VARIABLE: str(alarm_folder.resolve()) if alarm_folder else "",
        TODAY_VARIABLE: today.isoformat() if today else os.environ.get(TODAY_VARIABLE, ""),
    }
    process = start_child(_command(chosen), environment=environment, quiet=True)
    try:
        _wait_until_healthy(process, chosen)
        yield process, f"http://{_HOST}:{chosen}"
    finally:
        _stop(process)


def _command(port: int) -> list[str]:
    config = tomllib.loads((_HERE / "config.toml").read_text(encoding="utf-8"))
    return [
        *("-m", "streamlit", "run", str(_HERE / "app.py")),
        *_flags(config),
        f"--server.port={port}",
    ]


def _flags(options: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in options.items():
        if isinstance(value, Mapping):
            yield from _flags(value, f"{prefix}{key}.")
        else:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            yield f"--{prefix}{key}={text}"


def _free_port(port: int) -> int:
    last = port if port == 0 else min(port + _PORTS_TRIED, 65536) - 1
    for candidate in range(port, last + 1):
        with socket.socket() as probe:
            if os.name != "nt":  # there the option would allow a second server on a busy port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_HOST, candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DashboardError(
        f"Ports {port} to {last} are all in use or not allowed, so the dashboard cannot be opened; "
        "choose another with --port."
    )


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise DashboardError(
                f"The dashboard stopped while starting (exit code {process.returncode}), so no "
                "page is shown; read the message above and start it again."
            )
        if _is_healthy(port):
            return
        time.sleep(_POLL_S)
    raise DashboardError(
        f"The dashboard did not answer within {_START_TIMEOUT_S:.0f} s, so it was stopped; "
        "close other programs and start it again."
    )


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(_HOST, port, timeout=2.0)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()


@contextmanager
def _terminating_like_ctrl_c() -> Iterator[None]:
    """Let a request to terminate end the process as Ctrl-C does: with its child stopped."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
