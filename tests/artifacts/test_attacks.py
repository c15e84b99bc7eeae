"""Attacks: a model that leaks is found, one that does not is not, by hand and in known cases."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from synthproto.artifacts.attacks import AttributeInference, EpsilonBound, MembershipInference
from synthproto.artifacts.privacy import DCRShare
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import ParameterError, SchemaError, UndefinedScoreError

pytestmark = pytest.mark.interpreter_independent  # statistics of many samples


def frame(seed: int, count: int) -> pd.DataFrame:
    """The secret depends on nothing, so only a leak can tell it."""
    rng = np.random.default_rng(seed)
    known = {f"x{place}": rng.random(count) for place in range(3)}
    secret = {"secret": rng.choice(["a", "b"], count), "amount": rng.random(count)}
    return pd.DataFrame({**known, **secret, "id": np.arange(count)})


SPEC = TableSpec.infer(frame(0, 50), categorical=["secret"], identifier=["id"])


def pair_of(*frames: pd.DataFrame) -> TablePair:
    real, synthetic, *holdout = (Table(made, SPEC) for made in frames)
    return TablePair(real, synthetic, *holdout)


def test_membership() -> None:
    real, fresh, holdout = (frame(seed, 400) for seed in range(3, 6))
    independent = MembershipInference()(pair_of(real, fresh, holdout))
    assert independent["auc_low"] < 0.5 < independent["auc_high"]
    assert abs(independent["advantage_at_0.01"]) < 0.03
    half = pd.concat([real[:200], fresh[200:]], ignore_index=True)
    leaking = MembershipInference((0.01,))(pair_of(real, half, holdout))
    # Half of the training rows are in the table and named with certainty.
    assert leaking["auc"] == pytest.approx(0.75, abs=0.04)
    assert leaking["true_positive_at_0.01"] == pytest.approx(0.5, abs=0.02)
    assert leaking["advantage_at_0.01"] == leaking["true_positive_at_0.01"] - 0.01
    named = (leaking[f"true_positive_at_0.01{end}"] for end in ("_low", "", "_high"))
    assert sorted(named) == pytest.approx([0.45, 0.5, 0.55], abs=0.02)
    assert leaking == MembershipInference((0.01,))(pair_of(real, half, holdout))


def test_half_memorised_tables_are_caught_and_samples_are_not() -> None:
    """What users call, on whole tables; `test_risk` has the same of the formulas."""
    ends: list[tuple[MembershipInference | DCRShare, str]]
    ends = [(MembershipInference(), "auc_"), (DCRShare(), "")]
    covered, caught = Counter[str](), Counter[str]()
    for seed in range(50):
        real, fresh, holdout = (frame(3 * seed + part, 120) for part in range(3))
        half = pd.concat([real[:60], fresh[60:]], ignore_index=True)
        sample, leak = pair_of(real, fresh, holdout), pair_of(real, half, holdout)
        for score, end in ends:
            low, high = (score(sample)[f"{end}{side}"] for side in ("low", "high"))
            covered[score.name] += low <= 0.5 <= high
            caught[score.name] += score(leak)[f"{end}low"] > 0.5
    # A 95 % interval misses more often than this once in a thousand runs.
    assert min(covered.values()) >= binom.ppf(0.001, 50, 0.95)
    assert set(caught.values()) == {50}


def test_attributes() -> None:
    real, fresh, holdout = (frame(seed, 400) for seed in range(3))
    attack = AttributeInference(("secret", "amount"))
    leaking = attack(pair_of(real, real, holdout))
    assert leaking["secret/attack"] == leaking["amount/attack"] == 1.0
    assert leaking["secret/control"] == pytest.approx(0.5, abs=0.08)
    # Within 5 % of the range on either side of a uniform value.
    assert leaking["amount/control"] == pytest.approx(0.1, abs=0.05)
    assert leaking["amount/baseline"] == pytest.approx(0.1, abs=0.05)
    assert leaking["secret/risk_low"] > 0.8
    independent = attack(pair_of(real, fresh, holdout))
    assert independent["secret/risk_low"] == independent["amount/risk_low"] == 0.0


def test_attributes_by_hand() -> None:
    spec = TableSpec.infer(pd.DataFrame({"x": [0.0], "y": ["a"]}), continuous=["x"])
    columns = [
        {"x": [0.0, 1.0, 2.0], "y": ["a", "b", "b"]},
        {"x": [0.1, 1.1, 1.9], "y": ["a", "a", "b"]},
        {"x": [0.2, 1.2], "y": ["b", "b"]},
    ]
    pair = TablePair(*(Table(pd.DataFrame(made), spec) for made in columns))
    found = AttributeInference(("y",))(pair)
    assert found["y/attack"] == pytest.approx(2 / 3)
    assert found["y/control"] == 0.0
    assert found["y/baseline"] == pytest.approx(1 / 3)
    assert found["y/risk"] == pytest.approx(2 / 3)


def test_known_columns_are_what_the_attacker_has() -> None:
    real, holdout = frame(0, 100), frame(1, 100)
    pair = pair_of(real, real, holdout)
    assert AttributeInference(("secret",), known=("x0",))(pair)["secret/attack"] == 1.0
    assert AttributeInference(("secret",), known=("amount",))(pair)["secret/attack"] == 1.0


def test_refusals() -> None:
    pair = pair_of(frame(0, 10), frame(1, 10))
    for attack in (MembershipInference(), AttributeInference(("secret",))):
        with pytest.raises(UndefinedScoreError, match="inference is undefined without a holdout"):
            attack(pair)
    alone = pair_of(frame(0, 10), frame(1, 10), frame(2, 1))
    with pytest.raises(UndefinedScoreError, match="it needs two holdout rows"):
        MembershipInference()(alone)
    with pytest.raises(SchemaError, match=r"columns \['id', 'nose'\] are not in the tables"):
        AttributeInference(("id",), known=("nose",))(pair)
    with pytest.raises(SchemaError, match="no columns that distances"):
        AttributeInference(("secret",), known=("secret",))(alone)
    with pytest.raises(ParameterError, match="`secrets` must name a column"):
        AttributeInference(())
    with pytest.raises(ParameterError, match="`false_positive`"):
        MembershipInference((2.0,))


def test_outliers_are_looked_at_apart() -> None:
    real, fresh, holdout = (frame(seed, 2000) for seed in range(3))
    # The three numbers agree, but of one percent of the people, and only these are copied.
    for people in (real, fresh, holdout):
        people.loc[20:, ["x1", "x2"]] = people.loc[20:, ["x0", "x0"]].to_numpy()
        people["amount"], people["secret"] = people["x0"], "a"
    copied = pd.concat([real[:20], fresh[20:]], ignore_index=True)
    found = MembershipInference()(pair_of(real, copied, holdout))
    assert found["auc"] < 0.55
    assert found["isolated_auc_low"] > 0.9
    unrelated = MembershipInference()(pair_of(real, fresh, holdout))
    assert unrelated["isolated_auc_low"] < 0.5


def test_a_bound_of_epsilon_is_0_for_samples_and_large_for_copies() -> None:
    zero = 0
    for seed in range(100):
        real, fresh, holdout = (frame(3 * seed + part, 150) for part in range(3))
        zero += EpsilonBound()(pair_of(real, fresh, holdout)) == 0
    assert zero >= 95
    copies = EpsilonBound()(pair_of(frame(0, 400), frame(0, 400), frame(1, 400)))
    # All members, none of 200 others: log of 1 - 3.7/200 over 3.7/200.
    assert copies == pytest.approx(np.log((1 - 0.0183) / 0.0183), abs=0.02)
    with pytest.raises(UndefinedScoreError, match="two real rows"):
        EpsilonBound()(pair_of(frame(0, 1), frame(1, 9), frame(2, 9)))
