"""Projections: real and synthetic rows as points of one plane, fitted on the real table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from synthproto.artifacts.plots.space import Space, sampled
from synthproto.data.table import Table, TablePair
from synthproto.drawing.axes import Box, Scale, percent, plot_area, remark, title
from synthproto.drawing.canvas import Canvas, Picture
from synthproto.drawing.ink import AXIS, MUTED, REAL, SYNTHETIC, Dot, Ink, Label, Pen, rectangle
from synthproto.drawing.panels import Look
from synthproto.drawing.sheets import Sheet, grid
from synthproto.errors import ParameterError
from synthproto.measures.classifiers import require_learn

Method: TypeAlias = Literal["pca", "truncated_svd"]
Plane: TypeAlias = NDArray[np.float64]
"""Points of a plane, shape ``(n, 2)``."""

CARD: Final = (350.0, 280.0)
_LOOK: Final = Look("synthetic", Pen(SYNTHETIC), spoken=True, dot=Dot(SYNTHETIC, 3.2, alpha=0.55))
_REAL: Final = Dot(REAL, 4.6)
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
        scale: Pixels of the picture per pixel of a 350 x 280 panel, 0.5 to 4; 2 for print.
        name: Tag.

    Raises:
        ParameterError: An argument is out of range.
    """

    points: int = 1500
    fitted: int = 20_000
    seed: int = 0
    scale: float = 1.0
    name: str = "visual/pca"

    def __post_init__(self) -> None:
        check("PCAJuxtaposition", self.scale, points=self.points, fitted=self.fitted)

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
        check("TruncatedSVDJuxtaposition", self.scale, points=self.points, fitted=self.fitted)

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
        points: Plane = (self.space.points(table, rows) - self.offset) @ self.axes
        return points


@final
@dataclass(frozen=True)
class Projection:
    """Fits a plane to a table: ``table.get(Projection("pca", 20_000, 0))``, once a table.

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
        total, products = np.zeros(width), np.zeros((width, width))
        for start in range(0, len(rows), _BLOCK):
            block = space.points(table, rows[start : start + _BLOCK])
            total += block.sum(axis=0)
            products += block.T @ block
        offset = total / len(rows) if self.method == "pca" else np.zeros(width)
        return _fitted(space, offset, products / len(rows) - np.outer(offset, offset))


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
class CloudPanel:
    """Two clouds of points with the same limits, which come from the real one.

    Attributes:
        title: Of the plot.
        box: Place on the sheet.
        real: The real points.
        across: Ends of the axis from left to right.
        up: Ends of the axis upwards.
        names: Of both axes.
    """

    title: str
    box: Box
    real: Plane
    across: tuple[float, float]
    up: tuple[float, float]
    names: tuple[str, str]

    def backdrop(self, ink: Ink) -> None:
        """Draw title, frame and the real points."""
        title(ink, self.box, self.title)
        area = self._area
        ink.line(Pen(AXIS), rectangle(area.left, area.bottom, area.width, area.height))
        ink.label(Label(area.right, area.bottom - 14, self.names[0], MUTED, align="right"))
        ink.label(Label(area.left - 6, area.top, self.names[1], MUTED, 10.0, "right", angle=90.0))
        ink.dot(_REAL, self._pixels(self.real))

    def overlay(self, ink: Ink, side: Plane, look: Look) -> None:
        """Draw the points of another table."""
        if look.dot is None:
            return
        ink.dot(look.dot, self._pixels(side))
        ends = np.array([self.across, self.up])
        outside = float(((side < ends[:, 0]) | (side > ends[:, 1])).any(axis=1).mean())
        if outside:
            remark(ink, self.box, f"outside {percent(outside)}", look.pen.color)

    @property
    def _area(self) -> Box:
        area = plot_area(self.box, left=24.0)
        return Box(area.left, area.bottom, area.width, area.height - 4)

    def _pixels(self, points: Plane) -> Plane:
        area = self._area
        return np.column_stack(
            [
                Scale(*self.across, area.left, area.right)(points[:, 0]),
                Scale(*self.up, area.bottom, area.top)(points[:, 1]),
            ]
        )


@final
@dataclass(frozen=True)
class _CloudSheet:
    projection: Projection
    points: int
    scale: float

    def __call__(self, real: Table) -> Sheet[Plane]:
        fit = real.get(self.projection)
        plane = fit.plane(real, sampled(real, self.points, self.projection.seed))
        short = "PC" if self.projection.method == "pca" else "SV"
        names = [f"{short} {axis + 1}  {percent(fit.explained[axis])}" for axis in range(2)]
        heading = "PCA" if self.projection.method == "pca" else "truncated SVD"
        return cloud_sheet(heading, plane, (names[0], names[1]), self.scale)


def cloud_sheet(
    heading: str, real: Plane, names: tuple[str, str], scale: float, within: Plane | None = None
) -> Sheet[Plane]:
    """A sheet of one panel with the real points drawn.

    Args:
        heading: Its title.
        real: The real points.
        names: Of the axes.
        scale: Pixels of the picture per pixel of the sheet.
        within: Points that the limits come from; by default the real ones.
    """
    size, boxes = grid(1, CARD)
    ends = real if within is None else within
    panel = CloudPanel(heading, boxes[0], real, limits(ends[:, 0]), limits(ends[:, 1]), names)
    canvas = Canvas(size.width, size.height, scale=scale)
    return Sheet(canvas, size, [panel], mark="dots", scale=scale)


def cloud_picture(sheet: Sheet[Plane], synthetic: Plane) -> Picture:
    """The sheet with the synthetic points over the real ones."""
    layers: Sequence[tuple[Look, Sequence[Plane]]] = [(_LOOK, [synthetic])]
    return sheet.cards(layers)[0]


def limits(places: NDArray[np.float64]) -> tuple[float, float]:
    """Ends of an axis: the middle 98 % of the places with as much room again, no empty room."""
    low, high = (float(end) for end in np.quantile(places, [0.01, 0.99]))
    room = 0.5 * (high - low)
    low, high = max(low - room, float(places.min())), min(high + room, float(places.max()))
    margin = 0.04 * (high - low)
    if margin <= 1e-12 * max(abs(low), abs(high)):
        margin = max(0.5, 0.05 * abs(low))
    return low - margin, high + margin


def check(part: str, scale: float, **counts: int) -> None:
    """Refuse a scale or counts that are out of range, all at once.

    Raises:
        ParameterError: Naming the part and each argument.
    """
    faults = [f"{name} must be at least 1; got {n}" for name, n in counts.items() if n < 1]
    if not 0.5 <= scale <= 4:
        faults.append(f"scale must be from 0.5 to 4; got {scale}")
    if faults:
        raise ParameterError(f"{part}: {'; '.join(faults)}.")


def _picture(pair: TablePair, projection: Projection, points: int, scale: float) -> Picture:
    sheet = pair.real.get(_CloudSheet(projection, points, scale))
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
        scale: Pixels of the picture per pixel of a 350 x 280 panel, 0.5 to 4; 2 for print.
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
        check("TSNEJuxtaposition", self.scale, points=self.points)
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
        sheet = cloud_sheet("t-SNE", real, ("", ""), self.scale, np.concatenate([real, synthetic]))
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
