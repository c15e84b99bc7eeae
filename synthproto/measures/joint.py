"""How alike two tables are as wholes: manifolds, supports, authenticity, kernels.

The functions take distances that are searched once (see `neighbours`) and are read by all.
"""

from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from synthproto.measures.neighbours import Balls
from synthproto.measures.rows import FAR, SAME, TIE, Floats, Ints, Rows, as_near


class Manifold(NamedTuple):
    """Overlap of two samples by the balls around their rows.

    Attributes:
        precision: Share of synthetic rows in any real ball; [0, 1], 1 is best.
        recall: Share of real rows in any synthetic ball; [0, 1], 1 is best.
        density: Mean number of real balls that a synthetic row lies in, divided by k; 0 is
            worst, around 1 for a sample of the same distribution, unbounded above.
        coverage: Share of real balls with a synthetic row in them; [0, 1], 1 is best, and
            ``1 - 2^-k`` is expected of an equally large sample of the same distribution.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def manifold(real_balls: Balls, covered: NDArray[np.bool_], k: int) -> Manifold:
    """Precision, recall, density and coverage.

    The ball of a row reaches to its k-th closest other row of the same table, and includes it:
    with the open balls of the authors' code, copies of a table with repeated rows, whose balls
    have no radius, would lie outside.

    Args:
        real_balls: Synthetic points in the balls of the real rows.
        covered: Which real rows lie in any ball of the synthetic rows.
        k: The neighbour that radii reach to.

    References:
        Naeem et al., "Reliable Fidelity and Diversity Metrics for Generative Models", ICML 2020.
        Kynkäänniemi et al., "Improved Precision and Recall Metric for Assessing Generative
        Models", NeurIPS 2019.
    """
    return Manifold(
        precision=float((real_balls.counts > 0).mean()),
        recall=float(covered.mean()),
        density=float(real_balls.counts.mean() / k),
        coverage=float(np.isfinite(real_balls.lowest).mean()),
    )


@final
@dataclass(frozen=True, eq=False)
class Centre:
    """The mean row of a table, categories one-hot, and Euclidean distances to it.

    A continuous column is one coordinate, its missing values at the mean, and a second one says
    whether it is missing. A category is a corner of a simplex of edge 1, so that a difference
    weighs as much as the whole range of a continuous column.

    Attributes:
        means: Shape ``(p,)``.
        missing: Shape ``(p,)``, shares.
        shares: For each categorical column the share of each code.
    """

    means: Floats
    missing: Floats
    shares: tuple[Floats, ...]

    @classmethod
    def of(cls, rows: Rows) -> "Centre":
        """Mean of at least one row."""
        values = np.clip(rows.continuous, -FAR, FAR)
        known = ~np.isnan(values)
        sums = np.where(known, values, 0.0).sum(axis=0)
        return cls(
            means=sums / np.maximum(known.sum(axis=0), 1),
            missing=1 - known.mean(axis=0),
            shares=tuple(np.bincount(codes) / len(rows) for codes in rows.codes.T),
        )

    def distances(self, rows: Rows) -> Floats:
        """Distance of each row to this centre, shape ``(n,)``, at least 0."""
        values = np.clip(rows.continuous, -FAR, FAR)
        known = ~np.isnan(values)
        squares = np.square(np.where(known, values - self.means, 0.0)).sum(axis=1)
        squares += np.square(~known - self.missing).sum(axis=1)
        for codes, shares in zip(rows.codes.T, self.shares, strict=True):
            # ½ |e_c - p|² = ½ (1 - 2 p_c + Σp²); a code that the centre lacks has p_c = 0.
            own = np.where(codes < len(shares), shares[np.minimum(codes, len(shares) - 1)], 0.0)
            squares += (1 - 2 * own + np.square(shares).sum()) / 2
        return np.asarray(np.sqrt(np.maximum(squares, 0.0)), dtype=np.float64)


def support_curve(levels: Floats, fitted: Floats, tested: Floats) -> tuple[Floats, Floats]:
    """Shares of fitted and of tested rows within the balls that hold shares of the fitted rows.

    Args:
        levels: Shares alpha in [0, 1], shape ``(a,)``, that the radii of the balls are quantiles
            at.
        fitted: Distances to the centre of the fitted rows.
        tested: Distances to the same centre of the tested rows; infinite for rows that are in
            no ball.

    Returns:
        Shares of the fitted rows, about `levels` and more where distances tie, and of the tested
        rows; each of shape ``(a,)``. They are equal if both sides are distributed alike.
    """
    radii = np.quantile(fitted, levels) * (1 + SAME)
    shares = [np.searchsorted(np.sort(o), radii, side="right") / len(o) for o in (fitted, tested)]
    return shares[0], shares[1]


def integrated(expected: Floats, curve: Floats) -> float:
    """One number for a support curve: ``1 - Σ|expected - curve| / Σ expected``.

    Returns:
        1 if the curve is the expected one, 0 if it is 0 everywhere. If the levels are spread
        evenly over [0, 1] and nothing ties, ``1 - 2 ∫|level - curve|``: a curve that is 1
        everywhere gives 0 too.
    """
    return float(1 - np.abs(expected - curve).sum() / expected.sum())


def alpha_precision(real: Floats, synthetic: Floats, steps: int = 30) -> float:
    """How well the synthetic rows fill the real support, from its core to its edge.

    P(alpha) is the share of synthetic rows in the ball around the real centre that holds a
    share alpha of the real rows. Where distances tie, a ball holds more real rows than that: P is
    compared with the share that it holds, so that a copy scores 1.

    Args:
        real: Distances of the real rows to the real centre.
        synthetic: Distances of the synthetic rows to the real centre.
        steps: Levels alpha, evenly from 0 to 1.

    Returns:
        In [0, 1], 1 is best: `integrated` over alpha.

    References:
        Alaa et al., "How Faithful is your Synthetic Data? Sample-level Metrics for Evaluating
        and Auditing Generative Models", ICML 2022.
    """
    levels = np.linspace(0.0, 1.0, steps)
    return max(0.0, integrated(*support_curve(levels, real, synthetic)))


def beta_recall(lowest: Floats, synthetic: Floats, steps: int = 30) -> float:
    """How much of the real table the synthetic support covers, from its core to its edge.

    R(beta) is the share of real rows whose ball (to the k-th closest other real row) holds a
    synthetic row of the beta-support: the ball around the synthetic centre that holds a share
    beta of the synthetic rows. As the paper defines it, the synthetic row is sought within
    the support; common code takes the closest synthetic row and asks afterwards whether it is
    in the support.

    Args:
        lowest: For each real row the least distance to the synthetic centre among the synthetic
            rows in its ball, infinite without any.
        synthetic: Distances of the synthetic rows to the synthetic centre.
        steps: Levels beta, evenly from 0 to 1.

    Returns:
        In [0, 1], 1 is best: `integrated` over beta. A perfect sample does not reach 1: with
        k = 1, half of the real rows have no synthetic row in their ball.

    References:
        Alaa et al., ICML 2022.
    """
    levels = np.linspace(0.0, 1.0, steps)
    return max(0.0, integrated(*support_curve(levels, synthetic, lowest)))


def authenticity(distances: Floats, indices: Ints, between_real: Floats) -> float:
    """Share of synthetic rows that do not look copied from a real row.

    A synthetic row is authentic if the real row closest to it has another real row that is
    closer still.

    Args:
        distances: Distance of each synthetic row to its closest real row.
        indices: Number of that real row.
        between_real: Distance of each real row to its closest other real row.

    Returns:
        In [0, 1]. 0 for a copy of the table; about 0.5 for an independent sample.

    References:
        Alaa et al., ICML 2022.
    """
    return float((~as_near(distances, between_real[indices])).mean())


# --- kernels ----------------------------------------------------------------------------------


def median_bandwidth(values: Floats) -> float:
    """Median of the Euclidean distances between rows, the usual width of a Gaussian kernel.

    Where more than half of the distances are 0, the mean of the others; 1 if all rows are equal.

    Args:
        values: Shape ``(n, d)``, standardised columns; a few hundred rows are enough.
    """
    squares = _squared_distances(values, values)[np.triu_indices(len(values), k=1)]
    distances = np.sqrt(squares)
    if len(distances) and np.median(distances) > TIE:
        return float(np.median(distances))
    apart = distances[distances > TIE]
    return float(apart.mean()) if len(apart) else 1.0


def mean_kernel(first: Floats, second: Floats, bandwidth: float, block: int = 1024) -> float:
    """Mean of ``exp(-|a - b|² / (2 bandwidth²))`` over all pairs of rows, in blocks."""
    total = 0.0
    for start in range(0, len(first), block):
        squares = _squared_distances(first[start : start + block], second)
        total += float(np.exp(squares / (-2 * bandwidth**2)).sum())
    return total / (len(first) * len(second))


def mmd(within_real: float, within_synthetic: float, between: float) -> float:
    """Maximum mean discrepancy of two samples, from the means of a kernel (biased estimate).

    Returns:
        ``sqrt(E k(x, x') + E k(y, y') - 2 E k(x, y))``, pairs of a row with itself included: in
        [0, sqrt(2)], 0 for equal tables.

    References:
        Gretton et al., "A Kernel Two-Sample Test", JMLR 13, 2012.
    """
    return float(np.sqrt(max(0.0, within_real + within_synthetic - 2 * between)))


def squared_mmd(
    within_real: float, within_synthetic: float, between: float, sizes: tuple[int, int]
) -> float:
    """Squared maximum mean discrepancy, unbiased: 0 on average for equal distributions.

    Args:
        within_real: Mean of the kernel over all pairs of real rows, themselves included.
        within_synthetic: The same of the synthetic rows.
        between: Mean of the kernel between the two.
        sizes: Rows of both, at least 2 each.

    Returns:
        In [-2, 2]; negative values happen by chance and for copies.
    """
    n, m = sizes
    # A row's kernel with itself is 1: the mean without those n of n² pairs.
    real = (within_real * n - 1) / (n - 1)
    synthetic = (within_synthetic * m - 1) / (m - 1)
    return real + synthetic - 2 * between


def _squared_distances(first: Floats, second: Floats) -> NDArray[np.float64]:
    squares = np.square(first).sum(axis=1)[:, None] + np.square(second).sum(axis=1)
    squares -= 2 * (first @ second.T)
    return np.asarray(np.maximum(squares, 0.0, out=squares))


def standardised(rows: Rows, reference: Rows) -> Floats:
    """Coordinates with mean 0 and standard deviation 1 over the reference.

    Continuous columns (missing values at the mean, with a column that says where), and one
    column for each category of the reference, those divided by the square root of two. A column
    that is constant in the reference is centred only. Values are clipped to 1000 deviations.

    Returns:
        Shape ``(n, coordinates)``.
    """
    own, base = _coordinates(rows, reference), _coordinates(reference, reference)
    means, deviations = base.mean(axis=0), base.std(axis=0)
    scaled = (own - means) / np.where(deviations > TIE, deviations, 1.0)
    return np.asarray(np.clip(scaled, -FAR, FAR), dtype=np.float64)


def _coordinates(rows: Rows, reference: Rows) -> Floats:
    known = np.isfinite(reference.continuous)
    sums = np.where(known, reference.continuous, 0.0).sum(axis=0)
    means = sums / np.maximum(known.sum(axis=0), 1)
    values = np.clip(rows.continuous, -FAR, FAR)
    parts = [np.where(np.isnan(values), means, values)]
    if not known.all():
        parts.append(np.isnan(values)[:, ~known.all(axis=0)].astype(np.float64))
    for codes, others in zip(rows.codes.T, reference.codes.T, strict=True):
        parts.append((codes[:, None] == np.unique(others)) / np.sqrt(2))
    return np.concatenate(parts, axis=1)
