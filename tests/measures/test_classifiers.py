"""Two-sample tests where the answer is known, and matrices that learners are given."""

import numpy as np
import pytest
from scipy.stats import norm

from synthproto.errors import MissingExtraError
from synthproto.measures import classifiers
from synthproto.measures.classifiers import (
    Learner,
    indistinguishable,
    matrix_of,
    shuffle_importances,
    threads_for,
    two_sample_test,
)
from synthproto.measures.rows import FAR, Rows


def gaussian(seed: int, count: int, shift: float) -> Rows:
    rng = np.random.default_rng(seed)
    return Rows(rng.normal(shift, 1, (count, 1)), rng.integers(0, 2, (count, 1)))


@pytest.mark.parametrize(("learner", "tolerance"), [("linear", 0.02), ("trees", 0.04)])
@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_shifted_gaussians(learner: Learner, tolerance: float, shift: float) -> None:
    # The likelihood ratio ranks N(shift, 1) above N(0, 1) with probability Phi(shift / sqrt(2)).
    found = two_sample_test(gaussian(0, 1500, 0.0), gaussian(1, 1500, shift), learner, folds=3)
    assert found.auc == pytest.approx(norm.cdf(shift / np.sqrt(2)), abs=tolerance)
    assert found.real.shape == found.synthetic.shape == (1500,)


@pytest.mark.parametrize("learner", ["linear", "trees"])
def test_categories_of_one_side_give_away_everything(learner: Learner) -> None:
    real, synthetic = gaussian(0, 100, 0.0), gaussian(1, 60, 0.0)
    found = two_sample_test(real, Rows(synthetic.continuous, synthetic.codes + 2), learner)
    assert found.auc == pytest.approx(1.0)
    assert indistinguishable(found.auc) == pytest.approx(0.0)


@pytest.mark.parametrize("learner", ["linear", "trees"])
def test_awkward_tables(learner: Learner) -> None:
    real = Rows(np.array([[np.nan, 1e300], [np.nan, -1e300], [np.nan, 0.0]]), np.zeros((3, 1), int))
    found = two_sample_test(real, real.take(np.array([0, 1])), learner)
    assert np.isfinite(found.auc)
    wide = Rows(np.zeros((600, 0)), np.arange(600)[:, None])
    assert np.isfinite(two_sample_test(wide, wide, learner, folds=2).auc)


def test_same_seed_same_number_and_importances() -> None:
    real, synthetic = gaussian(0, 300, 0.0), gaussian(1, 200, 2.0)
    first, second = (two_sample_test(real, synthetic, "trees", folds=2, seed=7) for _ in range(2))
    assert first.auc == second.auc
    losses, again = (
        shuffle_importances(found, real, synthetic, seed=3) for found in (first, second)
    )
    np.testing.assert_array_equal(losses, again)
    assert losses[0] > 0.2
    assert abs(losses[1]) < 0.05


def test_similarity_of_an_area() -> None:
    assert [indistinguishable(area) for area in (0.3, 0.5, 0.75, 1.0)] == [1.0, 1.0, 0.5, 0.0]


def test_matrix_for_trees_ranks_categories() -> None:
    reference = Rows(np.zeros((5, 0)), np.array([[9], [4], [9], [2], [2]]))
    matrix = matrix_of(Rows(np.zeros((3, 0)), np.array([[9], [4], [5]])), reference, "trees")
    assert np.asarray(matrix).ravel().tolist() == [1.0, 2.0, classifiers.CATEGORIES]


def binned(values: list[float], reference: list[float]) -> list[float]:
    own, base = (
        Rows(np.array([side]).T, np.zeros((len(side), 0), int)) for side in (values, reference)
    )
    bins: list[float] = np.asarray(matrix_of(own, base, "trees")).ravel().tolist()
    return bins


def test_matrix_for_trees_keeps_few_numbers_as_they_are() -> None:
    nan = float("nan")
    below = -2 * FAR
    assert binned([1, 3, 9, nan, -5, 2, 2.1], [9, 1, nan, 3, 3]) == [1, 3, 9, below, 1, 1, 3]
    assert binned([4, nan], [nan, nan]) == [0, below]


def test_matrix_for_trees_bins_many_numbers() -> None:
    order = np.random.default_rng(0).permutation(10 * classifiers.BINS)
    many = (order / len(order)).tolist()
    *bins, beyond = binned([*many, np.inf], many)
    assert np.unique(bins, return_counts=True)[1].max() <= 20
    assert len(set(bins)) == classifiers.BINS
    assert np.abs(np.array(bins) - many).max() < 0.005
    assert beyond == max(bins)


@pytest.mark.parametrize("heap", [100, 2000])
def test_bins_part_heaps_and_wide_gaps_from_the_rest(heap: int) -> None:
    many = np.random.default_rng(0).random(2540)
    apart = [*many, *([0.5] * heap), *(many + 7)]
    values = [float(many[many < 0.5].max()), 0.5, float(many[many > 0.5].min())]
    bins = binned([*values, many.max(), many.min() + 7], apart)
    assert bins[:3] == sorted(set(bins[:3]))
    assert bins[3] < 1 < 7 < bins[4]
    assert len(set(binned(apart, apart))) <= classifiers.BINS


def test_scikit_learn_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifiers, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"C2ST needs scikit-learn.*synthproto\[learn\]"):
        classifiers.require_learn("C2ST")
    with pytest.raises(ImportError):
        classifiers.require_learn("C2ST")


def test_few_rows_are_trained_on_by_one_thread() -> None:
    from threadpoolctl import threadpool_info  # type: ignore[import-untyped]  # it has no types

    def most() -> int:
        return max(int(library["num_threads"]) for library in threadpool_info())

    before = most()
    with threads_for(49_999):
        assert most() == 1
    with threads_for(50_000):
        assert most() == before
    assert most() == before
