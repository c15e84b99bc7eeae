"""`GradientStep`: one gradient update of one model, the step of most models."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Generic, cast, final

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from synthproto.conformance.calls import check_function
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
from synthproto.training.models import Ema, Forward, check_model, evaluated
from synthproto.training.optimization import OnPlateau, Optimization, PerStep, parameters_of
from synthproto.training.resume import load_parts, parts_state


def loss_of(output: LossCarrier, batch: object) -> Tensor:  # noqa: ARG001  a loss is a function of both
    """The loss that an output carries itself, as ``output.loss`` or ``output["loss"]``.

    Args:
        output: What the model gave.
        batch: Unused: makes this a loss for `GradientStep`.

    Returns:
        Scalar to minimise.

    Raises:
        ConformanceError: The output has no such item or attribute.

    Example:
        >>> import torch
        >>> from synthproto import loss_of
        >>> loss_of({"loss": torch.tensor(0.5)}, None).item()
        0.5
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

    Example:
        >>> import torch
        >>> from synthproto import GradientStep
        >>> model = torch.nn.Linear(1, 1)
        >>> step = GradientStep(
        ...     model=model,
        ...     loss=lambda output, batch: (output - 3 * batch).square().mean(),
        ...     optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        ...     clip_norm=1.0,
        ... )
        >>> update = step.update(torch.ones(4, 1))
        >>> sorted(update.losses), update.output.shape
        (['gradient_norm', 'loss'], torch.Size([4, 1]))
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
        check_model("GradientStep: model", model, ema)
        _check_owner("GradientStep: optimizer", "model", model, optimizer)
        check_function(loss, 2, "GradientStep: loss")
        if after is not None:
            check_function(after, 0, "GradientStep: after")
        for name, function in (reported or {}).items():
            check_function(function, 2, f"GradientStep: reported {name!r}")
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


def _check_halves(
    generator: object, critic: nn.Module, of_generator: Optimizer, of_critic: Optimizer
) -> None:
    """See that each half of a GAN has an optimizer of its own.

    Raises:
        ParameterError: The optimizers share parameters, or one has none of its half.
    """
    theirs = {id(each) for each in parameters_of(of_generator)}
    if any(id(each) in theirs for each in parameters_of(of_critic)):
        raise ParameterError(
            "AdversarialStep: generator_optimizer and critic_optimizer update the same parameters. "
            "Give each half an optimizer of its own."
        )
    for name, model, optimizer in (
        ("generator", generator, of_generator),
        ("critic", critic, of_critic),
    ):
        _check_owner(f"AdversarialStep: {name}_optimizer", name, model, optimizer)


def _check_owner(where: str, name: str, model: object, optimizer: Optimizer) -> None:
    """See that an optimizer updates some parameter of its model."""
    own = {id(each) for each in model.parameters()} if isinstance(model, nn.Module) else set()
    if own and not any(id(each) in own for each in parameters_of(optimizer)):
        raise ParameterError(
            f"{where} updates no parameter of the {name} ({type(model).__name__}). Is it of "
            "another network than the one that is given?"
        )


@final
class AdversarialStep(Generic[Batch, Output]):
    """Critic updates on every batch, a generator update on every n-th: the step of a GAN.

    The generator's forward pass makes the fake rows for a batch of real ones: as many of them,
    under the conditions that the batch has, from noise that it draws itself. The losses are
    functions of fake and real; that they call the critic is their own affair. The critic's loss
    gets fakes without a graph back to the generator; the generator's loss leaves no gradients in
    the critic.

    Reports the losses ``critic`` (each step) and ``generator`` (steps with a generator update).

    Args:
        generator: Makes fakes for a batch; it decides the types of batch and output.
        critic: The network that the losses call.
        generator_loss: Scalar that the generator minimises, from fakes and batch.
        critic_loss: Scalar that the critic minimises, penalties included.
        generator_optimizer: Of the generator's parameters.
        critic_optimizer: Of the critic's parameters.
        critic_updates: Critic updates for each generator update, at least 1.
        generator_scheduler: As in `GradientStep`; `PerStep` counts generator updates.
        critic_scheduler: Likewise; `PerStep` counts critic updates.
        generator_clip_norm: Largest norm of all of the generator's gradients together.
        critic_clip_norm: Likewise for the critic.
        ema: Moving average of the generator's weights, used in evaluation.
        after: Called after each update, the critic's or the generator's: for weight clipping.

    Raises:
        ParameterError: An argument is outside its range.
        ConformanceError: The generator cannot be trained: no ``forward`` of one argument.

    Example:
        >>> import torch
        >>> from synthproto import AdversarialStep
        >>> generator, critic = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
        >>> step = AdversarialStep(
        ...     generator=generator,
        ...     critic=critic,
        ...     generator_loss=lambda fake, real: -critic(fake).mean(),
        ...     critic_loss=lambda fake, real: critic(fake).mean() - critic(real).mean(),
        ...     generator_optimizer=torch.optim.Adam(generator.parameters()),
        ...     critic_optimizer=torch.optim.Adam(critic.parameters()),
        ...     critic_updates=2,
        ... )
        >>> [sorted(step.update(torch.ones(4, 2)).losses) for _ in range(2)]
        [['critic'], ['critic', 'generator']]
    """

    def __init__(
        self,
        *,
        generator: Model[Batch, Output],
        critic: nn.Module,
        generator_loss: Callable[[Output, Batch], Tensor],
        critic_loss: Callable[[Output, Batch], Tensor],
        generator_optimizer: Optimizer,
        critic_optimizer: Optimizer,
        critic_updates: int = 1,
        generator_scheduler: LRScheduler | PerStep | OnPlateau | None = None,
        critic_scheduler: LRScheduler | PerStep | OnPlateau | None = None,
        generator_clip_norm: float | None = None,
        critic_clip_norm: float | None = None,
        ema: Ema | None = None,
        after: Callable[[], object] | None = None,
    ) -> None:
        if critic_updates < 1:
            raise ParameterError(
                f"AdversarialStep: critic_updates must be at least 1; got {critic_updates}."
            )
        check_model("AdversarialStep: generator", generator, ema)
        check_model("AdversarialStep: critic", critic, None)
        check_function(generator_loss, 2, "AdversarialStep: generator_loss")
        check_function(critic_loss, 2, "AdversarialStep: critic_loss")
        if after is not None:
            check_function(after, 0, "AdversarialStep: after")
        _check_halves(generator, critic, generator_optimizer, critic_optimizer)
        self._generator, self._critic = generator, critic
        self._first_forward = Forward(generator)
        self._forward: Callable[[Batch], Output] = self._first_forward.first
        self._generator_loss, self._critic_loss = generator_loss, critic_loss
        self._of_generator = Optimization(
            generator_optimizer,
            generator_scheduler,
            clip_norm=generator_clip_norm,
            own_gradients_only=True,
            names="AdversarialStep: generator_{}",
        )
        self._of_critic = Optimization(
            critic_optimizer,
            critic_scheduler,
            clip_norm=critic_clip_norm,
            own_gradients_only=True,
            names="AdversarialStep: critic_{}",
        )
        self._critic_updates = critic_updates
        self._ema = ema
        self._after = after
        self._steps = 0

    def update(self, batch: Batch, /) -> Update[Output]:
        """Train the critic on one batch, and the generator if it is its turn."""
        turn = self._steps + 1
        with torch.no_grad():
            output = self._forward(batch)
        self._forward = self._first_forward.call
        losses = {"critic": self._descend(self._of_critic, self._critic_loss, output, batch)}
        if turn % self._critic_updates == 0:
            output = self._forward(batch)
            losses["generator"] = self._descend(
                self._of_generator, self._generator_loss, output, batch
            )
            if self._ema is not None:
                self._ema.update()
        self._steps = turn  # only now: after an error the same turn comes again
        return Update(output, losses)

    def _descend(
        self,
        optimization: Optimization,
        function: Callable[[Output, Batch], Tensor],
        output: Output,
        batch: Batch,
    ) -> Tensor:
        optimization.begin()
        loss = function(output, batch)
        optimization.descend(loss)
        if self._after is not None:
            self._after()
        return loss.detach()

    def end_epoch(self, event: EpochEvent, /) -> None:
        """Step the schedulers that are stepped once an epoch."""
        self._of_critic.end_epoch(event)
        self._of_generator.end_epoch(event)

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        """Inside: evaluation mode and averaged weights; afterwards all is as it was."""
        with ExitStack() as stack:
            stack.enter_context(evaluated(self._generator, self._critic))
            if self._ema is not None:
                stack.enter_context(self._ema.swapped_in())
            yield

    def state_dict(self) -> dict[str, object]:
        """Everything that the next update depends on.

        Raises:
            ParameterError: The generator has no state to save.
        """
        return {**parts_state(self._parts()), "steps": self._steps}

    def load_state_dict(self, state: dict[str, object], /) -> None:
        """Take over a state that `state_dict` gave."""
        steps = state.get("steps")
        if not isinstance(steps, int):
            raise ParameterError("the state is not of an AdversarialStep: it has no 'steps'.")
        load_parts(self._parts(), {name: part for name, part in state.items() if name != "steps"})
        self._steps = steps

    def _parts(self) -> dict[str, object]:
        return {
            "generator": self._generator,
            "critic": self._critic,
            "generator_optimization": self._of_generator,
            "critic_optimization": self._of_critic,
            "ema": self._ema,
        }
