"""What a synthetic table gives away about the rows it was made from.

No number here proves that a table is private. Distances to the closest record find copies and
near-copies, an alarm for memorisation; tables that pass such tests have been attacked with
success (Yao et al., "The DCR Delusion", arXiv 2505.01524, 2025). Attacks are in `attacks`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias, final

import numpy as np

from synthproto.measures.hashes import row_hashes
from synthproto.measures.neighbours import Neighbours, pairs_within
from synthproto.measures.ranking import Z95
from synthproto.measures.rows import Floats, Ints, Rows, as_near

Ties: TypeAlias = Literal["half", "holdout"]
"""What a synthetic row counts that is as close to the holdout as to the real table: the share of
real ones among its closest rows (one half, if there is one of each), or nothing."""

_KEPT = 2**22
"""Pairs of tied rows that are remembered; more are searched again."""

CAVEAT = (
    "Distances to the closest record are an alarm for memorisation: passing them does not mean "
    "that a table is private (arXiv 2505.01524)."
)
"""What every report of distances says."""


def nndr(closest: Floats, second: Floats) -> Floats:
    """Nearest neighbour distance ratio: distance to the closest row over that to the second.

    Returns:
        In [0, 1], shape ``(n,)``. Near 0 the row points at one record, near 1 at none in
        particular; 1 where both distances are 0: the record is not alone.
    """
    ratio = closest / np.where(second > 0, second, 1.0)
    return np.asarray(np.where(second > 0, ratio, 1.0), dtype=np.float64)


@final
@dataclass(frozen=True, eq=False)
class Closest:
    """Which rows of the pooled real table and holdout are the closest to each synthetic row.

    Attributes:
        real: Shape ``(N,)``, share of real ones among the rows at a synthetic row's least distance.
        tied: Shape ``(N,)``, how many rows are at the least distance.
        loads: Sum over the pooled rows j of ``w_j``, the sum of ``1 / tied`` over the synthetic
            rows that j is closest to; and the sum of ``w_j`` squared.
        sizes: Rows of the real table and of the holdout.
    """

    real: Floats
    tied: Floats
    loads: tuple[float, float]
    sizes: tuple[int, int]


def closest_of_both(
    synthetic: Rows,
    sides: tuple[Rows, Rows],
    found: tuple[Neighbours, Neighbours],
) -> Closest:
    """Look up which of the real and the holdout rows are closest, all ties included.

    Args:
        synthetic: Rows to look up.
        sides: The real table and the holdout.
        found: At least the two closest rows of each side for each synthetic row (one, if the side
            has no more). Of the holdout any rows, where all are farther than a real row.
    """
    sizes = len(sides[0]), len(sides[1])
    firsts = [one.distances[:, 0] for one in found]
    least = np.minimum(firsts[0], firsts[1])
    near = np.column_stack([as_near(one, least) for one in firsts])
    several = near.all(axis=1)
    for one in found:
        if one.distances.shape[1] > 1:
            several |= as_near(one.distances[:, 1], least)
    real, tied = near[:, 0].astype(np.float64), np.ones(len(synthetic))
    owners = np.where(near[:, 0], found[0].indices[:, 0], sizes[0] + found[1].indices[:, 0])
    loads = np.bincount(owners[~several], minlength=sum(sizes)).astype(np.float64)
    if several.any():
        some = np.flatnonzero(several)
        real[some], tied[some], shared = _shared(synthetic.take(some), sides, least[some])
        loads += shared
    return Closest(real, tied, (float(loads.sum()), float(np.square(loads).sum())), sizes)


def _shared(
    synthetic: Rows, sides: tuple[Rows, Rows], least: Floats
) -> tuple[Floats, Floats, Floats]:
    """`Closest` of rows with ties: shares of real rows, numbers of ties, and loads."""
    # Equal rows are looked up once: tables with many ties have many of them.
    asked = _Distinct.of(synthetic)
    known = [_Distinct.of(rows) for rows in sides]
    reach = least[asked.first]
    counts, loads = np.zeros((2, len(reach))), [np.zeros(len(side.counts)) for side in known]
    kept, room = list[tuple[int, Ints, Ints]](), _KEPT
    for side, one, other in _pieces(asked, known, reach):
        counts[side] += np.bincount(one, known[side].counts[other], len(reach))
        room -= len(one)
        if room >= 0:
            kept.append((side, one, other))
    total = counts.sum(axis=0)
    for side, one, other in kept if room >= 0 else _pieces(asked, known, reach):
        loads[side] += np.bincount(other, (asked.counts / total)[one], len(loads[side]))
    spread = [load[side.inverse] for load, side in zip(loads, known, strict=True)]
    return (counts[0] / total)[asked.inverse], total[asked.inverse], np.concatenate(spread)


def _pieces(
    asked: "_Distinct", known: list["_Distinct"], reach: Floats
) -> Iterator[tuple[int, Ints, Ints]]:
    for side, distinct in enumerate(known):
        for one, other in pairs_within(asked.rows, distinct.rows, reach):
            yield side, one, other


class _Distinct(NamedTuple):
    """Rows without most of their repetitions, or as they are if few rows are repeated."""

    rows: Rows
    first: Ints
    inverse: Ints
    counts: Ints

    @classmethod
    def of(cls, rows: Rows) -> "_Distinct":
        hashes = row_hashes(rows)
        _, first, inverse, counts = np.unique(
            hashes, return_index=True, return_inverse=True, return_counts=True
        )
        if len(first) > len(rows) / 2:
            # The rows as they are have been sorted into blocks already.
            every = np.arange(len(rows))
            return cls(rows, every, every, np.ones(len(rows), dtype=np.int64))
        return cls(rows.take(first), first, inverse, counts)


class Share(NamedTuple):
    """Share of synthetic rows that are closer to the real table than to the holdout.

    Attributes:
        value: In [0, 1]: 0.5 is expected of rows that are as near to both tables, 1 of copies.
        low: Lower end of the 95 % interval.
        high: Upper end.
        excess: What is beyond the expected, as a share of what could be: 0 is expected, 1 of
            copies, negative for rows that are nearer to the holdout.
        z: The excess in units of its standard deviation under exchange of real and holdout rows.
    """

    value: float
    low: float
    high: float
    excess: float
    z: float


def dcr_share(closest: Closest, *, ties: Ties = "half", corrected: bool = True) -> Share:
    """Share of synthetic rows that are closer to the real table than to the holdout.

    A synthetic row counts the share ``a_i`` of real rows among the ``t_i`` pooled rows at its
    least distance. If real and holdout rows are exchangeable, the mean ``A`` of them is expected
    to be ``p = n / (n + m)``, for any sizes and ties, and its variance is that of drawing n of
    the pooled rows: with ``w_j`` the sum of ``1 / t_i`` over the N synthetic rows that row j is
    closest to::

        Var A = p (1 - p) [sum w_j^2 - (sum w_j)^2 / (n + m)] (n + m) / (n + m - 1) / N^2

    The share is ``A`` with the odds that equal sizes would give, which makes 0.5 the expected
    one; the interval is that of ``A ± 1.96 sd``, treated alike.

    Args:
        closest: Of `closest_of_both`.
        ties: ``"holdout"`` counts a row only if none of its closest rows is of the holdout.
        corrected: Whether sizes are corrected for.

    References:
        Platzer and Reutterer, "Holdout-Based Empirical Assessment of Mixed-Type Synthetic Data",
        Frontiers in Big Data 4, 2021, for the share. The variance is that of a mean without
        replacement, e.g. Cochran, "Sampling Techniques", 1977, section 2.
    """
    n, m = closest.sizes
    expected = n / (n + m)
    counted = closest.real if ties == "half" else closest.real == 1
    share = float(counted.mean())
    total, squares = closest.loads
    pooled = n + m
    spread = max(0.0, squares - total**2 / pooled) * pooled / (pooled - 1)
    deviation = float(np.sqrt(expected * (1 - expected) * spread)) / len(counted)
    ends = [min(1.0, max(0.0, share + side * Z95 * deviation)) for side in (0, -1, 1)]
    value, low, high = (_at_equal_sizes(end, n, m) if corrected else end for end in ends)
    gap = share - expected
    z = gap / deviation if deviation > 0 else 0.0
    return Share(value, low, high, gap / (1 - expected), z)


def expected_share(closest: Closest, *, ties: Ties = "half", corrected: bool = True) -> float:
    """What `dcr_share` is on average if real and holdout rows are exchangeable."""
    n, m = closest.sizes
    if ties == "half":
        return 0.5 if corrected else n / (n + m)
    # None of t rows is of the holdout: n/(n+m) (n-1)/(n+m-1) ..., t factors.
    factors = np.maximum(n - np.arange(n + 1), 0) / np.maximum(n + m - np.arange(n + 1), 1)
    chances = np.concatenate([[1.0], np.cumprod(factors)])
    share = float(chances[np.minimum(closest.tied.astype(np.int64), n + 1)].mean())
    return _at_equal_sizes(share, n, m) if corrected else share


def _at_equal_sizes(share: float, n: int, m: int) -> float:
    """A share with the odds that it would have if both tables were of one size."""
    return share * m / (share * m + (1 - share) * n)
