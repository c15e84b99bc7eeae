"""Rows as distances see them, Gower's distance, and the order in which they are searched."""

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from synthproto.errors import SchemaError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TIE = 1e-6
"""Distances this close count as equal: float32 sums resolve no finer."""

FAR = 1000.0
"""Scaled values are clipped to this; a missing value is put at four times it."""

BLOCK = 64
"""Rows of a block: fewer bound better, more cost less per row."""

SAMPLE = 256
"""Rows that a split looks at to choose its column."""


@final
@dataclass(frozen=True, eq=False)
class Rows:
    """Rows as distances see them.

    Attributes:
        continuous: Shape ``(n, p)``. Scaled so that the real table spans [0, 1] in each column
            (see `scale_to_range`); values outside are allowed, NaN is a missing value.
        codes: Shape ``(n, q)``, integers. Equal codes are equal categories, in all tables that
            are compared; a missing value is a category of its own.
    """

    continuous: Floats
    codes: Ints

    def __post_init__(self) -> None:
        faults = []
        if self.continuous.ndim != 2 or self.codes.ndim != 2:
            faults.append("`continuous` and `codes` must have two dimensions")
        elif len(self.continuous) != len(self.codes):
            faults.append("`continuous` and `codes` must have as many rows as each other")
        elif self.continuous.shape[1] + self.codes.shape[1] == 0:
            faults.append("rows need at least one column")
        elif self.codes.min(initial=0) < 0:
            faults.append("`codes` must not be negative")
        if faults:
            shapes = f"{self.continuous.shape} and {self.codes.shape}"
            raise SchemaError(f"Rows: {'; '.join(faults)}; got {shapes}.")

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def width(self) -> int:
        """Number of columns."""
        return int(self.continuous.shape[1] + self.codes.shape[1])

    @cached_property
    def placed(self) -> Floats:
        """`continuous` with missing values far away, so that the cap at 1 settles them."""
        clipped = np.clip(self.continuous, -FAR, FAR)
        return np.where(np.isnan(clipped), 4 * FAR, clipped)

    @cached_property
    def blocks(self) -> "Blocks":
        """The rows sorted into blocks, made once."""
        return Blocks.of(self)

    def take(self, rows: Ints) -> "Rows":
        """Some of the rows, by index."""
        return Rows(self.continuous[rows], self.codes[rows])


def scale_to_range(values: Floats, reference: Floats) -> Floats:
    """Scale columns so that the reference spans [0, 1] in each.

    Args:
        values: Shape ``(n, p)``; NaN is missing and stays NaN.
        reference: Shape ``(m, p)``, the real table's values.

    Returns:
        Shape ``(n, p)``. A column that is constant in the reference is 0 where it has that
        constant and 2 elsewhere, which Gower's cap makes a distance of 1; of a column without
        finite reference values, every value is 0.
    """
    finite = np.isfinite(reference)
    low = np.where(finite, reference, np.inf).min(axis=0, initial=np.inf)
    high = np.where(finite, reference, -np.inf).max(axis=0, initial=-np.inf)
    # Halved before subtracting: the range of very large values overflows float64.
    half = high / 2 - low / 2
    with np.errstate(over="ignore", invalid="ignore"):
        spread = (values / 2 - low / 2) / np.where(half > 0, half, 1.0)
    one_valued = np.where(values == low, 0.0, 2.0)
    scaled = np.where(half > 0, spread, np.where(low == high, one_valued, 0.0))
    return np.asarray(np.where(np.isnan(values), np.nan, scaled), dtype=np.float64)


def gower(queries: Rows, references: Rows, pairs: tuple[Ints, Ints]) -> Floats:
    """Gower distance of given pairs of rows, in float64.

    The mean over columns of: ``min(|a - b|, 1)`` for continuous values scaled to the real
    table's range, 0 or 1 for equal or different categories; 0 for two missing values and 1 for
    a missing and a known one.

    Args:
        queries: Rows of the one side.
        references: Rows of the other side.
        pairs: Row numbers of both sides, arrays of one shape.

    Returns:
        Distances in [0, 1], in the shape of the row numbers.

    References:
        Gower, "A General Coefficient of Similarity and Some of Its Properties", Biometrics 27,
        1971.
    """
    first, second = pairs
    total = np.zeros(first.shape)
    for left, right in zip(queries.placed.T, references.placed.T, strict=True):
        total += np.minimum(np.abs(left[first] - right[second]), 1.0)
    for left, right in zip(queries.codes.T, references.codes.T, strict=True):
        total += left[first] != right[second]
    return np.asarray(total / queries.width, dtype=np.float64)


@final
@dataclass(frozen=True, eq=False)
class Blocks:
    """Rows in an order that keeps similar rows together, cut into blocks.

    Attributes:
        order: Shape ``(n,)``, row numbers.
        starts: Shape ``(blocks + 1,)``, where in `order` each block begins, and the end.
        continuous: Shape ``(p, n)``, float32, in this order.
        codes: Shape ``(q, n)``, the narrowest unsigned integers that hold them, in this order.
        low: Shape ``(p, blocks)``, lowest value of each block.
        high: Shape ``(p, blocks)``, highest value.
        bits: Shape ``(q, blocks)``; bit ``code % 64`` is set for each code in the block.
    """

    order: Ints
    starts: Ints
    continuous: NDArray[np.float32]
    codes: NDArray[np.unsignedinteger]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    bits: NDArray[np.uint64]

    @classmethod
    def of(cls, rows: Rows) -> "Blocks":
        """Sort at least one row into blocks."""
        parts = _similar_parts(rows)
        order = np.concatenate(parts)
        ends = np.cumsum([len(part) for part in parts])
        continuous = rows.placed.astype(np.float32)[order].T.copy()
        narrow = np.min_scalar_type(int(rows.codes.max(initial=0)))
        codes = rows.codes[order].T.astype(narrow, order="C")
        starts = np.concatenate([[0], ends])
        return cls(
            order=order,
            starts=starts,
            continuous=continuous,
            codes=codes,
            low=np.minimum.reduceat(continuous, starts[:-1], axis=1),
            high=np.maximum.reduceat(continuous, starts[:-1], axis=1),
            bits=np.bitwise_or.reduceat(bit_of(codes), starts[:-1], axis=1),
        )


def _similar_parts(rows: Rows) -> list[Ints]:
    """Split rows again and again, on the column that divides the most, down to `BLOCK` rows."""
    values = rows.placed.astype(np.float32)
    parts: list[Ints] = []
    stack = [np.arange(len(rows))]
    while stack:
        part = stack.pop()
        if len(part) <= BLOCK:
            parts.append(part)
        else:
            left, right = _split(part, values, rows.codes)
            stack += [right, left]
    return parts


def _split(part: Ints, values: NDArray[np.float32], codes: Ints) -> tuple[Ints, Ints]:
    """Halve rows on the column in which two of them are expected to differ the most."""
    sample = part[:: max(1, len(part) // SAMPLE)]
    spreads = np.concatenate([_expected_gaps(values[sample]), _expected_mismatches(codes[sample])])
    column = int(spreads.argmax())
    # A multiple of BLOCK on the left keeps blocks full.
    middle = max(1, round(len(part) / 2 / BLOCK)) * BLOCK
    if spreads[column] <= 0:
        return part[:middle], part[middle:]
    if column < values.shape[1]:
        order = np.argpartition(values[part, column], middle)
        return part[order[:middle]], part[order[middle:]]
    return _split_categories(part, codes[part, column - values.shape[1]])


def _split_categories(part: Ints, codes: Ints) -> tuple[Ints, Ints]:
    """Put whole categories, the largest first, on the left until half of the rows are there."""
    _, inverse, counts = np.unique(codes, return_inverse=True, return_counts=True)
    by_size = np.argsort(-counts, kind="stable")
    reached = np.cumsum(counts[by_size])
    last = int(np.abs(reached[:-1] - len(part) / 2).argmin()) if len(counts) > 1 else 0
    left = np.isin(inverse, by_size[: last + 1])
    if left.all():
        return part[:BLOCK], part[BLOCK:]
    return part[left], part[~left]


def _expected_gaps(values: NDArray[np.float32]) -> Floats:
    """Mean of ``min(|a - b|, 1)`` over pairs of a sample, by column, from its sorted values.

    ``E|a - b| = 2/n² Σ (2i - n + 1) x_(i)``.
    """
    count = len(values)
    weights = 2.0 * np.arange(count) - count + 1
    return np.asarray(2 / count**2 * (weights @ np.sort(np.clip(values, -1, 2), axis=0)))


def _expected_mismatches(codes: Ints) -> Floats:
    """Share of pairs of a sample that `Blocks.bits` can tell apart, by column: ``1 - Σ p²``."""
    width = codes.shape[1]
    slots = codes % 64 + 64 * np.arange(width)
    shares = np.bincount(slots.ravel(), minlength=64 * width).reshape(width, 64) / len(codes)
    return np.asarray(1 - np.square(shares).sum(axis=1), dtype=np.float64)


def bit_of(codes: NDArray[np.unsignedinteger]) -> NDArray[np.uint64]:
    """One of 64 bits for each code; different bits are different codes."""
    return np.left_shift(np.uint64(1), (codes % 64).astype(np.uint64))
