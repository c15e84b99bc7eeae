"""Attacks that find people: singling out and linkability, two risks that regulators name.

They are those of anonymeter (Giomi et al., PoPETs 2023), each with its control. They show what one
attacker achieves, not what the best one could.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, final

import numpy as np

from synthproto.artifacts.attacks import CANDIDATES, named
from synthproto.artifacts.rows import (
    Side,
    check_known,
    distance_columns,
    exact_rows,
    rows,
    with_holdout,
)
from synthproto.checks import check_least
from synthproto.data.pair import TablePair
from synthproto.data.table import NUMERIC
from synthproto.errors import UndefinedScoreError
from synthproto.measures.attacks import excess_risk, share_of
from synthproto.measures.hashes import random_order, row_hashes
from synthproto.measures.neighbours import nearest
from synthproto.measures.ranking import Interval
from synthproto.measures.reidentification import (
    chance_link,
    linked,
    multivariate_predicates,
    repeats,
    singled_out,
    univariate_predicates,
)
from synthproto.measures.rows import Floats

_SHARES: Final = MappingProxyType(
    dict.fromkeys(("attack", "control", "risk", "risk_low", "risk_high"), (0.0, 1.0))
)


def _no_risk() -> Mapping[str, float]:
    return MappingProxyType({"risk": 0.0})


@final
@dataclass(frozen=True)
class SinglingOut:
    """How often a description that fits one synthetic row fits exactly one real person.

    The attacker takes descriptions that single out a synthetic row ("born 1931, in Nome, widowed")
    and claims that they single out somebody in the real table:

    - ``attack``: share of descriptions that fit exactly one real row;
    - ``control``: the same of the holdout: descriptions of rare people fit one of anybody;
    - ``risk``: ``(attack - control) / (1 - control)``, in [0, 1], 0 is best; with its 95 %
      interval ``risk_low``, ``risk_high``;
    - ``attacks``: how many descriptions there were.

    Descriptions that single the same row out are one piece of evidence together: without that,
    intervals of 8 to 12 of 100 harmless tables excluded 0, where 2.5 may. If the holdout is smaller
    than the real table, the control is extrapolated to its size (see
    `control_share`), and wide. Rows that occur more than once count once, as in anonymeter.

    Attributes:
        conditions: Columns of a description, at least 1. With 1 (univariate) values that occur
            once, and extremes; with more (multivariate) as many conditions taken from a row.
        attacks: Most descriptions.
        seed: Of the descriptions.
        name: Tag.

    Raises:
        UndefinedScoreError: There is no holdout, no description singles a synthetic row out, or
            there are fewer columns than conditions.

    References:
        Giomi et al. (Anonymeter), PoPETs 2023; Cohen and Nissim, "Towards Formalizing the GDPR's
        Notion of Singling Out", PNAS 117, 2020.

    Example:
        >>> import numpy as np, pandas as pd
        >>> import synthproto as sp
        >>> rng = np.random.default_rng(0)
        >>> frames = [pd.DataFrame(rng.normal(size=(200, 3)), columns=list("xyz")) for _ in "rh"]
        >>> spec = sp.TableSpec.infer(frames[0])
        >>> real, holdout = (sp.Table(frame, spec) for frame in frames)
        >>> found = sp.SinglingOut(attacks=100)(sp.TablePair(real, real, holdout))
        >>> found["attack"], found["risk"]
        (1.0, 1.0)
    """

    conditions: int = 3
    attacks: int = 2000
    seed: int = 0
    name: str = "privacy/singling_out"
    queries: tuple[Side, ...] = field(default=(), init=False, repr=False)
    best: Mapping[str, float] = field(default_factory=_no_risk, init=False, repr=False)

    @property
    def bounds(self) -> Mapping[str, tuple[float, float]]:
        """Least and largest value of each entry."""
        return {**_SHARES, "attacks": (1.0, float(self.attacks))}

    def __post_init__(self) -> None:
        check_least(self, "conditions", self.conditions, 1)
        check_least(self, "attacks", self.attacks, 1)

    def __call__(self, pair: TablePair) -> dict[str, float]:
        """Describe and look up."""
        with_holdout(pair, "singling out")
        synthetic, real, holdout = (_people(pair, side) for side in ("synthetic", *CANDIDATES))
        if synthetic.shape[1] < self.conditions:
            raise UndefinedScoreError(
                f"score {self.name!r} is undefined: {self.conditions} conditions need as many "
                f"columns; the tables have {synthetic.shape[1]}"
            )
        rng, ordered = np.random.default_rng(self.seed), len(pair.spec.of_kind(*NUMERIC))
        if self.conditions == 1:
            found = univariate_predicates(synthetic, ordered)
            found = found.take(rng.permutation(len(found.low))[: self.attacks])
        else:
            found = multivariate_predicates(synthetic, ordered, self.conditions, self.attacks, rng)
        if not len(found.low):
            raise UndefinedScoreError(
                f"score {self.name!r} is undefined: no {self.conditions} conditions single out a "
                f"row of the {pair.synthetic.name}"
            )
        (counts, first), (others, beside) = found.matches(real), found.matches(holdout)
        repeated = repeats(np.where(counts == 1, first, -1), np.where(others == 1, beside, -1))
        attack, control = singled_out(counts, others, (len(real), len(holdout)), repeated)
        risk = named("risk", excess_risk(attack, control))
        return {
            "attack": attack.value,
            "control": control.value,
            **risk,
            "attacks": float(len(found.low)),
        }

    def control(self, pair: TablePair) -> dict[str, float]:
        """What rows are at risk of that the synthesizer was not trained on: none."""
        with_holdout(pair, "singling out")
        return {"risk": 0.0}


def _people(pair: TablePair, side: Side) -> Floats:
    """Distinct rows as one matrix, numbers first; labels as codes; what is missing is infinite."""
    encoded = exact_rows(pair, side)
    _, first = np.unique(row_hashes(encoded), return_index=True)
    codes = rows(pair, side).codes[first].astype(np.float64)
    numbers = encoded.continuous[first]
    missing = np.isnan(numbers), codes == 0
    return np.where(np.hstack(missing), np.inf, np.hstack([numbers, codes]))


@final
@dataclass(frozen=True)
class Linkability:
    """How often the synthetic table tells an attacker that two records are of one person.

    The attacker has two tables about the same people with different columns. He links two records
    if the synthetic rows closest to the one in its columns are among those closest to the other
    in its own:

    - ``attack``: share of real rows whose halves are linked; ``control``: the same of holdout
      rows; ``baseline``: of two random choices of synthetic rows;
    - ``risk``: ``(attack - control) / (1 - control)``, in [0, 1], 0 is best; with its 95 %
      interval ``risk_low``, ``risk_high``.

    Attributes:
        first: Columns of the one table; every other column, if empty.
        second: Columns of the other one; those that are not in the first, if empty.
        neighbours: How many closest synthetic rows are compared, at least 1.
        attacks: Most real rows, and most holdout rows, that are attacked.
        seed: Decides which.
        name: Tag.

    Raises:
        UndefinedScoreError: There is no holdout, or a half has no columns.
        SchemaError: The tables lack a column, or distances do not see it.

    References:
        Giomi et al. (Anonymeter), PoPETs 2023.

    Example:
        >>> import numpy as np, pandas as pd
        >>> import synthproto as sp
        >>> rng = np.random.default_rng(0)
        >>> frames = [pd.DataFrame(rng.normal(size=(200, 4)), columns=list("wxyz")) for _ in "rh"]
        >>> spec = sp.TableSpec.infer(frames[0])
        >>> real, holdout = (sp.Table(frame, spec) for frame in frames)
        >>> found = sp.Linkability()(sp.TablePair(real, real, holdout))
        >>> found["attack"], found["control"] < 0.1
        (1.0, True)
    """

    first: tuple[str, ...] = ()
    second: tuple[str, ...] = ()
    neighbours: int = 1
    attacks: int = 2000
    seed: int = 0
    name: str = "privacy/linkability"
    queries: tuple[Side, ...] = field(default=(), init=False, repr=False)
    best: Mapping[str, float] = field(default_factory=_no_risk, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __post_init__(self) -> None:
        check_least(self, "neighbours", self.neighbours, 1)
        check_least(self, "attacks", self.attacks, 1)

    def __call__(self, pair: TablePair) -> dict[str, float]:
        """Link."""
        with_holdout(pair, "linkability")
        halves = self._halves(pair)
        attack, control = (self._linked(pair, side, halves) for side in CANDIDATES)
        count = len(pair.synthetic)
        return {
            "attack": attack.value,
            "control": control.value,
            "baseline": chance_link(count, min(self.neighbours, count)),
            **named("risk", excess_risk(attack, control)),
        }

    def control(self, pair: TablePair) -> dict[str, float]:
        """What rows are at risk of that the synthesizer was not trained on: none."""
        with_holdout(pair, "linkability")
        return {"risk": 0.0}

    def _halves(self, pair: TablePair) -> tuple[tuple[str, ...], tuple[str, ...]]:
        seen = distance_columns(pair)
        check_known(self, (*self.first, *self.second), seen)
        first = self.first or tuple(n for n in seen if n not in self.second)[::2]
        second = self.second or tuple(n for n in seen if n not in first)
        if not first or not second:
            raise UndefinedScoreError(
                f"score {self.name!r} is undefined: both halves need columns; the tables have "
                f"{list(seen)}"
            )
        return first, second

    def _linked(
        self, pair: TablePair, side: Side, halves: tuple[tuple[str, ...], tuple[str, ...]]
    ) -> Interval:
        found = []
        for half in halves:
            without = tuple(name for name in distance_columns(pair) if name not in half)
            targets, synthetic = (rows(pair, s, without) for s in (side, "synthetic"))
            chosen = random_order(rows(pair, side), self.seed)[: self.attacks]
            # Of rows that are as close, the same ones are found in both halves, whatever their
            # order.
            order = random_order(rows(pair, "synthetic"), self.seed, 1)
            k = min(self.neighbours, len(synthetic))
            found.append(nearest(targets.take(chosen), synthetic, k, order=order).indices)
        return share_of(linked(*found))
