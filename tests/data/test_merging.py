import numpy as np
import pandas as pd

from synthproto.data.merging import CoMomentsAt
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
