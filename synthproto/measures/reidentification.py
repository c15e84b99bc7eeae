"""Attacks that find people: descriptions that fit one row, and records that belong together."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from synthproto.measures.ranking import Interval, clopper_pearson
from synthproto.measures.rows import Floats, Ints

LARGEST = float(np.finfo(np.float64).max)
"""No value of a table is larger, but what stands for a missing one: infinity."""

ROUNDS = 300
"""Rounds of tries to find predicates."""

IDLE = 3
"""Rounds without a new predicate, after which there is no more to find."""

TRIES = 500
"""Tries of a round, at least."""

FEW = 128
"""Rows that predicates are tried on first: most describe more than one of them."""


class Predicates(NamedTuple):
    """Descriptions of people, each a few conditions that must all hold: low <= value <= high.

    Attributes:
        columns: Shape ``(a, c)``, which column each condition is about.
        low: Shape ``(a, c)``, the least value that fits.
        high: Shape ``(a, c)``, the largest value that fits.
    """

    columns: Ints
    low: Floats
    high: Floats

    def counts(self, table: Floats) -> Ints:
        """How many rows of a table, shape ``(n, d)``, each predicate describes."""
        return self.matches(table)[0]

    def matches(self, table: Floats) -> tuple[Ints, Ints]:
        """How many rows each predicate describes, and the first of them; -1 if there is none."""
        fields = np.ascontiguousarray(table.T)
        found = [self._matches(fields, one) for one in range(len(self.low))]
        counts, first = zip(*found, strict=True) if found else ((), ())
        return np.array(counts, np.int64), np.array(first, np.int64)

    def few(self, table: Floats) -> NDArray[np.bool_]:
        """Which predicates describe at most one row of a table of few rows."""
        values = table.T[self.columns]
        fits = (values >= self.low[:, :, None]) & (values <= self.high[:, :, None])
        return np.asarray(fits.all(axis=1).sum(axis=1) <= 1)

    def _matches(self, fields: Floats, one: int) -> tuple[int, int]:
        some: Ints | None = None
        for column, low, high in zip(
            self.columns[one], self.low[one].tolist(), self.high[one].tolist(), strict=True
        ):
            field = fields[column] if some is None else fields[column][some]
            hits = np.flatnonzero((field >= low) & (field <= high))
            some = hits if some is None else some[hits]
        return (0, -1) if some is None or not len(some) else (len(some), int(some[0]))

    def take(self, some: Ints | NDArray[np.bool_]) -> "Predicates":
        """Some of the predicates."""
        return Predicates(self.columns[some], self.low[some], self.high[some])


def univariate_predicates(table: Floats, ordered: int) -> Predicates:
    """Conditions on one column that single a row out: values that occur once, and extremes.

    Args:
        table: Distinct synthetic rows, shape ``(n, d)``; missing is infinite.
        ordered: How many columns, the first ones, are numbers, of which extremes are sought.
    """
    made: list[tuple[int, float, float]] = []
    for column, field in enumerate(table.T):
        values, counts = np.unique(field, return_counts=True)
        made += [(column, value, value) for value in values[counts == 1].tolist()]
        known, times = values[np.isfinite(values)], counts[np.isfinite(values)]
        if column < ordered and len(known):
            if times[0] == 1:
                made.append((column, -LARGEST, float(known[0])))
            if times[-1] == 1:
                made.append((column, float(known[-1]), LARGEST))
    parts = np.array(made, dtype=np.float64).reshape(-1, 3)[:, :, None]
    return Predicates(parts[:, 0].astype(np.int64), parts[:, 1], parts[:, 2])


def multivariate_predicates(
    table: Floats, ordered: int, conditions: int, wanted: int, rng: np.random.Generator
) -> Predicates:
    """Conditions on several columns, taken from a synthetic row, that single it out.

    A number must be at least that of the row if it is above the median, else at most it; other
    values must be equal.

    Args:
        table: Distinct synthetic rows, shape ``(n, d)``; missing is infinite.
        ordered: How many columns, the first ones, are numbers.
        conditions: Conditions of each predicate, at most d.
        wanted: How many predicates; fewer come if `ROUNDS` rounds of as many tries, and at least
            `TRIES`, find no more.
        rng: Chooses rows and columns.

    References:
        Giomi et al., PoPETs 2023.
    """
    middle = np.array([_median(field[np.isfinite(field)]) for field in table.T])
    some = table[rng.permutation(len(table))]
    tries = max(wanted, TRIES)
    found = [Predicates(*(np.zeros((0, conditions), dtype) for dtype in (np.int64, float, float)))]
    seen, idle = set[bytes](), 0
    for _ in range(ROUNDS):
        columns = rng.random((tries, table.shape[1])).argsort(axis=1)[:, :conditions]
        values = table[rng.integers(0, len(table), tries)[:, None], columns]
        number = (columns < ordered) & np.isfinite(values)
        above = values > middle[columns]
        low = np.where(number & ~above, -LARGEST, values)
        tried = Predicates(columns, low, np.where(number & above, LARGEST, values))
        tried = tried.take(tried.few(some[:FEW]))
        tried = tried.take(tried.counts(some[: 10 * FEW]) <= 1)
        tried = tried.take(tried.counts(table) == 1)
        fresh = [place for place in range(len(tried.low)) if _is_new(seen, tried, place)]
        found.append(tried.take(np.array(fresh, dtype=np.int64)))
        idle = 0 if fresh else idle + 1
        if len(seen) >= wanted or idle == IDLE:
            break
    columns, low, high = (np.concatenate(part)[:wanted] for part in zip(*found, strict=True))
    return Predicates(columns.astype(np.int64), low, high)


def _median(values: Floats) -> float:
    return float(np.median(values)) if len(values) else 0.0


def _is_new(seen: set[bytes], tried: Predicates, place: int) -> bool:
    order = np.argsort(tried.columns[place])
    parts = tried.columns[place][order], tried.low[place][order], tried.high[place][order]
    key = b"".join(part.tobytes() for part in parts)
    new = key not in seen
    seen.add(key)
    return new


def repeats(*singled: Ints) -> float:
    """How many predicates are one piece of evidence: those that single the same row out.

    ``Σ w² / Σ w`` over rows, w being how many predicates single a row out; the variance of a share
    of predicates is so many times that of as many independent ones. 1 if every row is singled out
    once at most.

    Args:
        singled: The row that each predicate singles out, below 0 for none; of each table.

    Example:
        >>> import numpy as np
        >>> from synthproto.measures.reidentification import repeats
        >>> repeats(np.array([3, 3, 3, 5, -1]))
        2.5
    """
    often = np.concatenate([np.unique(each[each >= 0], return_counts=True)[1] for each in singled])
    return float(np.square(often).sum() / often.sum()) if len(often) else 1.0


def singled_out(
    real: Ints, control: Ints, sizes: tuple[int, int], repeated: float = 1.0
) -> tuple[Interval, Interval]:
    """Shares of predicates that describe exactly one row: of the real table, and of the holdout.

    Args:
        real: How many rows of the real table fit each predicate.
        control: How many of the holdout.
        sizes: Rows of both.
        repeated: How many predicates are one piece of evidence; see `repeats`.

    Returns:
        Both shares with their exact 95 % intervals (few rows may be singled out), that of the
        holdout as if it had the size of the real table, see `control_share`.
    """
    n, m = sizes
    attacks = len(real) / repeated
    trials = attacks * min(1.0, m / n)
    expected = min(1.0, max(0.0, control_share(real, control, sizes)))
    hits = float((real == 1).mean())
    return clopper_pearson(hits * attacks, attacks), clopper_pearson(expected * trials, trials)


def control_share(real: Ints, control: Ints, sizes: tuple[int, int]) -> float:
    """Share of predicates that would fit exactly one of as many other rows as the real table has.

    How often exactly one row fits depends on the number of rows. Of a larger holdout, it is what
    is expected of as many of its rows. From a smaller one it is extrapolated: the excess of the
    real table over any n of the pooled ``n + m`` rows is stretched by ``(n + m) / m``. That is
    unbiased if real and holdout rows are exchangeable; for tables that leak, the excess comes out
    rather too large.

    Args:
        real: As in `singled_out`.
        control: As in `singled_out`.
        sizes: As in `singled_out`.

    Returns:
        A share; from a smaller holdout, estimates outside [0, 1] happen.
    """
    n, m = sizes
    if m >= n:
        return float(_one_of(control, m, n).mean())
    hit = float((real == 1).mean())
    return hit - (hit - float(_one_of(real + control, n + m, n).mean())) * (n + m) / m


def _one_of(fits: Ints, rows: int, drawn: int) -> Floats:
    """Chance that exactly one of the fitting rows is among some drawn from all rows."""
    # c C(rows - c, drawn - 1) / C(rows, drawn), by logarithms.
    possible = (fits > 0) & (rows - fits >= drawn - 1)
    c = np.where(possible, fits, 1).astype(np.float64)
    rest = np.maximum(rows - c, drawn - 1.0)
    chosen = gammaln(rest + 1) - gammaln(drawn) - gammaln(rest - drawn + 2)
    every = gammaln(rows + 1) - gammaln(drawn + 1) - gammaln(rows - drawn + 1)
    return np.where(possible, c * np.exp(chosen - every), 0.0)


# --- linkability --------------------------------------------------------------------------------


def linked(first: Ints, second: Ints) -> NDArray[np.bool_]:
    """Whether both halves of a row have a synthetic neighbour in common.

    Args:
        first: Row numbers of the neighbours of the one half, shape ``(n, k)``.
        second: Those of the other half.
    """
    return np.asarray((first[:, :, None] == second[:, None]).any(axis=(1, 2)))


def chance_link(rows: int, k: int) -> float:
    """Chance that two sets of k of some rows have a row in common."""
    free = 1.0
    for place in range(k):
        free *= max(0, rows - k - place) / (rows - place)
    return 1 - free
