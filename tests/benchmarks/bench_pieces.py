"""Tables in pieces: CPU seconds and memory of a comparison, and rows a second of training.

python tests/benchmarks/bench_pieces.py 1_000_000     # rows of each of the two tables
"""

import resource
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from synthproto import (
    Pair,
    Plan,
    Scan,
    StreamedBatches,
    SummaryPair,
    Table,
    TableCodec,
    TableSpec,
    parquet_pieces,
)
from synthproto.data.file_pieces import ParquetPiece
from synthproto.presets.default import scanned_preset

PIECE = 1 << 18


def rows(count: int, seed: int) -> pd.DataFrame:
    """As wide as Adult: six columns of numbers, one of them without repeats, and nine of labels."""
    draw = np.random.default_rng(seed)
    z = draw.normal(size=count)
    frame = pd.DataFrame({"distinct": z, "cents": np.exp(7 + z / 2).round(2)})
    for name, most in (("age", 73), ("hours", 99), ("education", 16), ("gain", 120)):
        frame[name] = np.minimum(draw.poisson(most / 4 * np.exp(z / 4)), most)
    for number, labels in enumerate((2, 2, 5, 6, 7, 9, 15, 16, 42)):
        codes = np.minimum(draw.geometric(2 / labels, count) - 1, labels - 1)
        frame[f"label {number}"] = np.array([f"{n}" for n in range(labels)])[codes]
    return frame


def write(folder: Path, count: int, seed: int) -> list[ParquetPiece]:
    """Files of a million rows, in row groups."""
    paths = []
    for number, start in enumerate(range(0, count, 4 * PIECE)):
        paths.append(folder / f"{seed}-{number}.parquet")
        part = rows(min(4 * PIECE, count - start), seed + 2 * number)
        part.to_parquet(paths[-1], row_group_size=PIECE)
    return parquet_pieces(*paths)


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def peak() -> float:
    """MB of memory that this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def compare(
    sides: Sequence[list[ParquetPiece]], spec: TableSpec, families: tuple[str, ...]
) -> None:
    """Print what the scores of some families take."""
    begin = process_time()
    pair = Pair(*(Scan(pieces, spec) for pieces in sides))
    whole = scanned_preset("default", spec)
    kept = [
        s for s, tag in zip(whole.scores, whole.score_tags, strict=True) if tag.startswith(families)
    ]
    report = Plan[SummaryPair](scores=kept, floors=False).run(pair)
    passes = [len(side.passes) for side in (pair.real, pair.synthetic)]
    took = f"{process_time() - begin:.1f} CPU s, {peak():.0f} MB"
    say(f"{', '.join(families)}: {len(report)} numbers, passes {passes}: {took}")


def read(piece: ParquetPiece, codec: TableCodec) -> Tensor:
    """Rows of a piece, encoded."""
    return codec.encode(Table(piece(), codec.spec))


def train(pieces: list[ParquetPiece], spec: TableSpec) -> None:
    """Print how many rows a second are read, encoded and shuffled."""
    begin = process_time()
    codec = TableCodec.fit(Scan(pieces, spec), scaling="standard")
    say(f"codec of {codec.width} columns: {process_time() - begin:.1f} CPU s")
    begin = process_time()
    parts = [partial(read, piece, codec) for piece in pieces]
    batches = StreamedBatches(parts, [piece.rows for piece in pieces], size=500)
    seen = sum(len(batch) for batch in batches(1))
    say(f"batches: {seen / (process_time() - begin) / 1e6:.2f} million rows a CPU s")


def main() -> None:
    """Write two tables, compare them and train on one."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    torch.set_num_threads(1)
    with TemporaryDirectory() as folder:
        with ProcessPoolExecutor(1, get_context("spawn")) as other:  # whose memory is not ours
            sides = [other.submit(write, Path(folder), count, seed).result() for seed in (0, 1)]
        spec = TableSpec.infer(sides[0][0]())
        say(f"2 x {count:,} rows of {len(spec.columns)} columns; {peak():.0f} MB before")
        compare(sides, spec, ("fidelity", "validity"))
        compare(sides, spec, ("privacy",))
        train(sides[0], spec)


if __name__ == "__main__":
    main()
