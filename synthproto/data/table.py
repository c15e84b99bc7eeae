"""Tables: validated once, summarised once.

What `Table` offers to artifacts and plots, each computed at the first call and kept:

- ``values(column)``, ``ascending(column)``: numbers with NaN, and present numbers sorted;
- ``moments(column)``, ``statistic(column, "median")``, ``missing``, ``distinct``;
- ``levels(column, bins, rule)``: categories (most frequent first) or bins, fitted on this table;
- ``codes(levels)``, ``counts(levels)``, ``unseen(levels)``: this table in any table's levels;
- ``co_moments(columns)``: what Pearson correlations are made of;
- ``get(function)``: any other statistic, computed once for each table; ready ones are
  `synthproto.data.crosstab.CrossCounts` and `synthproto.artifacts.associations.Association`.
"""

import warnings
from collections.abc import Callable, Mapping
from copy import copy
from pathlib import Path
from typing import Literal, TypeVar, cast, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthproto.checks import listed, refuse
from synthproto.contracts import Names
from synthproto.data.cells import Cells
from synthproto.data.distribution import Distribution, rounded
from synthproto.data.files import FileFormat
from synthproto.data.frames import Frame, as_pandas
from synthproto.data.kinds import DISCRETE as DISCRETE
from synthproto.data.kinds import NUMERIC as NUMERIC
from synthproto.data.kinds import (
    Labels,
    aligned,
    labels_of,
    numbers_of,
    shown_labels,
    too_large,
    warn_of_collapse,
)
from synthproto.data.spec import Column, Kind, TableSpec, columns_of, faults_of, spec_of
from synthproto.data.statistics import (
    BinRule,
    CoMoments,
    Levels,
    Moments,
    Statistic,
    bin_codes,
    bin_counts,
    fitted_edges,
    interval_labels,
    statistic,
)
from synthproto.errors import ParameterError, SchemaError, SynthprotoWarning, UndefinedScoreError
from synthproto.formatting import SHOWN_IN_NOTEBOOKS, html_table, more_rows
from synthproto.measures.rows import snapped_to

Value = TypeVar("Value")

_LABELS_SHOWN = 3  # in a notebook
# What is kept of single columns, whatever the others hold.
_OF_COLUMNS = ("values", "ascending", "moments", "missing", "labels")


@final
class Table:
    """A frame that fits its spec, with the statistics of it that artifacts share.

    Statistics are computed when first asked for and kept, so a table that lives through a run,
    like the real one, is summarised once. The frame is taken over without a copy and must not be
    changed afterwards; arrays that a table gives are to be read only.

    Args:
        frame: At least one row; the columns of the spec in any order.
        spec: Names and kinds of the columns.
        name: What errors call the table, e.g. ``"synthetic table"``.

    Raises:
        SchemaError: The frame does not fit the spec, or a continuous column has infinite values
            or magnitudes above 1e150, whose squares are not finite. Names all faults.
    """

    def __init__(self, frame: Frame, spec: TableSpec, *, name: str = "table") -> None:
        self._fill(frame, spec, name)
        warn_of_collapse(name, [self._columns[c].series for c in spec.of_kind(*NUMERIC)])

    def _fill(self, frame: Frame, spec: TableSpec, name: str) -> None:
        frame = as_pandas(frame)
        columns = columns_of(frame, spec)
        refuse(name, faults_of(frame, columns, spec))
        in_order = list(frame.columns) == list(spec.names)
        self._frame = frame if in_order else frame[list(spec.names)]
        self._columns, self._rows = columns, len(frame)
        self._spec = spec
        self._kinds = spec.kinds
        self._name = name
        self._notes: tuple[str, ...] = ()
        self.first_row: int = 0  # its number in the data set that this is a piece of
        self._memo: dict[object, object] = {}
        refuse(name, [f for c in spec.of_kind("continuous") if (f := self._too_large(c))])

    @classmethod
    def read(
        cls,
        path: str | Path,
        spec: TableSpec | None = None,
        *,
        separator: str = "",
        encoding: str = "utf-8",
        decimal: str = ".",
        missing: Names = (),
        name: str = "table",
    ) -> "Table":
        r"""A table of a CSV or parquet file, as ``python -m synthproto compare`` reads it.

        Cells are read by the kinds of their columns, whatever else is in the file: numbers only
        where the kind is continuous, labels as they are written (``01`` is not ``1``). What was
        decided on the way is in `notes`.

        Args:
            path: The file; packed as .gz, .bz2, .xz or .zip, or not.
            spec: Kinds of the columns; by default they are inferred as by `TableSpec.read`. Read a
                synthetic or holdout table with the real table's spec.
            separator: Between the fields of CSV; by default what occurs most in the first line.
            encoding: Of CSV.
            decimal: Mark of decimals in CSV.
            missing: Cells that are missing values in every column. The empty cell always is; in
                columns of numbers, datetimes and booleans usual marks such as NA and ``?`` are.
            name: What errors call the table.

        Raises:
            SchemaError: The file is not a table, or does not fit the spec.
            ParameterError: A separator, decimal mark or encoding that there cannot be.
            MissingExtraError: It is parquet, and pyarrow is not installed.
            OSError: The file cannot be read.

        >>> from pathlib import Path
        >>> from tempfile import mkdtemp
        >>> from synthproto import Table
        >>> path = Path(mkdtemp()) / "people.csv"
        >>> _ = path.write_text("age,zip\n31,08654\n?,10001\n")
        >>> real = Table.read(path)
        >>> real.frame["zip"].tolist(), real.missing("age")
        (['08654', '10001'], 1)
        """
        written = FileFormat(separator, encoding, decimal, tuple(missing))
        cells = Cells(Path(path), written, None if spec is None else spec.kinds)
        return table_of(cells, spec, name)

    @property
    def notes(self) -> tuple[str, ...]:
        """What `read` decided that one may not expect, and from how many cells."""
        return self._notes

    @property
    def frame(self) -> pd.DataFrame:
        """The rows, columns in the order of the spec. Read only."""
        return self._frame

    @property
    def spec(self) -> TableSpec:
        """Names and kinds of the columns."""
        return self._spec

    @property
    def name(self) -> str:
        """What errors call the table."""
        return self._name

    @property
    def computed(self) -> int:
        """How many statistics have been computed so far."""
        return len(self._memo)

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Dtype of each column."""
        return tuple(map(str, self._frame.dtypes))

    def snapped(self, known: Mapping[str, tuple[NDArray[np.float64], float]]) -> "Table":
        """The same rows, numbers that equal a known one of their column made equal to it.

        The frame stays as it is.

        Args:
            known: By column, distinct numbers, ascending, and how far equal ones may be apart.
        """
        numbers = {column: snapped_to(self.values(column), *near) for column, near in known.items()}
        table = copy(self)
        table._memo = {
            key: value
            for key, value in self._memo.items()
            if isinstance(key, tuple) and key[0] in _OF_COLUMNS and key[1] not in numbers
        }
        table._memo |= {("values", column): values for column, values in numbers.items()}
        return table

    def derived(self, frame: pd.DataFrame, name: str = "") -> "Table":
        """A table of rows of this one; what was warned of when it was made is not said again.

        Args:
            frame: Rows of `frame`.
            name: What errors call it; by default as this one.
        """
        table = Table.__new__(Table)
        table._fill(frame, self._spec, name or self._name)
        return table

    def __len__(self) -> int:
        """Number of rows."""
        return self._rows

    def __repr__(self) -> str:
        return f"Table({self._name!r}, {len(self)} rows x {len(self._spec.columns)} columns)"

    def _repr_html_(self) -> str:
        head = (f"{self._name}: {len(self):,} rows", "kind", "missing", "distinct", "values")
        rows = [
            (c.name, c.kind, f"{self.missing(c.name):,}", f"{self.distinct(c.name):,}", few)
            for c in self._spec.columns[:SHOWN_IN_NOTEBOOKS]
            for few in [self._few(c)]
        ]
        return html_table([head, *rows, *more_rows(len(self._spec.columns), len(head))])

    def _few(self, column: Column) -> str:
        """The range of numbers and dates, or the most frequent labels."""
        if column.kind in DISCRETE:
            return ", ".join(self.levels(column.name).labels[:_LABELS_SHOWN])
        present = self._columns[column.name].series.dropna()
        if column.kind in NUMERIC and len(present):
            return f"{present.min()} to {present.max()}"
        return ""

    def get(self, compute: Callable[["Table"], Value]) -> Value:
        """A statistic of this table, computed at the first call and kept.

        Args:
            compute: A function, or a frozen dataclass with a ``__call__``; equal ones share
                their result.
        """
        return self._once(compute, lambda: compute(self))

    def total(self, statistic: Callable[["Table"], Value]) -> Value:
        """A statistic that merges (see `synthproto.data.summary.Merging`), of all rows."""
        return self.get(statistic)

    def values(self, column: str) -> NDArray[np.float64]:
        """Numbers of a continuous or datetime column (seconds since 1970), NaN where missing."""
        kind = self._numeric_kind(column)
        return self._once(
            ("values", column), lambda: numbers_of(self._columns[column].series, kind)
        )

    def ascending(self, column: str) -> NDArray[np.float64]:
        """Present numbers of a continuous or datetime column, sorted."""
        return self._once(("ascending", column), lambda: self._sorted(column))

    def moments(self, column: str) -> Moments:
        """Count, missing, mean, spread and extremes of a continuous or datetime column."""
        return self._once(("moments", column), lambda: Moments.of(self.values(column)))

    def statistic(self, column: str, name: Statistic) -> float:
        """A descriptive statistic of a continuous or datetime column, missing values left out.

        Returns:
            In the unit of the column (its square for ``"variance"``; seconds for datetimes).
            Quartiles are interpolated linearly, ``std`` and ``variance`` divided by n - 1 and 0
            for a single value.

        Raises:
            UndefinedScoreError: The column has no values.
        """
        if not self.moments(column).count:
            raise UndefinedScoreError(
                f"{name} of column {column!r} is undefined for the {self._name}: all "
                f"{len(self)} values are missing"
            )
        ascending = self.ascending(column) if "q" in name or name == "median" else np.empty(0)
        return statistic(name, self.moments(column), ascending)

    def missing(self, column: str) -> int:
        """Number of missing values of a column of any kind."""
        if self._kind(column) in NUMERIC:
            return self.moments(column).missing
        if self._kind(column) in DISCRETE:
            return int(self._labels(column).counts[-1])
        rows = self._columns[column].series
        return self._once(("missing", column), lambda: int(rows.isna().sum()))

    def distinct(self, column: str) -> int:
        """Number of distinct present values of a column of any kind."""
        if self._kind(column) in NUMERIC:
            ascending = self.ascending(column)
            return int(np.count_nonzero(np.diff(ascending))) + bool(len(ascending))
        return len(self._labels(column).names)

    def spread(self, column: str, decimals: int | None = None) -> Distribution:
        """Distinct present numbers, rounded or not, with how many rows have each; not kept."""
        return Distribution.of(rounded(self.ascending(column), decimals))

    def tallies(self, column: str) -> dict[str, int]:
        """How many rows have each label of a column, in order of appearance."""
        labels = self._labels(column)
        return dict(zip(labels.names, labels.counts.tolist(), strict=False))

    def levels(self, column: str, bins: int = 10, rule: BinRule = "width") -> Levels:
        """Categories or bins of a column, fitted on this table.

        Args:
            column: A column of any kind; every distinct value of a discrete column, identifier
                or text is a category, ordered by frequency, then by name.
            bins: Number of bins of a continuous or datetime column, at least 1.
            rule: How its range is cut.
        """
        if self._kind(column) not in NUMERIC:
            return self._once(("levels", column), lambda: self._categories(column))
        if bins < 1:
            raise ParameterError(f"bins of column {column!r} must be at least 1; got {bins}")
        key = ("levels", column, bins, rule)
        return self._once(key, lambda: self._bins(column, bins, rule))

    def codes(self, levels: Levels) -> NDArray[np.int32]:
        """Slot of each row, shape ``(n,)``; what slots are is said at `Levels`."""
        kept = self._once(("codes", levels), lambda: _narrow(self._codes(levels)))
        return kept.astype(np.int32, copy=False)

    def counts(self, levels: Levels) -> NDArray[np.int64]:
        """Rows in each slot, shape ``(1 + levels.size,)`` or longer by the unseen slots."""
        return self._once(("counts", levels), lambda: self._counts(levels))

    def slots(self, levels: Levels) -> int:
        """Number of slots up to the last one that a row is in, at least ``1 + levels.size``."""
        if levels.edges is None:
            return len(self.counts(levels))
        moments = self.moments(levels.column)
        if not len(levels.edges):
            return 3 if moments.count else 1
        above, below = moments.high > levels.edges[-1], moments.low < levels.edges[0]
        return levels.size + (3 if above else 2 if below else 1)

    def unseen(self, levels: Levels) -> tuple[str, ...]:
        """Categories of this table that the levels do not have, in the order of their slots."""
        own = self._labels(levels.column).names
        slots = levels.slots_of(own).tolist()
        unseen = [label for label, slot in zip(own, slots, strict=False) if slot > levels.size]
        return tuple(shown_labels(unseen))

    def co_moments(self, columns: tuple[str, ...]) -> CoMoments:
        """Sums of products of continuous or datetime columns, for correlations."""
        return self._once(("co-moments", columns), lambda: self._co_moments(columns))

    def _too_large(self, column: str) -> str | None:
        moments = self.moments(column)
        return too_large(column, self.values(column), moments.low, moments.high)

    def _once(self, key: object, compute: Callable[[], Value]) -> Value:
        if key in self._memo:
            # What is kept under a key was computed by a function of the same type.
            return cast(Value, self._memo[key])
        value = compute()
        self._memo[key] = value
        return value

    def _kind(self, column: str) -> Kind:
        # The spec knows how to say that there is no such column.
        return self._kinds[column] if column in self._kinds else self._spec.kind(column)

    def _numeric_kind(self, column: str) -> Literal["continuous", "datetime"]:
        kind = self._kind(column)
        if kind == "continuous" or kind == "datetime":
            return kind
        raise SchemaError(
            f"column {column!r} of the {self._name} has no numbers: it is {kind}; numbers have "
            f"{listed(self._spec.of_kind(*NUMERIC))}"
        )

    def _sorted(self, column: str) -> NDArray[np.float64]:
        values = self.values(column)
        if self.moments(column).missing:
            values = values[~np.isnan(values)]
        return np.sort(values)

    def _labels(self, column: str) -> Labels:
        kind = self._kind(column)
        return self._once(("labels", column), lambda: labels_of(self._columns[column], kind))

    def _categories(self, column: str) -> Levels:
        labels = self._labels(column)
        counts = labels.counts[:-1].tolist()
        rows = zip(counts, shown_labels(labels.names), labels.names, strict=True)
        ranked = sorted(rows, key=lambda own: (-own[0], own[1]))
        shown, written = (tuple(own[place] for own in ranked) for place in (1, 2))
        return Levels(column, shown, written=() if shown == written else written)

    def _bins(self, column: str, bins: int, rule: BinRule) -> Levels:
        moments = self.moments(column)
        ends = [moments.low, moments.high] if moments.count else []
        fitted = np.array(ends) if rule == "width" else self.ascending(column)
        edges = fitted_edges(fitted, bins, rule)
        return Levels(column, interval_labels(edges), edges)

    def _codes(self, levels: Levels) -> NDArray[np.int32]:
        if levels.edges is not None:
            return bin_codes(self.values(levels.column), levels.edges)
        labels = self._labels(levels.column)
        return levels.slots_of(labels.names).take(labels.codes, mode="wrap")

    def _counts(self, levels: Levels) -> NDArray[np.int64]:
        if levels.edges is not None and ("ascending", levels.column) in self._memo:
            missing = self.moments(levels.column).missing
            return bin_counts(self.ascending(levels.column), missing, levels.edges)
        if levels.edges is not None:
            return np.bincount(self.codes(levels), minlength=levels.size + 1)
        labels = self._labels(levels.column)
        slots = levels.slots_of(labels.names)
        counts = np.zeros(max(levels.size, int(slots.max())) + 1, dtype=np.int64)
        np.add.at(counts, slots, labels.counts)
        return counts

    def _co_moments(self, columns: tuple[str, ...]) -> CoMoments:
        moments = [self.moments(column) for column in columns]
        return CoMoments.of(
            [self.values(column) for column in columns],
            centre=np.array([moment.mean for moment in moments]),
            scale=np.array([moment.span for moment in moments]),
        )


def _narrow(codes: NDArray[np.int32]) -> NDArray[np.integer]:
    """Slots in a byte or two for each row, if they fit: of long tables, codes take most memory."""
    most = int(codes.max(initial=0))
    return codes.astype(np.uint8 if most < 2**8 else np.uint16) if most < 2**16 else codes


def piece_of(
    frame: Frame, spec: TableSpec, name: str, first_row: int, labels: Mapping[str, tuple[str, ...]]
) -> Table:
    """A table of some rows of a data set, its labels in the places that all pieces share.

    Args:
        frame: The rows.
        spec: Of the data set, or of some of its columns.
        name: What errors call it.
        first_row: Number of its first row in the data set.
        labels: All labels of discrete columns of the data set.

    Raises:
        SchemaError: The frame does not fit the spec, or has a label that is not among them.
    """
    table = Table.__new__(Table)
    table._fill(frame, spec, name)
    table.first_row = first_row
    for column in spec.of_kind(*DISCRETE):
        if column in labels:
            own = table._labels(column)
            table._memo["labels", column] = aligned(own, labels[column], f"{column!r} of {name}")
    return table


def table_of(cells: Cells, spec: TableSpec | None, name: str) -> Table:
    """A table of a file that was read: see `Table.read`.

    Raises:
        SchemaError: The cells do not fit the spec.
    """
    spec = spec_of(cells, {}, name) if spec is None else spec
    frame = cells.typed(spec.kinds, name)
    with warnings.catch_warnings(record=True, category=SynthprotoWarning) as said:
        warnings.simplefilter("always", SynthprotoWarning)
        table = Table(frame, spec, name=name)
    table._notes = tuple(dict.fromkeys([*cells.notes, *(str(each.message) for each in said)]))
    return table
