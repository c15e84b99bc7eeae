"""Validity on tables of a few rows, by hand; labels that look wrong."""

import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts.validity import (
    BoundaryAdherence,
    CategoryAdherence,
    CategoryCoverage,
    ExactDtypes,
    KeyUniqueness,
    RangeCoverage,
    label_notes,
    range_notes,
)
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from tests.artifacts.test_columns import NONE, labels, numbers, pair


def test_boundary_adherence() -> None:
    assert BoundaryAdherence()(numbers([0, 10], [-1, 0, 10, 11])) == {"x": 0.5}
    assert BoundaryAdherence()(numbers([0, 10], [5, NONE])) == {"x": 0.5}
    assert BoundaryAdherence()(numbers([0, NONE, 10], [5, NONE])) == {"x": 1.0}
    assert BoundaryAdherence()(numbers([NONE], [1, 2])) == {"x": 0.0}


def test_range_coverage() -> None:
    assert RangeCoverage()(numbers([0, 10], [2, 7])) == {"x": 0.5}
    assert RangeCoverage()(numbers([0, 10], [NONE])) == {"x": 0.0}
    assert RangeCoverage()(numbers([NONE], [1])) == {"x": 1.0}


def test_categories() -> None:
    assert CategoryAdherence()(labels("ab", "abcz")) == {"c": 0.5}
    assert CategoryAdherence()(labels("ab", "ab--")) == {"c": 0.5}
    assert CategoryAdherence()(labels("a-", "a-")) == {"c": 1.0}
    assert CategoryCoverage()(labels("abc-", "aa")) == {"c": 0.25}
    assert CategoryCoverage(missing=False)(labels("abc-", "aa")) == {"c": pytest.approx(1 / 3)}


def test_key_uniqueness() -> None:
    keys = pair({"id": ["a", "b"]}, {"id": ["a", "a", "b", None]}, identifier=["id"])
    assert KeyUniqueness()(keys) == {"id": 0.5}


def test_exact_dtypes() -> None:
    assert ExactDtypes()(pair({"x": [1.5], "y": [1.5]}, {"x": [1.5], "y": [1]})) == 0.5


def test_labels_that_look_wrong_are_noted() -> None:
    def notes(real: list[object], synthetic: list[object]) -> list[str]:
        return label_notes(pair({"c": real}, {"c": synthetic}, categorical=["c"]))

    assert notes(["a", "b"], ["a", "c"]) == []
    coded = notes(["a", "b"], [0, 1])
    assert len(coded) == 1
    assert "'c' has none of the real table's values: it has ['0', '1']" in coded[0]
    near = notes(["caf\u00e9", "a", "b"], ["cafe\u0301", "a ", "b"])
    assert len(near) == 1
    assert near[0].startswith("2 values of column 'c'")
    assert notes(["a", "B"], ["a", "b"])[0].endswith("e.g. 'b' and 'B'")
    for label in ("NEW YORK", "New  York", "New\u00a0York", "\ufeffNew York", "New\u200b York"):
        found = notes(["New York", "Nome"], [label])  # although it has no real label at all
        assert len(found) == 1
        assert "up to case, blanks or Unicode form" in found[0], label


def test_columns_that_outliers_press_together_are_noted() -> None:
    rng = np.random.default_rng(0)
    plain = rng.normal(size=1000)
    frame = pd.DataFrame(
        {
            "plain": plain,
            "one": np.append(plain[1:], 1e6),
            "both": np.concatenate([[-1e150], plain[2:], [1e150]]),
            "whole": np.append(np.arange(999), 10**9),
            "rare": (np.arange(1000) == 7) * 1.0,
            "gaps": np.where(rng.random(1000) < 0.3, np.nan, np.append(plain[1:], -1e6)),
        }
    )
    frame.loc[999, "gaps"] = -1e6
    found = range_notes(Table(frame, TableSpec.infer(frame)))
    assert [note.split("'")[1] for note in found] == ["one", "both", "whole", "gaps"]
    assert range_notes(Table(frame.tail(50), TableSpec.infer(frame))) == []
