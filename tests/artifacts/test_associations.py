"""Association matrices: the correlation ratio of ranks."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from synthproto.artifacts.associations import Association
from synthproto.artifacts.pairs import CorrelationDistance
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table


def frame(seed: int, rows: int = 2000) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows).round(2)
    z = x + rng.normal(size=rows)
    c = np.array(["low", "middle", "high"])[np.digitize(x, [-0.5, 0.5])]
    return pd.DataFrame({"x": x, "z": z, "c": c})


def test_the_ratio_of_ranks_is_kruskals() -> None:
    made = frame(0, 300)
    made.loc[::7, "x"] = np.nan
    table = Table(made, TableSpec.infer(made, categorical=["c"]))
    matrix = table.get(Association(numeric="spearman"))
    known = made.dropna()
    groups = [group.to_numpy() for _, group in known.groupby("c")["x"]]
    statistic = stats.kruskal(*groups).statistic
    assert matrix.loc["c", "x"] == pytest.approx(np.sqrt(statistic / (len(known) - 1)), abs=1e-12)
    assert np.array_equal(matrix, matrix.T)


def test_the_ratio_of_ranks_by_hand() -> None:
    made = pd.DataFrame({"x": [1.0, 2.0, 30.0, 4000.0], "same": 1.0, "c": list("aabb")})
    spec = TableSpec.infer(made, categorical=["c"], continuous=["same"])
    matrix = Table(made, spec).get(Association(numeric="spearman"))
    # Ranks -1.5, -0.5, 0.5, 1.5: between groups 2 x 1 + 2 x 1, in all 5.
    assert matrix.loc["c", "x"] == pytest.approx(np.sqrt(4 / 5))
    assert matrix.loc["c", "same"] == 0.0


def test_one_outlier_does_not_hide_independent_columns() -> None:
    real, holdout = frame(0), frame(1)
    real.loc[0, ["x", "z"]] = 1e3, -1e3
    rng = np.random.default_rng(2)
    apart = pd.DataFrame({name: rng.permutation(real[name].to_numpy()) for name in real})
    spec = TableSpec.infer(real, categorical=["c"])
    score = CorrelationDistance(Association(numeric="spearman"))
    broken, good = (
        score(TablePair(Table(real, spec), Table(side, spec))) for side in (apart, holdout)
    )
    assert good < 0.05
    assert broken > 0.5
