"""The dashboard's web application: Streamlit's own routes and ours; run by `dashboard.server`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

HERE = Path(__file__).resolve().parent
_INDEX = Path(st.__file__).parent / "static" / "index.html"
_BACKEND = "<script>window.__streamlit = {BACKEND_BASE_URL: location.origin}</script>"


async def _page(_request: Request) -> HTMLResponse:
    """Streamlit's page, told where its server is.

    Opened at the address of a page, it would otherwise look for the server below that address
    first, which delays it and leaves errors in the browser's console.
    """
    html = _INDEX.read_text(encoding="utf-8").replace("<head>", f"<head>{_BACKEND}", 1)
    return HTMLResponse(html, headers={"Cache-Control": "no-cache"})


app = st.App(
    HERE / "main.py",
    routes=[Route(f"/{view.stem}", _page) for view in sorted((HERE / "views").glob("[!_]*.py"))],
)
