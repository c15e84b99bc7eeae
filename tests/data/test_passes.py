import numpy as np
import pandas as pd
import pytest

from synthproto.data.passes import ks_of_pieces, prepare
from synthproto.data.scan import Scan
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.measures.columns import ks_distance

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame({"x": RNG.normal(size=500), "y": RNG.integers(0, 9, 500)})
SPEC = TableSpec.infer(FRAME, continuous=["y"])


def test_what_parts_ask_for_is_read_at_once() -> None:
    scan = Scan([FRAME[:200].copy, FRAME[200:].copy], SPEC)
    asked = []

    def quartile(table: Scan) -> float:
        asked.append(1)
        return table.statistic("x", "median") + float(table.co_moments(("x", "y")).count[0, 0])

    def fails(table: Scan) -> float:
        raise ValueError(len(table))

    prepare((quartile, fails), scan, (scan,))
    assert len(scan.passes) == 2
    before = len(asked)
    quartile(scan)
    assert (len(scan.passes), len(asked)) == (2, before + 1)


def test_a_part_that_says_what_it_needs_is_not_computed() -> None:
    scan = Scan([FRAME.copy], SPEC)

    class Slow:
        def ask(self, table: Scan) -> object:
            return table.co_moments(("x", "y"))

        def __call__(self, _table: Scan) -> float:
            raise AssertionError

    prepare((Slow(),), scan, (scan,))
    assert len(scan.passes) == 2


@pytest.mark.parametrize("decimals", [None, 1])
def test_a_scan_and_a_table_have_the_distance_of_two_tables(decimals: int | None) -> None:
    other = FRAME * 0.5
    scans = [Scan([f[:99].copy, f[99:].copy], SPEC) for f in (FRAME, other)]
    tables = [Table(f, SPEC) for f in (FRAME, other)]
    values = [
        np.sort(f["x"] if decimals is None else f["x"].round(decimals)) for f in (FRAME, other)
    ]
    expected = ks_distance(*values)
    for real in (scans[0], tables[0]):
        for synthetic in (scans[1], tables[1]):
            assert ks_of_pieces(real, synthetic, "x", decimals) == expected
