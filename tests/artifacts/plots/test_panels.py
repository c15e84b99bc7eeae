"""Axes of values: ticks round, few, inside the axis, told apart by their names."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from synthproto.artifacts.plots.panels import (
    Quantity,
    ValueAxis,
    linear_width,
)


def axes_of(width: float = 300.0) -> Axes:
    return Figure((width / 72, 2), dpi=72).add_axes((0.05, 0.1, 0.9, 0.8))


def drawn(axis: ValueAxis) -> tuple[list[float], list[str]]:
    """Places and names of the ticks of an axis; any warning is an error."""
    axes = axes_of()
    axis.draw(axes)
    return axes.get_xticks().tolist(), [label.get_text() for label in axes.get_xticklabels()]


def names(low: float, high: float, quantity: Quantity = "number") -> list[str]:
    return drawn(ValueAxis(low, high, quantity))[1]


def moment(text: str) -> float:
    return float(np.datetime64(text, "s").astype(np.int64))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (17, 90, ["20", "40", "60", "80"]),
        (0, 99_999, ["0", "20k", "40k", "60k", "80k"]),
        (12_285, 1_484_705, ["0.5M", "1M"]),
        (-3.2, 4.1, ["-2", "0", "2", "4"]),
        (0, 0.03, ["0", "0.01", "0.02", "0.03"]),
        (1e-9, 3e-9, ["1e-9", "1.5e-9", "2e-9", "2.5e-9", "3e-9"]),
        (-1.2e140, 1.2e140, ["-1e140", "-5e139", "0", "5e139", "1e140"]),
    ],
)
def test_numbers(low: float, high: float, expected: list[str]) -> None:
    assert names(low, high) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ("2020-01-05", "2020-07-02", ["Feb", "Mar", "Apr", "May", "Jun", "Jul"]),
        ("1950-01-01", "2024-01-01", ["1960", "1980", "2000", "2020"]),
        ("2020-01-01T01:00", "2020-01-01T11:00", ["02:00", "04:00", "06:00", "08:00", "10:00"]),
    ],
)
def test_dates(low: str, high: str, expected: list[str]) -> None:
    assert names(moment(low), moment(high), "date") == expected


def test_the_label_says_what_the_ticks_of_dates_leave_out() -> None:
    axes = axes_of()
    ValueAxis(moment("2020-02-05"), moment("2020-07-02"), "date").draw(axes)
    assert axes.get_xlabel() == "date, 2020"


def test_dates_beyond_the_calendar_are_years() -> None:
    axes = axes_of()
    ValueAxis(-1e12, 1e12, "date").draw(axes)
    assert axes.get_xlabel() == "year"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["-20k", "0", "20k"]


def test_an_axis_is_even_or_logarithmic_to_both_sides_of_zero() -> None:
    assert linear_width(np.array([3.0, 7.0, -9.0])) == 0
    assert linear_width(np.zeros(3)) == 0
    width = linear_width(np.array([0.0, -1.0, 1e4]))
    axis = ValueAxis(-1e4, 1e4, linear_width=width)
    places = axis.spaced(5)
    np.testing.assert_allclose(places, -places[::-1], atol=1e-9)
    np.testing.assert_allclose(np.diff(axis.even(places)), axis.even(places)[-1] / 2)
    ticks, shown = drawn(axis)
    assert 0.0 in ticks
    assert 3 <= len([name for name in shown if name]) <= 7


@given(st.floats(-1e150, 1e150), st.floats(1e-12, 1e150), st.sampled_from(["number", "date"]))
def test_ticks_are_inside_few_and_distinct(low: float, width: float, quantity: Quantity) -> None:
    low = low if quantity == "number" else float(np.clip(low, -1e13, 1e13))
    high = low + max(width if quantity == "number" else min(width, 1e13), 1e-12 * abs(low), 1e-300)
    places, shown = drawn(ValueAxis(low, high, quantity))
    slack = 1e-6 * (high - low)
    assert all(low - slack <= place <= high + slack for place in places)
    assert 1 <= len(places) <= 8
    named = [name for name in shown if name]
    assert named
    if quantity == "number":
        assert len(set(named)) == len(named)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e12))
def test_names_of_ticks_do_not_overlap(low: float, width: float) -> None:
    axes = axes_of(140.0)
    ValueAxis(low, low + width).draw(axes)
    axes.figure.draw_without_rendering()  # type: ignore[union-attr]  # a figure, no subfigure
    boxes = [text.get_window_extent() for text in axes.get_xticklabels() if text.get_text()]
    assert all(left.x1 <= right.x0 for left, right in pairwise(boxes))
