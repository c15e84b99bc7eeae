"""What a table is to statistics that merge: no rows, only what pieces of its rows add up to.

`Table` fits `Summary`. A score that asks for a `Summary` runs on any table; one that needs rows
says `Table`, and a type checker keeps it out of plans over anything else.
"""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Protocol, TypeVar, runtime_checkable

from synthproto.data.distribution import Distribution
from synthproto.data.spec import TableSpec
from synthproto.data.statistics import BinRule, CoMoments, Levels, Moments, Statistic
from synthproto.data.table import Table

Item = TypeVar("Item")
Value = TypeVar("Value")


@runtime_checkable
class Summary(Protocol):
    """Statistics of a table, each computed once; see `Table` for what they are."""

    @property
    def name(self) -> str:
        """What errors call the table."""
        ...

    @property
    def spec(self) -> TableSpec:
        """Names and kinds of the columns."""
        ...

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Dtype of each column."""
        ...

    def __len__(self) -> int:
        """Number of rows."""
        ...

    def moments(self, column: str) -> Moments:
        """Count, missing, mean, spread and extremes of a column of numbers."""
        ...

    def statistic(self, column: str, name: Statistic) -> float:
        """A descriptive statistic of a column of numbers."""
        ...

    def missing(self, column: str) -> int:
        """Number of missing values."""
        ...

    def distinct(self, column: str) -> int:
        """Number of distinct present values."""
        ...

    def spread(self, column: str, decimals: int | None = ...) -> Distribution:
        """Distinct present numbers, rounded or not, with how many rows have each."""
        ...

    def levels(self, column: str, bins: int = ..., rule: BinRule = ...) -> Levels:
        """Categories or bins, fitted on this table."""
        ...

    def counts(self, levels: Levels) -> NDArray[np.int64]:
        """Rows in each slot of some table's levels."""
        ...

    def unseen(self, levels: Levels) -> tuple[str, ...]:
        """Categories of this table that the levels do not have, in the order of their slots."""
        ...

    def co_moments(self, columns: tuple[str, ...]) -> CoMoments:
        """Sums of products of columns of numbers."""
        ...

    def snapped(self, known: Mapping[str, tuple[NDArray[np.float64], float]]) -> "Summary":
        """The same rows, numbers that equal a known one of their column made equal to it."""
        ...

    def total(self, statistic: "Merging[Value]") -> Value:
        """A statistic that merges, of all rows."""
        ...

    def get(self, compute: Callable[["Summary"], Value], /) -> Value:
        """A statistic of this table, computed at the first call and kept."""
        ...


class Pending(BaseException):
    """A statistic is not known before the next pass over the rows."""


def for_each(items: Iterable[Item], compute: Callable[[Item], Value]) -> list[Value]:
    """Apply a function to all items, in order; those that wait for a pass wait together.

    Args:
        items: Columns, or sides of a pair.
        compute: Asks a `Summary`, or functions that do.
    """
    found: list[Value] = []
    waiting: Pending | None = None
    for item in items:
        try:
            found.append(compute(item))
        except Pending as pending:
            waiting = pending
    if waiting is not None:
        raise waiting
    return found


@runtime_checkable
class Merging(Protocol[Value]):
    """A statistic that merges: those of two pieces of rows give that of both together.

    A frozen dataclass that can be pickled, so that equal ones share their result.
    """

    def __call__(self, rows: Table, /) -> Value:
        """Of the rows of one piece."""
        ...

    def merged(self, first: Value, second: Value, /) -> Value:
        """Of two pieces together; the rows of the first come before those of the second."""
        ...

    def narrowed(self, spec: TableSpec, /) -> tuple[str, ...]:
        """The columns that it looks at."""
        ...


Side_co = TypeVar("Side_co", bound=Summary, covariant=True, default=Summary)
