import pandas as pd
import pytest

from synthproto.data.spec import TableSpec
from synthproto.data.summary import Pending, Summary, for_each
from synthproto.data.table import Table

FRAME = pd.DataFrame({"x": [1.0, 2.0]})
REAL = Table(FRAME, TableSpec.infer(FRAME))


def test_a_table_is_a_summary_of_itself() -> None:
    assert isinstance(REAL, Summary)
    assert REAL.total(Table.__len__) == len(REAL)


def test_all_are_asked_before_one_waits() -> None:
    asked = []

    def ask(item: int) -> int:
        asked.append(item)
        if item == 1:
            raise Pending
        return item

    with pytest.raises(Pending):
        for_each([0, 1, 2], ask)
    assert asked == [0, 1, 2]
    assert for_each([0, 2], ask) == [0, 2]


def test_nothing_that_catches_errors_catches_what_waits() -> None:
    assert not issubclass(Pending, Exception)
