"""Plots of privacy and detection: they show what they should, and refuse what they cannot show."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts.plots.curves import (
    C2STCurve,
    ColumnImportanceBars,
    DCRDistribution,
    FlaggedRows,
    MembershipCurve,
)
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.drawing.picture import CARD, Picture
from synthproto.drawing.style import text_width
from synthproto.errors import ParameterError, UndefinedScoreError


def frame(seed: int, count: int = 150, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "a column with a name that is much too long to be written in full": rng.normal(
                shift, 1, count
            ),
            "group": rng.choice(["a", "b"], count),
        }
    )


SPEC = TableSpec.infer(frame(0), categorical=["group"])
REAL, HOLDOUT = Table(frame(0), SPEC), Table(frame(1), SPEC)
PLOTS: list[Callable[[TablePair], Picture]] = [
    DCRDistribution(),
    C2STCurve(folds=2),
    MembershipCurve(),
    ColumnImportanceBars(folds=2),
    FlaggedRows(),
]


def orange(picture: Picture) -> int:
    """Pixels in about the colour of synthetic tables."""
    red, green, blue = picture.pixels.astype(int).transpose(2, 0, 1)
    return int(((red > 190) & (green < 140) & (blue < 60)).sum())


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.name)
def test_drawn_the_same_again(plot: Callable[[TablePair], Picture]) -> None:
    first, second = (plot(TablePair(REAL, Table(frame(2), SPEC), HOLDOUT)) for _ in range(2))
    assert first == second
    assert first.width == CARD[0]
    other = plot(TablePair(REAL, Table(frame(3, shift=2.0), SPEC), HOLDOUT))
    assert first != other
    assert orange(other) > 20


def test_copies_are_above_the_control() -> None:
    sample = DCRDistribution()(TablePair(REAL, Table(frame(2), SPEC), HOLDOUT))
    copies = DCRDistribution()(TablePair(REAL, REAL, HOLDOUT))
    # Copies all lie at distance 0: their curve is a line along the upper edge.
    top = slice(38, 46)
    high = [(p.pixels[top, 60:300, 2] < 60).sum() for p in (sample, copies)]
    assert high[1] > 200 > high[0]


def said(picture: Picture) -> list[str]:
    """What is written above the axes."""
    return [text.get_text() for text in picture.figure().axes[0].texts]


def test_copies_are_said_beside_those_of_the_control() -> None:
    half = Table(pd.concat([frame(0).iloc[:75], frame(2).iloc[75:]], ignore_index=True), SPEC)
    fifth = Table(pd.concat([frame(0).iloc[:30], frame(1).iloc[30:]], ignore_index=True), SPEC)
    assert said(DCRDistribution()(TablePair(REAL, half, fifth))) == ["copies 50%, holdout 20%"]
    assert said(DCRDistribution()(TablePair(REAL, half))) == ["copies 50%, real 0%"]
    assert said(DCRDistribution()(TablePair(REAL, Table(frame(2), SPEC), fifth))) == []
    # The legend begins about 200 pixels from the left, the remark at 10.
    assert text_width("copies 100%, holdout 100%") < 200 - 10


def test_importances_say_the_whole_area() -> None:
    areas = []
    for table in (Table(frame(3, shift=9.0), SPEC), REAL):
        (text,) = said(ColumnImportanceBars(folds=2)(TablePair(REAL, table)))
        areas.append(float(text.rsplit(" of ", 1)[1]))
    # Copies mislead the classifier, which learns that the other one of two equal rows is here.
    assert areas[0] == 1.0
    assert areas[1] < 0.5


def test_axes_say_what_they_measure() -> None:
    pair = TablePair(REAL, Table(frame(2), SPEC), HOLDOUT)
    for plot in PLOTS:
        (axes,) = plot(pair).figure().axes
        assert axes.get_xlabel()
        assert axes.get_ylabel() or isinstance(plot, ColumnImportanceBars)
    (axes,) = DCRDistribution()(pair).figure().axes
    assert axes.get_xlabel() == "Gower distance"


def test_awkward_tables() -> None:
    flat = pd.DataFrame({name: frame(0)[name].iloc[:1] for name in frame(0)})
    three = Table(pd.concat([flat] * 3, ignore_index=True), SPEC)
    for plot in (DCRDistribution(), MembershipCurve(), FlaggedRows(), C2STCurve(folds=2)):
        assert plot(TablePair(three, three, three)).width == CARD[0]
    assert DCRDistribution()(TablePair(REAL, three)).width == CARD[0]


def test_refusals() -> None:
    one = Table(frame(0, 1), SPEC)
    with pytest.raises(UndefinedScoreError, match="one real row"):
        DCRDistribution()(TablePair(one, REAL))
    with pytest.raises(UndefinedScoreError, match="three real rows"):
        FlaggedRows()(TablePair(one, REAL))
    with pytest.raises(UndefinedScoreError, match="without a holdout"):
        MembershipCurve()(TablePair(REAL, REAL))
    for part in (DCRDistribution, C2STCurve, MembershipCurve, ColumnImportanceBars):
        with pytest.raises(ParameterError, match=r"`scale` must be from 0.5 to 4; got 9"):
            part(scale=9.0)
    with pytest.raises(ParameterError, match=r"`scale` must be from 0.5 to 4; got 9"):
        FlaggedRows(scale=9.0)
    with pytest.raises(ParameterError, match="`columns` must be from 1 to 9; got 0"):
        ColumnImportanceBars(columns=0)
    with pytest.raises(ParameterError, match="`share` must be in"):
        FlaggedRows(share=2.0)
