"""Heat maps of association matrices: real, synthetic, and what lies between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from synthproto.artifacts.associations import Association
from synthproto.artifacts.plots.panels import check_plot
from synthproto.data.pair import TablePair
from synthproto.data.table import Table
from synthproto.drawing.axes import Floats, prepare
from synthproto.drawing.picture import CARD, Margins, Picture, Sheet, blank
from synthproto.drawing.style import TEXT, WHITE, Style, distinct, text_style, text_width

# From -1 over 0 to 1: orange to blue, which the colour-blind tell apart, even in lightness.
COLORS: Final = LinearSegmentedColormap.from_list(
    "association", ["#8C4A00", "#D98B3A", "#F6DCC0", "#FFFFFF", "#CBDFF0", "#5B9BD0", "#0F4C81"]
)
_DARK = 0.62
# Cells of this size have room for a number; up to so many columns get such cells.
_NUMBERED, _NUMBERED_CELL = 10, 28.0
# Up to so many columns every name has room beside its row; wider tables get a fixed size.
_NAMED, _PLAIN_SIDE = 32, 310.0
_LABEL, _LABEL_ALONE = 92.0, 80.0
_TITLE, _FOOT, _GAP, _BAR = 30.0, 12.0, 22.0, 56.0


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
        check_plot(self, self.scale)

    def __call__(self, pair: TablePair, /) -> Picture:
        """Draw; the part of the real table is kept with it."""
        if not len(pair.real.get(self.association)):
            return blank("no column to draw", self.scale)
        return _picture(
            pair.real, self.association, differences(pair, self.association), self.scale
        )


@final
@dataclass(frozen=True)
class CorrelationHeatmaps:
    """The matrices of `CorrelationHeatmapJuxtaposition`, one picture per matrix.

    A picture has the size of TensorBoard's image cards while the table has up to 56 columns; what
    is larger is shrunk there. Columns have the order of the rows, whose names are written.

    Attributes:
        association: How each pair of columns is measured.
        scale: Pixels of a picture per pixel of the sheet, 0.5 to 4; 2 for print.
        name: Tag; the pictures are ``real``, ``synthetic``, ``synthetic_minus_real`` and, with a
            holdout, ``holdout_minus_real``.

    Raises:
        ParameterError: The scale is out of range.

    Example:
        >>> import pandas as pd
        >>> from synthproto import CorrelationHeatmaps, Table, TablePair, TableSpec
        >>> frame = pd.DataFrame({"age": [31.0, 54.0, 47.0, 25.0], "sex": ["f", "m", "m", "f"]})
        >>> real = Table(frame, TableSpec.infer(frame, categorical=["sex"]))
        >>> list(CorrelationHeatmaps()(TablePair(real, real)))
        ['real', 'synthetic', 'synthetic_minus_real']
    """

    association: Association = field(default_factory=Association)
    scale: float = 1.0
    name: str = "visual_correlation/matrix"

    def __post_init__(self) -> None:
        check_plot(self, self.scale)

    def __call__(self, pair: TablePair, /) -> Mapping[str, Picture]:
        """Draw; empty if there is no column with an association."""
        if not len(pair.real.get(self.association)):
            return {}
        return {
            title.replace(" - ", "_minus_"): _picture(
                pair.real, self.association, {title: matrix}, self.scale
            )
            for title, matrix in differences(pair, self.association).items()
        }


def differences(pair: TablePair, association: Association) -> dict[str, Floats]:
    """The matrices that are shown, by title; each of shape ``(d, d)``."""
    real, synthetic = (
        table.get(association).to_numpy(dtype=np.float64) for table in (pair.real, pair.synthetic)
    )
    matrices = {"real": real, "synthetic": synthetic, "synthetic - real": synthetic - real}
    if pair.holdout is not None:
        holdout = pair.holdout.get(association).to_numpy(dtype=np.float64)
        matrices["holdout - real"] = holdout - real
    return matrices


@final
@dataclass(frozen=True)
class _Layout:
    """The sheet of a real table; kept with it by ``Table.get``."""

    association: Association
    titles: tuple[str, ...]
    scale: float

    def __call__(self, real: Table) -> Sheet:
        frame, alone = real.get(self.association), len(self.titles) == 1
        room = _LABEL_ALONE if alone else _LABEL
        names = tuple(distinct([str(name) for name in frame.columns], room))
        edge = max(text_width(name) for name in names) + 18
        if alone:
            cell = min(48.0, max(3.0, (CARD[1] - _TITLE - _FOOT) // len(names)))
        else:
            cell = _cell_size(len(names))
        side = cell * len(names)
        below = max(_FOOT, CARD[1] - _TITLE - side) if alone else edge
        bar = max(_BAR, CARD[0] - edge - side) if alone else _BAR - _GAP
        panels = [
            Matrix(
                title,
                names,
                cell,
                margins=Margins(0.0, 0.0 if alone else _GAP, below, _TITLE),
                values=frame.to_numpy(dtype=np.float64) if title == "real" else None,
                first=place == 0,
                last=place == len(self.titles) - 1,
            )
            for place, title in enumerate(self.titles)
        ]
        return Sheet(
            panels,
            card=(side + panels[0].margins.right, side + below + _TITLE),
            caption="association of each pair of columns",
            scale=self.scale,
            indexed=False,
            across=len(panels),
            sides=(edge, bar),
        )


@final
@dataclass(frozen=True, eq=False)
class Matrix:
    """A square matrix of values from -1 to 1.

    Attributes:
        title: What it shows.
        names: Of rows and columns.
        cell: Width of a cell in pixels.
        margins: Room around the axes.
        values: Shape ``(n, n)``; beyond -1 and 1 the colours are those of the ends.
        first: Whether the names of the rows are written beside it.
        last: Whether the colour scale is drawn beside it.
    """

    title: str
    names: tuple[str, ...] = field(repr=False)
    cell: float
    margins: Margins
    values: Floats | None = field(repr=False)
    first: bool
    last: bool

    def backdrop(self, axes: Axes) -> None:
        """Draw title, names, colour scale, and the matrix if it is the real one."""
        count = len(self.names)
        prepare(axes, self.title, 10.0, room=max(self.cell * count, 110.0), pad=8)
        axes.spines["bottom"].set_visible(False)
        axes.set(xlim=(0, count), ylim=(count, 0))
        # Where cells are lower than letters, only every n-th name has room.
        shown = range(0, count, max(1, int(np.ceil(11.0 / self.cell))))
        middles, names = [at + 0.5 for at in shown], [self.names[at] for at in shown]
        below = [""] * len(names) if self.first and self.last else names
        axes.set_xticks(middles, below, rotation=90, **text_style(TEXT))
        axes.set_yticks(middles, names if self.first else [""] * len(names), **text_style(TEXT))
        if self.last:
            self._color_bar(axes)
        if self.title == "real":
            self._draw(axes)

    def overlay(self, axes: Axes) -> Sequence[Artist]:
        """Draw the matrix unless it is the real one."""
        return [] if self.title == "real" else self._draw(axes)

    def _draw(self, axes: Axes) -> list[Artist]:
        if self.values is None:
            return []
        rules: Style = {"edgecolors": WHITE, "linewidth": 1.0} if self.cell >= 8 else {}
        drawn: list[Artist] = [axes.pcolormesh(self.values, cmap=COLORS, vmin=-1, vmax=1, **rules)]
        if self.cell >= _NUMBERED_CELL:
            for (row, column), value in np.ndenumerate(self.values):
                look = text_style(WHITE if abs(value) > _DARK else TEXT, 9.0)
                place = column + 0.5, row + 0.5, _cell_text(float(value))
                drawn.append(axes.text(*place, ha="center", va="center", **look))
        return drawn

    def _color_bar(self, axes: Axes) -> None:
        side = self.cell * len(self.names)
        height = min(side, max(60.0, min(side, 160.0)))
        bar = axes.inset_axes((1 + 10 / side, 1 - height / side, 10 / side, height / side))
        bar.imshow(np.linspace(1, -1, 101)[:, None], COLORS, extent=(0, 1, -1, 1), aspect="auto")
        bar.spines[:].set_visible(False)
        bar.tick_params(length=0, pad=4)
        bar.yaxis.tick_right()
        bar.set_xticks([])
        bar.set_yticks([-1, 0, 1], ["-1", "0", "1"], **text_style())


def _picture(
    real: Table, association: Association, matrices: Mapping[str, Floats], scale: float
) -> Picture:
    sheet = real.get(_Layout(association, tuple(matrices), scale))
    panels = [
        replace(panel, values=values)
        for panel, values in zip(sheet.panels, matrices.values(), strict=True)
        if isinstance(panel, Matrix)
    ]
    return Picture(panels, sheet, f"associations of all pairs of columns: {', '.join(matrices)}")


def _cell_text(value: float) -> str:
    """Two decimals without the leading zero: ``.25``, ``-.30``, ``1``, ``0``."""
    text = f"{value:.2f}".replace("0.", ".", 1)
    return {".00": "0", "-.00": "0"}.get(text, text.removesuffix(".00"))


def _cell_size(count: int) -> float:
    if count <= _NUMBERED:
        return max(_NUMBERED_CELL, min(60.0, float(round(180 / count))))
    readable = 12.0 if count <= _NAMED else 1.0
    return float(max(1, round(min(20.0, max(_PLAIN_SIDE / count, readable)))))
