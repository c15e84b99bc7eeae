"""What leaks alarms, what does not leak does not: every part of privacy, over many seeds.

A part alarms if its interval excludes what harmless rows reach. It promises to do so by chance for
at most 2.5 % of harmless tables.
"""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from synthproto.artifacts.attacks import AttributeInference, EpsilonBound, MembershipInference
from synthproto.artifacts.privacy import DCRShare
from synthproto.artifacts.reidentification import Linkability, SinglingOut
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table

pytestmark = pytest.mark.interpreter_independent  # statistics of many samples

ROWS = 240

ALARMS: dict[str, Callable[[TablePair], bool]] = {
    "dcr share": lambda pair: DCRShare()(pair)["low"] > 0.5,
    "membership": lambda pair: MembershipInference((0.1,))(pair)["auc_low"] > 0.5,
    "epsilon": lambda pair: EpsilonBound()(pair) > 0,
    "attribute": lambda pair: AttributeInference(("region",))(pair)["region/risk_low"] > 0,
    "singling out": lambda pair: SinglingOut(2, 100)(pair)["risk_low"] > 0,
    "linkability": lambda pair: Linkability(attacks=100)(pair)["risk_low"] > 0,
}


def people(rng: np.random.Generator, count: int, *, ties: bool) -> pd.DataFrame:
    """Heavy tails and labels; with ties, of few values."""
    income = np.exp(10 + rng.normal(size=count))
    assets = np.exp(11 + 1.5 * rng.normal(size=count))
    if ties:
        income, assets = np.floor(np.log(income)), np.floor(np.log(assets))
    made = {"income": income, "assets": assets}
    labels = {"sex": rng.choice(list("mf"), count), "region": rng.choice(list("abcdef"), count)}
    return pd.DataFrame({**made, **labels})


def coarse(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Two columns of labels: 48 different people at most."""
    shares = rng.dirichlet(np.ones(8))
    return pd.DataFrame(
        {"sex": rng.choice(list("abcdefgh"), count, p=shares), "region": rng.choice(6, count)}
    ).astype(str)


def pair_of(real: pd.DataFrame, synthetic: pd.DataFrame, holdout: pd.DataFrame) -> TablePair:
    labels = [name for name in ("sex", "region") if name in real]
    spec = TableSpec.infer(real, categorical=labels)
    return TablePair(*(Table(frame, spec) for frame in (real, synthetic, holdout)))


def noisy(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """One percent of noise on each number."""
    noise = {
        name: frame[name] * (1 + 0.01 * rng.normal(size=len(frame)))
        for name in ("income", "assets")
    }
    return frame.assign(**noise)


def leak(kind: str, seed: int) -> TablePair:
    rng = np.random.default_rng(seed)
    if kind == "coarse":
        real, holdout = (coarse(np.random.default_rng(seed), 1) for _ in "rh")
        both = coarse(rng, 4 * ROWS)
        real, holdout = both[: 2 * ROWS], both[2 * ROWS :]
        return pair_of(real, real.copy(), holdout)
    real, holdout = people(rng, ROWS, ties=False), people(rng, ROWS, ties=False)
    if kind.startswith("outlier"):
        real.loc[0, ["income", "assets"]] = 1e12
    copy = noisy(real, rng) if kind.endswith("noise") else real.copy()
    if kind == "float32":
        copy = copy.astype({"income": np.float32, "assets": np.float32})
    return pair_of(real, copy, holdout)


SEES = {
    "copy": set(ALARMS) - {"linkability"},
    "noise": {"dcr share", "membership", "epsilon", "attribute"},
    "float32": set(ALARMS) - {"linkability"},
    "outlier": set(ALARMS) - {"linkability"},
    "outlier and noise": {"dcr share", "membership", "epsilon", "attribute"},
    "coarse": {"dcr share"},
}


def leaks(kind: str, seeds: int) -> None:
    seen = Counter[str]()
    for seed in range(seeds):
        pair = leak(kind, seed)
        seen.update(name for name in SEES[kind] if ALARMS[name](pair))
    # A coarse copy is told by its counts alone, which agree too well: not every time.
    least = 0.9 if kind == "coarse" else 1.0
    assert {name: seen[name] >= least * seeds for name in SEES[kind]} == dict.fromkeys(
        SEES[kind], True
    ), seen


def samples(size: float, ties: bool, seeds: int) -> None:
    alarms = Counter[str]()
    for seed in range(seeds):
        rng = np.random.default_rng(10_000 + seed)
        frames = [people(rng, count, ties=ties) for count in (ROWS, round(size * ROWS), ROWS)]
        pair = pair_of(*frames)
        alarms.update(name for name, alarm in ALARMS.items() if alarm(pair))
    # More alarms than this come less than once in a thousand runs of what is promised.
    assert max(alarms.values(), default=0) <= binom.ppf(0.999, seeds, 0.025), alarms


@pytest.mark.parametrize("kind", SEES)
def test_leaks_alarm(kind: str) -> None:
    leaks(kind, 5)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("size", [0.2, 1.0, 5.0])
def test_samples_do_not_alarm(size: float, ties: bool) -> None:
    samples(size, ties, 10)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", SEES)
def test_leaks_alarm_over_many_seeds(kind: str) -> None:
    leaks(kind, 200)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("size", [0.2, 1.0, 5.0])
def test_samples_do_not_alarm_over_many_seeds(size: float, ties: bool) -> None:
    samples(size, ties, 200)
