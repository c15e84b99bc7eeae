import numpy as np
import pandas as pd

from synthproto.artifacts.pair_noise import pair_noise
from synthproto.artifacts.pairs import PairTrends
from synthproto.data.pair import TablePair
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.measures.columns import BEYOND


def test_pairs_of_samples_of_one_distribution_are_within_noise() -> None:
    found = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=1200)
        frame = pd.DataFrame(
            {"x": x, "y": x + rng.normal(size=1200), "c": rng.integers(0, 9, 1200)}
        )
        frame.loc[::9, "y"] = np.nan
        spec = TableSpec.infer(frame, categorical=["c"])
        pair = TablePair(Table(frame[:600], spec), Table(frame[600:], spec))
        noise, similar = pair_noise(pair, pair), PairTrends()(pair)["similarity"]
        assert list(noise) == list(similar.index) or set(noise) == set(similar.index)
        found += [noise[names].excess(1 - similar[names]) for names in noise]
    assert max(found) < BEYOND
    assert abs(float(np.mean(found))) < 0.6
