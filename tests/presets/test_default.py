import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts.columns import KSDistance
from synthproto.cli.main import PRESETS as OFFERED
from synthproto.data.pair import Pair, TablePair
from synthproto.data.scan import Scan
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.plan import TablePlan
from synthproto.presets.default import PRESETS, default_plan, preset, scanned_preset, tabsyn_plan


def frame(rows: int, seed: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    numbers = generator.normal(size=rows)
    labels = np.where(numbers + generator.normal(size=rows) > 0, "yes", "no")
    return pd.DataFrame({"x": numbers, "y": generator.uniform(size=rows), "c": labels})


SPEC = TableSpec.infer(frame(50, 0))


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_runs_on_a_mixed_table(name: str) -> None:
    """And on one that is read in pieces, with the same numbers in few passes."""
    assert name in PRESETS
    frames = [frame(100, seed) for seed in range(3)]
    whole = preset(name, SPEC, holdout=True, target="c", rows=100)
    report = whole.run(TablePair(*(Table(each, SPEC) for each in frames)))
    assert set(whole.score_tags) == {_owner(tag, whole) for tag in report}
    assert set(report.figures) == {tag for tag in whole.tags if tag.startswith("visual")}
    scans = [Scan([each[:25].copy, each[25:].copy], SPEC) for each in frames]
    plan = scanned_preset(name, SPEC, holdout=True, rows=100)
    found = plan.run(Pair(*scans))
    left = set(whole.score_tags) - set(plan.score_tags)
    assert {tag for tag in left if not tag.startswith("utility/")} <= {
        "privacy/attribute_inference"
    }
    for tag, value in found.items():
        assert value == pytest.approx(report[tag], abs=1e-12), tag
    assert found.arrays.keys() == report.arrays.keys()
    assert found.figures.keys() == report.figures.keys()
    for scan in scans[:2]:
        assert len(scan.passes) <= (7 if name in ("default", "tabsyn") else 3)


def _owner(tag: str, plan: TablePlan) -> str:
    return max((t for t in plan.score_tags if tag == t or tag.startswith(f"{t}/")), key=len)


@pytest.mark.parametrize("columns", [["x"], ["c"], ["x", "y"]])
def test_the_default_plan_is_made_of_what_the_columns_allow(columns: list[str]) -> None:
    spec = TableSpec.infer(frame(50, 0)[columns])
    tables = [Table(frame(60, seed)[columns], spec) for seed in (0, 1)]
    report = default_plan(spec).run(TablePair(tables[0], tables[1]))
    assert "fidelity/similarity" in report
    assert ("fidelity/trend_similarity" in report) == (len(columns) > 1)


def test_a_table_of_keys_alone_has_a_plan_too() -> None:
    keys = pd.DataFrame({"id": range(30)})
    spec = TableSpec.infer(keys)
    table = Table(keys, spec)
    report = default_plan(spec).run(TablePair(table, table))
    assert dict(report) == {
        "fidelity/mean_missing_rate_difference": 0.0,
        "validity/mean_key_uniqueness": 1.0,
    }


def test_what_needs_a_holdout_or_a_target_is_asked_for() -> None:
    without, with_both = tabsyn_plan(), tabsyn_plan(holdout=True, target="c")
    assert set(with_both.score_tags) - set(without.score_tags) == {
        "utility/tstr",
        "utility/trtr",
        "privacy/dcr_share",
    }
    assert "utility/tstr" not in default_plan(SPEC, target="c").score_tags


def test_a_holdout_is_attacked() -> None:
    attacks = {"privacy/membership_inference", "privacy/attribute_inference"}
    assert attacks & set(default_plan(SPEC).score_tags) == set()
    assert attacks <= set(default_plan(SPEC, holdout=True).score_tags)
    tables = [Table(frame(60, seed), SPEC) for seed in (0, 0, 1)]
    report = default_plan(SPEC, holdout=True, target="x").run(TablePair(*tables))
    assert report["privacy/membership_inference/auc_low"] > 0.5
    assert report["privacy/attribute_inference/x/risk_low"] > 0
    assert report.references["privacy/membership_inference/auc"] == 0.5
    assert report.references["privacy/attribute_inference/x/risk"] == 0.0


def test_a_plan_of_ones_own_starts_from_a_preset() -> None:
    plan = TablePlan(scores=[*default_plan(SPEC).scores, KSDistance()], plots=tabsyn_plan().plots)
    assert plan.score_tags[-1] == "fidelity/ks_distance"


def test_the_command_line_offers_the_presets_that_there_are() -> None:
    assert OFFERED == PRESETS
