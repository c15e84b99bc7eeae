"""Attacks on a synthetic table, each with its control: membership and attribute inference.

They show what one attacker achieves, not what the best one could. Where a promise is needed, train
with differential privacy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, final

import numpy as np

from synthproto.artifacts.rows import Side, distance_columns, rows, with_holdout
from synthproto.artifacts.searches import search
from synthproto.checks import check_shares
from synthproto.contracts import Direction
from synthproto.data.table import NUMERIC, TablePair
from synthproto.errors import ParameterError, SchemaError, UndefinedScoreError
from synthproto.measures.neighbours import nearest
from synthproto.measures.privacy import (
    Guesses,
    best_guess,
    excess_risk,
    membership_scores,
    right,
    share_of,
)
from synthproto.measures.ranking import Roc, auc_interval, roc, true_positives_at
from synthproto.measures.rows import Floats, Ints

_CANDIDATES: Final[tuple[Side, Side]] = ("real", "holdout")


@final
@dataclass(frozen=True)
class MembershipInference:
    """How well an attacker tells rows that the synthesizer was trained on from others.

    The attacker has the synthetic table and half of the holdout, and ranks candidates (the real
    table, and the other half of the holdout) by how much closer they are to the synthetic table
    than to his own rows: the density-ratio attack of DOMIAS. By name:

    - ``auc`` with its 95 % interval ``auc_low``, ``auc_high``: 0.5 if he learns nothing (the
      control: both kinds of candidates are real rows), 1 if he always knows;
    - for each false-positive rate: ``true_positive_at_0.01``, the share of training rows that he
      names while naming that share of others wrongly, and ``advantage_at_0.01``, the difference
      of the two. Rows that are betrayed with certainty matter more than the average.

    A weak result shows the limits of this attack, not of all.

    Attributes:
        false_positive: Rates in [0, 1]. The holdout must have at least ``2 / rate`` rows to
            resolve one; below that the rate of no false alarm is shown.
        seed: Of how the holdout is split.
        name: Tag.

    Raises:
        UndefinedScoreError: There is no holdout, or it has one row.

    References:
        van Breugel et al., "Membership Inference Attacks against Synthetic Data through
        Overfitting Detection", AISTATS 2023; Carlini et al., "Membership Inference Attacks From
        First Principles", S&P 2022, for low false-positive rates.
    """

    false_positive: tuple[float, ...] = (0.01, 0.001)
    seed: int = 0
    name: str = "privacy/membership_inference"
    queries: tuple[Side, ...] = field(default=_CANDIDATES, init=False, repr=False)
    direction: Direction = field(default="lower", init=False, repr=False)

    @property
    def best(self) -> Mapping[str, float]:
        """Best value of the area under the curve."""
        return {"auc": 0.5}

    @property
    def bounds(self) -> Mapping[str, tuple[float, float]]:
        """Least and largest value of each entry."""
        shares = dict.fromkeys(("auc", "auc_low", "auc_high"), (0.0, 1.0))
        shares |= {f"true_positive_at_{rate:g}": (0.0, 1.0) for rate in self.false_positive}
        return shares | {f"advantage_at_{rate:g}": (-1.0, 1.0) for rate in self.false_positive}

    def __post_init__(self) -> None:
        check_shares(self, "false_positive", self.false_positive)

    def __call__(self, pair: TablePair) -> dict[str, float]:
        """Attack."""
        found = pair.get(MembershipAttack(self.seed))
        area = auc_interval(found.members, found.others)
        values = {"auc": area.value, "auc_low": area.low, "auc_high": area.high}
        for rate in self.false_positive:
            reached = true_positives_at(found.curve, rate)
            values[f"true_positive_at_{rate:g}"] = reached
            values[f"advantage_at_{rate:g}"] = reached - rate
        return values


class Membership(NamedTuple):
    """What the attacker of `MembershipInference` computed.

    Attributes:
        members: Score of each real row, high for what looks trained on.
        others: Score of each holdout row that he did not have himself.
        curve: ROC of the two.
    """

    members: Floats
    others: Floats
    curve: Roc


@final
@dataclass(frozen=True)
class MembershipAttack:
    """The attack that scores and plots share: ``pair.get`` it.

    Attributes:
        seed: Of how the holdout is split.
    """

    seed: int = 0

    def __call__(self, pair: TablePair) -> Membership:
        """Attack; raises `UndefinedScoreError` without a holdout of two rows."""
        between = with_holdout(pair, "membership inference")
        attacker = between.get(_Attacker(self.seed))
        to_synthetic = [search(pair, s, "synthetic", 1).distances[:, 0] for s in _CANDIDATES]
        members = membership_scores(attacker.to_real, to_synthetic[0])
        others = membership_scores(attacker.to_tested, to_synthetic[1][attacker.tested])
        return Membership(members, others, roc(members, others))


class _Reach(NamedTuple):
    """How far an attacker's own rows are from the candidates; the same for every synthesizer."""

    tested: Ints
    to_real: Floats
    to_tested: Floats


@final
@dataclass(frozen=True)
class _Attacker:
    """Gives half of the holdout (the synthetic side of its pair) to the attacker."""

    seed: int

    def __call__(self, between: TablePair) -> _Reach:
        count = len(between.synthetic)
        if count < 2:
            raise UndefinedScoreError(
                "membership inference is undefined: it needs two holdout rows, one for the "
                f"attacker and one to test him; there is {count}"
            )
        order = np.random.default_rng(self.seed).permutation(count)
        holdout, tested = rows(between, "synthetic"), order[count // 2 :]
        own = holdout.take(order[: count // 2])
        to_real, to_tested = (
            nearest(candidates, own, 1).distances[:, 0]
            for candidates in (rows(between, "real"), holdout.take(tested))
        )
        return _Reach(tested, to_real, to_tested)


@final
@dataclass(frozen=True)
class AttributeInference:
    """How well an attacker guesses a secret of a person whose other columns he knows.

    He looks up the synthetic row closest in the known columns and guesses its secret. By secret:

    - ``attack``: share of right guesses for rows of the real table;
    - ``control``: the same for the holdout: what the synthetic table tells about anybody, which
      is what it is for;
    - ``baseline``: right guesses of the one value that is most common in the synthetic table;
    - ``risk``: ``(attack - control) / (1 - control)``, in [0, 1], 0 is best: what the rows gain
      in risk by having been trained on; with its 95 % interval ``risk_low``, ``risk_high``.

    A risk of 0 does not mean that no attribute can be inferred, only that this attacker learns
    no more about training rows than about others.

    Attributes:
        secrets: Columns to guess, one after the other.
        known: Columns that the attacker knows; all others than the secret if empty.
        tolerance: A guess of a continuous or datetime secret is right within this share of the
            real range.
        name: Tag.

    Raises:
        UndefinedScoreError: There is no holdout.
        SchemaError: The tables lack a column, or distances do not see it.

    References:
        Giomi et al., "A Unified Framework for Quantifying Privacy Risk in Synthetic Data"
        (Anonymeter), PoPETs 2023.
    """

    secrets: tuple[str, ...]
    known: tuple[str, ...] = ()
    tolerance: float = 0.05
    name: str = "privacy/attribute_inference"
    queries: tuple[Side, ...] = field(default=_CANDIDATES, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)
    direction: Direction = field(default="lower", init=False, repr=False)

    @property
    def best(self) -> Mapping[str, float]:
        """Best value of each secret's risk."""
        return {f"{secret}/risk": 0.0 for secret in self.secrets}

    def __post_init__(self) -> None:
        check_shares(self, "tolerance", (self.tolerance,))
        if not self.secrets:
            raise ParameterError("AttributeInference: `secrets` must name a column; got none.")

    def __call__(self, pair: TablePair) -> dict[str, float]:
        """Attack each secret."""
        seen = distance_columns(pair)
        unknown = [name for name in (*self.secrets, *self.known) if name not in seen]
        if unknown:
            raise SchemaError(
                f"AttributeInference: columns {unknown} are not in the tables, or are identifiers "
                f"or text; got tables with {list(seen)} to guess and to know."
            )
        values: dict[str, float] = {}
        for secret in self.secrets:
            found = self._guesses(pair, secret)
            values |= {f"{secret}/{what}": share.value for what, share in found._asdict().items()}
            values |= {f"{secret}/risk_low": found.risk.low, f"{secret}/risk_high": found.risk.high}
        return values

    def _guesses(self, pair: TablePair, secret: str) -> Guesses:
        with_holdout(pair, "attribute inference")
        known = self.known or distance_columns(pair)
        without = tuple(n for n in distance_columns(pair) if n not in known or n == secret)
        tolerance = self.tolerance if pair.spec.kind(secret) in NUMERIC else 0.0
        synthetic = _values(pair, "synthetic", secret)
        attack, control = (
            share_of(
                right(
                    _values(pair, side, secret),
                    synthetic[search(pair, side, "synthetic", 1, without).indices[:, 0]],
                    tolerance,
                )
            )
            for side in _CANDIDATES
        )
        guess = np.full(1, best_guess(synthetic, tolerance))
        baseline = share_of(right(_values(pair, "real", secret), guess, tolerance))
        return Guesses(attack, control, baseline, excess_risk(attack, control))


def _values(pair: TablePair, side: Side, column: str) -> Floats:
    """A column in units of its real range, or as codes."""
    encoded = rows(pair, side)
    place = distance_columns(pair).index(column) - encoded.continuous.shape[1]
    if place < 0:
        return encoded.continuous[:, place]
    return encoded.codes[:, place].astype(np.float64)
