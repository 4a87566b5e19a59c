"""The dashboard's web application: Streamlit's own routes and ours; run by `dashboard.server`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from dashboard.ingesting import taking_in
from dashboard.processes import end_with_parent

HERE = Path(__file__).resolve().parent
_INDEX = Path(st.__file__).parent / "static" / "index.html"
_STOP_WITHIN_S = 5.0
_BACKEND = "<script>window.__streamlit = {BACKEND_BASE_URL: location.origin}</script>"


async def _page(_request: Request) -> HTMLResponse:
    """Streamlit's page, told where its server is.

    Opened at the address of a page, it would otherwise look for the server below that address
    first, which delays it and leaves errors in the browser's console.
    """
    html = _INDEX.read_text(encoding="utf-8").replace("<head>", f"<head>{_BACKEND}", 1)
    return HTMLResponse(html, headers={"Cache-Control": "no-cache"})


@asynccontextmanager
async def _lifespan(_app: st.App) -> AsyncIterator[None]:
    """Whatever lives as long as the server."""
    end_with_parent(grace_s=_STOP_WITHIN_S)
    with taking_in():
        yield


app = st.App(
    HERE / "main.py",
    lifespan=_lifespan,
    routes=[Route(f"/{view.stem}", _page) for view in sorted((HERE / "views").glob("[!_]*.py"))],
)
