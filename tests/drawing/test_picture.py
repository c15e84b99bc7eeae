"""Canvas, ink, pictures and fonts: what is drawn is what was asked for, and nothing is lost."""

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from synthproto.contracts import Drawing
from synthproto.drawing.canvas import Canvas, Picture, palette, palette_indices
from synthproto.drawing.ink import (
    REAL,
    SYNTHETIC,
    TEXT,
    WHITE,
    Dot,
    Ink,
    Label,
    Pen,
    Pixels,
    distinct,
    printable,
    rectangle,
    shortened,
    text_width,
)
from synthproto.errors import ParameterError


def pixels(canvas: Canvas, ink: Ink) -> Pixels:
    return Picture(canvas.image(ink)).pixels


def rgb(color: str) -> list[int]:
    return [int(color[at : at + 2], 16) for at in (1, 3, 5)]


def some_ink() -> Ink:
    ink = Ink()
    ink.box(REAL, 10, 10, 40, 20)
    ink.line(Pen(SYNTHETIC, 2.0), np.array([(5.0, 5.0), (60.0, 40.0)]))
    ink.line(Pen(TEXT, 1.0, (3.0, 2.0), crisp=False), np.array([(5.0, 40.0), (90.0, 12.0)]))
    ink.dot(Dot(SYNTHETIC, 6.0), np.array([(70.0, 20.0), (80.0, 30.0)]))
    ink.label(Label(12, 32, "$x^2$ a_b", TEXT))
    return ink


def test_picture_is_a_drawing_and_round_trips_through_png(tmp_path: Path) -> None:
    picture = Picture(Canvas(100, 50).image(some_ink()))
    assert isinstance(picture, Drawing)
    with io.BytesIO() as file:
        picture.savefig(file, format="png")
        read = np.array(Image.open(file).convert("RGB"))
    np.testing.assert_array_equal(read, picture.pixels)
    picture.savefig(tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes() == picture.png() == picture._repr_png_()
    assert (picture.width, picture.height) == (100, 50)
    assert repr(picture) == "Picture(100 x 50 px)"


def test_picture_does_not_change_with_what_it_was_made_of() -> None:
    image = Canvas(100, 50).image(some_ink())
    picture = Picture(image)
    before = picture.png()
    image.paste(0, (0, 0, 100, 50))
    picture.pixels[:] = 0
    assert picture.png() == before
    assert picture == Picture(Canvas(100, 50).image(some_ink()))
    assert picture != Picture(Canvas(100, 50).image(Ink()))


def test_only_png_is_written() -> None:
    picture = Picture(Canvas(10, 10).image(Ink()))
    with pytest.raises(ParameterError, match="'png'; got 'svg'"):
        picture.savefig(io.BytesIO(), format="svg")


@pytest.mark.parametrize("indexed", [True, False])
@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_drawing_over_a_kept_background_is_drawing_everything(scale: float, indexed: bool) -> None:
    under, over = Ink(), Ink()
    under.box(REAL, 10, 10, 40, 20)
    under.label(Label(12, 32, "under", TEXT))
    over.line(Pen(SYNTHETIC, 2.0), rectangle(20, 5, 50, 30))
    over.label(Label(55, 12, "over", SYNTHETIC))
    kept = Canvas(100, 50, scale=scale, indexed=indexed)
    kept.freeze(under)
    fresh = Canvas(100, 50, scale=scale, indexed=indexed)
    fresh.freeze(under)
    fresh.freeze(over)
    first = pixels(kept, over)
    np.testing.assert_array_equal(first, pixels(fresh, Ink()))
    # The background is as it was, and another epoch sees nothing of this one.
    pixels(kept, some_ink())
    np.testing.assert_array_equal(first, pixels(kept, over))


def test_inks_keep_their_colours_and_blends_are_close() -> None:
    indexed = pixels(Canvas(100, 50), some_ink())
    exact = pixels(Canvas(100, 50, indexed=False), some_ink())
    assert np.abs(indexed.astype(int) - exact.astype(int)).mean() < 1.0
    assert np.abs(indexed.astype(int) - exact.astype(int)).max() <= 60
    assert indexed[49 - 12, 45].tolist() == rgb(REAL)
    assert indexed[0, 0].tolist() == rgb(WHITE)


def test_every_palette_colour_is_its_own_nearest() -> None:
    table = palette().astype(np.uint32)
    colors = table[:, 0] | table[:, 1] << 8 | table[:, 2] << 16
    shown = palette()[palette_indices(colors.astype(np.uint32))].astype(int)
    # Colours share a key of 5, 6 and 5 bits; within it they are at most so far apart.
    assert np.abs(shown - palette().astype(int)).max() <= 8
    assert palette().shape == (256, 3)


def test_text_is_never_mathematics() -> None:
    def width_of(text: str) -> int:
        ink = Ink()
        ink.label(Label(5, 20, text, TEXT))
        dark = (pixels(Canvas(300, 40), ink) < 128).any(axis=(0, 2))
        columns = np.flatnonzero(dark)
        return int(columns[-1] - columns[0])

    for text in ["$x^2$", r"\alpha_{i}", "a_b^c", "plain text"]:
        assert abs(width_of(text) - text_width(text, 10.0)) < 5, text


@pytest.mark.parametrize("text", ["short", "a much longer name than fits in", "", "ñ" * 99])
def test_shortened_text_fits(text: str) -> None:
    for tail in (0, 4):
        short = shortened(text, 80.0, 10.0, tail=tail)
        assert text_width(short, 10.0) <= 80.0
        assert short == text if text_width(text, 10.0) <= 80.0 else "…" in short


def test_names_that_would_look_alike_are_cut_in_the_middle() -> None:
    names = distinct([f"category number {i}" for i in (145, 146)] + ["other"], 80.0, 10.0)
    assert len(set(names)) == 3
    assert names[0].endswith("145")


def test_unprintable_characters_become_boxes_without_a_warning(
    recwarn: pytest.WarningsRecorder,
) -> None:
    assert printable("a\nb\tc") == "a b c"
    assert printable("\U0010fffd") == "□"
    ink = Ink()
    ink.label(Label(5, 20, "日本語 \U0010fffd \x00 😀 ", TEXT))
    pixels(Canvas(200, 40), ink)
    assert not recwarn.list


def test_images_are_pasted_cell_by_cell() -> None:
    cells = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [9, 9, 9]]], dtype=np.uint8)
    ink = Ink()
    ink.image(cells, 4, 2, 20, 10)
    for scale in (1.0, 2.0):
        shown = pixels(Canvas(40, 20, scale=scale, indexed=False), ink)
        top, bottom = int(10 * scale), int(16 * scale)
        left, right = int(6 * scale), int(20 * scale)
        assert shown[top, left].tolist() == [255, 0, 0]
        assert shown[top, right].tolist() == [0, 255, 0]
        assert shown[bottom, left].tolist() == [0, 0, 255]
        assert shown[bottom, right].tolist() == [9, 9, 9]


def test_threads_share_a_canvas() -> None:
    canvas = Canvas(100, 50)

    def draw(place: int) -> bytes:
        ink = Ink()
        ink.box(SYNTHETIC, place, 0, 5, 50)
        return Picture(canvas.image(ink)).png()

    alone = [draw(place) for place in range(40)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(draw, range(40)))
    assert together == alone


def test_pyplot_is_not_imported() -> None:
    modules = "densities", "alignment", "heatmaps", "projections"
    lines = [
        "import sys, pandas as pd",
        *(f"import synthproto.artifacts.plots.{name} as {name}" for name in modules),
        "from synthproto.data.spec import TableSpec",
        "from synthproto.data.table import Table, TablePair",
        "frame = pd.DataFrame({'x': [1.0, 2.0, 3.0], 'y': ['a', 'b', 'b']})",
        "table = Table(frame, TableSpec.infer(frame))",
        "densities.PDF()(TablePair(table, table)).png()",
        "heavy = {'matplotlib.pyplot', 'torch', 'sklearn', 'scipy.stats'}",
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)",
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
