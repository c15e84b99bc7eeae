import pickle
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthproto.data.codec import Block, LevelForm, Scaling, TableCodec
from synthproto.data.kinds import Kind
from synthproto.data.spec import Column, TableSpec
from synthproto.data.table import Table
from synthproto.errors import SchemaError, SynthprotoWarning
from tests.cases import cases

SCALINGS: tuple[Scaling, ...] = ("quantile", "standard")
FORMS: tuple[LevelForm, ...] = ("one-hot", "index")


def table_of(frame: pd.DataFrame, **kinds: list[str]) -> Table:
    return Table(frame, TableSpec.infer(frame, **kinds), name="real table")


def round_trip(
    real: Table, scaling: Scaling = "quantile", form: LevelForm = "one-hot"
) -> pd.DataFrame:
    codec = TableCodec.fit(real, scaling=scaling, categorical=form)
    encoded = codec.encode(real)
    assert encoded.shape == (len(real), codec.width)
    assert encoded.dtype == torch.float32
    assert torch.isfinite(encoded).all()
    decoded = codec.decode(encoded)
    assert Table(decoded, real.spec).spec == real.spec
    return decoded


# --- one column of every dtype ----------------------------------------------------------------

N = 30
DAYS = pd.date_range("2020-02-28", periods=N)
HOURS = pd.date_range("2020-10-24", periods=N, freq="h", tz="Europe/Berlin")  # summer time ends

EXACT: dict[str, object] = {
    "int64": np.arange(N) * 1000 - 7,
    "int8": np.linspace(-128, 127, N).astype(np.int8),
    "uint16": np.linspace(0, 65535, N).astype(np.uint16),
    "Int64 with missing": pd.array([5, None, -3] * 10, dtype="Int64"),
    "UInt8": pd.array([0, 200, 255] * 10, dtype="UInt8"),
    "int64[pyarrow] with missing": pd.array([5, None, 70_000] * 10, dtype="int64[pyarrow]"),
    "whole floats with missing": [3.0, np.nan, 17.0] * 10,
    "cents": [0.01, 19.99, 5.0] * 10,
    "float32 constant": np.full(N, 2.5, dtype=np.float32),
    "all missing": [np.nan] * N,
    "Float64 all missing": pd.array([None] * N, dtype="Float64"),
    "bool": [True, False, True] * 10,
    "boolean with missing": pd.array([True, None, False] * 10, dtype="boolean"),
    "bool[pyarrow]": pd.array([True, None, False] * 10, dtype="bool[pyarrow]"),
    "objects of bool": pd.Series([True, None, False] * 10, dtype=object),
    "strings": ["b", "a", "ü/ ñ"] * 10,
    "objects of strings": pd.Series(["b", None, "a"] * 10, dtype=object),
    "string": pd.array(["b", None, "a"] * 10, dtype="string"),
    "string[pyarrow]": pd.array(["b", None, "a"] * 10, dtype="string[pyarrow]"),
    "category": pd.Categorical(["b", None, "a"] * 10, categories=["z", "b", "a"]),
    "ordered": pd.Categorical(["lo", "hi", "lo"] * 10, categories=["lo", "hi"], ordered=True),
    "category of numbers": pd.Categorical([3, 1, 1] * 10),
    "mixed objects": [1, "1", None] * 10,
    "objects all missing": [None] * N,
    "codes": [0, 1, 1] * 10,
    "float codes with missing": [1.0, 2.0, np.nan] * 10,
    "dates": DAYS,
    "dates with missing": DAYS.where(np.arange(N) % 3 > 0),
    "dates of days in s": DAYS.as_unit("s"),
    "dates in us": DAYS.as_unit("us"),
    "hours with zone": HOURS,
    "utc": DAYS.tz_localize("UTC"),
    "timestamp[ms][pyarrow]": DAYS.astype("timestamp[ms][pyarrow]"),
    **{
        f"timestamp[{unit}, tz=Europe/Berlin][pyarrow]": pd.Series(HOURS).astype(
            pd.api.types.pandas_dtype(f"timestamp[{unit}, tz=Europe/Berlin][pyarrow]")
        )
        for unit in ("s", "ms", "us", "ns")
    },
    "dates all missing": [pd.NaT] * N,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("values", EXACT.values(), ids=EXACT.keys())
def test_what_was_encoded_comes_back(values: object, scaling: Scaling, form: LevelForm) -> None:
    frame = pd.DataFrame({"x": values})
    decoded = round_trip(table_of(frame), scaling, form)
    pd.testing.assert_frame_equal(decoded, frame, check_freq=False)


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(size=3000) ** 3,
        np.random.default_rng(0).lognormal(5, 3, size=3000).astype(np.float32),
        np.random.default_rng(0).integers(-(2**62), 2**62, 3000),
        pd.array([0.123456789, None, 1e-9], dtype="Float64"),
        np.array([1e-310, 2e-310, 5e-324, 0.0]),
        np.array([1e149, -1e149, 3.3, 3.4]),
        1e9 + np.linspace(0, 1e-3, 500),
        np.concatenate([np.random.default_rng(0).normal(m, 0.01, 2000) for m in (-1, 1)]),
    ],
)
def test_numbers_come_back_to_float32s_precision(values: object, scaling: Scaling) -> None:
    frame = pd.DataFrame({"x": values})
    decoded = round_trip(table_of(frame), scaling)
    assert decoded.dtypes.equals(frame.dtypes)
    real, back = (f["x"].to_numpy(np.float64, na_value=np.nan) for f in (frame, decoded))
    tolerance = 1e-5 * (np.nanmax(real) - np.nanmin(real)) + 1e-320
    np.testing.assert_allclose(back, real, rtol=0, atol=tolerance)


def test_instants_come_back_to_float32s_precision() -> None:
    ticks = np.random.default_rng(0).integers(0, 10**18, 500)
    frame = pd.DataFrame({"x": pd.DatetimeIndex(ticks.view("datetime64[ns]"), tz="Asia/Tokyo")})
    decoded = round_trip(table_of(frame))
    assert decoded.dtypes.equals(frame.dtypes)
    assert (decoded["x"] - frame["x"]).abs().max() < 1e-5 * (frame["x"].max() - frame["x"].min())


def test_a_real_looking_table_comes_back_exactly() -> None:
    rng = np.random.default_rng(1)
    rows = 5000
    frame = pd.DataFrame(
        {
            "age": rng.integers(17, 91, rows),
            "gain": np.where(rng.random(rows) < 0.9, 0, rng.integers(1, 99_999, rows)),
            "price": rng.lognormal(3, 1, rows).round(2),
            "sex": rng.choice(["m", "f"], rows),
            "city": pd.Categorical(rng.choice([f"c{i}" for i in range(50)], rows)),
            "born": pd.Timestamp("1930-01-01")
            + pd.to_timedelta(rng.integers(0, 30_000, rows), "D"),
        }
    )
    for scaling in SCALINGS:
        pd.testing.assert_frame_equal(round_trip(table_of(frame), scaling), frame)


# --- awkward tables ----------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


def some(values: st.SearchStrategy[object], rows: int) -> st.SearchStrategy[list[object]]:
    return st.lists(values, min_size=rows, max_size=rows)


def series_of(rows: int) -> st.SearchStrategy[pd.Series]:
    def made(values: st.SearchStrategy[object], dtype: str) -> st.SearchStrategy[pd.Series]:
        return some(values, rows).map(lambda items: pd.Series(items, dtype=dtype))

    whole = st.integers(-20_000, 20_000)
    days = st.integers(-10_000, 10_000).map(lambda day: pd.Timestamp(0) + pd.Timedelta(days=day))
    levels = st.sampled_from(["a", "b", "ü", " ", "a/b"])
    return st.one_of(
        made(whole, "int64"),
        made(st.none() | whole, "Int64"),
        made(st.integers(-128, 127), "int8"),
        made(st.floats(-1e150, 1e150) | st.none(), "float64"),
        made(st.floats(-(2.0**100), 2.0**100, width=32) | st.none(), "float32"),
        made(st.sampled_from([0.1, 2.0, -0.0, 5e-324]), "float64"),
        made(st.booleans(), "bool"),
        made(st.booleans() | st.none(), "boolean"),
        made(st.booleans() | st.none(), "object"),
        made(texts | st.none(), "object"),
        made(texts | st.none(), "string"),
        made(texts | st.none(), "string[pyarrow]"),
        made(levels | st.none(), "category"),
        made(st.none() | levels | st.just(3) | st.just(2.5), "object"),
        made(days | st.none(), "datetime64[ns]"),
        made(days.map(lambda day: day.tz_localize("UTC")) | st.none(), "datetime64[us, UTC]"),
    )


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(1, 25))
    names = draw(st.lists(texts.filter(bool), min_size=1, max_size=5, unique=True))
    return pd.DataFrame({name: draw(series_of(rows)) for name in names})


def drawn_table(frame: pd.DataFrame) -> Table:
    """A table without identifiers and text; objects may be numbers alone, which is no kind."""
    plain = [
        str(name)
        for name, dtype in frame.dtypes.items()
        if pd.api.types.is_object_dtype(dtype) or isinstance(dtype, pd.StringDtype)
    ]
    return table_of(frame, categorical=plain)


@settings(max_examples=cases(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(frame=frames(), scaling=st.sampled_from(SCALINGS), form=st.sampled_from(FORMS))
def test_awkward_tables_come_back(frame: pd.DataFrame, scaling: Scaling, form: LevelForm) -> None:
    real = drawn_table(frame)
    decoded = round_trip(real, scaling, form)
    for name in real.spec.of_kind("categorical", "boolean"):
        pd.testing.assert_series_equal(decoded[name], frame[name])
    for name in real.spec.of_kind("continuous", "datetime"):
        assert decoded[name].dtype == frame[name].dtype
        assert decoded[name].isna().equals(frame[name].isna())
        _assert_near(decoded[name], frame[name])


def _assert_near(back: pd.Series, real: pd.Series) -> None:
    if pd.api.types.is_integer_dtype(real.dtype) or real.dtype.kind == "M":
        pd.testing.assert_series_equal(back, real)
        return
    a, b = back.to_numpy(np.float64), real.to_numpy(np.float64)
    if np.isfinite(b).any():
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=2e-6 * (np.nanmax(b) - np.nanmin(b)))


@settings(max_examples=cases(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    frame=frames(),
    scaling=st.sampled_from(SCALINGS),
    form=st.sampled_from(FORMS),
    clip=st.booleans(),
    seed=st.integers(0, 99),
)
def test_any_finite_tensor_decodes_to_a_table(
    frame: pd.DataFrame, scaling: Scaling, form: LevelForm, clip: bool, seed: int
) -> None:
    real = drawn_table(frame)
    codec = TableCodec.fit(real, scaling=scaling, categorical=form)
    noise = torch.randn(7, codec.width, generator=torch.Generator().manual_seed(seed)) * 5
    decoded = codec.decode(noise, clip=clip)
    assert decoded.dtypes.equals(real.frame.dtypes)
    assert list(decoded.columns) == list(real.spec.names)
    assert decoded.index.equals(pd.RangeIndex(7))
    assert real.spec.faults(decoded) == []
    for name in real.spec.of_kind("categorical", "boolean"):
        assert set(decoded[name].dropna()) <= set(frame[name].dropna())
    if clip:
        for name in set(real.spec.of_kind("continuous", "datetime")) & set(frame):
            present = decoded[name].dropna()
            if frame[name].isna().all():
                assert present.empty
                continue
            assert ((present >= frame[name].min()) & (present <= frame[name].max())).all()


# --- blocks ------------------------------------------------------------------------------------


def people() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "key": [f"p{i}" for i in range(N)],
            "age": [20.0, np.nan, 40.0] * 10,
            "sex": ["m", "f", None] * 10,
            "smoker": [True, False, False] * 10,
            "born": DAYS,
            "note": [f"a rather long note {i}" for i in range(N)],
        }
    )


def test_blocks_describe_the_tensor_without_gaps() -> None:
    codec = TableCodec.fit(table_of(people()))
    assert codec.blocks == (
        Block("age", "continuous", "number", 0, 1, 0),
        Block("age", "continuous", "one-hot", 1, 3, 2),
        Block("sex", "categorical", "one-hot", 3, 6, 3),
        Block("smoker", "boolean", "one-hot", 6, 8, 2),
        Block("born", "datetime", "number", 8, 9, 0),
    )
    assert codec.width == 9
    assert codec.spec.names == tuple(people().columns)
    encoded = codec.encode(table_of(people()))
    assert encoded[:3, codec.blocks[1].slice].tolist() == [[1, 0], [0, 1], [1, 0]]
    assert encoded[:3, codec.blocks[2].slice].tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert encoded[1, 0] == 0
    for block in codec.blocks:
        if block.form == "one-hot":
            assert encoded[:, block.slice].sum(dim=1).eq(1).all()


def test_codes_for_embeddings() -> None:
    codec = TableCodec.fit(table_of(people()), categorical="index")
    assert [(b.form, b.stop - b.start, b.levels) for b in codec.blocks] == [
        ("number", 1, 0),
        ("index", 1, 2),
        ("index", 1, 3),
        ("index", 1, 2),
        ("number", 1, 0),
    ]
    assert codec.encode(table_of(people()))[:3, 2].tolist() == [1, 0, 2]
    far = codec.decode(torch.full((2, codec.width), 99.0))
    assert far["sex"].isna().all()
    assert codec.decode(torch.full((2, codec.width), -99.0))["sex"].eq("f").all()
    assert codec.decode(torch.full((1, codec.width), 0.6))["sex"].eq("m").all()


def test_logits_do_as_well_as_probabilities() -> None:
    codec = TableCodec.fit(table_of(people()))
    encoded = codec.encode(table_of(people()))
    logits = torch.where(encoded == 0, -torch.inf, encoded)
    for block in codec.blocks:
        if block.form == "number":
            logits[:, block.slice] = encoded[:, block.slice]
    pd.testing.assert_frame_equal(codec.decode(logits), codec.decode(encoded))
    pd.testing.assert_frame_equal(codec.decode(encoded.double()), codec.decode(encoded))


def test_a_tensor_with_gradients_decodes() -> None:
    codec = TableCodec.fit(table_of(people()))
    assert len(codec.decode(torch.zeros(4, codec.width, requires_grad=True))) == 4
    assert len(codec.decode(torch.zeros(0, codec.width))) == 0


def test_levels_keep_the_order_of_the_category_dtype() -> None:
    levels = pd.CategoricalDtype(["lo", "never", "mid", "hi"], ordered=True)
    frame = pd.DataFrame({"x": pd.Series(["hi", "lo", "mid"], dtype=levels)})
    codec = TableCodec.fit(table_of(frame), categorical="index")
    assert codec.encode(table_of(frame)).flatten().tolist() == [2, 0, 1]
    assert codec.blocks[0].levels == 3


def test_keys_are_fresh_and_texts_missing() -> None:
    frame = people().assign(id=np.arange(100, 100 + N), old=pd.Categorical(people()["key"]))
    real = table_of(frame, identifier=["old"])
    codec = TableCodec.fit(real)
    decoded = codec.decode(codec.encode(real)[:3])
    assert decoded["key"].tolist() == ["key-1", "key-2", "key-3"]
    assert decoded["id"].tolist() == [130, 131, 132]
    assert decoded["note"].isna().all()
    assert decoded["old"].isna().all()
    assert decoded.dtypes.equals(frame.dtypes)


def test_keys_that_do_not_fit_their_dtype_are_refused() -> None:
    frame = pd.DataFrame({"id": np.arange(98, 128, dtype=np.int8), "x": 1.5})
    codec = TableCodec.fit(table_of(frame, identifier=["id"]))
    with pytest.raises(SchemaError, match="'id' of dtype int8 has no room for 5 keys from 128"):
        codec.decode(torch.zeros(5, codec.width))


# --- refusals ----------------------------------------------------------------------------------


def test_what_the_fitted_table_has_not_is_refused_column_by_column() -> None:
    real = table_of(people().assign(age=1.5, sex="m"))
    codec = TableCodec.fit(real)
    other = people().assign(sex=np.array(["x", "m", None] * 10))
    with pytest.raises(SchemaError) as caught:
        codec.encode(Table(other, real.spec, name="holdout table"))
    message = str(caught.value)
    assert "holdout table has 2 faults" in message
    assert "missing values in column 'age'" in message
    assert "values in column 'sex' that the fitted table has not: ['x']" in message


def test_missing_levels_are_refused_where_the_fitted_table_has_none() -> None:
    real = table_of(people().assign(sex="m"))
    other = Table(people().assign(sex=np.array(["m", None, "m"] * 10)), real.spec)
    with pytest.raises(SchemaError, match="missing values in column 'sex'"):
        TableCodec.fit(real).encode(other)


def test_another_dtype_of_the_same_values_is_encoded() -> None:
    real = table_of(pd.DataFrame({"x": [1, 2, 4], "c": [0, 1, 1], "b": [True, False, True]}))
    codec = TableCodec.fit(real)
    other = pd.DataFrame({"b": [1, 0, 1], "x": [1.0, 2.0, 4.0], "c": pd.Categorical([0, 1, 1])})
    assert torch.equal(codec.encode(Table(other, real.spec)), codec.encode(real))


def test_another_spec_is_refused() -> None:
    codec = TableCodec.fit(table_of(people()))
    with pytest.raises(SchemaError, match="another spec than the codec's"):
        codec.encode(table_of(people(), categorical=["note"]))


def test_a_table_of_keys_alone_is_refused() -> None:
    frame = people()[["key", "note"]]
    with pytest.raises(SchemaError, match=r"real table has no column to encode; .*\['key', 'note'"):
        TableCodec.fit(table_of(frame))


@pytest.mark.parametrize("shape", [(3, 8), (3, 10), (9,), (1, 3, 9)])
def test_tensors_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(SchemaError, match=r"It takes \(n, 9\)"):
        TableCodec.fit(table_of(people())).decode(torch.zeros(shape))


def test_numbers_that_are_not_finite_are_refused_by_column() -> None:
    codec = TableCodec.fit(table_of(people()))
    encoded = torch.zeros(3, 9)
    encoded[0, 3], encoded[1, 8] = torch.nan, torch.inf
    with pytest.raises(SchemaError) as caught:
        codec.decode(encoded)
    assert "NaN values for column 'sex'" in str(caught.value)
    assert "infinite values for column 'born'" in str(caught.value)


def test_clipping_is_the_real_range() -> None:
    frame = pd.DataFrame({"x": [10, 20, 30], "y": [0.5, 1.25, 2.0]})
    codec = TableCodec.fit(table_of(frame), scaling="standard")
    far = torch.full((1, 2), 100.0)
    assert codec.decode(far).iloc[0].tolist() == [30, 2.0]
    assert codec.decode(far, clip=False)["x"][0] == 836
    small = codec.decode(-far, clip=False)
    assert small["x"].dtype == np.int64
    tiny = TableCodec.fit(table_of(frame.astype({"x": "int8"})), scaling="standard").decode(
        far, clip=False
    )
    assert tiny["x"].tolist() == [127]


def test_a_codec_can_be_pickled_and_fitted_again() -> None:
    real = table_of(people())
    codec = TableCodec.fit(real)
    again: TableCodec = pickle.loads(pickle.dumps(codec))
    encoded = codec.encode(real)
    assert torch.equal(again.encode(real), encoded)
    assert torch.equal(TableCodec.fit(real).encode(real), encoded)
    pd.testing.assert_frame_equal(again.decode(encoded), codec.decode(encoded))


def test_spec_of_a_codec_may_name_every_kind() -> None:
    kinds: list[Kind] = ["continuous", "categorical", "datetime", "boolean", "identifier", "text"]
    frame = pd.DataFrame(
        {
            "continuous": 1.5,
            "categorical": 3,
            "datetime": DAYS,
            "boolean": 1,
            "identifier": DAYS,
            "text": "x",
        }
    )
    spec = TableSpec(tuple(Column(kind, kind) for kind in kinds))
    decoded = round_trip(Table(frame, spec))
    encoded_kinds = ["continuous", "categorical", "datetime", "boolean"]
    pd.testing.assert_frame_equal(decoded[encoded_kinds], frame[encoded_kinds], check_freq=False)
    assert decoded["identifier"].isna().all()


@pytest.mark.parametrize("scaling", SCALINGS)
def test_heaps_come_back_exactly(scaling: Scaling) -> None:
    generator = np.random.default_rng(0)
    values = np.where(generator.random(5000) < 0.9, 0.0, generator.exponential(1000, 5000))
    values[:500] = 250.0
    frame = pd.DataFrame({"x": values})
    decoded = round_trip(table_of(frame), scaling)["x"].to_numpy()
    for heap in (0.0, 250.0):
        assert np.count_nonzero(decoded == heap) == np.count_nonzero(values == heap)
    apart = (values != 0.0) & (values != 250.0)
    np.testing.assert_allclose(decoded[apart], values[apart], rtol=0, atol=1e-5 * values.max())


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
@pytest.mark.parametrize("arrow", [False, True])
def test_datetimes_come_back_in_their_unit_and_zone(
    unit: Literal["s", "ms", "us", "ns"], zone: str | None, arrow: bool
) -> None:
    days = pd.date_range("2020-02-28", periods=40, tz=zone).as_unit(unit)
    dtype = f"timestamp[{unit}{f', tz={zone}' if zone else ''}][pyarrow]"
    frame = pd.DataFrame({"x": days.astype(dtype) if arrow else days})
    pd.testing.assert_frame_equal(round_trip(table_of(frame), "quantile"), frame, check_freq=False)


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([0, 0, 3, 0, 9] * 9).astype(pd.SparseDtype(np.int64, 0)),
        pd.Series([0.0, np.nan, 3.5] * 9).astype(pd.SparseDtype(np.float64, np.nan)),
        pd.Series([1.5, np.nan, 2.5] * 9, dtype=np.float16).astype(pd.ArrowDtype(pa.float16())),
        pd.Series([1.5, 2.5, 4.0] * 9, dtype=np.float16),
    ],
)
def test_numbers_of_rare_dtypes_come_back(values: pd.Series) -> None:
    frame = pd.DataFrame({"x": values})
    decoded = round_trip(table_of(frame), "quantile")
    assert decoded.dtypes.equals(frame.dtypes)
    real, back = (f["x"].astype("float64").to_numpy() for f in (frame, decoded))
    np.testing.assert_allclose(back, real, rtol=1e-3)


def test_very_many_one_hot_columns_are_warned_of() -> None:
    frame = pd.DataFrame({"note": [f"n{i}" for i in range(2654)] * 2, "sex": ["f", "m"] * 2654})
    real = Table(frame, TableSpec.infer(frame))
    said = r"needs 2,656 one-hot columns, the most for 'note' 2,654, 'sex' 2; name columns"
    with pytest.warns(SynthprotoWarning, match=said):
        TableCodec.fit(real)
    assert TableCodec.fit(real, categorical="index").width == 2
