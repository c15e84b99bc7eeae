import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts.columns import KSDistance
from synthproto.artifacts.joint import BetaRecall
from synthproto.artifacts.pairs import Similarity
from synthproto.artifacts.privacy import DCR, DCRShare
from synthproto.artifacts.searches import Sampled
from synthproto.artifacts.utility import TRTR, TSTR
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table, TablePair
from synthproto.errors import ParameterError, UndefinedScoreError
from synthproto.plan import TablePlan


def frame(rows: int, seed: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    numbers = generator.normal(size=rows)
    labels = np.where(numbers + generator.normal(size=rows) > 0, "yes", "no")
    return pd.DataFrame({"x": numbers, "y": generator.uniform(size=rows), "c": labels})


SPEC = TableSpec.infer(frame(50, 0))


def pair(rows: tuple[int, int, int] = (300, 280, 60)) -> TablePair:
    real, synthetic, holdout = (Table(frame(n, seed), SPEC) for seed, n in enumerate(rows))
    return TablePair(real, synthetic, holdout)


def length(pair: TablePair) -> float:
    return float(len(pair.synthetic))


def sides(pair: TablePair) -> dict[str, float]:
    holdout = -1 if pair.holdout is None else len(pair.holdout)
    return {"real": len(pair.real), "synthetic": len(pair.synthetic), "holdout": holdout}


def test_a_part_sees_at_most_so_many_rows_of_each_table() -> None:
    assert Sampled(sides, 100)(pair()) == {"real": 100, "synthetic": 100, "holdout": 60}
    assert Sampled(sides, 1000)(pair()) == {"real": 300, "synthetic": 280, "holdout": 60}


def test_matched_cuts_the_synthetic_table_to_the_holdout_so_that_references_compare() -> None:
    assert Sampled(sides, 100, matched=True)(pair())["synthetic"] == 60
    assert Sampled(length, 100, matched=True)(TablePair(pair().real, pair().synthetic)) == 100
    plan = TablePlan(scores=[Sampled(BetaRecall(), matched=True)])
    report = plan.run(pair((600, 600, 100)))
    assert report["joint/beta_recall"] == pytest.approx(
        report.references["joint/beta_recall"], abs=0.1
    )
    assert BetaRecall()(pair((600, 600, 100))) > 1.5 * report["joint/beta_recall"]


def test_a_sample_is_the_same_for_the_same_seed_and_shared_by_parts() -> None:
    given = pair()
    first = Sampled(DCR(), 50, seed=1)(given)
    assert first == Sampled(DCR(), 50, seed=1)(pair())
    assert first != Sampled(DCR(), 50, seed=2)(given)
    drawn = {id(Sampled(lambda p: p.real, 50)(given)), id(Sampled(lambda p: p.real, 50)(given))}
    assert len(drawn) == 1


def test_a_table_that_is_short_enough_is_used_as_it_is() -> None:
    given = pair()
    assert Sampled(lambda p: p.real, 300)(given) is given.real
    assert Sampled(KSDistance(), 300)(given) == KSDistance()(given)


def test_name_and_best_are_those_of_the_part() -> None:
    assert (Sampled(KSDistance()).name, Sampled(KSDistance()).best) == (
        "fidelity/ks_distance",
        0.0,
    )
    assert (Sampled(length).name, Sampled(length).best) == ("length", None)


def test_the_control_is_that_of_the_part_on_the_same_rows() -> None:
    sampled = Sampled(TSTR("c", ("linear",), 1), 100)
    report = TablePlan(scores=[sampled, Sampled(DCRShare()), Sampled(length, 50)]).run(pair())
    expected = Sampled(TRTR("c", ("linear",), 1), 100)(pair())
    assert report.references["utility/tstr/auroc_linear"] == expected["auroc_linear"]
    assert report.references["privacy/dcr_share/share"] == 0.5
    assert report.references["length"] == 50


def test_no_rows_are_refused() -> None:
    with pytest.raises(ParameterError, match="rows"):
        Sampled(DCR(), 0)


# --- similarity -------------------------------------------------------------------------------


def test_similarity_is_half_columns_and_half_pairs() -> None:
    real = pd.DataFrame({"a": list("xxyy"), "b": list("pqpq")})
    synthetic = pd.DataFrame({"a": list("xxyy"), "b": list("ppqq")})
    spec = TableSpec.infer(real)
    tables = TablePair(Table(real, spec), Table(synthetic, spec))
    # Columns are equal; of the four cells with a quarter each, half the mass has moved.
    assert Similarity()(tables) == pytest.approx((1 + 0.5) / 2)
    assert Similarity()(TablePair(tables.real, tables.real)) == 1.0


def test_similarity_of_one_column_is_that_of_the_column() -> None:
    real, synthetic = pd.DataFrame({"a": list("xxyy")}), pd.DataFrame({"a": list("xyyy")})
    spec = TableSpec.infer(real)
    assert Similarity()(TablePair(Table(real, spec), Table(synthetic, spec))) == 0.75


def test_similarity_without_columns_to_compare_is_undefined() -> None:
    keys = pd.DataFrame({"id": range(5)})
    table = Table(keys, TableSpec.infer(keys))
    with pytest.raises(UndefinedScoreError, match="identifier"):
        Similarity()(TablePair(table, table))
