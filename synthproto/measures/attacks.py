"""What attackers achieve who ask about members and attributes.

Attacks show what one attacker achieves, not what the best one could.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthproto.measures.ranking import Interval, clopper_pearson, wilson
from synthproto.measures.rows import Floats

LEAST = 1e-12
"""Distances below this are those of copies: rounding, in float64."""


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
    return np.asarray(np.log((to_reference + LEAST) / (to_synthetic + LEAST)), dtype=np.float64)


class Threshold(NamedTuple):
    """A test for members: is a score at least this, or, turned, below it for others."""

    score: float
    turned: bool


def likeliest_test(members: Floats, others: Floats) -> Threshold:
    """The test that shows the most privacy loss on some rows, to be tried on other rows.

    Args:
        members: Membership scores of rows that were trained on.
        others: Those of rows that were not.
    """
    scores = np.unique(np.quantile(np.concatenate([members, others]), np.linspace(0, 1, 200)))
    found = [
        (log_ratio(members, others, test), test)
        for test in (Threshold(float(s), turned) for s in scores for turned in (False, True))
    ]
    return max(found, key=lambda one: one[0])[1]


def log_ratio(members: Floats, others: Floats, test: Threshold) -> float:
    """How much likelier a test says yes where it should: the logarithm, a lower bound at 95 %.

    For a test of members, true over false positives; turned, true over false negatives. Both
    rates have one-sided Clopper-Pearson bounds at 97.5 %.

    References:
        Jagielski et al., "Auditing Differentially Private Machine Learning", NeurIPS 2020.
    """
    right_ones, wrong_ones = (others, members) if test.turned else (members, others)
    yes = [
        (side < test.score) if test.turned else (side >= test.score)
        for side in (right_ones, wrong_ones)
    ]
    low = clopper_pearson(int(yes[0].sum()), len(yes[0])).low
    high = clopper_pearson(int(yes[1].sum()), len(yes[1])).high
    return float(np.log(low / high)) if low > 0 else -np.inf


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
