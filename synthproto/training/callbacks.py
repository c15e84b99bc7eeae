"""Callbacks: what is looked at after a training step. Thin them out with `Every`.

Those that need no batch or output take any event: as callbacks they log by step, as routines by
epoch. Nothing here changes the model, and nothing draws random numbers.
"""

from collections.abc import Callable, Mapping
from functools import partial
from time import perf_counter
from types import TracebackType
from typing import Generic, Never, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle
from typing_extensions import Protocol, runtime_checkable

from synthproto.conformance.calls import check_function
from synthproto.contracts import (
    HistogramTracker,
    Model,
    Names,
    Numbered,
    Output,
    ScalarTracker,
    StepEvent,
)
from synthproto.errors import ParameterError


@final
class LossCallback:
    """Logs the losses of a step (tags ``step/<name>``, step = step).

    Args:
        tracker: Where to.

    Example:
        >>> import torch
        >>> from synthproto import LossCallback, MemoryTracker, StepEvent
        >>> tracker = MemoryTracker()
        >>> LossCallback(tracker)(StepEvent(1, 7, None, None, {"kl": torch.tensor(0.5)}))
        >>> tracker.scores.values.tolist()
        [['step/kl', 7, 0.5]]
    """

    def __init__(self, tracker: ScalarTracker) -> None:
        self._tracker = tracker

    def __call__(self, event: StepEvent, /) -> None:
        """Log the step's losses."""
        self._tracker.log_scalars(
            {f"step/{name}": float(loss) for name, loss in event.losses.items()}, event.step
        )


@final
class OutputScalars(Generic[Output]):
    """Logs numbers of a step's output (tags ``step/<name>``, step = step).

    Args:
        model: Whose outputs: it decides what a checker knows of the functions' argument.
        tracker: Where to.
        values: Functions of the output by name: ``{"kl": lambda output: output["kl"]}``.

    Raises:
        ParameterError: There are no functions.

    Example:
        >>> import torch
        >>> from synthproto import MemoryTracker, OutputScalars, StepEvent
        >>> tracker, model = MemoryTracker(), torch.nn.Linear(1, 1)
        >>> largest = OutputScalars(model, tracker, {"largest": lambda output: output.max()})
        >>> largest(StepEvent(1, 7, None, torch.tensor([1.0, 3.0]), {}))
        >>> tracker.scores.values.tolist()
        [['step/largest', 7, 3.0]]
    """

    def __init__(
        self,
        model: Model[Never, Output],  # noqa: ARG002  for checkers
        tracker: ScalarTracker,
        values: Mapping[str, Callable[[Output], Tensor | float]],
    ) -> None:
        if not values:
            raise ParameterError("OutputScalars: values are empty; name at least one function.")
        for name, value in values.items():
            check_function(value, 1, f"OutputScalars: value {name!r}")
        self._tracker = tracker
        self._values = dict(values)

    def __call__(self, event: StepEvent[object, Output], /) -> None:
        """Log the numbers."""
        self._tracker.log_scalars(
            {f"step/{name}": _number(read(event.output)) for name, read in self._values.items()},
            event.step,
        )


@final
class GradientNorms:
    """Logs the norm of each parameter's gradient, and of all together, as they are now.

    Tags ``gradient_norm/<parameter>`` and ``gradient_norm/all``. Where the step clips gradients
    these are the clipped ones; the norm before is the loss ``gradient_norm``.

    Args:
        model: Whose gradients.
        tracker: Where to.

    Example:
        >>> import torch
        >>> from synthproto import GradientNorms, MemoryTracker, StepEvent
        >>> tracker, model = MemoryTracker(), torch.nn.Linear(1, 1, bias=False)
        >>> model(torch.full((1, 1), 2.0)).sum().backward()
        >>> GradientNorms(model, tracker)(StepEvent(1, 7, None, None, {}))
        >>> tracker.scores["tag"].tolist(), tracker.scores["value"].tolist()
        (['gradient_norm/weight', 'gradient_norm/all'], [2.0, 2.0])
    """

    def __init__(self, model: nn.Module, tracker: ScalarTracker) -> None:
        self._model = model
        self._tracker = tracker

    def __call__(self, event: Numbered, /) -> None:
        """Log the norms; nothing where no parameter has a gradient."""
        gradients = _gradients(self._model)
        if not gradients:
            return
        each = torch._foreach_norm(list(gradients.values()))  # pyright: ignore[reportPrivateImportUsage]
        norms = torch.stack(each).double().cpu()
        values = dict(zip(gradients, norms.tolist(), strict=True)) | {"all": float(norms.norm())}
        self._tracker.log_scalars(
            {f"gradient_norm/{name}": value for name, value in values.items()}, event.number
        )


@final
class GradientHistograms:
    """Logs the distribution of each parameter's gradient (tags ``gradient/<parameter>``).

    Args:
        model: Whose gradients.
        tracker: Where to.

    Example:
        >>> import torch
        >>> from synthproto import GradientHistograms, MemoryTracker, StepEvent
        >>> tracker, model = MemoryTracker(), torch.nn.Linear(2, 1, bias=False)
        >>> model(torch.tensor([[2.0, 3.0]])).sum().backward()
        >>> GradientHistograms(model, tracker)(StepEvent(1, 7, None, None, {}))
        >>> tracker.histograms.loc[0, "tag"], tracker.histograms.loc[0, "value"].tolist()
        ('gradient/weight', [2.0, 3.0])
    """

    def __init__(self, model: nn.Module, tracker: HistogramTracker) -> None:
        self._model = model
        self._tracker = tracker

    def __call__(self, event: Numbered, /) -> None:
        """Log the distributions of the finite values."""
        for name, gradient in _gradients(self._model).items():
            self._tracker.log_histogram(f"gradient/{name}", finite_values(gradient), event.number)


@final
class ParameterHistograms:
    """Logs the distribution of each parameter's values (tags ``parameter/<parameter>``).

    Args:
        model: Whose parameters.
        tracker: Where to.

    Example:
        >>> import torch
        >>> from synthproto import MemoryTracker, ParameterHistograms, StepEvent
        >>> tracker, model = MemoryTracker(), torch.nn.LayerNorm(2)
        >>> ParameterHistograms(model, tracker)(StepEvent(1, 7, None, None, {}))
        >>> tracker.histograms["tag"].tolist(), tracker.histograms.loc[0, "value"].tolist()
        (['parameter/weight', 'parameter/bias'], [1.0, 1.0])
    """

    def __init__(self, model: nn.Module, tracker: HistogramTracker) -> None:
        self._model = model
        self._tracker = tracker

    def __call__(self, event: Numbered, /) -> None:
        """Log the distributions of the finite values."""
        for name, parameter in self._model.named_parameters():
            self._tracker.log_histogram(f"parameter/{name}", finite_values(parameter), event.number)


@final
class LearningRate:
    """Logs the learning rate (tag ``learning_rate``, or ``learning_rate/<group>`` of several).

    Args:
        optimizer: Whose.
        tracker: Where to.

    Example:
        >>> import torch
        >>> from synthproto import LearningRate, MemoryTracker, StepEvent
        >>> tracker, model = MemoryTracker(), torch.nn.Linear(1, 1)
        >>> LearningRate(torch.optim.SGD(model.parameters(), lr=0.1), tracker)(
        ...     StepEvent(1, 7, None, None, {})
        ... )
        >>> tracker.scores.values.tolist()
        [['learning_rate', 7, 0.1]]
    """

    def __init__(self, optimizer: Optimizer, tracker: ScalarTracker) -> None:
        self._optimizer = optimizer
        self._tracker = tracker

    def __call__(self, event: Numbered, /) -> None:
        """Log the rate of each parameter group."""
        rates = [float(group["lr"]) for group in self._optimizer.param_groups]
        tags = [f"learning_rate/{i}" for i in range(len(rates))]
        self._tracker.log_scalars(
            dict(zip(tags if len(rates) > 1 else ["learning_rate"], rates, strict=True)),
            event.number,
        )


@final
class Throughput:
    """Logs events a second since the last call (tag ``throughput/<unit>_per_second``).

    Args:
        tracker: Where to.
        unit: What is counted: ``"steps"`` in a callback, ``"epochs"`` in a routine.

    Example:
        >>> from synthproto import MemoryTracker, StepEvent, Throughput
        >>> tracker = MemoryTracker()
        >>> throughput = Throughput(tracker)
        >>> for step in (1, 101):
        ...     throughput(StepEvent(1, step, None, None, {}))
        >>> tracker.scores["tag"].tolist(), bool(tracker.scores.loc[0, "value"] > 0)
        (['throughput/steps_per_second'], True)
    """

    def __init__(self, tracker: ScalarTracker, *, unit: str = "steps") -> None:
        self._tracker = tracker
        self._tag = f"throughput/{unit}_per_second"
        self._last: tuple[int, float] | None = None

    def __call__(self, event: Numbered, /) -> None:
        """Log the rate; nothing at the first call."""
        number, now = event.number, perf_counter()
        if self._last is not None and number > self._last[0]:
            rate = (number - self._last[0]) / max(now - self._last[1], 1e-9)
            self._tracker.log_scalars({self._tag: rate}, number)
        self._last = (number, now)


def finite_values(tensor: Tensor) -> NDArray[np.float64]:
    """All finite values of a tensor, shape ``(n,)``."""
    values = tensor.detach().double().cpu().flatten().numpy()
    finite: NDArray[np.float64] = values[np.isfinite(values)]
    return finite


def _number(value: Tensor | float) -> float:
    return value.detach().item() if isinstance(value, Tensor) else value


def _gradients(model: nn.Module) -> dict[str, Tensor]:
    return {
        name: parameter.grad
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }


@runtime_checkable
class HistogramsAndScalars(HistogramTracker, ScalarTracker, Protocol):
    """Keeps distributions and numbers."""


@final
class Activations:
    """Logs what modules put out in the latest training pass: distribution and dead units.

    Tags ``activation/<module>`` (distribution) and ``dead_units/<module>`` (share of the last
    axis' entries that are 0 for every row of the batch, in [0, 1]; 0 is best). The trainer
    enters it, which sets the hooks, and leaves it, which removes them, also after an error.
    Between two logs a hook only keeps a reference to the module's output.

    Args:
        model: What is trained.
        modules: Names of submodules, as in ``model.named_modules()``, that put out one tensor.
        tracker: Where to.

    Raises:
        ParameterError: A name is not in the model; names those that are.

    Example:
        >>> import torch
        >>> from synthproto import Activations, MemoryTracker, StepEvent
        >>> tracker = MemoryTracker()
        >>> model = torch.nn.Sequential(torch.nn.Identity(), torch.nn.ReLU())
        >>> with Activations(model, ["1"], tracker) as watch:
        ...     _ = model(torch.tensor([[-1.0, 2.0], [-3.0, 4.0]]))
        ...     watch(StepEvent(1, 7, None, None, {}))
        >>> tracker.scores.values.tolist()
        [['dead_units/1', 7, 0.5]]
    """

    def __init__(self, model: nn.Module, modules: Names, tracker: HistogramsAndScalars) -> None:
        known = dict(model.named_modules())
        missing = [name for name in modules if name not in known]
        if missing or not modules:
            raise ParameterError(
                f"Activations: no modules {missing} in {type(model).__name__}; it has "
                f"{[name for name in known if name]}."
            )
        self._modules = {name: known[name] for name in modules}
        self._tracker = tracker
        self._seen: dict[str, Tensor] = {}
        self._hooks: list[RemovableHandle] = []

    def __enter__(self) -> "Activations":
        self._hooks = [
            module.register_forward_hook(partial(self._keep, name))
            for name, module in self._modules.items()
        ]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
        self._seen = {}

    def __call__(self, event: Numbered, /) -> None:
        """Log the latest activations of each module."""
        dead = {}
        for name, output in self._seen.items():
            self._tracker.log_histogram(f"activation/{name}", finite_values(output), event.number)
            if output.ndim > 1:
                units = (output == 0).flatten(0, -2).all(dim=0)
                dead[f"dead_units/{name}"] = float(units.double().mean())
        if dead:
            self._tracker.log_scalars(dead, event.number)

    def _keep(self, name: str, module: nn.Module, _inputs: object, output: object) -> None:
        if module.training and isinstance(output, torch.Tensor):
            self._seen[name] = output.detach()
