"""Audits: distances beside their controls, and which synthetic rows are too close to which real.

Passing does not mean that a table is private (Yao et al., "The DCR Delusion", arXiv 2505.01524).
"""

from dataclasses import dataclass
from typing import final

import numpy as np
import pandas as pd

from synthproto.artifacts.searches import Side, check_shares, search
from synthproto.data.table import TablePair
from synthproto.errors import UndefinedScoreError
from synthproto.measures.risk import CAVEAT, nndr
from synthproto.measures.rows import TIE, Floats


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
