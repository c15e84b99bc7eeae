import numpy as np
import pandas as pd
import pytest

from synthproto.data import merging
from synthproto.data.merging import CoMomentsAt, in_first_half
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.normal(size=(1000, 3)), columns=list("abc"))
FRAME.loc[::7, "b"] = np.nan
SPEC = TableSpec.infer(FRAME)


def test_products_of_two_pieces_give_those_of_the_whole() -> None:
    statistic = CoMomentsAt(("a", "b", "c"), (0.1, -0.2, 0.0), (1.0, 2.0, 0.5))
    parts = [statistic(Table(frame, SPEC)) for frame in (FRAME[:300], FRAME[300:])]
    together = statistic.merged(parts[0], parts[1]).correlation()
    np.testing.assert_allclose(together, FRAME.corr().to_numpy(), rtol=1e-12)
    assert statistic.narrowed(SPEC) == ("a", "b", "c")


@pytest.mark.parametrize("ranked", [1 << 22, 0])
def test_halves_are_the_same_rows_in_any_cut(monkeypatch: pytest.MonkeyPatch, ranked: int) -> None:
    monkeypatch.setattr(merging, "_RANKED", ranked)
    whole = in_first_half(0, 1001, 1001, 7)
    cut = [in_first_half(start, count, 1001, 7) for start, count in ((0, 300), (300, 701))]
    assert np.array_equal(np.concatenate(cut), whole)
    assert abs(int(whole.sum()) - 500) < (1 if ranked else 60)
    assert 400 < int((whole == in_first_half(0, 1001, 1001, 8)).sum()) < 600
    assert [int(in_first_half(0, n, n, 0).sum()) for n in (2, 3, 4)] == [1, 1, 2] or not ranked
