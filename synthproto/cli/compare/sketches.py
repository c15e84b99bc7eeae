"""Distributions of columns, to be drawn small."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from synthproto.data.table import Table

_BINS, _LABELS = 24, 8


@final
@dataclass(frozen=True)
class Sketch:
    """The distribution of one column, to be drawn small.

    Attributes:
        real: Share of the real rows in each bin.
        synthetic: Share of the synthetic rows in each bin.
        ends: What stands below it: the ends of the range, or the most frequent labels.
        is_numeric: Whether bins are of a range; otherwise each is a label.
    """

    real: Sequence[float]
    synthetic: Sequence[float]
    ends: Sequence[str]
    is_numeric: bool


def sketch_of(real: Table, synthetic: Table, name: str) -> Sketch:
    """The distribution of a column in both tables."""
    first, second = real.frame[name], synthetic.frame[name]
    if name not in real.spec.of_kind("continuous", "datetime"):
        shares = first.astype(str).value_counts(normalize=True)
        others = second.astype(str).value_counts(normalize=True)
        labels = list(dict.fromkeys([*shares.index[:_LABELS], *others.index[:2]]))
        return Sketch(
            [float(shares.get(label, 0.0)) for label in labels],
            [float(others.get(label, 0.0)) for label in labels],
            [str(label) for label in labels],
            False,
        )
    values, beside = real.values(name), synthetic.values(name)
    known = values[np.isfinite(values)]
    low, high = np.quantile(known, [0.005, 0.995]) if len(known) else (0.0, 1.0)
    edges = np.linspace(low, high if high > low else low + 1, _BINS + 1)
    edges[0], edges[-1] = -np.inf, np.inf
    counts = [np.histogram(each[np.isfinite(each)], edges)[0] for each in (values, beside)]
    ends = (
        [str(first.min())[:10], str(first.max())[:10]]
        if name in real.spec.of_kind("datetime")
        else [f"{low:.4g}", f"{high:.4g}"]
    )
    shares_of = [(count / max(count.sum(), 1)).tolist() for count in counts]
    return Sketch(shares_of[0], shares_of[1], ends, True)
