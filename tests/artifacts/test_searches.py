"""Rows of tables as distances see them, and searches that are made once."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts.attacks import AttributeInference, MembershipInference
from synthproto.artifacts.columns import KSDistance
from synthproto.artifacts.joint import BetaRecall
from synthproto.artifacts.privacy import DCR, NNDR, DCRShare, ExactMatchShare
from synthproto.artifacts.rows import Side, rows
from synthproto.artifacts.searches import Sampled, search
from synthproto.artifacts.utility import TRTR, TSTR
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import ParameterError, SchemaError, UndefinedScoreError
from synthproto.measures.neighbours import Neighbours, nearest
from synthproto.measures.rows import Ints, Rows
from synthproto.plan import TablePlan

SPEC = TableSpec.infer(
    pd.DataFrame({"x": [0.5, 1.5], "when": pd.to_datetime(["2020", "2021"]), "c": ["a", "b"]}),
    categorical=["c"],
)


def frame(seed: int, count: int, labels: str = "abc") -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    made = pd.DataFrame(
        {
            "x": rng.normal(size=count),
            "when": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 99, count), "D"),
            "c": rng.choice(list(labels), count).astype(object),
        }
    )
    for name in made:
        made.loc[rng.random(count) < 0.1, name] = None
    return made


def pair_of(*frames: pd.DataFrame) -> TablePair:
    real, synthetic, *holdout = (Table(made, SPEC, name="a table") for made in frames)
    return TablePair(real, synthetic, *holdout)


def test_searches_of_real_rows_outlive_a_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counted(
        queries: Rows, references: Rows, k: int, leave_one_out: bool, order: Ints | None = None
    ) -> Neighbours:
        made.append(1)
        return nearest(queries, references, k, leave_one_out=leave_one_out, order=order)

    monkeypatch.setattr("synthproto.artifacts.searches.nearest", counted)
    real, holdout = Table(frame(0, 40), SPEC), Table(frame(1, 30), SPEC)
    for seed in (2, 3):
        pair = TablePair(real, Table(frame(seed, 35), SPEC), holdout)
        for _ in range(2):
            search(pair, "real", "real", 5)
            search(pair, "holdout", "real", 2)
            search(pair, "synthetic", "real", 2)
    assert len(made) == 4  # one each of real and holdout, one of each synthetic table


def test_fewer_rows_than_neighbours() -> None:
    pair = pair_of(frame(0, 2), frame(1, 1))
    assert search(pair, "synthetic", "real", 5).distances.shape == (1, 2)
    assert search(pair, "real", "real", 5).distances.shape == (2, 1)


def test_refusals() -> None:
    pair = pair_of(frame(0, 5), frame(1, 5))
    with pytest.raises(UndefinedScoreError, match="without a holdout"):
        search(pair, "synthetic", "holdout", 1)
    with pytest.raises(SchemaError, match=r"no columns that distances .* besides x, when, c"):
        rows(pair, "real", ("x", "when", "c"))


# --- samples ----------------------------------------------------------------------------------


def rows_of(rows: int, seed: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    numbers = generator.normal(size=rows)
    labels = np.where(numbers + generator.normal(size=rows) > 0, "yes", "no")
    return pd.DataFrame({"x": numbers, "y": generator.uniform(size=rows), "c": labels})


SAMPLED = TableSpec.infer(rows_of(50, 0))


def tables(rows: tuple[int, int, int] = (300, 280, 60)) -> TablePair:
    real, synthetic, holdout = (Table(rows_of(n, seed), SAMPLED) for seed, n in enumerate(rows))
    return TablePair(real, synthetic, holdout)


def length(pair: TablePair) -> float:
    return float(len(pair.synthetic))


def sides(pair: TablePair) -> dict[str, float]:
    holdout = -1 if pair.holdout is None else len(pair.holdout)
    return {"real": len(pair.real), "synthetic": len(pair.synthetic), "holdout": holdout}


def test_a_part_sees_at_most_so_many_rows_of_each_table() -> None:
    assert Sampled(sides, 100)(tables()) == {"real": 100, "synthetic": 100, "holdout": 60}
    assert Sampled(sides, 1000)(tables()) == {"real": 300, "synthetic": 280, "holdout": 60}


def test_matched_cuts_the_synthetic_table_to_the_holdout_so_that_references_compare() -> None:
    assert Sampled(sides, 100, matched=True)(tables())["synthetic"] == 60
    assert Sampled(length, 100, matched=True)(TablePair(tables().real, tables().synthetic)) == 100
    plan = TablePlan(scores=[Sampled(BetaRecall(), matched=True)])
    report = plan.run(tables((600, 600, 100)))
    assert report["joint/beta_recall"] == pytest.approx(
        report.references["joint/beta_recall"], abs=0.1
    )
    assert BetaRecall()(tables((600, 600, 100))) > 1.5 * report["joint/beta_recall"]


def test_a_sample_is_the_same_for_the_same_seed_and_shared_by_parts() -> None:
    given = tables()
    first = Sampled(DCR(), 50, seed=1)(given)
    assert first == Sampled(DCR(), 50, seed=1)(tables())
    assert first != Sampled(DCR(), 50, seed=2)(given)
    drawn = {id(Sampled(lambda p: p.real, 50)(given)), id(Sampled(lambda p: p.real, 50)(given))}
    assert len(drawn) == 1


def test_a_table_that_is_short_enough_is_used_as_it_is() -> None:
    given = tables()
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
    report = TablePlan(scores=[sampled, Sampled(DCRShare()), Sampled(length, 50)]).run(tables())
    expected = Sampled(TRTR("c", ("linear",), 1), 100)(tables())
    assert report.references["utility/tstr/auroc_linear"] == expected["auroc_linear"]
    assert report.references["privacy/dcr_share/share"] == 0.5
    assert report.references["length"] == 50


def test_what_is_looked_up_is_sampled_and_looked_up_among_all_rows() -> None:
    given = tables()
    by_name = {part.name: part for part in (DCR(), NNDR(), DCRShare(), ExactMatchShare())}
    for part in by_name.values():
        drawn = Sampled(Recorded(part.queries), 50)(given)
        assert drawn == {"real": 300, "synthetic": 50, "holdout": 60}, part
    for attack in (MembershipInference(), AttributeInference(("c",))):
        drawn = Sampled(Recorded(attack.queries), 50)(given)
        assert drawn == {"real": 50, "synthetic": 280, "holdout": 50}, attack
    assert Sampled(DCR(), 300)(given) == DCR()(given)


@dataclass(frozen=True)
class Recorded:
    """Sizes of the tables that a part with such queries is given."""

    queries: tuple[Side, ...]

    def __call__(self, pair: TablePair) -> dict[str, float]:
        return sides(pair)


@pytest.mark.parametrize("rows", [2_000, 40_000])
def test_copies_do_not_fade_as_tables_grow(rows: int) -> None:
    real, fresh, holdout = (rows_of(rows, seed) for seed in range(3))
    copied = pd.concat([real.iloc[: rows // 5], fresh.iloc[rows // 5 :]], ignore_index=True)
    copied.loc[: rows // 5 - 1, "x"] += 1e-6
    pair = TablePair(*(Table(frame, SAMPLED) for frame in (real, copied, holdout)))
    share = Sampled(DCRShare(), 2_000)(pair)
    # A fifth counts 1, the rest one half.
    assert share["share"] == pytest.approx(0.6, abs=0.03)
    assert share["low"] > 0.5
    attack = Sampled(MembershipInference(), 2_000)(pair)
    assert attack["auc_low"] > 0.5


def test_no_rows_are_refused() -> None:
    with pytest.raises(ParameterError, match="rows"):
        Sampled(DCR(), 0)
