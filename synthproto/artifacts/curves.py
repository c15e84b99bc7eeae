"""Panels of curves: shares of rows against a distance, or against other shares."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np

from synthproto.drawing.axes import (
    CARD,
    Box,
    Scale,
    level_axis,
    plot_area,
    title,
    upright_axis,
)
from synthproto.drawing.canvas import Canvas
from synthproto.drawing.fonts import text_width
from synthproto.drawing.ink import AXIS, HOLDOUT, REAL, REAL_INK, SYNTHETIC, TEXT, Ink, Label, Pen
from synthproto.drawing.picture import Picture
from synthproto.drawing.ticks import Tick, ticks
from synthproto.errors import ParameterError
from synthproto.measures.rows import Floats

CARD_BOX: Final = Box(0.0, 0.0, *CARD)
"""The whole of a picture of one panel."""

PENS: Final = MappingProxyType(
    {
        "real": Pen(REAL, 5.0, crisp=False),
        "holdout": Pen(HOLDOUT, 1.0, (3.0, 2.0), crisp=False),
        "synthetic": Pen(SYNTHETIC, 1.6, crisp=False),
        "linear": Pen(REAL_INK, 1.6, crisp=False),
    }
)
"""How the curve of each table, or of a second classifier, is drawn."""

_CHANCE: Final = Pen(AXIS, 1.0, (3.0, 2.0), crisp=False)
_POWERS: Final = (Tick(-3.0, "0.1%"), Tick(-2.0, "1%"), Tick(-1.0, "10%"), Tick(0.0, "100%"))


class Curve(NamedTuple):
    """A line of a panel.

    Attributes:
        name: What the legend says.
        pen: How it is drawn.
        across: Places on the lower axis, ascending, shape ``(n,)``.
        up: Shares at them, or their logarithms to base 10.
    """

    name: str
    pen: Pen
    across: Floats
    up: Floats


def curves_panel(
    heading: str,
    curves: Sequence[Curve],
    ends: tuple[float, float],
    *,
    chance: bool = False,
    logarithmic: bool = False,
) -> Ink:
    """A panel of shares of rows.

    Args:
        heading: Its title.
        curves: What to draw, the last on top.
        ends: Of the lower axis.
        chance: Whether that axis is of shares too; a dashed diagonal then says what chance gives.
        logarithmic: Whether curves and `ends`, which then are those of both axes, are logarithms
            to base 10.
    """
    ink, area = Ink(), plot_area(CARD_BOX, left=42.0)
    title(ink, CARD_BOX, heading)
    across = Scale(*ends, area.left, area.right)
    up = Scale(*(ends if logarithmic else (0.0, 1.0)), area.bottom, area.top)
    shares = _POWERS if logarithmic else ticks(0.0, 1.0, quantity="share", most=5)
    level_axis(ink, area, up, shares)
    upright_axis(ink, area, across, shares if chance else ticks(*ends, most=5))
    if chance:
        ink.line(_CHANCE, np.array([[area.left, area.bottom], [area.right, area.top]]))
    for curve in curves:
        ink.line(curve.pen, _thinned(np.column_stack([across(curve.across), up(curve.up)])))
    _legend(ink, curves, area.right)
    return ink


def card(ink: Ink, scale: float) -> Picture:
    """Ink of one panel as a picture."""
    return Picture(Canvas(*CARD, scale=scale).image(ink))


def check_scale(part: object, scale: float) -> None:
    """Refuse a scale of pictures that is out of range.

    Raises:
        ParameterError: The scale is not from 0.5 to 4.
    """
    if not 0.5 <= scale <= 4:
        raise ParameterError(f"{type(part).__name__}: `scale` must be from 0.5 to 4; got {scale}.")


def _legend(ink: Ink, curves: Sequence[Curve], right: float) -> None:
    x, y = right, CARD_BOX.top - 30
    for curve in reversed(curves):
        x -= text_width(curve.name, 10.0)
        ink.label(Label(x, y, curve.name, TEXT))
        ink.line(curve.pen, np.array([(x - 18, y + 3.5), (x - 4, y + 3.5)]))
        x -= 28


def _thinned(points: Floats) -> Floats:
    """Points without those that lie on the same quarter of a pixel as the one before."""
    places = np.round(points * 4)
    moved = (places[1:] != places[:-1]).any(axis=1)
    return np.asarray(points[np.append(True, moved)], dtype=np.float64)
