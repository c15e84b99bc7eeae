"""An exponential moving average of a model's weights."""

import inspect
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, cast, final

import torch
from torch import Tensor, nn

from synthproto.conformance.forward import check_forward
from synthproto.conformance.values import check_value
from synthproto.contracts import Batch, Model, Output
from synthproto.errors import ParameterError, SynthprotoWarning


@final
class Ema:
    """Exponential moving average of a module's parameters, swapped in for evaluation.

    After each update ``average += (1 - d) * (parameter - average)``, where the decay ``d`` rises
    to its final value as ``min(decay, (1 + n) / (10 + n))`` over updates ``n``, so that the
    initial weights are soon forgotten. Buffers are not averaged.

    Args:
        model: Whose parameters are averaged; make it before wrapping the model.
        decay: Final decay, in (0, 1); 0.999 averages about the last thousand updates.
        ramp: Whether the decay rises; without it ``d`` is ``decay`` from the first update.

    Raises:
        ParameterError: The decay is outside (0, 1).

    Example:
        >>> import torch
        >>> from synthproto import Ema
        >>> model = torch.nn.Linear(1, 1, bias=False)
        >>> _ = torch.nn.init.constant_(model.weight, 0.0)
        >>> ema = Ema(model, decay=0.5, ramp=False)
        >>> _ = torch.nn.init.constant_(model.weight, 1.0)
        >>> ema.update()
        >>> with ema.swapped_in():
        ...     print(model.weight.item())
        0.5
        >>> model.weight.item()
        1.0
    """

    def __init__(self, model: nn.Module, decay: float, *, ramp: bool = True) -> None:
        if not 0 < decay < 1:
            raise ParameterError(f"Ema: decay must be between 0 and 1; got {decay}.")
        self._names = [name for name, _ in model.named_parameters()]
        self._parameters: list[Tensor] = list(model.parameters())
        self._averages = [parameter.detach().clone() for parameter in self._parameters]
        self._decay = decay
        self._ramp = ramp
        self._updates = 0

    @torch.no_grad()
    def update(self) -> None:
        """Take the current weights into the average."""
        self._follow()
        self._updates += 1
        count = self._updates
        decay = min(self._decay, (1 + count) / (10 + count)) if self._ramp else self._decay
        torch._foreach_lerp_(self._averages, self._parameters, 1 - decay)  # pyright: ignore[reportPrivateImportUsage]

    def _follow(self) -> None:
        """Go where the model went: it may have been moved or cast since the average was made."""
        now, then = self._parameters[0], self._averages[0]
        if now.device != then.device or now.dtype != then.dtype:
            pairs = zip(self._averages, self._parameters, strict=True)
            self._averages = [average.to(parameter) for average, parameter in pairs]

    @contextmanager
    def swapped_in(self) -> Iterator[None]:
        """Inside, the module has the averaged weights; afterwards its own, bit for bit."""
        own = [parameter.detach().clone() for parameter in self._parameters]
        self._set(self._averages)
        try:
            yield
        finally:
            self._set(own)

    def is_of(self, model: nn.Module) -> bool:
        """Whether what is averaged are parameters of a model."""
        own = {id(parameter) for parameter in model.parameters()}
        return all(id(parameter) in own for parameter in self._parameters)

    @torch.no_grad()
    def _set(self, weights: list[Tensor]) -> None:
        torch._foreach_copy_(self._parameters, weights)  # pyright: ignore[reportPrivateImportUsage]

    def state_dict(self) -> dict[str, object]:
        """The averages by parameter name, and their count."""
        return {
            "averages": dict(zip(self._names, self._averages, strict=True)),
            "updates": self._updates,
            "decay": self._decay,
        }

    def load_state_dict(self, state: dict[str, object], /) -> None:
        """Take over a state that `state_dict` gave."""
        # The types of a loaded file are known only to the code that wrote it.
        averages = cast("dict[str, Tensor]", state["averages"])
        decay = state.get("decay", self._decay)
        if decay != self._decay:
            warnings.warn(
                f"Ema: decay is {self._decay}, was {decay} when the average was saved; what the "
                "script says is used.",
                SynthprotoWarning,
                stacklevel=5,
            )
        for name, average in zip(self._names, self._averages, strict=True):
            average.copy_(averages[name])
        self._updates = cast("int", state["updates"])


_SHARDED = frozenset({"FullyShardedDataParallel", "FSDPModule"})


def check_model(where: str, model: object, ema: "Ema | None") -> None:
    """See that a model's weights are all here, and that an average is of this model.

    Args:
        where: The argument in words.
        model: What is trained; only modules are looked into.
        ema: Its average, if it has one.

    Raises:
        ParameterError: The model is sharded, or the average is of another one.
    """
    if not isinstance(model, nn.Module):
        return
    # By name: torch's own module of sharding is large, and few scripts load it.
    if any(_SHARDED & {base.__name__ for base in type(part).__mro__} for part in model.modules()):
        raise ParameterError(
            f"{where} is sharded over processes (FSDP): each holds a part of the weights, which no "
            "checkpoint puts together here. Use Processes.wrap_ddp."
        )
    if ema is not None and not ema.is_of(model):
        raise ParameterError(
            f"{where} and ema: the average is of other parameters than those of the model. Make it "
            "of this model: Ema(model, decay)."
        )


@contextmanager
def evaluated(*models: Model) -> Iterator[None]:
    """Inside, the models are in evaluation mode; afterwards each submodule is as it was.

    A submodule that a user keeps in evaluation mode (a frozen part) stays so.
    """
    modules = [part for model in models if isinstance(model, nn.Module) for part in model.modules()]
    were = [module.training for module in modules]
    for model in models:
        model.eval()
    try:
        yield
    finally:
        for model in models:
            if not isinstance(model, nn.Module):
                model.train()
        for module, training in zip(modules, were, strict=True):
            module.training = training


def inner_model(model: object) -> object:
    """The model inside wrappers that only pass calls on (torch's DDP and compile, Fabric's module).

    Their own ``forward`` takes anything, and their state has a prefix before each key.
    """
    while isinstance(model, nn.Module):
        # torch.compile(model) keeps the model under another name than the others.
        inner = getattr(model, "module", None) or getattr(model, "_orig_mod", None)
        if not isinstance(inner, nn.Module) or not _takes_anything(model):
            break
        model = inner
    return model


def _takes_anything(model: nn.Module) -> bool:
    kinds = [each.kind for each in inspect.signature(model.forward).parameters.values()]
    return bool(kinds) and set(kinds) <= {
        inspect.Parameter.VAR_POSITIONAL,
        inspect.Parameter.VAR_KEYWORD,
    }


@final
class Forward(Generic[Batch, Output]):
    """The forward pass of a model.

    Args:
        model: It is called itself where it is callable, so that forward hooks and
            ``model.compile()`` take part.

    Attributes:
        call: The forward pass as it is, without a check.

    Raises:
        ConformanceError: The model cannot be trained: no ``forward`` of one argument, no modes.
    """

    def __init__(self, model: Model[Batch, Output]) -> None:
        self._declared = check_forward(inner_model(model))
        # A module's __call__ is typed `Callable[..., Any]`; its forward says what it takes.
        self.call: Callable[[Batch], Output] = cast(
            "Callable[[Batch], Output]", model if callable(model) else model.forward
        )

    def first(self, batch: Batch) -> Output:
        """The forward pass with batch and output checked, item by item.

        Raises:
            ConformanceError: One of them is not what the annotations of ``forward`` say.
        """
        declared = self._declared
        if declared.batch is not None:
            check_value(batch, declared.batch, part=declared.part, place="batch")
        output = self.call(batch)
        if declared.output is not None:
            check_value(output, declared.output, part=declared.part, place="output")
        return output
