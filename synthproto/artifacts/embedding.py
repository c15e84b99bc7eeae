"""t-SNE of both tables together. Needs scikit-learn: ``pip install "synthproto[learn]"``."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from synthproto.artifacts.encoding import sampled
from synthproto.artifacts.projections import (
    Plane,
    Projection,
    check,
    cloud_picture,
    cloud_sheet,
)
from synthproto.data.table import TablePair
from synthproto.drawing.picture import Picture
from synthproto.errors import ParameterError

try:
    from sklearn.manifold import TSNE
except ImportError as _missing:
    raise ImportError(
        "TSNEJuxtaposition needs scikit-learn, which is not installed: "
        'pip install "synthproto[learn]"'
    ) from _missing


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
