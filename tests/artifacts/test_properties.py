"""Every score and array, against every property: one table of parts, crossed by the checks.

Tables are generated with what real ones are full of: constants, columns without values, single
rows, new categories, extension dtypes, mixed objects, enormous and tiny numbers, odd names.
"""

import pkgutil
import re
from collections.abc import Callable, Mapping
from importlib import import_module
from itertools import product
from typing import Any, get_origin, get_type_hints

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import Protocol

import synthproto.artifacts
import synthproto.presets
from synthproto.artifacts.associations import Association
from synthproto.artifacts.attacks import AttributeInference, EpsilonBound, MembershipInference
from synthproto.artifacts.columns import (
    Complement,
    JSDistance,
    KSDistance,
    Mean,
    MeanJSDistance,
    ShapeDistance,
    TotalVariation,
    Within,
)
from synthproto.artifacts.dependence import (
    DependenceKept,
    DependenceSimilarity,
    NMISimilarity,
    Similarity,
)
from synthproto.artifacts.detection import C2ST, C2STAUC, C2STZ
from synthproto.artifacts.joint import MMD, PRDC, AlphaPrecision, Authenticity, BetaRecall
from synthproto.artifacts.pairs import (
    ContingencySimilarity,
    CorrelationDistance,
    CorrelationSimilarity,
    PairTrends,
    TrendSimilarity,
)
from synthproto.artifacts.privacy import DCR, NNDR, DCRShare, ExactMatchShare
from synthproto.artifacts.reidentification import Linkability, SinglingOut
from synthproto.artifacts.searches import Sampled
from synthproto.artifacts.searches import Value as SampledValue
from synthproto.artifacts.statistics import (
    AssociationMatrices,
    Histograms,
    Juxtaposition,
    MissingRateDifference,
    StatisticDifference,
    StatisticSimilarity,
    WassersteinDistance,
)
from synthproto.artifacts.utility import TRTR, TSTR, PredictabilityKept, UtilityGap
from synthproto.artifacts.validity import (
    BoundaryAdherence,
    CategoryAdherence,
    CategoryCoverage,
    ExactDtypes,
    KeyUniqueness,
    RangeCoverage,
)
from synthproto.checks import about, tag_of
from synthproto.cli.compare.words import words_of
from synthproto.contracts import Described
from synthproto.data.pair import Pair, TablePair
from synthproto.data.spec import Column, Kind, TableSpec
from synthproto.data.table import Table
from synthproto.errors import SchemaError, UndefinedScoreError
from synthproto.plan import TablePlan
from synthproto.presets.artifact_core import ArtifactCoreJSDistance, ScriptJSDivergence
from synthproto.presets.sdmetrics import SDMetricsStructure, SDMetricsTrends, SDMetricsValidity
from synthproto.presets.tabsyn import PaperRow, PublishedRow
from synthproto.report import Report
from tests.cases import cases

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
    TrendSimilarity(rule="width"),
    NMISimilarity(),
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


# Scores that need more than a table of two sides: a target, secrets, a classifier, another score.
FURTHER: list[Part] = [
    Within("c", ShapeDistance()),
    DependenceKept(),
    DependenceSimilarity(),
    PredictabilityKept("linear"),
    AlphaPrecision(),
    BetaRecall(),
    PRDC(),
    Authenticity(),
    MMD(),
    MMD("unbiased"),
    C2ST("linear", folds=2),
    C2ST("trees", folds=2),
    C2STAUC("linear", folds=2),
    C2STZ("linear", folds=2),
    ExactMatchShare(),
    DCR(),
    NNDR(),
    DCRShare(),
    MembershipInference((0.1,)),
    AttributeInference(("c",)),
    EpsilonBound(),
    SinglingOut(1, attacks=50),
    SinglingOut(2, attacks=50),
    Linkability(attacks=50),
    TSTR("c", ("linear",), 1),
    TSTR("x", ("linear",), 1),
    TRTR("c", ("linear",), 1),
    UtilityGap("c", ("linear",), 1),
    UtilityGap("x", ("linear",), 1),
    PredictabilityKept("linear"),
    PaperRow("c"),
    PublishedRow("c"),
    Similarity(),
    Sampled(MeanJSDistance(), 50),
]
SCORES = [*SHARES, *DISTANCES, *OTHERS, *FURTHER]

NO_REFERENCE = {
    "privacy/dcr_share/low": "an end of the interval of a share that has one",
    "privacy/dcr_share/high": "an end of the interval of a share that has one",
    "privacy/membership_inference": "ends of intervals of areas and rates that have one",
    "privacy/singling_out": "its control is among its entries",
    "privacy/linkability": "its control is among its entries",
    "privacy/attribute_inference": "its control is among its entries",
    "utility/predictability_kept": "is itself a share of what real rows reach",
    "utility/trtr": "is itself the reference of TSTR",
    "validity/key_uniqueness": "a promise of the key, not a question of sampling",
}
NOT_BEST_OF_COPIES = {
    Authenticity: "0 for copies, which is what it is for",
    C2STZ: "copies in other folds mislead the classifier below 0",
    C2STAUC: "copies in other folds mislead the classifier below 0.5",
    PRDC: "density may exceed 1",
    DCRShare: "1 for copies, which is what it is for",
    MembershipInference: "names all copies",
    AttributeInference: "the secrets of copies are betrayed",
    EpsilonBound: "a bound of what copies betray",
    SinglingOut: "copies are singled out",
    Linkability: "copies are linked",
    PublishedRow: "one entry is the DCR share; alpha is short of 1 by a step of its curve",
    PaperRow: "one entry is the DCR share, another a prediction",
    TSTR: "predicts no better than real rows do",
    TRTR: "is about the real table alone",
    UtilityGap: "trained on other draws of the same rows, the gap is small, not 0",
    BetaRecall: "the curve rises in steps of whole rows",
    KeyUniqueness: "keys of the synthetic table alone",
    MMD: "the unbiased estimate may be below 0",
}
NOT_WORST_OF_DISJOINT: dict[type, str] = {
    Complement: "of distances whose best end is the other",
    CorrelationDistance: "columns may depend on each other as they should",
    CorrelationSimilarity: "columns may depend on each other as they should",
    TrendSimilarity: "its pairs of numbers are compared by correlations",
    SDMetricsTrends: "each side has bins of its own",
    SDMetricsStructure: "the dtypes are equal",
    ExactDtypes: "the dtypes are equal",
    KeyUniqueness: "keys of the synthetic table alone",
    MissingRateDifference: "neither side has missing values",
    StatisticSimilarity: "of spreads, which are equal",
    Similarity: "a third of it is the similarity of pairs",
    DependenceKept: "columns may depend on each other as they should",
    DependenceSimilarity: "columns may depend on each other as they should",
    NMISimilarity: "columns may depend on each other as they should",
    StatisticDifference: "of variances, which are equal",
    MMD: "its kernel has a width beyond which all is equally far",
    BetaRecall: "the integral of a curve that starts at 0 is not 0 for no recall",
    AlphaPrecision: "the integral of a curve that ends at 1 is not 0 for none",
    C2STZ: "best in the middle of its range",
    C2STAUC: "best in the middle of its range",
    PRDC: "best in the middle of the range of its density",
    Authenticity: "best in the middle of its range",
    DCRShare: "rows far from both tables are as close to the one as to the other",
    MembershipInference: "betrays nobody",
    AttributeInference: "betrays nobody",
    EpsilonBound: "betrays nobody",
    SinglingOut: "betrays nobody",
    Linkability: "betrays nobody",
    TSTR: "guesses are not the worst predictions",
    TRTR: "is about the real table alone",
    UtilityGap: "guesses are not the worst predictions",
    PaperRow: "has several entries",
    PublishedRow: "has several entries",
    ExactMatchShare: "disjoint tables share no row, which is its best",
    DCR: "far rows are its better end",
    NNDR: "far rows are its better end",
    ArtifactCoreJSDistance: "drops categories that are new",
}


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


@settings(max_examples=cases(600))
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


@pytest.mark.interpreter_independent
@settings(max_examples=cases(250))
@given(pairs())
def test_a_copy_is_best(pair: TablePair) -> None:
    real = pair.real
    copy = TablePair(real, Table(real.frame.copy(), real.spec))
    for part in [*SHARES, *DISTANCES]:
        found = outcome(part, copy)
        if not isinstance(found, str):
            best = getattr(part, "best")  # noqa: B009  parts here are only callables
            assert all(v == pytest.approx(best, abs=1e-12) for v in found.values()), (part, found)


@pytest.mark.interpreter_independent
@settings(max_examples=cases(250))
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


@pytest.mark.interpreter_independent
@settings(max_examples=cases(150))
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


# --- what a score says of itself --------------------------------------------------------------


def public_scores() -> set[type]:
    """All public classes of the rooms of scores that give a number, or numbers, of a pair."""
    found = set()
    for room in (synthproto.artifacts, synthproto.presets):
        for module in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
            if module.ispkg:
                continue
            for name, owner in vars(import_module(module.name)).items():
                if not isinstance(owner, type) or name.startswith("_"):
                    continue
                if owner.__module__ == module.name and gives_numbers(owner):
                    found.add(owner)
    return found


def gives_numbers(owner: type) -> bool:
    if "__call__" not in vars(owner) or issubclass(owner, Protocol):
        return False
    hints = get_type_hints(owner.__call__)
    takes = [hint for name, hint in hints.items() if name != "return"]
    numbers = hints["return"] in (float, dict[str, float], SampledValue)
    return numbers and [get_origin(hint) for hint in takes] == [Pair]


def test_no_public_score_is_forgotten() -> None:
    assert public_scores() - {Mean} == {type(part) for part in SCORES} - {Mean}
    assert len(public_scores()) > 40


def small(rows: int, seed: int, letters: str = "abc", offset: float = 0.0) -> Table:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows) + offset
    frame = pd.DataFrame(
        {
            "x": x,
            "y": x + rng.normal(size=rows),
            "c": np.array(list(letters))[(x > offset) + rng.integers(0, 2, rows)],
            "d": np.array(list(letters))[rng.integers(0, 3, rows)],
            "k": rng.permutation(rows).astype(str),
        }
    )
    return Table(frame, SMALL)


SMALL = TableSpec(
    (
        Column("x", "continuous"),
        Column("y", "continuous"),
        Column("c", "categorical"),
        Column("d", "categorical"),
        Column("k", "identifier"),
    )
)


def report(part: Part, pair: TablePair) -> Report:
    return TablePlan(scores=[part]).run(pair)


@pytest.mark.parametrize("part", FURTHER, ids=repr)
def test_the_order_of_rows_does_not_matter_to_scores_of_whole_rows(part: Part) -> None:
    if isinstance(part, Sampled):
        return  # draws by row number, so that pieces of a table draw alike
    tied = [small(60, seed).frame.round() for seed in range(3)]
    mixed = [side.sample(frac=1, random_state=7, ignore_index=True) for side in tied]
    plan = TablePlan(scores=[part], floors=False)
    before, after = (
        plan.run(TablePair(*(Table(side, SMALL) for side in sides))) for sides in (tied, mixed)
    )
    assert dict(after) == pytest.approx(dict(before), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("part", SCORES, ids=repr)
def test_a_score_says_its_name_its_best_and_its_bounds(part: Part) -> None:
    said: object = part  # a checker takes a function type to have no members
    assert isinstance(said, Described)
    assert re.fullmatch(r"(fidelity|joint|validity|utility|privacy|paper)/[a-z0-9_]+", tag_of(part))
    assert about(part).bounds is not None
    found = report(part, TablePair(small(60, 0), small(50, 1), small(40, 2)))
    assert set(found) == set(found.bounds)
    for tag, value in found.items():
        low, high = found.bounds[tag]
        assert low <= value <= high, tag
        assert tag not in found.best or low <= found.best[tag] <= high, tag
    assert found.directions, "neither end is better"


@pytest.mark.parametrize("part", SCORES, ids=repr)
def test_a_score_has_a_reference_or_says_why_not(part: Part) -> None:
    found = report(part, TablePair(small(60, 0), small(50, 1), small(40, 2)))
    without = {
        tag for tag in found if not any(f"{tag}/".startswith(f"{key}/") for key in NO_REFERENCE)
    }
    assert without <= set(found.references)


@pytest.mark.parametrize("part", SCORES, ids=repr)
def test_a_score_has_words_in_the_page(part: Part) -> None:
    if not isinstance(part, (Complement, Mean, Sampled, Within)):  # of whatever they are made of
        assert words_of(tag_of(part)) is not None


@pytest.mark.parametrize("part", FURTHER, ids=repr)
def test_awkward_tables_give_numbers_or_say_what_is_undefined(part: Part) -> None:
    def changed(**columns: Any) -> Table:
        return Table(small(12, 3).frame.assign(**columns), SMALL)

    awkward = [
        changed(x=np.nan),
        changed(x=0.1),
        changed(c="a"),
        changed(c=None, d=None),
        changed(x=1e149, y=-1e149),
        changed(y=[1e-310] * 11 + [0.0]),
        changed(d=[f"{n}" for n in range(12)]),
        Table(small(12, 3).frame.head(1), SMALL),
    ]
    with np.errstate(all="raise", under="ignore"):
        for real, synthetic, holdout in product(awkward[:4] + awkward[-2:], awkward, [awkward[6]]):
            try:
                found = report(part, TablePair(real, synthetic, holdout))
            except (UndefinedScoreError, SchemaError):
                continue
            for tag, value in found.items():
                assert found.bounds[tag][0] <= value <= found.bounds[tag][1], tag


@pytest.mark.parametrize("part", SCORES, ids=repr)
def test_identical_tables_are_best(part: Part) -> None:
    if type(part) in NOT_BEST_OF_COPIES:
        return
    real = small(60, 0)
    found = report(part, TablePair(real, Table(real.frame, SMALL), small(40, 2)))
    for tag, best in found.best.items():
        assert found[tag] == pytest.approx(best, abs=1e-9), tag


@pytest.mark.parametrize("part", SCORES, ids=repr)
def test_disjoint_tables_are_worst_or_it_is_said_why_not(part: Part) -> None:
    if type(part) in NOT_WORST_OF_DISJOINT:
        return
    found = report(part, TablePair(small(60, 0), small(60, 1, "uvw", 1e6), small(40, 2)))
    for tag, value in found.items():
        low, high = found.bounds[tag]
        worst = high if found.directions[tag] == "lower" else low
        if np.isfinite(worst):
            assert value == pytest.approx(worst, abs=0.05), tag
        else:
            assert value > 10, tag
