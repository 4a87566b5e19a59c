#!/usr/bin/env python3
"""Run Fivepoint from a checkout with nothing but Python 3.11 or newer and pip.

`python3 run.py [COMMAND ...]` makes `.venv` from the hashed lock when it is missing or out of
date, then runs the command in it; without a command it runs the demo. `python3 run.py test` runs
the gates and the tests; arguments after `test` go to pytest, which then runs alone.
"""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
GATES = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
)
TESTS = ("-n", "3", "--dist", "worksteal", "-m", "")
"""On two cores, as many tests wait: for a process, a page or a radio."""


def main(arguments: list[str]) -> int:
    """Install what is missing, then run a command or the tests; the exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036
        found = platform.python_version()
        print(
            f"error: Python {found} is too old to run Fivepoint; install 3.11 or newer.",
            file=sys.stderr,
        )
        return 1
    testing = arguments[:1] == ["test"]
    try:
        new = install(ROOT / ("requirements-test.lock" if testing else "requirements.lock"))
    except (OSError, subprocess.CalledProcessError) as error:
        print(
            f"error: installing the dependencies failed ({error}), so nothing was started; "
            "read pip's message above, check the network and the disk, and run again.",
            file=sys.stderr,
        )
        return 1
    try:
        if testing:
            return run_tests(arguments[1:])
        if new:
            compile_detectors()
        return become_fivepoint(arguments)
    except KeyboardInterrupt:
        return 130


def install(lock: Path) -> bool:
    """Make `.venv` hold what the lock names, and tell whether it did not already: a stamp says so.

    The test lock contains the plain one, so an environment made for the tests also serves to run.
    A lock is whole, so pip need not look for dependencies; and Python compiles what it imports,
    where pip would compile all that it installs.
    """
    stamp = VENV / "installed-lock"
    wanted = _digest(lock)
    test_lock = ROOT / "requirements-test.lock"
    if stamp.exists() and stamp.read_text() in (wanted, _digest(test_lock)):
        return False
    print(f"Installing the dependencies of {lock.name} into .venv; this takes about a minute.")
    stamp.unlink(missing_ok=True)
    venv.create(VENV, with_pip=True, clear=True)
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-compile", "--require-hashes", "--only-binary", ":all:"]
    if (platform.system(), platform.machine()) == ("Linux", "aarch64"):
        command += ["--no-binary", "vqf"]  # only the tests need vqf, and it has no wheel here
    subprocess.run([*command, "-r", str(lock)], check=True)
    stamp.write_text(wanted)
    return True


def compile_detectors() -> None:
    """Have numba compile the per-sample loops now, so that the first command need not wait."""
    streams = sorted(str(path.parent) for path in ROOT.glob("sample_streams/*/recording.json"))
    run("python", "-m", "fivepoint", "analyze", *streams, stdout=subprocess.DEVNULL)


def run_tests(pytest_arguments: list[str]) -> int:
    """Run pytest with the arguments, or without any all gates and tests; 0 if all is well.

    The gates run beside the tests, one after another, and are told when the tests have ended.
    """
    if pytest_arguments:
        return run("pytest", *pytest_arguments)
    with ThreadPoolExecutor(max_workers=1) as beside:
        gates = beside.map(check, GATES)
        compile_detectors()
        codes = [run("pytest", *TESTS)]
        for gate, (code, told) in zip(GATES, gates, strict=True):
            print(f"\n{' '.join(gate)}", flush=True)
            sys.stdout.buffer.write(told)
            codes.append(code)
    return int(any(codes))


def check(gate: tuple[str, ...]) -> tuple[int, bytes]:
    """Run a gate; its exit code, and what it printed."""
    command, environment = _in_venv(*gate)
    environment["PYTHONUTF8"] = "1"
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return done.returncode, done.stdout


def become_fivepoint(arguments: list[str]) -> int:
    """Run a command; where the system can, in this very process, so that signals reach it."""
    command, environment = _in_venv("python", "-m", "fivepoint", *arguments)
    if os.name == "posix":
        os.execve(command[0], command, environment)  # noqa: S606
    return subprocess.run(command, env=environment).returncode


def run(program: str, *arguments: str, stdout: int | None = None) -> int:
    """Run a program of `.venv` and wait for it; its exit code."""
    command, environment = _in_venv(program, *arguments)
    return subprocess.run(command, env=environment, stdout=stdout).returncode


def _in_venv(program: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """A command of `.venv`, and an environment with the checkout on the search path."""
    search_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return [str(PYTHON.with_name(program)), *arguments], {**os.environ, "PYTHONPATH": search_path}


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
