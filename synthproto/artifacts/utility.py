"""Utility: whether a model that was trained on synthetic rows predicts real ones.

Trained on synthetic, tested on holdout (TSTR), beside trained on real, tested on the same holdout
(TRTR), and the gap of the two. Without the second number the first says little.
"""

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, final

import numpy as np
import pandas as pd

from synthproto.artifacts.rows import Side, distance_columns, rows, with_holdout
from synthproto.contracts import Direction
from synthproto.data.pair import TablePair
from synthproto.data.table import DISCRETE, NUMERIC, Table
from synthproto.errors import ParameterError, SchemaError, UndefinedScoreError
from synthproto.measures.classifiers import Learner, require_learn
from synthproto.measures.hashes import random_order
from synthproto.measures.ranking import Z95
from synthproto.measures.rows import Floats, Ints, Rows
from synthproto.measures.utility import (
    classified,
    classified_influence,
    classify,
    regress,
    regressed,
    regressed_influence,
)


@final
@dataclass(frozen=True)
class TSTR:
    """Train on synthetic, test on real: how well models of synthetic rows predict the holdout.

    For a categorical or boolean target ``auroc`` and ``macro_f1``, both in [0, 1], 1 is best;
    for a continuous or datetime one ``r2``, 1 is best, and ``rmse`` in the unit of the target
    (seconds for datetimes), 0 is best. One of each for every learner, e.g. ``auroc_trees``:
    means over the seeds.

    A seed draws 80 % of the rows of the shorter of real and synthetic table, from both tables
    alike, so that TSTR and `TRTR` train on equally many. Classes are weighed alike. Columns other
    than identifiers and text predict; rows without a target are left out. Classes that the
    holdout does not have are not scored; a class that the synthetic table does not have is never
    predicted.

    Attributes:
        target: Column to predict.
        learners: ``"linear"`` (logistic or ridge regression) and ``"trees"`` (histogram
            gradient-boosted).
        seeds: Training sets to draw, at least 1.
        name: Tag.

    Raises:
        MissingExtraError: scikit-learn is not installed; raised when it is made.
        SchemaError: The target is not a column, or is an identifier or text, or is the only one.
        UndefinedScoreError: There is no holdout, its target is constant, or a table has no row
            with a target.

    References:
        Esteban, Hyland and Rätsch, "Real-valued (Medical) Time Series Generation with Recurrent
        Conditional GANs", 2017, for the name.
    """

    target: str
    learners: tuple[Learner, ...] = ("linear", "trees")
    seeds: int = 3
    name: str = "utility/tstr"

    def __post_init__(self) -> None:
        _check(self, self.learners, self.seeds)

    @property
    def best(self) -> Mapping[str, float]:
        """Best value of each entry that there can be."""
        return _best(self.learners)

    @property
    def bounds(self) -> Mapping[str, tuple[float, float]]:
        """Least and largest value of each entry that there can be."""
        return _bounds(self.learners)

    def __call__(self, pair: TablePair) -> dict[str, float]:
        """Train on synthetic rows."""
        return _means(_results(pair, "synthetic", self.target, self.learners, self.seeds).values)

    def control(self, pair: TablePair) -> dict[str, float]:
        """What real rows reach: the values of `TRTR`."""
        return _means(_results(pair, "real", self.target, self.learners, self.seeds).values)


@final
@dataclass(frozen=True)
class TRTR:
    """Train on real, test on real: the control of `TSTR`, whose arguments and values it has."""

    target: str
    learners: tuple[Learner, ...] = ("linear", "trees")
    seeds: int = 3
    name: str = "utility/trtr"

    def __post_init__(self) -> None:
        _check(self, self.learners, self.seeds)

    @property
    def best(self) -> Mapping[str, float]:
        """Best value of each entry that there can be."""
        return _best(self.learners)

    @property
    def bounds(self) -> Mapping[str, tuple[float, float]]:
        """Least and largest value of each entry that there can be."""
        return _bounds(self.learners)

    def __call__(self, pair: TablePair) -> dict[str, float]:
        """Train on real rows."""
        return _means(_results(pair, "real", self.target, self.learners, self.seeds).values)


@final
@dataclass(frozen=True)
class UtilityGap:
    """What is lost by training on synthetic rows: `TRTR` minus `TSTR`, turned so that 0 is best.

    Positive where the synthetic table trains worse: ``TRTR - TSTR`` of AUROC, macro F1 and R²,
    ``TSTR - TRTR`` of RMSE. Negative values happen by chance. Arguments as for `TSTR`.
    """

    target: str
    learners: tuple[Learner, ...] = ("linear", "trees")
    seeds: int = 3
    name: str = "utility/gap"
    best: float = field(default=0.0, init=False, repr=False)
    direction: Direction = field(default="lower", init=False, repr=False)

    def __post_init__(self) -> None:
        _check(self, self.learners, self.seeds)

    @property
    def bounds(self) -> Mapping[str, tuple[float, float]]:
        """Least and largest value of each entry that there can be."""
        return {
            tag: (-1.0, 1.0) if limits == (0.0, 1.0) else (-math.inf, math.inf)
            for tag, limits in _bounds(self.learners).items()
        }

    def control(self, pair: TablePair) -> dict[str, float]:
        """What real rows reach: no gap."""
        _check_target(pair, self.target)
        measures = _REGRESSED if pair.spec.kind(self.target) in NUMERIC else _CLASSIFIED
        return {f"{measure}_{learner}": 0.0 for learner in self.learners for measure in measures}

    def __call__(self, pair: TablePair) -> dict[str, float]:
        """Train on both."""
        tstr, trtr = (
            _means(_results(pair, side, self.target, self.learners, self.seeds).values)
            for side in _TRAINED
        )
        sign = {tag: -1.0 if tag.startswith("rmse") else 1.0 for tag in tstr}
        return {tag: sign[tag] * (trtr[tag] - tstr[tag]) for tag in tstr}


@final
@dataclass(frozen=True)
class UtilityTable:
    """TSTR and TRTR beside each other, mean and standard deviation over the seeds.

    A frame with index ``auroc_linear``, ... and columns ``tstr``, ``tstr_std``, ``trtr``,
    ``trtr_std``, ``gap`` (as in `UtilityGap`), ``gap_low`` and ``gap_high``; standard deviations
    divided by n - 1, 0 for a single seed. The ends are those of the 95 % interval of the gap over
    holdouts of this size, for models that see the same rows (DeLong's for AUROC, the delta method
    for the others): a gap whose interval holds 0 is none. Arguments as for `TSTR`.
    """

    target: str
    learners: tuple[Learner, ...] = ("linear", "trees")
    seeds: int = 3
    name: str = "utility/table"

    def __post_init__(self) -> None:
        _check(self, self.learners, self.seeds)

    def __call__(self, pair: TablePair) -> pd.DataFrame:
        """Train on both."""
        columns: dict[str, dict[str, float]] = {}
        for label, side in zip(("tstr", "trtr"), _TRAINED, strict=True):
            found = _results(pair, side, self.target, self.learners, self.seeds).values
            columns[label] = _means(found)
            columns[f"{label}_std"] = {
                tag: float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
                for tag, values in found.items()
            }
        gap = UtilityGap(self.target, self.learners, self.seeds)(pair)
        half = {tag: Z95 * spread for tag, spread in self._spreads(pair).items()}
        columns["gap"] = gap
        columns["gap_low"] = {tag: gap[tag] - half[tag] for tag in gap}
        columns["gap_high"] = {tag: gap[tag] + half[tag] for tag in gap}
        return pd.DataFrame(columns).rename_axis("measure")

    def _spreads(self, pair: TablePair) -> dict[str, float]:
        """Standard deviation of each gap over samples of holdout rows."""
        synthetic, real = (
            _results(pair, side, self.target, self.learners, self.seeds).influence
            for side in _TRAINED
        )
        return {tag: float(np.linalg.norm(synthetic[tag] - real[tag])) for tag in real}


@final
@dataclass(frozen=True)
class PredictabilityKept:
    """Utility of each column in turn: how much of what real rows teach of it synthetic rows do.

    In [0, 1], 1 is best; by column. A model that was trained on synthetic rows predicts the column
    of the holdout from all others, one that was trained on real rows does so too, and the value is
    the first's skill as a share of the second's, at most 1. Skill is R² of numbers and
    ``2 AUROC - 1`` of labels. Columns that real rows predict with a skill below `least` are left
    out: their share would be noise. No target has to be chosen: ``Mean(PredictabilityKept())`` is
    the utility of the whole table.

    Attributes:
        learner: ``"linear"`` or ``"trees"``.
        least: Skill of real rows from which on a column counts, above 0.
        name: Tag.

    Raises:
        MissingExtraError: scikit-learn is not installed; raised when it is made.
        UndefinedScoreError: There is no holdout.

    References:
        Xu et al., "Modeling Tabular Data using Conditional GAN", NeurIPS 2019, of machine learning
        efficacy with a target.

    Example:
        >>> import numpy as np
        >>> import pandas as pd
        >>> from synthproto import PredictabilityKept, Table, TablePair, TableSpec
        >>> draw = np.random.default_rng(0)
        >>> x = draw.normal(size=(3, 300))
        >>> real, apart, holdout = (pd.DataFrame({"x": row, "y": row + 1}) for row in x)
        >>> apart["y"] = draw.permutation(apart["y"])
        >>> spec = TableSpec.infer(real)
        >>> tables = [Table(frame, spec) for frame in (real, apart, holdout)]
        >>> kept = PredictabilityKept("linear")(TablePair(*tables))
        >>> {name: round(share, 1) for name, share in kept.items()}
        {'x': 0.0, 'y': 0.0}
    """

    learner: Learner = "trees"
    least: float = 0.05
    name: str = "utility/predictability_kept"
    best: float = field(default=1.0, init=False, repr=False)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), init=False, repr=False)

    def __post_init__(self) -> None:
        _check(self, (self.learner,), 1)
        if not 0 < self.least < 1:
            raise ParameterError(f"{self.name!r}: `least` must be in (0, 1); got {self.least}.")

    def __call__(self, pair: TablePair) -> dict[str, float]:
        """Share of the skill by column."""
        with_holdout(pair, "prediction of the holdout")
        columns = pair.spec.of_kind(*NUMERIC, *DISCRETE)
        found: dict[str, float] = {}
        for column in columns if len(columns) > 1 else ():
            # A column that is constant or missing in the holdout cannot be predicted.
            with contextlib.suppress(UndefinedScoreError):
                real = self._skill(pair, "real", column)
                if real >= self.least:
                    share = self._skill(pair, "synthetic", column) / real
                    found[column] = min(max(share, 0.0), 1.0)
        return found

    def _skill(self, pair: TablePair, side: Side, column: str) -> float:
        means = _means(_results(pair, side, column, (self.learner,), 1, _ROUNDS).values)
        area = means.get(f"auroc_{self.learner}")
        return means[f"r2_{self.learner}"] if area is None else 2 * area - 1


# As many models as columns: a third of the usual rounds tell real from synthetic rows as well.
_ROUNDS = 30
_TRAINED: tuple[Side, Side] = ("synthetic", "real")
_SHARE = 0.8


class _Tested(NamedTuple):
    """What models reach on test rows, by measure and learner.

    Attributes:
        values: Of each seed.
        influence: How much each test row moves their mean, shape ``(n,)``.
    """

    values: dict[str, list[float]]
    influence: dict[str, Floats]


class _Labelled(NamedTuple):
    """Rows whose target is known: as a code for discrete targets, as a number for others."""

    rows: Rows
    classes: Ints
    numbers: Floats

    def order(self, seed: int) -> Ints:
        """Row numbers in a random order that depends on what rows and targets hold."""
        whole = np.column_stack([self.rows.continuous, self.numbers])
        return random_order(Rows(whole, np.column_stack([self.rows.codes, self.classes])), seed)

    def take(self, chosen: Ints) -> "_Labelled":
        return _Labelled(self.rows.take(chosen), self.classes[chosen], self.numbers[chosen])


def _results(
    pair: TablePair,
    side: Side,
    target: str,
    learners: tuple[Learner, ...],
    seeds: int,
    rounds: int = 100,
) -> _Tested:
    """Values of each seed."""
    _check_target(pair, target)
    between = with_holdout(pair, "prediction of the holdout")
    size = min(len(pair.real), len(pair.synthetic))
    # What is trained on the real table is kept as long as real table and holdout live.
    if side == "real":
        return between.get(_Evaluation("real", "synthetic", target, learners, seeds, size, rounds))
    return pair.get(_Evaluation("synthetic", "holdout", target, learners, seeds, size, rounds))


@final
@dataclass(frozen=True)
class _Evaluation:
    """Models trained on one side of a pair and tested on another."""

    train: Side
    test: Side
    target: str
    learners: tuple[Learner, ...]
    seeds: int
    size: int
    rounds: int

    def __call__(self, pair: TablePair) -> _Tested:
        train, test = _labelled(pair, self.train, self.target), self._tested(pair)
        found = _Tested({}, {})
        for seed in range(self.seeds):
            order = train.order(seed)
            drawn = train.take(order[: max(1, round(_SHARE * self.size))])
            for learner in self.learners:
                values, influence = self._trained(pair, drawn, test, learner, seed)
                for measure, value in values.items():
                    tag = f"{measure}_{learner}"
                    found.values.setdefault(tag, []).append(value)
                    share = influence[measure] / self.seeds
                    found.influence[tag] = found.influence.get(tag, 0.0) + share
        return found

    def _trained(
        self, pair: TablePair, train: _Labelled, test: _Labelled, learner: Learner, seed: int
    ) -> tuple[dict[str, float], dict[str, Floats]]:
        if pair.spec.kind(self.target) in NUMERIC:
            predicted = regress(train.rows, train.numbers, test.rows, learner, seed, self.rounds)
            influence = regressed_influence(predicted, test.numbers)
            return regressed(predicted, test.numbers)._asdict(), influence
        number = 1 + int(max(train.classes.max(), test.classes.max()))
        chances = classify(train.rows, train.classes, test.rows, learner, number, seed, self.rounds)
        influence = classified_influence(chances, test.classes)
        return classified(chances, test.classes)._asdict(), influence

    def _tested(self, pair: TablePair) -> _Labelled:
        test = _labelled(pair, self.test, self.target)
        values = test.numbers if pair.spec.kind(self.target) in NUMERIC else test.classes
        if values.min() == values.max():
            raise UndefinedScoreError(
                f"prediction of column {self.target!r} is undefined: all holdout rows have the "
                "same value"
            )
        return test


def _labelled(pair: TablePair, side: Side, target: str) -> _Labelled:
    table = _table(pair, side)
    predictors = rows(pair, side, (target,), "range")
    if pair.spec.kind(target) in NUMERIC:
        numbers = table.values(target)
        classes = np.zeros(len(table), dtype=np.int64)
        known = np.flatnonzero(~np.isnan(numbers))
    else:
        whole = rows(pair, side, (), "range")
        place = distance_columns(pair).index(target) - whole.continuous.shape[1]
        classes, numbers = whole.codes[:, place], np.zeros(len(table))
        known = np.flatnonzero(classes > 0)  # slot 0 is missing
    if not len(known):
        raise UndefinedScoreError(
            f"prediction of column {target!r} is undefined: all values of the {table.name} are "
            "missing"
        )
    return _Labelled(predictors, classes, numbers).take(known)


def _table(pair: TablePair, side: Side) -> Table:
    if side == "holdout":
        return with_holdout(pair, "prediction of the holdout").synthetic
    return pair.real if side == "real" else pair.synthetic


_CLASSIFIED: Final[Mapping[str, tuple[float, float]]] = {
    "auroc": (0.0, 1.0),
    "macro_f1": (0.0, 1.0),
}
_REGRESSED: Final[Mapping[str, tuple[float, float]]] = {
    "r2": (-math.inf, 1.0),
    "rmse": (0.0, math.inf),
}


def _best(learners: tuple[Learner, ...]) -> dict[str, float]:
    return {tag: float(high == 1.0) for tag, (_, high) in _bounds(learners).items()}


def _bounds(learners: tuple[Learner, ...]) -> dict[str, tuple[float, float]]:
    ends = {**_CLASSIFIED, **_REGRESSED}
    return {f"{name}_{learner}": end for name, end in ends.items() for learner in learners}


def _means(found: dict[str, list[float]]) -> dict[str, float]:
    return {tag: float(np.mean(values)) for tag, values in found.items()}


def _check_target(pair: TablePair, target: str) -> None:
    allowed = pair.spec.of_kind(*NUMERIC, *DISCRETE)
    if target not in allowed:
        raise SchemaError(
            f"target {target!r} cannot be predicted: it is no column, or an identifier or text. "
            f"The tables have {list(allowed)}"
        )


def _check(part: object, learners: tuple[Learner, ...], seeds: int) -> None:
    name = type(part).__name__
    require_learn(name)
    faults = []
    if not learners or len(set(learners)) < len(learners):
        faults.append(f"`learners` must name each learner once; got {learners}")
    if seeds < 1:
        faults.append(f"`seeds` must be at least 1; got {seeds}")
    if faults:
        raise ParameterError(f"{name}: {'; '.join(faults)}.")
