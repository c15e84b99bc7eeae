"""Parts computed on some of the rows, where all of them would take too long."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar, final

import numpy as np

from synthproto.artifacts.searches import check_least
from synthproto.data.table import Table, TablePair
from synthproto.contracts import Controlled

Value = TypeVar("Value")


@final
@dataclass(frozen=True)
class Sampled(Generic[Value]):
    """Another part, computed on at most so many rows of each table: ``Sampled(DCR(), 20_000)``.

    Neighbour searches and classifiers take time with the square of the rows, or nearly so. All
    parts that are sampled alike share the sample, and with it each other's searches. A table that
    is not longer is used as it is. Numbers that depend on how many rows there are (distances to
    the closest record) are those of the sample; their references are as well.

    Attributes:
        part: What to compute.
        rows: Most rows of each table, at least 1.
        seed: Decides which rows.
        matched: Whether the synthetic table is cut to as many rows as the holdout, if there is
            one: a score that depends on how many rows there are can only then be compared with
            its reference.

    Raises:
        ParameterError: ``rows`` is below 1.
    """

    part: Callable[[TablePair], Value]
    rows: int = 20_000
    seed: int = 0
    matched: bool = False

    def __post_init__(self) -> None:
        check_least(self, "rows", self.rows, 1)

    @property
    def name(self) -> str:
        """Tag of the part."""
        named = getattr(self.part, "name", None) or getattr(self.part, "__name__", "")
        return str(named)

    @property
    def best(self) -> float | Mapping[str, float] | None:
        """Best value of the part, or of each of its entries, if it says so."""
        best: float | Mapping[str, float] | None = getattr(self.part, "best", None)
        return best

    def __call__(self, pair: TablePair) -> Value:
        """Draw, or look up what was drawn, and compute."""
        return self.part(self._drawn(pair))

    def control(self, pair: TablePair) -> float | Mapping[str, float]:
        """What real rows reach, if the part says so itself; nothing otherwise."""
        # A checker takes a function type, which the part is declared as, to have no methods.
        part: object = self.part
        if isinstance(part, Controlled) and callable(part.control):
            found: float | Mapping[str, float] = part.control(self._drawn(pair))
            return found
        return {}

    def _drawn(self, pair: TablePair) -> TablePair:
        return pair.get(_SampledPair(self.rows, self.seed, self.matched))


@final
@dataclass(frozen=True)
class _SampledTable:
    rows: int
    seed: int

    def __call__(self, table: Table) -> Table:
        if len(table) <= self.rows:
            return table
        order = np.random.default_rng(self.seed).permutation(len(table))
        frame = table.frame.iloc[np.sort(order[: self.rows])]
        return Table(frame, table.spec, name=table.name)


@final
@dataclass(frozen=True)
class _SampledPair:
    rows: int
    seed: int
    matched: bool

    def __call__(self, pair: TablePair) -> TablePair:
        draw = _SampledTable(self.rows, self.seed)
        real, synthetic = pair.real.get(draw), pair.synthetic.get(draw)
        if pair.holdout is None:
            return TablePair(real, synthetic)
        holdout = pair.holdout.get(draw)
        if self.matched and len(synthetic) > len(holdout):
            synthetic = synthetic.get(_SampledTable(len(holdout), self.seed))
        return TablePair(real, synthetic, holdout)
