"""Sheets: many panels on one canvas, kept with the real side drawn, laid over again and again."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Generic, Literal, TypeAlias, final

import numpy as np
from PIL import Image
from typing_extensions import Protocol, TypeVar, runtime_checkable

from synthproto.drawing.axes import CARD, Box
from synthproto.drawing.canvas import Canvas, Picture
from synthproto.drawing.ink import MUTED, REAL, TEXT, Dot, Ink, Label, Pen, rectangle, text_width
from synthproto.drawing.panels import Look

Side_contra = TypeVar("Side_contra", contravariant=True)
Side = TypeVar("Side")

Mark: TypeAlias = Literal["area", "band", "dots"]
"""How the legend shows the real side."""

_HEADER: Final = 30.0
_ROW: Final = 12.0
_LEGEND_WIDTH: Final = 128.0


@runtime_checkable
class Panel(Protocol[Side_contra]):
    """A part of a sheet that draws the real side once and lays other tables over it."""

    @property
    def box(self) -> Box:
        """Place on the sheet."""
        ...

    def backdrop(self, ink: Ink, /) -> None:
        """Draw what stays."""
        ...

    def overlay(self, ink: Ink, side: Side_contra, look: Look, /) -> None:
        """Draw another table."""
        ...


def grid(count: int, card: tuple[float, float] = CARD) -> tuple[Box, list[Box]]:
    """Places of panels in reading order, on a sheet about as wide as a screen.

    Args:
        count: Number of panels, at least 1.
        card: Width and height of a panel.

    Returns:
        The whole sheet, with room for a legend at its top, and the panels' places.
    """
    width, height = card
    across = count if count <= 3 else math.ceil(math.sqrt(count))
    down = math.ceil(count / across)
    boxes = [
        Box(width * (place % across), height * (down - 1 - place // across), width, height)
        for place in range(count)
    ]
    return Box(0.0, 0.0, width * across, height * down + _HEADER), boxes


def blank(text: str, scale: float = 1.0) -> Picture:
    """A picture of the size of a panel that says why there is nothing to see."""
    canvas = Canvas(*CARD, scale=scale)
    ink = Ink()
    ink.label(Label(CARD[0] / 2, CARD[1] / 2, text, MUTED, align="center"))
    return Picture(canvas.image(ink))


@final
class Sheet(Generic[Side]):
    """Panels with their real side drawn: the part of a plot that lasts as long as the real table.

    Args:
        canvas: A fresh canvas that has room for the panels and the header.
        size: The whole sheet, of `grid`.
        panels: At least one.
        mark: How the legend shows the real side.
        meaning: What the legend calls it.
        caption: What the plot shows, written at the top right.
        scale: Of the canvas.
    """

    def __init__(
        self,
        canvas: Canvas,
        size: Box,
        panels: Sequence[Panel[Side]],
        *,
        mark: Mark = "area",
        meaning: str = "real",
        caption: str = "",
        scale: float = 1.0,
    ) -> None:
        self._canvas, self._size, self._panels = canvas, size, tuple(panels)
        self._mark: Mark = mark
        self._meaning, self._scale = meaning, scale
        ink = Ink()
        for panel in panels:
            panel.backdrop(ink)
        canvas.freeze(ink)
        self._caption = Label(size.right - 14, size.top - 19, caption, align="right")
        self._stamps: dict[tuple[Look, ...], Image.Image] = {}

    @property
    def panels(self) -> tuple[Panel[Side], ...]:
        """The panels, in reading order."""
        return self._panels

    def picture(self, layers: Sequence[tuple[Look, Sequence[Side]]]) -> Picture:
        """The whole sheet with tables laid over the real side.

        Args:
            layers: How each table is drawn and its shares, one for each panel; the last on top.
        """
        ink = self._overlays(layers)
        looks = tuple(look for look, _ in layers)
        self._legend(ink, 14.0, self._size.top - 19, looks, one_row=True)
        ink.label(self._caption)
        return Picture(self._canvas.image(ink))

    def cards(self, layers: Sequence[tuple[Look, Sequence[Side]]]) -> list[Picture]:
        """Each panel as a picture of its own, with its own legend.

        Args:
            layers: As for `picture`.
        """
        image = self._canvas.image(self._overlays(layers))
        stamp = self._stamp(tuple(look for look, _ in layers))
        return [Picture(self._card(image, panel.box, stamp)) for panel in self._panels]

    def _overlays(self, layers: Sequence[tuple[Look, Sequence[Side]]]) -> Ink:
        ink = Ink()
        for look, tables in layers:
            for panel, side in zip(self._panels, tables, strict=True):
                panel.overlay(ink, side, look)
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
            self._legend(ink, 2.0, height - 16, looks, one_row=False)
            self._stamps[looks] = canvas.image(ink)
        return self._stamps[looks]

    def _legend(
        self, ink: Ink, left: float, y: float, looks: Sequence[Look], *, one_row: bool
    ) -> None:
        """Write which side is which; the last look, the synthetic one, follows the real side."""
        x = left
        self._swatch(ink, x, y)
        for look in (None, *reversed(looks)):
            if look is not None:
                self._outline(ink, x, y, look)
            name = Label(x + 17, y, self._meaning if look is None else look.name, color=TEXT)
            ink.label(name)
            x += 17 + text_width(name.text, name.size) + 10
            if look is not None and not one_row:
                x, y = left, y - _ROW

    def _swatch(self, ink: Ink, x: float, y: float) -> None:
        if self._mark == "area":
            ink.box(REAL, x, y - 1, 12, 9)
        elif self._mark == "band":
            ink.line(Pen(REAL, 5.0), np.array([(x, y + 3.5), (x + 14, y + 3.5)]))
        else:
            ink.dot(Dot(REAL, 7.0), np.array([(x + 7, y + 3.5)]))

    def _outline(self, ink: Ink, x: float, y: float, look: Look) -> None:
        if look.dot is not None:
            key = replace(look.dot, size=max(look.dot.size, 6.0), alpha=1.0)
            ink.dot(key, np.array([(x + 7, y + 3.5)]))
        elif self._mark == "area" and look.spoken:
            ink.line(look.pen, rectangle(x, y - 1, 12, 9))
        else:
            ink.line(look.pen, np.array([(x, y + 3.5), (x + 14, y + 3.5)]))
