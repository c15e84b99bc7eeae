"""Some rows to train on, and some that the synthesizer never sees."""

from typing import overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthproto.checks import did_you_mean, listed
from synthproto.data.frames import Frame, as_pandas
from synthproto.data.table import Table
from synthproto.errors import ParameterError, SchemaError


@overload
def split(
    rows: Frame, holdout: float = ..., *, seed: int = ..., stratify: str | None = ...
) -> tuple[pd.DataFrame, pd.DataFrame]: ...
@overload
def split(
    rows: Table, holdout: float = ..., *, seed: int = ..., stratify: str | None = ...
) -> tuple[Table, Table]: ...
def split(
    rows: Frame | Table,
    holdout: float = 0.2,
    *,
    seed: int = 0,
    stratify: str | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame] | tuple[Table, Table]:
    """Split a frame or a table at random, without overlap.

    Where all rows are needed for training, the halves of the real table stand in for a holdout as
    the reference of a plan: ``plan.run(TablePair(*split(real, 0.5)))`` gives what real rows reach
    against other real rows. It compares half as many rows, on both sides, so that sampling noise
    is about √2 times that of tables of full length; and it says nothing about privacy or utility,
    whose scores ask what a model has seen.

    Args:
        rows: At least 2 rows, of any library's frame; left as it is.
        holdout: Share of the rows that is held out, above 0 and below 1; rounded to whole rows,
            at least one on either side.
        seed: Decides which rows; not negative.
        stratify: Name of a column of few values, each of which keeps its share on both sides.
            One row of each value at least stays in training, so that training has seen every
            value; where that binds, fewer rows are held out. Missing counts as a value.

    Returns:
        Training rows and holdout rows, each in their old order and with their old index. Of a
        `Table`, tables: the first keeps its name, the second is the ``"holdout table"``.

    Raises:
        ParameterError: A share, a seed or a number of rows that allows no split.
        SchemaError: There is no column ``stratify``, or it has more values than the holdout has
            rows.
    """
    frame = rows.frame if isinstance(rows, Table) else as_pandas(rows)
    if not 0 < holdout < 1 or seed < 0:
        raise ParameterError(
            f"split takes a holdout share between 0 and 1 and a seed that is not negative; got "
            f"holdout {holdout}, seed {seed}."
        )
    if len(frame) < 2:
        raise ParameterError(f"split takes at least 2 rows; got {len(frame)}.")
    count = min(max(1, round(holdout * len(frame))), len(frame) - 1)
    held = _held(_strata(frame, stratify, count), count, np.random.default_rng(seed))
    kept, left = frame[~held], frame[held]
    if isinstance(rows, Table):
        return rows.derived(kept), rows.derived(left, "holdout table")
    return kept, left


def _strata(frame: pd.DataFrame, stratify: str | None, count: int) -> NDArray[np.int64]:
    """Number of each row's stratum, from 0."""
    if stratify is None:
        return np.zeros(len(frame), dtype=np.int64)
    names = list(frame.columns)
    if names.count(stratify) != 1:
        raise SchemaError(
            f"frame has {names.count(stratify)} columns {stratify!r} to stratify by; it has "
            f"{listed(names)}.{did_you_mean([stratify], names)}"
        )
    codes, values = pd.factorize(frame[stratify], use_na_sentinel=False)
    if len(values) > count:
        raise SchemaError(
            f"column {stratify!r} has too many values to stratify by; got {len(values)} for a "
            f"holdout of {count} rows. Hold out more, or cut the column into bins"
        )
    return codes.astype(np.int64)


def _held(
    strata: NDArray[np.int64], count: int, generator: np.random.Generator
) -> NDArray[np.bool_]:
    """Mask of the rows to hold out: random ones, as many of each stratum as is its due."""
    order = generator.permutation(len(strata))
    order = order[np.argsort(strata[order], kind="stable")]
    sizes = np.bincount(strata)
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    rank = np.arange(len(strata)) - first
    held = np.zeros(len(strata), dtype=np.bool_)
    held[order[rank < _dues(sizes, count)[strata[order]]]] = True
    return held


def _dues(sizes: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Rows to hold out of each stratum, by largest remainders; at least one of each is left."""
    exact = sizes * (count / int(sizes.sum()))
    dues: NDArray[np.int64] = np.minimum(np.floor(exact).astype(np.int64), sizes - 1)
    by_remainder = np.argsort(dues - exact, kind="stable")
    room = by_remainder[(dues < sizes - 1)[by_remainder]]
    dues[room[: count - int(dues.sum())]] += 1
    return dues
