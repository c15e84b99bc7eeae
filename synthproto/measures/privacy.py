"""What a synthetic table gives away about the rows it was made from.

No number here proves that a table is private. Distances to the closest record find copies and
near-copies, an alarm for memorisation; tables that pass such tests have been attacked with
success (Yao et al., "The DCR Delusion", arXiv 2505.01524, 2025). Attacks show what one attacker
achieves, not what the best one could.
"""

from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from synthproto.measures.neighbours import Neighbours
from synthproto.measures.ranking import Interval, wilson
from synthproto.measures.rows import TIE, Floats, Rows

Ties: TypeAlias = Literal["half", "holdout"]
"""What a synthetic row counts that is as close to the holdout as to the real table."""

CAVEAT = (
    "Distances to the closest record are an alarm for memorisation: passing them does not mean "
    "that a table is private (arXiv 2505.01524)."
)
"""What every report of distances says."""


def row_hashes(rows: Rows) -> NDArray[np.uint64]:
    """One 64-bit number for each row; equal rows have equal ones.

    Two given different rows share one with probability about 2^-64.
    """
    # Adding 0.0 makes one zero of 0.0 and -0.0, which are equal but have different bits.
    columns = [column.view(np.uint64) for column in np.ascontiguousarray(rows.placed.T + 0.0)]
    columns += [column.astype(np.uint64) for column in rows.codes.T]
    hashes = np.zeros(len(rows), dtype=np.uint64)
    for column in columns:
        hashes = _mixed(hashes + np.uint64(0x9E3779B97F4A7C15) ^ _mixed(column))
    return hashes


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)), dtype=np.uint64)


def exact_matches(rows: Rows, references: Rows) -> NDArray[np.bool_]:
    """Whether each row is also in the reference table, value for value; missing equals missing."""
    return np.isin(row_hashes(rows), row_hashes(references))


def nndr(closest: Floats, second: Floats) -> Floats:
    """Nearest neighbour distance ratio: distance to the closest row over that to the second.

    Returns:
        In [0, 1], shape ``(n,)``. Near 0 the row points at one record, near 1 at none in
        particular; 1 where both distances are 0: the record is not alone.
    """
    ratio = closest / np.where(second > 0, second, 1.0)
    return np.asarray(np.where(second > 0, ratio, 1.0), dtype=np.float64)


def dcr_share(
    to_real: Neighbours,
    to_holdout: Neighbours,
    sizes: tuple[int, int],
    *,
    ties: Ties = "half",
) -> Interval:
    """Share of synthetic rows that are closer to the real table than to the holdout.

    Ties count half. Under exchange of real and holdout rows the larger table is closer more
    often, by the ratio of the sizes: rows count ``2m/(n+m)`` where the real table is closer and
    ``2n/(n+m)`` where the holdout is, which makes 0.5 the expected share (exactly so for equal
    sizes or without ties). Rows that share their closest row are not independent: the interval
    is Wilson's for the effective number of rows, ``(Σw)² / Σ(Σ w of a group)²`` over groups of
    one closest row.

    Args:
        to_real: Closest real row of each synthetic row.
        to_holdout: Closest holdout row of each synthetic row; any, if all are farther than the
            closest real row.
        sizes: Rows of the real table and of the holdout; equal numbers correct nothing.
        ties: What a row counts that is as close to both: ``"half"``, or nothing (``"holdout"``).

    Returns:
        Share and 95 % interval; 0.5 for a model that did not memorise, 1 for copies.

    References:
        Platzer and Reutterer, "Holdout-Based Empirical Assessment of Mixed-Type Synthetic Data",
        Frontiers in Big Data 4, 2021.
    """
    n, m = sizes
    gap = to_holdout.distances[:, 0] - to_real.distances[:, 0]
    wins, losses = gap > TIE, gap < -TIE
    weights = np.where(wins, 2 * m / (n + m), np.where(losses, 2 * n / (n + m), 1.0))
    tied = 0.5 if ties == "half" else 0.0
    counted = weights * np.where(wins, 1.0, np.where(losses, 0.0, tied))
    share = float(counted.sum() / weights.sum())
    groups = np.where(losses, n + to_holdout.indices[:, 0], to_real.indices[:, 0])
    effective = float(weights.sum() ** 2 / np.square(np.bincount(groups, weights)).sum())
    return wilson(share * effective, effective)


# --- membership ---------------------------------------------------------------------------------


def membership_scores(to_reference: Floats, to_synthetic: Floats) -> Floats:
    """How much closer a candidate row is to the synthetic table than to independent real rows.

    The logarithm of the ratio of the distances: a density ratio of synthetic over reference, with
    both densities estimated from nearest neighbours, up to a factor that ranks nothing.

    Args:
        to_reference: Distance of each candidate to rows that the attacker has of the same
            population, but that are no candidates.
        to_synthetic: Distance of each candidate to the synthetic table.

    Returns:
        Shape ``(n,)``, finite; high for rows that the synthesizer seems to have been trained on.

    References:
        van Breugel et al., "Membership Inference Attacks against Synthetic Data through
        Overfitting Detection" (DOMIAS), AISTATS 2023.
    """
    return np.asarray(np.log((to_reference + TIE) / (to_synthetic + TIE)), dtype=np.float64)


# --- attributes ---------------------------------------------------------------------------------


class Guesses(NamedTuple):
    """How often an attacker guesses a secret value.

    Attributes:
        attack: Share of right guesses for rows that the synthesizer was trained on.
        control: The same for holdout rows: what the synthetic table tells about anybody.
        baseline: Share of right guesses of the synthetic table's most common value, for the
            rows it was trained on.
        risk: ``(attack - control) / (1 - control)``: what is gained from the training rows
            alone, as a share of what could be.
    """

    attack: Interval
    control: Interval
    baseline: Interval
    risk: Interval


def right(truth: Floats, guesses: Floats, tolerance: float) -> NDArray[np.bool_]:
    """Whether guesses are within a tolerance; missing is right where missing is true."""
    close = np.abs(truth - guesses) <= tolerance
    return np.asarray(close | (np.isnan(truth) & np.isnan(guesses)))


def most_common(values: Floats) -> float:
    """The most common value (missing is one), the smallest of equally common ones."""
    distinct, counts = np.unique(values, return_counts=True)
    return float(distinct[counts.argmax()])


def best_guess(values: Floats, tolerance: float) -> float:
    """The value that is within a tolerance of the most values; of categories the most common."""
    known = np.sort(values[~np.isnan(values)])
    if tolerance == 0 or not len(known):
        return most_common(values)
    reach = np.searchsorted(known, known + 2 * tolerance, side="right") - np.arange(len(known))
    if np.isnan(values).sum() > reach.max():
        return float("nan")
    return float(known[reach.argmax()] + tolerance)


def excess_risk(attack: Interval, control: Interval) -> Interval:
    """What an attack gains over its control, as a share of what could be gained.

    Returns:
        ``max(0, (attack - control) / (1 - control))`` with its 95 % interval by propagation of
        errors, clipped to [0, 1]; 0 if the control is always right.

    References:
        Giomi et al., "A Unified Framework for Quantifying Privacy Risk in Synthetic Data"
        (Anonymeter), PoPETs 2023.
    """
    room = 1 - control.value
    if room <= 0:
        return Interval(0.0, 0.0, 0.0)
    value = (attack.value - control.value) / room
    by_attack = (attack.high - attack.low) / 2 / room
    by_control = (1 - attack.value) / room**2 * (control.high - control.low) / 2
    half = float(np.hypot(by_attack, by_control))
    low, middle, high = (min(1.0, max(0.0, end)) for end in (value - half, value, value + half))
    return Interval(middle, low, high)


def share_of(found: NDArray[np.bool_]) -> Interval:
    """Share of True with its Wilson interval; at least one entry."""
    return wilson(float(found.sum()), float(len(found)))
