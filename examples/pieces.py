"""Tables larger than memory: what reads their pieces may be any library, and any engine of it.

python examples/pieces.py real/ synthetic/        # two folders of parquet files

An engine is anything of the shape of Python's `map`. Of Spark it is two lines:
``map=lambda f, jobs: sc.parallelize(js := list(jobs), len(js)).map(f).toLocalIterator()``; of ray
``map=ray.util.multiprocessing.Pool().imap``. CSV files are ``partial(Table.read, path, spec)``.
For dask set ``distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_`` to None: its default
doubles the time.
"""

import sys
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa

from synthproto import (
    Pair,
    Plan,
    Report,
    Scan,
    ShapeDistance,
    Similarity,
    SummaryPair,
    TableSpec,
    parquet_pieces,
)

ROWS = 250_000  # of a piece
PLAN = Plan[SummaryPair](scores=[Similarity(), ShapeDistance()])


def parquet(
    real: Sequence[Path], synthetic: Sequence[Path], spec: TableSpec, workers: Executor
) -> Report:
    """Row groups of files, read by workers; other columns than a pass needs stay unread."""
    sides = [Scan(parquet_pieces(*paths), spec, map=workers.map) for paths in (real, synthetic)]
    return PLAN.run(Pair(*sides))


def dask(real: Sequence[Path], synthetic: Sequence[Path], spec: TableSpec, address: str) -> Report:
    """The same by the workers of a dask cluster, whose executor maps as Python's own do."""
    from dask.distributed import Client  # pyright: ignore[reportMissingImports]  # an extra

    with Client(address) as client:  # type: ignore[no-untyped-call]  # dask has no types
        return parquet(real, synthetic, spec, client.get_executor())


def polars_slice(paths: Sequence[Path], first: int) -> pl.DataFrame:
    """A piece: rows of a lazy query, here of all columns."""
    return pl.scan_parquet(list(paths)).slice(first, ROWS).collect()


def of_polars(paths: Sequence[Path], spec: TableSpec) -> Scan:
    """Pieces of a polars query."""
    rows = int(pl.scan_parquet(list(paths)).select(pl.len()).collect().item())
    return Scan([partial(polars_slice, paths, first) for first in range(0, rows, ROWS)], spec)


def duckdb_query(path: Path) -> pa.Table:
    """A piece: what a query of DuckDB gives, here of one file."""
    return duckdb.connect().read_parquet(str(path)).to_arrow_table()


def of_duckdb(paths: Sequence[Path], spec: TableSpec) -> Scan:
    """Pieces by queries of DuckDB."""
    return Scan([partial(duckdb_query, path) for path in paths], spec)


def main() -> None:
    """Compare two folders by each of the ways that need no cluster."""
    real, synthetic = (sorted(Path(folder).glob("*.parquet")) for folder in sys.argv[1:3])
    spec = TableSpec.infer(pl.read_parquet(real[0]))
    with ProcessPoolExecutor(2) as workers:
        print(parquet(real, synthetic, spec, workers))
    print(PLAN.run(Pair(of_polars(real, spec), of_polars(synthetic, spec))))
    print(PLAN.run(Pair(of_duckdb(real, spec), of_duckdb(synthetic, spec))))


if __name__ == "__main__":
    main()
