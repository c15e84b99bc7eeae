"""Pictures: values that matplotlib draws the same way as PNG, SVG, PDF and as a Figure."""

import io
import pickle
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image

from synthproto.contracts import Drawing
from synthproto.drawing.axes import prepare, upright_ticks
from synthproto.drawing.picture import PANEL_MARGINS, Margins, Picture, Sheet, blank
from synthproto.drawing.style import REAL, SYNTHETIC, WHITE
from synthproto.errors import ParameterError


@dataclass(frozen=True)
class Square:
    """A blue square that stays and an orange line that does not."""

    height: float = 0.5
    title: str = "$x^2$ a_b"
    margins: Margins = PANEL_MARGINS

    def backdrop(self, axes: Axes) -> None:
        prepare(axes, self.title, self.margins.left)
        axes.set(xlim=(0, 1), ylim=(0, 1))
        upright_ticks(axes, [0, 1], ["0%", "100%"], "share")
        axes.fill_between([0.2, 0.6], 0.8, color=REAL, linewidth=0)

    def overlay(self, axes: Axes) -> Sequence[Artist]:
        return axes.plot([0.1, 0.9], [self.height] * 2, color=SYNTHETIC, linewidth=2, zorder=3)


LEGEND = [Line2D([], [], color=SYNTHETIC, label="synthetic")]


def picture(height: float = 0.5, count: int = 1, scale: float = 1.0) -> Picture:
    panels = [Square()] * count
    sheet = Sheet(panels, legend=LEGEND, caption="squares", scale=scale)
    return Picture([replace(panel, height=height) for panel in panels], sheet, "a <square>")


def rgb(color: str) -> list[int]:
    return [int(color[at : at + 2], 16) for at in (1, 3, 5)]


def saved(own: Picture, kind: str) -> bytes:
    own.savefig(file := io.BytesIO(), format=kind)
    return file.getvalue()


def test_a_picture_is_a_drawing_and_the_suffix_names_the_format(tmp_path: Path) -> None:
    own = picture()
    assert isinstance(own, Drawing)
    starts = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    for kind, start in starts.items():
        own.savefig(tmp_path / f"plot.{kind}")
        own.savefig(str(tmp_path / "plot"), format=kind)
        assert (tmp_path / f"plot.{kind}").read_bytes().startswith(start)
        assert (tmp_path / "plot").read_bytes() == saved(own, kind)
    own.savefig(tmp_path / "PLOT.PDF")
    assert (tmp_path / "PLOT.PDF").read_bytes().startswith(b"%PDF")
    own.savefig(tmp_path / "no suffix")
    assert (tmp_path / "no suffix").read_bytes() == own.png() == own._repr_png_()


def test_other_formats_are_refused_before_a_file_is_made(tmp_path: Path) -> None:
    for name, kind in (("plot.jpg", None), ("plot.png", "eps")):
        with pytest.raises(ParameterError, match=r"'png', 'svg', 'pdf'.*got '(jpg|eps)'"):
            picture().savefig(tmp_path / name, format=kind)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_the_same_picture_gives_the_same_bytes_which_hold_no_date(kind: str) -> None:
    first = saved(picture(), kind)
    assert first == saved(picture(), kind)
    assert first != saved(picture(0.7), kind)
    assert b"Date" not in first
    assert b"date" not in first


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("count", [1, 3])
def test_drawing_over_what_is_kept_is_drawing_everything(scale: float, count: int) -> None:
    kept = picture(0.2, count, scale)
    before = kept.pixels
    later = replace(kept, panels=[Square(0.9)] * count)
    later.figure().savefig(file := io.BytesIO(), format="png")
    with Image.open(file) as image:
        np.testing.assert_array_equal(later.pixels, np.array(image.convert("RGB")))
    assert later.pixels.shape == (later.height, later.width, 3)
    # What a later epoch draws does not change the picture of an earlier one.
    np.testing.assert_array_equal(kept.pixels, before)
    assert kept != later
    assert kept == picture(0.2, count, scale)


def test_a_figure_can_be_changed_and_changes_nothing_else() -> None:
    own = picture(count=2)
    before = own.png()
    figure = own.figure()
    assert isinstance(figure, Figure)
    first, second = figure.axes
    first.set_title("my title", loc="left")
    second.set_ylim(0, 10)
    figure.savefig(io.BytesIO(), format="pdf")
    assert own.png() == before
    assert own.figure().axes[0].get_title(loc="left") == "$x^2$ a_b"


def test_png_files_keep_inks_and_are_close_to_what_is_drawn() -> None:
    own = picture()
    with Image.open(io.BytesIO(own.png())) as image:
        shown = np.array(image.convert("RGB")).astype(int)
    difference = np.abs(shown - own.pixels)
    assert difference.mean() < 0.5
    assert difference.max() <= 60
    assert shown[0, 0].tolist() == rgb(WHITE)
    assert (shown == rgb(REAL)).all(axis=2).sum() > 1000
    exact = replace(own, sheet=replace(own.sheet, indexed=False))
    with Image.open(io.BytesIO(exact.png())) as image:
        np.testing.assert_array_equal(np.array(image), own.pixels)


def test_names_are_never_mathematics_nor_tex(tmp_path: Path) -> None:
    with mpl.rc_context({"text.usetex": True}):
        with_tex = picture().png()
        vector = saved(picture(), "svg")
    assert with_tex == picture().png()
    assert vector == saved(picture(), "svg")
    titles = [
        replace(Square(), title=title) for title in ("$", "$x", r"\frac{1}", "a\nb", "x" * 999)
    ]
    for panel in titles:
        own = Picture([panel], Sheet([panel]))
        assert own.pixels.shape == (210, 350, 3)
        own.savefig(tmp_path / "plot.svg")


def test_settings_of_the_user_are_left_alone_and_do_not_change_files() -> None:
    plain = saved(picture(), "pdf"), picture().png()
    with mpl.rc_context({"axes.facecolor": "black", "svg.hashsalt": None, "font.size": 30}):
        assert (saved(picture(), "pdf"), picture().png()) == plain
        assert mpl.rcParams["font.size"] == 30
        assert mpl.rcParams["svg.hashsalt"] is None


def test_notebooks_show_it_with_words() -> None:
    shown = picture()._repr_html_()
    assert shown.startswith('<img alt="a &lt;square&gt;" src="data:image/png;base64,')
    assert repr(picture()) == "Picture('a <square>', 350 x 210 px)"


def test_pictures_travel_between_processes() -> None:
    own = picture(0.3, 2)
    before = own.png()
    copy = pickle.loads(pickle.dumps(own))
    assert copy == own
    assert copy.png() == before


def test_threads_share_a_sheet() -> None:
    own = picture()

    def draw(place: int) -> bytes:
        return replace(own, panels=[Square(place / 40)]).png()

    alone = [draw(place) for place in range(40)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(draw, range(40)))
    assert together == alone


def test_panels_are_placed_in_reading_order() -> None:
    sizes = {1: (350, 210), 2: (700, 240), 4: (700, 450), 5: (1050, 450), 12: (1400, 660)}
    assert {count: Sheet([Square()] * count).size for count in sizes} == sizes
    figure = Sheet([Square()] * 4).figure([Square(title=name) for name in "abcd"])
    corners = {a.get_title(loc="left"): list(a.get_position().p0) for a in figure.axes}
    assert corners["a"][0] == corners["c"][0] < corners["b"][0] == corners["d"][0]
    assert corners["a"][1] == corners["b"][1] > corners["c"][1] == corners["d"][1]


def test_nothing_to_draw_says_why() -> None:
    own = blank("no column to draw", 2.0)
    assert (own.width, own.height, own.alt) == (700, 420, "no column to draw")
    assert (own.pixels < 200).any()


def test_pyplot_is_not_imported() -> None:
    modules = "densities", "alignment", "heatmaps", "projections"
    lines = [
        "import sys, pandas as pd",
        *(f"import synthproto.artifacts.plots.{name} as {name}" for name in modules),
        "from synthproto.data.spec import TableSpec",
        "from synthproto.data.pair import TablePair",
        "from synthproto.data.table import Table",
        "frame = pd.DataFrame({'x': [1.0, 2.0, 3.0], 'y': ['a', 'b', 'b']})",
        "table = Table(frame, TableSpec.infer(frame))",
        "picture = densities.PDF()(TablePair(table, table))",
        "picture.png(), picture.savefig(__import__('io').BytesIO(), format='pdf')",
        "heavy = {'matplotlib.pyplot', 'torch', 'sklearn', 'scipy.stats'}",
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)",
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
