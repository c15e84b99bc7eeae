"""An exponential moving average of a model's weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast, final

import torch
from torch import Tensor, nn

from synthproto.errors import ParameterError
from synthproto.unchecked import unchecked


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

    @unchecked
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

    @torch.no_grad()
    def _set(self, weights: list[Tensor]) -> None:
        torch._foreach_copy_(self._parameters, weights)  # pyright: ignore[reportPrivateImportUsage]

    def state_dict(self) -> dict[str, object]:
        """The averages by parameter name, and their count."""
        return {
            "averages": dict(zip(self._names, self._averages, strict=True)),
            "updates": self._updates,
        }

    def load_state_dict(self, state: dict[str, object], /) -> None:
        """Take over a state that `state_dict` gave."""
        # The types of a loaded file are known only to the code that wrote it.
        averages = cast("dict[str, Tensor]", state["averages"])
        for name, average in zip(self._names, self._averages, strict=True):
            average.copy_(averages[name])
        self._updates = cast("int", state["updates"])
