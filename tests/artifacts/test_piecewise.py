"""Searches among rows in pieces find what searches in memory find."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts import piecewise
from synthproto.artifacts.attacks import MembershipInference
from synthproto.artifacts.privacy import DCR, NNDR, DCRShare, ExactMatchShare
from synthproto.artifacts.searches import Sampled
from synthproto.contracts import Score
from synthproto.data import distribution, merging, scan
from synthproto.data.pair import Pair, SummaryPair, TablePair
from synthproto.data.scan import Scan
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import UndefinedScoreError
from synthproto.plan import Plan


def frame(rows: int, seed: int, labels: str = "abc") -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    return pd.DataFrame(
        {
            "x": np.where(rng.random(rows) < 0.1, np.nan, x),
            "whole": rng.integers(0, 5, rows),
            "c": pd.Series(rng.choice(list(labels), rows)).astype(object),
            "flag": rng.random(rows) < 0.4,
        }
    )


REAL, HOLDOUT = frame(400, 0), frame(260, 1, "abcz")
SYNTHETIC = pd.concat([REAL[:60], frame(240, 2, "abyz")], ignore_index=True)
SPEC = TableSpec.infer(REAL, continuous=["whole"])
TABLES = TablePair(*(Table(f, SPEC) for f in (REAL, SYNTHETIC, HOLDOUT)))
PARTS: tuple[Score[SummaryPair], ...] = (
    Sampled(DCR(), 200, 3),
    Sampled(DCR((0.0, 0.5, 1.0), "range", "privacy/dcr_of_ranges"), 200, 3),
    Sampled(NNDR(), 200, 3),
    Sampled(DCRShare(), 200, 3),
    Sampled(DCRShare("holdout", False, name="privacy/as_published"), 200, 3),
    Sampled(ExactMatchShare(), 200, 3),
    Sampled(MembershipInference((0.1,)), 200, 3),
)


def pieces(f: pd.DataFrame) -> list[Callable[[], pd.DataFrame]]:
    ends = (0, 1, 150, 151, 300, len(f))
    return [f[a:b].copy for a, b in pairwise(ends) if a < b]


def scans() -> Pair[Scan]:
    return Pair(*(Scan(pieces(f), SPEC, pieces_a_job=2) for f in (REAL, SYNTHETIC, HOLDOUT)))


def test_scores_are_those_of_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piecewise, "_FIRST", 20)
    pair = scans()
    found = Plan[SummaryPair](scores=PARTS).run(pair)
    expected = Plan[SummaryPair](scores=PARTS).run(TABLES)
    assert found.keys() == expected.keys()
    for tag, value in expected.items():
        assert found[tag] == pytest.approx(value, abs=1e-12), tag
    for tag, value in expected.references.items():
        if "dcr" not in tag or "share" in tag:  # of the whole holdout, not of some of it
            assert found.references[tag] == pytest.approx(value, abs=0.1), tag
    assert len(pair.real.passes) <= 7
    assert len(pair.synthetic.passes) <= 6


def test_columns_of_too_many_numbers_are_searched_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (distribution, merging):
        monkeypatch.setattr(module, "EXACT", 5)
    monkeypatch.setattr(distribution, "POINTS", 40)
    monkeypatch.setattr(scan, "GRID", 64)
    pair = scans()
    for part in PARTS:
        found, expected = part(pair), part(TABLES)
        assert found == pytest.approx(expected, abs=1e-9), part


def test_copies_are_found_in_single_precision() -> None:
    real = pd.DataFrame({"x": np.random.default_rng(0).normal(size=300)})
    spec = TableSpec.infer(real)
    synthetic = real[:100].astype(np.float32)
    pair = Pair(*(Scan([f.copy], spec) for f in (real, synthetic)))
    assert Sampled(ExactMatchShare(), 50)(pair) == 1.0
    assert Sampled(DCR((1.0,)), 50)(pair)["quantile_1"] == 0.0


def test_all_rows_are_not_looked_up() -> None:
    pair = scans()
    with pytest.raises(UndefinedScoreError, match=r"Take some of them: Sampled\(part\)"):
        piecewise.search_pieces(pair, "synthetic", "real", 1, (), "ranks")
    with pytest.raises(UndefinedScoreError, match="in itself is undefined"):
        piecewise.search_pieces(pair, "real", "real", 1, (), "ranks")
    with pytest.raises(UndefinedScoreError, match="there is none"):
        piecewise.side_of(Pair(pair.real, pair.synthetic), "holdout")
