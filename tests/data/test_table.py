import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import SchemaError, UndefinedScoreError
from tests.awkward_columns import AWKWARD

FRAME = pd.DataFrame(
    {
        "x": [3.0, 1.0, np.nan, 2.0],
        "n": [1, 1, 1, 1],
        "c": ["b", "a", "b", None],
        "t": pd.to_datetime(["2020-01-02", "", "2020-01-01", "2020-01-01"]),
        "f": [True, False, True, True],
    }
)
SPEC = TableSpec.infer(FRAME)


def test_columns_are_in_the_order_of_the_spec_and_rows_are_kept() -> None:
    table = Table(FRAME[FRAME.columns[::-1]], SPEC)
    assert list(table.frame.columns) == list(SPEC.names)
    assert len(table) == 4


def test_values_are_numbers_with_nan_and_datetimes_are_seconds() -> None:
    table = Table(FRAME, SPEC)
    np.testing.assert_array_equal(table.values("x"), [3.0, 1.0, np.nan, 2.0])
    np.testing.assert_array_equal(table.ascending("x"), [1.0, 2.0, 3.0])
    assert table.values("t")[0] - table.values("t")[2] == 86400.0
    assert table.missing("t") == 1
    assert table.missing("c") == 1
    with pytest.raises(SchemaError, match=r"'c'.*has no numbers"):
        table.values("c")


def test_statistics_leave_missing_values_out() -> None:
    table = Table(FRAME, SPEC)
    column = FRAME["x"]
    assert table.statistic("x", "mean") == column.mean()
    assert table.statistic("x", "std") == pytest.approx(column.std())
    assert table.statistic("x", "variance") == pytest.approx(column.var())
    assert table.statistic("x", "median") == column.median()
    assert table.statistic("x", "first_quartile") == column.quantile(0.25)
    assert table.statistic("x", "third_quartile") == column.quantile(0.75)
    assert table.statistic("x", "min") == 1.0
    assert table.statistic("x", "max") == 3.0


def test_a_statistic_of_nothing_is_an_error_that_names_the_column() -> None:
    frame = pd.DataFrame({"x": [np.nan, np.nan]})
    table = Table(frame, TableSpec.infer(frame), name="synthetic table")
    with pytest.raises(UndefinedScoreError, match=r"'x'.*synthetic table"):
        table.statistic("x", "mean")


def test_levels_of_categories_are_ordered_by_frequency_and_unseen_ones_have_slots() -> None:
    real = Table(FRAME, SPEC)
    frame = FRAME.assign(c=["z", "a", "y", "z"])
    synthetic = Table(frame, SPEC)
    levels = real.levels("c")
    assert levels.labels == ("b", "a")
    assert real.counts(levels).tolist() == [1, 2, 1]
    assert synthetic.counts(levels).tolist() == [0, 0, 1, 2, 1]
    assert synthetic.unseen(levels) == ("z", "y")
    histogram = TablePair(real, synthetic).histogram("c")
    assert histogram.real.tolist() == [1, 2, 1, 0, 0]


def test_levels_of_numbers_are_bins_of_the_fitted_range() -> None:
    real = Table(FRAME, SPEC)
    synthetic = Table(FRAME.assign(x=[0.0, 3.0, 9.0, np.nan]), SPEC)
    levels = real.levels("x", bins=2)
    assert levels.labels == ("[1, 2)", "[2, 3]")
    assert real.counts(levels).tolist() == [1, 1, 2]
    # missing, the two bins, below, above
    assert synthetic.counts(levels).tolist() == [1, 0, 1, 1, 1]


@pytest.mark.parametrize("values", AWKWARD.values(), ids=list(AWKWARD))
def test_slots_are_as_many_as_counts(values: NDArray[np.float64]) -> None:
    frame = pd.DataFrame({"x": np.append(values, np.nan)})
    table = Table(frame, TableSpec.infer(frame, continuous=["x"]))
    for bins in (1, 4):
        for fitted in (frame, frame[1:-1] if len(frame) > 2 else frame, frame / 2):
            levels = Table(fitted, table.spec).levels("x", bins)
            assert table.slots(levels) == len(table.counts(levels))


def test_what_a_table_has_computed_it_keeps() -> None:
    calls: list[Table] = []

    def rows(table: Table) -> int:
        calls.append(table)
        return len(table)

    table = Table(FRAME, SPEC)
    assert table.get(rows) == table.get(rows) == 4
    assert calls == [table]
    computed = table.computed
    table.get(rows)
    assert table.computed == computed


def spec(*names: str, kind: str = "categorical") -> TableSpec:
    frame = pd.DataFrame({name: [0, 1] for name in names})
    if kind == "boolean":
        return TableSpec.infer(frame, boolean=names)
    return TableSpec.infer(frame, categorical=names)


def test_a_notebook_shows_each_column_once_and_escapes_what_comes_from_data() -> None:
    days = pd.DatetimeIndex(["2020-01-01", "2020-01-03", None])
    frame = pd.DataFrame({"<b>": ["<i>x</i>", "y", "y"], "n": [1, 5, 3], "day": days, "t": "a"})
    table = Table(frame, TableSpec.infer(frame, text=["t"]), name="real table")
    assert repr(table) == "Table('real table', 3 rows x 4 columns)"
    page = table._repr_html_()
    assert "real table: 3 rows" in page
    assert "<th>n</th><td>continuous</td><td>0</td><td>3</td><td>1 to 5</td>" in page
    assert "2020-01-01 00:00:00 to 2020-01-03 00:00:00" in page
    assert "<td>y, &lt;i&gt;x&lt;/i&gt;</td>" in page
    assert "<b>" not in page


def test_a_spec_shows_its_columns_by_kind() -> None:
    spec = TableSpec.infer(pd.DataFrame({"n": [1.5, 2], "sex": ["f", "m"], "m": [3.5, 4]}))
    assert repr(spec) == "TableSpec(2 continuous: 'n', 'm'; 1 categorical: 'sex')"
    assert "<tr><th>sex</th><td>categorical</td></tr>" in spec._repr_html_()
    wide = TableSpec.infer(pd.DataFrame(np.ones((2, 500)), columns=[f"c{i}" for i in range(500)]))
    assert len(repr(wide)) < 200
    assert wide._repr_html_().count("<tr>") == 102
    assert "... 400 more" in wide._repr_html_()
