"""Statistics of columns that merge: those of two chunks of rows give those of the whole.

Counts of levels and of pairs of levels are plain arrays of integers and merge by addition; the
statistics here merge by `merged`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count, pairwise
from typing import Literal, Self, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from synthproto.measures.products import products

Statistic: TypeAlias = Literal[
    "mean", "std", "variance", "median", "first_quartile", "third_quartile", "min", "max"
]
"""Descriptive statistics of a continuous column."""

_QUANTILES = {"first_quartile": 0.25, "median": 0.5, "third_quartile": 0.75}

# Rows of one block: its columns and their products stay in the processor's cache.
_BLOCK = 8192

# A sum of squares this much smaller than its terms is rounding error: the column is constant.
_ROUNDING = 1e-13
_IMPRECISE = 1e-6


@final
@dataclass(frozen=True)
class Moments:
    """Count, missing count, mean, spread and extremes of one column.

    Attributes:
        count: Present values.
        missing: Missing values.
        mean: Their mean; 0 if there are none.
        squares: Sum of squared deviations from the mean.
        low: Smallest value; infinity if there are none.
        high: Largest value; minus infinity if there are none.
    """

    count: int
    missing: int
    mean: float
    squares: float
    low: float
    high: float

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Self:
        """Moments of values, shape ``(n,)``, NaN where missing."""
        present = values
        if np.isnan(values.min(initial=np.inf)):
            present = values[~np.isnan(values)]
        count, missing = len(present), len(values) - len(present)
        low, high = float(present.min(initial=np.inf)), float(present.max(initial=-np.inf))
        if not count:
            return cls(0, missing, 0.0, 0.0, low, high)
        blocks = [present[start : start + _BLOCK] for start in range(0, count, _BLOCK)]
        kept: NDArray[np.float64] = np.empty(min(count, _BLOCK))
        # Infinite values make nonsense of the rest; tables refuse them by their extremes.
        with np.errstate(over="ignore", invalid="ignore"):
            # Measured from the smallest value, so that a large offset costs no precision.
            mean = sum(float(_heights(block, low, kept).sum()) for block in blocks) / count
            mean = min(mean, high - low)  # rounding may put the mean of equal values beside them
            squares = 0.0
            for block in blocks:
                heights = _heights(block, low, kept)
                heights -= mean
                squares += float(np.dot(heights, heights))
        return cls(count, missing, low + mean, squares, low, high)

    def merged(self, other: Self) -> Self:
        """Moments of both chunks together.

        References:
            Chan, Golub, LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
            Variances", 1979.
        """
        count = self.count + other.count
        if not count:
            return type(self)(0, self.missing + other.missing, 0.0, 0.0, np.inf, -np.inf)
        gap = other.mean - self.mean
        return type(self)(
            count,
            self.missing + other.missing,
            self.mean + gap * other.count / count,
            self.squares + other.squares + gap * gap * self.count * other.count / count,
            min(self.low, other.low),
            max(self.high, other.high),
        )

    @property
    def variance(self) -> float:
        """Sample variance, divided by n - 1; 0 for a single value."""
        return self.squares / (self.count - 1) if self.count > 1 else 0.0

    @property
    def std(self) -> float:
        """Sample standard deviation, in the unit of the column; 0 for a single value."""
        return float(np.sqrt(self.variance))

    @property
    def span(self) -> float:
        """Largest minus smallest value; 1 for a constant column, or one without values."""
        return self.high - self.low if self.high > self.low else 1.0


def _heights(
    block: NDArray[np.float64], low: float, kept: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How far values are above the lowest one, in an array that is used again."""
    return np.subtract(block, low, out=kept[: len(block)])


def quantile(ascending: NDArray[np.float64], share: float) -> float:
    """Quantile of sorted values, at least one, interpolated linearly (numpy's default)."""
    place = share * (len(ascending) - 1)
    below = int(place)
    low = float(ascending[below])
    high = float(ascending[min(below + 1, len(ascending) - 1)])
    return low + (high - low) * (place - below)


def statistic(name: Statistic, moments: Moments, ascending: NDArray[np.float64]) -> float:
    """One descriptive statistic of a column that has at least one value."""
    if name in _QUANTILES:
        return quantile(ascending, _QUANTILES[name])
    return {
        "mean": moments.mean,
        "std": moments.std,
        "variance": moments.variance,
        "min": moments.low,
        "max": moments.high,
    }[name]


@final
@dataclass(frozen=True, eq=False)
class CoMoments:
    """Sums of products of columns over the rows where both are present.

    Columns are shifted by ``centre`` and divided by ``scale`` first, so that the sums keep their
    precision. Entry ``[i, j]`` is a sum over the rows where columns i and j are both present.

    Attributes:
        centre: Shape ``(d,)``.
        scale: Shape ``(d,)``, positive.
        count: Number of those rows, shape ``(d, d)``.
        sums: Sum of column i, shape ``(d, d)``.
        squares: Sum of squares of column i, shape ``(d, d)``.
        products: Sum of column i times column j, shape ``(d, d)``.
    """

    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    count: NDArray[np.float64]
    sums: NDArray[np.float64]
    squares: NDArray[np.float64]
    products: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        columns: list[NDArray[np.float64]],
        centre: NDArray[np.float64],
        scale: NDArray[np.float64],
    ) -> Self:
        """Co-moments of ``d`` columns, each of shape ``(n,)`` with NaN where missing."""
        width = len(columns)
        count, sums, squares, both = np.zeros((4, width, width))
        rows = len(columns[0]) if columns else 0
        kept: NDArray[np.float64] = np.empty((width, min(rows, _BLOCK)))
        for start in range(0, rows, _BLOCK):
            block = kept[:, : rows - start]
            for place, column in enumerate(columns):
                np.subtract(column[start : start + _BLOCK], centre[place], out=block[place])
            block /= scale[:, None]
            if np.isnan(block.sum()):
                absent = np.isnan(block)
                block[absent] = 0.0
                present = (~absent).astype(np.float64)
                count += products(present, present)
                sums += products(block, present)
                squares += products(block * block, present)
            else:
                count += block.shape[1]
                sums += block.sum(axis=1)[:, None]
                squares += np.einsum("ij,ij->i", block, block)[:, None]
            both += products(block, block)
        return cls(centre, scale, count, sums, squares, both)

    def merged(self, other: Self) -> Self:
        """Co-moments of both chunks together, with this one's centre and scale."""
        # other's z is (x - c2) / s2; in this one's terms z' = a z + b.
        a = (other.scale / self.scale)[:, None]
        b = ((other.centre - self.centre) / self.scale)[:, None]
        n, s, q = other.count, other.sums, other.squares
        products = a * a.T * other.products + a * b.T * s + b * a.T * s.T + b * b.T * n
        return type(self)(
            self.centre,
            self.scale,
            self.count + n,
            self.sums + a * s + b * n,
            self.squares + a * a * q + 2 * a * b * s + b * b * n,
            self.products + products,
        )

    def imprecise(self) -> NDArray[np.bool_]:
        """Which pairs have lost more than six digits, shape ``(d, d)``.

        Over the rows of such a pair, a column varies little by its scale: its far values are in
        rows where the other column is missing.
        """
        spread = self.squares - self.sums * self.sums / np.maximum(self.count, 1.0)
        lost = (spread < _IMPRECISE * self.squares) & (self.count > 0)
        return lost | lost.T

    def correlation(self) -> NDArray[np.float64]:
        """Pearson correlation of each pair over its complete rows, shape ``(d, d)``.

        In [-1, 1]; 0 where a column is constant over those rows, or there are none. The diagonal
        is 1, or 0 for a constant column.
        """
        n = np.maximum(self.count, 1.0)
        spread = self.squares - self.sums * self.sums / n
        spread[spread <= _ROUNDING * self.squares] = 0.0
        joint = self.products - self.sums * self.sums.T / n
        norm = np.sqrt(spread) * np.sqrt(spread.T)
        defined = norm > 0
        matrix: NDArray[np.float64] = np.zeros_like(joint)
        np.divide(joint, norm, out=matrix, where=defined)
        np.clip(matrix, -1.0, 1.0, out=matrix)
        np.fill_diagonal(matrix, np.diagonal(defined).astype(np.float64))
        return matrix


BinRule: TypeAlias = Literal["width", "quantile"]
"""Bins of equal width over the fitted range, or of equal share of the fitted rows."""

# Up to here, comparing with each edge is faster than searching among them.
_FEW_EDGES = 40


@final
@dataclass(frozen=True, eq=False)
class Levels:
    """Categories, or bins, of one column, as one table has them.

    Every table is counted in *slots*: slot 0 is missing, slots 1 to ``size`` are the levels, and
    slots after that are what the fitted table does not have: further categories, each its own
    slot; for bins ``size + 1`` is below the fitted range and ``size + 2`` above it.

    Attributes:
        column: Name of the column.
        labels: Categories, most frequent first; of bins their intervals.
        edges: ``None`` for categories. For bins, shape ``(size + 1,)``, ascending: bin ``i`` is
            ``edges[i] <= x < edges[i + 1]``, the last one closed. Empty if no value was present.
        written: The categories as the fitted table writes them, where that is otherwise.
    """

    column: str
    labels: tuple[str, ...]
    edges: NDArray[np.float64] | None = None
    written: tuple[str, ...] = ()
    slots: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        names = [*zip(self.labels, count(1)), *zip(self.written, count(1))]
        object.__setattr__(self, "slots", dict(names) if self.edges is None else {})

    def slots_of(self, names: Sequence[str]) -> NDArray[np.int32]:
        """Slot of each of a table's categories, new ones in their order; last that of missing.

        Labels that are numbers are equal as numbers: "2.0", which one bad cell makes of a 2, is
        in the slot of "2", and "True" in that of "1". Leading zeros are part of a label.
        """
        known = [self.slots.get(name, 0) for name in names]
        if not all(known):
            pairs = zip(known, names, strict=True)
            known = [slot or self._by_number.get(_as_number(name), 0) for slot, name in pairs]
        new = iter(range(self.size + 1, self.size + 1 + len(names)))
        return np.array([*(slot or next(new) for slot in known), 0], dtype=np.int32)

    @cached_property
    def _by_number(self) -> dict[float | None, int]:
        """Slots by the numbers that labels are, where no two labels are the same number."""
        slots: dict[float | None, set[int]] = {}
        for name, slot in self.slots.items():
            slots.setdefault(_as_number(name), set()).add(slot)
        return {n: min(own) for n, own in slots.items() if n is not None and len(own) == 1}

    @property
    def size(self) -> int:
        """Number of levels."""
        return len(self.labels)

    @property
    def binned(self) -> bool:
        """Whether the levels are bins of numbers."""
        return self.edges is not None


_PLAIN_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d*)?([eE][+-]?\d+)?")
_TRUTH = {"true": 1.0, "false": 0.0}


def _as_number(label: str) -> float | None:
    """What a label is as a number, if it is one written without leading zeros."""
    plain = label.strip()
    return float(plain) if _PLAIN_NUMBER.fullmatch(plain) else _TRUTH.get(plain.casefold())


@final
@dataclass(frozen=True, eq=False)
class Histogram:
    """Both tables of a pair, counted in the levels of the real one.

    Attributes:
        levels: Categories or bins of the real table.
        real: Rows in each slot (see `Levels`), shape ``(slots,)``.
        synthetic: The same for the synthetic table, of the same length.
    """

    levels: Levels
    real: NDArray[np.int64]
    synthetic: NDArray[np.int64]

    @classmethod
    def of(cls, levels: Levels, real: NDArray[np.int64], synthetic: NDArray[np.int64]) -> Self:
        """From counts of which the shorter lacks slots that only the other side has."""
        padded = np.zeros((2, max(len(real), len(synthetic))), dtype=np.int64)
        padded[0, : len(real)] = real
        padded[1, : len(synthetic)] = synthetic
        return cls(levels, padded[0], padded[1])


def fitted_edges(ascending: NDArray[np.float64], bins: int, rule: BinRule) -> NDArray[np.float64]:
    """Edges of the bins of one column.

    Args:
        ascending: Present values, sorted, shape ``(n,)``.
        bins: About how many bins, at least 1. A constant column has one.
        rule: How the range is cut. With ``"quantile"``, a value that more than one bin would
            begin with has a bin to itself, and the other bins share the other rows.

    Returns:
        Ascending; empty if there are no values. The last edge may repeat: then the last bin is
        this one value.
    """
    if not len(ascending):
        return np.empty(0)
    low, high = ascending[0], ascending[-1]
    if rule == "width":
        inner = np.unique(np.linspace(low, high, bins + 1)[1:-1])
        inner = inner[(inner > low) & (inner < high)]
    else:
        inner = np.unique(_quantile_edges(ascending, bins))
        inner = inner[inner > low]
    return np.concatenate([[low], inner, [high]])


def histogram_edges(low: float, high: float, bins: int) -> NDArray[np.float64]:
    """Edges of ``numpy.histogram``: of equal width, half a unit around a single value.

    Also where numpy raises, because the range is too narrow for so many different edges.
    """
    margin = 0.5 if low == high else 0.0
    return np.linspace(low - margin, high + margin, bins + 1)


def _quantile_edges(ascending: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    starts, repeats = np.unique(_starts(ascending, bins), return_counts=True)
    heavy = starts[repeats > 1]
    if not len(heavy):
        return starts
    after = np.searchsorted(ascending, heavy, side="right")
    next_values = ascending[after[after < len(ascending)]]
    light = ascending[~np.isin(ascending, heavy)]
    rest = _starts(light, max(bins - len(heavy), 1))
    return np.concatenate([heavy, next_values, rest])


def _starts(ascending: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    """First value of each bin of equal share but the first."""
    return ascending[np.arange(1, bins) * len(ascending) // bins if len(ascending) else []]


def interval_labels(edges: NDArray[np.float64]) -> tuple[str, ...]:
    """Names of bins, e.g. ``"[17, 24.3)"``; the last one closed."""
    texts = [f"{edge:.6g}" for edge in edges.tolist()]
    last = len(texts) - 2
    return tuple(
        f"[{low}, {high}{']' if place == last else ')'}"
        for place, (low, high) in enumerate(pairwise(texts))
    )


def bin_codes(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int32]:
    """Slot of each value: 0 missing, 1 to k the bins, k + 1 below, k + 2 above.

    Args:
        values: Shape ``(n,)``, NaN where missing.
        edges: Of `fitted_edges`. Without any (nothing was present), every value is above.
    """
    if not len(edges):
        return np.where(np.isnan(values), 0, 2).astype(np.int32)
    size, low, high = len(edges) - 1, float(edges[0]), float(edges[-1])
    codes = edges_passed(values, edges[1:-1])
    codes += 1
    for start in range(0, len(values), _BLOCK):
        block, into = values[start : start + _BLOCK], codes[start : start + _BLOCK]
        if not (low <= block.min() and block.max() <= high):  # neither, if one is missing
            into[block < low] = size + 1
            into[block > high] = size + 2
            into[np.isnan(block)] = 0
    return codes


def bin_counts(
    ascending: NDArray[np.float64], missing: int, edges: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Rows with each of the `bin_codes`, from 0 to at least the last bin, in no pass over them.

    Args:
        ascending: Present values, sorted.
        missing: How many are missing.
        edges: Of `fitted_edges`.
    """
    if not len(edges):
        return np.array([missing, 0, len(ascending)] if len(ascending) else [missing])
    upto = np.append(ascending.searchsorted(edges[:-1]), ascending.searchsorted(edges[-1], "right"))
    counts = np.concatenate([[missing], np.diff(upto), [upto[0], len(ascending) - upto[-1]]])
    return counts[: max(len(edges), int(np.flatnonzero(counts)[-1]) + 1 if counts.any() else 0)]


def edges_passed(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int32]:
    """How many edges are at or below each value; 0 where it is NaN."""
    if len(edges) > _FEW_EDGES:
        passed = np.searchsorted(edges, values, side="right").astype(np.int32)
        passed[np.isnan(values)] = 0
        return passed
    passed = np.empty(len(values), dtype=np.int32)
    for start in range(0, len(values), _BLOCK):
        block = values[start : start + _BLOCK]
        count = np.zeros(len(block), dtype=np.uint8)
        for edge in edges.tolist():
            count += block >= edge
        passed[start : start + _BLOCK] = count
    return passed
