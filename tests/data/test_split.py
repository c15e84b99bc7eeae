from typing import assert_type

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthproto.data.spec import TableSpec
from synthproto.data.split import split
from synthproto.data.table import Table
from synthproto.errors import ParameterError, SchemaError


def frame_of(rows: int = 100) -> pd.DataFrame:
    levels = ["a"] * (rows - rows // 4 - 2) + ["b"] * (rows // 4) + ["rare", None]
    return pd.DataFrame({"x": np.arange(rows), "level": levels}, index=range(1000, 1000 + rows))


@given(rows=st.integers(2, 300), holdout=st.floats(0.001, 0.999), seed=st.integers(0, 9))
def test_every_row_is_on_one_side_in_its_old_order(rows: int, holdout: float, seed: int) -> None:
    frame = pd.DataFrame({"x": np.arange(rows)})
    train, held = assert_type(split(frame, holdout, seed=seed), tuple[pd.DataFrame, pd.DataFrame])
    pd.testing.assert_frame_equal(pd.concat([train, held]).sort_index(), frame)
    assert train["x"].is_monotonic_increasing
    assert held["x"].is_monotonic_increasing
    assert len(held) == min(max(1, round(holdout * rows)), rows - 1)


def test_the_seed_decides_and_the_global_state_does_not() -> None:
    frame = frame_of()
    first = split(frame, seed=1)[1]
    np.random.seed(5)
    before = np.random.get_state(legacy=False)["state"]["key"]
    pd.testing.assert_frame_equal(split(frame, seed=1)[1], first)
    np.testing.assert_array_equal(np.random.get_state(legacy=False)["state"]["key"], before)
    assert not split(frame, seed=2)[1].index.equals(first.index)


def test_every_row_is_as_likely_to_be_held_out() -> None:
    frame = frame_of(20)
    held = sum(
        np.isin(frame.index, split(frame, 0.25, seed=seed)[1].index).astype(int)
        for seed in range(400)
    )
    # Binomial(400, 1/4): mean 100, standard deviation 8.7; 5 deviations.
    assert np.abs(np.asarray(held) - 100).max() < 44


def test_strata_keep_their_shares_and_training_sees_every_value() -> None:
    train, held = split(frame_of(), 0.2, stratify="level")
    assert held["level"].value_counts().to_dict() == {"a": 15, "b": 5}
    assert set(train["level"].dropna()) == {"a", "b", "rare"}
    assert train["level"].isna().sum() == 1


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=8),
    holdout=st.floats(0.05, 0.95),
    seed=st.integers(0, 3),
)
def test_strata_of_any_size(sizes: list[int], holdout: float, seed: int) -> None:
    level = np.repeat(np.arange(len(sizes)), sizes)
    frame = pd.DataFrame({"level": level})
    count = min(max(1, round(holdout * len(level))), len(level) - 1)
    if len(level) < 2 or len(sizes) > count:
        with pytest.raises((ParameterError, SchemaError)):
            split(frame, holdout, seed=seed, stratify="level")
        return
    train, held = split(frame, holdout, seed=seed, stratify="level")
    assert len(train) + len(held) == len(level)
    assert set(train["level"]) == set(level)
    assert len(held) <= count
    dues = np.array(sizes) * count / len(level)
    taken = np.bincount(held["level"], minlength=len(sizes))
    assert (taken <= np.ceil(dues + 1e-9)).all()
    assert (taken >= np.minimum(np.floor(dues), np.array(sizes) - 1)).all()


def test_tables_come_out_of_tables() -> None:
    frame = frame_of()
    real = Table(frame, TableSpec.infer(frame), name="real table")
    train, held = assert_type(split(real, stratify="level"), tuple[Table, Table])
    assert (train.name, held.name) == ("real table", "holdout table")
    assert (len(train), len(held)) == (80, 20)
    assert train.spec == held.spec == real.spec


@pytest.mark.parametrize("holdout", [0.0, 1.0, -0.5, float("nan")])
def test_a_share_that_allows_no_split_is_refused(holdout: float) -> None:
    with pytest.raises(ParameterError, match="holdout share between 0 and 1"):
        split(frame_of(), holdout)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ParameterError, match="seed -1"):
        split(frame_of(), seed=-1)
    with pytest.raises(ParameterError, match="at least 2 rows; got 1"):
        split(frame_of()[:1])
    with pytest.raises(SchemaError, match="Did you mean 'level' for 'Level'"):
        split(frame_of(), stratify="Level")
    with pytest.raises(SchemaError, match=r"column 'x' has too many values .* got 100 .* 20 rows"):
        split(frame_of(), stratify="x")
