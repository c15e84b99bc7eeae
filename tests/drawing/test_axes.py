"""Ticks, names, shares and remarks of axes."""

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from synthproto.drawing.axes import (
    percent,
    remark,
    share_ticks,
    tick_names,
)
from synthproto.drawing.style import SYNTHETIC, text_width


def axes_of(width: float = 300.0) -> Axes:
    return Figure((width / 72, 2), dpi=72).add_axes((0.05, 0.1, 0.9, 0.8))


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([1e9, 1e9 + 1], ["1000000000", "1000000001"]),
        ([1002.0, 1004.0], ["1.002k", "1.004k"]),
        ([12_500.0, 15_000.0], ["12.5k", "15k"]),
        ([0.001], ["0.001"]),
        ([-1e6, 0.0], ["-1M", "0"]),
        ([], []),
    ],
)
def test_names_tell_places_apart(places: list[float], expected: list[str]) -> None:
    assert tick_names(places) == expected


def test_shares() -> None:
    assert share_ticks(0.9)[1] == ["0%", "20%", "40%", "60%", "80%"]
    assert share_ticks(0.007)[1] == ["0.0%", "0.2%", "0.4%", "0.6%"]
    assert [percent(share) for share in (0.0, 1e-5, 0.034, 0.12, 0.9996, 1.0)] == [
        "0%",
        "<0.1%",
        "3.4%",
        "12%",
        ">99.9%",
        "100%",
    ]


def test_a_second_remark_follows_the_first() -> None:
    axes = axes_of()
    assert remark(axes, "", SYNTHETIC, 10.0) == []
    first, second = (
        remark(axes, text, SYNTHETIC, 10.0, after=after)[0]
        for text, after in (("missing 5%", ""), ("outside 2%", "missing 5%"))
    )
    gap = second.get_window_extent().x0 - first.get_window_extent().x1
    assert 0 < gap < 20
    assert text_width("missing 5%") < 100
