"""Alignment: gaps in standard deviations of the real column."""

import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts.plots.alignment import Alignment, Gaps
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table


def table(**columns: list[float]) -> Table:
    frame = pd.DataFrame(columns)
    return Table(frame, TableSpec.infer(frame, continuous=list(columns)))


def gaps(statistic: str, real: Table, synthetic: Table) -> list[float]:
    picture = Alignment((statistic,))(TablePair(real, synthetic))  # type: ignore[arg-type]  # a literal
    (panel,) = picture.panels
    assert isinstance(panel, Gaps)
    assert panel.synthetic is not None
    return [float(gap) for gap in panel.synthetic]


def test_gaps_by_hand() -> None:
    # The real standard deviation is 2, the variance 4.
    real, synthetic = table(x=[1.0, 3.0, 5.0]), table(x=[2.0, 7.0, 12.0])
    assert gaps("mean", real, synthetic) == [2.0]
    assert gaps("min", real, synthetic) == [0.5]
    assert gaps("std", real, synthetic) == [1.5]
    assert gaps("variance", real, synthetic) == [5.25]


def test_gaps_do_not_change_with_the_unit() -> None:
    one = gaps("median", table(x=[1.0, 3.0, 5.0]), table(x=[2.0, 7.0, 12.0]))
    other = gaps("median", table(x=[1e3, 3e3, 5e3]), table(x=[2e3, 7e3, 12e3]))
    assert other == pytest.approx(one)


def test_constant_and_missing_columns() -> None:
    real = table(same=[5.0, 5.0], off=[5.0, 5.0], gone=[1.0, 2.0], none=[np.nan, np.nan])
    synthetic = table(same=[5.0, 5.0], off=[4.0, 4.0], gone=[np.nan, np.nan], none=[1.0, 2.0])
    found = gaps("mean", real, synthetic)
    assert found[:2] == [0.0, -np.inf]
    assert np.isnan(found[2])
    assert len(found) == 3
    (axes,) = Alignment("mean")(TablePair(real, synthetic)).figure().axes
    assert axes.lines[-1].get_xdata()[:2].tolist() == [0.0, -10.0]  # type: ignore[index, union-attr]  # an array


def test_the_axis_is_the_same_for_all_tables() -> None:
    near = Alignment()(TablePair(table(x=[1.0, 2.0]), table(x=[1.0, 2.0])))
    far = Alignment()(TablePair(table(x=[1.0, 2.0]), table(x=[1e9, 2e9])))
    limits = [[axes.get_xlim() for axes in own.figure().axes] for own in (near, far)]
    assert limits[0] == limits[1]
    labels = [axes.get_xlabel() for axes in near.figure().axes]
    assert labels.count("gap / variance of the real column") == 1
    assert labels.count("gap / std of the real column") == 7


def test_every_column_has_a_row_with_its_name() -> None:
    many = table(**{f"x{i}": [float(i), i + 1.0] for i in range(80)})
    picture = Alignment("mean")(TablePair(many, many))
    (axes,) = picture.figure().axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [f"x{i}" for i in range(60)]
    assert picture.height > 800
