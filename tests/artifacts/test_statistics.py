import pandas as pd
import pytest

from synthproto.artifacts.associations import Association
from synthproto.artifacts.statistics import AssociationMatrices, Histograms, Juxtaposition
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.errors import UndefinedScoreError

REAL = pd.DataFrame({"x": [0.0, 4.0, None, 8.0], "c": ["a", "b", "b", None]})
SYNTHETIC = pd.DataFrame({"x": [9.0, 1.0, 1.0], "c": ["b", "z", "b"]})
SPEC = TableSpec.infer(REAL)
PAIR = TablePair(Table(REAL, SPEC), Table(SYNTHETIC, SPEC))


def test_juxtaposition_sets_the_sides_side_by_side() -> None:
    frame = Juxtaposition("median")(PAIR)
    assert frame.to_dict() == {"real": {"x": 4.0}, "synthetic": {"x": 1.0}}
    assert Juxtaposition("third_quartile").name == "fidelity/third_quartile_juxtaposition"
    assert Juxtaposition(name="own/mean").name == "own/mean"


def test_a_column_without_values_is_an_error_that_names_it() -> None:
    nothing = TablePair(PAIR.real, Table(SYNTHETIC.assign(x=float("nan")), SPEC))
    with pytest.raises(UndefinedScoreError, match="mean of column 'x'"):
        Juxtaposition()(nothing)


def test_association_matrices_and_their_difference() -> None:
    found = AssociationMatrices()(PAIR)
    assert list(found) == ["real", "synthetic", "difference"]
    assert list(found["real"].columns) == list(found["real"].index) == ["x", "c"]
    gap = found["synthetic"] - found["real"]
    pd.testing.assert_frame_equal(found["difference"], gap)
    assert Association(kinds=("categorical",))(PAIR.real).shape == (1, 1)


def test_histograms_have_every_row() -> None:
    found = Histograms(bins=2)(PAIR)
    assert found["x"].index.tolist() == ["(missing)", "[0, 4)", "[4, 8]", "(below)", "(above)"]
    assert found["x"]["real"].tolist() == [0.25, 0.25, 0.5, 0.0, 0.0]
    assert found["x"]["synthetic"].tolist() == pytest.approx([0.0, 2 / 3, 0.0, 0.0, 1 / 3])
    assert found["c"].index.tolist() == ["(missing)", "b", "a", "z"]
    assert found["c"].sum().tolist() == pytest.approx([1.0, 1.0])
