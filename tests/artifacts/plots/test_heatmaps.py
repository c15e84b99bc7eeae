"""Heat maps: colours, differences, sizes."""

import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts.associations import Association
from synthproto.artifacts.plots.heatmaps import (
    COLORS,
    CorrelationHeatmapJuxtaposition,
    CorrelationHeatmaps,
    Matrix,
    differences,
)
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table


def table(columns: int = 5, seed: int = 0) -> Table:
    values = np.random.default_rng(seed).normal(size=(100, columns))
    frame = pd.DataFrame(values, columns=[f"column number {i}" for i in range(columns)])
    return Table(frame, TableSpec.infer(frame))


def test_colours() -> None:
    low, middle, high = (COLORS((value + 1) / 2)[:3] for value in (-1.0, 0.0, 1.0))
    assert middle == pytest.approx((1, 1, 1), abs=0.02)
    assert low[0] > low[2]
    assert high[2] > high[0]


def test_equal_tables_have_no_difference() -> None:
    pair = TablePair(table(), table())
    assert not differences(pair, Association())["synthetic - real"].any()
    pictures = CorrelationHeatmaps()(pair)
    assert list(pictures) == ["real", "synthetic", "synthetic_minus_real"]
    assert pictures["real"] != pictures["synthetic_minus_real"]


def test_a_holdout_shows_how_much_is_noise() -> None:
    pair = TablePair(table(), table(seed=1), table(seed=2))
    assert list(CorrelationHeatmaps()(pair))[-1] == "holdout_minus_real"
    panels = CorrelationHeatmapJuxtaposition()(pair).panels
    titles = [panel.title for panel in panels if isinstance(panel, Matrix)]
    assert titles == ["real", "synthetic", "synthetic - real", "holdout - real"]


def test_tags_lie_in_a_folder() -> None:
    assert CorrelationHeatmaps().name == "visual_correlation/matrix"


@pytest.mark.parametrize("columns", [2, 9, 20, 50])
def test_a_matrix_alone_has_the_size_of_a_card(columns: int) -> None:
    pair = TablePair(table(columns), table(columns, 1))
    picture = CorrelationHeatmaps()(pair)["real"]
    assert (picture.width, picture.height) == (350, 210)


def test_many_columns_have_more_room() -> None:
    picture = CorrelationHeatmaps()(TablePair(table(120), table(120, 1)))["real"]
    assert picture.width > 350
    assert picture.height > 350


def test_cells_hold_their_numbers_while_there_is_room() -> None:
    def numbers(columns: int) -> int:
        pair = TablePair(table(columns), table(columns, 1))
        return len(CorrelationHeatmapJuxtaposition()(pair).figure().axes[0].texts)

    assert numbers(10) == 100
    assert numbers(11) == 0


def test_names_that_look_alike_are_told_apart() -> None:
    (axes, *_) = CorrelationHeatmaps()(TablePair(table(3), table(3)))["real"].figure().axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert len(set(names)) == 3
