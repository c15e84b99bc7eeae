"""Parts that must not fit: generation, tables, plans and trackers. See ``rejects.py``."""

# pyright: reportUnnecessaryTypeIgnoreComment=error, reportUnusedExpression=false

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray

from synthproto import (
    DCR,
    PDF,
    Checkpoints,
    EpsilonBound,
    GenerationParams,
    Generator,
    JSDistance,
    Juxtaposition,
    Linkability,
    Mean,
    MeanJSDistance,
    Pair,
    Patience,
    Plan,
    PredictabilityKept,
    Report,
    ReportTracker,
    ScalarTracker,
    Scan,
    SinglingOut,
    StepEvent,
    Summary,
    SummaryPair,
    Table,
    TableCodec,
    TablePair,
    TablePlan,
    TableSpec,
    TensorBoardTracker,
    Validation,
    Within,
    bind,
    sampler,
)
from synthproto.contracts import (
    Described,
    FigureTracker,
    ParamsTracker,
    ResumableTracker,
    Score,
)
from synthproto.training.stoppers import train_loss
from typecheck.parts import (
    FRAME,
    REAL,
    SPEC,
    VAE_MODEL,
    Images,
    NumberTracker,
    OneByOne,
    OtherParams,
    VAEParams,
    brightness,
)

PLAN = TablePlan(scores=[MeanJSDistance()])
SAMPLE = sampler(VAE_MODEL, VAEParams(n_records=10))

# --- generation ----------------------------------------------------------------------------------


def params_of_other_model() -> None:
    """Generation params of another model."""
    Validation(
        sample=sampler(
            VAE_MODEL,
            OtherParams(rows=10),  # type: ignore[arg-type]
        ),
        real=REAL,
        plan=PLAN,
    )


@dataclass(frozen=True)
class ColdParams:
    """Says the number of rows and no temperature."""

    n_records: int


def narrower_params() -> None:
    """Generation params that lack a field which the model reads."""
    Validation(
        sample=sampler(
            VAE_MODEL,
            ColdParams(n_records=10),  # type: ignore[arg-type]
        ),
        real=REAL,
        plan=PLAN,
    )


def params_missing() -> None:
    """A sampler of a model without params."""
    Validation(
        sample=sampler(VAE_MODEL),  # type: ignore[call-arg]
        real=REAL,
        plan=PLAN,
    )


def params_class() -> None:
    """The class of the params instead of an instance."""
    Validation(
        sample=sampler(
            VAE_MODEL,
            OtherParams,  # type: ignore[arg-type]
        ),
        real=REAL,
        plan=PLAN,
    )


def number_for_params() -> None:
    """The number of rows instead of params."""
    Validation(
        sample=sampler(
            VAE_MODEL,
            10,  # type: ignore[arg-type]
        ),
        real=REAL,
        plan=PLAN,
    )


def params_function_of_another_model() -> None:
    """A function that gives another model's params for each table."""
    Validation(
        sample=sampler(
            VAE_MODEL,
            lambda: ColdParams(n_records=10),  # type: ignore[arg-type, return-value]
        ),
        real=REAL,
        plan=PLAN,
    )


def rows_for_a_frame() -> None:
    """Rows as a list, where a frame of any library is taken."""
    Table(
        [{"age": 31}],  # type: ignore[arg-type]
        REAL.spec,
    )


def sampler_of_a_table() -> None:
    """A table in the place of the model that generates."""
    Validation(
        sample=sampler(
            REAL,  # type: ignore[arg-type]
            VAEParams(n_records=10),
        ),
        real=REAL,
        plan=PLAN,
    )


def bound_without_its_params() -> None:
    """A method bound without its argument."""
    Validation(
        sample=bind(VAE_MODEL.generate),  # type: ignore[call-arg]
        real=REAL,
        plan=PLAN,
    )


def bound_with_another_models_params() -> None:
    """A method bound with the params of another model."""
    Validation(
        sample=bind(
            VAE_MODEL.generate,
            OtherParams(rows=10),  # type: ignore[arg-type]
        ),
        real=REAL,
        plan=PLAN,
    )


def bound_with_too_much() -> None:
    """A method bound with an argument that it does not take."""
    Validation(
        sample=bind(
            VAE_MODEL.generate,
            VAEParams(n_records=10),
            seed=3,  # type: ignore[call-arg]
        ),
        real=REAL,
        plan=PLAN,
    )


def bound_call() -> None:
    """The result of a call, bound as if it were a function."""
    Validation(
        sample=bind(
            VAE_MODEL.generate(VAEParams(n_records=10)),  # type: ignore[arg-type]
        ),
        real=REAL,
        plan=PLAN,
    )


def one_name_for_several() -> None:
    """One name of a column where several are asked for."""
    TableSpec.infer(
        FRAME,
        categorical="sex",  # type: ignore[arg-type]
    )


def numbers_for_names() -> None:
    """Positions of columns instead of their names."""
    TableSpec.infer(
        FRAME,
        categorical=[0, 1],  # type: ignore[list-item]
    )


def params_forgotten() -> None:
    """The model's generate without its params."""
    Validation(
        sample=VAE_MODEL.generate,  # type: ignore[arg-type]
        real=REAL,
        plan=PLAN,
    )


def table_instead_of_function() -> None:
    """A table that was generated once, instead of a function that generates."""
    Validation(
        sample=VAE_MODEL.generate(VAEParams(n_records=10)),  # type: ignore[arg-type]
        real=REAL,
        plan=PLAN,
    )


def sample_of_tensors() -> None:
    """A function that generates a tensor instead of a frame."""

    def sample() -> torch.Tensor:
        return torch.zeros(10, 2)

    Validation(
        sample=sample,  # type: ignore[arg-type]
        real=REAL,
        plan=PLAN,
    )


def generator_of_arrays() -> None:
    """A model whose generate gives an array, where a generator of tables is asked for."""

    class ArrayModel:
        def generate(self, params: VAEParams) -> NDArray[np.float64]:
            return np.zeros((params.n_records, 2))

    def compare(model: Generator[VAEParams], params: VAEParams) -> None: ...

    compare(VAE_MODEL, VAEParams(n_records=10))
    compare(
        ArrayModel(),  # type: ignore[arg-type]
        VAEParams(n_records=10),
    )


def params_without_records() -> None:
    """Generation params that do not say how many rows to generate."""

    def rows(params: GenerationParams) -> int:
        return params.n_records

    rows(VAEParams(n_records=10))
    rows(
        OtherParams(rows=10),  # type: ignore[arg-type]
    )


# --- tables --------------------------------------------------------------------------------------


def frame_instead_of_table() -> None:
    """A bare DataFrame instead of a validated table."""
    Validation(
        sample=SAMPLE,
        real=FRAME,  # type: ignore[arg-type]
        plan=PLAN,
    )


def frame_as_holdout() -> None:
    """A bare DataFrame as holdout."""
    Validation(
        sample=SAMPLE,
        real=REAL,
        plan=PLAN,
        holdout=FRAME,  # type: ignore[arg-type]
    )


def frames_in_a_pair() -> None:
    """A pair of bare DataFrames."""
    TablePair(
        FRAME,  # type: ignore[arg-type]
        REAL,
    )


def table_without_spec() -> None:
    """A table without its spec."""
    Table(FRAME)  # type: ignore[call-arg]


def array_as_table() -> None:
    """An array instead of a DataFrame."""
    Table(
        FRAME.to_numpy(),  # type: ignore[arg-type]
        SPEC,
    )


def unknown_kind() -> None:
    """A kind of column that does not exist."""
    SPEC.of_kind(
        "continuous",
        "numeric",  # type: ignore[arg-type]
    )


def column_numbers() -> None:
    """Columns by number instead of name."""
    TableSpec.infer(
        FRAME,
        categorical=[1],  # type: ignore[list-item]
    )


def codec_of_a_frame() -> None:
    """A codec fitted on a bare DataFrame."""
    TableCodec.fit(
        FRAME,  # type: ignore[arg-type]
    )


# --- plans ---------------------------------------------------------------------------------------


def score_of_other_resources() -> None:
    """A score of images among scores of tables."""
    TablePlan(
        scores=[
            MeanJSDistance(),
            brightness,  # type: ignore[list-item]
        ],
    )


def plan_of_other_resources() -> None:
    """A score of tables in a plan of images."""
    Plan[Images](
        scores=[
            brightness,
            MeanJSDistance(),  # type: ignore[list-item]
        ],
    )


def plot_among_scores() -> None:
    """A plot among the scores."""
    TablePlan(
        scores=[
            MeanJSDistance(),
            PDF(),  # type: ignore[list-item]
        ],
    )


def picture_in_place_of_a_figure() -> None:
    """A plot's value where its Figure is needed."""

    def titled(pair: TablePair, retitle: Callable[[Figure], None]) -> None:
        retitle(
            PDF()(pair),  # type: ignore[arg-type]
        )

    assert callable(titled)


def score_among_plots() -> None:
    """A score among the plots."""
    TablePlan(
        plots=[
            JSDistance(),  # type: ignore[list-item]
        ],
    )


def array_among_scores() -> None:
    """An array among the scores."""
    TablePlan(
        scores=[
            Juxtaposition("mean"),  # type: ignore[list-item]
        ],
    )


def plot_among_arrays() -> None:
    """A plot among the arrays."""
    TablePlan(
        arrays=[
            PDF(),  # type: ignore[list-item]
        ],
    )


def class_among_scores() -> None:
    """The class of a score instead of a score."""
    TablePlan(
        scores=[
            MeanJSDistance,  # type: ignore[list-item]
        ],
    )


def name_among_scores() -> None:
    """A score by its name: there is no registry to look it up in."""
    TablePlan(
        scores=[
            "js_distance",  # type: ignore[list-item]
        ],
    )


def lone_score() -> None:
    """A score without a list around it."""
    TablePlan(
        scores=MeanJSDistance(),  # type: ignore[arg-type]
    )


def score_with_a_misspelt_member() -> None:
    """A score of one's own that is declared to describe itself, and misspells how."""

    class Misspelt:
        name = "own/misspelt"
        bset = 0.0
        bounds = (0.0, 1.0)

        def __call__(self, pair: TablePair) -> float:
            return 0.0

    said: list[Described] = [
        MeanJSDistance(),
        Misspelt(),  # type: ignore[list-item]
    ]
    said.clear()


def score_of_two_frames() -> None:
    """A function of two frames, as other libraries have it, among the scores."""

    def distance(real: pd.DataFrame, synthetic: pd.DataFrame) -> float:
        return 0.0

    TablePlan(
        scores=[
            distance,  # type: ignore[list-item]
        ],
    )


def score_that_may_be_missing() -> None:
    """A score that may be None."""

    @dataclass(frozen=True)
    class Perhaps:
        name: str = "fidelity/perhaps"

        def __call__(self, pair: TablePair) -> float | None:
            return None

    TablePlan(
        scores=[
            Perhaps(),  # type: ignore[list-item]
        ],
    )


def scores_in_words() -> None:
    """A collection of scores that are no numbers."""

    def verdicts(pair: TablePair) -> Mapping[str, str]:
        return {"age": "good"}

    TablePlan(
        scores=[
            verdicts,  # type: ignore[list-item]
        ],
    )


def plot_as_array() -> None:
    """A plot of one's own that gives an array instead of a figure."""

    def pixels(pair: TablePair) -> NDArray[np.float64]:
        return np.zeros((10, 10))

    TablePlan(
        plots=[
            pixels,  # type: ignore[list-item]
        ],
    )


def callback_among_scores() -> None:
    """A callback of training among the scores."""

    def on_step(event: StepEvent[object, object]) -> float:
        return 0.0

    TablePlan(
        scores=[
            on_step,  # type: ignore[list-item]
        ],
    )


def list_instead_of_plan() -> None:
    """A list of scores instead of a plan."""
    Validation(
        sample=SAMPLE,
        real=REAL,
        plan=[MeanJSDistance()],  # type: ignore[arg-type]
    )


def plan_of_images() -> None:
    """A plan of images for the validation of tables."""
    Validation(
        sample=SAMPLE,
        real=REAL,
        plan=Plan[Images](scores=[brightness]),  # type: ignore[arg-type]
    )


def rows_in_a_plan_without() -> None:
    """A score that needs rows, in a plan over tables of which none are at hand."""
    Plan[SummaryPair](
        scores=[
            MeanJSDistance(),
            DCR(),  # type: ignore[list-item]
        ]
    )


def plan_that_needs_rows(summary: Summary) -> None:
    """A plan whose scores need rows, run on a table of which none are at hand."""
    TablePlan(scores=[DCR()]).run(
        Pair(summary, summary)  # type: ignore[arg-type]
    )


def rows_of_a_scan() -> None:
    """A score that needs rows, called with tables that are read in pieces."""
    real = Scan([FRAME.copy], SPEC)
    pair = Pair(real, real)
    DCR()(pair)  # type: ignore[arg-type]


def piece_that_is_no_frame() -> None:
    """A piece that reads bytes."""
    Scan(
        [partial(Path.read_bytes, Path("a.parquet"))],  # type: ignore[list-item]
        SPEC,
    )


def engine_of_one_type() -> None:
    """An engine that only maps functions of numbers."""

    def engine(function: Callable[[int], int], items: Iterable[int]) -> list[int]:
        return [function(item) for item in items]

    Scan(
        [FRAME.copy],
        SPEC,
        map=engine,  # type: ignore[arg-type]
    )


def codec_fitted_on_pieces(pieces: list[Callable[[], pd.DataFrame]]) -> None:
    """A codec fitted on the pieces themselves, which have no spec yet."""
    TableCodec.fit(
        pieces,  # type: ignore[arg-type]
    )


def plan_run_on_a_table() -> None:
    """A plan run on one table instead of a pair."""
    PLAN.run(
        REAL,  # type: ignore[arg-type]
    )


def score_of_other_contract() -> None:
    """A score given where one of other resources is asked for."""
    score: Score[Images] = brightness
    other: Score[Images] = MeanJSDistance()  # type: ignore[assignment]


# --- monitors ------------------------------------------------------------------------------------


def unknown_metric(validation: Validation) -> None:
    """A metric to monitor by its name, which may not exist."""
    Patience(
        monitor=validation.monitor(
            "js_distance",  # type: ignore[arg-type]
        ),
        patience=3,
    )


def metric_of_many_numbers(validation: Validation) -> None:
    """A score of many numbers to monitor as one."""
    Patience(
        monitor=validation.monitor(
            JSDistance(),  # type: ignore[arg-type]
        ),
        patience=3,
    )


def score_as_monitor() -> None:
    """A score itself instead of a monitor of it."""
    Patience(
        monitor=MeanJSDistance(),  # type: ignore[arg-type]
        patience=3,
    )


def training_loss_of_validation(validation: Validation) -> None:
    """A monitor where a score is asked for."""
    validation.monitor(
        train_loss,  # type: ignore[arg-type]
    )


# --- trackers ------------------------------------------------------------------------------------


def tracker_that_cannot_draw() -> None:
    """A tracker of numbers for a report, which has plots."""
    Validation(
        sample=SAMPLE,
        real=REAL,
        plan=PLAN,
        tracker=NumberTracker(),  # type: ignore[arg-type]
    )


def report_to_a_poor_tracker(report: Report) -> None:
    """A report logged to a tracker of numbers."""
    report.track(
        NumberTracker(),  # type: ignore[arg-type]
        1,
    )


def folder_instead_of_tracker() -> None:
    """A path instead of a tracker."""
    Validation(
        sample=SAMPLE,
        real=REAL,
        plan=PLAN,
        tracker=Path("runs"),  # type: ignore[arg-type]
    )


def checkpoints_instead_of_their_moment(checkpoints: Checkpoints) -> None:
    """Checkpoints, and not the moment of the latest, for a tracker that goes on."""
    TensorBoardTracker(
        "runs/vae",
        resume_after=checkpoints,  # type: ignore[arg-type]
    )


def tracker_without_step() -> None:
    """A tracker that forgets the step."""

    class Stepless(NumberTracker):
        def log_scalars(self, values: Mapping[str, float]) -> None:  # type: ignore[override]
            ...

    def log(tracker: ScalarTracker) -> None: ...

    log(
        Stepless(),  # type: ignore[arg-type]
    )


def tracker_that_cannot_go_back() -> None:
    """A tracker that says where it stands and cannot go back there."""

    class Standing(NumberTracker):
        def mark(self) -> Mapping[str, object]:
            return {}

        def tell(self, status: str, error: str = "") -> None: ...

    def go_on(tracker: ResumableTracker) -> None: ...

    go_on(
        Standing(),  # type: ignore[arg-type]
    )


def tracker_that_goes_back_to_a_step() -> None:
    """A tracker that takes a step where it is given its own mark."""

    class Numbered(NumberTracker):
        def mark(self) -> Mapping[str, object]:
            return {}

        def rewind(self, step: int) -> None: ...

        def tell(self, status: str, error: str = "") -> None: ...

    def go_on(tracker: ResumableTracker) -> None: ...

    go_on(
        Numbered(),  # type: ignore[arg-type]
    )


def tracker_that_cannot_close() -> None:
    """A tracker that cannot be closed."""

    class Endless:
        def log_scalars(self, values: Mapping[str, float], step: int) -> None: ...

        def flush(self) -> None: ...

    def log(tracker: ScalarTracker) -> None: ...

    log(
        Endless(),  # type: ignore[arg-type]
    )


def poorer_tracker() -> None:
    """A part that draws, given a tracker that keeps numbers and params."""

    def draw(tracker: FigureTracker) -> None: ...

    def start(tracker: ParamsTracker) -> None:
        draw(
            tracker,  # type: ignore[arg-type]
        )

    assert callable(start)


def tracker_of_other_methods() -> None:
    """A tracker with methods of other names."""

    def log(tracker: ReportTracker) -> None: ...

    log(
        OneByOne(),  # type: ignore[arg-type]
    )


def groups_of_a_single_number() -> None:
    """Groups of a score that is one number, where one by column is asked for."""
    Within(
        "sex",
        MeanJSDistance(),  # type: ignore[arg-type]
    )


def mean_of_attacks() -> None:
    """The mean of an attack, whose entries are no columns."""
    Mean(
        SinglingOut(2),  # type: ignore[arg-type]
    )
    Mean(
        Linkability(),  # type: ignore[arg-type]
    )
    Mean(
        EpsilonBound(),  # type: ignore[arg-type]
    )


def attacks_among_the_plots() -> None:
    """An attack, which gives numbers, among the plots."""
    TablePlan(
        plots=[
            SinglingOut(2),  # type: ignore[list-item]
        ]
    )


def learner_that_there_is_not() -> None:
    """A learner by a name that there is not."""
    PredictabilityKept(
        "forest",  # type: ignore[arg-type]
    )
