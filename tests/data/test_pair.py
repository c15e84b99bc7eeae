import warnings

import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts.columns import JSDistance
from synthproto.artifacts.searches import Sampled
from synthproto.data.pair import TablePair, halves
from synthproto.data.scan import Scan
from synthproto.data.spec import TableSpec
from synthproto.data.split import split
from synthproto.data.table import Table
from synthproto.errors import SchemaError, SynthprotoWarning

FRAME = pd.DataFrame({"x": [3.0, 1.0, np.nan, 2.0], "n": [1, 1, 1, 1], "c": ["b", "a", "b", None]})
SPEC = TableSpec.infer(FRAME)


def test_tables_of_different_specs_are_no_pair() -> None:
    other = Table(FRAME, TableSpec.infer(FRAME, categorical=["n"]), name="synthetic table")
    with pytest.raises(SchemaError, match="synthetic table has column 'n' as categorical"):
        TablePair(Table(FRAME, SPEC, name="real table"), other)


def test_both_sides_are_counted_in_the_levels_of_the_real_table() -> None:
    synthetic = Table(FRAME.assign(c=pd.Series(["a", "a", "z", None])), SPEC)
    histogram = TablePair(Table(FRAME, SPEC), synthetic).histogram("c")
    assert histogram.levels.labels == ("b", "a")
    assert histogram.real.tolist() == [1, 2, 1, 0]  # missing, b, a, what only synthetic has
    assert histogram.synthetic.tolist() == [1, 0, 2, 1]


def test_references_are_the_same_objects_for_all_pairs_of_one_length() -> None:
    real, holdout = Table(FRAME, SPEC), Table(FRAME.iloc[::-1], SPEC)
    pair, again = (TablePair(real, Table(FRAME.iloc[:3], SPEC), holdout) for _ in range(2))
    reference = pair.reference
    assert reference is not None
    assert reference is again.reference
    assert len(reference.synthetic) == 3
    assert pair.floor is again.floor
    assert TablePair(real, real).reference is None


def test_the_floor_of_long_tables_is_no_longer_than_it_need_be() -> None:
    frame = pd.DataFrame({"x": np.arange(250_000.0)})
    table = Table(frame, TableSpec.infer(frame))
    floor = TablePair(table, table).floor.synthetic
    assert len(floor) == 200_000
    assert floor.moments("x").mean == pytest.approx(table.moments("x").mean, rel=0.01)


def test_columns_are_shuffled_by_themselves_at_the_floor() -> None:
    floor = TablePair(Table(FRAME, SPEC), Table(FRAME, SPEC)).floor.synthetic.frame
    assert sorted(floor["x"].dropna()) == [1.0, 2.0, 3.0]
    assert sorted(floor["c"].dropna()) == ["a", "b", "b"]


def test_what_is_known_of_columns_that_are_not_aligned_is_kept() -> None:
    frame = pd.DataFrame({"x": np.linspace(0.1, 0.9, 50), "y": np.linspace(1.0, 2.0, 50) ** 3})
    single = frame.assign(x=frame["x"].astype(np.float32))
    spec = TableSpec.infer(frame)
    given = Table(single, spec)
    aligned = TablePair(Table(frame, spec), given).synthetic
    assert aligned.values("x").tolist() == frame["x"].tolist()
    assert given.values("x").tolist() == single["x"].astype(float).tolist()
    assert aligned.moments("y") is given.moments("y")
    assert aligned.moments("x") != given.moments("x")


def test_last_digits_lost_in_single_precision_are_no_difference() -> None:
    frame = pd.DataFrame({"x": [0.1, 1 / 3, 2.5]})
    spec = TableSpec.infer(frame)
    single = Table(frame.astype(np.float32), spec)
    assert single.values("x").tolist() != frame["x"].tolist()
    pair = TablePair(Table(frame, spec), single)
    assert pair.synthetic.values("x").tolist() == frame["x"].tolist()


def test_a_warning_of_a_table_is_not_repeated_for_tables_of_its_rows() -> None:
    frame = pd.DataFrame({"x": [2**53, 2**53 + 1, 5, 7]})
    spec = TableSpec.infer(frame, continuous=["x"])
    with pytest.warns(SynthprotoWarning, match=r"beyond 2\*\*53"):
        table = Table(frame, spec)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kept, left = split(table, holdout=0.5)
        pair = TablePair(kept, kept, left)
        assert pair.reference is not None
        assert pair.relabelled(0) is not None
        assert len(pair.floor.synthetic) == 2
        assert isinstance(Sampled(JSDistance(), 1)(pair)["x"], float)


def test_halves_of_a_table_and_of_a_scan_are_the_same_rows() -> None:
    frame = pd.DataFrame({"x": np.arange(50.0), "c": ["a", "b"] * 25})
    table = Table(frame, TableSpec.infer(frame))
    scan = Scan([frame[:7].copy, frame[7:7].copy, frame[7:].copy], table.spec)
    first, second = halves(table, 3), halves(scan, 3)
    assert sorted([*first.real.values("x"), *first.synthetic.values("x")]) == list(range(50))
    assert len(first.real) == len(first.synthetic) == 25
    for ours, theirs in ((first.real, second.real), (first.synthetic, second.synthetic)):
        assert ours.moments("x").low == theirs.moments("x").low
        assert ours.moments("x").mean == pytest.approx(theirs.moments("x").mean)
        assert ours.levels("c").labels == theirs.levels("c").labels
