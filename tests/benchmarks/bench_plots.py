"""Plots against artifact-core's, side by side in one process: from frames to the bytes of a PNG.

Run: ``python tests/benchmarks/bench_plots.py [--rows 918] [--rounds 5] [--tsne]``

Each round times, in CPU time of the thread and in turns, artifact-core's plot, our first one (the
real ``Table`` made anew) and our later one (the real ``Table`` kept, a new synthetic frame), then
prints medians and ratios. artifact-core fits t-SNE to either side; ours to both at once.

artifact-core 0.2.1 closes its figures with pyplot before it draws them, and matplotlib 3.11 takes
the Agg canvas of a closed figure away, so its grids raise "only supports Agg backend". The
benchmark gives each figure a canvas back just before that check, which costs it microseconds.
"""

import argparse
import io
import statistics
import sys
import time
import warnings
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
import pandas as pd
from artifact_core._libs.artifacts.table_comparison.cdf.overlaid_plotter import (
    TabularOverlaidCDFPlotter,
)
from artifact_core._libs.artifacts.table_comparison.correlations.calculator import (
    CategoricalAssociationType,
    ContinuousAssociationType,
)
from artifact_core._libs.artifacts.table_comparison.correlations.heatmap_plotter import (
    CorrelationHeatmapPlotter,
)
from artifact_core._libs.artifacts.table_comparison.descriptive_stats.alignment_plotter import (
    DescriptiveStatsAlignmentPlotter,
)
from artifact_core._libs.artifacts.table_comparison.pdf.overlaid_plotter import (
    TabularOverlaidPDFPlotter,
)
from artifact_core._libs.tools.plotters.plot_combiner import PlotCombinationConfig, PlotCombiner
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.manifold import TSNE

from synthproto.artifacts.plots.alignment import Alignment
from synthproto.artifacts.plots.densities import CDF, PDF
from synthproto.artifacts.plots.heatmaps import CorrelationHeatmapJuxtaposition
from synthproto.artifacts.plots.projections import TSNEJuxtaposition
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.drawing.picture import Picture

Draw = Callable[[pd.DataFrame, pd.DataFrame], object]
OurPlot = Callable[[TablePair], Picture]


def mixed_frame(rows: int, seed: int) -> pd.DataFrame:
    """Six continuous and six categorical columns, of several shapes and sizes."""
    rng = np.random.default_rng(seed)
    numbers = {f"number {i}": rng.gamma(1 + i, 10.0**i, rows) for i in range(6)}
    labels = {
        f"label {i}": rng.choice([f"category {k}" for k in range(2 + i)], rows) for i in range(6)
    }
    return pd.DataFrame({**numbers, **labels})


def keep_canvas() -> None:
    """Give artifact-core's figures the Agg canvas that matplotlib 3.11 took from them."""
    draw = PlotCombiner._draw_component_figure_content

    def with_canvas(ax: Axes, label: str, fig: Figure, config: PlotCombinationConfig) -> None:
        FigureCanvasAgg(fig)
        draw(ax=ax, label=label, fig=fig, config=config)

    PlotCombiner._draw_component_figure_content = staticmethod(with_canvas)


def theirs(spec: TableSpec) -> dict[str, Draw]:
    """artifact-core's plots by name, as functions of two frames."""
    numbers, labels = list(spec.of_kind("continuous")), list(spec.of_kind("categorical"))

    def pdf(real: pd.DataFrame, synthetic: pd.DataFrame) -> object:
        categories = {name: sorted(real[name].unique()) for name in labels}
        return TabularOverlaidPDFPlotter.get_overlaid_pdf_plot(
            real, synthetic, list(spec.names), numbers, labels, categories
        )

    def heat_maps(real: pd.DataFrame, synthetic: pd.DataFrame) -> object:
        return CorrelationHeatmapPlotter.get_combined_correlation_heatmaps(
            CategoricalAssociationType.CRAMERS_V,
            ContinuousAssociationType.PEARSON,
            real,
            synthetic,
            labels,
        )

    return {
        "PDF": pdf,
        "CDF": lambda r, s: TabularOverlaidCDFPlotter.get_overlaid_cdf_plot(r, s, numbers),
        "alignment": lambda r, s: DescriptiveStatsAlignmentPlotter.get_combined_stat_alignment_plot(
            r, s, numbers
        ),
        "correlation": heat_maps,
        "t-SNE": lambda r, s: [embedded(frame, numbers) for frame in (r, s)],
    }


def embedded(frame: pd.DataFrame, numbers: list[str]) -> object:
    """What artifact-core computes for one side of its t-SNE plot; drawing left out."""
    encoded = pd.get_dummies(frame.drop(columns=numbers)).join(frame[numbers])
    return TSNE(perplexity=30, random_state=0).fit_transform(encoded.to_numpy(dtype=np.float64))


OURS: dict[str, OurPlot] = {
    "PDF": PDF(),
    "CDF": CDF(),
    "alignment": Alignment(),
    "correlation": CorrelationHeatmapJuxtaposition(),
    "t-SNE": TSNEJuxtaposition(points=1000),
}


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of the thread for one call."""
    start = time.thread_time()
    work()
    return time.thread_time() - start


def png_of(figure: object) -> bytes:
    """The bytes that a tracker would keep; empty for what is no figure."""
    with io.BytesIO() as file:
        if isinstance(figure, Figure | Picture):
            figure.savefig(file, format="png")
        return file.getvalue()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=918)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tsne", action="store_true", help="t-SNE as well; takes minutes")
    options = parser.parse_args()
    mpl.use("Agg")
    keep_canvas()
    warnings.simplefilter("ignore")
    real, synthetic = (mixed_frame(options.rows, seed) for seed in (0, 1))
    spec = TableSpec.infer(real, categorical=[f"label {i}" for i in range(6)])
    peers = theirs(spec)
    say = sys.stdout.write
    say(f"{options.rows} rows x {len(spec.columns)} columns; CPU ms, frames to PNG, medians\n")
    say(f"{'plot':<13}{'artifact-core':>14}{'first':>8}{'ratio':>7}{'later':>8}{'ratio':>7}\n")
    for name in [name for name in OURS if name != "t-SNE" or options.tsne]:
        peer, plot = peers[name], OURS[name]
        rounds = [measured(peer, plot, spec, real, synthetic) for _ in range(options.rounds + 1)]
        # The first round warms caches of fonts and code on both sides.
        kept = rounds[1:] if name != "t-SNE" else rounds
        core, first, later = (1e3 * statistics.median(times) for times in zip(*kept, strict=True))
        say(
            f"{name:<13}{core:>14.0f}{first:>8.1f}{core / first:>6.0f}x"
            f"{later:>8.1f}{core / later:>6.0f}x\n"
        )


def measured(
    peer: Draw, plot: OurPlot, spec: TableSpec, real: pd.DataFrame, synthetic: pd.DataFrame
) -> tuple[float, float, float]:
    """Seconds of artifact-core's plot, of our first and of our later one."""
    kept: list[Table] = []

    def first() -> bytes:
        kept.append(Table(real, spec))
        return png_of(plot(TablePair(kept[0], Table(synthetic, spec))))

    def later() -> bytes:
        return png_of(plot(TablePair(kept[0], Table(synthetic, spec))))

    return (
        cpu_seconds(lambda: png_of(peer(real, synthetic))),
        cpu_seconds(first),
        cpu_seconds(later),
    )


if __name__ == "__main__":
    main()
