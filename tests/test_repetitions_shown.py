"""What a recording's page shows of its repetitions."""

from __future__ import annotations

from typing import Any

import pytest

from analytics.bridging.sets import sets_of
from dashboard import repetitions
from dashboard.palette import DARK, LIGHT
from dashboard.repetition_charts import Bar, repetition_bars
from tests.stored import bridges

TWO_SETS = sets_of([*bridges(6), *bridges(5, hold_s=2.0, start_s=120.0)])


def drawn(bars: list[Bar], target: float | None = None) -> dict[str, Any]:
    """The chart's specification, its layers by their marks."""
    spec = repetition_bars(bars, "s", LIGHT, target=target).to_dict()
    return {layer["mark"]["type"]: layer for layer in spec["layer"]} | {"all": spec}


def test_a_set_is_told_in_a_line_with_its_rest_and_what_was_noticed() -> None:
    first, second = (
        repetitions.set_text(number, one, 4.0) for number, one in enumerate(TWO_SETS, start=1)
    )
    assert first.startswith("**Set 1** at 0:00: 6 repetitions, usually held the 4 s")
    assert "after 1 min 04 s of rest, usually held 2.0 s of 4 s" in second


def test_the_table_has_a_row_a_repetition_and_no_column_that_nothing_filled() -> None:
    table = repetitions.table(TWO_SETS, 4.0, None)
    assert [row["Set"] for row in table] == [1] * 6 + [2] * 5
    assert [row["No."] for row in table] == list(range(1, 12))
    assert table[-1]["Noticed"] == "held 2.0 s of 4 s"
    assert "Left side up, °" not in table[0]
    assert "Tremor, m/s²" not in table[0]
    assert table[0]["Tremor, °/s"] == 0.4


def test_the_rise_is_told_in_centimetres_where_the_stature_is_known() -> None:
    assert "Rise, cm" not in repetitions.table(TWO_SETS, 4.0, None)[0]
    rise_cm = repetitions.table(TWO_SETS, 4.0, 1.6)[0]["Rise, cm"]
    assert rise_cm == pytest.approx(0.3 * 0.288 * 160.0)


def test_a_measure_that_is_not_known_has_no_bars() -> None:
    assert repetitions.bars(TWO_SETS, lambda each: each.roll_deg) == []
    holds_s = [bar.value for bar in repetitions.bars(TWO_SETS, lambda each: each.hold_s)]
    assert holds_s == [4.0] * 6 + [2.0] * 5


def test_bars_are_numbered_through_the_sets_and_those_not_counted_are_hollow() -> None:
    bars = repetitions.bars(sets_of(bridges(3, partial=True)), lambda each: each.hold_s)
    assert [(bar.number, bar.counted) for bar in bars] == [(1, False), (2, False), (3, False)]
    spec = drawn(bars)
    (table,) = spec["all"]["datasets"].values()
    assert {row["fill"] for row in table} == {0.0}
    assert table[0]["text"] == "4.0 s, not counted"


def test_the_prescribed_hold_is_a_line_only_where_there_is_one() -> None:
    bars = repetitions.bars(sets_of(bridges(3)), lambda each: each.hold_s)
    assert set(drawn(bars)) == {"bar", "all"}
    data = drawn(bars, 5.0)["all"]["datasets"].values()
    assert {"target": 5.0, "text": "5 s"} in [row for table in data for row in table]


def test_of_many_repetitions_only_the_first_of_each_set_is_numbered() -> None:
    few = [Bar(number=n, set_number=1, value=1.0, counted=True) for n in range(1, 6)]
    many = [Bar(number=n, set_number=1 + n // 10, value=1.0, counted=True) for n in range(30)]
    for bars, shown in ((few, [1, 2, 3, 4, 5]), (many, [0, 10, 20])):
        assert drawn(bars)["bar"]["encoding"]["x"]["axis"]["values"] == shown


def test_bars_follow_the_theme() -> None:
    bars = [Bar(number=1, set_number=1, value=1.0, counted=True)]
    colours = [
        repetition_bars(bars, "s", palette).to_dict()["layer"][0]["mark"]["color"]
        for palette in (LIGHT, DARK)
    ]
    assert colours == [LIGHT.band, DARK.band]
