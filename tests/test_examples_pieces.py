"""Every way of reading pieces in the example gives the same numbers."""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthproto import Pair, Scan, TableSpec

sys.path.append(str(Path(__file__).resolve().parents[1] / "examples"))

import pieces

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame({"x": RNG.normal(size=3000), "c": RNG.choice(["a", "b", "c"], 3000)})
SPEC = TableSpec.infer(FRAME)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], list[Path]]:
    folder = tmp_path_factory.mktemp("pieces")
    found: list[list[Path]] = []
    for name, frame in (("real", FRAME), ("synthetic", FRAME[::2])):
        paths = [folder / f"{name}-{number}.parquet" for number in range(2)]
        for path, half in zip(paths, (frame[:1000], frame[1000:]), strict=True):
            half.to_parquet(path, row_group_size=400)
        found.append(paths)
    return found[0], found[1]


@pytest.mark.parametrize("read", [pieces.of_polars, pieces.of_duckdb])
def test_each_library_gives_the_numbers_of_parquet(
    files: tuple[list[Path], list[Path]], read: Callable[[Sequence[Path], TableSpec], Scan]
) -> None:
    with ThreadPoolExecutor(2) as workers:
        expected = pieces.parquet(*files, SPEC, workers)
    found = pieces.PLAN.run(Pair(read(files[0], SPEC), read(files[1], SPEC)))
    assert dict(found) == pytest.approx(dict(expected), rel=1e-12)


def test_workers_of_dask_give_the_same_bits(files: tuple[list[Path], list[Path]]) -> None:
    distributed = import_module("dask.distributed")
    with distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster:
        found = pieces.dask(*files, SPEC, cluster.scheduler_address)
    with ThreadPoolExecutor(2) as workers:
        assert dict(found) == dict(pieces.parquet(*files, SPEC, workers))
