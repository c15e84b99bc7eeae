"""Drawing by hand on matplotlib's Agg canvas: ink in, an immutable picture out.

A figure of many small panels is slow in matplotlib because every panel is an Axes with ticks,
spines and a layout. Here a `Canvas` is a bare ``Figure`` whose unit is the pixel. What does not
change between epochs is drawn once and kept (`Canvas.freeze`); later only the rest is drawn over
it, a handful of compound paths for the whole sheet (`Canvas.image`).
"""

import io
import math
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import final

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import FigureImage
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from matplotlib.transforms import Affine2D, BboxBase
from numpy.typing import NDArray
from PIL import Image
from typing_extensions import Protocol, runtime_checkable

from synthproto.drawing.ink import (
    AXIS,
    GRID,
    MUTED,
    REAL,
    REAL_INK,
    SYNTHETIC,
    TEXT,
    WHITE,
    Dot,
    Ink,
    Label,
    Pen,
    Pixels,
    Points,
    font,
    printable,
    text_width,
)
from synthproto.errors import ParameterError

_BLENDS: tuple[tuple[str, str, int], ...] = (
    (WHITE, TEXT, 20),
    (WHITE, MUTED, 16),
    (WHITE, SYNTHETIC, 20),
    (WHITE, REAL_INK, 16),
    (WHITE, REAL, 10),
    (WHITE, GRID, 4),
    (WHITE, AXIS, 4),
    (REAL, SYNTHETIC, 20),
    (REAL, TEXT, 16),
    (REAL, REAL_INK, 10),
    (GRID, SYNTHETIC, 10),
    (GRID, TEXT, 10),
    (TEXT, SYNTHETIC, 8),
    (REAL_INK, SYNTHETIC, 10),
)


@runtime_checkable
class WritableBytes(Protocol):
    """An open binary file, as far as it is needed here."""

    def write(self, data: bytes, /) -> object:
        """Write all bytes."""
        ...


@final
class Picture:
    """A finished image: immutable, small, quick to write as PNG.

    Fits wherever a matplotlib ``Figure`` is only saved. Notebooks show it as it is.

    Args:
        image: The image, in mode ``"P"`` or ``"RGB"``; the picture keeps a copy.
    """

    __slots__ = ("_image",)

    def __init__(self, image: Image.Image) -> None:
        self._image = image.copy()

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self._image.width

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self._image.height

    @property
    def pixels(self) -> Pixels:
        """Colours as a new array of shape ``(height, width, 3)``, from 0 to 255."""
        return np.array(self._image.convert("RGB"), dtype=np.uint8)

    def savefig(self, file: str | Path | WritableBytes, /, *, format: str = "png") -> None:  # noqa: A002
        """Write the image as PNG.

        Args:
            file: A path, or a file that is open for writing bytes.
            format: Only ``"png"``; the parameter has the name that matplotlib gave it.

        Raises:
            ParameterError: Another format was asked for.
        """
        if format != "png":
            raise ParameterError(f"Picture.savefig: format must be 'png'; got {format!r}.")
        if isinstance(file, str | Path):
            Path(file).write_bytes(self.png())
        else:
            file.write(self.png())

    def png(self) -> bytes:
        """The image as the bytes of a PNG file."""
        with io.BytesIO() as file:
            # The lowest compression: a fifth of the time for a fifth more bytes.
            self._image.save(file, "PNG", compress_level=1)
            return file.getvalue()

    def _repr_png_(self) -> bytes:
        return self.png()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Picture) and np.array_equal(self.pixels, other.pixels)

    def __repr__(self) -> str:
        return f"Picture({self.width} x {self.height} px)"


@lru_cache(maxsize=1)
def palette() -> Pixels:
    """The inks and their blends, shape ``(256, 3)``: what an indexed picture can show."""
    pure = [WHITE, TEXT, MUTED, GRID, AXIS, REAL, REAL_INK, SYNTHETIC]
    colors = [to_rgb(color) for color in pure]
    for under, over, steps in _BLENDS:
        shares = np.arange(1, steps)[:, None] / steps
        blend = (1 - shares) * np.array(to_rgb(under)) + shares * np.array(to_rgb(over))
        colors += [(float(r), float(g), float(b)) for r, g, b in blend]
    table = np.full((256, 3), 255, dtype=np.uint8)
    table[: len(colors)] = np.round(np.array(colors) * 255)
    table.flags.writeable = False
    return table


def palette_indices(colors: NDArray[np.uint32]) -> Pixels:
    """Nearest palette colour of pixels given as one 32-bit number (R lowest), same shape."""
    # 5, 6 and 5 bits of red, green and blue: few enough to look each used colour up once.
    keys = (colors >> 3 & 0x1F) << 11 | (colors >> 10 & 0x3F) << 5 | colors >> 19 & 0x1F
    used = np.flatnonzero(np.bincount(keys.ravel(), minlength=1 << 16))
    table = np.zeros(1 << 16, dtype=np.uint8)
    table[used] = _nearest(used)
    known = palette().astype(np.int64)
    exact = known[:, 0] >> 3 << 11 | known[:, 1] >> 2 << 5 | known[:, 2] >> 3
    # Pure inks come first in the palette: written last, they win their own key.
    table[exact[::-1]] = np.arange(len(known))[::-1]
    indices: Pixels = table[keys]
    return indices


def _nearest(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    red, green, blue = keys >> 11, keys >> 5 & 0x3F, keys & 0x1F
    exact = np.stack([red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2], axis=1)
    difference = exact[:, None, :].astype(np.int32) - palette()[None].astype(np.int32)
    nearest: NDArray[np.int64] = np.square(difference).sum(axis=2).argmin(axis=1)
    return nearest


_ALIGN = {"left": 0.0, "center": 0.5, "right": 1.0}
# Height of capitals of DejaVu Sans as a share of the font's size.
_CAPITALS = 0.73


@runtime_checkable
class _Agg(Protocol):
    """The methods of ``FigureCanvasAgg`` that are used here, which matplotlib leaves untyped."""

    def draw(self) -> None: ...
    def get_renderer(self) -> RendererBase: ...
    def copy_from_bbox(self, bbox: BboxBase) -> object: ...
    def restore_region(self, region: object) -> None: ...
    def buffer_rgba(self) -> memoryview: ...


def _agg(figure: Figure) -> _Agg:
    return FigureCanvasAgg(figure)


@final
class Canvas:
    """A white sheet, measured in pixels, that can keep what is on it as a background.

    Safe to share between threads: drawing holds a lock.

    Args:
        width: Width in pixels at scale 1.
        height: Height in pixels at scale 1.
        scale: Pixels of the picture per pixel of the sheet: 2 for print and sharp screens.
        indexed: Whether pictures are reduced to the palette of this module's inks (a third of the
            size and of the time); colours from elsewhere need ``False``.
    """

    def __init__(
        self, width: float, height: float, *, scale: float = 1.0, indexed: bool = True
    ) -> None:
        # At 72 dots an inch a point is a pixel, so fonts and lines are measured in pixels too.
        self._figure = Figure(figsize=(width / 72, height / 72), dpi=72 * scale, facecolor=WHITE)
        self._agg = _agg(self._figure)
        self._agg.draw()
        self._transform = Affine2D().scale(scale)
        self._scale = scale
        self._lock = threading.Lock()
        self._colors = self._buffer().copy()
        # White is the first colour of the palette.
        self._indices = np.zeros(self._colors.shape, dtype=np.uint8) if indexed else None
        self._background = self._agg.copy_from_bbox(self._figure.bbox)

    def freeze(self, ink: Ink) -> None:
        """Draw on the background and keep the result as the new one."""
        with self._lock:
            self._agg.restore_region(self._background)
            self._draw(ink)
            self._indices = self._indexed()
            self._colors = self._buffer().copy()
            self._background = self._agg.copy_from_bbox(self._figure.bbox)

    def image(self, ink: Ink) -> Image.Image:
        """Draw on the background, which stays as it is."""
        with self._lock:
            self._agg.restore_region(self._background)
            self._draw(ink)
            indices = self._indexed()
            if indices is None:
                return Image.fromarray(np.asarray(self._agg.buffer_rgba())[..., :3].copy())
        image = Image.fromarray(indices)
        image.putpalette(palette().tobytes())
        return image

    def _buffer(self) -> NDArray[np.uint32]:
        """The canvas as one 32-bit number a pixel, shape ``(height, width)``; a view."""
        return np.asarray(self._agg.buffer_rgba()).view(np.uint32)[..., 0]

    def _indexed(self) -> Pixels | None:
        """Palette indices of the canvas; only what is not as in the background is looked up."""
        if self._indices is None:
            return None
        now, indices = self._buffer(), self._indices.copy()
        changed = now != self._colors
        indices[changed] = palette_indices(now[changed])
        return indices

    def _draw(self, ink: Ink) -> None:
        renderer = self._agg.get_renderer()
        for artist in self._artists(ink):
            artist.set_figure(self._figure)
            artist.draw(renderer)
        self._write(renderer, ink.labels)

    def _artists(self, ink: Ink) -> list[PathPatch | FigureImage | Line2D]:
        under = {pen: lines for pen, lines in ink.lines.items() if pen.under}
        over = {pen: lines for pen, lines in ink.lines.items() if not pen.under}
        return [
            *(self._line(pen, lines) for pen, lines in under.items()),
            *(self._area(color, polygons) for color, polygons in ink.areas.items()),
            *(self._pasted(*image) for image in ink.images),
            *(self._line(pen, lines) for pen, lines in over.items()),
            *(self._dots(dot, points) for dot, points in ink.dots.items()),
        ]

    def _area(self, color: str, polygons: Sequence[Points]) -> PathPatch:
        artist = PathPatch(_compound(polygons), facecolor=color, linewidth=0, snap=True)
        artist.set_transform(self._transform)
        return artist

    def _line(self, pen: Pen, lines: Sequence[Points]) -> PathPatch:
        artist = PathPatch(
            _compound(lines),
            fill=False,
            edgecolor=pen.color,
            linewidth=pen.width,
            linestyle=(0, pen.dashes) if pen.dashes else "solid",
            snap=pen.crisp,
            joinstyle="miter",
            capstyle="butt",
        )
        artist.set_transform(self._transform)
        return artist

    def _dots(self, dot: Dot, points: Sequence[Points]) -> Line2D:
        xy = np.concatenate(points)
        artist = Line2D(
            xy[:, 0],
            xy[:, 1],
            linestyle="none",
            marker="o",
            markersize=dot.size,
            markerfacecolor=dot.color,
            markeredgecolor=dot.edge or dot.color,
            markeredgewidth=1.0 if dot.edge else 0.0,
            alpha=dot.alpha,
        )
        artist.set_transform(self._transform)
        return artist

    def _pasted(self, place: Points, cells: Pixels) -> FigureImage:
        left, bottom, width, height = np.round(place * self._scale).astype(int).tolist()
        rows = np.arange(height) * len(cells) // max(height, 1)
        columns = np.arange(width) * cells.shape[1] // max(width, 1)
        artist = FigureImage(self._figure, offsetx=left, offsety=bottom, origin="upper")
        artist.set_data(cells[rows][:, columns])
        return artist

    def _write(self, renderer: RendererBase, labels: Sequence[Label]) -> None:
        # Straight to the renderer: a Text artist would lay each label out twice.
        context = renderer.new_gc()
        height = self._figure.bbox.height
        for label in labels:
            text = printable(label.text)
            start = text_width(text, label.size, bold=label.bold) * _ALIGN[label.align]
            sink = label.size * _CAPITALS / 2 if label.valign == "middle" else 0.0
            angle = math.radians(label.angle)
            x = label.x - start * math.cos(angle) + sink * math.sin(angle)
            y = label.y - start * math.sin(angle) - sink * math.cos(angle)
            context.set_foreground(label.color)
            renderer.draw_text(
                context,
                round(x * self._scale),
                round(height - y * self._scale),
                text,
                font(label.size, label.bold),
                label.angle,
            )
        context.restore()


def _compound(polylines: Sequence[Points]) -> Outline:
    """One path of several disjoint lines: drawing it costs one call."""
    codes = np.full(sum(map(len, polylines)), Outline.LINETO, dtype=np.uint8)
    starts = np.cumsum([0, *map(len, polylines)])[:-1]
    codes[starts[starts < len(codes)]] = Outline.MOVETO
    return Outline(np.concatenate(polylines), codes)
