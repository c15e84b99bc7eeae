"""Every score and array, against every property: one table of parts, crossed by the checks.

Tables are generated with what real ones are full of: constants, columns without values, single
rows, new categories, extension dtypes, mixed objects, enormous and tiny numbers, odd names.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthproto.artifacts.associations import Association
from synthproto.artifacts.columns import (
    Complement,
    JSDistance,
    KSDistance,
    Mean,
    MeanJSDistance,
    ShapeDistance,
    TotalVariation,
)
from synthproto.artifacts.pairs import (
    ContingencySimilarity,
    CorrelationDistance,
    CorrelationSimilarity,
    PairTrends,
    TrendSimilarity,
)
from synthproto.artifacts.statistics import (
    AssociationMatrices,
    Histograms,
    Juxtaposition,
    MissingRateDifference,
    StatisticDifference,
    StatisticSimilarity,
    WassersteinDistance,
)
from synthproto.artifacts.validity import (
    BoundaryAdherence,
    CategoryAdherence,
    CategoryCoverage,
    ExactDtypes,
    KeyUniqueness,
    RangeCoverage,
)
from synthproto.data.spec import Column, Kind, TableSpec
from synthproto.data.table import Table, TablePair
from synthproto.errors import SchemaError, UndefinedScoreError
from synthproto.presets.artifact_core import ArtifactCoreJSDistance, ScriptJSDivergence
from synthproto.presets.sdmetrics import SDMetricsStructure, SDMetricsTrends, SDMetricsValidity

Part = Callable[[TablePair], Any]

# In [0, 1], one number or one for each column; 0 or 1 is best.
SHARES: list[Part] = [
    JSDistance(),
    JSDistance(bins=3, rule="width"),
    MeanJSDistance(),
    KSDistance(),
    KSDistance(decimals=14),
    TotalVariation(kinds=("continuous", "datetime", "categorical", "boolean")),
    TotalVariation(missing=False),
    ShapeDistance(),
    Mean(ShapeDistance()),
    Complement(KSDistance()),
    MissingRateDifference(),
    StatisticSimilarity("mean"),
    StatisticSimilarity("std"),
    StatisticSimilarity("median"),
    CorrelationSimilarity(),
    CorrelationSimilarity("spearman"),
    ContingencySimilarity(),
    ContingencySimilarity(min_association=0.2),
    TrendSimilarity(),
    SDMetricsTrends(0.0, 0.0),
    SDMetricsTrends(),
    BoundaryAdherence(),
    CategoryAdherence(),
    RangeCoverage(),
    CategoryCoverage(),
    ExactDtypes(),
    SDMetricsValidity(),
    SDMetricsStructure(),
    ArtifactCoreJSDistance(bins=7),
]
# At least 0; 0 is best.
DISTANCES: list[Part] = [
    CorrelationDistance(),
    CorrelationDistance(Association("theils_u", "spearman"), "mae"),
    CorrelationDistance(Association(numeric="kendall", yates=True, missing="zero"), "l2"),
    CorrelationDistance(metric="cosine", diagonal=True),
    WassersteinDistance(),
    WassersteinDistance("iqr"),
    StatisticDifference("variance"),
    ScriptJSDivergence(),
]
# Not about the distance of two tables.
OTHERS: list[Part] = [KeyUniqueness(("categorical", "identifier", "continuous"))]
ARRAYS: list[Part] = [
    *(Juxtaposition(name) for name in ("mean", "std", "median", "first_quartile", "max")),
    AssociationMatrices(),
    Histograms(bins=4),
    PairTrends(min_association=0.1),
]
ALL = [*SHARES, *DISTANCES, *OTHERS, *ARRAYS]


def numbers(value: Any) -> dict[str, float]:
    """All numbers of what a part gave, by some name."""
    if isinstance(value, pd.DataFrame):
        return {f"{i},{j}": v for j in value for i, v in enumerate(value[j].tolist())}
    if isinstance(value, Mapping):
        return {f"{k}/{n}": v for k, item in value.items() for n, v in numbers(item).items()}
    return {"": float(value)}


def outcome(part: Part, pair: TablePair) -> dict[str, float] | str:
    """What a part gives; of a declared error its message."""
    try:
        return numbers(part(pair))
    except UndefinedScoreError as error:
        return str(error)


# --- tables -----------------------------------------------------------------------------------

Maker = Callable[[np.random.Generator, int], Any]


def some(rng: np.random.Generator, values: list[Any], n: int) -> Any:
    return [values[place] for place in rng.integers(0, len(values), n)]


def gappy(maker: Maker) -> Maker:
    def make(rng: np.random.Generator, n: int) -> pd.Series:
        series = pd.Series(maker(rng, n))
        return series.mask(pd.Series(rng.random(n) < 0.4))

    return make


MAKERS: dict[str, tuple[Kind, Maker]] = {
    "normal": ("continuous", lambda rng, n: rng.normal(size=n)),
    "gaps": ("continuous", gappy(lambda rng, n: rng.normal(size=n))),
    "few": ("continuous", lambda rng, n: rng.integers(0, 3, n)),
    "tail": ("continuous", lambda rng, n: np.exp(rng.normal(size=n) * 20)),
    "constant": ("continuous", lambda rng, n: np.full(n, 0.1)),
    "own constant": ("continuous", lambda rng, n: np.full(n, rng.normal())),
    "nothing": ("continuous", lambda rng, n: np.full(n, np.nan)),
    "maybe nothing": (
        "continuous",
        lambda rng, n: np.full(n, np.nan) if rng.random() < 0.5 else rng.normal(size=n),
    ),
    "enormous": ("continuous", lambda rng, n: rng.normal(size=n) * 1e149),
    "tiny": ("continuous", lambda rng, n: rng.normal(size=n) * 1e-310),
    "narrow": ("continuous", lambda rng, n: 1e15 + rng.integers(0, 3, n)),
    "far": ("continuous", lambda rng, n: rng.normal(size=n) + rng.choice([0.0, 1e12])),
    "float32": ("continuous", lambda rng, n: rng.normal(size=n).astype(np.float32)),
    "Int64": (
        "continuous",
        lambda rng, n: pd.array(some(rng, [1, 2, 2**60, None], n), dtype="Int64"),
    ),
    "labels": ("categorical", lambda rng, n: some(rng, ["a", "b", "ä/ö 1"], n)),
    "own labels": (
        "categorical",
        lambda rng, n: some(rng, [f"{rng.integers(0, 9)}" for _ in range(4)], n),
    ),
    "label gaps": ("categorical", lambda rng, n: some(rng, ["a", "b", None, np.nan], n)),
    "no labels": ("categorical", lambda rng, n: [None] * n),
    "mixed": (
        "categorical",
        lambda rng, n: pd.Series(
            some(rng, [1, "1", 1.5, True, None, (2, 3), pd.NaT], n), dtype=object
        ),
    ),
    "string": (
        "categorical",
        lambda rng, n: pd.array(some(rng, ["x", "", None], n), dtype="string"),
    ),
    "unused": (
        "categorical",
        lambda rng, n: pd.Categorical(some(rng, ["u", "v"], n), categories=["t", "u", "v", "w"]),
    ),
    "many": ("categorical", lambda rng, n: rng.integers(0, 10**6, n).astype(str)),
    "bool": ("boolean", lambda rng, n: rng.random(n) < 0.5),
    "boolean": (
        "boolean",
        lambda rng, n: pd.array(some(rng, [True, False, None], n), dtype="boolean"),
    ),
    "naive": (
        "datetime",
        lambda rng, n: pd.Series(pd.to_datetime(rng.integers(0, 2**31, n), unit="s")),
    ),
    "zoned": (
        "datetime",
        lambda rng, n: pd.Series(
            pd.to_datetime(some(rng, ["2020-03-01 12:00", "1901-01-01 00:00", None], n), utc=True)
        ).dt.tz_convert("Asia/Tokyo"),
    ),
    "key": ("identifier", lambda rng, n: some(rng, ["k1", "k2", "k3", None], n)),
    "text": ("text", lambda rng, n: some(rng, ["some words", "und mehr\nWörter"], n)),
}


def table(names: list[str], seed: int, rows: int, name: str) -> Table:
    rng = np.random.default_rng(seed)
    columns = {f"{place} {maker}": MAKERS[maker] for place, maker in enumerate(names)}
    frame = pd.DataFrame({name: pd.Series(make(rng, rows)) for name, (_, make) in columns.items()})
    frame.index = pd.Index(rng.permutation(rows))  # it must not matter
    spec = TableSpec(tuple(Column(column, kind) for column, (kind, _) in columns.items()))
    return Table(frame, spec, name=name)


@st.composite
def pairs(draw: st.DrawFn) -> TablePair:
    names = draw(st.lists(st.sampled_from(sorted(MAKERS)), min_size=1, max_size=4))
    rows = st.sampled_from([1, 2, 3, 8, 40])
    seed = draw(st.integers(0, 2**16))
    return TablePair(
        table(names, seed, draw(rows), "real table"),
        table(names, seed + 1, draw(rows), "synthetic table"),
    )


# --- properties -------------------------------------------------------------------------------


@settings(max_examples=950)
@given(pairs())
def test_all_parts_give_finite_numbers_or_name_what_is_undefined(pair: TablePair) -> None:
    with np.errstate(all="raise", under="ignore"):
        for part in ALL:
            found = outcome(part, pair)
            if isinstance(found, str):
                names_a_column = any(repr(name) in found for name in pair.spec.names)
                assert names_a_column or "is undefined" in found, found
                continue
            assert all(np.isfinite(v) for v in found.values()), (part, found, pair.real.frame)
            if part in SHARES:
                assert all(0 <= v <= 1 for v in found.values()), (part, found)
            if part in DISTANCES:
                assert all(v >= 0 for v in found.values()), (part, found)


@settings(max_examples=400)
@given(pairs())
def test_a_copy_is_best(pair: TablePair) -> None:
    real = pair.real
    copy = TablePair(real, Table(real.frame.copy(), real.spec))
    for part in [*SHARES, *DISTANCES]:
        found = outcome(part, copy)
        if not isinstance(found, str):
            best = getattr(part, "best")  # noqa: B009  parts here are only callables
            assert all(v == pytest.approx(best, abs=1e-12) for v in found.values()), (part, found)


@settings(max_examples=400)
@given(pairs(), st.integers(0, 2**16))
def test_the_order_of_rows_and_the_names_of_categories_do_not_matter(
    pair: TablePair, seed: int
) -> None:
    def changed(side: Table) -> Table:
        order = np.random.default_rng(seed).permutation(len(side))
        frame = side.frame.iloc[order].reset_index(drop=True)
        for name in ("labels", "own labels", "many"):
            for column in [c for c in frame.columns if c.split(" ", 1)[1] == name]:
                frame[column] = frame[column].map(lambda label: f"~{label!s}")
        return Table(frame, side.spec, name=side.name)

    other = TablePair(changed(pair.real), changed(pair.synthetic))
    for part in [*SHARES, *DISTANCES, *OTHERS]:
        before, after = outcome(part, pair), outcome(part, other)
        if isinstance(before, str) or isinstance(after, str):
            assert before == after
        else:
            assert before.keys() == after.keys()
            for tag, value in before.items():
                assert after[tag] == pytest.approx(value, rel=1e-9, abs=1e-9), (part, tag)


@settings(max_examples=250)
@given(pairs())
def test_the_same_tables_give_the_same_numbers(pair: TablePair) -> None:
    again = TablePair(
        Table(pair.real.frame, pair.spec, name=pair.real.name),
        Table(pair.synthetic.frame, pair.spec, name=pair.synthetic.name),
    )
    for part in ALL:
        assert outcome(part, pair) == outcome(part, again)


WORST_WHEN_DISJOINT: dict[str, tuple[Part, float]] = {
    "js": (JSDistance(), 1.0),
    "ks": (KSDistance(), 1.0),
    "total variation": (TotalVariation(kinds=("continuous", "categorical", "datetime")), 1.0),
    "shape": (Mean(ShapeDistance()), 1.0),
    "contingency": (ContingencySimilarity(), 0.0),
    "boundary": (BoundaryAdherence(), 0.0),
    "category": (CategoryAdherence(), 0.0),
    "range": (RangeCoverage(), 0.0),
    "categories": (CategoryCoverage(), 0.0),
    "statistic": (StatisticSimilarity(), 0.0),
}


@pytest.mark.parametrize("name", WORST_WHEN_DISJOINT)
@given(seed=st.integers(0, 2**16), rows=st.integers(2, 30), sign=st.sampled_from([-1.0, 1.0]))
@settings(max_examples=10)
def test_disjoint_tables_are_worst(name: str, seed: int, rows: int, sign: float) -> None:
    part, worst = WORST_WHEN_DISJOINT[name]
    rng = np.random.default_rng(seed)
    values = rng.normal(size=rows)

    def frame(offset: float, letter: str) -> pd.DataFrame:
        when = pd.Timestamp("2020-01-01") + pd.to_timedelta((values + offset) * 86400, "s")
        labels = [f"{letter}{place}" for place in rng.integers(0, 3, rows)]
        return pd.DataFrame({"x": values + offset, "c": labels, "t": when})

    real = frame(0.0, "a")
    spec = TableSpec.infer(real, categorical=["c"])
    found = numbers(part(TablePair(Table(real, spec), Table(frame(sign * 100, "b"), spec))))
    assert found
    assert all(value == pytest.approx(worst, abs=1e-12) for value in found.values())


def test_infinite_values_are_an_error_that_names_the_column() -> None:
    frame = pd.DataFrame({"a b/ü": [1.0, -np.inf]})
    with pytest.raises(SchemaError, match="'a b/ü'"):
        Table(frame, TableSpec.infer(frame))


def test_ten_thousand_categories_on_either_side() -> None:
    rng = np.random.default_rng(0)
    frames = [
        pd.DataFrame({name: rng.integers(0, 10_000, 12_000).astype(str) for name in "ab"})
        for _ in range(2)
    ]
    spec = TableSpec.infer(frames[0], categorical=["a", "b"])
    pair = TablePair(*(Table(frame, spec) for frame in frames))
    for part in ALL:
        found = outcome(part, pair)
        assert isinstance(found, str) or np.isfinite(list(found.values())).all()
