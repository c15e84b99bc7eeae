"""Codecs fitted on pieces are those of the table."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch

from synthproto.data import distribution, merging, scan
from synthproto.data.codec import Scaling, TableCodec
from synthproto.data.scan import Scan
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import SchemaError

RNG = np.random.default_rng(0)
ROWS = 900
FRAME = pd.DataFrame(
    {
        "x": RNG.normal(size=ROWS),
        "zeros": np.where(RNG.random(ROWS) < 0.7, 0.0, RNG.exponential(size=ROWS).round(2)),
        "whole": RNG.integers(0, 40, ROWS),
        "gaps": pd.Series(RNG.integers(0, 9, ROWS)).astype("Int64").mask(RNG.random(ROWS) < 0.1),
        "empty": np.full(ROWS, np.nan),
        "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(RNG.integers(0, 500, ROWS), unit="D"),
        "c": RNG.choice(["b", "a", "rare"], ROWS, p=[0.5, 0.49, 0.01]),
        "kind": pd.Categorical(RNG.choice(["z", "m"], ROWS), categories=["z", "never", "m"]),
        "flag": RNG.random(ROWS) < 0.5,
        "id": RNG.permutation(ROWS),
    }
)
FRAME.loc[::11, "c"] = None
SPEC = TableSpec.infer(FRAME, continuous=["whole", "gaps", "empty"], identifier=["id"])


def pieces(frame: pd.DataFrame, ends: tuple[int, ...] = (0, 1, 300, 300, 777, ROWS)) -> Scan:
    return Scan([frame[a:b].copy for a, b in pairwise(ends)], SPEC, pieces_a_job=2)


@pytest.fixture(params=[False, True], ids=["few", "many"])
def narrow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether a few numbers are too many to be known one by one."""
    if request.param:
        for module in (distribution, merging):
            monkeypatch.setattr(module, "EXACT", 5)
        monkeypatch.setattr(distribution, "POINTS", 40)
        monkeypatch.setattr(scan, "GRID", 64)
    return bool(request.param)


@pytest.mark.parametrize("scaling", ["quantile", "standard"])
def test_a_codec_of_pieces_is_that_of_the_table(narrow: bool, scaling: Scaling) -> None:
    table, whole = Table(FRAME, SPEC), pieces(FRAME)
    ours, theirs = (TableCodec.fit(real, scaling=scaling) for real in (whole, table))
    assert ours.blocks == theirs.blocks
    assert len(whole.passes) == (3 if narrow else 1)
    encoded, expected = ours.encode(table), theirs.encode(table)
    if scaling == "quantile":
        assert torch.equal(encoded, expected)
        pd.testing.assert_frame_equal(ours.decode(expected), theirs.decode(expected))
    else:
        torch.testing.assert_close(encoded, expected, rtol=1e-6, atol=1e-7)
    decoded = ours.decode(encoded)
    assert list(decoded.dtypes) == list(theirs.decode(expected).dtypes)
    assert decoded["id"].iloc[0] == ROWS
    pd.testing.assert_series_equal(decoded["day"], FRAME["day"])


def test_labels_of_pieces_with_other_categories_are_sorted() -> None:
    spec = TableSpec.infer(FRAME[["c"]])
    coded = [FRAME[["c"]][a:b].astype("category") for a, b in ((0, 2), (2, ROWS))]
    real = Scan([frame.copy for frame in coded], spec)
    codec = TableCodec.fit(real)
    expected = TableCodec.fit(Table(FRAME[["c"]], spec))
    assert torch.equal(
        codec.encode(Table(coded[1], spec)), expected.encode(Table(FRAME[["c"]][2:], spec))
    )


def test_pieces_of_several_dtypes_give_the_joined_one() -> None:
    frame = pd.DataFrame({"n": [1, 2, 3, 4]})
    spec = TableSpec.infer(frame, continuous=["n"])
    real = Scan([frame[:2].copy, frame[2:].astype(float).add(0.25).copy], spec)
    decoded = TableCodec.fit(real).decode(torch.tensor([[-9.0], [9.0]]))
    assert decoded["n"].tolist() == [1.0, 4.25]
    dates = pd.DataFrame({"d": pd.to_datetime(["2024-01-01 00:00", "2024-01-01 00:01"])})
    parts = [dates[:1].astype("datetime64[s]").copy, dates[1:].astype("datetime64[ns]").copy]
    codec = TableCodec.fit(Scan(parts, TableSpec.infer(dates)))
    minute = codec.decode(torch.tensor([[0.01], [9.0]]))["d"]
    assert minute.dt.second.tolist() == [0, 0]


def test_keys_alone_cannot_be_encoded() -> None:
    spec = TableSpec.infer(FRAME[["id"]], identifier=["id"])
    with pytest.raises(SchemaError, match="real table has no column to encode"):
        TableCodec.fit(Scan([FRAME[["id"]].copy], spec, name="real table"))
