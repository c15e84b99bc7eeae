"""How well a number ranks two groups: ROC curves, and intervals of shares."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from synthproto.measures.rows import Floats

Z95 = 1.959963984540054
"""Quantile of the normal distribution that leaves 2.5 % above."""


class Interval(NamedTuple):
    """A share with its 95 % confidence interval, all in [0, 1].

    Attributes:
        value: The share found.
        low: Lower end.
        high: Upper end.
    """

    value: float
    low: float
    high: float


class Roc(NamedTuple):
    """Receiver operating characteristic: one point for each threshold, from (0, 0) to (1, 1).

    Attributes:
        false_positive: Share of negatives at or above the threshold, ascending.
        true_positive: Share of positives at or above the threshold.
    """

    false_positive: Floats
    true_positive: Floats


def null_variance(scores: Floats, positive: NDArray[np.bool_]) -> float:
    """Variance of the area under the ROC curve over all permutations of the labels.

    Args:
        scores: Shape ``(n,)``; ties are counted as such.
        positive: Which of them are positives; some are, and some are not.

    References:
        Mann and Whitney, "On a Test of Whether one of Two Random Variables is Stochastically
        Larger than the Other", Annals of Mathematical Statistics 18, 1947.

    Example:
        >>> import numpy as np
        >>> from synthproto.measures.ranking import null_variance
        >>> round(null_variance(np.arange(4.0), np.array([True, True, False, False])), 4)
        0.1042
    """
    n, m = int(positive.sum()), int((~positive).sum())
    total = n + m
    _, ties = np.unique(scores, return_counts=True)
    tied = float((ties**3.0 - ties).sum()) / (total * (total - 1))
    return (total + 1 - tied) / (12 * n * m)


def wilson(successes: float, trials: float) -> Interval:
    """Share of successes with its Wilson score interval.

    Args:
        successes: From 0 to `trials`; may be fractional (ties that count half).
        trials: Above 0; may be fractional (an effective number of independent trials).

    References:
        Wilson, "Probable Inference, the Law of Succession, and Statistical Inference",
        JASA 22, 1927.
    """
    share, spread = successes / trials, Z95**2 / trials
    centre = (share + spread / 2) / (1 + spread)
    half = np.sqrt(share * (1 - share) * spread + spread**2 / 4) / (1 + spread)
    return Interval(share, max(0.0, float(centre - half)), min(1.0, float(centre + half)))


def clopper_pearson(successes: float, trials: float) -> Interval:
    """Share of successes with its exact interval, which holds for any counts.

    Args:
        successes: From 0 to `trials`; may be fractional.
        trials: Above 0; may be fractional (an effective number of independent trials).

    References:
        Clopper and Pearson, "The Use of Confidence or Fiducial Limits Illustrated in the Case of
        the Binomial", Biometrika 26, 1934.

    Example:
        >>> from synthproto.measures.ranking import clopper_pearson
        >>> value, low, high = clopper_pearson(0, 100)
        >>> value, low, round(high, 3)
        (0.0, 0.0, 0.036)
    """
    failures = max(trials - successes, 0.0)
    low = float(betaincinv(successes, failures + 1, 0.025)) if successes else 0.0
    high = float(betaincinv(successes + 1, failures, 0.975)) if failures else 1.0
    return Interval(successes / trials, low, high)


def roc(positives: Floats, negatives: Floats) -> Roc:
    """ROC curve of a number that should be higher for positives.

    Args:
        positives: Numbers of the positives, at least one.
        negatives: Numbers of the negatives, at least one.

    Returns:
        One point for each distinct number, and (0, 0); equal numbers are one step.
    """
    thresholds = np.unique(np.concatenate([positives, negatives]))[::-1]
    shares = [
        1 - np.searchsorted(np.sort(side), thresholds, side="left") / len(side)
        for side in (negatives, positives)
    ]
    return Roc(np.concatenate([[0.0], shares[0]]), np.concatenate([[0.0], shares[1]]))


def auc(positives: Floats, negatives: Floats) -> float:
    """Area under the ROC curve: chance that a positive ranks above a negative, ties being half.

    Returns:
        In [0, 1]; 0.5 if the number tells nothing.
    """
    ordered = np.sort(negatives)
    below = np.searchsorted(ordered, positives, side="left")
    up_to = np.searchsorted(ordered, positives, side="right")
    return float((below + up_to).mean() / (2 * len(negatives)))


_FEW = 10


def auc_interval(positives: Floats, negatives: Floats) -> Interval:
    """Area under the ROC curve with its 95 % interval.

    The interval is DeLong's, clipped to [0, 1]; it has no width where the groups are separated. Of
    groups of fewer than 10 rows, from which DeLong's variance is hardly estimated, it is as wide as
    that of a random order at least.

    References:
        DeLong, DeLong and Clarke-Pearson, "Comparing the Areas under Two or More Correlated
        Receiver Operating Characteristic Curves", Biometrics 44, 1988.
    """
    area = auc(positives, negatives)
    ordered = np.sort(positives)
    above = [np.searchsorted(ordered, negatives, side=side) for side in ("left", "right")]
    of_negatives = 1 - (above[0] + above[1]) / (2 * len(positives))
    ordered = np.sort(negatives)
    below = [np.searchsorted(ordered, positives, side=side) for side in ("left", "right")]
    of_positives = (below[0] + below[1]) / (2 * len(negatives))
    variance = sum(side.var() / max(len(side) - 1, 1) for side in (of_positives, of_negatives))
    if min(len(positives), len(negatives)) < _FEW:
        scores = np.concatenate([positives, negatives])
        variance = max(variance, null_variance(scores, np.arange(len(scores)) < len(positives)))
    half = Z95 * float(np.sqrt(variance))
    return Interval(area, max(0.0, area - half), min(1.0, area + half))


def area_influence(scores: Floats, positive: NDArray[np.bool_]) -> Floats:
    """How much each row moves the area under the ROC curve; the sum of squares is its variance.

    DeLong's components, centred and divided by the size of their group.

    Args:
        scores: Shape ``(n,)``, higher for positives.
        positive: Which rows are positives; some are, and some are not.

    References:
        DeLong, DeLong and Clarke-Pearson, as for `auc_interval`.

    Example:
        >>> import numpy as np
        >>> from synthproto.measures.ranking import area_influence
        >>> area_influence(np.array([0.0, 1.0, 2.0, 3.0]), np.array([False, True, False, True]))
        array([ 0.125, -0.125, -0.125,  0.125])
    """
    found = np.zeros(len(scores))
    for group, sign in ((positive, 1), (~positive, -1)):
        others = np.sort(scores[~group])
        below, upto = (others.searchsorted(scores[group], side) for side in ("left", "right"))
        share = (below + upto) / (2 * len(others))
        found[group] = sign * (share - share.mean()) / len(share)
    return found


def true_positives_at(curve: Roc, false_positive: float, members: int) -> Interval:
    """Highest share of positives found while at most this share of negatives is.

    Args:
        curve: Of positives and negatives.
        false_positive: Share of negatives.
        members: Number of positives.

    Returns:
        The share with its Clopper-Pearson interval, the threshold taken as given.
    """
    share = float(curve.true_positive[curve.false_positive <= false_positive].max())
    return clopper_pearson(round(share * members), members)
