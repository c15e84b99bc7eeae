"""Sheets: many panels on one canvas, kept with the real side drawn, laid over again and again."""

import math
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias, final

import numpy as np
from PIL import Image
from typing_extensions import Protocol, runtime_checkable

from synthproto.artifacts.axes import CARD, Box
from synthproto.artifacts.drawing import Canvas
from synthproto.artifacts.fonts import text_width
from synthproto.artifacts.ink import REAL, TEXT, Ink, Label, Pen, rectangle
from synthproto.artifacts.panels import Look, Shares
from synthproto.artifacts.picture import Picture

Key: TypeAlias = Literal["area", "curve"]
"""How the legend shows the real side."""

_HEADER: Final = 30.0
_ROW: Final = 12.0
_LEGEND_WIDTH: Final = 120.0


@runtime_checkable
class Panel(Protocol):
    """A part of a sheet that draws the real side once and lays other tables over it."""

    @property
    def box(self) -> Box:
        """Place on the sheet."""
        ...

    def backdrop(self, ink: Ink, real: Shares, /) -> None:
        """Draw what stays."""
        ...

    def overlay(self, ink: Ink, shares: Shares, look: Look, /) -> None:
        """Draw another table."""
        ...


def grid(count: int) -> tuple[Box, list[Box]]:
    """Places of panels in reading order, on a sheet about as wide as a screen.

    Args:
        count: Number of panels, at least 1.

    Returns:
        The whole sheet, with room for a legend at its top, and the panels' places.
    """
    width, height = CARD
    across = count if count <= 3 else math.ceil(math.sqrt(count))
    down = math.ceil(count / across)
    boxes = [
        Box(width * (place % across), height * (down - 1 - place // across), width, height)
        for place in range(count)
    ]
    return Box(0.0, 0.0, width * across, height * down + _HEADER), boxes


@final
class Sheet:
    """Panels with their real side drawn: the part of a plot that lasts as long as the real table.

    Args:
        canvas: A fresh canvas that has room for the panels and the header.
        size: The whole sheet, of `grid`.
        panels: At least one.
        real: The real side, one for each panel.
        key: How the legend shows the real side.
        caption: What the plot shows, written at the top right.
        scale: Of the canvas.
    """

    def __init__(
        self,
        canvas: Canvas,
        size: Box,
        panels: Sequence[Panel],
        real: Sequence[Shares],
        *,
        key: Key,
        caption: str,
        scale: float = 1.0,
    ) -> None:
        self._canvas, self._size, self._panels = canvas, size, tuple(panels)
        self._key: Key = key
        self._scale = scale
        ink = Ink()
        for panel, shares in zip(panels, real, strict=True):
            panel.backdrop(ink, shares)
        canvas.freeze(ink)
        self._caption = Label(size.right - 14, size.top - 19, caption, align="right")
        self._stamps: dict[tuple[Look, ...], Image.Image] = {}

    @property
    def panels(self) -> tuple[Panel, ...]:
        """The panels, in reading order."""
        return self._panels

    def picture(self, layers: Sequence[tuple[Look, Sequence[Shares]]]) -> Picture:
        """The whole sheet with tables laid over the real side.

        Args:
            layers: How each table is drawn and its shares, one for each panel; the last on top.
        """
        ink = self._overlays(layers)
        looks = tuple(look for look, _ in layers)
        _legend(ink, 14.0, self._size.top - 19, self._key, looks, one_row=True)
        ink.label(self._caption)
        return Picture(self._canvas.image(ink))

    def cards(self, layers: Sequence[tuple[Look, Sequence[Shares]]]) -> list[Picture]:
        """Each panel as a picture of its own, with its own legend.

        Args:
            layers: As for `picture`.
        """
        image = self._canvas.image(self._overlays(layers))
        stamp = self._stamp(tuple(look for look, _ in layers))
        return [Picture(self._card(image, panel.box, stamp)) for panel in self._panels]

    def _overlays(self, layers: Sequence[tuple[Look, Sequence[Shares]]]) -> Ink:
        ink = Ink()
        for look, tables in layers:
            for panel, shares in zip(self._panels, tables, strict=True):
                panel.overlay(ink, shares, look)
        return ink

    def _card(self, image: Image.Image, box: Box, stamp: Image.Image) -> Image.Image:
        left, right = (round(edge * self._scale) for edge in (box.left, box.right))
        upper, lower = (
            round((self._size.top - edge) * self._scale) for edge in (box.top, box.bottom)
        )
        card = image.crop((left, upper, right, lower))
        card.paste(stamp, (card.width - stamp.width, 0))
        return card

    def _stamp(self, looks: tuple[Look, ...]) -> Image.Image:
        if looks not in self._stamps:
            height = 9 + _ROW * max(1, len(looks))
            canvas = Canvas(_LEGEND_WIDTH, height, scale=self._scale)
            ink = Ink()
            _legend(ink, 2.0, height - 16, self._key, looks, one_row=False)
            self._stamps[looks] = canvas.image(ink)
        return self._stamps[looks]


def _legend(
    ink: Ink,
    left: float,
    y: float,
    key: Key,
    looks: Sequence[Look],
    *,
    one_row: bool,
) -> None:
    """Write which side is which; the last look, the synthetic one, follows the real side."""
    x = left
    if key == "area":
        ink.box(REAL, x, y - 1, 12, 9)
    else:
        ink.line(Pen(REAL, 5.0), np.array([(x, y + 3.5), (x + 14, y + 3.5)]))
    for look in (None, *reversed(looks)):
        name = Label(x + 17, y, "real" if look is None else look.name, color=TEXT)
        if look is not None and key == "area" and look.spoken:
            ink.line(look.pen, rectangle(x, y - 1, 12, 9))
        elif look is not None:
            ink.line(look.pen, np.array([(x, y + 3.5), (x + 14, y + 3.5)]))
        ink.label(name)
        x += 17 + text_width(name.text, name.size) + 10
        if look is not None and not one_row:
            x, y = left, y - _ROW
