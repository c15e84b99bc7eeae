"""Neighbour searches against SDMetrics and scikit-learn, side by side in one process.

Run: ``python tests/benchmarks/bench_neighbours.py [--rows 16000] [--csv FILE] [--large 100000]``

CPU time of one thread, in turns, medians of the rounds. SDMetrics' DCR is measured on a sample of
the synthetic rows against all real ones and extrapolated to all of them (its cost is linear in
them); everything else is measured as it is. scikit-learn searches the two closest rows by brute
force on one-hot columns, the way that mostlyai-qa searches its embeddings: Euclidean distances,
which matrix products compute, and L1 distances, which are Gower's but for caps and missing values.
Where mostlyai-qa is installed, its own search runs too, on its own embeddings, which are made
before the clock starts: its times are without encoding, ours "from frames" are with it.
"""

import argparse
import importlib
import importlib.util
import resource
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sdmetrics.single_table.privacy.dcr_utils import calculate_dcr
from sklearn.neighbors import NearestNeighbors

from synthproto.artifacts.joint import PRDC, AlphaPrecision, Authenticity, BetaRecall
from synthproto.artifacts.privacy import DCR, NNDR, DCRShare, ExactMatchShare
from synthproto.artifacts.rows import rows
from synthproto.artifacts.searches import search
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.measures.rows import Floats, Rows

SAMPLE = 64


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def made(count: int, seed: int) -> pd.DataFrame:
    """Six continuous and nine categorical columns that depend on three hidden groups and sizes."""
    rng = np.random.default_rng(seed)
    group, size = rng.integers(0, 3, count), rng.normal(size=count)
    numbers = {
        f"number_{i}": np.round(rng.normal(size + group * (i % 3), 0.3 + 0.1 * i), 2)
        for i in range(6)
    }
    labels = {
        f"label_{i}": np.char.add(
            "c", ((rng.geometric(0.5, count) + group) % (2 + 2 * i)).astype(str)
        )
        for i in range(9)
    }
    return pd.DataFrame({**numbers, **labels})


def split(frame: pd.DataFrame, parts: int) -> list[pd.DataFrame]:
    order = np.random.default_rng(0).permutation(len(frame))
    return [frame.iloc[part].reset_index(drop=True) for part in np.array_split(order, parts)]


def metadata(spec: TableSpec) -> dict[str, dict[str, dict[str, str]]]:
    sdtypes = {"continuous": "numerical", "categorical": "categorical", "boolean": "boolean"}
    return {"columns": {c.name: {"sdtype": sdtypes.get(c.kind, "id")} for c in spec.columns}}


def one_hot(table: Rows) -> Floats:
    """Coordinates whose L1 distance is Gower's times the number of columns."""
    parts = [np.nan_to_num(table.continuous)]
    parts += [np.eye(int(codes.max()) + 1)[codes] / 2 for codes in table.codes.T]
    return np.concatenate(parts, axis=1)


def brute(pair: TablePair, metric: str) -> Callable[[], object]:
    real, synthetic = (rows(pair, side, (), "range") for side in ("real", "synthetic"))
    width = len(real)
    both = one_hot(
        Rows(
            np.concatenate([real.continuous, synthetic.continuous]),
            np.concatenate([real.codes, synthetic.codes]),
        )
    ).astype(np.float32)
    index = NearestNeighbors(n_neighbors=2, algorithm="brute", metric=metric).fit(both[:width])
    return lambda: index.kneighbors(both[width:])


def mostlyai(frames: list[pd.DataFrame]) -> dict[str, Callable[[], object]]:
    """Its search for the two closest real rows of each synthetic one, if it is installed."""
    if importlib.util.find_spec("mostlyai") is None:
        say("(left out: mostlyai-qa is not installed)")
        return {}
    # Any: an optional package, imported by name, that the type checkers do not see.
    embeddings: Any = importlib.import_module("mostlyai.qa._embeddings")
    distances: Any = importlib.import_module("mostlyai.qa._distances")
    real, synthetic, holdout = frames
    embedded, closest_to, _ = embeddings.encode_data(synthetic, real, holdout)
    work = partial(distances.calculate_dcrs_nndrs, data=closest_to, query=embedded)
    return {"mostlyai-qa DCR and NNDR, from embeddings": work}


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def fresh(frames: list[pd.DataFrame], spec: TableSpec) -> TablePair:
    real, synthetic, holdout = (Table(frame, spec) for frame in frames)
    return TablePair(real, synthetic, holdout)


def together(pair: TablePair, *, first: str = "PRDC") -> None:
    """Everything that reads neighbours, for one synthetic table, in one order or another.

    No order should cost more than another: a plan lists its parts as its author likes.
    """
    order: list[Callable[[TablePair], object]] = [PRDC(), DCR(), NNDR(), DCRShare()]
    order += [ExactMatchShare(), AlphaPrecision(), BetaRecall(), Authenticity()]
    for part in sorted(order, key=lambda part: type(part).__name__ != first):
        part(pair)


def compare(frames: list[pd.DataFrame], spec: TableSpec, rounds: int) -> None:
    times: dict[str, list[float]] = {}
    pair = fresh(frames, spec)
    sample = frames[1].head(SAMPLE)
    factor = len(frames[1]) / len(sample)
    later = TablePair(pair.real, Table(frames[1], spec), pair.holdout)
    together(later)  # the real side is searched now, as in the first epoch of a run

    def again(first: str) -> None:
        together(TablePair(pair.real, Table(frames[1], spec), pair.holdout), first=first)

    contestants: dict[str, Callable[[], object]] = {
        "synthproto, two closest rows, from frames": lambda: search(
            fresh(frames, spec), "synthetic", "real", 2
        ),
        "synthproto, two closest rows, real table kept": lambda: search(
            TablePair(pair.real, Table(frames[1], spec)), "synthetic", "real", 2
        ),
        "synthproto, 14 scores, from frames": lambda: together(fresh(frames, spec)),
        **{
            f"synthproto, 14 scores, {first} first, real kept": partial(again, first)
            for first in ("PRDC", "DCR", "BetaRecall")
        },
        "scikit-learn brute force, Euclidean, one-hot": brute(pair, "euclidean"),
        "scikit-learn brute force, L1, one-hot": brute(pair, "manhattan"),
        f"SDMetrics DCR, {len(sample)} rows extrapolated": lambda: calculate_dcr(
            sample, frames[0], metadata(spec)
        ),
        **mostlyai(frames),
    }
    for _ in range(rounds):
        for name, work in contestants.items():
            spent = seconds(work) * (factor if name.startswith("SDMetrics") else 1)
            times.setdefault(name, []).append(spent)
    medians = {name: statistics.median(spent) for name, spent in times.items()}
    base = medians["synthproto, two closest rows, from frames"]
    for name, median in medians.items():
        say(f"{name:50} {median:10.3f} s   x {median / base:8.2f}")
    ours = search(pair, "synthetic", "real", 1, (), "range").distances[: len(sample), 0]
    gap = np.abs(ours - calculate_dcr(sample, frames[0], metadata(spec)).to_numpy()).max()
    say(f"largest difference from SDMetrics' distances: {gap:.1e}")


def large(count: int) -> None:
    """All scores on long tables, with the peak memory of the process."""
    frames = [made(count, seed) for seed in range(3)]
    pair = fresh(frames, TableSpec.infer(frames[0]))
    for name, work in {
        f"two closest of {count} for {count} rows": lambda: search(pair, "synthetic", "real", 2),
        "14 scores, rows and that search kept": lambda: together(pair),
    }.items():
        say(f"{name:50} {seconds(work):10.3f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    say(f"peak memory of the process: {peak:.2f} GiB")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=16_000, help="rows of each table")
    parser.add_argument("--csv", help="a table to split instead of made-up ones")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", type=int, help="only this: tables of so many rows")
    arguments = parser.parse_args()
    if arguments.large:
        large(arguments.large)
        return
    if arguments.csv:
        frames = split(pd.read_csv(arguments.csv, skipinitialspace=True), 3)
    else:
        frames = [made(arguments.rows, seed) for seed in range(3)]
    say(
        f"{len(frames[0])} real rows, {len(frames[1])} synthetic rows, {frames[0].shape[1]} columns"
    )
    compare(frames, TableSpec.infer(frames[0]), arguments.rounds)


if __name__ == "__main__":
    main()
