"""What the tests share: where the published recordings are, and what a skip means."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from playwright.sync_api import Browser

from tests.browser import launched

settings.register_profile("fivepoint", deadline=None)  # machines differ: speed is benchmarked
settings.load_profile("fivepoint")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """With FIVEPOINT_NO_SKIP set, as in continuous integration, a skip is a failure."""
    report = yield
    if report.skipped and os.environ.get("FIVEPOINT_NO_SKIP") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder of published recordings that the variable FIVEPOINT_DATASETS names."""
    folder = os.environ.get("FIVEPOINT_DATASETS")
    if not folder:
        pytest.skip("FIVEPOINT_DATASETS is not set: published recordings are not checked; set it")
    return Path(folder)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running browser; see `tests.browser`."""
    with launched() as running:
        yield running
