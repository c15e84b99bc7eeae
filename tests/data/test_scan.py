"""Scans give the numbers of tables, however their rows are cut and whatever reads them."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synthproto
from synthproto.artifacts.attacks import AttributeInference
from synthproto.artifacts.columns import JSDistance, KSDistance, Mean, ShapeDistance
from synthproto.artifacts.dependence import DependenceSimilarity, NMISimilarity, Similarity
from synthproto.artifacts.detection import C2ST
from synthproto.artifacts.pairs import (
    ContingencySimilarity,
    CorrelationDistance,
    CorrelationSimilarity,
    TrendSimilarity,
)
from synthproto.artifacts.privacy import DCR
from synthproto.artifacts.searches import Sampled
from synthproto.artifacts.statistics import (
    AssociationMatrices,
    Histograms,
    Juxtaposition,
    MissingRateDifference,
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
from synthproto.contracts import Score
from synthproto.data import distribution, merging, scan
from synthproto.data.file_pieces import parquet_pieces
from synthproto.data.merging import Sample
from synthproto.data.pair import Pair, SummaryPair, TablePair
from synthproto.data.pieces import Map
from synthproto.data.scan import Scan
from synthproto.data.spec import TableSpec
from synthproto.data.summary import Summary
from synthproto.data.table import Table
from synthproto.errors import ParameterError, SchemaError, UndefinedScoreError
from synthproto.plan import Plan
from synthproto.presets.sdmetrics import (
    SDMetricsStructure,
    SDMetricsTrends,
    sdmetrics_diagnostic,
    sdmetrics_quality,
)
from tests.cases import cases

SCORES: Sequence[Score[SummaryPair]] = (
    Similarity(),
    JSDistance(),
    JSDistance(5, "width", name="js_of_widths"),
    ShapeDistance(),
    Mean(KSDistance(1), "rounded"),
    TrendSimilarity(),
    ContingencySimilarity(min_association=0.1),
    CorrelationSimilarity(),
    WassersteinDistance(),
    WassersteinDistance("iqr", name="wasserstein_of_quartiles"),
    DependenceSimilarity(),
    NMISimilarity(),
    CorrelationDistance(),
    MissingRateDifference(),
    BoundaryAdherence(),
    CategoryAdherence(),
    CategoryCoverage(),
    RangeCoverage(),
    KeyUniqueness(),
    ExactDtypes(),
    StatisticSimilarity("median"),
    StatisticSimilarity("std"),
    *sdmetrics_quality(0, 0),
    *sdmetrics_diagnostic(),
)


def slices(frame: pd.DataFrame, cuts: Sequence[int]) -> list[Callable[[], pd.DataFrame]]:
    ends = sorted({0, len(frame), *(min(cut, len(frame)) for cut in cuts)})
    return [partial(part, frame, a, b) for a, b in pairwise(ends)]


def part(frame: pd.DataFrame, start: int, end: int) -> pd.DataFrame:
    return frame[start:end]


def outcomes(pair: SummaryPair, scores: Sequence[Score[SummaryPair]]) -> dict[str, object]:
    """What each score gives, or the error that it raises."""
    found: dict[str, object] = {}
    for score in scores:
        name = str(getattr(score, "name", score))
        try:
            found[name] = score(pair)
        except (UndefinedScoreError, ParameterError) as error:
            found[name] = f"{type(error).__name__}: {error}"
    return found


def assert_close(ours: Mapping[str, object], theirs: Mapping[str, object]) -> None:
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        if isinstance(value, str):
            assert ours[name] == value, name
        else:
            assert ours[name] == pytest.approx(value, rel=1e-12, abs=1e-12), name


LABELS = st.sampled_from(["a", "b", "c", "7", "7.0", "Ä", None])
NUMBERS = st.one_of(
    st.sampled_from([0.0, 1.0, 0.1, 1 / 3, -2.5, 1e6, np.nan]),
    st.floats(-1e4, 1e4, width=32),
    st.floats(-100, 100),
)


@st.composite
def sides(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame, list[int]]:
    frames = []
    for _ in range(2):
        rows = draw(st.integers(2, 40))
        columns = {
            "x": draw(st.lists(NUMBERS, min_size=rows, max_size=rows)),
            "y": draw(st.lists(st.integers(-3, 3), min_size=rows, max_size=rows)),
            "c": draw(st.lists(LABELS, min_size=rows, max_size=rows)),
            "d": draw(st.lists(st.booleans(), min_size=rows, max_size=rows)),
            "i": draw(st.lists(st.sampled_from("pqrst"), min_size=rows, max_size=rows)),
        }
        frame = pd.DataFrame(columns)
        frames.append(frame.assign(c=frame["c"].astype(object)))
    return frames[0], frames[1], draw(st.lists(st.integers(0, 40), max_size=6))


SPEC = TableSpec.infer(
    pd.DataFrame({"x": [0.5], "y": [1], "c": ["a"], "d": [True], "i": ["p"]}),
    continuous=["x", "y"],
    categorical=["c"],
    boolean=["d"],
    identifier=["i"],
)


def check_sides(real: pd.DataFrame, synthetic: pd.DataFrame, cuts: list[int]) -> None:
    tables = TablePair(Table(real, SPEC), Table(synthetic, SPEC))
    scans = Pair[Summary](
        *(Scan(slices(frame, cuts), SPEC, pieces_a_job=2) for frame in (real, synthetic))
    )
    expected = outcomes(tables, SCORES)
    assert_close(outcomes(scans, SCORES), expected)


@settings(max_examples=cases(100), deadline=None)
@given(sides())
def test_scans_give_the_numbers_of_tables(
    drawn: tuple[pd.DataFrame, pd.DataFrame, list[int]],
) -> None:
    check_sides(*drawn)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@given(sides())
def test_scans_give_the_numbers_of_tables_often(
    drawn: tuple[pd.DataFrame, pd.DataFrame, list[int]],
) -> None:
    check_sides(*drawn)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a few numbers were too many to be known one by one."""
    for module in (distribution, merging):
        monkeypatch.setattr(module, "EXACT", 5)
    monkeypatch.setattr(distribution, "POINTS", 4)
    monkeypatch.setattr(scan, "GRID", 4)


def check_many(real: pd.DataFrame, synthetic: pd.DataFrame, cuts: list[int]) -> None:
    """Of columns of too many numbers: what is computed exactly all the same."""
    numeric = SPEC_OF_MANY
    scores = [s for s in SCORES if type(s).__name__[:4] not in ("SDMe", "Wass")]
    tables = TablePair(Table(real, numeric), Table(synthetic, numeric))
    scans = Pair[Summary](*(Scan(slices(f, cuts), numeric) for f in (real, synthetic)))
    assert_close(outcomes(scans, scores), outcomes(tables, scores))
    mixed = Pair[Summary](Scan(slices(real, cuts), numeric), Table(synthetic, numeric))
    assert_close(outcomes(mixed, scores), outcomes(tables, scores))


SPEC_OF_MANY = TableSpec(tuple(c for c in SPEC.columns if c.name in ("x", "y", "c")))


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("seed", range(12))
def test_columns_of_too_many_numbers_give_the_same_numbers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frames = []
    for rows in rng.integers(20, 300, 2):
        x = rng.choice([rng.normal(size=rows), rng.integers(0, 9, rows), np.zeros(rows)], axis=0)
        x = np.where(rng.random(rows) < 0.4, x, rng.exponential(size=rows).round(2))
        x[rng.random(rows) < 0.1] = np.nan
        labels = pd.Series(rng.choice(["a", "b", "new"], rows)).astype(object)
        frames.append(pd.DataFrame({"x": x, "y": rng.integers(-9, 9, rows) ** 2, "c": labels}))
    check_many(frames[0], frames[1], rng.integers(0, 300, 5).tolist())


@pytest.mark.parametrize("few", [True, False])
def test_what_is_bounded_is_near(monkeypatch: pytest.MonkeyPatch, few: bool) -> None:
    if not few:
        for module in (distribution, merging):
            monkeypatch.setattr(module, "EXACT", 900)
        monkeypatch.setattr(distribution, "POINTS", 300)
        monkeypatch.setattr(scan, "GRID", 200)
    x = RNG.normal(size=2000)
    frame = pd.DataFrame(
        {"x": x, "y": np.exp(x + RNG.normal(size=2000)), "n": RNG.integers(0, 9, 2000)}
    )
    spec = TableSpec.infer(frame, continuous=["n"])
    tables = TablePair(*(Table(f, spec) for f in (frame[:1100], frame[1100:] * 1.5)))
    scans = Pair(*(Scan(slices(f.frame, [300]), spec) for f in (tables.real, tables.synthetic)))
    ranked = CorrelationSimilarity("spearman")
    near = 1e-12 if few else 0.003
    assert ranked(scans) == pytest.approx(ranked(tables), abs=near)
    for scale in ("std", "range"):
        part = WassersteinDistance(scale)
        assert part(scans) == pytest.approx(part(tables), abs=near)


# --- engines --------------------------------------------------------------------------------------

RNG = np.random.default_rng(3)
ROWS = 4_000
MANY = pd.DataFrame(
    {
        "x": RNG.normal(size=ROWS),
        "y": RNG.integers(0, 50, ROWS),
        "c": RNG.choice(["a", "b", "c"], ROWS),
        "t": pd.Timestamp("2024-01-01") + pd.to_timedelta(RNG.integers(0, 10**7, ROWS), unit="s"),
    }
)
MANY.loc[::9, "x"] = np.nan
OTHER = MANY.sample(frac=0.8, random_state=1).assign(y=lambda f: f["y"] // 2)
KINDS = TableSpec.infer(MANY, continuous=["y"])
PARTS: Sequence[Score[SummaryPair]] = (
    Similarity(),
    ShapeDistance(),
    NMISimilarity(),
    CorrelationDistance(),
    SDMetricsTrends(0, 0),
    SDMetricsStructure(),
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], list[Path]]:
    """Files of parquet, of three row groups each."""
    folder = tmp_path_factory.mktemp("parquet")
    found: list[list[Path]] = []
    for name, frame in (("real", MANY), ("synthetic", OTHER)):
        paths = [folder / f"{name}-{number}.parquet" for number in range(3)]
        for path, chunk in zip(paths, np.array_split(np.arange(len(frame)), 3), strict=True):
            frame.iloc[chunk].to_parquet(path, row_group_size=600)
        found.append(paths)
    return found[0], found[1]


def scanned(folders: tuple[list[Path], list[Path]], engine: Map = map) -> Pair[Scan]:
    real, synthetic = (
        Scan(parquet_pieces(*paths), KINDS, name=f"{name} table", map=engine, pieces_a_job=2)
        for name, paths in zip(("real", "synthetic"), folders, strict=True)
    )
    return Pair(real, synthetic)


def test_processes_give_the_same_bits(folders: tuple[list[Path], list[Path]]) -> None:
    plan = Plan[SummaryPair](scores=PARTS)
    here = plan.run(scanned(folders))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as workers:
        there = plan.run(scanned(folders, workers.map))
    assert dict(here) == dict(there)


def test_the_builtin_is_an_engine_at_the_face_too() -> None:
    assert len(synthproto.Scan([MANY.copy], KINDS, map=map)) == ROWS


def test_a_plan_reads_all_columns_twice_at_most(folders: tuple[list[Path], list[Path]]) -> None:
    pair = scanned(folders)
    scores: list[Score[SummaryPair]] = [*PARTS, Mean(BoundaryAdherence()), CategoryCoverage()]
    Plan[SummaryPair](scores=scores, arrays=[Juxtaposition("median"), Histograms()]).run(pair)
    for side in (pair.real, pair.synthetic):
        assert len(side.passes) <= 3
        assert sum(len(names) == len(KINDS.names) for names in side.passes) <= 2


@pytest.mark.usefixtures("narrow")
def test_columns_of_too_many_numbers_are_read_alone(
    folders: tuple[list[Path], list[Path]],
) -> None:
    pair = scanned(folders)
    Plan[SummaryPair](scores=PARTS).run(pair)
    for side in (pair.real, pair.synthetic):
        wide = [names for names in side.passes if "c" in names]
        assert len(wide) == 2
        assert len(side.passes) <= 8


def test_the_same_rows_are_drawn_however_they_are_cut(
    folders: tuple[list[Path], list[Path]],
) -> None:
    drawn = Table(MANY, KINDS).get(Sample(100, 5)).frame.reset_index(drop=True)
    pieces = Scan(parquet_pieces(*folders[0]), KINDS).get(Sample(100, 5)).frame
    pd.testing.assert_frame_equal(drawn, pieces, check_dtype=False, check_categorical=False)
    other = Table(MANY, KINDS).get(Sample(100, 6)).frame
    assert len(set(other.index) & set(Table(MANY, KINDS).get(Sample(100, 5)).frame.index)) < 20


def test_sampled_parts_compare_the_same_rows(folders: tuple[list[Path], list[Path]]) -> None:
    part = Sampled(C2ST("linear"), 300)
    assert part(scanned(folders)) == pytest.approx(
        part(TablePair(Table(MANY, KINDS), Table(OTHER, KINDS)))
    )


def test_what_needs_the_rows_that_are_found_is_refused(
    folders: tuple[list[Path], list[Path]],
) -> None:
    with pytest.raises(UndefinedScoreError, match="a search among all rows of the synthetic table"):
        Sampled(AttributeInference(("c",)), 300)(scanned(folders))


# --- faults ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Without:
    """Rows without a column."""

    path: str

    def __call__(self) -> pd.DataFrame:
        return MANY.drop(columns="y")


def test_a_bad_piece_is_named_by_number_and_path(tmp_path: Path) -> None:
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    MANY.to_csv(paths[0], index=False)
    MANY.drop(columns="y").to_csv(paths[1], index=False)
    read = [partial(Table.read, path, KINDS) for path in paths]
    assert len(Scan(read[:1], KINDS, name="real table")) == len(MANY)
    fault = r"^piece 2 \(.*b\.csv\) of the real table lacks .* \['y'\]"
    with pytest.raises(SchemaError, match=fault):
        len(Scan([MANY.copy, Without(str(paths[1]))], KINDS, name="real table"))
    with pytest.raises(SchemaError, match=r"lacks .* \['y'\]") as caught:
        len(Scan(read, KINDS, name="real table"))
    assert caught.value.__notes__ == [f"This was raised by piece 2 ({paths[1]}) of the real table."]


def missing_file() -> pd.DataFrame:
    return pd.read_csv("no/such/file.csv")


def test_what_a_piece_raises_says_which_it_was() -> None:
    with pytest.raises(FileNotFoundError) as caught:
        len(Scan([missing_file], KINDS, name="real table"))
    assert caught.value.__notes__ == ["This was raised by piece 1 of the real table."]


def test_pieces_without_rows_are_skipped_and_none_at_all_refused() -> None:
    table = Scan([MANY[:0].copy, MANY[:7].copy, MANY[:0].copy], KINDS)
    assert (len(table), table.get(Sample(3, 0)).frame.shape) == (7, (3, 4))
    with pytest.raises(SchemaError, match="real table has no rows in 1 pieces"):
        len(Scan([MANY[:0].copy], KINDS, name="real table"))
    with pytest.raises(ParameterError, match="has no pieces"):
        Scan([], KINDS)


def test_a_data_set_that_changes_is_refused() -> None:
    rows = iter((10, 12))
    changing = Scan([lambda: MANY[: next(rows)]], KINDS, name="real table")
    assert len(changing) == 10
    with pytest.raises(SchemaError, match=r"piece 1 of the real table had 10 rows .* has 12"):
        changing.co_moments(("x", "y"))


def test_new_labels_between_passes_are_refused() -> None:
    frames = iter((MANY[:5], MANY[:5].assign(c="z")))
    changing = Scan([lambda: next(frames)], KINDS, name="real table")
    assert len(changing) == 5
    with pytest.raises(SchemaError, match="'c' of piece 1 of the real table has values that"):
        changing.total(merging.Counted(changing.levels("c")))


def ended() -> pd.DataFrame:
    os._exit(1)


def test_processes_that_cannot_read_say_so() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as workers:
        with pytest.raises(ParameterError, match="cannot be sent to another process"):
            len(Scan([lambda: MANY], KINDS, map=workers.map))
        with pytest.raises(SchemaError, match="a process that read the real table ended"):
            len(Scan([ended], KINDS, map=workers.map, name="real table"))


def test_rows_of_a_scan_are_not_at_hand() -> None:
    table = Scan([MANY.copy], KINDS)
    assert AssociationMatrices()(Pair(table, table))["difference"].to_numpy().max() == 0
    untyped: Any = Pair(table, table)
    with pytest.raises(AttributeError, match=r"the table has no '.*': its rows are never together"):
        C2ST()(untyped)
    with pytest.raises(UndefinedScoreError, match=r"Take some of them: Sampled\(part\)"):
        DCR()(untyped)
    with pytest.raises(UndefinedScoreError, match="spearman correlation of columns with missing"):
        CorrelationSimilarity("spearman")(Pair(table, table))
    with pytest.raises(UndefinedScoreError, match="kendall correlation is undefined"):
        CorrelationSimilarity("kendall")(Pair(table, table))
