"""Pictures: panels of arrays that become PNG, SVG, PDF or a matplotlib Figure.

A figure of many panels is slow in matplotlib because each panel is an Axes with ticks, labels and
a grid. What does not change between epochs, a panel's `Panel.backdrop`, is drawn once and kept by
a `Sheet`; each epoch draws only `Panel.overlay` over it. A Figure is drawn by the same two methods.
"""

import base64
import html
import io
import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any, Final, NamedTuple, final

import numpy as np
from matplotlib import rcParams, style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image
from typing_extensions import Protocol, runtime_checkable

from synthproto.drawing.style import (
    AXIS,
    GRID,
    MUTED,
    REAL,
    REAL_INK,
    SYNTHETIC,
    TEXT,
    WHITE,
    Style,
    text_style,
)
from synthproto.errors import ParameterError

CARD: Final = (350.0, 210.0)
"""Width and height of a panel in pixels: what TensorBoard's image cards, 350 wide, show sharply."""

FORMATS: Final = ("png", "svg", "pdf")
_HEADER: Final = 30.0
_LEGEND: Final[Style] = {
    "frameon": False,
    "borderaxespad": 0.0,
    "handlelength": 1.4,
    "columnspacing": 1.2,
    "labelspacing": 0.25,
    "fontsize": 10,
}
_NO_DATE: Final[dict[str, Style]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
_STYLE_LOCK: Final = threading.RLock()


class Margins(NamedTuple):
    """Room between the edges of a panel and its axes, in pixels."""

    left: float = 48.0
    right: float = 18.0
    bottom: float = 38.0
    top: float = 42.0


PANEL_MARGINS: Final = Margins()
"""Those of a panel with numbers along both axes."""


@runtime_checkable
class WritableBytes(Protocol):
    """An open binary file, as far as it is needed here."""

    def write(self, data: bytes, /) -> object: ...  # noqa: D102


@runtime_checkable
class Panel(Protocol):
    """Arrays and labels of one panel, and how they are drawn on axes."""

    @property
    def margins(self) -> Margins:
        """Room around the axes."""
        ...

    def backdrop(self, axes: Axes, /) -> None:
        """Draw what stays: limits, ticks, title and the real side."""
        ...

    def overlay(self, axes: Axes, /) -> Sequence[Artist]:
        """Draw the rest, and give what was drawn."""
        ...


@final
@dataclass(frozen=True, eq=False, repr=False)
class Sheet:
    """Places for panels, with the part of them that stays drawn once and kept.

    Safe to share between threads: a lock is held while one draws.

    Attributes:
        panels: At least one; what `Panel.backdrop` draws of them holds for all pictures.
        card: Width and height of a panel in pixels at scale 1.
        legend: Which side is which.
        caption: What the sheet shows, written at the top right of several panels.
        scale: Pixels of a picture per pixel of the sheet: 2 for print and sharp screens.
        indexed: Whether PNG files keep only the colours of `synthproto.drawing.style` and blends
            of two of them, which takes a tenth of the time and half of the size.
        across: Panels side by side; 0 for about as many as there are rows.
        sides: Room left and right of all panels in pixels.
    """

    panels: Sequence[Panel]
    card: tuple[float, float] = CARD
    legend: Sequence[Artist] = ()
    caption: str = ""
    scale: float = 1.0
    indexed: bool = True
    across: int = 0
    sides: tuple[float, float] = (0.0, 0.0)

    def __getstate__(self) -> dict[str, object]:
        # What is kept is no part of the value; it is made anew where the sheet is unpickled.
        return {own.name: getattr(self, own.name) for own in fields(self)}

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in pixels at scale 1."""
        rows, columns = self._grid
        header = _HEADER if len(self.panels) > 1 else 0.0
        return sum(self.sides) + self.card[0] * columns, self.card[1] * rows + header

    @property
    def _grid(self) -> tuple[int, int]:
        count = len(self.panels)
        columns = self.across or (count if count <= 3 else math.ceil(math.sqrt(count)))
        return math.ceil(count / columns), columns

    def figure(self, panels: Sequence[Panel]) -> Figure:
        """A new Figure with these panels drawn."""
        with _default_style():
            figure, axes = self._backdrop(panels)
            for own, panel in zip(axes, panels, strict=True):
                panel.overlay(own)
        return figure

    def pixels(self, panels: Sequence[Panel]) -> NDArray[np.uint8]:
        """The colours of a picture of these panels, shape ``(height, width, 4)``."""
        with _STYLE_LOCK:
            axes, canvas, background = self._kept
            canvas.restore_region(background)
            for own, panel in zip(axes, panels, strict=True):
                for artist in panel.overlay(own):
                    own.draw_artist(artist)
                    artist.remove()
            return np.array(canvas.buffer_rgba())

    def png(self, panels: Sequence[Panel]) -> bytes:
        """A picture of these panels as the bytes of a PNG file."""
        image = Image.fromarray(self.pixels(panels)).convert("RGB")
        if self.indexed:
            image = image.quantize(palette=_palette(), dither=Image.Dither.NONE)
        with io.BytesIO() as file:
            # The lowest compression: a fifth of the time for a fifth more bytes.
            image.save(file, "PNG", compress_level=1)
            return file.getvalue()

    @cached_property
    def _kept(self) -> tuple[list[Axes], Any, object]:
        """The panels' axes, a canvas, untyped in matplotlib, and what is on it without overlays."""
        with _default_style():
            figure, axes = self._backdrop(self.panels)
            canvas = _untyped(FigureCanvasAgg(figure))
            canvas.draw()
        return axes, canvas, canvas.copy_from_bbox(figure.bbox)

    def _backdrop(self, panels: Sequence[Panel]) -> tuple[Figure, list[Axes]]:
        (width, height), (rows, columns) = self.size, self._grid
        # At 72 dots an inch a point is a pixel, so fonts and lines are measured in pixels too.
        figure = Figure((width / 72, height / 72), dpi=72 * self.scale, facecolor=WHITE)
        axes = []
        for at, panel in enumerate(panels):
            left, right, bottom, top = panel.margins
            x = self.sides[0] + self.card[0] * (at % columns) + left
            y = self.card[1] * (rows - 1 - at // columns) + bottom
            room = self.card[0] - left - right, self.card[1] - bottom - top
            place = x / width, y / height, room[0] / width, room[1] / height
            axes.append(figure.add_axes(place, facecolor=WHITE))
            panel.backdrop(axes[-1])
        self._explain(figure)
        return figure, axes

    def _explain(self, figure: Figure) -> None:
        """Draw legend and caption."""
        width, height = self.size
        look: Style
        if len(self.panels) == 1:
            look = {"loc": "upper right", "bbox_to_anchor": (1, 1 - 2 / height), "ncols": 2}
        else:
            look = {"loc": "upper left", "bbox_to_anchor": (6 / width, 1), "ncols": 9}
            place = 1 - 14 / width, 1 - 19 / height
            figure.text(*place, self.caption, ha="right", **text_style())
        if self.legend:
            legend = figure.legend(handles=self.legend, **look, **_LEGEND)
            for text in legend.get_texts():
                text.set(**text_style(TEXT))


def _untyped(value: object) -> Any:
    return value


@contextmanager
def _default_style() -> Iterator[None]:
    """Matplotlib's settings as they come, whatever the user's are, which are global."""
    with _STYLE_LOCK, style.context("default"):
        # Names of parts of an SVG that are not random, and a kind of fonts that journals take.
        rcParams.update({"svg.hashsalt": "synthproto", "pdf.fonttype": 42})
        yield


@final
@dataclass(frozen=True, eq=False, repr=False)
class Picture:
    """A plot as a value: arrays and labels, drawn when it is saved or shown.

    Later epochs do not change it. Fits wherever a matplotlib ``Figure`` is only saved.

    Attributes:
        panels: The arrays and labels of each panel.
        sheet: Their places; shared with other pictures of the same real table.
        alt: What the picture shows, in words.
    """

    panels: Sequence[Panel]
    sheet: Sheet
    alt: str = ""

    @property
    def width(self) -> int:
        """Width of the PNG file in pixels."""
        return int(self.sheet.size[0] * self.sheet.scale)

    @property
    def height(self) -> int:
        """Height of the PNG file in pixels."""
        return int(self.sheet.size[1] * self.sheet.scale)

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """Colours as a new array of shape ``(height, width, 3)``, from 0 to 255."""
        return self.sheet.pixels(self.panels)[..., :3]

    def figure(self) -> Figure:
        """A new matplotlib Figure, to be changed before it is saved."""
        return self.sheet.figure(self.panels)

    def savefig(self, file: str | Path | WritableBytes, /, *, format: str | None = None) -> None:  # noqa: A002
        """Write the picture as PNG, SVG or PDF; the same picture gives the same bytes.

        Args:
            file: A path, or a file that is open for writing bytes.
            format: ``"png"``, ``"svg"`` or ``"pdf"``; by default the suffix of the path, and
                ``"png"`` where there is none.

        Raises:
            ParameterError: Another format was asked for.
        """
        suffix = Path(file).suffix[1:].lower() if isinstance(file, str | Path) else ""
        kind = format or suffix or "png"
        if kind not in FORMATS:
            raise ParameterError(f"Picture.savefig: format must be one of {FORMATS}; got {kind!r}.")
        data = self.png() if kind == "png" else self._vector(kind)
        if isinstance(file, str | Path):
            Path(file).write_bytes(data)
        else:
            file.write(data)

    def png(self) -> bytes:
        """The picture as the bytes of a PNG file."""
        return self.sheet.png(self.panels)

    def _vector(self, kind: str) -> bytes:
        with _default_style(), io.BytesIO() as file:
            self.figure().savefig(file, format=kind, metadata=_NO_DATE[kind])
            return file.getvalue()

    def _repr_png_(self) -> bytes:
        return self.png()

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.png()).decode("ascii")
        return f'<img alt="{html.escape(self.alt)}" src="data:image/png;base64,{data}">'

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Picture) and self.png() == other.png()

    def __hash__(self) -> int:
        """A number that equal pictures share."""
        return hash(self.png())

    def __repr__(self) -> str:
        return f"Picture({self.alt!r}, {self.width} x {self.height} px)"


@lru_cache(maxsize=1)
def _palette() -> Image.Image:
    """The inks and even blends of any two of them: what an indexed picture can show."""
    inks = [WHITE, TEXT, MUTED, GRID, AXIS, REAL, REAL_INK, SYNTHETIC]
    pure = [np.array(to_rgb(ink)) for ink in inks]
    blends = [a + (b - a) * k / 9 for a, b in combinations(pure, 2) for k in range(1, 9)]
    # Pillow's search for the nearest colour may miss an ink for a blend that is very close to it.
    apart = [one for one in blends if min(np.abs(one - ink).max() for ink in pure) > 0.03]
    colors = np.round(np.array([*pure, *apart]) * 255).astype(np.uint8)
    image = Image.new("P", (1, 1))
    image.putpalette(colors.tobytes())
    return image


def blank(text: str, scale: float = 1.0) -> Picture:
    """A picture of the size of a panel that says why there is nothing to see."""
    sheet = Sheet([_Blank(text)], scale=scale)
    return Picture(sheet.panels, sheet, text)


@final
@dataclass(frozen=True)
class _Blank:
    text: str
    margins: Margins = PANEL_MARGINS

    def backdrop(self, axes: Axes) -> None:
        axes.set_axis_off()
        axes.text(0.5, 0.5, self.text, ha="center", **text_style())

    def overlay(self, _axes: Axes) -> Sequence[Artist]:
        return []
