"""The measures of a bridge, validated on a few simulated people."""

from __future__ import annotations

import pytest

from analytics.validation.bridges_measured import measured_figures


@pytest.mark.slow
def test_measures_of_simulated_people_err_by_less_than_what_is_said_of_them() -> None:
    figures = {figure.what: figure for figure in measured_figures(bodies=2)}
    assert figures["pelvis, roll error, 95 % below"].value < 2.0
    assert figures["pelvis, sag error, 95 % below"].value < 2.0
    assert figures["pelvis, error of the rise, in percent of it, 95 % below"].value < 20.0
    assert figures["pelvis, tiring sets said to tire"].value == 100.0
    assert "sternum, roll error, 95 % below" not in figures
