"""Plots of privacy and detection: they show what they should, and refuse what they cannot show."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts.plots import curves as detection_plots
from synthproto.artifacts.plots import curves as risk_plots
from synthproto.artifacts.plots.curves import (
    PENS,
    C2STCurve,
    Curve,
    DCRDistribution,
    FlaggedRows,
    GiveawayBars,
    MembershipCurve,
    curves_panel,
)
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table, TablePair
from synthproto.drawing.axes import CARD
from synthproto.drawing.canvas import Picture
from synthproto.drawing.ink import text_width
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
    GiveawayBars(folds=2),
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


def test_copies_are_said_beside_those_of_the_control(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(risk_plots, "remark", lambda _ink, _box, text, _color: said.append(text))
    half = Table(pd.concat([frame(0).iloc[:75], frame(2).iloc[75:]], ignore_index=True), SPEC)
    fifth = Table(pd.concat([frame(0).iloc[:30], frame(1).iloc[30:]], ignore_index=True), SPEC)
    for pair in (
        TablePair(REAL, half, fifth),
        TablePair(REAL, half),
        TablePair(REAL, Table(frame(2), SPEC), fifth),
    ):
        DCRDistribution()(pair)
    assert said == ["copies 50%, holdout 20%", "copies 50%, real 0%", ""]
    # The legend begins 159 pixels from the left, the remark at 10.
    assert text_width("copies 100%, holdout 100%", 10.0) < 159 - 10 - 4


def test_many_flagged_rows_do_not_hide_the_others() -> None:
    # Dots of the size that fits few flagged rows leave about 120 pixels of the others.
    real, fresh = frame(0, 800), frame(2, 800)
    half = pd.concat([real.iloc[:400], fresh.iloc[400:]], ignore_index=True)
    picture = FlaggedRows()(TablePair(Table(real, SPEC), Table(half, SPEC), HOLDOUT))
    assert orange(picture) > 250


def test_giveaways_say_the_whole_area(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(
        detection_plots, "remark", lambda _ink, _box, text, _color: said.append(text)
    )
    for table in (Table(frame(3, shift=9.0), SPEC), REAL):
        GiveawayBars(folds=2)(TablePair(REAL, table))
    areas = [float(text.rsplit(" of ", 1)[1]) for text in said]
    # Copies mislead the classifier, which learns that the other one of two equal rows is here.
    assert areas[0] == 1.0
    assert areas[1] < 0.5


def test_awkward_tables() -> None:
    flat = pd.DataFrame({name: frame(0)[name].iloc[:1] for name in frame(0)})
    three = Table(pd.concat([flat] * 3, ignore_index=True), SPEC)
    for plot in (DCRDistribution(), MembershipCurve(), FlaggedRows(), C2STCurve(folds=2)):
        assert plot(TablePair(three, three, three)).width == CARD[0]
    assert DCRDistribution()(TablePair(REAL, three)).width == CARD[0]


def test_steps_of_many_points_become_few() -> None:
    places = np.linspace(0, 1, 100_000)
    ink = curves_panel("x", [Curve("y", PENS["synthetic"], places, places)], (0.0, 1.0))
    drawn = max((line for lines in ink.lines.values() for line in lines), key=len)
    assert len(drawn) < 3000
    assert drawn[0].tolist() != drawn[-1].tolist()


def test_refusals() -> None:
    one = Table(frame(0, 1), SPEC)
    with pytest.raises(UndefinedScoreError, match="one real row"):
        DCRDistribution()(TablePair(one, REAL))
    with pytest.raises(UndefinedScoreError, match="three real rows"):
        FlaggedRows()(TablePair(one, REAL))
    with pytest.raises(UndefinedScoreError, match="without a holdout"):
        MembershipCurve()(TablePair(REAL, REAL))
    for part in (DCRDistribution, C2STCurve, MembershipCurve, GiveawayBars, FlaggedRows):
        with pytest.raises(ParameterError, match=r"`scale` must be from 0.5 to 4; got 9"):
            part(scale=9.0)
    with pytest.raises(ParameterError, match="`columns` must be from 1 to 9; got 0"):
        GiveawayBars(columns=0)
    with pytest.raises(ParameterError, match="`share` must be in"):
        FlaggedRows(share=2.0)
