"""Every Protocol, type variable and alias that the parts meet through, and nothing else.

Nothing here is inherited from by a user: an object fits a contract when its methods have the
right shape. Sources of values are covariant, sinks contravariant. In each generic constructor
exactly one argument is a Protocol (it decides the types) and the others are Callables (they are
checked against it), so that a type checker blames the argument that does not fit.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Generic, Literal, Self, TypeAlias, Union, final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import (
    Protocol,
    ReadOnly,
    TypedDict,
    TypeVar,
    dataclass_transform,
    runtime_checkable,
)

# Looked up by run-time checks only when such an argument comes: who compares tables loads no torch,
# who trains no pandas.
if TYPE_CHECKING:
    from typing import Never

    import pandas
    import torch
else:
    # From Python 3.13 on, a run-time check takes a bare type variable for its default. To a checker
    # the bare contract is the top type; at run time its arguments may be anything.
    Never = object

# --- type variables: their names are what a type checker prints -----------------------------

Batch = TypeVar("Batch", default=object)
Output = TypeVar("Output", default=object)

Batch_contra = TypeVar("Batch_contra", contravariant=True, default=Never)
Params_contra = TypeVar("Params_contra", contravariant=True, default=Never)

Batch_co = TypeVar("Batch_co", covariant=True, default=object)
Output_co = TypeVar("Output_co", covariant=True, default=object)

# --- names ----------------------------------------------------------------------------------


@runtime_checkable
class Names(Protocol):
    """Several names: a list or tuple of strings. A ``str``, which is one name, does not fit.

    It is a sequence of strings too, but its ``__contains__`` takes nothing else.
    """

    def __contains__(self, value: object, /) -> bool:
        """Whether a name is one of these."""
        ...

    def __getitem__(self, index: int, /) -> str:
        """The name at a place."""
        ...

    def __iter__(self) -> Iterator[str]:
        """Each name."""
        ...

    def __len__(self) -> int:
        """How many there are."""
        ...


# --- models ---------------------------------------------------------------------------------


@runtime_checkable
class Model(Protocol[Batch_contra, Output_co]):
    """What is trained: a forward pass with a training and an evaluation mode.

    Every ``torch.nn.Module`` whose ``forward`` takes one batch and is annotated fits. The
    library calls the object itself where it is callable, so that forward hooks run.
    """

    def forward(self, batch: Batch_contra, /) -> Output_co:
        """Output for one batch."""
        ...

    def train(self, mode: bool = ..., /) -> object:
        """Switch to training mode, or to evaluation mode with ``False``."""
        ...

    def eval(self) -> object:
        """Switch to evaluation mode."""
        ...


@runtime_checkable
class Generator(Protocol[Params_contra]):
    """What makes tables: ``generate(params)`` returns a frame shaped like the real one."""

    def generate(self, params: Params_contra, /) -> "pandas.DataFrame":
        """Generate a synthetic table."""
        ...


@runtime_checkable
class TableSynthesizer(
    Model[Batch_contra, Output_co],
    Generator[Params_contra],
    Protocol[Batch_contra, Output_co, Params_contra],
):
    """A model that is trained on batches and generates tables."""


@runtime_checkable
class GenerationParams(Protocol):
    """The least that generation params say; a model may ask for more."""

    @property
    def n_records(self) -> int:
        """Number of rows to generate, at least 1."""
        ...


Params = TypeVar("Params", bound=GenerationParams, default=GenerationParams)


@runtime_checkable
class LossAttribute(Protocol):
    """An output that carries its loss as ``output.loss`` (dataclass, NamedTuple, ...)."""

    @property
    def loss(self) -> "torch.Tensor":
        """Scalar to minimise."""
        ...


class LossItem(TypedDict):
    """An output that carries its loss as ``output["loss"]``; it may have any other items."""

    loss: ReadOnly["torch.Tensor"]


LossCarrier: TypeAlias = LossAttribute | LossItem
"""An output that brings its own loss."""

# --- training -------------------------------------------------------------------------------


@runtime_checkable
class Stateful(Protocol):
    """State that can be saved and restored; fits modules, optimizers, schedulers as they are."""

    def state_dict(self) -> Mapping[str, object]:
        """State as tensors and plain values."""
        ...

    def load_state_dict(self, state_dict: dict[str, object], /) -> object:
        """Take over a state that `state_dict` gave."""
        ...


_Owner = TypeVar("_Owner")


@dataclass_transform(frozen_default=True)
def _event(owner: type[_Owner]) -> type[_Owner]:
    """A dataclass, frozen for checkers only: made each step, where freezing costs most of it."""
    return dataclass(owner)


@final
@_event
class Update(Generic[Output_co]):
    """What one training step reports.

    Attributes:
        output: What the model gave for the batch.
        losses: Detached 0-d tensors by name; ``"loss"`` is what was minimised. An entry may be
            missing in some steps (a generator that is updated every fifth step).
    """

    output: Output_co
    losses: Mapping[str, "torch.Tensor"]


@runtime_checkable
class TrainingStep(Protocol[Batch_contra, Output_co]):
    """One update of a model from one batch: all that differs between a VAE and a GAN.

    Its batch and output types are those of the whole `Trainer`.
    """

    def update(self, batch: Batch_contra, /) -> Update[Output_co]:
        """Train on one batch."""
        ...

    def end_epoch(self, event: "EpochEvent", /) -> object:
        """Do what is due once an epoch (a scheduler's step), after the epoch's routines."""
        ...

    def evaluation(self) -> AbstractContextManager[object]:
        """Inside: evaluation mode, averaged weights if any; afterwards all is as it was."""
        ...

    def state_dict(self) -> Mapping[str, object]:
        """Everything that the next update depends on."""
        ...

    def load_state_dict(self, state_dict: dict[str, object], /) -> object:
        """Take over a state that `state_dict` gave."""
        ...


@final
@_event
class StepEvent(Generic[Batch_co, Output_co]):
    """What a callback is told after each training step.

    Attributes:
        epoch: Current epoch, counted from 1.
        step: Steps of the run so far, this one included.
        batch: What the model was trained on.
        output: What it gave.
        losses: Detached 0-d tensors by name; ``"loss"`` is what was minimised.
    """

    epoch: int
    step: int
    batch: Batch_co
    output: Output_co
    losses: Mapping[str, "torch.Tensor"]

    @property
    def number(self) -> int:
        """What `Every` counts: the step."""
        return self.step


@final
@dataclass(frozen=True)
class EpochEvent:
    """What a routine is told after each epoch, and what the history keeps of it.

    Attributes:
        epoch: The epoch that ended, counted from 1.
        step: Steps of the run so far.
        seconds: Wall time of the run so far.
        scores: Values of this epoch by tag: mean losses (``train/loss``), then what the routines
            before this one returned.
    """

    epoch: int
    step: int
    seconds: float
    scores: Mapping[str, float]

    @property
    def number(self) -> int:
        """What `Every` counts: the epoch."""
        return self.epoch


@final
@_event
class Progress:
    """What a stopper decides on: a pure function of it is a stopper.

    Attributes:
        epoch: Current epoch, counted from 1.
        step: Steps of the run so far.
        seconds: Wall time of the run so far, earlier parts of a resumed run included.
        epoch_ended: Whether the epoch's routines have run; ``False`` between steps.
        history: The epochs that ended, oldest first.
    """

    epoch: int
    step: int
    seconds: float
    epoch_ended: bool
    history: Sequence[EpochEvent]


@runtime_checkable
class Numbered(Protocol):
    """An event with a number, so that `Every` can tell which ones are due."""

    @property
    def number(self) -> int:
        """1 for the first event."""
        ...


Batches: TypeAlias = Sequence[Batch] | Callable[[int], Iterable[Batch]]
"""Batches of an epoch: the same ones each time, or a function of the epoch (from 1)."""

Callback: TypeAlias = Callable[[StepEvent[Batch, Output]], object]
"""Called after each step."""

Routine: TypeAlias = Callable[[EpochEvent], Mapping[str, float] | None]
"""Called after each epoch in evaluation mode; may return new scores by tag."""

Stopper: TypeAlias = Callable[[Progress], str | None]
"""Called after each step and each epoch; returns why the run should stop, or ``None``."""

Monitor: TypeAlias = Callable[[EpochEvent], float | None]
"""Reads one score of an epoch; ``None`` where the epoch has no new value of it."""

Resources = TypeVar("Resources", default=object)
Resources_contra = TypeVar("Resources_contra", contravariant=True, default=Never)
Value_co = TypeVar("Value_co", covariant=True, default=object)

# --- trackers: one contract per capability; a part that needs two asks for their sum -----------
# All are called by position, so that a tracker names its arguments as it likes.

Status: TypeAlias = Literal["finished", "interrupted", "failed"]
ParamValue: TypeAlias = str | int | float | bool
Array: TypeAlias = Union[NDArray[np.float64], "pandas.DataFrame"]


@runtime_checkable
class Drawing(Protocol):
    """A plot that can write itself as an image; every matplotlib ``Figure`` fits."""

    def savefig(self, file: IO[bytes], /, *, format: str) -> object:  # noqa: A002  matplotlib's name
        """Write the picture to an open binary file, ``format`` being ``"png"``."""
        ...


@runtime_checkable
class Tracker(Protocol):
    """The least of a tracker. Everything it was given is safe after `flush`."""

    def flush(self) -> object:
        """Make everything logged so far readable by others."""
        ...

    def close(self) -> object:
        """Flush, release, and raise if anything was lost. A second call does nothing."""
        ...


Mark: TypeAlias = Mapping[str, object]
"""Where a tracker stands, as plain values that a checkpoint keeps."""


@runtime_checkable
class ResumableTracker(Tracker, Protocol):
    """A tracker that goes back to a checkpoint together with the training.

    A `Trainer` asks it where it stands before each checkpoint, tells it to go back there when the
    run goes on, and tells it how the run ended.
    """

    def mark(self) -> Mark:
        """Where it stands; from here on it may be told to go back to this moment."""
        ...

    def rewind(self, mark: Mark, /) -> object:
        """Go on with the run that a mark is of, in another process too; drop what came later.

        What was logged since it was made, before the training began, is kept.
        """
        ...

    def tell(self, status: Status, error: str = ..., /) -> object:
        """How the run ended, for a ``with`` block that ends without an exception."""
        ...


@runtime_checkable
class ScalarTracker(Tracker, Protocol):
    """Keeps numbers."""

    def log_scalars(self, values: Mapping[str, float], step: int, /) -> object:
        """Keep several numbers of one step by tag (``family/name[/column]``)."""
        ...


@runtime_checkable
class ArrayTracker(Tracker, Protocol):
    """Keeps arrays and small frames."""

    def log_array(self, tag: str, array: Array, step: int, /) -> object:
        """Keep an array, or a frame with labelled rows and columns."""
        ...


@runtime_checkable
class FigureTracker(Tracker, Protocol):
    """Keeps plots."""

    def log_figure(self, tag: str, figure: Drawing, step: int, /) -> object:
        """Keep a plot as an image."""
        ...


@runtime_checkable
class HistogramTracker(Tracker, Protocol):
    """Keeps distributions."""

    def log_histogram(self, tag: str, values: NDArray[np.float64], step: int, /) -> object:
        """Keep the distribution of finite values, shape ``(n,)``."""
        ...


@runtime_checkable
class TextTracker(Tracker, Protocol):
    """Keeps texts."""

    def log_text(self, tag: str, text: str, step: int, /) -> object:
        """Keep a text in Markdown."""
        ...


@runtime_checkable
class FileTracker(Tracker, Protocol):
    """Keeps files."""

    def log_file(self, tag: str, path: Path, step: int, /) -> object:
        """Keep a copy of a file."""
        ...


@runtime_checkable
class ParamsTracker(Tracker, Protocol):
    """Keeps what distinguishes a run."""

    def log_params(self, params: Mapping[str, ParamValue], /) -> object:
        """Keep hyperparameters by name."""
        ...


@runtime_checkable
class ReportTracker(ScalarTracker, ArrayTracker, FigureTracker, Protocol):
    """Keeps all that a `Report` has: scores, arrays and plots."""


@runtime_checkable
class RunTracker(
    ReportTracker, HistogramTracker, TextTracker, FileTracker, ParamsTracker, Protocol
):
    """Keeps everything that a run has to tell: what wrappers of trackers ask for."""


# --- comparison -----------------------------------------------------------------------------


@runtime_checkable
class Artifact(Protocol[Resources_contra, Value_co]):
    """One comparison: a name, which is its tag in trackers, and a function of the resources."""

    @property
    def name(self) -> str:
        """Tag ``family/name``, unique within a plan."""
        ...

    def __call__(self, resources: Resources_contra, /) -> Value_co:
        """Compare."""
        ...


Direction: TypeAlias = Literal["lower", "higher", "target"]
"""Which values of a score are better: lower ones, higher ones, or those near the best one."""

Best: TypeAlias = float | Mapping[str, float] | None
"""Best value of a score, or of each of its entries; ``None`` if no value is best by itself."""

Bounds: TypeAlias = tuple[float, float] | Mapping[str, tuple[float, float]] | None
"""Least and largest value of a score, or of each of its entries; infinite where unbounded."""

Directions: TypeAlias = Direction | Mapping[str, Direction] | None
"""Direction of a score, or of each of its entries."""


@runtime_checkable
class Described(Protocol):
    """What a score says of itself. Every score of the library does; one of your own may.

    A score without these members is a score all the same, and so is one with some of them:
    ``best = 0.0`` in a class of five lines is enough for a report to show it. `Plan` refuses a
    member that is misspelt or of the wrong type. Two more members are optional: ``direction``,
    where best and bounds do not tell it, and the method of `Controlled`.
    """

    @property
    def best(self) -> Best:
        """The best value, or that of each entry by name."""
        ...

    @property
    def bounds(self) -> Bounds:
        """The least and the largest value that there can be, or those of each entry by name."""
        ...


@runtime_checkable
class Controlled(Protocol[Resources_contra]):
    """A score that says itself what real rows reach.

    Only where that is not its value for the holdout in the synthetic table's place: TSTR, say,
    whose control is the same model trained on real rows.
    """

    def control(self, resources: Resources_contra, /) -> float | Mapping[str, float]:
        """The value with real rows in the synthetic table's place, or those that are known."""
        ...


@runtime_checkable
class Relabelled(Protocol):
    """Resources that give others in which real rows stand on both sides, drawn anew each time."""

    def relabelled(self, seed: int, /) -> Self | None:
        """Two samples of the same rows; ``None`` if there are too few."""
        ...


@runtime_checkable
class Prepared(Protocol):
    """Resources that make known at once what several parts will ask of them."""

    def prepare(self, parts: Sequence[Callable[[Self], object]], /) -> None:
        """Ask the parts what they need; their values are of no interest."""
        ...


Score: TypeAlias = Callable[[Resources], float | Mapping[str, float]]
"""A number, or numbers by column. An `Artifact`, or a function, whose name is then the tag."""

ArrayArtifact: TypeAlias = Callable[[Resources], Array | Mapping[str, Array]]
"""An array or frame, or several by name."""

Plot: TypeAlias = Callable[[Resources], Drawing | Mapping[str, Drawing]]
"""A drawing, or several by name."""
