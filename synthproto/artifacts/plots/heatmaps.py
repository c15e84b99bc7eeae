"""Heat maps of association matrices: real, synthetic, and what lies between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthproto.artifacts.associations import Association
from synthproto.data.table import Table, TablePair
from synthproto.drawing.axes import CARD
from synthproto.drawing.canvas import Canvas, Picture
from synthproto.drawing.ink import (
    GRID,
    MUTED,
    TEXT,
    WHITE,
    Ink,
    Label,
    Pen,
    Pixels,
    rectangle,
    shortened,
    text_width,
)
from synthproto.drawing.sheets import blank
from synthproto.errors import ParameterError

# From -1 over 0 to 1: orange to blue, which the colour-blind tell apart, even in lightness.
_ANCHORS: Final = ("#8C4A00", "#D98B3A", "#F6DCC0", "#FFFFFF", "#CBDFF0", "#5B9BD0", "#0F4C81")
_DARK = 0.62
_FRAME: Final = Pen(GRID)
# Cells of this size have room for a number; up to so many columns get such cells.
_NUMBERED, _NUMBERED_CELL = 10, 28.0
# Up to so many columns every name has room beside its row; wider tables get a fixed size.
_NAMED, _PLAIN_SIDE = 32, 310.0
_LABEL, _LABEL_ALONE, _FONT = 92.0, 80.0, 10.0
_HEADER, _GAP, _BAR = 30.0, 22.0, 40.0


@final
@dataclass(frozen=True)
class CorrelationHeatmapJuxtaposition:
    """Association matrices side by side: real, synthetic, synthetic minus real.

    All share one scale from -1 (orange) over 0 (white) to 1 (blue); differences beyond it are
    drawn as its end. With a holdout, holdout minus real follows: how much of the difference is
    noise. Up to 10 columns the cells hold their numbers.

    Attributes:
        association: How each pair of columns is measured.
        scale: Pixels of the picture per pixel of the sheet, 0.5 to 4; 2 for print.
        name: Tag.

    Raises:
        ParameterError: The scale is out of range.
    """

    association: Association = field(default_factory=Association)
    scale: float = 1.0
    name: str = "visual/correlation"

    def __post_init__(self) -> None:
        _check(self.scale)

    def __call__(self, pair: TablePair, /) -> Picture:
        """Draw; the part of the real table is kept with it."""
        if not len(pair.real.get(self.association)):
            return blank("no column to draw", self.scale)
        matrices = differences(pair, self.association)
        titles = ("real", *matrices)
        board = pair.real.get(_BoardOf(self.association, titles, self.scale))
        return board.picture([None, *matrices.values()])


@final
@dataclass(frozen=True)
class CorrelationHeatmaps:
    """The matrices of `CorrelationHeatmapJuxtaposition`, a picture each, 350 pixels wide.

    Attributes:
        association: How each pair of columns is measured.
        scale: Pixels of a picture per pixel of the sheet, 0.5 to 4; 2 for print.
        name: Tag; the pictures are ``real``, ``synthetic``, ``synthetic_minus_real`` and, with a
            holdout, ``holdout_minus_real``.

    Raises:
        ParameterError: The scale is out of range.
    """

    association: Association = field(default_factory=Association)
    scale: float = 1.0
    name: str = "visual_correlation"

    def __post_init__(self) -> None:
        _check(self.scale)

    def __call__(self, pair: TablePair, /) -> Mapping[str, Picture]:
        """Draw; empty if there is no column with an association."""
        real = pair.real.get(self.association).to_numpy(dtype=np.float64)
        if not len(real):
            return {}
        matrices = {"real": real, **differences(pair, self.association)}
        return {
            title.replace(" - ", "_minus_"): self._picture(pair.real, title, matrix)
            for title, matrix in matrices.items()
        }

    def _picture(self, real: Table, title: str, matrix: NDArray[np.float64]) -> Picture:
        return real.get(_BoardOf(self.association, (title,), self.scale)).picture([matrix])


def differences(pair: TablePair, association: Association) -> dict[str, NDArray[np.float64]]:
    """What is shown beside the real matrix, by title; each of shape ``(d, d)``."""
    real, synthetic = (
        table.get(association).to_numpy(dtype=np.float64) for table in (pair.real, pair.synthetic)
    )
    matrices = {"synthetic": synthetic, "synthetic - real": synthetic - real}
    if pair.holdout is not None:
        holdout = pair.holdout.get(association).to_numpy(dtype=np.float64)
        matrices["holdout - real"] = holdout - real
    return matrices


def colors_of(matrix: NDArray[np.float64]) -> Pixels:
    """Colours of values in [-1, 1], shape ``(rows, columns, 3)``; clipped outside."""
    anchors = np.array([[int(name[at : at + 2], 16) for at in (1, 3, 5)] for name in _ANCHORS])
    places = np.linspace(-1.0, 1.0, len(anchors))
    channels = [np.interp(matrix, places, anchors[:, channel]) for channel in range(3)]
    return np.round(np.stack(channels, axis=-1)).astype(np.uint8)


@final
@dataclass(frozen=True)
class _BoardOf:
    """The board of a real table; kept with it by ``Table.get``."""

    association: Association
    titles: tuple[str, ...]
    scale: float

    def __call__(self, real: Table) -> "Board":
        return Board(real.get(self.association), self.titles, self.scale)


@final
class Board:
    """Places for square matrices of the same columns, with names, a colour scale, the real one.

    Args:
        real: The real matrix, labelled; at least one column.
        titles: One for each matrix.
        scale: Pixels of the picture per pixel of the sheet.
    """

    def __init__(self, real: pd.DataFrame, titles: Sequence[str], scale: float) -> None:
        names = [str(name) for name in real.columns]
        alone = len(titles) == 1
        shown = [shortened(name, _LABEL_ALONE if alone else _LABEL, _FONT) for name in names]
        self._left = self._bottom = max(text_width(text, _FONT) for text in shown) + 18
        self._count = len(names)
        room = CARD[0] - self._left - _GAP - _BAR
        self._cell = _cell_alone(self._count, room) if alone else _cell_size(self._count)
        self._side = self._cell * self._count
        width = self._left + (self._side + _GAP) * len(titles) + _BAR
        width = max(width, CARD[0]) if alone else width
        self._height = max(self._bottom + self._side + _HEADER, 120.0)
        self._canvas = Canvas(width, self._height, scale=scale, indexed=False)
        ink = Ink()
        self._lay_out(ink, shown, titles, width)
        self._draw(ink, 0, real.to_numpy(dtype=np.float64))
        self._canvas.freeze(ink)

    def picture(self, matrices: Sequence[NDArray[np.float64] | None]) -> Picture:
        """The matrices in their places; where there is ``None`` the real one stays."""
        ink = Ink()
        for place, matrix in enumerate(matrices):
            if matrix is not None:
                self._draw(ink, place, matrix)
        return Picture(self._canvas.image(ink))

    def _corner(self, place: int) -> float:
        return self._left + place * (self._side + _GAP)

    def _lay_out(self, ink: Ink, names: Sequence[str], titles: Sequence[str], width: float) -> None:
        # Where cells are lower than letters, only every so-manieth name has room.
        stride = max(1, int(np.ceil(11.0 / self._cell)))
        top = self._bottom + self._side
        for at in range(0, self._count, stride):
            y = top - (at + 0.5) * self._cell
            ink.label(Label(self._left - 6, y, names[at], TEXT, _FONT, "right", "middle"))
        for place, title in enumerate(titles):
            x = self._corner(place)
            bold = shortened(title, max(self._side, 110.0), 12.0, bold=True)
            ink.label(Label(x, top + 10, bold, TEXT, 12.0, bold=True))
            for at in range(0, self._count, stride):
                anchor = (x + (at + 0.5) * self._cell, self._bottom - 6, names[at])
                ink.label(Label(*anchor, TEXT, _FONT, "right", "middle", angle=90.0))
        self._color_bar(ink, width - _BAR, top)

    def _color_bar(self, ink: Ink, left: float, top: float) -> None:
        height = max(min(self._side, 160.0), 60.0)
        ramp = np.linspace(1.0, -1.0, 101)[:, None]
        ink.image(colors_of(ramp), left, top - height, 10.0, height)
        for value in (-1, 0, 1):
            y = top - height / 2 * (1 - value)
            ink.label(Label(left + 15, y, str(value), MUTED, 10.0, "left", "middle"))

    def _draw(self, ink: Ink, place: int, matrix: NDArray[np.float64]) -> None:
        left = self._corner(place)
        ink.image(colors_of(matrix), left, self._bottom, self._side, self._side)
        if self._cell >= 8:
            self._rules(ink, left)
        ink.line(_FRAME, rectangle(left, self._bottom, self._side, self._side))
        if self._cell >= _NUMBERED_CELL:
            self._numbers(ink, left, matrix)

    def _rules(self, ink: Ink, left: float) -> None:
        for at in range(1, self._count):
            x, y = left + at * self._cell, self._bottom + at * self._cell
            ink.line(Pen(WHITE), np.array([(x, self._bottom), (x, self._bottom + self._side)]))
            ink.line(Pen(WHITE), np.array([(left, y), (left + self._side, y)]))

    def _numbers(self, ink: Ink, left: float, matrix: NDArray[np.float64]) -> None:
        top = self._bottom + self._side
        for (row, column), value in np.ndenumerate(matrix):
            x, y = left + (column + 0.5) * self._cell, top - (row + 0.5) * self._cell
            color = WHITE if abs(value) > _DARK else TEXT
            ink.label(Label(x, y, _cell_text(float(value)), color, 9.0, "center", "middle"))


def _cell_text(value: float) -> str:
    """Two decimals without the leading zero: ``.25``, ``-.30``, ``1``, ``0``."""
    text = f"{value:.2f}".replace("0.", ".", 1)
    return {".00": "0", "-.00": "0"}.get(text, text.removesuffix(".00"))


def _cell_size(count: int) -> float:
    if count <= _NUMBERED:
        return max(_NUMBERED_CELL, min(60.0, float(round(180 / count))))
    readable = 12.0 if count <= _NAMED else 1.0
    return float(max(1, round(min(20.0, max(_PLAIN_SIDE / count, readable)))))


def _cell_alone(count: int, room: float) -> float:
    """Cells of a matrix in a picture of its own, which is to be as wide as a card."""
    return float(min(48, max(3, room // count)))


def _check(scale: float) -> None:
    if not 0.5 <= scale <= 4:
        raise ParameterError(f"heat map: scale must be from 0.5 to 4; got {scale}.")
