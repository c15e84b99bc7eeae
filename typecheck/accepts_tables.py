"""Compositions that must fit: generation, plans and trackers. See ``accepts.py``."""

import io
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import assert_type

import duckdb
import numpy as np
import pandas as pd
import polars as pl
from ctgan import CTGAN
from matplotlib.figure import Figure

from synthproto import (
    PDF,
    TSTR,
    Artifact,
    Checkpoints,
    CorrelationDistance,
    EpsilonBound,
    GenerationParams,
    Generator,
    JSDistance,
    Juxtaposition,
    Linkability,
    LossCarrier,
    LossRoutine,
    Mean,
    MeanJSDistance,
    MemoryTracker,
    Pair,
    Patience,
    Plan,
    PredictabilityKept,
    Report,
    ReportTracker,
    RunTracker,
    Sampled,
    ScalarTracker,
    Scan,
    ShapeDistance,
    SinglingOut,
    Summary,
    SummaryPair,
    Table,
    TableCodec,
    TablePair,
    TablePlan,
    TableSpec,
    TableSynthesizer,
    TensorBoardTracker,
    Validation,
    Within,
    bind,
    parquet_pieces,
    sampler,
    split,
)
from synthproto.contracts import (
    Array,
    Controlled,
    Described,
    Drawing,
    FigureTracker,
    ParamsTracker,
    Plot,
    ResumableTracker,
    Score,
    Tracker,
)
from synthproto.trackers.filesystem import FilesystemTracker
from synthproto.trackers.wrappers import Background, Tee
from typecheck.parts import (
    FRAME,
    REAL,
    VAE_MODEL,
    Images,
    NumberTracker,
    ReportKeeper,
    VAEBatch,
    VAEParams,
    brightness,
)

PAIR = TablePair(REAL, REAL)
SAMPLE = sampler(VAE_MODEL, VAEParams(n_records=10))

# --- generation ----------------------------------------------------------------------------------


def sample_of_a_model() -> None:
    """A model's generate with its own params, of whatever type they are."""
    validation = Validation(sample=SAMPLE, real=REAL, plan=TablePlan(scores=[MeanJSDistance()]))
    assert_type(validation.compare(), Report)


def sample_of_a_lambda() -> None:
    """A lambda that generates."""
    Validation(sample=lambda: FRAME.head(5), real=REAL, plan=TablePlan()).compare()


def sample_of_ctgan() -> None:
    """CTGAN as it is, through the stub that comes with the library."""
    model = CTGAN(epochs=1, batch_size=20, pac=1, enable_gpu=False)
    model.fit(FRAME, discrete_columns=["sex"])
    Validation(sample=bind(model.sample, 10), real=REAL, plan=TablePlan()).compare()


@dataclass(frozen=True)
class WiderParams(VAEParams):
    """Has more than a VAE reads."""

    guidance: float = 0.0


def params_that_say_more() -> None:
    """Params with more fields than the model reads."""
    assert_type(sampler(VAE_MODEL, WiderParams(n_records=10)), Callable[[], pd.DataFrame])


def params_of_each_table() -> None:
    """Params that are made anew for each table."""
    Validation(
        sample=sampler(VAE_MODEL, lambda: VAEParams(n_records=10)),
        real=REAL,
        plan=TablePlan(scores=[MeanJSDistance()]),
    ).compare()


def frames_of_other_libraries() -> None:
    """Whatever has Arrow's stream, or knows its way to pandas."""
    frame = pl.DataFrame({"age": [31.0, 42.0, 53.0], "sex": ["female", "male", "male"]})
    relation = duckdb.from_arrow(frame.to_arrow())
    Table(frame, TableSpec.infer(relation))
    assert_type(split(frame), tuple[pd.DataFrame, pd.DataFrame])
    Validation(sample=lambda: frame, real=REAL, plan=TablePlan(scores=[MeanJSDistance()]))


def bound_functions() -> None:
    """Any function with its arguments: by position, by name, with a result of any type."""
    assert_type(bind(VAE_MODEL.generate, VAEParams(n_records=3)), Callable[[], pd.DataFrame])
    assert_type(bind(FRAME.head, n=3), Callable[[], pd.DataFrame])
    assert_type(bind(rows_of, 7, scale=2), Callable[[], int])


def rows_of(number: int, *, scale: int) -> int:
    return number * scale


def several_names() -> None:
    """Names in a list, in a tuple."""
    TableSpec.infer(FRAME, categorical=["sex"])
    TableSpec.infer(FRAME, categorical=("sex",), continuous=["age"])


class OwnWords:
    """A tracker whose arguments have names of its own."""

    def log_scalars(self, metrics: Mapping[str, float], epoch: int) -> None: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


def trackers_by_position() -> None:
    """A tracker that calls its arguments otherwise."""
    tracker: ScalarTracker = OwnWords()
    LossRoutine(tracker)


def generators_by_variance() -> None:
    """A model that asks for less than it is given fits."""

    class Modest:
        def generate(self, params: GenerationParams) -> pd.DataFrame:
            return FRAME.head(params.n_records)

    models: list[Generator[VAEParams]] = [VAE_MODEL, Modest()]
    for model in models:
        assert_type(model.generate(VAEParams(n_records=5)), pd.DataFrame)
    params: GenerationParams = VAEParams(n_records=5)
    assert params.n_records == 5


def synthesizer_as_a_whole() -> None:
    """A model that is trained and generates."""
    model: TableSynthesizer[VAEBatch, LossCarrier, VAEParams] = VAE_MODEL
    assert_type(model.generate(VAEParams(n_records=5)), pd.DataFrame)


# --- tables and plans ------------------------------------------------------------------------------


def tables_and_codec() -> None:
    """From a frame to tensors and back."""
    spec = TableSpec.infer(FRAME, categorical=["sex"])
    real = Table(FRAME, spec)
    codec = TableCodec.fit(real)
    assert_type(codec.decode(codec.encode(real)), pd.DataFrame)


def picture_as_file_and_as_figure() -> None:
    """What a plot gives: a file of any format, a Figure to change, the arrays behind it."""
    picture = PDF()(PAIR)
    picture.savefig("fig.pdf")
    picture.savefig(io.BytesIO(), format="svg")
    assert_type(picture.figure(), Figure)
    drawing: Drawing = picture
    assert drawing is not None


def plan_without_rows() -> None:
    """Scores that need no rows compare whatever sums up a table, beside a table or not."""

    def summed_up() -> Summary:
        return REAL

    summary = summed_up()
    plan = Plan[SummaryPair](
        scores=[MeanJSDistance(), Mean(ShapeDistance()), JSDistance(), CorrelationDistance()],
        arrays=[Juxtaposition()],
    )
    plan.run(Pair(summary, summary))
    plan.run(Pair[Summary](summary, REAL, summary))
    plan.run(PAIR)
    TablePlan(scores=[*plan.scores, TSTR("sex")])
    tables: SummaryPair = PAIR
    plan.run(tables)
    assert_type(PAIR.real, Table)


def pieces_and_engines() -> None:
    """What reads pieces, and gives frames of any library, may be any function shaped as `map`."""
    executor, workers = ThreadPoolExecutor(1), ThreadPool(1)
    for name in ("a.parquet", "b.parquet"):
        FRAME.to_parquet(name)
    pieces = [partial(pd.read_parquet, "a.parquet"), partial(pd.read_parquet, "b.parquet")]
    real = Scan(pieces, REAL.spec)
    Scan(parquet_pieces("a.parquet", Path("b.parquet")), REAL.spec, map=map)
    Scan([partial(pl.read_parquet, "a.parquet")], REAL.spec, map=executor.map)
    Scan([partial(Table.read, "a.csv", REAL.spec)], REAL.spec, map=workers.imap)
    Scan([lambda: FRAME], REAL.spec, map=workers.map)
    plan = Plan[SummaryPair](scores=[MeanJSDistance(), Sampled(TSTR("sex"), 100)])
    plan.run(Pair(real, real, real), undefined=lambda tag, reason: None)
    plan.run(Pair[Summary](real, REAL), undefined=lambda tag, reason: None)
    assert_type(Pair(real, real), Pair[Scan])
    assert_type(TableCodec.fit(real), TableCodec)


def plan_of_tables() -> None:
    """Scores, collections, arrays and plots of the library."""
    plan = TablePlan(
        scores=[MeanJSDistance(), JSDistance(), CorrelationDistance()],
        arrays=[Juxtaposition("mean")],
        plots=[PDF()],
    )
    assert_type(plan, Plan[TablePair])
    report = plan.run(PAIR)
    assert_type(report["fidelity/mean_js_distance"], float)
    report.track(ReportKeeper(), 1)


def own_score_as_function() -> None:
    """A function is a score; its name is its tag."""

    def extra_rows(pair: TablePair) -> float:
        return float(len(pair.synthetic) - len(pair.real))

    def length_by_table(pair: TablePair) -> dict[str, float]:
        return {"real": float(len(pair.real)), "synthetic": float(len(pair.synthetic))}

    report = TablePlan(scores=[extra_rows, length_by_table]).run(PAIR)
    assert set(report) == {"extra_rows", "length_by_table/real", "length_by_table/synthetic"}


def own_score_as_dataclass() -> None:
    """A frozen dataclass with a name is a score with parameters."""

    @dataclass(frozen=True)
    class ShareAbove:
        bound: float
        name: str = "fidelity/share_above"

        def __call__(self, pair: TablePair) -> float:
            return float((pair.synthetic.frame["age"] > self.bound).mean())

    part: Artifact[TablePair, float] = ShareAbove(5.0)
    score: Score[TablePair] = part
    TablePlan(scores=[part, score] if part is not score else [part]).run(PAIR)


def own_score_that_says_its_best() -> None:
    """A score may say its best value and its bounds, as plain members."""

    class Halves:
        name = "own/halves"
        best = 0.5
        bounds = (0.0, 1.0)

        def __call__(self, pair: TablePair) -> float:
            return 0.5

        def control(self, pair: TablePair) -> float:
            return 0.5

    said: list[Described] = [Halves(), MeanJSDistance(), JSDistance(), TSTR("sex")]
    controlled: Controlled[TablePair] = Halves()
    TablePlan(scores=[Halves()])
    assert said[0].best == controlled.control(PAIR)


def own_array_and_plot() -> None:
    """Arrays, frames and matplotlib figures, one or several."""

    def mean_rows(pair: TablePair) -> Mapping[str, Array]:
        return {"real": pair.real.frame[["age"]], "synthetic": np.zeros(2)}

    def blank(pair: TablePair) -> Figure:
        return Figure(figsize=(1, 1))

    def blanks(pair: TablePair) -> dict[str, Figure]:
        return {"first": Figure(figsize=(1, 1))}

    plot: Plot[TablePair] = blanks
    drawing: Drawing = Figure(figsize=(1, 1))
    report = TablePlan(arrays=[mean_rows], plots=[blank, plot]).run(PAIR)
    assert len(report.figures) == 2
    assert drawing is not None


def score_of_anything() -> None:
    """A score that needs less than a pair of tables fits any plan."""

    def constant(resources: object) -> float:
        return 1.0

    TablePlan(scores=[constant, MeanJSDistance()]).run(PAIR)
    Plan[Images](scores=[constant, brightness]).run(Images(np.zeros((2, 2)), np.ones((2, 2))))


def plan_of_other_resources() -> None:
    """A plan of something else than tables; its type is inferred."""
    plan = Plan(scores=[brightness])
    assert_type(plan, Plan[Images])


def plan_for_less() -> None:
    """A plan that needs less than a pair of tables is a plan of tables."""

    def constant(resources: object) -> float:
        return 1.0

    anything: Plan[object] = Plan(scores=[constant])
    Validation(sample=SAMPLE, real=REAL, plan=anything).compare()


def monitor_of_a_score() -> None:
    """A score of the plan, monitored by itself and not by its name."""
    score = MeanJSDistance()
    validation = Validation(sample=SAMPLE, real=REAL, plan=TablePlan(scores=[score]))
    Patience(monitor=validation.monitor(score), patience=3)


# --- trackers --------------------------------------------------------------------------------------


def trackers_of_the_library() -> None:
    """Each fits every capability, without importing a contract."""
    with tempfile.TemporaryDirectory() as folder:
        board = TensorBoardTracker(Path(folder, "board"))
        files = FilesystemTracker(Path(folder, "files"))
        with MemoryTracker() as memory, board, files:
            assert_type(memory, MemoryTracker)
            trackers: list[RunTracker] = [memory, board, files, Tee(memory, files)]
            able: list[ResumableTracker] = [memory, board, files, Tee(memory), Background(files)]
            assert len(able) == 5
            for tracker in trackers:
                tracker.log_scalars({"train/loss": 0.5}, 1)


def tracker_that_goes_on() -> None:
    """From the moment of a checkpoint, or after an epoch."""
    with tempfile.TemporaryDirectory() as folder:
        moment = Checkpoints(folder).saved_at
        TensorBoardTracker(Path(folder, "board"), resume_after=moment).close()
        FilesystemTracker(Path(folder, "files"), resume_after=moment).close()
        FilesystemTracker(Path(folder, "files"), resume_after=3).close()


def tracker_of_numbers() -> None:
    """A tracker that keeps numbers only is enough where numbers are logged."""
    tracker: ScalarTracker = NumberTracker()
    LossRoutine(tracker)
    Validation(sample=SAMPLE, real=REAL, plan=TablePlan(), tracker=ReportKeeper())


def tracker_by_capability() -> None:
    """A part asks for what it needs; a richer tracker fits a poorer contract."""
    memory = MemoryTracker()
    report: ReportTracker = memory
    figures: FigureTracker = report
    least: Tracker = figures
    params: ParamsTracker = memory
    params.log_params({"rate": 1e-3, "layers": 2, "name": "vae", "amsgrad": False})
    least.flush()


def own_tracker_that_goes_back() -> None:
    """A tracker of one's own that goes back to a checkpoint, by the three methods it has."""

    class Counting(NumberTracker):
        def mark(self) -> dict[str, object]:
            return {"lines": 3}

        def rewind(self, mark: Mapping[str, object]) -> int:
            return int(str(mark["lines"]))

        def tell(self, status: str, error: str = "") -> None: ...

    able: ResumableTracker = Counting()
    LossRoutine(Counting())
    Checkpoints(Path("runs"), trackers=[Counting()])
    able.tell("finished")


def poor_tracker_in_a_tee() -> None:
    """A tracker of numbers beside one of everything."""
    Tee(MemoryTracker(), scalars=[NumberTracker()]).log_scalars({"train/loss": 0.5}, 1)


def scores_with_attacks_groups_and_columns_in_turn() -> None:
    """Attacks, scores by group, and the utility of each column beside what is made of them."""
    plan = TablePlan(
        scores=[
            SinglingOut(2, attacks=100),
            Linkability(attacks=100),
            EpsilonBound(),
            PredictabilityKept("linear"),
            Mean(PredictabilityKept()),
            Within("sex", ShapeDistance()),
            Mean(Within("sex", JSDistance())),
        ]
    )
    report = plan.run(TablePair(REAL, REAL, REAL), undefined=lambda tag, reason: None)
    assert_type(report.intervals, Mapping[str, tuple[float, float]])
    assert_type(report.excess("privacy/epsilon_bound"), float | None)
    assert_type(report.is_beyond("privacy/epsilon_bound"), bool)
