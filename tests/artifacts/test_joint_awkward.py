"""Any tables: every joint, utility and privacy part is finite, or refuses with an own error."""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from synthproto.artifacts.attacks import AttributeInference, MembershipInference
from synthproto.artifacts.detection import C2ST, ColumnImportance
from synthproto.artifacts.joint import MMD, PRDC, AlphaPrecision, Authenticity, BetaRecall
from synthproto.artifacts.privacy import DCR, NNDR, Audit, DCRShare, DCRTable, ExactMatchShare
from synthproto.artifacts.utility import TSTR, UtilityTable
from synthproto.data.pair import TablePair
from synthproto.data.spec import Column, TableSpec
from synthproto.data.table import Table
from synthproto.errors import SynthprotoError
from synthproto.presets.tabsyn import PaperRow
from tests.cases import cases

Part = Callable[[TablePair], float | Mapping[str, float] | pd.DataFrame]

SPEC = TableSpec(
    (
        Column("number", "continuous"),
        Column("flat", "continuous"),
        Column("label", "categorical"),
        Column("flag", "boolean"),
        Column("when", "datetime"),
        Column("key", "identifier"),
    )
)

NUMBERS = st.sampled_from([0.0, -0.0, 1.0, 1.5, -1e150, 1e150, 5e-324, 1e-300, np.nan])
COLUMNS: dict[str, st.SearchStrategy[object]] = {
    "number": NUMBERS | st.floats(-1e6, 1e6),
    "flat": st.sampled_from([7.0, 7.0, 7.0, np.nan]),
    "label": st.sampled_from(["a", "b", "a ", "", None, "é"]),
    "flag": st.sampled_from([True, False, None]),
    "when": st.sampled_from([pd.Timestamp("2020"), pd.Timestamp("1700-01-01"), pd.NaT]),
    "key": st.integers(0, 10**6),
}
DTYPES = {"label": object, "flag": object, "number": float, "flat": float}


@st.composite
def tables(draw: st.DrawFn) -> Table:
    count = draw(st.integers(1, 12))
    made = {
        name: draw(st.lists(values, min_size=count, max_size=count))
        for name, values in COLUMNS.items()
    }
    frame = pd.DataFrame(made).astype(DTYPES)
    return Table(frame.assign(when=pd.to_datetime(frame["when"])), SPEC)


@st.composite
def pairs(draw: st.DrawFn) -> TablePair:
    return TablePair(draw(tables()), draw(tables()), draw(st.none() | tables()))


def check(parts: Sequence[Part], pair: TablePair) -> None:
    for part in parts:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            try:
                value = part(pair)
            except SynthprotoError:
                continue
        numbers = [value] if isinstance(value, float) else []
        if isinstance(value, pd.DataFrame):
            numbers = value.astype(float).to_numpy().ravel().tolist()
        elif isinstance(value, Mapping):
            numbers = list(value.values())
        assert all(math.isfinite(number) for number in numbers), (part, value)


@settings(max_examples=cases(80))
@given(pairs())
def test_distances(pair: TablePair) -> None:
    check(
        [
            PRDC(1),
            PRDC(3),
            AlphaPrecision(),
            BetaRecall(),
            Authenticity(),
            MMD(),
            MMD("unbiased", rows=5),
            ExactMatchShare(),
            DCR(),
            NNDR(),
            DCRShare(),
            DCRTable(),
            Audit(0.1),
            MembershipInference(),
            AttributeInference(("number", "label", "when")),
        ],
        pair,
    )


@settings(max_examples=12)
@given(pairs())
def test_models(pair: TablePair) -> None:
    check(
        [
            C2ST("linear", folds=2),
            C2ST("trees", folds=2),
            ColumnImportance(folds=2),
            TSTR("number", seeds=1),
            UtilityTable("label", seeds=2),
            TSTR("flag", ("trees",), seeds=1),
            PaperRow("when"),
        ],
        pair,
    )
