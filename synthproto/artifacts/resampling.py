"""What sampling noise does to scores of columns and pairs, from counts of groups of rows.

Rows are put into about a hundred random groups per table, which are counted once: drawing tables
again is then a product of matrices, not another pass over the rows.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Self, cast, final

import numpy as np
from numpy.typing import NDArray

from synthproto.artifacts.columns import JSDistance, Mean, MeanJSDistance, ShapeDistance
from synthproto.artifacts.dependence import DependenceSimilarity, NMISimilarity, Similarity
from synthproto.artifacts.pair_noise import pair_noise
from synthproto.artifacts.pairs import PairTrends, TrendSimilarity
from synthproto.contracts import Bounds
from synthproto.data.merging import Sample
from synthproto.data.pair import SummaryPair, TablePair
from synthproto.data.statistics import BinRule, CoMoments
from synthproto.data.summary import Summary, for_each
from synthproto.data.table import DISCRETE, NUMERIC, Table
from synthproto.measures.columns import LEAST_NOISE, Noise, js_distance
from synthproto.measures.pairs import concordance, dependence
from synthproto.measures.ranking import Z95
from synthproto.measures.resampling import (
    Drawn,
    RowGroups,
    Sides,
    information_of_shares,
    noise_of_tables,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Correlated = Mapping[tuple[str, str], Floats]

_SAMPLED = 20_000  # rows of tables that are read in pieces
_GRID = 400  # values at which distribution functions are compared
_PAIRS = 300  # more are not drawn again: 25 columns


@final
@dataclass(frozen=True)
class Resampled:
    """What noise alone gives, and how far scores would move with other rows.

    Attributes:
        noise: By tag, the score of tables between which rows were exchanged at random.
        pairs: The same of ``1 - similarity`` of each pair of columns.
        intervals: By tag, where 95 of 100 scores of other samples of both tables would be.
    """

    noise: Mapping[str, Noise]
    pairs: Mapping[tuple[str, str], Noise]
    intervals: Mapping[str, tuple[float, float]]


def resampled(
    pair: SummaryPair, draws: int = 200, seed: int = 0, inner: SummaryPair | None = None
) -> Resampled:
    """Noise and 95 % intervals of the scores of columns and pairs, without a holdout.

    Noise is what an exchange of random rows between the real and the synthetic table gives: what a
    perfect sampler would reach. It is from draws of groups of rows; that of cross tables by closed
    forms. Intervals are 1.96 standard deviations of as many bootstrap samples of both tables to
    each side. They are about the mean score of tables of these sizes; where there is little
    difference but noise, which a bootstrap sample has twice, they are wider than they need to be.

    Known are the scores of the default plan: `ShapeDistance` and its mean; `TrendSimilarity`,
    `DependenceSimilarity`, `NMISimilarity` and `Similarity` of tables of at most 25 columns.

    Of tables that are read in pieces, 20,000 rows of each are drawn again, and the results scaled
    by the square root of the rows, which leaves more noise of dependence than there is; noise of
    columns of labels and of pairs with one is from all rows.

    Args:
        pair: The tables.
        draws: Of each kind.
        seed: Of groups and draws.
        inner: The same rows of the columns whose pairs are looked at; by default all columns.

    References:
        Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 6 and 15.

    Example:
        >>> import numpy as np
        >>> import pandas as pd
        >>> from synthproto import Table, TablePair, TableSpec
        >>> from synthproto.artifacts.resampling import resampled
        >>> draw = np.random.default_rng(0)
        >>> real, other = (pd.DataFrame(draw.normal(size=(500, 2))) for _ in range(2))
        >>> real.columns = other.columns = ["x", "y"]
        >>> spec = TableSpec.infer(real)
        >>> found = resampled(TablePair(Table(real, spec), Table(other, spec)))
        >>> round(found.noise["fidelity/trend_similarity"].expected, 2)
        0.98
    """
    return _resampled(pair, inner or pair, draws, seed)


def _resampled(pair: SummaryPair, inner: SummaryPair, draws: int, seed: int) -> Resampled:
    few = pair.get(_Few(seed))
    share = _share(pair, few)
    rows = RowGroups.of(len(few.real), len(few.synthetic), draws, seed)
    columns, shapes = pair.spec.of_kind(*NUMERIC, *DISCRETE), _shapes(few, rows)
    is_small = math.comb(len(columns), 2) <= _PAIRS
    correlated = _correlations(few, rows) if is_small else {}
    scores = _scores(few, rows, list(shapes.values()), correlated)

    def noise_of(drawn: Floats, best: float) -> Noise:
        found = Noise.of(drawn[:draws].tolist())
        return found if share == 1.0 else _shrunk(found, share, best)

    noise = {tag: noise_of(drawn, 0.0) for tag, drawn in shapes.items()}
    noise |= {tag: noise_of(drawn, _BEST.get(tag, 1.0)) for tag, drawn in scores.items()}
    noise |= _label_noise(pair) if share < 1.0 else {}
    halves = {t: share * Z95 * float(np.std(drawn[draws:], ddof=1)) for t, drawn in scores.items()}
    intervals = {
        part.name: _around(part(pair), halves[part.name], part.bounds)
        for part in _PARTS
        if part.name in scores
    }
    pairs = pair_noise(inner, inner.get(_Few(seed)))
    pairs |= {names: noise_of(drawn, 0.0) for names, drawn in correlated.items()}
    return Resampled(noise, pairs, intervals)


@final
@dataclass(frozen=True)
class _Few:
    """Rows of tables that are read in pieces; tables in memory as they are."""

    seed: int

    def __call__(self, pair: SummaryPair) -> TablePair:
        sides: tuple[Summary, Summary] = (pair.real, pair.synthetic)
        if all(isinstance(side, Table) for side in sides):
            return cast("TablePair", pair)
        real, other = for_each(sides, lambda side: side.get(Sample(_SAMPLED, self.seed)))
        return TablePair(real, other)


def _share(pair: SummaryPair, few: TablePair) -> float:
    """How large noise is, as a share of that of some of the rows."""
    rows, drawn = ((len(each.real), len(each.synthetic)) for each in (pair, few))
    return math.sqrt(sum(1 / n for n in rows) / sum(1 / n for n in drawn)) if rows != drawn else 1.0


def _shrunk(noise: Noise, share: float, best: float) -> Noise:
    expected = best + (noise.expected - best) * share
    return Noise(expected, max(noise.spread * share, LEAST_NOISE))


def _label_noise(pair: SummaryPair) -> dict[str, Noise]:
    """Noise of `ShapeDistance` of discrete columns, by closed forms."""
    found = {}
    for column in pair.spec.of_kind(*DISCRETE):
        histogram = pair.histogram(column)
        pooled = histogram.real + histogram.synthetic
        cells = pooled[pooled > 0].astype(np.int64)
        places = np.zeros(len(cells), dtype=np.intp)
        (noise,) = noise_of_tables(places, cells, len(pair.real), len(pair.synthetic))
        found[f"{ShapeDistance.name}/{column}"] = noise
    return found


_PARTS = (
    Mean(ShapeDistance()),
    TrendSimilarity(),
    DependenceSimilarity(),
    NMISimilarity(),
    Similarity(),
)
_BEST = {Mean(ShapeDistance()).name: 0.0}  # of the others 1


def _around(value: float, half: float, bounds: Bounds) -> tuple[float, float]:
    """An interval within the bounds of a score."""
    least, most = bounds if isinstance(bounds, tuple) else (-math.inf, math.inf)
    return max(value - half, least), min(value + half, most)


def _shares(counts: Drawn) -> Sides:
    real, synthetic = (
        side / np.maximum(side.sum(axis=1, keepdims=True, dtype=np.float64), 1.0) for side in counts
    )
    return real, synthetic


def _gap(counts: Drawn) -> Floats:
    """Total variation of each draw."""
    real, synthetic = _shares(counts)
    distances: Floats = np.abs(real - synthetic).sum(axis=1) / 2
    return distances


def _scores(
    pair: TablePair, rows: RowGroups, shapes: Sequence[Floats], correlated: Correlated
) -> dict[str, Floats]:
    """What is drawn again of the scores over all columns or pairs, from that of each of them."""
    columns = pair.spec.of_kind(*NUMERIC, *DISCRETE)
    if not columns:
        return {}
    mean = np.mean(shapes, axis=0)
    found = {Mean(ShapeDistance()).name: mean}
    if len(columns) == 1:
        return found | {Similarity.name: 1 - mean}
    if math.comb(len(columns), 2) > _PAIRS:
        return found
    trends, alike = _crossed(pair, rows, columns, correlated)
    return found | {
        TrendSimilarity.name: trends,
        DependenceSimilarity.name: alike,
        NMISimilarity.name: _information(pair, rows, columns),
        Similarity.name: (1 - mean + trends + np.maximum(alike, 0)) / 3,
    }


def _shapes(pair: TablePair, rows: RowGroups) -> dict[str, Floats]:
    """`ShapeDistance` of each column, by draw."""
    columns = pair.spec.of_kind(*NUMERIC, *DISCRETE)
    return {f"{ShapeDistance.name}/{name}": _shape(pair, rows, name) for name in columns}


def _divergences(pair: TablePair, rows: RowGroups) -> dict[str, Floats]:
    """`JSDistance` of each column, by draw."""
    found = {}
    for name in pair.spec.of_kind(*NUMERIC, *DISCRETE):
        codes, slots = _coded(pair, rows, name, JSDistance.bins, JSDistance.rule)
        if name in pair.spec.of_kind(*NUMERIC):  # of these, missing ones are left out
            codes, slots = codes - 1, slots - 1
        found[f"{JSDistance.name}/{name}"] = js_distance(*_shares(rows.counts(codes, slots)))
    return found


def _shape(pair: TablePair, rows: RowGroups, column: str) -> Floats:
    """`ShapeDistance` of a column, by draw."""
    if column in pair.spec.of_kind(*DISCRETE):
        codes, slots = _coded(pair, rows, column, 1, "width")
        return _gap(rows.counts(codes, slots))
    values = rows.pooled(pair.real.values(column), pair.synthetic.values(column))
    present = np.unique(values[~np.isnan(values)])
    grid = present[:: max(math.ceil(len(present) / _GRID), 1)]
    codes = np.where(np.isnan(values), -1, np.searchsorted(grid, values, side="right"))
    real, synthetic = _shares(rows.counts(codes, len(grid) + 1))
    gaps: Floats = np.abs(np.cumsum(real - synthetic, axis=1)).max(axis=1)
    return gaps


def _coded(
    pair: TablePair, rows: RowGroups, column: str, bins: int, rule: BinRule
) -> tuple[Ints, int]:
    levels = pair.real.levels(column, bins, rule)
    codes = rows.pooled(pair.real.codes(levels), pair.synthetic.codes(levels))
    return codes.astype(np.int64), int(codes.max()) + 1


def _crossed(
    pair: TablePair, rows: RowGroups, columns: tuple[str, ...], correlated: Correlated
) -> tuple[Floats, Floats]:
    """`TrendSimilarity` and `DependenceSimilarity`, by draw."""
    most = DependenceSimilarity.categories + 1
    gaps, sums = [], np.zeros((3, len(rows.weights[0])))
    for first, second in combinations(columns, 2):
        # Coded again for each pair: the codes of all columns would take more than their table.
        (a, height), (b, width) = (
            _coded(pair, rows, c, PairTrends.bins, PairTrends.rule) for c in (first, second)
        )
        cells = a * width + b, height * width
        large = max(height, width) > most
        counts = rows.counts(*(_occupied(*cells)[:2] if large else cells))
        gap = correlated.get((first, second))
        gaps.append(_gap(counts) if gap is None else gap)
        if large:
            cut = np.minimum(a, most - 1), np.minimum(b, most - 1)
            height, width = min(height, most), min(width, most)
            counts = rows.counts(cut[0] * width + cut[1], height * width)
        real, synthetic = (dependence(side.reshape(-1, height, width)) for side in _shares(counts))
        sums += [np.einsum("drc,drc->d", x, y) for x, y in
                 ((real, synthetic), (real, real), (synthetic, synthetic))]  # fmt: skip
    return 1 - np.mean(gaps, axis=0), concordance(*sums)


def _occupied(codes: Ints, size: int) -> tuple[Ints, int, Ints]:
    """Codes among those that occur, the number of these, and what they were before."""
    occurs = np.bincount(codes, minlength=size) > 0
    places = np.cumsum(occurs) - 1
    return places[codes], int(occurs.sum()), np.flatnonzero(occurs)


def _information(pair: TablePair, rows: RowGroups, columns: tuple[str, ...]) -> Floats:
    """`NMISimilarity`, by draw."""
    above, below = np.zeros((2, len(rows.weights[0])))
    for first, second in combinations(columns, 2):
        (a, height), (b, width) = (
            _coded(pair, rows, c, NMISimilarity.bins, "width") for c in (first, second)
        )
        codes, number, cells = _occupied(a * width + b, height * width)
        counts = _shares(rows.counts(codes, number))
        real, synthetic = (
            information_of_shares(side, cells // width, cells % width) for side in counts
        )
        above += (real + synthetic) * (1 - np.abs(real - synthetic))
        below += real + synthetic
    mean: Floats = np.divide(above, below, out=np.ones_like(above), where=below > 0)
    return mean


def _correlations(pair: TablePair, rows: RowGroups) -> dict[tuple[str, str], Floats]:
    """½ |r - r'| of each pair of columns of numbers, or their difference in missing values."""
    numbers = pair.spec.of_kind(*NUMERIC)
    if len(numbers) < 2:
        return {}
    real, synthetic = (_correlation(*side) for side in _group_sums(pair, rows, numbers))
    gaps = np.abs(real - synthetic) / 2
    gappy = [any(side.missing(c) for side in (pair.real, pair.synthetic)) for c in numbers]
    found: dict[tuple[str, str], Floats] = {}
    for (i, first), (j, second) in combinations(enumerate(numbers), 2):
        drawn: Floats = gaps[:, i, j]
        if gappy[i] or gappy[j]:
            # Where they are missing, all places in which both are present being one.
            drawn = np.maximum(drawn, _gap(rows.counts(*_where_missing(pair, rows, first, second))))
        found[first, second] = drawn
    return found


def _group_sums(
    pair: TablePair, rows: RowGroups, numbers: tuple[str, ...]
) -> Iterator[tuple[Floats, Floats, Floats, Floats]]:
    """By side: count, sums, squares and products of columns, each ``(draws, columns, columns)``.

    Of `CoMoments`, over the rows of a draw, in the real columns' standard deviations.
    """
    moments = [pair.real.moments(name) for name in numbers]
    centre = np.array([moment.mean for moment in moments])
    scale = np.array([moment.std or 1.0 for moment in moments])
    by_group: list[list[Floats]] = []
    for side, taken, group in zip((pair.real, pair.synthetic), rows.taken, rows.group, strict=True):
        order = np.argsort(group, kind="stable")
        # One group at a time, its rows picked from all columns: never all columns at once.
        for members in np.split(order, np.cumsum(np.bincount(group - group.min()))[:-1]):
            picked = members if isinstance(taken, slice) else taken[members]
            sums = CoMoments.of([side.values(name)[picked] for name in numbers], centre, scale)
            by_group.append([sums.count, sums.sums, sums.squares, sums.products])
    for drawn in rows.sums(np.array(by_group)):
        count, total, squares, products = np.moveaxis(drawn, 1, 0)
        yield count, total, squares, products


def _correlation(n: Floats, sums: Floats, squares: Floats, products: Floats) -> Floats:
    """Of each draw and pair; sums and squares at ``[:, i, j]`` are those of column i."""
    n = np.maximum(n, 1.0)
    others = sums.swapaxes(1, 2)
    spread = np.maximum(squares - sums * sums / n, 0.0)
    norm = np.sqrt(spread * spread.swapaxes(1, 2))
    r = np.zeros_like(products)
    np.divide(products - sums * others / n, norm, out=r, where=norm > 1e-9 * n)
    return np.clip(r, -1.0, 1.0)


def _where_missing(pair: TablePair, rows: RowGroups, first: str, second: str) -> tuple[Ints, int]:
    bins, rule = PairTrends.bins, PairTrends.rule
    (a, height), (b, width) = (_coded(pair, rows, c, bins, rule) for c in (first, second))
    codes = np.where((a > 0) & (b > 0), height * width, a * width + b)
    return codes, height * width + 1


# --- of a plan, once a run ------------------------------------------------------------------------

_DRAWS = 40
_SHAPES = (Mean(ShapeDistance()), ShapeDistance())
_DIVERGENCES = (MeanJSDistance(), JSDistance())


@final
@dataclass(frozen=True)
class SampleNoise:
    """Noise of two samples of a real table, the first of its own length: ``real.get`` it.

    What a plan shows beside its scores: it is of no synthetic table, and known once a run. Of
    columns alone: rows that are drawn again have fewer different pairs of values than other rows,
    so that pairs of columns would depend on each other too well (`TrendSimilarity` of a perfect
    sampler was 5 standard deviations off).

    Attributes:
        rows: Length of the second sample.
        parts: The scores that it is asked of: of `ShapeDistance`, `JSDistance` and their means,
            as they are by default.
    """

    rows: int
    parts: tuple[object, ...]

    @classmethod
    def of(cls, rows: int, parts: Iterable[object]) -> Self | None:
        """What is known of some scores; ``None`` if it is none."""
        asked = tuple(parts)
        known = tuple(part for part in (*_SHAPES, *_DIVERGENCES) if part in asked)
        return cls(rows, known) if known else None

    def __call__(self, real: Table) -> dict[str, Noise]:
        """Draw rows of the table again, and exchange them with its own."""
        places = np.random.default_rng(0).integers(0, len(real), self.rows)
        pair = TablePair(real, real.derived(real.frame.iloc[places]))
        rows, noise = RowGroups.of(len(real), self.rows, _DRAWS, 0), dict[str, Noise]()
        for parts, draw in ((_SHAPES, _shapes), (_DIVERGENCES, _divergences)):
            drawn = {} if set(parts).isdisjoint(self.parts) else draw(pair, rows)
            if drawn:
                drawn[parts[0].name] = np.mean(list(drawn.values()), axis=0)
            wanted = tuple(part.name for part in parts if part in self.parts)
            noise |= {
                tag: Noise.of(each[:_DRAWS].tolist())
                for tag, each in drawn.items()
                if tag.startswith(wanted)
            }
        return noise
