"""Validity: whether synthetic values are ones that the real table could hold, and hold them all."""

import math
import unicodedata
from dataclasses import dataclass, field
from typing import final

import numpy as np

from synthproto.checks import listed
from synthproto.data.pair import SummaryPair
from synthproto.data.spec import Kind
from synthproto.data.summary import for_each
from synthproto.data.table import DISCRETE, NUMERIC, Table
from synthproto.measures.columns import range_coverage


@final
@dataclass(frozen=True)
class BoundaryAdherence:
    """Share of synthetic values within the real range, by continuous and datetime column.

    In [0, 1], 1 is best. Missing values are left out where the real column has some too, and
    count as outside where it has none. 1 if nothing is left to judge.
    """

    name: str = "validity/boundary_adherence"
    best: float = field(default=1.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __call__(self, pair: SummaryPair) -> dict[str, float]:
        """Share by column."""
        columns = pair.spec.of_kind(*NUMERIC)
        shares = for_each(columns, lambda column: self._of(pair, column))
        return dict(zip(columns, shares, strict=True))

    def _of(self, pair: SummaryPair, column: str) -> float:
        real, counts = pair.real.moments(column), pair.histogram(column, 1).synthetic
        judged = len(pair.synthetic) - (int(counts[0]) if real.missing else 0)
        inside = int(counts[1]) if real.count else 0
        return inside / judged if judged else 1.0


@final
@dataclass(frozen=True)
class CategoryAdherence:
    """Share of synthetic rows whose category the real column has too, by discrete column.

    In [0, 1], 1 is best. Missing is a category.
    """

    name: str = "validity/category_adherence"
    best: float = field(default=1.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __call__(self, pair: SummaryPair) -> dict[str, float]:
        """Share by column."""
        return {column: self._of(pair, column) for column in pair.spec.of_kind(*DISCRETE)}

    def _of(self, pair: SummaryPair, column: str) -> float:
        histogram = pair.histogram(column)
        return int(histogram.synthetic[histogram.real > 0].sum()) / len(pair.synthetic)


def label_notes(pair: SummaryPair) -> list[str]:
    """What looks wrong about synthetic labels that the real table does not have, column by column.

    A sentence for each discrete column that has labels that equal a real one up to case, blanks,
    signs that nobody sees, or their Unicode form; or else no real label at all (codes instead of
    labels?).

    Example:
        >>> import pandas as pd
        >>> from synthproto import Table, TablePair, TableSpec
        >>> from synthproto.artifacts.validity import label_notes
        >>> real = pd.DataFrame({"sex": ["f", "m"] * 20})
        >>> spec = TableSpec.infer(real)
        >>> coded = pd.DataFrame({"sex": [0, 1] * 20})
        >>> label_notes(TablePair(Table(real, spec), Table(coded, spec)))[0][:62]
        "column 'sex' has none of the real table's values: it has ['0',"
    """
    notes = []
    for column in pair.spec.of_kind(*DISCRETE):
        levels = pair.real.levels(column)
        unseen = pair.synthetic.unseen(levels)
        known = pair.histogram(column).synthetic[1 : 1 + levels.size]
        by_form = {_form(label): label for label in levels.labels}
        near = [(label, by_form[_form(label)]) for label in unseen if _form(label) in by_form]
        if near:
            notes.append(
                f"{len(near)} values of column {column!r} that the real table does not have equal "
                "one of it up to case, blanks or Unicode form, e.g. {!r} and {!r}".format(*near[0])
            )
        elif unseen and levels.size and not known.any():
            notes.append(
                f"column {column!r} has none of the real table's values: it has "
                f"{listed(unseen[:3])} where that has {listed(levels.labels[:3])}. Codes instead "
                "of labels?"
            )
    return notes


def _form(label: str) -> str:
    """A label without what is easily changed by accident."""
    visible = "".join(
        c for c in label if unicodedata.category(c) != "Cf"
    )  # e.g. a zero-width space
    return unicodedata.normalize("NFKC", " ".join(visible.split())).casefold()


def range_notes(real: Table) -> list[str]:
    """Which columns of numbers a few outliers press together, where a range is the measure.

    A sentence for each column that holds the middle 99 % of its rows in less than a thousandth of
    its range.

    Example:
        >>> import pandas as pd
        >>> from synthproto import Table, TableSpec
        >>> from synthproto.artifacts.validity import range_notes
        >>> frame = pd.DataFrame({"income": [*range(999), 10**9], "age": [*range(1000)]})
        >>> range_notes(Table(frame, TableSpec.infer(frame)))[0][:55]
        "column 'income' holds the middle 99 % of its rows in le"
    """
    notes = []
    for column in real.spec.of_kind(*NUMERIC):
        ascending = real.ascending(column)
        if len(ascending) < _FEW_ROWS:
            continue
        cut = math.ceil(0.005 * (len(ascending) - 1))
        low, high = ascending[cut], ascending[-1 - cut]
        # Halved before subtracting: the range of very large values overflows float64.
        middle, whole = high / 2 - low / 2, ascending[-1] / 2 - ascending[0] / 2
        if 0 < middle < whole / 1000:
            notes.append(
                f"column {column!r} holds the middle 99 % of its rows in less than a thousandth of "
                "its range: scores by range or by bins of equal width (NMI, range coverage, MMD) "
                "hardly see what happens there; distances and pairs of columns, by ranks, do"
            )
    return notes


_FEW_ROWS = 100


@final
@dataclass(frozen=True)
class RangeCoverage:
    """Share of the real range that the synthetic values span, by continuous and datetime column.

    In [0, 1], 1 is best. For a constant real column, whether its value is within the synthetic
    range (SDMetrics has NaN). 0 if the synthetic column has no values and the real one has, 1 if
    the real one has none.
    """

    name: str = "validity/range_coverage"
    best: float = field(default=1.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __call__(self, pair: SummaryPair) -> dict[str, float]:
        """Share by column."""
        return {column: self._of(pair, column) for column in pair.spec.of_kind(*NUMERIC)}

    def _of(self, pair: SummaryPair, column: str) -> float:
        real, synthetic = (table.moments(column) for table in (pair.real, pair.synthetic))
        if not real.count or not synthetic.count:
            return float(not real.count)
        return range_coverage((real.low, real.high), (synthetic.low, synthetic.high))


@final
@dataclass(frozen=True)
class CategoryCoverage:
    """Share of the real categories that the synthetic column has too, by discrete column.

    In [0, 1], 1 is best; 1 if the real column has none.

    Attributes:
        missing: Whether missing is a category; SDMetrics leaves it out.
        name: Tag.
    """

    missing: bool = True
    name: str = "validity/category_coverage"
    best: float = field(default=1.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __call__(self, pair: SummaryPair) -> dict[str, float]:
        """Share by column."""
        return {column: self._of(pair, column) for column in pair.spec.of_kind(*DISCRETE)}

    def _of(self, pair: SummaryPair, column: str) -> float:
        histogram = pair.histogram(column)
        first = 0 if self.missing else 1
        wanted = histogram.real[first:] > 0
        covered = wanted & (histogram.synthetic[first:] > 0)
        return int(covered.sum()) / int(wanted.sum()) if wanted.any() else 1.0


@final
@dataclass(frozen=True)
class KeyUniqueness:
    """Share of synthetic rows that add a new key: present, and not seen in a row before.

    In [0, 1], 1 is best.

    Attributes:
        kinds: Which columns hold keys.
        name: Tag.
    """

    kinds: tuple[Kind, ...] = ("identifier",)
    name: str = "validity/key_uniqueness"
    best: float = field(default=1.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __call__(self, pair: SummaryPair) -> dict[str, float]:
        """Share by column."""
        return {column: self._of(pair, column) for column in pair.spec.of_kind(*self.kinds)}

    def _of(self, pair: SummaryPair, column: str) -> float:
        return pair.synthetic.distinct(column) / len(pair.synthetic)


@final
@dataclass(frozen=True)
class ExactDtypes:
    """Share of columns whose dtype is exactly that of the real frame.

    In [0, 1], 1 is best. SDMetrics' TableStructure counts a wrong column twice, (d - k) / (d + k).
    """

    name: str = "validity/exact_dtypes"
    best: float = field(default=1.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __call__(self, pair: SummaryPair) -> float:
        """Share of columns."""
        pairs = zip(pair.real.dtypes, pair.synthetic.dtypes, strict=True)
        return float(np.mean([ours == theirs for ours, theirs in pairs]))
