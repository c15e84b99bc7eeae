"""Dependence and the headline: by hand, against naive code, and what they must order."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import normalized_mutual_info_score

from synthproto.artifacts.associations import Association
from synthproto.artifacts.dependence import (
    DependenceKept,
    DependenceSimilarity,
    NMISimilarity,
    Similarity,
)
from synthproto.artifacts.pairs import (
    ContingencySimilarity,
    CorrelationDistance,
    TrendSimilarity,
)
from synthproto.data import crosstab
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import ParameterError, UndefinedScoreError
from synthproto.plan import TablePlan


def pair(
    real: pd.DataFrame, synthetic: pd.DataFrame, holdout: pd.DataFrame | None = None
) -> TablePair:
    labels = [name for name in real if real[name].dtype == object]
    spec = TableSpec.infer(real, categorical=[str(name) for name in labels])
    beside = None if holdout is None else Table(holdout, spec)
    return TablePair(Table(real, spec), Table(synthetic, spec), beside)


def labels(**columns: str) -> pd.DataFrame:
    return pd.DataFrame({name: list(letters) for name, letters in columns.items()}, dtype=object)


REAL = labels(a="xxyy", b="ppqq")


@pytest.mark.parametrize(
    ("synthetic", "kept", "similarity", "information"),
    [
        (REAL, 1.0, 1.0, 1.0),
        (labels(a="xxyy", b="pqpq"), 0.0, 0.0, 0.0),
        # Shares 1/2, 0, 1/4, 1/4 less 3/8, 1/8, 3/8, 1/8: an eighth in each cell for a quarter.
        (labels(a="xxyy", b="ppqp"), 0.5, 0.8, None),
        (labels(a="xxyy", b="qqpp"), -1.0, -1.0, 1.0),
    ],
)
def test_dependence_by_hand(
    synthetic: pd.DataFrame, kept: float, similarity: float, information: float | None
) -> None:
    both = pair(REAL, synthetic)
    assert DependenceKept()(both) == pytest.approx(kept, abs=1e-12)
    assert DependenceSimilarity()(both) == pytest.approx(similarity, abs=1e-12)
    if information is None:
        # Hx = ln 2, Hy = H(3/4), Hxy = H(1/2, 1/4, 1/4) = 1.5 ln 2, and the real NMI is 1.
        h = stats.entropy([0.75, 0.25])
        nmi = 2 * (np.log(2) + h - 1.5 * np.log(2)) / (np.log(2) + h)
        information = 1 - (1 - nmi)
    assert NMISimilarity()(both) == pytest.approx(information, abs=1e-12)


def mixed(rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    y = x + rng.normal(0, 0.6, rows)
    c = np.where(x + rng.normal(0, 0.5, rows) > 0, "up", "down").astype(object)
    d = np.array(["r", "s", "t"], dtype=object)[(np.abs(y) > 1) + rng.integers(0, 2, rows)]
    z = np.where(rng.random(rows) < 0.2, np.nan, np.exp(y))
    return pd.DataFrame({"x": x, "y": y, "c": c, "d": d, "z": z})


def codes(column: pd.Series, real: pd.Series, bins: int, rule: str) -> np.ndarray:
    """Levels by pandas alone."""
    if not pd.api.types.is_numeric_dtype(real):
        return column.astype(object).to_numpy()
    edges = (
        np.linspace(real.min(), real.max(), bins + 1)
        if rule == "width"
        else np.quantile(real.dropna(), np.linspace(0, 1, bins + 1), method="inverted_cdf")
    )
    found = np.searchsorted(edges[1:-1], column, side="right").astype(object)
    found[(column < edges[0]).to_numpy()] = "below"
    found[(column > edges[-1]).to_numpy()] = "above"
    found[column.isna().to_numpy()] = "missing"
    return found


def test_information_against_scikit_learn() -> None:
    real, synthetic = mixed(700, 0), mixed(600, 1)
    top, weights = 0.0, 0.0
    for first, second in combinations(real.columns, 2):
        ours, theirs = (
            normalized_mutual_info_score(
                *(pd.factorize(codes(side[n], real[n], 10, "width"))[0] for n in (first, second))
            )
            for side in (real, synthetic)
        )
        top += (ours + theirs) * (1 - abs(ours - theirs))
        weights += ours + theirs
    assert NMISimilarity()(pair(real, synthetic)) == pytest.approx(top / weights, abs=1e-9)
    matrix = Association("nmi")(pair(real, synthetic).real)
    assert matrix.loc["c", "d"] == pytest.approx(
        normalized_mutual_info_score(real["c"], real["d"]), abs=1e-12
    )


def test_dependence_against_naive_tables() -> None:
    real = mixed(500, 0)[["c", "d"]].assign(e=mixed(500, 0)["c"] + mixed(500, 3)["d"])
    synthetic = mixed(400, 1)[["c", "d"]].assign(e=mixed(400, 1)["c"] + mixed(400, 4)["d"])

    def apart(frame: pd.DataFrame, first: str, second: str) -> dict[tuple[str, str], float]:
        return {
            (u, v): ((frame[first] == u) & (frame[second] == v)).mean()
            - (frame[first] == u).mean() * (frame[second] == v).mean()
            for u in {*real[first], *synthetic[first]}
            for v in {*real[second], *synthetic[second]}
        }

    gaps, there, product, squares = 0.0, 0.0, 0.0, 0.0
    for first, second in combinations(real.columns, 2):
        ours, theirs = apart(real, first, second), apart(synthetic, first, second)
        a, b = np.array(list(ours.values())), np.array([theirs[cell] for cell in ours])
        gaps, there = gaps + np.abs(a - b).sum(), there + np.abs(a).sum()
        product, squares = product + (a * b).sum(), squares + (a**2 + b**2).sum()
    both = pair(real, synthetic)
    assert DependenceKept()(both) == pytest.approx(1 - gaps / there, abs=1e-12)
    assert DependenceSimilarity()(both) == pytest.approx(2 * product / squares, abs=1e-12)


def copula(real: pd.DataFrame, seed: int) -> pd.DataFrame:
    """A Gaussian copula of ranks: right margins, half the dependence."""
    rng = np.random.default_rng(seed)
    ranked = real.apply(lambda column: column.rank(method="first", na_option="top"))
    scores = np.asarray(stats.norm.ppf((ranked.to_numpy() - 0.5) / len(real)))
    drawn = rng.multivariate_normal(np.zeros(scores.shape[1]), np.corrcoef(scores.T), len(real))
    places = (stats.norm.cdf(drawn) * len(real)).astype(int)
    ordered = {
        name: real[name].to_numpy()[np.argsort(ranked[name].to_numpy())[places[:, at]]]
        for at, name in enumerate(real)
    }
    return pd.DataFrame(ordered)


@pytest.mark.parametrize("rows", [600, 4500])
def test_the_headline_orders_real_rows_a_copula_and_shuffled_columns(rows: int) -> None:
    real, holdout = mixed(rows, 0), mixed(rows, 1)
    real["w"], holdout["w"] = (np.abs(side["x"]) for side in (real, holdout))  # not monotonous
    plan = TablePlan(scores=[Similarity(), TrendSimilarity(), DependenceSimilarity()])
    report = plan.run(pair(real, copula(real, 2), holdout))
    for tag, value in report.items():
        assert report.references[tag] > value > report.floors[tag]
        standing = report.standing(tag)
        assert standing is not None
        assert 0.05 < standing < 0.95
    assert report.references["fidelity/similarity"] - report.floors["fidelity/similarity"] > 0.25
    copy = plan.run(pair(real, real.copy(), holdout))
    assert set(copy.values()) == {1.0}


def test_refusals() -> None:
    one = labels(a="xy")
    for score in (DependenceKept(), DependenceSimilarity(), NMISimilarity()):
        with pytest.raises(UndefinedScoreError, match="needs two columns"):
            score(pair(one, one))
    with pytest.raises(ParameterError, match="`categories` must be at least 1"):
        DependenceKept(categories=0)


def test_similarity_is_a_third_each_columns_pairs_and_dependence() -> None:
    real = pd.DataFrame({"a": list("xxyy"), "b": list("pqpq")})
    synthetic = pd.DataFrame({"a": list("xxyy"), "b": list("ppqq")})
    spec = TableSpec.infer(real)
    tables = TablePair(Table(real, spec), Table(synthetic, spec))
    # Columns are equal; of the four cells with a quarter each, half the mass has moved; the one
    # column decides the other now, which it did not.
    assert Similarity()(tables) == pytest.approx((1 + 0.5 + 0) / 3)
    assert Similarity()(TablePair(tables.real, tables.real)) == 1.0


def test_similarity_of_one_column_is_that_of_the_column() -> None:
    real, synthetic = pd.DataFrame({"a": list("xxyy")}), pd.DataFrame({"a": list("xyyy")})
    spec = TableSpec.infer(real)
    assert Similarity()(TablePair(Table(real, spec), Table(synthetic, spec))) == 0.75


def test_similarity_without_columns_to_compare_is_undefined() -> None:
    keys = pd.DataFrame({"id": range(5)})
    table = Table(keys, TableSpec.infer(keys))
    with pytest.raises(UndefinedScoreError, match="identifier"):
        Similarity()(TablePair(table, table))


@pytest.mark.parametrize(
    "score",
    [
        TrendSimilarity(),
        ContingencySimilarity(min_association=0.01),
        DependenceKept(),
        DependenceSimilarity(),
        NMISimilarity(),
        CorrelationDistance(),
        CorrelationDistance(Association("theils_u")),
    ],
    ids=lambda score: str(type(score).__name__),
)
def test_pairs_in_parts_have_the_scores_of_all_at_once(
    score: Callable[[TablePair], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        x = rng.normal(size=80)
        x[rng.random(80) < 0.2] = np.nan
        letters = {name: rng.choice(list("pqrs"), 80) for name in "abcd"}
        return pd.DataFrame({"x": x, "y": rng.normal(size=80) + np.nan_to_num(x), **letters})

    spec = TableSpec.infer(made(0))
    whole, parts = (TablePair(Table(made(0), spec), Table(made(1), spec)) for _ in range(2))
    expected = score(whole)
    monkeypatch.setattr(crosstab, "_PAIRS", 4)
    assert score(parts) == pytest.approx(expected, rel=1e-13)
