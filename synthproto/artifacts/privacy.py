"""Privacy: alarms for memorisation, attacks with their controls, and an audit row by row.

None of these proves privacy. Distances to the closest record find copies and near-copies; tables
that pass such tests have been attacked with success (Yao et al., "The DCR Delusion", arXiv
2505.01524). Attacks show what one attacker achieves. Where a promise is needed, train with
differential privacy.

Distances are Gower's, numbers compared by the real table's distribution function; see `rows`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthproto.artifacts.piecewise import copied_in_pieces, is_read_in_pieces
from synthproto.artifacts.rows import Scale, Side, exact_hashes, with_holdout
from synthproto.artifacts.searches import closest_in_both, search
from synthproto.checks import check_shares
from synthproto.contracts import Direction
from synthproto.data.pair import TablePair
from synthproto.data.table import Table
from synthproto.errors import UndefinedScoreError
from synthproto.measures.privacy import (
    CAVEAT,
    Ties,
    dcr_share,
    expected_share,
    nndr,
)
from synthproto.measures.rows import Floats, as_near


@final
@dataclass(frozen=True)
class ExactMatchShare:
    """Share of synthetic rows that are in the real table, value for value.

    In [0, 1]. Not 0 for coarse tables, where independent people agree: its reference is the
    share of holdout rows that are in the real table. Numbers are equal if they are at the coarser
    precision of the two tables: 0.1 as float32 is 0.1. Integers beyond 2^53 and times keep all
    digits where both tables hold them as integers or times.

    Attributes:
        name: Tag.

    Example:
        >>> import pandas as pd
        >>> import synthproto as sp
        >>> real = pd.DataFrame({"x": [0.1, 0.2, 0.3], "y": ["a", "b", "b"]})
        >>> synthetic = pd.DataFrame({"x": [0.1, 0.2], "y": ["b", "b"]})
        >>> spec = sp.TableSpec.infer(real, categorical=["y"])
        >>> sp.ExactMatchShare()(sp.TablePair(sp.Table(real, spec), sp.Table(synthetic, spec)))
        0.5
    """

    name: str = "privacy/exact_match_share"
    queries: tuple[Side, ...] = field(default=("synthetic",), init=False, repr=False)
    in_pieces: bool = field(default=True, init=False, repr=False)
    best: None = field(default=None, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)
    direction: Direction = field(default="lower", init=False, repr=False)

    def __call__(self, pair: TablePair) -> float:
        """Look every synthetic row up by its hash."""
        if is_read_in_pieces(pair.real):
            return float(copied_in_pieces(pair).mean())
        return float(_copied(pair, "synthetic").mean())


@final
@dataclass(frozen=True)
class DCR:
    """Distance to closest record: quantiles over the synthetic rows of it.

    Gower distance in [0, 1], 0 for a copy; no value is best by itself. The reference is the same
    quantile for holdout rows: quantiles well below it say that the model memorised. Passing does
    not mean that a table is private (arXiv 2505.01524).

    Attributes:
        quantiles: Each in [0, 1]; 0.5 is called ``median``.
        scale: How numbers are compared; ``"range"`` is what SDMetrics computes.
        name: Tag.

    References:
        Park et al., "Data Synthesis based on Generative Adversarial Networks", VLDB 11, 2018, for
        the distance to the closest record; Podani, Taxon 48, 1999, for Gower's on ranks.

    Example:
        >>> import pandas as pd
        >>> import synthproto as sp
        >>> real = pd.DataFrame({"x": [0.0, 4.0, 10.0]})
        >>> synthetic = pd.DataFrame({"x": [4.0, 3.0, 7.0]})
        >>> spec = sp.TableSpec.infer(real)
        >>> pair = sp.TablePair(sp.Table(real, spec), sp.Table(synthetic, spec))
        >>> {name: round(value, 4) for name, value in sp.DCR((0.0, 0.5, 1.0))(pair).items()}
        {'quantile_0': 0.0, 'median': 0.0833, 'quantile_1': 0.1667}
    """

    quantiles: tuple[float, ...] = (0.05, 0.5)
    scale: Scale = "ranks"
    name: str = "privacy/dcr"
    queries: tuple[Side, ...] = field(default=("synthetic",), init=False, repr=False)
    in_pieces: bool = field(default=True, init=False, repr=False)
    best: None = field(default=None, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)
    direction: Direction = field(default="higher", init=False, repr=False)

    def __post_init__(self) -> None:
        check_shares(self, "quantiles", self.quantiles)

    def __call__(self, pair: TablePair) -> dict[str, float]:
        """Quantiles by name."""
        found = search(pair, "synthetic", "real", 2, (), self.scale)
        return _quantiles(found.distances[:, 0], self.quantiles)


@final
@dataclass(frozen=True)
class NNDR:
    """Nearest neighbour distance ratio, closest over second closest real row: quantiles of it.

    In [0, 1]; near 0 where a synthetic row points at one real record. 1 where both distances are
    0, as the record is not alone. Compare with the reference, the same for holdout rows. Passing
    does not mean that a table is private (arXiv 2505.01524).

    Attributes:
        quantiles: Each in [0, 1]; 0.5 is called ``median``.
        scale: How numbers are compared.
        name: Tag.

    Raises:
        UndefinedScoreError: The real table has one row.

    References:
        Zhao et al., "CTAB-GAN: Effective Table Data Synthesizing", ACML 2021.

    Example:
        >>> import pandas as pd
        >>> import synthproto as sp
        >>> real, synthetic = pd.DataFrame({"x": [0.0, 4.0, 10.0]}), pd.DataFrame({"x": [3.0]})
        >>> spec = sp.TableSpec.infer(real)
        >>> pair = sp.TablePair(sp.Table(real, spec), sp.Table(synthetic, spec))
        >>> round(sp.NNDR((0.5,))(pair)["median"], 4)
        0.3333
    """

    quantiles: tuple[float, ...] = (0.05, 0.5)
    scale: Scale = "ranks"
    name: str = "privacy/nndr"
    queries: tuple[Side, ...] = field(default=("synthetic",), init=False, repr=False)
    in_pieces: bool = field(default=True, init=False, repr=False)
    best: None = field(default=None, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)
    direction: Direction = field(default="higher", init=False, repr=False)

    def __post_init__(self) -> None:
        check_shares(self, "quantiles", self.quantiles)

    def __call__(self, pair: TablePair) -> dict[str, float]:
        """Quantiles by name."""
        if len(pair.real) < 2:
            raise UndefinedScoreError(
                f"score {self.name!r} is undefined: the {pair.real.name} has one row"
            )
        found = search(pair, "synthetic", "real", 2, (), self.scale).distances
        return _quantiles(nndr(found[:, 0], found[:, 1]), self.quantiles)


@final
@dataclass(frozen=True)
class DCRShare:
    """Share of synthetic rows that are closer to the real table than to the holdout.

    By name:

    - ``share`` with its 95 % interval ``low``, ``high``: in [0, 1], 0.5 for a model that did not
      memorise, 1 for copies (less in coarse tables, where a copied row is in the holdout as well);
    - ``excess``: what is beyond the expected, as a share of what could be: 0 is expected;
    - ``z``: the excess in standard deviations. Above 1.96, chance alone explains it in one of 40
      tables.

    Of the rows at the least distance, all of them count: exact for any sizes of the tables and
    any ties. Passing does not mean that a table is private (arXiv 2505.01524).

    Attributes:
        ties: A row as close to both counts ``"half"`` (more exactly, the share of real rows among
            its closest), or, as in TabSyn and SDMetrics, as close to the ``"holdout"``: 0.5 is
            then no longer what is expected, but the control is.
        corrected: Whether unequal sizes of real table and holdout are corrected for, which
            TabSyn and SDMetrics do not: the larger table is closer more often.
        scale: How numbers are compared; ``"range"`` is what TabSyn and SDMetrics do.
        name: Tag.

    Raises:
        UndefinedScoreError: There is no holdout.

    References:
        Platzer and Reutterer, Frontiers in Big Data 4, 2021; Zhang et al. (TabSyn), ICLR 2024.

    Example:
        >>> import numpy as np, pandas as pd
        >>> import synthproto as sp
        >>> rng = np.random.default_rng(0)
        >>> frames = [pd.DataFrame(rng.normal(size=(100, 2)), columns=["x", "y"]) for _ in "rh"]
        >>> spec = sp.TableSpec.infer(frames[0])
        >>> real, holdout = (sp.Table(frame, spec) for frame in frames)
        >>> found = sp.DCRShare()(sp.TablePair(real, real, holdout))
        >>> found["share"], round(found["low"], 2), round(found["z"], 1)
        (1.0, 0.93, 14.1)
    """

    ties: Ties = "half"
    corrected: bool = True
    scale: Scale = "ranks"
    name: str = "privacy/dcr_share"
    queries: tuple[Side, ...] = field(default=("synthetic",), init=False, repr=False)
    in_pieces: bool = field(default=True, init=False, repr=False)
    best: None = field(default=None, init=False, repr=False)
    direction: Direction = field(default="lower", init=False, repr=False)

    @property
    def bounds(self) -> Mapping[str, tuple[float, float]]:
        """Least and largest value of each."""
        shares = dict.fromkeys(("share", "low", "high"), (0.0, 1.0))
        return shares | {"excess": (-math.inf, 1.0), "z": (-math.inf, math.inf)}

    def __call__(self, pair: TablePair) -> dict[str, float]:
        """Share, interval and excess."""
        with_holdout(pair, f"score {self.name!r}")
        closest = closest_in_both(pair, self.scale)
        found = dcr_share(closest, ties=self.ties, corrected=self.corrected)
        ends = {"share": found.value, "low": found.low, "high": found.high}
        return {**ends, "excess": found.excess, "z": found.z}

    def control(self, pair: TablePair) -> dict[str, float]:
        """What rows reach that are as near to both tables."""
        with_holdout(pair, f"score {self.name!r}")
        closest = closest_in_both(pair, self.scale)
        expected = expected_share(closest, ties=self.ties, corrected=self.corrected)
        if self.ties == "half":
            return {"share": expected, "excess": 0.0, "z": 0.0}
        return {"share": expected}


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
            [_summary(pair, side) for side in sides], index=pd.Index(sides, name="table")
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
        flagged = np.flatnonzero(as_near(distance, np.asarray(threshold)))
        flagged = flagged[np.argsort(distance[flagged], kind="stable")]
        own = search(pair, "real", "real", 5).distances[:, 0]
        hashes = [exact_hashes(pair, side) for side in ("synthetic", "real")]
        columns: dict[str, object] = {
            "synthetic_row": flagged,
            "real_row": real_row[flagged],
            "distance": distance[flagged],
            "exact": hashes[0][flagged] == hashes[1][real_row[flagged]],
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


def _summary(pair: TablePair, side: Side) -> dict[str, float]:
    distances = search(pair, side, "real", 5).distances
    closest = distances[:, 0]
    low, lower, median = (float(np.quantile(closest, at)) for at in (0.01, 0.05, 0.5))
    return {
        "exact_match_share": float(_copied(pair, side).mean()),
        "dcr_0.01": low,
        "dcr_0.05": lower,
        "dcr_median": median,
        "dcr_mean": float(closest.mean()),
        "nndr_median": float(np.median(nndr(closest, distances[:, 1]))),
    }


def _copied(pair: TablePair, side: Side) -> NDArray[np.bool_]:
    """Which rows of a side are in the real table; of the real table itself, more than once."""
    hashes = exact_hashes(pair, side)
    if side != "real":
        return np.isin(hashes, exact_hashes(pair, "real"))
    _, back, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    return np.asarray(counts[back] > 1)


def repeated_share(real: Table) -> float:
    """Share of rows that a real table has more than once: of fresh rows, about as many are in it.

    Example:
        >>> import pandas as pd
        >>> from synthproto import Table, TableSpec
        >>> from synthproto.artifacts.privacy import repeated_share
        >>> frame = pd.DataFrame({"sex": ["f", "f", "m"], "age": [30, 30, 40]})
        >>> round(repeated_share(Table(frame, TableSpec.infer(frame, categorical=["sex"]))), 2)
        0.67
    """
    return float(_copied(TablePair(real, real), "real").mean())
