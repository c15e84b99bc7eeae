"""The README's rows of comparisons and plots, ready to paste, beside this machine's memory.

``python tests/benchmarks/bench_readme.py [--csv PATH] [--repeat 3] [--rows 200000]``

Memory is measured in the same run, so that a reader can place a machine of their own: copying
into an array that is used again, and into a new one, whose pages the system has to provide first.
Where that is slow, whoever makes more new arrays is slower.
"""

import argparse
import os
import statistics
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
from bench_comparison import (
    CORE,
    QUALITY,
    Times,
    artifact_core_numbers,
    compare,
    halves,
    mixed_table,
    say,
    sdmetrics_numbers,
)

from synthproto.data.spec import TableSpec

_COPIED = 50_000_000  # floats of 8 bytes


def bandwidth(fresh: bool) -> float:
    """GB a second of a copy: read and written bytes, the best of five."""
    source, kept = np.ones(_COPIED), np.zeros(_COPIED)
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        if fresh:
            source.copy()
        else:
            np.copyto(kept, source)
        best = min(best, time.process_time() - start)
    return 16 * _COPIED / best / 1e9


def machine() -> str:
    """What the figures were measured on."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (
        f"{os.cpu_count()} cores of {models[0] if models else 'unknown model'}; copies "
        f"{bandwidth(fresh=False):.1f} GB/s, into new memory {bandwidth(fresh=True):.1f} GB/s"
    )


def row(work: str, times: Times) -> str:
    """One row of the table."""
    return (
        f"| {work} | {times.peer:.2g} s | {times.peer / times.warm:.0f}x faster "
        f"| {times.peer / times.cold:.0f}x |"
    )


def comparisons(csv: str | None, rows: int, repeat: int) -> list[str]:
    """Rows of both peers, small table and long one."""
    small = halves(csv) if csv else tuple(mixed_table(16_280, 15, seed) for seed in (0, 1))
    long = tuple(mixed_table(rows, 30, seed) for seed in (2, 3))
    found = []
    for work, plan, numbers in (
        ("SDMetrics' quality and diagnostic numbers", QUALITY, sdmetrics_numbers),
        ("artifact-core's scores and juxtapositions", CORE, artifact_core_numbers),
    ):
        for real, synthetic in (small, long):
            spec, size = TableSpec.infer(real), f"{len(real):,} x {real.shape[1]}"
            theirs = partial(numbers, spec, real, synthetic)
            times = compare(
                f"{work.split()[0]} {size}",
                plan,
                real,
                synthetic,
                theirs,
                repeat if len(real) < 100_000 else 1,
            )
            found.append(row(f"{work}, {size}", times))
    return found


def plots(rounds: int) -> str:
    """Row of the grid of densities of 12 columns, medians."""
    from bench_plots import OURS, keep_canvas, measured, mixed_frame, theirs

    keep_canvas()
    real, synthetic = (mixed_frame(918, seed) for seed in (0, 1))
    spec = TableSpec.infer(real, categorical=[f"label {i}" for i in range(6)])
    peer = theirs(spec)["PDF"]
    # The first round warms caches of fonts and code on both sides.
    made = [measured(peer, OURS["PDF"], spec, real, synthetic) for _ in range(rounds + 1)][1:]
    core, first, later = (statistics.median(times) for times in zip(*made, strict=True))
    return row("artifact-core's PDF grid of 12 columns, to PNG", Times(core, later, first))


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--csv", help="a real table, compared by halves; else one is generated")
    parser.add_argument("--rows", type=int, default=200_000, help="rows of the long table")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = comparisons(options.csv, options.rows, options.repeat)
    rows.append(plots(options.repeat))
    head = "| work | peer | ours, warm | ours, cold |"
    say("\n".join([machine(), "", head, "|---|---|---|---|", *rows]))


if __name__ == "__main__":
    main()
