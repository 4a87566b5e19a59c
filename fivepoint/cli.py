"""The command line: which commands there are, and how every expected failure ends."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Mapping

import typer
from typer.exceptions import TyperException

from fivepoint.alerts.commands import app as alarm
from fivepoint.commands.home import demo, up
from fivepoint.commands.measuring import benchmark, validate
from fivepoint.commands.recordings import analyze, import_, ingest, replay, simulate
from fivepoint.commands.sensing import calibrate, doctor, record, scan
from fivepoint.complaint import complain
from sensors.errors import FivepointError

COMMANDS: Mapping[str, Callable[..., None]] = {
    "demo": demo,
    "up": up,
    "scan": scan,
    "doctor": doctor,
    "calibrate": calibrate,
    "record": record,
    "import": import_,
    "simulate": simulate,
    "analyze": analyze,
    "replay": replay,
    "ingest": ingest,
    "validate": validate,
    "benchmark": benchmark,
}
"""In the order in which `--help` shows them."""

app = typer.Typer(
    name="fivepoint",
    help="Recovery from an osteoporotic spine fracture, followed with motion sensors. "
    "Not a medical device and not an emergency service.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def start(context: typer.Context) -> None:
    """Without a command, show the demo."""
    if context.invoked_subcommand is None:
        demo()


for name, command in COMMANDS.items():
    app.command(name)(command)
app.add_typer(alarm, name="alarm")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; every expected failure ends in one line on stderr and a non-zero code."""
    _write_what_can_be_written()
    try:
        return int(app(arguments, standalone_mode=False, prog_name="fivepoint") or 0)
    except FivepointError as error:
        complain(error)
    except TyperException as error:
        complain(_misused(error))
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        where = "" if error.filename is None else f"{error.filename}: "
        complain(f"{where}{error.strerror}, so the command stopped there")
    except (KeyboardInterrupt, typer.Abort):
        return 130
    return 1


def _misused(error: TyperException) -> str:
    """What is wrong with the words of a command, and where to read of them."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "fivepoint"
    wrong = error.format_message().removeprefix("Invalid value: ").replace("Value error, ", "")
    return f"{wrong.rstrip('.')}; nothing was done. `{command} --help` tells what there is."


def _write_what_can_be_written() -> None:
    """Write a question mark for what the terminal or file has no character for."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
