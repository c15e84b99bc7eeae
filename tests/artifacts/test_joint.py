"""Joint artifacts on tables: their promises, their refusals, and the same seed the same number."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts.joint import (
    MMD,
    PRDC,
    AlphaPrecision,
    Authenticity,
    BetaRecall,
)
from synthproto.artifacts.privacy import DCR, DCRShare
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import ParameterError, UndefinedScoreError
from synthproto.plan import TablePlan


def frame(seed: int, count: int, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "size": rng.normal(10 + shift, 1, count),
            "age": rng.integers(20, 60, count),
            "group": rng.choice(["a", "b", "c"], count),
        }
    )


SPEC = TableSpec.infer(frame(0, 50), categorical=["group"])


def pair_of(real: pd.DataFrame, synthetic: pd.DataFrame) -> TablePair:
    return TablePair(Table(real, SPEC, name="real table"), Table(synthetic, SPEC))


SCORES: list[Callable[[TablePair], float | dict[str, float]]] = [
    PRDC(),
    AlphaPrecision(),
    BetaRecall(),
    Authenticity(),
    MMD(),
]


def test_copies() -> None:
    pair = pair_of(frame(0, 200), frame(0, 200))
    found = PRDC()(pair)
    assert (found["precision"], found["recall"], found["coverage"]) == (1.0, 1.0, 1.0)
    assert AlphaPrecision()(pair) == pytest.approx(1.0, abs=0.02)
    assert BetaRecall()(pair) > 0.8
    assert Authenticity()(pair) == 0.0
    assert MMD()(pair) == pytest.approx(0.0, abs=1e-6)


def test_the_order_of_parts_does_not_matter() -> None:
    tables = [Table(frame(seed, 150), SPEC) for seed in range(3)]
    parts: list[Callable[[TablePair], float | dict[str, float]]] = [
        *(PRDC(), PRDC(k=2), BetaRecall(), BetaRecall(k=5), Authenticity(), DCR(), DCRShare())
    ]
    straight, backwards = TablePair(*tables), TablePair(*tables)
    first = [part(straight) for part in parts]
    assert first == [part(backwards) for part in parts[::-1]][::-1]


def test_disjoint_tables_are_worst() -> None:
    far = frame(1, 150, 1000.0).assign(age=900.0, group="new")
    pair = pair_of(frame(0, 200), far)
    assert set(PRDC()(pair).values()) == {0.0}
    assert AlphaPrecision()(pair) == pytest.approx(0.0, abs=0.01)
    assert BetaRecall()(pair) == pytest.approx(0.0, abs=1e-12)
    assert Authenticity()(pair) == 1.0
    assert MMD()(pair) > 0.5


def test_an_independent_sample_scores_as_the_holdout_does() -> None:
    real, synthetic, holdout = (Table(frame(seed, 400), SPEC) for seed in range(3))
    report = TablePlan(scores=SCORES).run(TablePair(real, synthetic, holdout))
    assert set(report.references) == set(report)
    for tag, value in report.items():
        assert value == pytest.approx(report.references[tag], abs=0.12), tag


def test_row_order_and_seed() -> None:
    real, synthetic = frame(0, 120), frame(1, 100, 0.3)
    turned = pair_of(real[::-1].reset_index(drop=True), synthetic[::-1].reset_index(drop=True))
    for score in (PRDC(), AlphaPrecision(), BetaRecall(), Authenticity(), MMD()):
        assert score(turned) == pytest.approx(score(pair_of(real, synthetic)), abs=1e-6)
    drawn = MMD(rows=50, seed=3)
    assert drawn(pair_of(real, synthetic)) == drawn(pair_of(real, synthetic))


def test_unbiased_mmd_may_be_negative_and_is_squared() -> None:
    pair = pair_of(frame(0, 100), frame(0, 100))
    assert -0.1 < MMD("unbiased")(pair) < 0.0


def test_refusals() -> None:
    one = pair_of(frame(0, 1), frame(1, 1))
    with pytest.raises(UndefinedScoreError, match="they need 6 rows; it has 1"):
        PRDC()(one)
    with pytest.raises(UndefinedScoreError, match="real table has one row"):
        Authenticity()(one)
    with pytest.raises(UndefinedScoreError, match="two rows of both tables; they have 1 and 1"):
        MMD("unbiased")(one)
    with pytest.raises(ParameterError, match="PRDC: `k` must be at least 1; got 0"):
        PRDC(k=0)
