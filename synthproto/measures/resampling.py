"""Rows of two tables, exchanged between them and drawn anew: in groups, and by closed forms."""

import math
from dataclasses import dataclass
from typing import Self, TypeAlias, TypeVar, final

import numpy as np
from numpy.typing import NDArray

from synthproto.measures.columns import LEAST_NOISE, Counts, Floats, Noise, Places
from synthproto.measures.products import weighted_sums

Drawn: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Counts of both sides, by draw."""

Sides: TypeAlias = tuple[Floats, Floats]
"""Numbers of both sides, by draw."""

Number = TypeVar("Number", bound=np.generic)
Ints = NDArray[np.int64]
Groups = NDArray[np.int32]

_GROUPS = 100  # of the shorter table
_LONGER = 20  # rows of the longer table so many times those of the shorter one tell no more
_CELLS = 2_000  # beyond, most cells of most groups are empty

# Sums of logarithms so small are rounding error.
_ROUNDING = 1e-9


@final
@dataclass(frozen=True, eq=False)
class RowGroups:
    """Rows of both tables in groups of one size, and how often a draw takes each group.

    Attributes:
        taken: By side, the rows that take part, in the order of the table.
        group: By side, the group of each of them, those of the real table numbered first.
        weights: How often each draw has each group on either side, shape ``(draws, groups)``;
            exchanges first, then bootstrap samples.
    """

    taken: tuple[Ints | slice, Ints | slice]
    group: tuple[Groups, Groups]
    weights: Drawn

    @classmethod
    def of(cls, rows: int, others: int, draws: int, seed: int) -> Self:
        """Random groups of so many real and synthetic rows, and draws of them."""
        generator = np.random.default_rng(seed)
        lengths = rows, others
        most = _LONGER * min(lengths)
        size = math.ceil(min(lengths) / _GROUPS)
        places = [_places(generator.permutation(length)[:most], length, size) for length in lengths]
        groups = [math.ceil(min(most, length) / size) for length in lengths]
        total, first = sum(groups), groups[0]
        # An exchange: as many groups as the real table has are called real.
        ranks = generator.permuted(np.tile(np.arange(total), (draws, 1)), axis=1)
        called = ranks < first
        again = [generator.multinomial(n, [1 / n] * n, size=draws) for n in groups]
        none = [np.zeros((draws, n)) for n in groups]
        real = np.vstack([called, np.hstack([again[0], none[1]])])
        other = np.vstack([~called, np.hstack([none[0], again[1]])])
        (taken, group), (also_taken, beside) = places
        weights = real.astype(np.float32), other.astype(np.float32)
        return cls((taken, also_taken), (group, beside + np.int32(first)), weights)

    @property
    def groups(self) -> int:
        """Number of groups of both tables."""
        return len(self.weights[0].T)

    def pooled(self, real: NDArray[Number], synthetic: NDArray[Number]) -> NDArray[Number]:
        """What the rows of both tables have, one after the other."""
        return np.concatenate([real[self.taken[0]], synthetic[self.taken[1]]])

    def counts(self, codes: Ints, slots: int) -> Drawn:
        """Rows in each slot, by draw and side, shape ``(draws, slots)``; codes below 0 are none."""
        if slots > _CELLS:
            used = codes >= 0
            where = (np.concatenate(self.group)[used], codes[used])
            from scipy.sparse import csr_array  # a third of a second, for columns of many labels

            ones = np.ones(int(used.sum()), dtype=np.float32)
            sparse = csr_array((ones, where), shape=(self.groups, slots))
            first, second = (np.asarray(weights @ sparse) for weights in self.weights)
            return first, second
        places = np.concatenate(self.group) * np.int64(slots + 1)
        places += codes
        places += 1
        flat = np.bincount(places, minlength=self.groups * (slots + 1))
        dense = flat.reshape(self.groups, slots + 1)[:, 1:].astype(np.float32)
        real, synthetic = (weighted_sums(weights, dense) for weights in self.weights)
        return real, synthetic

    def sums(self, by_group: Floats) -> Sides:
        """Sums over the rows of each draw and side of what was summed over each group."""
        flat = by_group.reshape(self.groups, -1)
        real, synthetic = (
            weighted_sums(weights.astype(np.float64), flat).reshape(-1, *by_group.shape[1:])
            for weights in self.weights
        )
        return real, synthetic


def _places(drawn: Ints, length: int, size: int) -> tuple[Ints | slice, Groups]:
    """The rows that were drawn, in the order of the table, and the group of each."""
    group = np.full(length, -1, dtype=np.int32)
    group[drawn] = np.arange(len(drawn)) // size
    if len(drawn) == length:
        return slice(None), group
    taken = np.flatnonzero(group >= 0)
    return taken, group[taken]


def noise_of_tables(table: Places, pooled: Counts, rows: int, others: int) -> list[Noise]:
    """Noise of the total variation of two tables of counts between which rows are exchanged.

    How many rows of a cell go to one side is hypergeometric. Its mean deviation is taken from the
    binomial distribution (De Moivre), and that cells take rows from each other is allowed for as
    between normal variables of the same correlation.

    Args:
        table: Which pair of tables each occupied cell belongs to, from 0.
        pooled: Rows of both tables in it.
        rows: Rows of one table.
        others: Rows of the other.

    References:
        Diaconis and Zabell, "Closed Form Summation for Classical Distributions", Statistical
        Science 6, 1991.

    Example:
        >>> import numpy as np
        >>> from synthproto.measures.resampling import noise_of_tables
        >>> many = noise_of_tables(np.zeros(1000, dtype=int), np.full(1000, 4), 2000, 2000)
        >>> round(many[0].expected, 2)  # of a perfect sampler
        0.37
    """
    total, part = rows + others, rows / (rows + others)
    unit = 1 / rows + 1 / others
    left = (total - pooled) / max(total - 1, 1)
    deviation = _binomial_deviation(pooled, part) * np.sqrt(left)
    variance = pooled * part * (1 - part) * left
    expected = np.bincount(table, weights=deviation) * unit / 2
    p = np.minimum(pooled / total, 1 - 1e-12)
    square = np.bincount(table, weights=np.maximum(variance - deviation**2, 0.0))
    # 2/pi (sqrt(1 - r²) + r asin r - 1) as a series in r² = p q / ((1 - p) (1 - q)).
    for order, term in ((1, 1 / 2), (2, 1 / 24), (3, 1 / 80)):
        ratio = np.sqrt(pooled * part * (1 - part) * (1 - p)) * (p / (1 - p)) ** order
        together = np.bincount(table, weights=ratio) ** 2 - np.bincount(table, weights=ratio**2)
        square = square + 2 / np.pi * term * together
    spread = np.maximum(np.sqrt(square) * unit / 2, LEAST_NOISE)
    return [Noise(*each) for each in zip(expected.tolist(), spread.tolist(), strict=True)]


def _binomial_deviation(trials: Counts, chance: float) -> Floats:
    """Mean absolute deviation of binomial numbers from their mean."""
    from scipy.special import gammaln  # a tenth of a second, for those who ask for it

    sizes, back = np.unique(trials, return_inverse=True)
    k = np.floor(sizes * chance) + 1
    logs = gammaln(sizes + 1) - gammaln(k + 1) - gammaln(sizes - k + 1)
    logs += k * np.log(chance) + (sizes - k + 1) * np.log1p(-chance)
    deviations: Floats = (2 * k * np.exp(logs))[back]
    return deviations


def information_of_shares(shares: Floats, rows: Places, columns: Places) -> Floats:
    """`normalised_information` of one pair of columns, of many tables of shares of the same cells.

    Args:
        shares: Shape ``(tables, cells)``, each row with the sum 1.
        rows: Category of the first column of each cell.
        columns: Category of the second column.

    Returns:
        Shape ``(tables,)``.
    """
    joint = _entropy(shares)
    marginal = sum(
        _entropy(shares @ np.eye(places.max() + 1, dtype=shares.dtype)[places])
        for places in (rows, columns)
    )
    found: Floats = np.divide(
        marginal - joint, marginal, out=np.zeros_like(joint), where=marginal > _ROUNDING
    )
    return np.clip(2 * found, 0.0, 1.0)


def _entropy(shares: Floats) -> Floats:
    """Of each row, in nats."""
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    entropies: Floats = -np.einsum("ts,ts->t", shares, logs)
    return entropies
