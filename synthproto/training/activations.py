"""`Activations`: what named modules put out, by forward hooks that are always removed."""

from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import final

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from typing_extensions import Protocol, runtime_checkable

from synthproto.contracts import HistogramTracker, Numbered, ScalarTracker
from synthproto.errors import ParameterError
from synthproto.training.callbacks import finite_values


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
    """

    def __init__(
        self, model: nn.Module, modules: Sequence[str], tracker: HistogramsAndScalars
    ) -> None:
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
