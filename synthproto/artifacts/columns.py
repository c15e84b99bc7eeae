"""Fidelity of single columns: how far the distribution of a synthetic one is from the real one.

A class here gives numbers by column; `Mean` makes one number of them. Every one says its range,
which end is best, and where it differs from a peer. Identifiers and text are compared only by
`MissingRateDifference`; datetimes as numbers, booleans as categories.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, final

import numpy as np
from typing_extensions import Protocol, TypeVar, runtime_checkable

from synthproto.checks import about, check_least, listed
from synthproto.contracts import Bounds
from synthproto.data.pair import Pair, SummaryPair, TablePair
from synthproto.data.passes import ks_of_pieces
from synthproto.data.spec import Kind
from synthproto.data.statistics import BinRule
from synthproto.data.summary import Summary, for_each
from synthproto.data.table import DISCRETE, NUMERIC, Table
from synthproto.errors import ParameterError, SchemaError, UndefinedScoreError
from synthproto.measures.columns import (
    Floats,
    Steps,
    js_distance,
    ks_distance,
    shares,
    stacked,
    total_variation,
)

Side = TypeVar("Side", bound=Summary, default=Summary)
Side_contra = TypeVar("Side_contra", bound=Summary, contravariant=True, default=Summary)


@runtime_checkable
class ByColumn(Protocol[Side_contra]):
    """A score that gives numbers by column, hashable, so that its result is kept with a pair."""

    @property
    def name(self) -> str:
        """Tag ``family/name``."""
        ...

    @property
    def best(self) -> float:
        """Best value."""
        ...

    def __call__(self, pair: Pair[Side_contra], /) -> Mapping[str, float]:
        """Score by column."""
        ...


@final
@dataclass(frozen=True)
class Mean(Generic[Side]):
    """Arithmetic mean over the columns of a score: ``Mean(KSDistance())``.

    Attributes:
        of: A score that gives numbers by column.
        name: Tag; by default ``"fidelity/mean_ks_distance"`` for ``"fidelity/ks_distance"``.

    Raises:
        UndefinedScoreError: There are no columns of the kinds that the score compares.
    """

    of: ByColumn[Side]
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            family, _, name = self.of.name.rpartition("/")
            object.__setattr__(self, "name", f"{family}/mean_{name}".lstrip("/"))

    @property
    def best(self) -> float:
        """Best value."""
        return self.of.best

    @property
    def bounds(self) -> Bounds:
        """Those of the score."""
        return about(self.of).bounds

    def __call__(self, pair: Pair[Side]) -> float:
        """Mean score."""
        by_column = pair.get(self.of)
        if not by_column:
            raise UndefinedScoreError(
                f"score {self.name!r} is undefined: the tables have no columns that it compares; "
                f"they have {[(column.name, column.kind) for column in pair.spec.columns][:12]}"
            )
        return float(np.mean(list(by_column.values())))


@final
@dataclass(frozen=True)
class Complement(Generic[Side]):
    """``1 - score`` by column: a similarity from a distance in [0, 1], and the reverse.

    Attributes:
        of: A score that gives numbers in [0, 1] by column.
        name: Tag; by default that of the score and ``"_complement"``.
    """

    of: ByColumn[Side]
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", f"{self.of.name}_complement")

    @property
    def best(self) -> float:
        """Best value."""
        return 1.0 - self.of.best

    @property
    def bounds(self) -> Bounds:
        """Those of the score, turned round."""
        bounds = about(self.of).bounds
        return (1.0 - bounds[1], 1.0 - bounds[0]) if isinstance(bounds, tuple) else None

    def __call__(self, pair: Pair[Side]) -> dict[str, float]:
        """Complement by column."""
        return {column: 1.0 - value for column, value in pair.get(self.of).items()}


@final
@dataclass(frozen=True)
class Within:
    """Mean of a score within each group of rows: ``Within("sex", ShapeDistance())``.

    A mean over all rows hardly notices a small group that is missing or wrong. By group, a value of
    a discrete column: the score's mean over the other columns, of the rows of that group in both
    tables; its worst value if the synthetic table has none of them. `Mean` of it weighs all groups
    alike.

    Attributes:
        column: A categorical or boolean column.
        of: A score that gives numbers in fixed bounds by column.
        groups: The most frequent real values so many of which are groups.
        name: Tag; by default that of the score and ``"_within_"`` and the column.

    Raises:
        SchemaError: The column is not discrete.
        UndefinedScoreError: The score is undefined within a group.

    Example:
        >>> import pandas as pd
        >>> from synthproto import ShapeDistance, Table, TablePair, TableSpec, Within
        >>> real = pd.DataFrame({"sex": ["f", "f", "m", "m"], "size": [1.0, 2.0, 5.0, 6.0]})
        >>> spec = TableSpec.infer(real, categorical=["sex"])
        >>> pair = TablePair(Table(real, spec), Table(real[:2], spec))
        >>> Within("sex", ShapeDistance())(pair)
        {'f': 0.0, 'm': 1.0}
    """

    column: str
    of: ByColumn[Table]
    groups: int = 20
    name: str = ""

    def __post_init__(self) -> None:
        check_least(self, "groups", self.groups, 1)
        if not self.name:
            plain = "".join(c if c.isalnum() else "_" for c in self.column.casefold())
            object.__setattr__(self, "name", f"{self.of.name}_within_{plain}")

    @property
    def best(self) -> float:
        """Best value."""
        return self.of.best

    @property
    def bounds(self) -> Bounds:
        """Those of the score."""
        return about(self.of).bounds

    def __call__(self, pair: TablePair) -> dict[str, float]:
        """Mean score by group."""
        if pair.spec.kind(self.column) not in DISCRETE:
            raise SchemaError(
                f"score {self.name!r} groups by column {self.column!r}, which is "
                f"{pair.spec.kind(self.column)}; it takes one of "
                f"{listed(pair.spec.of_kind(*DISCRETE))}"
            )
        levels = pair.real.levels(self.column)
        labels = levels.labels[: self.groups]
        return {label: self._of(pair, levels.slots[label]) for label in labels}

    def _of(self, pair: TablePair, slot: int) -> float:
        group = _Group(self.column, slot)
        real, synthetic = group.of(pair.real, pair.real), group.of(pair.synthetic, pair.real)
        bounds = self.bounds
        if synthetic is None or real is None:
            if not isinstance(bounds, tuple):
                raise UndefinedScoreError(
                    f"score {self.name!r} is undefined: the {pair.synthetic.name} has no row of a "
                    f"group of column {self.column!r}, and {self.of.name!r} says no worst value"
                )
            return max(bounds, key=lambda end: abs(end - self.best))
        values = self.of(TablePair(real, synthetic))
        others = [value for name, value in values.items() if name != self.column]
        return float(np.mean(others or list(values.values())))


@final
@dataclass(frozen=True)
class _Group:
    """The rows of one group."""

    column: str
    slot: int

    def of(self, table: Table, real: Table) -> Table | None:
        """Those of a table, in the levels of the real one; ``None`` if there are none."""
        found = np.flatnonzero(table.codes(real.levels(self.column)) == self.slot)
        return table.get(_Rows(tuple(found.tolist()))) if len(found) else None


@final
@dataclass(frozen=True)
class _Rows:
    places: tuple[int, ...]

    def __call__(self, table: Table) -> Table:
        return table.derived(table.frame.iloc[list(self.places)])


@final
@dataclass(frozen=True)
class JSDistance:
    """Jensen-Shannon distance of each column, base 2.

    In [0, 1], 0 is best. Categories by their shares, missing being a category and categories of
    one side only counting in full; numbers by bins of the real column, missing left out, values
    outside the real range counting as never seen. 1 if only one side has values.

    Differs from artifact-core, which bins both tables together (one outlier hides everything),
    drops categories that are new, and uses base e.

    Attributes:
        bins: About how many bins a continuous column has.
        rule: ``"quantile"``: bins of equal share of the real rows; ``"width"``: of equal width,
            coarse where the real column has outliers.
        kinds: Which columns to compare.
        name: Tag.
    """

    bins: int = 20
    rule: BinRule = "quantile"
    kinds: tuple[Kind, ...] = (*NUMERIC, *DISCRETE)
    name: str = "fidelity/js_distance"
    best: float = field(default=0.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __post_init__(self) -> None:
        _check_bins(self.name, self.bins)

    def __call__(self, pair: SummaryPair) -> dict[str, float]:
        """Distance by column."""
        columns = pair.spec.of_kind(*self.kinds)
        distances = js_distance(*_shares(pair, columns, self.bins, self.rule))
        return dict(zip(columns, distances.tolist(), strict=True))


@final
@dataclass(frozen=True)
class MeanJSDistance:
    """Mean over the columns of `JSDistance`, with its parameters; in [0, 1], 0 is best.

    Raises:
        UndefinedScoreError: There are no columns of these kinds.
    """

    bins: int = JSDistance.bins
    rule: BinRule = JSDistance.rule
    kinds: tuple[Kind, ...] = JSDistance.kinds
    name: str = "fidelity/mean_js_distance"
    best: float = field(default=0.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __post_init__(self) -> None:
        _check_bins(self.name, self.bins)

    def __call__(self, pair: SummaryPair) -> float:
        """Mean distance."""
        return Mean(JSDistance(self.bins, self.rule, self.kinds), self.name)(pair)


@final
@dataclass(frozen=True)
class KSDistance:
    """Kolmogorov-Smirnov statistic of each continuous and datetime column.

    In [0, 1], 0 is best: the largest gap between the two distribution functions. Missing values
    are left out; 1 if only one side has values.

    Attributes:
        decimals: Round values first. SDMetrics rounds to 14, which no magnitude above 10 notices.
        name: Tag.
    """

    decimals: int | None = None
    name: str = "fidelity/ks_distance"
    best: float = field(default=0.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __call__(self, pair: SummaryPair) -> dict[str, float]:
        """Distance by column."""
        columns = pair.spec.of_kind(*NUMERIC)
        distances = for_each(columns, lambda column: _ks(pair, column, self.decimals))
        return dict(zip(columns, distances, strict=True))


def _ks(pair: SummaryPair, column: str, decimals: int | None) -> float:
    real, synthetic = pair.real, pair.synthetic
    if not isinstance(real, Table) or not isinstance(synthetic, Table):
        return ks_of_pieces(real, synthetic, column, decimals)
    return ks_distance(real.get(_Steps(column, decimals)), _rounded(synthetic, column, decimals))


@final
@dataclass(frozen=True)
class _Steps:
    """What `KSDistance` keeps of a real column."""

    column: str
    decimals: int | None

    def __call__(self, real: Table) -> Steps:
        return Steps.of(_rounded(real, self.column, self.decimals))


def _rounded(table: Table, column: str, decimals: int | None) -> Floats:
    """Sorted values, rounded if that could change them."""
    ascending = table.ascending(column)
    if decimals is None or (decimals >= 0 and table.frame[column].dtype.kind in "iu"):
        return ascending
    return np.round(ascending, decimals)


@final
@dataclass(frozen=True)
class TotalVariation:
    """Total variation distance of each column: ½ Σ |p_real - p_synthetic|.

    In [0, 1], 0 is best: the share of rows that would have to change. Columns are counted as in
    `JSDistance`; 1 if only one side has values.

    Attributes:
        kinds: Which columns to compare; numbers are binned.
        missing: Whether missing is a category; SDMetrics leaves it out.
        bins: About how many bins a continuous column has.
        rule: How they are cut.
        name: Tag.
    """

    kinds: tuple[Kind, ...] = DISCRETE
    missing: bool = True
    bins: int = JSDistance.bins
    rule: BinRule = JSDistance.rule
    name: str = "fidelity/total_variation"
    best: float = field(default=0.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __post_init__(self) -> None:
        _check_bins(self.name, self.bins)

    def __call__(self, pair: SummaryPair) -> dict[str, float]:
        """Distance by column."""
        columns = pair.spec.of_kind(*self.kinds)
        sides = _shares(pair, columns, self.bins, self.rule, self.missing)
        return dict(zip(columns, total_variation(*sides).tolist(), strict=True))


@final
@dataclass(frozen=True)
class ShapeDistance:
    """`KSDistance` of continuous and datetime columns, `TotalVariation` of discrete ones.

    In [0, 1], 0 is best. Its mean is the "shape error" of the literature (TabSyn, ICLR 2024), and
    one minus it SDMetrics' Column Shapes, which leaves missing categories out.

    Attributes:
        missing: Whether missing is a category of discrete columns.
        decimals: Round numbers first.
        name: Tag.
    """

    missing: bool = True
    decimals: int | None = None
    name: str = "fidelity/shape_distance"
    best: float = field(default=0.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __call__(self, pair: SummaryPair) -> dict[str, float]:
        """Distance by column, in the order of the spec."""
        parts: tuple[ByColumn, ...] = (
            KSDistance(self.decimals),
            TotalVariation(missing=self.missing),
        )
        numbers, labels = for_each(parts, pair.get)
        found = {**numbers, **labels}
        return {column: found[column] for column in pair.spec.names if column in found}


def _shares(
    pair: SummaryPair, columns: Sequence[str], bins: int, rule: BinRule, missing: bool = True
) -> tuple[Floats, Floats]:
    """Shares of levels on both sides, one row per column; only discrete ones count missing."""
    histograms = for_each(columns, lambda column: pair.histogram(column, bins, rule))
    first = [0 if missing and not histogram.levels.binned else 1 for histogram in histograms]
    held = list(zip(histograms, first, strict=True))
    real = stacked([histogram.real[start:] for histogram, start in held])
    synthetic = stacked([histogram.synthetic[start:] for histogram, start in held])
    return shares(real), shares(synthetic)


def _check_bins(name: str, bins: int) -> None:
    if bins < 1:
        raise ParameterError(f"bins of {name!r} must be at least 1; got {bins}")
