"""Rows as distances see them, Gower's distance, and the order in which they are searched."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from synthproto.errors import SchemaError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TIE = 1e-6
"""Searches compare sums in float32 and resolve no finer; what they find is measured in float64."""

SAME = 1e-9
"""Distances that differ by no more than this share of them are equal, see `as_near`."""

SINGLE = 2.0**-24
"""Relative rounding error of float32."""

SAME_SINGLE = 1.01 * SINGLE
"""How far apart numbers may be, as a share of them, that are one number in float32."""

FAR = 1000.0
"""Scaled values are clipped to this; a missing value is put at four times it."""

# Numbers that are looked at together: they stay in the processor's cache.
_FEW = 8192

BLOCK = 64
"""Rows of a block: fewer bound better, more cost less per row."""

SAMPLE = 256
"""Rows that a split looks at to choose its column."""


@final
@dataclass(frozen=True, eq=False)
class Rows:
    """Rows as distances see them.

    Attributes:
        continuous: Shape ``(n, p)``. Scaled so that the real table spans about [0, 1] in each
            column (see `scale_to_ranks`, `scale_to_range`); values outside are allowed, NaN is a
            missing value.
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
        values = self.continuous
        if values.min(initial=0.0) >= -FAR and values.max(initial=0.0) <= FAR:
            return values  # no copy; neither is so if one is missing
        clipped = np.clip(values, -FAR, FAR)
        clipped[np.isnan(clipped)] = 4 * FAR
        return clipped

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


def scale_to_ranks(values: Floats, reference: Floats) -> Floats:
    """Scale columns by the distribution function of the reference: to shares of its rows.

    A value becomes the share of reference rows below it, ties counting half, so that neither
    outliers nor heavy tails press the other rows together. The function is linear between
    knots: about ``sqrt(n) / 2`` quantiles of the ``n`` rows, and the 1st, 2nd, 4th, 8th, ... row
    from both ends. It follows the distribution but not single rows: were it to follow each row,
    rows of a second sample would be systematically farther or nearer than those of the first.
    Beyond the ends it goes on by the range of the reference: far outside is far away.

    Args:
        values: Shape ``(n, p)``; NaN is missing and stays NaN.
        reference: Shape ``(m, p)``, the real table's values.

    Returns:
        Shape ``(n, p)``. Columns that are constant or missing in the reference are as in
        `scale_to_range`.

    References:
        Podani, "Extending Gower's General Coefficient of Similarity to Ordinal Characters",
        Taxon 48, 1999, for Gower's coefficient on ranks.

    Example:
        >>> import numpy as np
        >>> from synthproto.measures.rows import scale_to_ranks
        >>> real = np.array([[1.0], [2.0], [3.0], [1e12]])
        >>> scale_to_ranks(np.array([[1.0], [1.5], [3.0], [1e12]]), real)[:, 0].tolist()
        [0.125, 0.25, 0.625, 0.875]
    """
    columns = [RankScale.of(other)(one) for one, other in zip(values.T, reference.T, strict=True)]
    return np.column_stack(columns) if columns else np.zeros((len(values), 0))


class RankScale(NamedTuple):
    """What `scale_to_ranks` keeps of a column of the reference.

    Attributes:
        knots: Some of its values, ascending and distinct; if there are fewer than two of them,
            numbers are scaled by the range that they span.
        shares: Share of its rows below each, ties counting half.
    """

    knots: Floats
    shares: Floats

    @classmethod
    def of(cls, reference: Floats) -> Self:
        """Of all values of a column, NaN where missing."""
        ascending = np.sort(reference[np.isfinite(reference)])
        knots = ascending[knot_places(len(ascending))]
        knots = knots[np.flatnonzero(np.diff(knots, prepend=-np.inf))]
        around = np.searchsorted(ascending, knots), np.searchsorted(ascending, knots, side="right")
        return cls(knots, (around[0] + around[1]) / (2 * max(len(ascending), 1)))

    def __call__(self, values: Floats) -> Floats:
        """Scale values of any table."""
        knots = self.knots
        if len(knots) < 2:
            return scale_to_range(values[:, None], knots[:, None])[:, 0]
        # Halved before subtracting: the range of very large values overflows float64.
        scale = (knots[-1] / 2 - knots[0] / 2) or np.inf
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            below = np.minimum(values / 2 - knots[0] / 2, 0.0) / scale
            above = np.maximum(values / 2 - knots[-1] / 2, 0.0) / scale
            # Lifted, as slopes between the tiniest numbers overflow.
            lift = 2.0**500 if np.abs(knots).max() < 1e-150 else 1.0
            inside = np.interp(values * lift, knots * lift, self.shares)
        return np.asarray(inside + np.clip(below + above, -FAR, FAR), dtype=np.float64)


def knot_places(count: int) -> Ints:
    """Where in ``count`` sorted values the knots of `scale_to_ranks` are."""
    step = max(1, int(2 * np.sqrt(count)))
    ends = 2 ** np.arange(step.bit_length()) - 1
    places = np.concatenate([np.arange(0, count, step), ends, count - 1 - ends, [count - 1]])
    return np.unique(places[(places >= 0) & (places < count)])


class Digits(NamedTuple):
    """With how many digits the numbers of a column were written.

    Attributes:
        whole: Whether all are integers.
        single: Whether all are float32 numbers.
    """

    whole: bool
    single: bool

    @classmethod
    def of(cls, values: Floats) -> Self:
        """Of numbers, shape ``(n,)``, NaN where missing."""
        few = values[:_FEW]  # most often these tell
        return cls(_whole(few) and _whole(values), _single(few) and _single(values))

    def precision(self, other: Self) -> float:
        """As the function `precision`, of two columns whose digits are known."""
        if self.whole and other.whole:
            return 0.0
        single = self.single or other.single
        return SAME_SINGLE if single else 8 * float(np.finfo(float).eps)


def precision(first: Floats, second: Floats) -> float:
    """How far equal numbers of two columns may be apart, as a share of them.

    The same numbers come back changed in their last digits from float32 (what most models and
    files give) and from arithmetic. Where all values of one side are float32 numbers, it is their
    rounding error; else a few units in the last place of float64; 0 for integers.
    """
    return Digits.of(first).precision(Digits.of(second))


def snapped(values: Floats, reference: Floats, tolerance: float) -> Floats:
    """Values that equal one of a reference up to a tolerance, made equal to it.

    Args:
        values: Shape ``(n,)``; NaN stays NaN.
        reference: Shape ``(m,)``, the real table's values. Of those that equal each other up to
            the tolerance, the least stands for all.
        tolerance: As a share of the numbers, see `precision`.

    Example:
        >>> import numpy as np
        >>> from synthproto.measures.rows import precision, snapped
        >>> real, synthetic = np.array([0.1]), np.array([0.1], dtype=np.float32).astype(float)
        >>> snapped(synthetic, real, precision(synthetic, real)).tolist()
        [0.1]
    """
    return snapped_to(values, distinct(reference, tolerance), tolerance)


def distinct(reference: Floats, tolerance: float) -> Floats:
    """Distinct finite values, ascending; the least stands for those equal to it, see `snapped`."""
    known = np.unique(reference[np.isfinite(reference)])
    return np.asarray(known[np.diff(known, prepend=-np.inf) > 2 * tolerance * np.abs(known)])


def snapped_to(values: Floats, known: Floats, tolerance: float) -> Floats:
    """As `snapped`, with the `distinct` values of the reference."""
    if tolerance == 0 or not len(known):
        return values
    if len(values) > _FEW:  # looking up sorted values misses the cache less often
        order = np.argsort(values)
        ascending, near = values[order], np.empty(len(values))
        for start in range(0, len(values), _FEW):
            block = slice(start, start + _FEW)
            near[order[block]] = snapped_to(ascending[block], known, tolerance)
        return near
    place = np.clip(np.searchsorted(known, values), 1, max(len(known) - 1, 1))
    lower, upper = known[place - 1], known[np.minimum(place, len(known) - 1)]
    nearest = np.where(np.abs(values - lower) <= np.abs(upper - values), lower, upper)
    same = np.abs(values - nearest) <= 2 * tolerance * np.abs(nearest)
    return np.asarray(np.where(same, nearest, values), dtype=np.float64)


def _whole(values: Floats) -> bool:
    return bool((np.isnan(values) | (values == np.rint(values))).all())


def _single(values: Floats) -> bool:
    with np.errstate(over="ignore", under="ignore"):
        return bool((np.isnan(values) | (values == values.astype(np.float32))).all())


def as_near(distances: Floats, limits: Floats) -> NDArray[np.bool_]:
    """Which distances are at most the limits, up to rounding, which is relative: see `SAME`."""
    return np.asarray(distances <= limits * (1 + SAME) + 1e-15)


def gower(queries: Rows, references: Rows, pairs: tuple[Ints, Ints]) -> Floats:
    """Gower distance of given pairs of rows, in float64.

    The mean over columns of: ``min(|a - b|, 1)`` for continuous values as they are scaled, 0 or 1
    for equal or different categories; 0 for two missing values and 1 for a missing and a known
    one.

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
        placed = rows.placed.astype(np.float32)
        parts = _similar_parts(placed, rows.codes)
        order = np.concatenate(parts)
        ends = np.cumsum([len(part) for part in parts])
        continuous = np.empty(placed.shape[::-1], dtype=np.float32)
        for into, column in zip(continuous, placed.T, strict=True):
            into[:] = column[order]
        narrow = np.min_scalar_type(int(rows.codes.max(initial=0)))
        codes = rows.codes.astype(narrow)[order].T.copy()
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


def _similar_parts(values: NDArray[np.float32], codes: Ints) -> list[Ints]:
    """Split rows again and again, on the column that divides the most, down to `BLOCK` rows."""
    parts: list[Ints] = []
    stack = [np.arange(len(codes))]
    while stack:
        part = stack.pop()
        if len(part) <= BLOCK:
            parts.append(part)
        else:
            left, right = _split(part, values, codes)
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
