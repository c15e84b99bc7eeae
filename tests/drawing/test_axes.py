"""Ticks: round, few, inside the axis, told apart by their names."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthproto.drawing.axes import (
    CARD,
    Box,
    Quantity,
    Scale,
    Tick,
    percent,
    plot_area,
    short,
    ticks,
    upright_axis,
)
from synthproto.drawing.ink import Ink, text_width


def names(low: float, high: float, quantity: Quantity = "number", most: int = 5) -> list[str]:
    return [tick.name for tick in ticks(low, high, quantity=quantity, most=most)]


def moment(text: str) -> float:
    return float(np.datetime64(text, "s").astype(np.int64))


def test_the_name_at_the_end_of_an_axis_is_not_cut() -> None:
    ink, area = Ink(), plot_area(Box(0.0, 0.0, *CARD), left=42.0)
    upright_axis(ink, area, Scale(0.0, 1.0, area.left, area.right), [Tick(1.0, "100%")])
    label = ink.labels[0]
    ends = {"left": 1.0, "center": 0.5, "right": 0.0}[label.align]
    assert label.x + ends * text_width(label.text, label.size) <= CARD[0]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (17, 90, ["20", "40", "60", "80"]),
        (0, 99_999, ["0", "20k", "40k", "60k", "80k"]),
        (12_285, 1_484_705, ["0.5M", "1.0M"]),
        (-3.2, 4.1, ["-2", "0", "2", "4"]),
        (0, 0.03, ["0", "0.01", "0.02", "0.03"]),
        (1e-9, 3e-9, ["1e-9", "1.5e-9", "2e-9", "2.5e-9", "3e-9"]),
        (1e9, 1e9 + 1, ["1000000000.0", "1000000000.5", "1000000001.0"]),
        (-1.2e140, 1.2e140, ["-1e140", "-5e139", "0", "5e139", "1e140"]),
    ],
)
def test_numbers(low: float, high: float, expected: list[str]) -> None:
    assert names(low, high) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ("2020-01-01", "2020-07-01", ["Jan 2020", "Apr", "Jul"]),
        ("1950-01-01", "2024-01-01", ["1960", "1980", "2000", "2020"]),
        ("2019-11-01", "2020-03-02", ["Nov 2019", "Dec", "Jan 2020", "Feb", "Mar"]),
        ("2020-01-01T00:00", "2020-01-01T11:00", ["01 Jan 00:00", "03:00", "06:00", "09:00"]),
        ("2020-01-01T00:00:00", "2020-01-01T00:00:02", None),
    ],
)
def test_dates(low: str, high: str, expected: list[str] | None) -> None:
    found = names(moment(low), moment(high), "date")
    assert found == (expected or ["2020-01-01 00:00:00", "2020-01-01 00:00:02"])


def test_dates_beyond_the_calendar_have_ticks() -> None:
    assert len(names(-1e12, 1e12, "date")) == 2


def test_shares() -> None:
    assert names(0, 0.9, "share") == ["0", "20%", "40%", "60%", "80%"]
    assert names(0, 0.007, "share", most=4) == ["0", "0.2%", "0.4%", "0.6%"]
    assert [percent(share) for share in (0.0, 1e-5, 0.034, 0.12, 0.9996, 1.0)] == [
        "0%",
        "<0.1%",
        "3.4%",
        "12%",
        ">99.9%",
        "100%",
    ]


def test_short_numbers() -> None:
    values = (0.0, 1234.0, -1.2e6, 0.034, 3e-9, 1e20, -5e-7)
    assert [short(value) for value in values] == [
        "0",
        "1.23k",
        "-1.2M",
        "0.034",
        "3e-9",
        "1e20",
        "-5e-7",
    ]


@given(
    st.floats(-1e150, 1e150),
    st.floats(1e-12, 1e150),
    st.sampled_from(("number", "share")),
    st.integers(2, 8),
)
def test_ticks_are_inside_few_and_distinct(
    low: float, width: float, quantity: Quantity, most: int
) -> None:
    high = low + max(width, 1e-12 * abs(low))
    found = ticks(low, high, quantity=quantity, most=most)
    assert 1 <= len(found) <= most
    slack = 1e-6 * (high - low)
    assert all(low - slack <= tick.at <= high + slack for tick in found)
    assert all(math.isfinite(tick.at) and tick.name for tick in found)
    if quantity == "number":
        assert len({tick.name for tick in found}) == len(found)


@given(st.floats(-1e13, 1e13), st.floats(1e-3, 1e13))
def test_date_ticks_are_inside_and_few(low: float, width: float) -> None:
    found = ticks(low, low + width, quantity="date", most=5)
    assert 1 <= len(found) <= 6
    assert all(low - 1 <= tick.at <= low + width + 1 for tick in found)
