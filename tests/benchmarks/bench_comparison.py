"""Our comparison numbers beside SDMetrics' and artifact-core's, in one process, by CPU time.

``python tests/benchmarks/bench_comparison.py [--csv PATH] [--repeat 3] [--growth] [--plot PATH]``

Cold is the whole comparison with nothing known; warm keeps the real table, as a training run does
after its first epoch. Times of ours and theirs are taken in turn, each is the least of its
repeats, and the numbers are compared before they are timed.
"""

import argparse
import gc
import resource
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, StrMethodFormatter

from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.plan import TablePlan
from synthproto.presets.artifact_core import artifact_core
from synthproto.presets.sdmetrics import sdmetrics_diagnostic, sdmetrics_quality
from synthproto.report import Report

# Without floors, which neither peer has.
QUALITY = TablePlan(scores=[*sdmetrics_quality(0.0, 0.0), *sdmetrics_diagnostic()], floors=False)
CORE = TablePlan(scores=artifact_core()[0], arrays=artifact_core()[1], floors=False)


def mixed_table(rows: int, columns: int, seed: int) -> pd.DataFrame:
    """Six in ten columns continuous (a third with ties, correlated), the others of strings."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=rows)
    made: dict[str, Any] = {}
    for place in range(columns):
        if place % 10 < 6:
            values = common * (place % 3) / 2 + rng.normal(size=rows)
            made[f"x{place}"] = (values * 20).round() if place % 3 == 0 else values
        else:
            labels = np.array([f"label {i}" for i in range(2 + 3 * (place % 7))], dtype=object)
            made[f"c{place}"] = labels[rng.integers(0, len(labels), rows) ** 2 % len(labels)]
    return pd.DataFrame(made)


def halves(csv: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two random halves of a real table."""
    frame = pd.read_csv(csv).sample(frac=1, random_state=0).reset_index(drop=True)
    half = len(frame) // 2
    return frame[:half].reset_index(drop=True), frame[half : 2 * half].reset_index(drop=True)


def sdmetrics_numbers(
    spec: TableSpec, real: pd.DataFrame, synthetic: pd.DataFrame
) -> dict[str, float]:
    """QualityReport without thresholds, over all rows, and DiagnosticReport."""
    from sdmetrics.reports.single_table.diagnostic_report import DiagnosticReport
    from sdmetrics.reports.single_table.quality_report import QualityReport

    numeric = spec.of_kind("continuous")
    columns = {n: {"sdtype": "numerical" if n in numeric else "categorical"} for n in spec.names}
    quality, diagnostic = QualityReport(), DiagnosticReport()
    quality.real_correlation_threshold = quality.real_association_threshold = 0
    quality.num_rows_subsample = 10**9
    scores: dict[str, float] = {}
    for report in (quality, diagnostic):
        report.generate(real, synthetic, {"columns": columns}, verbose=False)
        scores |= dict(report.get_properties().itertuples(index=False))
    return scores


def artifact_core_numbers(
    spec: TableSpec, real: pd.DataFrame, synthetic: pd.DataFrame
) -> dict[str, float]:
    """Both scores, the score collection and the eight juxtapositions."""
    from artifact_core._libs.artifacts.table_comparison.correlations.calculator import (
        CategoricalAssociationType,
        ContinuousAssociationType,
        CorrelationCalculator,
    )
    from artifact_core._libs.artifacts.table_comparison.descriptive_stats.calculator import (
        TableStatsCalculator,
    )
    from artifact_core._libs.artifacts.table_comparison.js.calculator import JSDistanceCalculator
    from artifact_core._libs.tools.calculators.descriptive_stats_calculator import (
        DescriptiveStatistic,
    )
    from artifact_core._libs.tools.calculators.vector_distance_calculator import (
        VectorDistanceMetric,
    )

    continuous, categorical = list(spec.of_kind("continuous")), list(spec.of_kind("categorical"))
    js = {
        "df_real": real,
        "df_synthetic": synthetic,
        "cts_features": continuous,
        "cat_features": categorical,
        # Known from its resource spec, which is not timed.
        "cat_unique_map": {c: list(real[c].astype(str).unique()) for c in categorical},
        "n_bins_cts_histogram": 100,
        "categorical_only": False,
    }
    scores = {"mean": float(JSDistanceCalculator.compute_mean_js(**js))}
    scores |= {c: float(v) for c, v in JSDistanceCalculator.compute_dict_js(**js).items()}
    scores["correlation"] = float(
        CorrelationCalculator.compute_correlation_distance(
            categorical_correlation_type=CategoricalAssociationType.CRAMERS_V,
            continuous_correlation_type=ContinuousAssociationType.PEARSON,
            distance_metric=VectorDistanceMetric.RMSE,
            dataset_real=real.copy(),
            dataset_synthetic=synthetic.copy(),
            cat_features=categorical,
        )
    )
    for statistic in DescriptiveStatistic:
        TableStatsCalculator.compute_juxtaposition(real, synthetic, continuous, statistic)
    return scores


def say(line: str) -> None:
    """Print a line at once, also into a pipe."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def spent(action: Callable[[], object], times: int = 1) -> float:
    """CPU seconds of all threads for one call, of several in a row where they are short."""
    gc.collect()
    start = time.process_time()
    for _ in range(times):
        action()
    return (time.process_time() - start) / times


class Times(NamedTuple):
    """CPU seconds: a peer's, ours with the real side kept, ours with nothing known."""

    peer: float
    warm: float
    cold: float


def compare(
    title: str,
    plan: TablePlan,
    real: pd.DataFrame,
    synthetic: pd.DataFrame,
    theirs: Callable[[], dict[str, float]],
    repeat: int,
) -> Times:
    """Print the times of one comparison, and how far the numbers are apart."""
    spec = TableSpec.infer(real)
    kept = Table(real, spec)

    def ours(side: Table) -> Report:
        return plan.run(TablePair(side, Table(synthetic, spec)))

    report, other = ours(kept), theirs()
    apart = max(min(abs(value - mine) for mine in report.values()) for value in other.values())
    warm, cold, peer = [], [], []
    for _ in range(repeat):
        warm += [spent(lambda: ours(kept), times=3) for _ in range(3)]
        cold += [spent(lambda: ours(Table(real, spec)), times=2) for _ in range(3)]
        peer.append(spent(theirs))
    least = Times(min(peer), min(warm), min(cold))
    say(
        f"{title:32s} {least.peer:7.3f} s   ours warm {least.warm * 1e3:6.1f} ms "
        f"({least.peer / least.warm:4.0f}x)   cold {least.cold * 1e3:6.1f} ms "
        f"({least.peer / least.cold:4.0f}x)   apart {apart:.0e}"
    )
    return least


GROWTH = [(rows, 15) for rows in (100_000, 200_000, 500_000, 1_000_000, 2_000_000)]
GROWTH += [(200_000, columns) for columns in (30, 60, 100)]
GROWTH += [(1_000, columns) for columns in (100, 300, 1_000, 2_000)]


def growth() -> list[tuple[int, int, float, float]]:
    """Print how the time grows with rows and with columns, for both plans, real side kept.

    Returns:
        Rows, columns, and seconds of either plan.
    """
    found = []
    for rows, columns in GROWTH:
        real, synthetic = (mixed_table(rows, columns, seed) for seed in (0, 1))
        spec = TableSpec.infer(real)
        kept = Table(real, spec)
        seconds = []
        for plan in (QUALITY, CORE):
            plan.run(TablePair(kept, Table(real, spec)))
            tables = [Table(synthetic, spec) for _ in range(2)]
            seconds.append(min(spent(partial(plan.run, TablePair(kept, t))) for t in tables))
        pairs = columns * (columns - 1) // 2
        say(
            f"{rows:>9,} x {columns:<4d} {seconds[0]:7.3f} s and {seconds[1]:7.3f} s, "
            f"{sum(seconds) / rows / pairs * 1e9:6.1f} ns a row and pair"
        )
        found.append((rows, columns, seconds[0], seconds[1]))
    return found


def draw(found: list[tuple[int, int, float, float]], path: str) -> None:
    """Draw the growth with rows beside that with pairs of columns, each with a linear guide."""
    figure = Figure(figsize=(14, 4.2), layout="constrained")
    by_rows = [(rows, *seconds) for rows, columns, *seconds in found if columns == 15]
    by_pairs, wide = (
        [(c * (c - 1) // 2, *seconds) for rows, c, *seconds in found if rows == length]
        for length in (200_000, 1_000)
    )
    panels = (
        (by_rows, "rows", "15 columns (105 pairs)"),
        (by_pairs, "pairs of columns", "200,000 rows (15 to 100 columns)"),
        (wide, "pairs of columns", "1,000 rows (100 to 2,000 columns)"),
    )
    for axes, (points, label, title) in zip(figure.subplots(1, 3), panels, strict=True):
        sizes, quality, core = (np.array(values) for values in zip(*points, strict=True))
        axes.loglog(sizes, quality, "o-", color="#0072b2", label="numbers of SDMetrics' reports")
        axes.loglog(sizes, core, "s-", color="#d55e00", label="numbers of artifact-core")
        guide = max(quality[0], core[0]) * 1.6 * sizes / sizes[0]
        axes.loglog(sizes, guide, "--", color="0.55", label="linear growth")
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes.tolist()])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.set(xlabel=label, ylabel="CPU seconds, real side kept", title=title)
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="upper left")
    figure.savefig(path, dpi=150)
    say(f"drawn: {path}")


def memory(real: pd.DataFrame, synthetic: pd.DataFrame) -> None:
    """Print the memory that both plans take above the two frames."""
    spec = TableSpec.infer(real)
    tracemalloc.start()
    pair = TablePair(Table(real, spec), Table(synthetic, spec))
    for plan in (QUALITY, CORE):
        plan.run(pair)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(
        f"memory above the inputs: {kept / 2**20:.0f} MB kept, {peak / 2**20:.0f} MB at the peak "
        f"(process: {resident:.0f} MB)"
    )


def main() -> None:
    """Run all comparisons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--csv", help="a real table, compared by halves; else one is generated")
    parser.add_argument("--rows", type=int, default=200_000, help="rows of the long table")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--growth", action="store_true", help="also time larger tables")
    parser.add_argument("--plot", metavar="PATH", help="draw these times into a picture")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    small = (
        halves(options.csv) if options.csv else tuple(mixed_table(16_280, 15, s) for s in (0, 1))
    )
    long = tuple(mixed_table(options.rows, 30, seed) for seed in (2, 3))
    memory(*long)
    for real, synthetic in (small, long):
        spec, size = TableSpec.infer(real), f"{len(real):,} x {real.shape[1]}"
        repeat = options.repeat if len(real) < 100_000 else 1
        for title, plan, numbers in (
            ("SDMetrics", QUALITY, sdmetrics_numbers),
            ("artifact-core", CORE, artifact_core_numbers),
        ):
            compare(
                f"{title} {size}",
                plan,
                real,
                synthetic,
                partial(numbers, spec, real, synthetic),
                repeat,
            )
    if options.growth or options.plot:
        found = growth()
        if options.plot:
            draw(found, options.plot)


if __name__ == "__main__":
    main()
