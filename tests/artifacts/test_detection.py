"""Two-sample tests of tables: known cases, copies, refusals, and what gives rows away."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import norm
from sdmetrics.single_table import LogisticDetection

from synthproto.artifacts.detection import C2ST, C2STAUC, C2STZ, ColumnImportance
from synthproto.artifacts.plots.curves import C2STCurve, ColumnImportanceBars
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import ParameterError, UndefinedScoreError
from synthproto.measures import classifiers
from synthproto.measures.ranking import auc, null_variance
from synthproto.plan import TablePlan

pytestmark = pytest.mark.interpreter_independent  # statistics of many samples


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


def test_copies_and_disjoint_tables() -> None:
    assert C2ST("linear")(pair_of(frame(0, 200), frame(0, 200))) > 0.9
    far = pair_of(frame(0, 200), frame(1, 150, 1000.0).assign(age=900.0, group="new"))
    for learner in (C2ST("linear"), C2ST()):
        assert learner(far) == pytest.approx(0.0, abs=1e-9)


def test_an_independent_sample_scores_as_the_holdout_does() -> None:
    real, synthetic, holdout = (Table(frame(seed, 400), SPEC) for seed in range(3))
    scores = [C2ST("linear", folds=2), C2ST(folds=2)]
    report = TablePlan(scores=scores).run(TablePair(real, synthetic, holdout))
    assert set(report.references) == set(report)
    for tag, value in report.items():
        assert value == pytest.approx(report.references[tag], abs=0.12), tag


@pytest.mark.parametrize("learner", ["linear", "trees"])
def test_a_shift_is_told_apart_as_often_as_it_can_be(learner: classifiers.Learner) -> None:
    pair = pair_of(frame(4, 1000), frame(5, 1000, 1.0))
    expected = norm.cdf(1 / np.sqrt(2))
    assert C2STAUC(learner, seed=2)(pair) == pytest.approx(expected, abs=0.05)
    assert C2ST(learner, seed=2)(pair) == pytest.approx(2 - 2 * expected, abs=0.1)


def test_trees_see_what_columns_have_in_common_in_tables_of_few_rows() -> None:
    def made(seed: int, apart: float) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        x = rng.normal(size=60)
        return pd.DataFrame({"x": x, "y": x + apart * rng.normal(size=60)})

    spec = TableSpec.infer(made(0, 1.0))
    pair = TablePair(Table(made(0, 0.05), spec), Table(made(1, 1.0), spec))
    assert C2STAUC()(pair) > 0.7  # with leaves of 20 rows 0.6


def test_importances_name_the_column() -> None:
    found = ColumnImportance(folds=2)(pair_of(frame(0, 300), frame(1, 300, 2.0)))
    assert found.index[0] == "size"
    assert found["importance"].iloc[0] > 0.2
    assert found["importance"].iloc[1:].abs().max() < 0.1
    assert set(found.index) == {"size", "age", "group"}


def test_score_giveaways_and_plots_train_the_trees_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = []

    def counted(
        learner: classifiers.Learner, categorical: NDArray[np.bool_], rows: int, seed: int
    ) -> classifiers.Classifier:
        seeds.append(seed)
        return made(learner, categorical, rows, seed)

    made = classifiers.classifier
    monkeypatch.setattr(classifiers, "classifier", counted)
    pair = pair_of(frame(0, 80), frame(1, 80))
    ColumnImportanceBars(folds=2)(pair)
    C2STCurve(("trees",), folds=2)(pair)
    assert C2ST(folds=2)(pair) > 0.5
    assert len(ColumnImportance(folds=2)(pair)) == 3
    assert len(seeds) == 2


def test_near_sdmetrics_logistic_detection() -> None:
    frames = frame(0, 800), frame(1, 800, 1.0)
    metadata = {
        "columns": {
            "size": {"sdtype": "numerical"},
            "age": {"sdtype": "numerical"},
            "group": {"sdtype": "categorical"},
        }
    }
    expected = LogisticDetection.compute(*frames, metadata)
    assert C2ST("linear")(pair_of(*frames)) == pytest.approx(expected, abs=0.05)


def test_same_seed_same_number() -> None:
    first, second = (C2ST(seed=3)(pair_of(frame(0, 120), frame(1, 100, 0.3))) for _ in range(2))
    assert first == second


def test_refusals() -> None:
    with pytest.raises(UndefinedScoreError, match="two rows of both tables"):
        C2ST()(pair_of(frame(0, 1), frame(1, 1)))
    with pytest.raises(ParameterError, match="C2ST: `folds` must be at least 2; got 1"):
        C2ST(folds=1)


def test_scikit_learn_missing_is_said_when_the_score_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(classifiers, "find_spec", lambda _: None)
    for part in (C2ST, C2STAUC, ColumnImportance):
        with pytest.raises(ImportError, match=r"synthproto\[learn\]"):
            part()


def test_z_of_two_samples_of_one_distribution_is_that_of_chance() -> None:
    found = []
    for seed in range(80):
        rng = np.random.default_rng(seed)
        sides = [pd.DataFrame(rng.normal(size=(60, 2)), columns=["x", "y"]) for _ in range(2)]
        spec = TableSpec.infer(sides[0])
        found.append(C2STZ("linear", folds=3)(TablePair(*(Table(side, spec) for side in sides))))
    assert abs(np.mean(found)) < 0.4
    assert 0.75 < np.std(found) < 1.25
    assert np.mean(np.abs(found) < 1.96) > 0.85


def test_null_variance_is_that_of_all_permutations() -> None:
    scores = np.array([1.0, 2.0, 2.0, 3.0, 5.0])
    areas = []
    for chosen in combinations(range(5), 2):
        positive = np.isin(np.arange(5), chosen)
        areas.append(auc(scores[positive], scores[~positive]))
    assert null_variance(scores, np.arange(5) < 2) == pytest.approx(np.var(areas), abs=1e-12)
