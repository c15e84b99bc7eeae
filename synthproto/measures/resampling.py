"""What two tables of counts differ by if rows are exchanged between them at random."""

import numpy as np
from scipy.special import entr, gammaln

from synthproto.measures.columns import LEAST_NOISE, Counts, Floats, Noise, Places

# Sums of logarithms so small are rounding error.
_ROUNDING = 1e-9


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
    joint = entr(shares).sum(axis=1)
    marginal = sum(
        entr(shares @ np.eye(places.max() + 1, dtype=shares.dtype)[places]).sum(axis=1)
        for places in (rows, columns)
    )
    found: Floats = np.divide(
        marginal - joint, marginal, out=np.zeros_like(joint), where=marginal > _ROUNDING
    )
    return np.clip(2 * found, 0.0, 1.0)
