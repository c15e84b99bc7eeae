"""Noise and intervals: against samples, for perfect samplers and for broken pairs."""

import numpy as np
import pandas as pd
import pytest

from synthproto.artifacts import resampling
from synthproto.artifacts.columns import (
    JSDistance,
    KSDistance,
    Mean,
    MeanJSDistance,
    ShapeDistance,
)
from synthproto.artifacts.dependence import DependenceSimilarity, NMISimilarity, Similarity
from synthproto.artifacts.pairs import PairTrends, TrendSimilarity
from synthproto.artifacts.resampling import resampled
from synthproto.data.pair import Pair, TablePair
from synthproto.data.scan import Scan
from synthproto.data.spec import TableSpec
from synthproto.data.table import Table
from synthproto.measures.columns import BEYOND
from synthproto.plan import TablePlan

pytestmark = pytest.mark.interpreter_independent  # statistics of many samples

SCORES = (Mean(ShapeDistance()), TrendSimilarity(), DependenceSimilarity(), NMISimilarity(),
          Similarity())  # fmt: skip


def drawn(rng: np.random.Generator, rows: int, off: float = 0.0) -> pd.DataFrame:
    """Heaps, heavy tails, gaps, counts, and labels of which few rows share one."""
    z = rng.normal(size=rows)
    frame = pd.DataFrame(
        {
            "x": z + off,
            "y": np.exp(z * 0.6 + rng.normal(size=rows)),
            "h": np.where(rng.random(rows) < 0.8, 0.0, rng.exponential(size=rows) + z),
            "k": rng.poisson(3, rows).astype(float),
            "b": np.where(z + rng.normal(size=rows) > off, "yes", "no"),
            "c": np.array(list("abcdefgh"))[np.minimum(rng.geometric(0.3 + off / 5, rows) - 1, 7)],
            "m": np.char.add("l", rng.integers(0, 150, rows).astype(str)),
        }
    ).astype(dict.fromkeys("bcm", object))
    frame.loc[rng.random(rows) < 0.1, "x"] = np.nan
    return frame


def pair(real: pd.DataFrame, synthetic: pd.DataFrame) -> TablePair:
    labels = [str(name) for name in real if real[name].dtype == object]
    spec = TableSpec.infer(real, categorical=labels)
    return TablePair(Table(real, spec), Table(synthetic, spec))


def excesses(both: TablePair, draws: int) -> list[float]:
    """Of every column, pair and score."""
    found = resampled(both, draws)
    shape = ShapeDistance()(both)
    trends = PairTrends()(both)["similarity"]
    return [
        *(found.noise[f"fidelity/shape_distance/{c}"].excess(shape[c]) for c in shape),
        *(found.pairs[p].excess(1 - trends[p]) for p in found.pairs),
        *(
            found.noise[part.name].excess(part(both), sign=1 if part.best == 0 else -1)
            for part in SCORES
        ),
    ]


def marked(seeds: int, rows: tuple[int, int]) -> float:
    """Share of what is marked for a perfect sampler."""
    found = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        found += excesses(pair(drawn(rng, rows[0]), drawn(rng, rows[1])), draws=100)
    return float(np.mean(np.array(found) > BEYOND))


def test_a_perfect_sampler_is_hardly_ever_marked() -> None:
    assert marked(8, (500, 500)) <= 0.02
    assert marked(4, (400, 1200)) <= 0.03


def test_noise_of_tables_in_pieces_is_about_that_of_all_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resampling, "_SAMPLED", 1000)
    rng = np.random.default_rng(0)
    frames = [drawn(rng, 4000) for _ in range(2)]
    both = pair(*frames)
    scans = Pair(*(Scan([f[:900].copy, f[900:].copy], both.spec) for f in frames))
    ours, exact = resampled(scans), resampled(both)
    assert ours.noise.keys() == exact.noise.keys()
    assert ours.pairs.keys() == exact.pairs.keys()
    found = [*ours.noise.items(), *ours.pairs.items()]
    wanted = {**dict(exact.noise), **{str(names): own for names, own in exact.pairs.items()}}
    for name, noise in found:
        assert noise.spread == pytest.approx(wanted[str(name)].spread, rel=0.6, abs=1e-3)
        assert noise.expected == pytest.approx(wanted[str(name)].expected, abs=0.07)
    for tag, (low, high) in exact.intervals.items():
        assert ours.intervals[tag] == pytest.approx((low, high), abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [(800, 800), (800, 300), (500, 2000)])
def test_of_a_perfect_sampler_fewer_than_1_in_100_are_marked(rows: tuple[int, int]) -> None:
    assert marked(200, rows) <= 0.01


def test_noise_is_that_of_samples() -> None:
    rng = np.random.default_rng(0)
    shapes, trends, scores = [], [], []
    for _ in range(60):
        both = pair(drawn(rng, 1000), drawn(rng, 1500))
        shapes.append(ShapeDistance()(both))
        trends.append(1 - PairTrends()(both)["similarity"])
        scores.append({part.name: part(both) for part in SCORES})
    once = resampled(pair(drawn(rng, 1000), drawn(rng, 1500)))
    for frame, prefix in ((shapes, "fidelity/shape_distance/"), (scores, "")):
        for name, values in pd.DataFrame(frame).items():
            noise = once.noise[f"{prefix}{name}"]
            assert values.mean() == pytest.approx(noise.expected, rel=0.25)
            assert values.std() == pytest.approx(noise.spread, rel=0.5)
    for names, noise in once.pairs.items():
        if "y" in names and not {"b", "c", "m"} & set(names):
            continue  # correlations of heavy tails differ from sample to sample, and so their noise
        values = pd.Series([each[names] for each in trends])
        assert values.mean() == pytest.approx(noise.expected, rel=0.3)
        assert values.std() == pytest.approx(noise.spread, rel=0.5)


def test_a_broken_pair_is_farthest_from_real_rows_among_noisy_ones() -> None:
    rng = np.random.default_rng(0)

    def made(broken: bool) -> pd.DataFrame:
        x = rng.normal(size=1500)
        y = x + rng.normal(0, 0.14, 1500)
        codes = {f"c{n}": rng.integers(0, 300, 1500).astype(str).astype(object) for n in range(7)}
        return pd.DataFrame({"x": x, "y": rng.permutation(y) if broken else y, **codes})

    both = pair(made(broken=False), made(broken=True))
    distances = 1 - PairTrends()(both)["similarity"]
    noise = resampled(both).pairs
    beyond = {p: noise[p].excess(distances[p]) for p in noise}
    assert max(beyond, key=lambda p: beyond[p]) == ("x", "y")
    assert distances["x", "y"] < distances.max()  # which is what hid it
    assert sum(value > BEYOND for value in beyond.values()) == 1


def test_tables_of_many_columns_have_noise_by_closed_forms() -> None:
    rng = np.random.default_rng(0)

    def made() -> pd.DataFrame:
        z = rng.normal(size=(300, 1))
        frame = pd.DataFrame(z + rng.normal(size=(300, 27)), columns=[f"x{n}" for n in range(27)])
        return frame.assign(c=np.where(z[:, 0] > 0, "a", "b")).astype({"c": object})

    both = pair(made(), made())
    both.real.frame.loc[0, "x0"] = np.nan
    found = resampled(both)
    assert set(found.intervals) == {"fidelity/mean_shape_distance"}
    trends = PairTrends()(both)["similarity"]
    excess = np.array([found.pairs[p].excess(1 - trends[p]) for p in found.pairs])
    assert len(excess) == 378
    assert (excess > BEYOND).mean() <= 0.01
    assert 0.8 < excess.std() < 1.2


def test_a_plan_says_what_noise_alone_gives() -> None:
    rng = np.random.default_rng(0)
    parts = (ShapeDistance(), Mean(ShapeDistance()), MeanJSDistance(), JSDistance(), KSDistance())
    plan = TablePlan(scores=parts, floors=False)
    reports = [plan.run(pair(drawn(rng, 600), drawn(rng, 400))) for _ in range(40)]
    assert set(reports[0]) - set(reports[0].noise) == {
        f"{KSDistance.name}/{name}" for name in ("x", "y", "h", "k")
    }
    z = pd.DataFrame([dict(report.z) for report in reports])
    assert np.abs(z.mean()).max() < 0.8
    assert 0.6 < z.std().min() <= z.std().max() < 1.6
    both = pair(drawn(rng, 600), drawn(rng, 400))
    shifted = both.synthetic.frame.assign(k=both.synthetic.frame["k"] + 1)
    found = plan.run(TablePair(both.real, Table(shifted, both.spec)))
    assert found.noise == plan.run(both).noise  # once a run
    assert found.is_beyond("fidelity/js_distance/k")
    assert found.is_beyond("fidelity/mean_shape_distance")
    assert not found.is_beyond("fidelity/js_distance/c")


def test_a_plan_knows_the_noise_of_what_it_holds_alone() -> None:
    rng = np.random.default_rng(0)
    both = pair(drawn(rng, 200), drawn(rng, 200))
    other = TablePlan(scores=[Mean(ShapeDistance()), ShapeDistance(decimals=1)])
    assert set(other.run(both).noise) == {"fidelity/mean_shape_distance"}
    assert TablePlan(scores=[JSDistance(bins=3)]).run(both).noise == {}
    assert TablePlan(scores=[JSDistance()], relabellings=0).run(both).noise == {}
    for rows in (1, 2, 3):  # also of what is hardly a table
        few = pair(drawn(rng, rows), drawn(rng, 7))
        found = TablePlan(scores=[Mean(ShapeDistance()), MeanJSDistance()]).run(few).noise
        assert np.isfinite(list(found.values())).all()


def test_intervals_lie_around_scores_and_within_their_bounds() -> None:
    rng = np.random.default_rng(0)
    both = pair(drawn(rng, 600), drawn(rng, 500, off=0.4))
    found = resampled(both)
    assert found == resampled(both)
    for part in SCORES:
        low, high = found.intervals[part.name]
        assert 0 <= low < part(both) < high <= 1
    alone = pd.DataFrame({"a": ["x", "y"] * 30}, dtype=object)
    assert set(resampled(pair(alone, alone)).intervals) == {
        "fidelity/mean_shape_distance",
        "fidelity/similarity",
    }
    keys = pd.DataFrame({"id": [f"key {n}" for n in range(30)]})
    spec = TableSpec.infer(keys)
    table = Table(keys, spec)
    assert resampled(TablePair(table, table)).noise == {}


@pytest.mark.slow
def test_intervals_cover_95_of_100() -> None:
    found: dict[str, list[tuple[float, float, float]]] = {}
    for seed in range(500):
        rng = np.random.default_rng(seed)
        both = pair(*(drawn(rng, 1500, off).drop(columns=["m"]) for off in (0.0, 0.5)))
        ends = resampled(both).intervals
        for part in SCORES:
            found.setdefault(part.name, []).append((part(both), *ends[part.name]))
    covered = {}
    for name, values in found.items():
        score, low, high = np.array(values).T
        covered[name] = float(((low <= score.mean()) & (score.mean() <= high)).mean())
    assert min(covered.values()) >= 0.93, covered
    assert max(covered[part.name] for part in SCORES[:2]) <= 0.98, covered
