import numpy as np
import pandas as pd
import pytest

from synthproto.cli.compare.sketches import sketch_of
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table


def test_labels_and_numbers_are_shares_of_rows() -> None:
    real = pd.DataFrame({"x": np.arange(100.0), "c": ["a"] * 75 + ["b"] * 25})
    other = real.assign(c=["a"] * 50 + ["new"] * 50)
    spec = TableSpec.infer(real)
    tables = Table(real, spec), Table(other, spec)
    labels = sketch_of(*tables, "c")
    assert (labels.ends, labels.real) == (["a", "b", "new"], [0.75, 0.25, 0.0])
    assert labels.synthetic == [0.5, 0.0, 0.5]
    numbers = sketch_of(*tables, "x")
    assert numbers.is_numeric
    assert sum(numbers.real) == pytest.approx(1)
    assert numbers.real == numbers.synthetic
