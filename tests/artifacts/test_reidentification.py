"""Singling out and linkability: tables that leak, tables that do not, and anonymeter's numbers."""

import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts.reidentification import Linkability, SinglingOut
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import ParameterError, SchemaError, UndefinedScoreError

pytestmark = pytest.mark.interpreter_independent  # statistics of many samples

LABELS = ["a", "b", "c", "d", "e"]


def frame(seed: int, count: int) -> pd.DataFrame:
    """Numbers and labels that depend on each other, some missing."""
    rng = np.random.RandomState(seed)
    age = np.round(rng.gamma(9.0, 5.0, count))
    made = pd.DataFrame(
        {
            "age": age,
            "income": np.round(np.exp(8 + age / 40 + rng.normal(size=count)), 0),
            "hours": np.round(rng.normal(40, 8, count)),
            "job": np.array(LABELS)[rng.binomial(4, np.clip(age / 90, 0, 1))],
            "area": np.array(LABELS)[rng.randint(0, 5, count)],
            "sex": np.array(["f", "m"])[rng.randint(0, 2, count)],
        }
    )
    made.loc[rng.rand(count) < 0.02, "income"] = np.nan
    return made


SPEC = TableSpec.infer(frame(0, 50), categorical=["job", "area", "sex"])


def pair_of(*frames: pd.DataFrame) -> TablePair:
    real, synthetic, *holdout = (Table(made, SPEC) for made in frames)
    return TablePair(real, synthetic, *holdout)


def leaking(count: int = 1000) -> TablePair:
    """Half of the synthetic rows are real ones."""
    real, fresh, holdout = (frame(seed, count) for seed in (1, 2, 3))
    half = pd.concat([real[: count // 2], fresh[count // 2 :]], ignore_index=True)
    return pair_of(real, half, holdout)


HALVES = ("age", "income", "job"), ("hours", "area", "sex")


# anonymeter 1.0 on `leaking()`: rates and their 95 % errors, by
# SinglingOutEvaluator(ori, syn, n_attacks=300, n_cols=3, control=control, seed=0) and
# LinkabilityEvaluator(ori, syn, aux_cols=HALVES, n_attacks=1000, control=control).
ANONYMETER = {
    "univariate": {
        "attack": (0.5263, 0.0561),
        "control": (0.0524, 0.0244),
        "risk": (0.5001, 0.0606),
    },
    "multivariate": {
        "attack": (0.4375, 0.0558),
        "control": (0.2334, 0.0474),
        "risk": (0.2662, 0.0858),
    },
    "linkability": {
        "attack": (0.1623, 0.0228),
        "control": (0.0029, 0.0027),
        "risk": (0.1599, 0.0230),
    },
}


@pytest.mark.parametrize(
    ("part", "theirs"),
    [
        (SinglingOut(1, attacks=1000), "univariate"),
        (SinglingOut(3, attacks=1000), "multivariate"),
        (Linkability(*HALVES, attacks=1000), "linkability"),
    ],
)
def test_within_the_intervals_of_anonymeter(part: SinglingOut | Linkability, theirs: str) -> None:
    found = part(leaking())
    for name, (value, error) in ANONYMETER[theirs].items():
        # Its interval, widened by ours.
        assert found[name] == pytest.approx(value, abs=1.5 * error), name
    assert found["risk_low"] <= found["risk"] <= found["risk_high"]
    assert part(leaking()) == found


def test_by_hand() -> None:
    spec = TableSpec.infer(pd.DataFrame({"x": [0.5], "y": ["a"]}), continuous=["x"])
    columns = [
        {"x": [1.0, 2.0, 3.0, 4.0], "y": ["a", "b", "b", "c"]},
        {"x": [1.0, 2.0, 9.0, 9.0], "y": ["a", "b", "b", "a"]},
        {"x": [2.0, 8.0, 9.0, 9.0], "y": ["b", "b", "a", "c"]},
    ]
    pair = TablePair(*(Table(pd.DataFrame(made), spec) for made in columns))
    # x = 1, x = 2, x <= 1: each fits one real row; of the holdout only x = 2 does.
    found = SinglingOut(1)(pair)
    assert (found["attacks"], found["attack"]) == (3.0, 1.0)
    assert (found["control"], found["risk"]) == pytest.approx((1 / 3, 1.0))


def test_links_by_hand() -> None:
    spec = TableSpec.infer(pd.DataFrame({"x": [0.5], "z": [0.5]}), continuous=["x", "z"])
    columns = [
        {"x": [1.0, 2.0, 3.0], "z": [10.0, 30.0, 20.0]},
        {"x": [1.1, 2.1, 3.1], "z": [11.0, 21.0, 31.0]},
        {"x": [1.2, 2.0, 3.0, 3.0], "z": [30.0, 20.0, 30.0, 10.0]},
    ]
    pair = TablePair(*(Table(pd.DataFrame(made), spec) for made in columns))
    # By x the real rows go to the synthetic ones 0, 1, 2; by z to 0, 2, 1.
    # Of the holdout to 0, 1, 2, 2 and 2, 1, 2, 0.
    linked = Linkability(("x",), ("z",))(pair)
    assert (linked["attack"], linked["control"]) == pytest.approx((1 / 3, 1 / 2))
    assert (linked["baseline"], linked["risk"]) == pytest.approx((1 / 3, 0.0))
    # The default halves: every other column, and the others.
    assert linked == Linkability()(pair)
    assert Linkability(neighbours=3)(pair)["attack"] == 1.0


def test_copies_and_samples() -> None:
    real, fresh, holdout = (frame(seed, 600) for seed in (4, 5, 6))
    for part in (SinglingOut(1, 300), SinglingOut(3, 300), Linkability(*HALVES, attacks=300)):
        copies, sample = part(pair_of(real, real, holdout)), part(pair_of(real, fresh, holdout))
        assert copies["risk_low"] > 0.05, part
        assert sample["risk_low"] == 0.0, part
        if isinstance(part, SinglingOut):
            assert copies["attack"] == copies["risk"] == 1.0


@pytest.mark.parametrize("rows", [150, 1800])
def test_a_holdout_of_another_size_is_no_alarm(rows: int) -> None:
    alarms = 0
    for seed in range(20):
        real, fresh, holdout = (frame(100 + 3 * seed + part, 600) for part in range(3))
        holdout = frame(9000 + seed, rows)
        alarms += SinglingOut(3, 100, seed)(pair_of(real, fresh, holdout))["risk_low"] > 0
    assert alarms <= 3
    copies = SinglingOut(3, 100)(pair_of(frame(1, 600), frame(1, 600), frame(2, rows)))
    assert copies["risk_low"] > 0.9


def test_refusals() -> None:
    pair = pair_of(frame(0, 20), frame(1, 20))
    with pytest.raises(UndefinedScoreError, match="singling out is undefined without a holdout"):
        SinglingOut()(pair)
    with pytest.raises(UndefinedScoreError, match="linkability is undefined without a holdout"):
        Linkability()(pair)
    three = pair_of(frame(0, 20), frame(1, 20), frame(2, 20))
    with pytest.raises(UndefinedScoreError, match="9 conditions need as many columns"):
        SinglingOut(9)(three)
    with pytest.raises(SchemaError, match=r"Linkability: columns \['nose'\] are not in the tables"):
        Linkability(("nose",))(three)
    with pytest.raises(UndefinedScoreError, match="both halves need columns"):
        Linkability(SPEC.names)(three)
    # All combinations of four bits: three of them fit two rows each.
    bits = pd.DataFrame(np.array(list(np.ndindex(2, 2, 2, 2))).astype(str), columns=list("abcd"))
    table = Table(bits, TableSpec.infer(bits, categorical=list("abcd")))
    with pytest.raises(UndefinedScoreError, match="no 3 conditions single out a row"):
        SinglingOut()(TablePair(table, table, table))
    with pytest.raises(ParameterError, match="`conditions` must be at least 1"):
        SinglingOut(0)
    with pytest.raises(ParameterError, match="`neighbours` must be at least 1"):
        Linkability(neighbours=0)
