"""Commands that show and record a household: the demo, and every day."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fivepoint import options
from fivepoint.settings import DEFAULT_PORT, Settings, load_settings


def demo(
    port: options.Port = DEFAULT_PORT,
    no_browser: options.NoBrowser = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make the household anew.")] = False,
) -> None:
    """Build the demo household if need be, and open its dashboard."""
    from dashboard.server import serve
    from fivepoint.demo import open_demo

    household = open_demo(load_settings().demo_folder, rebuild=rebuild)
    serve(household.store_path, port=port, open_browser=not no_browser, today=household.today)


def up(
    scenario: Annotated[
        str | None, typer.Argument(help="virtual: what is played, or a recording.")
    ] = None,
    wear: options.Worns = None,
    virtual: Annotated[
        bool, typer.Option("--virtual", help="Record virtual sensors that play SCENARIO.")
    ] = False,
    family: options.FamilyName = "movesense",
    faults: options.FaultList = "",
    speed: options.Speed = 1.0,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Data folder; else your own.")
    ] = None,
    port: Annotated[int | None, options.PORT] = None,
    no_browser: options.NoBrowser = False,
) -> None:
    """Record all day, and open the dashboard on your own data.

    Without --wear, the sensors that settings.toml in the data folder names are recorded.
    """
    from fivepoint.up import up as record_and_serve

    if virtual and wear:
        raise typer.BadParameter("give --wear or --virtual, not both")
    if scenario and not virtual:
        raise typer.BadParameter("SCENARIO needs --virtual")
    performance = None
    if virtual:
        from fivepoint.performance import Performance, read_faults

        performance = Performance(
            scenario=scenario or "bridging_good",
            family=family,
            speed=speed,
            faults=read_faults(faults),
        )
    settings = load_settings() if out is None else Settings(out.resolve())
    if virtual and out is None:
        settings = Settings(settings.virtual_folder)
    record_and_serve(settings, wear or (), performance, port=port, open_browser=not no_browser)
