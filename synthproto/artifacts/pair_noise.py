"""What sampling noise does to single pairs of columns, by closed forms."""

import math
from dataclasses import dataclass
from itertools import combinations
from typing import final

import numpy as np
from numpy.typing import NDArray

from synthproto.artifacts.pairs import PairTrends, cross_counts
from synthproto.data.crosstab import tables_of
from synthproto.data.pair import SummaryPair, TablePair
from synthproto.data.summary import Summary
from synthproto.data.table import DISCRETE, NUMERIC, Table
from synthproto.measures.columns import LEAST_NOISE, Noise
from synthproto.measures.products import products
from synthproto.measures.resampling import noise_of_tables

Floats = NDArray[np.float64]

_BLOCK = 8_192  # rows


def pair_noise(pair: SummaryPair, few: TablePair) -> dict[tuple[str, str], Noise]:
    """Noise of ``1 - similarity`` of each pair of columns in `PairTrends`, by closed forms.

    Args:
        pair: The tables.
        few: Rows of them, from which variances of correlations are estimated.
    """
    numeric = pair.spec.of_kind(*NUMERIC)
    every = tuple(combinations(pair.spec.of_kind(*NUMERIC, *DISCRETE), 2))
    crossed = tuple(p for p in every if not set(p) <= set(numeric))
    found = table_noise(pair, crossed, lumped=False) if crossed else {}
    sides: tuple[Summary, Summary] = (pair.real, pair.synthetic)
    variances = [own.get(_CorrelationVariance(numeric)) for own in (few.real, few.synthetic)]
    squares = sum(own / len(side) for own, side in zip(variances, sides, strict=True))
    units = np.sqrt(squares) / 2
    at = {name: place for place, name in enumerate(numeric)}
    for first, second in combinations(numeric, 2):
        unit = float(units[at[first], at[second]])
        mean, spread = math.sqrt(2 / math.pi), math.sqrt(1 - 2 / math.pi)
        found[first, second] = Noise(mean * unit, max(spread * unit, LEAST_NOISE))
    gappy = {c for c in numeric if any(side.missing(c) for side in sides)}
    where = tuple(p for p in combinations(numeric, 2) if gappy.intersection(p))
    for names, gaps in (table_noise(pair, where, lumped=True) if where else {}).items():
        found[names] = _larger(found[names], gaps)
    return found


def _larger(first: Noise, second: Noise) -> Noise:
    """Noise of the larger of two numbers, about: as of two that are normal and independent."""
    low, high = sorted([first, second])
    added = min(first.spread, second.spread) * max(0.0, 0.56 - (high[0] - low[0]) / high.spread)
    return Noise(high.expected + added, max(first.spread, second.spread))


def table_noise(
    pair: SummaryPair, wanted: tuple[tuple[str, str], ...], lumped: bool
) -> dict[tuple[str, str], Noise]:
    """Noise of cross tables; ``lumped`` takes all cells without missing values as one."""
    counts = cross_counts(pair, PairTrends.bins, PairTrends.rule, wanted)
    noise: list[Noise] = []
    for real, synthetic in tables_of(counts, (pair.real, pair.synthetic)):
        table, rows, columns, cells = real.merged(synthetic).cells
        if lumped:
            width = int(columns.max()) + 1
            inner = (rows > 0) & (columns > 0)
            size = (int(rows.max()) + 1) * width + 1
            keys, back = np.unique(
                table * size + np.where(inner, size - 1, rows * width + columns),
                return_inverse=True,
            )
            table, cells = keys // size, np.bincount(back, weights=cells).astype(np.int64)
        noise += noise_of_tables(table, cells, len(pair.real), len(pair.synthetic))
    return dict(zip(wanted, noise, strict=True))


@final
@dataclass(frozen=True)
class _CorrelationVariance:
    """Variance of the correlation of each pair of columns, times the number of rows.

    By the delta method, whatever the distribution: the mean of (x y - r (x² + y²) / 2)² of
    standardised values; missing ones count nothing.

    References:
        Pearson and Filon, "On the Probable Errors of Frequency Constants", 1898.
    """

    columns: tuple[str, ...]

    def __call__(self, table: Table) -> Floats:
        if not self.columns:
            return np.zeros((0, 0))
        moments = [table.moments(column) for column in self.columns]
        centre = np.array([moment.mean for moment in moments])[:, None]
        scale = np.sqrt(np.array([moment.squares for moment in moments]) / len(table))[:, None]
        scale[scale == 0] = 1.0
        r, cube, both = np.zeros((3, len(moments), len(moments)))
        # Block by block: powers of all rows at once would take more than their table.
        for start in range(0, len(table), _BLOCK):
            rows = slice(start, start + _BLOCK)
            block = np.array([table.values(column)[rows] for column in self.columns])
            z = np.nan_to_num((block - centre) / scale)
            square = z**2
            r += products(z, z)
            cube += products(square * z, z)
            both += products(square, square)
        r, cube, both = r / len(table), cube / len(table), both / len(table)
        own = np.diagonal(both)
        found: Floats = both - r * (cube + cube.T) + r**2 / 4 * (own[:, None] + own + 2 * both)
        return np.maximum(found, 0.0)
