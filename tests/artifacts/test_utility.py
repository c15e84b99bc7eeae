"""Utility of tables: real beside synthetic, and targets that are awkward."""

import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts.columns import Mean
from synthproto.artifacts.searches import Sampled
from synthproto.artifacts.utility import TRTR, TSTR, PredictabilityKept, UtilityGap, UtilityTable
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import ParameterError, SchemaError, UndefinedScoreError
from synthproto.measures import classifiers
from synthproto.plan import TablePlan

pytestmark = pytest.mark.interpreter_independent  # statistics of many samples


def frame(seed: int, count: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x, group = rng.normal(size=count), rng.choice(["a", "b", "c"], count)
    score = x + 2 * (group == "a") + rng.normal(0, 0.3, count)
    return pd.DataFrame(
        {"x": x, "group": group, "score": score, "level": pd.cut(score, 3, labels=["l", "m", "h"])}
    ).astype({"level": object})


SPEC = TableSpec.infer(frame(0), categorical=["group", "level"])


def pair_of(*frames: pd.DataFrame) -> TablePair:
    real, synthetic, *holdout = (
        Table(made, SPEC, name=name)
        for made, name in zip(frames, ("real table", "synthetic table", "holdout"), strict=False)
    )
    return TablePair(real, synthetic, *holdout)


def shuffled(made: pd.DataFrame, column: str) -> pd.DataFrame:
    values = np.random.default_rng(0).permutation(made[column].to_numpy())
    return made.assign(**{column: values})


def test_copies_have_no_gap() -> None:
    pair = pair_of(frame(0), frame(0), frame(1))
    for target in ("score", "level"):
        assert TSTR(target, seeds=1)(pair) == TRTR(target, seeds=1)(pair)
        assert set(UtilityGap(target, seeds=1)(pair).values()) == {0.0}


@pytest.mark.parametrize("target", ["score", "level"])
def test_a_target_that_depends_on_nothing_cannot_be_learnt(target: str) -> None:
    pair = pair_of(frame(0), shuffled(frame(1), target), frame(2))
    good, bad = TRTR(target)(pair), TSTR(target)(pair)
    if target == "level":
        assert good["auroc_trees"] > 0.9
        assert set(good) == {f"{m}_{v}" for m in ("auroc", "macro_f1") for v in ("linear", "trees")}
    else:
        assert good["r2_linear"] > 0.7
        assert set(good) == {f"{m}_{v}" for m in ("r2", "rmse") for v in ("linear", "trees")}
    assert all(value > 0 for value in UtilityGap(target)(pair).values())
    assert UtilityGap(target)(pair) == pytest.approx(
        {tag: (bad[tag] - good[tag]) * (1 if "rmse" in tag else -1) for tag in good}
    )


def test_table_by_seeds() -> None:
    pair = pair_of(frame(0), frame(1), frame(2))
    found = UtilityTable("score", ("linear",))(pair)
    assert list(found.columns) == [
        *("tstr", "tstr_std", "trtr", "trtr_std", "gap", "gap_low", "gap_high")
    ]
    assert ((found["gap_low"] < found["gap"]) & (found["gap"] < found["gap_high"])).all()
    assert list(found.index) == ["r2_linear", "rmse_linear"]
    assert found.loc["r2_linear", "tstr"] == TSTR("score", ("linear",))(pair)["r2_linear"]
    assert found["tstr_std"].between(0.0, 0.05, inclusive="neither").all()
    assert UtilityTable("score", ("linear",), seeds=1)(pair)["trtr_std"].tolist() == [0.0, 0.0]
    again = UtilityTable("score", ("linear",))(pair_of(frame(0), frame(1), frame(2)))
    pd.testing.assert_frame_equal(found, again)


def test_awkward_synthetic_tables() -> None:
    real, holdout = frame(0), frame(2)
    one_class = frame(1).assign(level="m", score=1.0)
    missing_class = frame(1).query("level != 'h'").reset_index(drop=True)
    new = frame(1).assign(group="new", level="new", x=np.nan)
    tiny = frame(1, 2)
    for synthetic in (one_class, missing_class, new, tiny):
        for target in ("level", "score"):
            values = TSTR(target, seeds=1)(pair_of(real, synthetic, holdout))
            assert np.isfinite(list(values.values())).all()
    assert TSTR("level", seeds=1)(pair_of(real, one_class, holdout))["auroc_linear"] == 0.5


def test_rows_without_a_target_are_left_out() -> None:
    gaps = frame(1)
    gaps.loc[::3, ["score", "level"]] = np.nan
    complete = gaps.dropna().reset_index(drop=True)
    for target in ("score", "level"):
        with_gaps = TSTR(target, seeds=1)(pair_of(frame(0, 200), gaps, frame(2)))
        assert with_gaps == TSTR(target, seeds=1)(pair_of(frame(0, 200), complete, frame(2)))


def test_its_reference_in_a_plan_is_its_control() -> None:
    plan = TablePlan(scores=[TSTR("score", ("linear",)), TRTR("score", ("linear",))])
    report = plan.run(pair_of(frame(0), frame(1), frame(2)))
    assert report["utility/tstr/r2_linear"] != report["utility/trtr/r2_linear"]
    for measure in ("r2_linear", "rmse_linear"):
        trained_on_real = report[f"utility/trtr/{measure}"]
        assert report.references[f"utility/tstr/{measure}"] == trained_on_real
    assert len(report.references) == 2


def test_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = pair_of(frame(0), frame(1), frame(2))
    with pytest.raises(UndefinedScoreError, match="undefined without a holdout"):
        TSTR("score")(pair_of(frame(0), frame(1)))
    with pytest.raises(UndefinedScoreError, match="all holdout rows have the same value"):
        TSTR("level")(pair_of(frame(0), frame(1), frame(2).assign(level="m")))
    with pytest.raises(UndefinedScoreError, match="all values of the synthetic table are missing"):
        TSTR("score")(pair_of(frame(0), frame(1).assign(score=np.nan), frame(2)))
    with pytest.raises(SchemaError, match="target 'scor' cannot be predicted"):
        TSTR("scor")(pair)
    with pytest.raises(ParameterError, match=r"`learners` must name .*; `seeds` must be at least"):
        TRTR("score", (), seeds=0)
    monkeypatch.setattr(classifiers, "find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r"TSTR needs scikit-learn.*synthproto\[learn\]"):
        TSTR("score")


def test_every_entry_says_its_best_value() -> None:
    pair = pair_of(frame(0, 80), frame(1, 80), frame(2, 80))
    for target in ("level", "score"):
        parts: list[TSTR | TRTR] = [TSTR(target, seeds=1), TRTR(target, seeds=1)]
        for part in parts:
            entries = part(pair)
            assert {name: part.best[name] for name in entries} == {
                name: 0.0 if name.startswith("rmse") else 1.0 for name in entries
            }
            report = TablePlan(scores=[Sampled(part)]).run(pair)
            assert report.best == {f"{part.name}/{name}": part.best[name] for name in entries}


def test_a_gap_of_copies_has_no_interval_and_that_of_shuffled_rows_excludes_0() -> None:
    copies = UtilityTable("score", seeds=2)(pair_of(frame(0), frame(0), frame(1)))
    assert (copies[["gap", "gap_low", "gap_high"]] == 0).all(axis=None)
    worse = UtilityTable("level", ("trees",))(
        pair_of(frame(0), shuffled(frame(1), "level"), frame(2))
    )
    assert (worse["gap_low"] > 0).all()


def made(seed: int, rows: int = 1500) -> pd.DataFrame:
    """Twelve columns of three sources, half of them labels."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(rows, 3))
    columns: dict[str, object] = {}
    for n in range(6):
        columns[f"x{n}"] = z[:, n % 3] * (1 + 0.3 * n) + 0.5 * rng.normal(size=rows)
        place = (z[:, n % 3] + 0.5 * rng.normal(size=rows)) * (0.6 + 0.25 * n) + 2
        columns[f"c{n}"] = np.array(list("abcdefgh"))[np.clip(place.astype(int), 0, 1 + n)]
    return pd.DataFrame(columns)


@pytest.mark.parametrize("rows", [300, pytest.param(1500, marks=pytest.mark.slow)])
def test_each_column_in_turn(rows: int) -> None:
    real, holdout = made(0, rows), made(1, rows)
    spec = TableSpec.infer(real)
    rng = np.random.default_rng(0)
    apart = pd.DataFrame({name: rng.permutation(real[name].to_numpy()) for name in real})
    score = Mean(PredictabilityKept())

    def kept(synthetic: pd.DataFrame) -> float:
        tables = [Table(each, spec) for each in (real, synthetic, holdout)]
        return score(TablePair(*tables))

    assert kept(real.copy()) == 1.0
    assert kept(made(2, rows)) > 0.9
    assert kept(apart) < 0.1


def test_columns_that_nothing_predicts_are_left_out() -> None:
    rng = np.random.default_rng(0)
    frames = [
        pd.DataFrame({"x": x, "y": -x, "noise": rng.normal(size=200), "same": 1.0})
        for x in rng.normal(size=(3, 200))
    ]
    spec = TableSpec.infer(frames[0], continuous=["same"])
    tables = [Table(each, spec) for each in frames]
    assert set(PredictabilityKept("linear")(TablePair(*tables))) == {"x", "y"}
    with pytest.raises(UndefinedScoreError, match="holdout"):
        PredictabilityKept("linear")(TablePair(*tables[:2]))
    with pytest.raises(ParameterError, match=r"`least` must be in \(0, 1\); got 0"):
        PredictabilityKept(least=0.0)
    alone = frames[0][["x"]]
    one = Table(alone, TableSpec.infer(alone))
    assert PredictabilityKept()(TablePair(one, one, one)) == {}
