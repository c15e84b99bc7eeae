"""Projections: real and synthetic rows as points of one plane, fitted on the real table."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias, final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from synthproto.artifacts.plots.panels import check_plot
from synthproto.artifacts.plots.space import Space, sampled
from synthproto.data.pair import TablePair
from synthproto.data.table import Table
from synthproto.drawing.axes import percent, prepare, remark
from synthproto.drawing.picture import Margins, Picture, Sheet
from synthproto.drawing.style import AXIS, REAL, REAL_INK, SYNTHETIC, TEXT, Style, text_style
from synthproto.errors import ParameterError
from synthproto.measures.classifiers import require_learn
from synthproto.measures.products import products, weighted_sums

Method: TypeAlias = Literal["pca", "truncated_svd"]
Plane: TypeAlias = NDArray[np.float64]
"""Points of a plane, shape ``(n, 2)``."""

_MARGINS: Final = Margins(left=24.0, bottom=22.0)
# Up to so many real rows are drawn as dots, more as their density.
_FEW: Final = 1000
_DENSITY: Final = LinearSegmentedColormap.from_list("density", ["#D9E8F5", REAL, REAL_INK])
_REAL_KEY: Final = Patch(facecolor=REAL, linewidth=0, label="real, density")
_KEY: Final[Style] = {"linestyle": "none", "marker": "o", "markersize": 6.0}
_REAL_DOT: Final = Line2D([], [], color=REAL, label="real", **_KEY)
_SYNTHETIC_DOT: Final = Line2D([], [], color=SYNTHETIC, label="synthetic", **_KEY)
_FLAGGED_DOT: Final = Line2D([], [], color=TEXT, markerfacecolor="none", label="flagged", **_KEY)
# Rows of one block, so that fitting takes little memory.
_BLOCK = 2048


@final
@dataclass(frozen=True)
class PCAJuxtaposition:
    """Real and synthetic rows in the plane of the real table's two principal components.

    Numbers are standardised and categories weigh as much as a number (`Space`), by the real
    table; the synthetic rows are projected into the same plane and drawn over the real ones with
    the same limits. Points beyond them lie on the frame and are told as a share.

    Attributes:
        points: Most rows of each table that are drawn, at least 1.
        fitted: Most real rows that the components are fitted on, at least 1.
        seed: Decides which rows, where there are more.
        scale: Pixels of the picture per pixel of a 350 x 210 panel, 0.5 to 4; 2 for print.
        name: Tag.

    Raises:
        ParameterError: An argument is out of range.

    Example:
        >>> import pandas as pd
        >>> from synthproto import PCAJuxtaposition, Table, TablePair, TableSpec
        >>> frame = pd.DataFrame({"age": [31.0, 54.0, 47.0, 25.0], "sex": ["f", "m", "m", "f"]})
        >>> real = Table(frame, TableSpec.infer(frame, categorical=["sex"]))
        >>> PCAJuxtaposition()(TablePair(real, real)).figure().axes[0].get_title(loc="left")
        'PCA'
    """

    points: int = 1500
    fitted: int = 20_000
    seed: int = 0
    scale: float = 1.0
    name: str = "visual/pca"

    def __post_init__(self) -> None:
        check_plot(self, self.scale, points=self.points, fitted=self.fitted)

    def __call__(self, pair: TablePair, /) -> Picture:
        """Draw; the fit and the real points are kept with the real table."""
        return _picture(pair, Projection("pca", self.fitted, self.seed), self.points, self.scale)


@final
@dataclass(frozen=True)
class TruncatedSVDJuxtaposition:
    """Real and synthetic rows in the plane of the real table's two largest singular vectors.

    As `PCAJuxtaposition`, but numbers are scaled to the real range [0, 1] and nothing is centred:
    the first axis is about the mean row, and rows unlike any real one lie off it.

    Attributes:
        points: As in `PCAJuxtaposition`.
        fitted: As in `PCAJuxtaposition`.
        seed: As in `PCAJuxtaposition`.
        scale: As in `PCAJuxtaposition`.
        name: Tag.

    Raises:
        ParameterError: An argument is out of range.
    """

    points: int = 1500
    fitted: int = 20_000
    seed: int = 0
    scale: float = 1.0
    name: str = "visual/truncated_svd"

    def __post_init__(self) -> None:
        check_plot(self, self.scale, points=self.points, fitted=self.fitted)

    def __call__(self, pair: TablePair, /) -> Picture:
        """Draw; the fit and the real points are kept with the real table."""
        projection = Projection("truncated_svd", self.fitted, self.seed)
        return _picture(pair, projection, self.points, self.scale)


@final
@dataclass(frozen=True, eq=False)
class FittedProjection:
    """A linear map from rows to a plane.

    Attributes:
        space: The coordinates of a row.
        offset: What is subtracted from them, shape ``(d,)``.
        axes: The plane, shape ``(d, 2)``.
        explained: Share of the sum of squares of the fitted rows along each axis.
    """

    space: Space
    offset: NDArray[np.float64]
    axes: NDArray[np.float64]
    explained: tuple[float, float]

    def plane(self, table: Table, rows: NDArray[np.intp]) -> Plane:
        """Rows of a table in the plane."""
        return weighted_sums(self.space.points(table, rows) - self.offset, self.axes)


@final
@dataclass(frozen=True)
class Projection:
    """Fits a plane to a table: ``table.get(Projection("pca", 20_000, 0))``, once per table.

    Attributes:
        method: Principal components of standardised, centred rows, or singular vectors of rows
            scaled to their range.
        fitted: Most rows to fit on.
        seed: Decides which.
    """

    method: Method
    fitted: int
    seed: int

    def __call__(self, table: Table) -> FittedProjection:
        """Fit."""
        space = Space.fit(table, "mean" if self.method == "pca" else "range")
        rows = sampled(table, self.fitted, self.seed)
        width = space.width
        total, both = np.zeros(width), np.zeros((width, width))
        for start in range(0, len(rows), _BLOCK):
            block = space.points(table, rows[start : start + _BLOCK])
            total += block.sum(axis=0)
            both += products(block.T, block.T)
        offset = total / len(rows) if self.method == "pca" else np.zeros(width)
        return _fitted(space, offset, both / len(rows) - np.outer(offset, offset))


def _fitted(
    space: Space, offset: NDArray[np.float64], spread: NDArray[np.float64]
) -> FittedProjection:
    axes, explained = np.zeros((len(offset), 2)), [0.0, 0.0]
    values, vectors = np.linalg.eigh(spread)
    total = float(np.trace(spread))
    for axis in range(min(2, len(values))):
        vector = vectors[:, -1 - axis]
        # An eigenvector has no sign of its own: its largest entry is made positive.
        axes[:, axis] = vector * (np.sign(vector[np.argmax(np.abs(vector))]) or 1.0)
        explained[axis] = max(0.0, float(values[-1 - axis])) / total if total > 0 else 0.0
    return FittedProjection(space, offset, axes, (explained[0], explained[1]))


@final
@dataclass(frozen=True, eq=False)
class Cloud:
    """Rows of two tables in one plane, with limits that come from the real ones.

    Many real rows are drawn as their density, so that the synthetic ones do not hide them.

    Attributes:
        title: Of the plot.
        real: The real points, shape ``(n, 2)``.
        across: Ends of the axis from left to right.
        up: Ends of the axis upwards.
        names: Of both axes.
        synthetic: The synthetic points.
        flagged: Synthetic points that are to be seen among the others.
        share: Of all synthetic rows that are flagged.
    """

    title: str
    real: Plane = field(repr=False)
    across: tuple[float, float]
    up: tuple[float, float]
    names: tuple[str, str]
    synthetic: Plane | None = field(default=None, repr=False)
    flagged: Plane | None = field(default=None, repr=False)
    share: float = 0.0
    margins: Margins = field(default=_MARGINS, init=False, repr=False)

    def backdrop(self, axes: Axes) -> None:
        """Draw title, frame and the real points."""
        prepare(axes, self.title, self.margins.left)
        axes.spines[:].set(visible=True, color=AXIS)
        axes.set(xlim=self.across, ylim=self.up, xticks=[], yticks=[])
        axes.set_xlabel(self.names[0], labelpad=4, **text_style())
        axes.set_ylabel(self.names[1], labelpad=4, **text_style())
        points = self._within(self.real)
        if len(points) <= _FEW:
            axes.plot(*points.T, **_dots(REAL, _size(len(points)) + 2.0, 1.0))
            return
        ends = *self.across, *self.up
        look: Style = {"gridsize": (50, 14), "bins": "log", "mincnt": 1, "linewidths": 0.3}
        axes.hexbin(*points.T, extent=ends, cmap=_DENSITY, zorder=1, **look)

    def overlay(self, axes: Axes) -> Sequence[Artist]:
        """Draw the synthetic points, and over them those that are flagged."""
        drawn: list[Artist] = []
        outside = "" if self.synthetic is None else self._outside(self.synthetic)
        if self.synthetic is not None:
            faint = 1.0 if self.flagged is None else 0.6
            look = _dots(SYNTHETIC, _size(len(self.synthetic)), 0.65 * faint)
            drawn += axes.plot(*self._within(self.synthetic).T, zorder=3, **look)
            drawn += remark(axes, outside, SYNTHETIC, self.margins.left)
        if self.flagged is not None:
            rings = _dots(TEXT, _size(len(self.flagged)) + 2.0, 0.9)
            rings |= {"markerfacecolor": "none", "markeredgewidth": 0.9}
            drawn += axes.plot(*self._within(self.flagged).T, zorder=4, **rings)
            said = f"flagged {percent(self.share)} of rows", TEXT, self.margins.left
            drawn += remark(axes, *said, after=outside)
        return drawn

    def _within(self, points: Plane) -> Plane:
        """Points, those beyond the limits on the frame."""
        return np.asarray(np.clip(points, *np.array([self.across, self.up]).T))

    def _outside(self, points: Plane) -> str:
        share = float((self._within(points) != points).any(axis=1).mean())
        return f"outside {percent(share)}" if share else ""


def _dots(color: str, size: float, alpha: float) -> Style:
    look: Style = {"color": color, "markersize": size, "alpha": alpha, "markeredgewidth": 0.0}
    return {"linestyle": "none", "marker": "o", "clip_on": False, **look}


def _size(count: int) -> float:
    """Diameter of dots, smaller where they are many."""
    return float(np.clip(90.0 / max(count, 1) ** 0.5, 2.2, 4.5))


@final
@dataclass(frozen=True)
class CloudSheet:
    """The sheet of a projection of a real table, kept with it by ``Table.get``."""

    projection: Projection
    scale: float
    flagged: bool = False

    def __call__(self, real: Table) -> Sheet:
        """Project and lay out."""
        fit = real.get(self.projection)
        rows = sampled(real, self.projection.fitted, self.projection.seed)
        short = "PC" if self.projection.method == "pca" else "SV"
        names = [f"{short} {axis + 1}, {percent(fit.explained[axis])}" for axis in range(2)]
        heading = "PCA" if self.projection.method == "pca" else "truncated SVD"
        heading = "flagged rows" if self.flagged else heading
        plane = fit.plane(real, rows)
        return cloud_sheet(heading, plane, (names[0], names[1]), self.scale, flagged=self.flagged)


def cloud_sheet(
    heading: str,
    real: Plane,
    names: tuple[str, str],
    scale: float,
    *,
    within: Plane | None = None,
    flagged: bool = False,
) -> Sheet:
    """A sheet of one panel with the real points drawn.

    Args:
        heading: Its title.
        real: The real points.
        names: Of the axes.
        scale: Pixels of the picture per pixel of the sheet.
        within: Points that the limits come from; by default the real ones.
        flagged: Whether some points will be flagged.
    """
    ends = real if within is None else within
    panel = Cloud(heading, real, limits(ends[:, 0]), limits(ends[:, 1]), names)
    legend = [_REAL_KEY if len(real) > _FEW else _REAL_DOT, _SYNTHETIC_DOT]
    legend += [_FLAGGED_DOT] if flagged else []
    return Sheet([panel], legend=legend, scale=scale)


def cloud_picture(
    sheet: Sheet, synthetic: Plane, flagged: Plane | None = None, share: float = 0.0
) -> Picture:
    """The sheet with the synthetic points over the real ones."""
    (panel,) = (panel for panel in sheet.panels if isinstance(panel, Cloud))
    shown = replace(panel, synthetic=synthetic, flagged=flagged, share=share)
    return Picture([shown], sheet, f"{panel.title}: real and synthetic rows in one plane")


def limits(places: NDArray[np.float64]) -> tuple[float, float]:
    """Ends of an axis: the middle 98 % of the places with as much room again, no empty room."""
    low, high = (float(end) for end in np.quantile(places, [0.01, 0.99]))
    room = 0.5 * (high - low)
    low, high = max(low - room, float(places.min())), min(high + room, float(places.max()))
    margin = 0.04 * (high - low)
    if margin <= 1e-12 * max(abs(low), abs(high)):
        margin = max(0.5, 0.05 * abs(low))
    return low - margin, high + margin


def _picture(pair: TablePair, projection: Projection, points: int, scale: float) -> Picture:
    sheet = pair.real.get(CloudSheet(projection, scale))
    rows = sampled(pair.synthetic, points, projection.seed)
    return cloud_picture(sheet, pair.real.get(projection).plane(pair.synthetic, rows))


@final
@dataclass(frozen=True)
class TSNEJuxtaposition:
    """Real and synthetic rows in one t-SNE embedding of both, stacked.

    Rows are encoded as for `PCAJuxtaposition`, and the embedding starts from that plane, so that
    pictures of different epochs look alike. Unlike a projection it is made anew for each synthetic
    table: distances and limits of two pictures cannot be compared. Takes seconds.

    Attributes:
        points: Most rows of each table, at least 1.
        perplexity: About the number of neighbours that a point attends to, above 0. At most a
            third of all points but one; where more is asked for, that is used.
        iterations: Steps of the optimisation, at least 250.
        seed: Decides which rows, and the optimisation's random part.
        scale: Pixels of the picture per pixel of a 350 x 210 panel, 0.5 to 4; 2 for print.
        name: Tag.

    Raises:
        ParameterError: An argument is out of range.
        MissingExtraError: scikit-learn is not installed; raised when it is made.

    References:
        van der Maaten, Hinton, "Visualizing Data using t-SNE", JMLR 9, 2008.
    """

    points: int = 500
    perplexity: float = 30.0
    iterations: int = 750
    seed: int = 0
    scale: float = 1.0
    name: str = "visual/tsne"

    def __post_init__(self) -> None:
        check_plot(self, self.scale, points=self.points)
        if not self.perplexity > 0 or self.iterations < 250:
            raise ParameterError(
                "TSNEJuxtaposition: perplexity must be above 0 and iterations at least 250; got "
                f"{self.perplexity} and {self.iterations}."
            )
        require_learn("TSNEJuxtaposition")

    def __call__(self, pair: TablePair, /) -> Picture:
        """Embed both tables and draw."""
        embedding = _Embedding(self.points, self.perplexity, self.iterations, self.seed)
        real, synthetic = pair.get(embedding)
        # Made of both tables, the embedding has limits of both.
        both = np.concatenate([real, synthetic])
        sheet = cloud_sheet("t-SNE", real, ("t-SNE 1", "t-SNE 2"), self.scale, within=both)
        return cloud_picture(sheet, synthetic)


@final
@dataclass(frozen=True)
class _Embedding:
    points: int
    perplexity: float
    iterations: int
    seed: int

    def __call__(self, pair: TablePair) -> tuple[Plane, Plane]:
        fit = pair.real.get(Projection("pca", 20_000, self.seed))
        tables = (pair.real, pair.synthetic)
        rows = [sampled(table, self.points, self.seed) for table in tables]
        sides = [fit.space.points(table, of) for table, of in zip(tables, rows, strict=True)]
        stacked = np.concatenate(sides)
        embedded = self._embed(stacked, (stacked - fit.offset) @ fit.axes)
        return embedded[: len(rows[0])], embedded[len(rows[0]) :]

    def _embed(self, points: NDArray[np.float64], start: Plane) -> Plane:
        from sklearn.manifold import TSNE

        # scikit-learn's own scale of a start from principal components; equal rows are told apart.
        jitter = np.random.default_rng(self.seed).normal(scale=1e-6, size=start.shape)
        spread = float(np.std(start[:, 0])) or 1.0
        beginning = (start / spread * 1e-4 + jitter).astype(np.float32)
        tsne = TSNE(
            perplexity=min(self.perplexity, (len(points) - 1) / 3),
            max_iter=self.iterations,
            init=beginning,  # pyright: ignore[reportArgumentType]  scikit-learn's default is a string
            random_state=self.seed,
        )
        return np.asarray(tsne.fit_transform(points.astype(np.float32)), dtype=np.float64)
