"""Levels: the discrete values that a column is counted by, fitted on one table."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, Self, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from synthproto.unchecked import unchecked

BinRule: TypeAlias = Literal["width", "quantile"]
"""Bins of equal width over the fitted range, or of equal share of the fitted rows."""

# Up to here, comparing with each edge is faster than searching among them.
_FEW_EDGES = 40


@final
@unchecked
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
    """

    column: str
    labels: tuple[str, ...]
    edges: NDArray[np.float64] | None = None
    slots: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        slots = {label: slot for slot, label in enumerate(self.labels, start=1)}
        object.__setattr__(self, "slots", slots if self.edges is None else {})

    def slots_of(self, names: Sequence[str]) -> NDArray[np.int32]:
        """Slot of each of a table's categories, new ones in their order; last that of missing."""
        new = iter(range(self.size + 1, self.size + 1 + len(names)))
        slots = [self.slots[name] if name in self.slots else next(new) for name in names]
        return np.array([*slots, 0], dtype=np.int32)

    @property
    def size(self) -> int:
        """Number of levels."""
        return len(self.labels)

    @property
    def binned(self) -> bool:
        """Whether the levels are bins of numbers."""
        return self.edges is not None


@final
@unchecked
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
    size = len(edges) - 1
    codes = 1 + edges_passed(values, edges[1:-1])
    codes[values < edges[0]] = size + 1
    codes[values > edges[-1]] = size + 2
    codes[np.isnan(values)] = 0
    return codes


def edges_passed(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int32]:
    """How many edges are at or below each value; 0 where it is NaN."""
    if len(edges) > _FEW_EDGES:
        passed = np.searchsorted(edges, values, side="right").astype(np.int32)
        passed[np.isnan(values)] = 0
        return passed
    count = np.zeros(len(values), dtype=np.uint8)
    for edge in edges.tolist():
        count += values >= edge
    return count.astype(np.int32)
