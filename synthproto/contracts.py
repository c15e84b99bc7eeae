"""Every Protocol, type variable and alias that the parts meet through, and nothing else.

Those of comparisons and trackers come from ``tracking.py``, which does without torch.

Nothing here is inherited from by a user: an object fits a contract when its methods have the
right shape. Sources of values are covariant, sinks contravariant. In each generic constructor
exactly one argument is a Protocol (it decides the types) and the others are Callables (they are
checked against it), so that a type checker blames the argument that does not fit.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Never, TypeAlias, final

from torch import Tensor
from typing_extensions import (
    Protocol,
    ReadOnly,
    TypedDict,
    TypeVar,
    dataclass_transform,
    runtime_checkable,
)

# Half of what the trainer would take to import, and needed by those only who have tables. Run-time
# checks look `"pandas.DataFrame"` up when such an argument comes.
if TYPE_CHECKING:
    import pandas

from synthproto.tracking import Array as Array
from synthproto.tracking import ArrayArtifact as ArrayArtifact
from synthproto.tracking import ArrayTracker as ArrayTracker
from synthproto.tracking import Artifact as Artifact
from synthproto.tracking import Controlled as Controlled
from synthproto.tracking import Drawing as Drawing
from synthproto.tracking import FigureTracker as FigureTracker
from synthproto.tracking import FileTracker as FileTracker
from synthproto.tracking import HistogramTracker as HistogramTracker
from synthproto.tracking import ParamsTracker as ParamsTracker
from synthproto.tracking import ParamValue as ParamValue
from synthproto.tracking import Plot as Plot
from synthproto.tracking import ReportTracker as ReportTracker
from synthproto.tracking import Resources as Resources
from synthproto.tracking import Resources_contra as Resources_contra
from synthproto.tracking import RunTracker as RunTracker
from synthproto.tracking import ScalarTracker as ScalarTracker
from synthproto.tracking import Score as Score
from synthproto.tracking import Status as Status
from synthproto.tracking import TextTracker as TextTracker
from synthproto.tracking import Tracker as Tracker
from synthproto.tracking import Value_co as Value_co

# --- type variables: their names are what a type checker prints -----------------------------

Batch = TypeVar("Batch", default=object)
Output = TypeVar("Output", default=object)

Batch_contra = TypeVar("Batch_contra", contravariant=True, default=Never)
Params_contra = TypeVar("Params_contra", contravariant=True, default=Never)

Batch_co = TypeVar("Batch_co", covariant=True, default=object)
Output_co = TypeVar("Output_co", covariant=True, default=object)

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


@runtime_checkable
class LossAttribute(Protocol):
    """An output that carries its loss as ``output.loss`` (dataclass, NamedTuple, ...)."""

    @property
    def loss(self) -> Tensor:
        """Scalar to minimise."""
        ...


class LossItem(TypedDict):
    """An output that carries its loss as ``output["loss"]``; it may have any other items."""

    loss: ReadOnly[Tensor]


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
    losses: Mapping[str, Tensor]


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
    losses: Mapping[str, Tensor]

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
