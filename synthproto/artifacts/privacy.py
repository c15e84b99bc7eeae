"""Privacy: alarms for memorisation, attacks with their controls, and an audit row by row.

None of these proves privacy. Distances to the closest record find copies and near-copies; tables
that pass such tests have been attacked with success (Yao et al., "The DCR Delusion", arXiv
2505.01524). Attacks show what one attacker achieves. Where a promise is needed, train with
differential privacy.

Distances are Gower's on columns scaled by the real table; see `searches`.
"""

from dataclasses import dataclass
from typing import final

import numpy as np

from synthproto.artifacts.searches import (
    check_shares,
    closer_in_holdout,
    rows,
    search,
    with_holdout,
)
from synthproto.data.table import TablePair
from synthproto.errors import UndefinedScoreError
from synthproto.measures.risk import Ties, dcr_share, exact_matches, nndr
from synthproto.measures.rows import Floats


@final
@dataclass(frozen=True)
class ExactMatchShare:
    """Share of synthetic rows that are in the real table, value for value.

    In [0, 1]. Not 0 for coarse tables, where independent people agree: its reference is the
    share of holdout rows that are in the real table.
    """

    name: str = "privacy/exact_match_share"

    def __call__(self, pair: TablePair) -> float:
        """Look every synthetic row up by its hash."""
        return float(exact_matches(rows(pair, "synthetic"), rows(pair, "real")).mean())


@final
@dataclass(frozen=True)
class DCR:
    """Distance to closest record: quantiles over the synthetic rows of it.

    Gower distance in [0, 1], 0 for a copy; no value is best by itself. The reference is the same
    quantile for holdout rows: quantiles well below it say that the model memorised. Passing does
    not mean that a table is private (arXiv 2505.01524).

    Attributes:
        quantiles: Each in [0, 1]; 0.5 is called ``median``.
        name: Tag.
    """

    quantiles: tuple[float, ...] = (0.05, 0.5)
    name: str = "privacy/dcr"

    def __post_init__(self) -> None:
        check_shares(self, "quantiles", self.quantiles)

    def __call__(self, pair: TablePair) -> dict[str, float]:
        """Quantiles by name."""
        return _quantiles(search(pair, "synthetic", "real", 2).distances[:, 0], self.quantiles)


@final
@dataclass(frozen=True)
class NNDR:
    """Nearest neighbour distance ratio, closest over second closest real row: quantiles of it.

    In [0, 1]; near 0 where a synthetic row points at one real record. 1 where both distances are
    0, as the record is not alone. Compare with the reference, the same for holdout rows. Passing
    does not mean that a table is private (arXiv 2505.01524).

    Attributes:
        quantiles: Each in [0, 1]; 0.5 is called ``median``.
        name: Tag.

    Raises:
        UndefinedScoreError: The real table has one row.
    """

    quantiles: tuple[float, ...] = (0.05, 0.5)
    name: str = "privacy/nndr"

    def __post_init__(self) -> None:
        check_shares(self, "quantiles", self.quantiles)

    def __call__(self, pair: TablePair) -> dict[str, float]:
        """Quantiles by name."""
        if len(pair.real) < 2:
            raise UndefinedScoreError(
                f"score {self.name!r} is undefined: the {pair.real.name} has one row"
            )
        found = search(pair, "synthetic", "real", 2).distances
        return _quantiles(nndr(found[:, 0], found[:, 1]), self.quantiles)


@final
@dataclass(frozen=True)
class DCRShare:
    """Share of synthetic rows that are closer to the real table than to the holdout.

    ``share`` with its 95 % interval, ``low`` and ``high``. In [0, 1]: 0.5 for a model that did
    not memorise, 1 for copies. Passing does not mean that a table is private (arXiv 2505.01524).

    Attributes:
        ties: Rows as close to both count ``"half"``, or, as in TabSyn and SDMetrics, as close to
            the ``"holdout"``; 0.5 is then no longer what is expected.
        corrected: Whether unequal sizes of real table and holdout are corrected for, which
            TabSyn and SDMetrics do not: the larger table is closer more often.
        name: Tag.

    Raises:
        UndefinedScoreError: There is no holdout.

    References:
        Platzer and Reutterer, Frontiers in Big Data 4, 2021; Zhang et al. (TabSyn), ICLR 2024.
    """

    ties: Ties = "half"
    corrected: bool = True
    name: str = "privacy/dcr_share"

    def __call__(self, pair: TablePair) -> dict[str, float]:
        """Share and interval."""
        between = with_holdout(pair, f"score {self.name!r}")
        sizes = (len(pair.real), len(between.synthetic))
        found = dcr_share(
            search(pair, "synthetic", "real", 2),
            closer_in_holdout(pair),
            sizes if self.corrected else (sizes[0], sizes[0]),
            ties=self.ties,
        )
        return {"share": found.value, "low": found.low, "high": found.high}

    def control(self, pair: TablePair) -> dict[str, float]:  # noqa: ARG002  as all controls
        """What rows reach that are as near to both tables: one half."""
        return {"share": 0.5} if self.corrected and self.ties == "half" else {}


def _quantiles(distances: Floats, quantiles: tuple[float, ...]) -> dict[str, float]:
    return {
        "median" if at == 0.5 else f"quantile_{at:g}": float(np.quantile(distances, at))
        for at in quantiles
    }
