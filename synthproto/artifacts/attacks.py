"""Attacks on a synthetic table, each with its control: membership and attribute inference.

They show what one attacker achieves, not what the best one could. Where a promise is needed, train
with differential privacy. Singling out and linkability are in `reidentification`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, final

import numpy as np

from synthproto.artifacts.rows import Side, check_known, distance_columns, rows, with_holdout
from synthproto.artifacts.searches import search
from synthproto.checks import check_shares
from synthproto.contracts import Direction
from synthproto.data.pair import TablePair
from synthproto.data.table import NUMERIC
from synthproto.errors import ParameterError, UndefinedScoreError
from synthproto.measures.attacks import (
    Guesses,
    best_guess,
    excess_risk,
    likeliest_test,
    log_ratio,
    membership_scores,
    right,
    share_of,
)
from synthproto.measures.hashes import random_order
from synthproto.measures.neighbours import nearest
from synthproto.measures.ranking import Interval, Roc, auc_interval, roc, true_positives_at
from synthproto.measures.rows import Floats, Ints

CANDIDATES: Final[tuple[Side, Side]] = ("real", "holdout")
"""Sides that are attacked: rows that were trained on, and the control."""


@final
@dataclass(frozen=True)
class MembershipInference:
    """How well an attacker tells rows that the synthesizer was trained on from others.

    The attacker has the synthetic table and half of the holdout, and ranks candidates (the real
    table, and the other half of the holdout) by how much closer they are to the synthetic table
    than to his own rows: the density-ratio attack of DOMIAS. By name:

    - ``auc`` with its 95 % interval ``auc_low``, ``auc_high``: 0.5 if he learns nothing, 1 if he
      always knows;
    - ``isolated_auc`` with its interval: the same among the candidates that are farthest from the
      attacker's own rows, who have the most to lose;
    - for each false-positive rate: ``true_positive_at_0.01``, the share of training rows that he
      names while naming that share of others wrongly, with its Clopper-Pearson interval, and
      ``advantage_at_0.01``, the difference of the two. Rows that are betrayed with certainty
      matter more than the average.

    A weak result shows the limits of this attack, not of all.

    Attributes:
        false_positive: Rates in [0, 1]. The holdout must have at least ``2 / rate`` rows to
            resolve one; below that the rate of no false alarm is shown.
        isolated: Share of each kind of candidates that is isolated, in [0, 1]; at least 20 are.
        seed: Of how the holdout is split.
        name: Tag.

    Raises:
        UndefinedScoreError: There is no holdout, or it has one row.

    References:
        van Breugel et al., "Membership Inference Attacks against Synthetic Data through
        Overfitting Detection", AISTATS 2023; Carlini et al., "Membership Inference Attacks From
        First Principles", S&P 2022, for low false-positive rates; DeLong et al., Biometrics 44,
        1988, for the intervals of areas.

    Example:
        >>> import numpy as np, pandas as pd
        >>> import synthproto as sp
        >>> rng = np.random.default_rng(0)
        >>> frames = [pd.DataFrame(rng.normal(size=(200, 3)), columns=list("xyz")) for _ in "rh"]
        >>> spec = sp.TableSpec.infer(frames[0])
        >>> real, holdout = (sp.Table(frame, spec) for frame in frames)
        >>> sp.MembershipInference()(sp.TablePair(real, real, holdout))["auc"]
        1.0
    """

    false_positive: tuple[float, ...] = (0.01, 0.001)
    isolated: float = 0.01
    seed: int = 0
    name: str = "privacy/membership_inference"
    queries: tuple[Side, ...] = field(default=CANDIDATES, init=False, repr=False)
    in_pieces: bool = field(default=True, init=False, repr=False)
    direction: Direction = field(default="lower", init=False, repr=False)

    @property
    def best(self) -> Mapping[str, float]:
        """Best value of the areas under the curve."""
        return {"auc": 0.5, "isolated_auc": 0.5}

    @property
    def bounds(self) -> Mapping[str, tuple[float, float]]:
        """Least and largest value of each entry."""
        rates = [f"true_positive_at_{rate:g}" for rate in self.false_positive]
        ends = ("", "_low", "_high")
        shares = [name + end for name in ("auc", "isolated_auc", *rates) for end in ends]
        gains = [f"advantage_at_{rate:g}" for rate in self.false_positive]
        return dict.fromkeys(shares, (0.0, 1.0)) | dict.fromkeys(gains, (-1.0, 1.0))

    def __post_init__(self) -> None:
        check_shares(self, "false_positive", self.false_positive)
        check_shares(self, "isolated", (self.isolated,))

    def __call__(self, pair: TablePair) -> dict[str, float]:
        """Attack."""
        found = pair.get(MembershipAttack(self.seed))
        values = named("auc", auc_interval(found.members, found.others))
        outliers = (
            side[_isolated(reach, self.isolated)]
            for side, reach in zip((found.members, found.others), found.reach, strict=True)
        )
        values |= named("isolated_auc", auc_interval(*outliers))
        for rate in self.false_positive:
            reached = true_positives_at(found.curve, rate, len(found.members))
            values |= named(f"true_positive_at_{rate:g}", reached)
            values[f"advantage_at_{rate:g}"] = reached.value - rate
        return values

    def control(self, pair: TablePair) -> dict[str, float]:
        """What an attacker reaches who learns nothing: both kinds of candidates are real rows."""
        with_holdout(pair, "membership inference")
        rates = {f"true_positive_at_{rate:g}": rate for rate in self.false_positive}
        nothing = {f"advantage_at_{rate:g}": 0.0 for rate in self.false_positive}
        return {"auc": 0.5, "isolated_auc": 0.5, **rates, **nothing}


def named(name: str, found: Interval) -> dict[str, float]:
    """A share and its interval as entries of a score."""
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


def _isolated(reach: Floats, share: float) -> Ints:
    """The rows that are farthest from others."""
    count = min(len(reach), max(20, round(share * len(reach))))
    return np.argsort(-reach, kind="stable")[:count]


class Membership(NamedTuple):
    """What the attacker of `MembershipInference` computed.

    Attributes:
        members: Score of each real row, high for what looks trained on.
        others: Score of each holdout row that he did not have himself.
        curve: ROC of the two.
        reach: Distances of both kinds of rows to his own.
        own: Scores of his own rows, each against the others of them.
    """

    members: Floats
    others: Floats
    curve: Roc
    reach: tuple[Floats, Floats]
    own: Floats


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
        to_synthetic = [search(pair, s, "synthetic", 1).distances[:, 0] for s in CANDIDATES]
        members = membership_scores(attacker.to_real, to_synthetic[0])
        others, own = (
            membership_scores(reach, to_synthetic[1][some])
            for reach, some in (
                (attacker.to_tested, attacker.tested),
                (attacker.to_own, attacker.own),
            )
        )
        reach = attacker.to_real, attacker.to_tested
        return Membership(members, others, roc(members, others), reach, own)


class _Reach(NamedTuple):
    """How far an attacker's own rows are from the candidates; the same for every synthesizer."""

    own: Ints
    tested: Ints
    to_real: Floats
    to_tested: Floats
    to_own: Floats


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
        holdout = rows(between, "synthetic")
        order = random_order(holdout, self.seed)
        mine, tested = order[: count // 2], order[count // 2 :]
        own = holdout.take(mine)
        to_real, to_tested = (
            nearest(candidates, own, 1).distances[:, 0]
            for candidates in (rows(between, "real"), holdout.take(tested))
        )
        if len(own) < 2:
            return _Reach(mine, tested, to_real, to_tested, np.ones(len(own)))
        to_own = nearest(own, own, 1, leave_one_out=True).distances[:, 0]
        return _Reach(mine, tested, to_real, to_tested, to_own)


@final
@dataclass(frozen=True)
class EpsilonBound:
    """The least epsilon of differential privacy that the membership attack is compatible with.

    Differential privacy bounds how much likelier any test says "member" of a member than of
    another row, or "no member" the other way round: by ``exp(epsilon)``. The test is the threshold
    of `MembershipInference` that looks worst on half of the real rows and the attacker's own;
    what it reaches on the other rows, with Clopper-Pearson bounds, gives a lower bound of epsilon
    at 95 %. In [0, inf), 0 is best. It cannot exceed about ``log(holdout rows / 8)``, which is
    what copies reach.

    It does *not* bound the epsilon of a synthesizer from above: a stronger attack may show more,
    and 0 says only that this one shows nothing. Nor is it a proof that a promised epsilon is
    broken, as all rows are of one training run, and depend on each other.

    Attributes:
        seed: As in `MembershipInference`, and of the half.
        name: Tag.

    Raises:
        UndefinedScoreError: There is no holdout, or it has one row.

    References:
        Jagielski et al., "Auditing Differentially Private Machine Learning", NeurIPS 2020;
        Steinke et al., "Privacy Auditing with One (1) Training Run", NeurIPS 2023, for what one
        run can prove.

    Example:
        >>> import numpy as np, pandas as pd
        >>> import synthproto as sp
        >>> rng = np.random.default_rng(0)
        >>> frames = [pd.DataFrame(rng.normal(size=(400, 3)), columns=list("xyz")) for _ in "srh"]
        >>> spec = sp.TableSpec.infer(frames[0])
        >>> fresh, real, holdout = (sp.Table(frame, spec) for frame in frames)
        >>> round(sp.EpsilonBound()(sp.TablePair(real, real, holdout)), 1)
        4.0
        >>> sp.EpsilonBound()(sp.TablePair(real, fresh, holdout))
        0.0
    """

    seed: int = 0
    name: str = "privacy/epsilon_bound"
    queries: tuple[Side, ...] = field(default=CANDIDATES, init=False, repr=False)
    best: float = field(default=0.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, math.inf), init=False, repr=False)

    def __call__(self, pair: TablePair) -> float:
        """Choose a test on some rows, try it on others."""
        found = pair.get(MembershipAttack(self.seed))
        if len(found.members) < 2:
            raise UndefinedScoreError(
                f"score {self.name!r} is undefined: it needs two real rows, one to choose a test "
                "by and one to try it on; there is one"
            )
        order = random_order(rows(pair, "real"), self.seed)
        half = len(order) // 2
        test = likeliest_test(found.members[order[:half]], found.own)
        return max(0.0, log_ratio(found.members[order[half:]], found.others, test))

    def control(self, pair: TablePair) -> float:
        """What an attacker shows who learns nothing."""
        with_holdout(pair, "membership inference")
        return 0.0


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
        tolerance: A guess of a continuous or datetime secret is right if at most about this share
            of the real rows has a value between it and the truth.
        name: Tag.

    Raises:
        UndefinedScoreError: There is no holdout.
        SchemaError: The tables lack a column, or distances do not see it.

    References:
        Giomi et al., "A Unified Framework for Quantifying Privacy Risk in Synthetic Data"
        (Anonymeter), PoPETs 2023.

    Example:
        >>> import numpy as np, pandas as pd
        >>> import synthproto as sp
        >>> rng = np.random.default_rng(0)
        >>> frames = [pd.DataFrame({"age": rng.normal(size=99), "ill": rng.choice(["y", "n"], 99)})
        ...           for _ in "rh"]
        >>> spec = sp.TableSpec.infer(frames[0], categorical=["ill"])
        >>> real, holdout = (sp.Table(frame, spec) for frame in frames)
        >>> found = sp.AttributeInference(("ill",))(sp.TablePair(real, real, holdout))
        >>> found["ill/attack"], round(found["ill/control"], 2), found["ill/risk"]
        (1.0, 0.47, 1.0)
    """

    secrets: tuple[str, ...]
    known: tuple[str, ...] = ()
    tolerance: float = 0.05
    name: str = "privacy/attribute_inference"
    queries: tuple[Side, ...] = field(default=CANDIDATES, init=False, repr=False)
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
        check_known(self, (*self.secrets, *self.known), seen)
        values: dict[str, float] = {}
        for secret in self.secrets:
            found = self._guesses(pair, secret)
            values |= {f"{secret}/{what}": share.value for what, share in found._asdict().items()}
            values |= {f"{secret}/risk_low": found.risk.low, f"{secret}/risk_high": found.risk.high}
        return values

    def control(self, pair: TablePair) -> dict[str, float]:
        """What rows are at risk of that the synthesizer was not trained on: none."""
        with_holdout(pair, "attribute inference")
        return {f"{secret}/risk": 0.0 for secret in self.secrets}

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
            for side in CANDIDATES
        )
        guess = np.full(1, best_guess(synthetic, tolerance))
        baseline = share_of(right(_values(pair, "real", secret), guess, tolerance))
        return Guesses(attack, control, baseline, excess_risk(attack, control))


def _values(pair: TablePair, side: Side, column: str) -> Floats:
    """A column as shares of real rows, or as codes."""
    encoded = rows(pair, side)
    place = distance_columns(pair).index(column) - encoded.continuous.shape[1]
    if place < 0:
        return encoded.continuous[:, place]
    return encoded.codes[:, place].astype(np.float64)
