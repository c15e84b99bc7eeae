"""How the numbers of one column are spread: exactly where few differ, else at many places."""

from dataclasses import dataclass
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from synthproto.data.statistics import Moments
from synthproto.measures.products import dot

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EXACT = 1 << 17
"""Distinct numbers up to which a column that is read in pieces is known number by number."""

POINTS = 1 << 14
"""Places that a piece with more of them is reduced to."""


@final
@dataclass(frozen=True, eq=False)
class Places:
    """Numbers of a column, ascending and distinct, at which rows are counted.

    Attributes:
        column: Which.
        values: The numbers.
        decimals: To which numbers are rounded before they are compared with these; or ``None``.
    """

    column: str
    values: Floats
    decimals: int | None = None


@final
@dataclass(frozen=True, eq=False)
class Ranks:
    """How many rows have a number below each place, and how many have none above it."""

    below: Ints
    upto: Ints

    @classmethod
    def of(cls, ascending: Floats, places: Floats) -> Self:
        """Of sorted numbers."""
        return cls(ascending.searchsorted(places, "left"), ascending.searchsorted(places, "right"))

    def merged(self, other: Self) -> Self:
        """Of both pieces together."""
        return type(self)(self.below + other.below, self.upto + other.upto)


@final
@dataclass(frozen=True, eq=False)
class Distribution:
    """Distinct numbers, and how many rows each stands for.

    Attributes:
        values: Ascending, distinct, all of them numbers that occur.
        counts: Rows with each; if not ``exact``, rows with it or with numbers since the last one.
        exact: Whether all numbers that occur are here.
    """

    values: Floats
    counts: Ints
    exact: bool = True

    @classmethod
    def of(cls, ascending: Floats, most: int | None = None) -> Self:
        """Of sorted numbers without NaN; exact if no more than ``most`` differ."""
        ends = np.flatnonzero(np.append(ascending[1:] != ascending[:-1], True)[: len(ascending)])
        found = cls(ascending[ends], np.diff(ends, prepend=-1))
        return found if most is None or len(ends) <= most else found._reduced(POINTS)

    def merged(self, other: Self) -> Self:
        """Of both pieces together."""
        both = self._joined(
            np.concatenate([self.values, other.values]),
            np.concatenate([self.counts, other.counts]),
            self.exact and other.exact,
        )
        return both._reduced(EXACT) if len(both.values) > EXACT else both

    def rounded(self, decimals: int) -> Self:
        """Of the same numbers, rounded."""
        return self._joined(np.round(self.values, decimals), self.counts, self.exact)

    def snapped(self, values: Floats) -> Self:
        """Of the same rows with other numbers."""
        return self._joined(values, self.counts, self.exact)

    @classmethod
    def _joined(cls, values: Floats, counts: Ints, exact: bool) -> Self:
        order = np.argsort(values, kind="stable")
        values, counts = values[order], counts[order]
        first = np.flatnonzero(np.append(True, values[1:] != values[:-1])[: len(values)])
        sums = np.add.reduceat(counts, first) if len(first) else counts
        return cls(values[first], sums, exact)

    def _reduced(self, points: int) -> Self:
        upto = self.upto
        wanted = np.arange(1, points + 1) * int(upto[-1]) // points
        kept = np.unique(np.searchsorted(upto, wanted))
        return type(self)(self.values[kept], np.diff(upto[kept], prepend=0), False)

    @property
    def upto(self) -> Ints:
        """Rows up to each number."""
        return np.cumsum(self.counts)

    def moments(self, missing: int) -> Moments:
        """Of an exact distribution; see `Moments.of`."""
        count = int(self.counts.sum())
        if not count:
            return Moments(0, missing, 0.0, 0.0, np.inf, -np.inf)
        low, high = float(self.values[0]), float(self.values[-1])
        heights, counts = self.values - low, self.counts.astype(np.float64)
        mean = min(dot(heights, counts) / count, high - low)
        squares = dot(np.square(heights - mean), counts)
        return Moments(count, missing, low + mean, squares, low, high)

    def ranks(self, places: Floats) -> Ranks:
        """Of an exact distribution."""
        upto = np.append(0, self.upto)
        return Ranks(
            upto[self.values.searchsorted(places, "left")],
            upto[self.values.searchsorted(places, "right")],
        )

    def grid(self, points: int) -> Floats:
        """About so many of the numbers, of equal shares of the rows; all if there are no more."""
        if len(self.values) <= points:
            return self.values
        upto = self.upto
        wanted = np.arange(1, points) * int(upto[-1]) // points
        return self.values[np.unique(np.searchsorted(upto, wanted))]


def rounded(ascending: Floats, decimals: int | None) -> Floats:
    """Sorted numbers, rounded; one by one, so that pieces and the whole are rounded alike."""
    return ascending if decimals is None else np.round(ascending, decimals)
