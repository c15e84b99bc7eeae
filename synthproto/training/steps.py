"""`GradientStep`: one gradient update of one model, the step of most models."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Generic, cast, final

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from synthproto.contracts import (
    Batch,
    EpochEvent,
    LossAttribute,
    LossCarrier,
    Model,
    Output,
    Update,
)
from synthproto.errors import ConformanceError, ParameterError
from synthproto.training.ema import Ema
from synthproto.training.forward import Forward
from synthproto.training.modes import evaluated
from synthproto.training.optimization import OnPlateau, Optimization, PerStep
from synthproto.training.states import load_parts, parts_state
from synthproto.unchecked import unchecked


@unchecked
def loss_of(output: LossCarrier, batch: object) -> Tensor:  # noqa: ARG001  a loss is a function of both
    """The loss that an output carries itself, as ``output.loss`` or ``output["loss"]``.

    Args:
        output: What the model gave.
        batch: Unused: makes this a loss for `GradientStep`.

    Returns:
        Scalar to minimise.

    Raises:
        ConformanceError: The output has no such item or attribute.
    """
    carrier: object = output
    try:
        # A TypedDict is a dict at run time. To ask for the Protocol would cost 4 µs.
        if isinstance(carrier, dict):
            return cast("Tensor", carrier["loss"])
        return cast("LossAttribute", carrier).loss
    except (KeyError, AttributeError) as error:
        has = f" with {list(carrier)}" if isinstance(carrier, dict) else ""
        raise ConformanceError(
            f"loss_of needs an output that carries its loss, as output.loss or output['loss']; "
            f"got {type(carrier).__name__}{has}. For other outputs give a function of output "
            "and batch: loss=lambda output, batch: ..."
        ) from error


@final
class GradientStep(Generic[Batch, Output]):
    """Forward pass, loss, gradients, update: a `TrainingStep` for a model with one optimizer.

    Gradients are set to zero at the *start* of an accumulation window, so that callbacks still
    see them after the update, and those that other parts left behind do not count.

    Args:
        model: What is trained; it decides the types of batch and output. It is called itself
            where it is callable, so that forward hooks and ``model.compile()`` take part.
        loss: Scalar to minimise from output and batch; `loss_of` for an output that carries it.
        optimizer: Of the model's parameters.
        scheduler: Learning rate of each epoch; `PerStep` for one that is stepped after each
            update, `OnPlateau` for torch's ``ReduceLROnPlateau``.
        clip_norm: Largest norm of all gradients together; their norm before clipping is then
            reported as ``gradient_norm``.
        accumulate: Steps whose gradients are averaged into one update, at least 1. A window
            that an epoch does not fill goes on in the next one.
        ema: Moving average of the weights, which takes their place in evaluation.
        autocast: ``torch.bfloat16`` for mixed precision; other types are refused, because they
            need scaled gradients.
        backward: Replaces ``loss.backward()``, e.g. ``fabric.backward``, ``accelerator.backward``.
        reported: Further scalars of output and batch to report by name beside ``loss``.
        after: Called after each update: clamping a parameter, say.

    Raises:
        ParameterError: An argument is outside its range, or the scheduler needs a wrapper.
        ConformanceError: The model cannot be trained: no ``forward`` of one argument, no modes.
    """

    def __init__(
        self,
        *,
        model: Model[Batch, Output],
        loss: Callable[[Output, Batch], Tensor],
        optimizer: Optimizer,
        scheduler: LRScheduler | PerStep | OnPlateau | None = None,
        clip_norm: float | None = None,
        accumulate: int = 1,
        ema: Ema | None = None,
        autocast: torch.dtype | None = None,
        backward: Callable[[Tensor], object] | None = None,
        reported: Mapping[str, Callable[[Output, Batch], Tensor]] | None = None,
        after: Callable[[], object] | None = None,
    ) -> None:
        if autocast not in (None, torch.bfloat16):
            raise ParameterError(
                f"GradientStep: autocast must be torch.bfloat16 or None; got {autocast}."
            )
        self._model = model
        self._first_forward = Forward(model)
        self._forward: Callable[[Batch], Output] = self._first_forward.first
        self._loss = loss
        self._optimization = Optimization(
            optimizer,
            scheduler,
            clip_norm=clip_norm,
            accumulate=accumulate,
            backward=backward,
            names="GradientStep: {}",
        )
        self._ema = ema
        self._autocast = autocast
        self._reported = dict(reported or {})
        self._after = after

    @unchecked
    def update(self, batch: Batch, /) -> Update[Output]:
        """Train on one batch: one forward and backward pass, and an update if one is due."""
        optimization = self._optimization
        optimization.begin()
        if self._autocast is None:
            output = self._forward(batch)
            loss = self._loss(output, batch)
        else:
            with torch.autocast(optimization.device_type, dtype=self._autocast):
                output = self._forward(batch)
                loss = self._loss(output, batch)
        self._forward = self._first_forward.call
        norm = optimization.descend(loss)
        losses = {"loss": loss.detach()}
        if norm is not None:
            losses["gradient_norm"] = norm
        if optimization.updated:
            if self._after is not None:
                self._after()
            if self._ema is not None:
                self._ema.update()
        for name, function in self._reported.items():
            losses[name] = function(output, batch).detach()
        return Update(output, losses)

    def end_epoch(self, event: EpochEvent, /) -> None:
        """Step the scheduler that is stepped once an epoch."""
        self._optimization.end_epoch(event)

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        """Inside: evaluation mode and averaged weights; afterwards all is as it was."""
        with ExitStack() as stack:
            stack.enter_context(evaluated(self._model))
            if self._ema is not None:
                stack.enter_context(self._ema.swapped_in())
            yield

    def state_dict(self) -> dict[str, object]:
        """Everything that the next update depends on.

        Raises:
            ParameterError: The model has no state to save.
        """
        return parts_state(self._parts())

    def load_state_dict(self, state: dict[str, object], /) -> None:
        """Take over a state that `state_dict` gave."""
        load_parts(self._parts(), state)

    def _parts(self) -> dict[str, object]:
        return {"model": self._model, "optimization": self._optimization, "ema": self._ema}
