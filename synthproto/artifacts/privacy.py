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
import pandas as pd

from synthproto.artifacts.searches import Side, closer_in_holdout, rows, search, with_holdout
from synthproto.checks import check_shares
from synthproto.data.table import TablePair
from synthproto.errors import UndefinedScoreError
from synthproto.measures.privacy import CAVEAT, Ties, dcr_share, exact_matches, nndr
from synthproto.measures.rows import TIE, Floats


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


@final
@dataclass(frozen=True)
class DCRTable:
    """Distances to the real table beside each other: of synthetic, holdout and real rows.

    A frame with index ``synthetic``, ``holdout`` (with one) and ``real`` (each row without
    itself); columns ``exact_match_share``, ``dcr_0.01``, ``dcr_0.05``, ``dcr_median``,
    ``dcr_mean``, ``nndr_median``. Its ``attrs["note"]`` says what it does not prove.

    Raises:
        UndefinedScoreError: The real table has fewer than three rows.
    """

    name: str = "privacy/dcr_table"

    def __call__(self, pair: TablePair) -> pd.DataFrame:
        """Summarise the distances of each side."""
        if len(pair.real) < 3:
            raise UndefinedScoreError(
                f"{self.name!r} is undefined: it needs three real rows; there are {len(pair.real)}"
            )
        sides: list[Side] = ["synthetic", "real"]
        if pair.holdout is not None:
            sides.insert(1, "holdout")
        frame = pd.DataFrame(
            [_summary(search(pair, side, "real", 5).distances) for side in sides],
            index=pd.Index(sides, name="table"),
        )
        frame.attrs["note"] = CAVEAT
        return frame


@final
@dataclass(frozen=True)
class Audit:
    """Which synthetic rows are too close to which real rows, closest first.

    A synthetic row is flagged if its distance to the closest real row is at most the threshold:
    the distance that only a given share of the control rows (holdout rows; without a holdout,
    real rows to the others) comes as close as. That share of a harmless table is flagged by
    chance. A frame with one line a flagged row:

    - ``synthetic_row``, ``real_row``: row numbers, from 0; ``distance`` between them;
    - ``exact``: whether all values agree;
    - ``nndr``: the distance over that to the second closest real row;
    - ``real_gap``: distance of the real row to its own closest real row: large for outliers,
      who are the most exposed;
    - ``holdout_distance``: distance of the synthetic row to the closest holdout row, with one;
    - ``threshold``: the same in all lines.

    Rows that are not flagged are not thereby safe (arXiv 2505.01524).

    Attributes:
        share: Share of control rows within the threshold, in [0, 1].
        name: Tag.

    Raises:
        UndefinedScoreError: The real table has fewer than three rows.
    """

    share: float = 0.01
    name: str = "privacy/audit"

    def __post_init__(self) -> None:
        check_shares(self, "share", (self.share,))

    def __call__(self, pair: TablePair) -> pd.DataFrame:
        """Flag rows."""
        if len(pair.real) < 3:
            raise UndefinedScoreError(
                f"{self.name!r} is undefined: it needs three real rows; there are {len(pair.real)}"
            )
        found = search(pair, "synthetic", "real", 2)
        distance, real_row = found.distances[:, 0], found.indices[:, 0]
        threshold = self.threshold(pair)
        flagged = np.flatnonzero(distance <= threshold + TIE)
        flagged = flagged[np.argsort(distance[flagged], kind="stable")]
        own = search(pair, "real", "real", 5).distances[:, 0]
        columns: dict[str, object] = {
            "synthetic_row": flagged,
            "real_row": real_row[flagged],
            "distance": distance[flagged],
            "exact": distance[flagged] == 0,
            "nndr": nndr(distance, found.distances[:, 1])[flagged],
            "real_gap": own[real_row[flagged]],
        }
        if pair.holdout is not None:
            away = search(pair, "synthetic", "holdout", 1).distances[:, 0]
            columns["holdout_distance"] = away[flagged]
        frame = pd.DataFrame(columns).assign(threshold=threshold)
        frame.attrs["note"] = CAVEAT
        return frame

    def threshold(self, pair: TablePair) -> float:
        """Distance that the given share of control rows is within."""
        if pair.holdout is not None:
            control = search(pair, "holdout", "real", 2)
        else:
            control = search(pair, "real", "real", 5)
        return float(np.quantile(control.distances[:, 0], self.share, method="lower"))


def _summary(distances: Floats) -> dict[str, float]:
    closest = distances[:, 0]
    low, lower, median = (float(np.quantile(closest, at)) for at in (0.01, 0.05, 0.5))
    return {
        "exact_match_share": float((closest == 0).mean()),
        "dcr_0.01": low,
        "dcr_0.05": lower,
        "dcr_median": median,
        "dcr_mean": float(closest.mean()),
        "nndr_median": float(np.median(nndr(closest, distances[:, 1]))),
    }
