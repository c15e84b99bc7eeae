"""One optimizer with its schedule, clipping and accumulation: what every gradient step shares."""

import warnings
from collections.abc import Callable, Mapping
from typing import cast, final

from torch import Tensor
from torch.nn.utils import clip_grad_norm_
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from synthproto.conformance.calls import check_function, check_monitor
from synthproto.contracts import EpochEvent, Monitor
from synthproto.errors import ConformanceError, ParameterError, SynthprotoWarning
from synthproto.training.composition import differences, plain_values


@final
class PerStep:
    """A scheduler that is stepped after each update instead of each epoch.

    Args:
        scheduler: Any of torch's that needs no score.

    Example:
        >>> import torch
        >>> from synthproto import PerStep
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
        >>> schedule = PerStep(torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=100))
    """

    def __init__(self, scheduler: LRScheduler) -> None:
        self.scheduler = scheduler


@final
class OnPlateau:
    """Torch's ``ReduceLROnPlateau``, stepped in each epoch that has a new value of its score.

    For scores that may be negative give it ``threshold_mode="abs"``: with ``"rel"`` torch
    accepts a worse value of a negative score as an improvement.

    Args:
        scheduler: The scheduler, with its own mode, patience and factor.
        monitor: Reads the score: ``validation.monitor(score)``, ``train_loss``, any function.

    Example:
        >>> import torch
        >>> from torch.optim.lr_scheduler import ReduceLROnPlateau
        >>> from synthproto import OnPlateau, train_loss
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
        >>> schedule = OnPlateau(ReduceLROnPlateau(optimizer, patience=3), train_loss)
    """

    def __init__(self, scheduler: ReduceLROnPlateau, monitor: Monitor) -> None:
        check_monitor(monitor, "OnPlateau: monitor")
        self.scheduler = scheduler
        self.monitor = monitor


def parameters_of(optimizer: Optimizer) -> list[Tensor]:
    """All parameters that an optimizer updates, group by group."""
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _plain_groups(optimizer: Optimizer) -> dict[str, object]:
    """The numbers of all parameter groups by name: ``lr``; ``lr of group 1`` of a second one."""
    return {
        name if index == 0 else f"{name} of group {index}": value
        for index, group in enumerate(optimizer.param_groups)
        for name, value in plain_values(group).items()
    }


@final
class Optimization:
    """An optimizer, and when and how it is used.

    Args:
        optimizer: What updates the parameters.
        scheduler: Of its learning rate, by epoch unless it is a `PerStep`.
        clip_norm: Largest norm of all its gradients together, more than 0.
        accumulate: Steps whose gradients are averaged into one update, at least 1.
        backward: Replaces ``loss.backward()``.
        own_gradients_only: Whether gradients of other parameters are left out of the backward
            pass: what an adversary needs.
        names: What users call loss and optimizer, for messages: ``{}`` stands for either.

    Raises:
        ParameterError: An argument is outside its range, or the scheduler needs a wrapper.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        scheduler: LRScheduler | PerStep | OnPlateau | None = None,
        *,
        clip_norm: float | None = None,
        accumulate: int = 1,
        backward: Callable[[Tensor], object] | None = None,
        own_gradients_only: bool = False,
        names: str = "{}",
    ) -> None:
        if accumulate < 1:
            raise ParameterError(f"accumulate must be at least 1; got {accumulate}.")
        if clip_norm is not None and not clip_norm > 0:
            raise ParameterError(f"clip_norm must be more than 0; got {clip_norm}.")
        if isinstance(scheduler, ReduceLROnPlateau):
            raise ParameterError(
                "scheduler needs a score to follow; got a bare ReduceLROnPlateau. "
                "Pass OnPlateau(scheduler, monitor)."
            )
        if backward is not None:
            check_function(backward, 1, names.format("backward"))
        self._optimizer = optimizer
        self._parameters = parameters_of(optimizer)
        self._scheduler = scheduler
        self._clip_norm = clip_norm
        self._accumulate = accumulate
        self._backward = backward
        self._own_gradients_only = own_gradients_only
        self._names = names
        self._checked = False
        self._filled = 0
        self._never_updated = True
        self.updated: bool = False
        torch_scheduler = None if scheduler is None else self._torch_scheduler()
        of = getattr(torch_scheduler, "optimizer", optimizer)
        if of is not optimizer:
            raise ParameterError(
                f"{names.format('scheduler')} is of another optimizer than the one that is given, "
                "whose learning rate it would leave as it is. Make it of this optimizer."
            )
        # As the script made them: what a checkpoint is held against.
        self._made_of, self._hyperparameters = self._as_made(torch_scheduler)
        self._settings = {"accumulate": accumulate, "clip_norm": clip_norm}

    def _as_made(
        self, scheduler: LRScheduler | None
    ) -> tuple[dict[str, object], dict[str, object]]:
        """Classes of optimizer and scheduler, and their numbers."""
        groups = _plain_groups(self._optimizer)
        made_of: dict[str, object] = {"class": type(self._optimizer).__name__, "scheduler": None}
        if scheduler is None:
            return made_of, groups
        made_of["scheduler"] = type(scheduler).__name__
        return made_of, {**groups, **plain_values(scheduler.state_dict())}

    @property
    def device_type(self) -> str:
        """Where the parameters are now: ``"cpu"``, ``"cuda"``, ``"mps"``."""
        return self._parameters[0].device.type

    def begin(self) -> None:
        """Set the gradients to zero if a window starts."""
        if self._filled == 0:
            self._optimizer.zero_grad()

    def descend(self, loss: Tensor) -> Tensor | None:
        """Add the loss's gradients, and update if they fill the window.

        Args:
            loss: Scalar with a graph.

        Returns:
            The norm of all gradients before clipping, where they were clipped.

        Raises:
            ConformanceError: At the first call: the loss is no scalar with a graph, or it does
                not depend on what the optimizer updates. It updated nothing.
        """
        if not self._checked:
            self._check_loss(loss)
        scaled = loss if self._accumulate == 1 else loss / self._accumulate
        if self._backward is not None:
            self._backward(scaled)
        else:
            scaled.backward(inputs=self._inputs())  # type: ignore[no-untyped-call]  # untyped in torch
        if not self._checked:
            self._check_gradients()
        self._filled += 1
        self.updated = self._filled == self._accumulate
        return self._update() if self.updated else None

    def _inputs(self) -> list[Tensor] | None:
        """What the backward pass goes to, if not to everything."""
        if not self._own_gradients_only:
            return None
        return [parameter for parameter in self._parameters if parameter.requires_grad]

    def _check_loss(self, loss: object) -> None:
        name = self._names.format("loss")
        if not isinstance(loss, Tensor):
            raise ConformanceError(
                f"{name} must return a tensor, the number to minimise; got {type(loss).__name__}."
            )
        if loss.numel() != 1:
            raise ConformanceError(
                f"{name} must return one number to minimise; got the shape {tuple(loss.shape)}. "
                "Reduce it, e.g. by .mean()."
            )
        if self._backward is None and not loss.requires_grad:
            raise ConformanceError(
                f"{name} gave a number that depends on no parameter: it was detached, computed "
                "under torch.no_grad, or all parameters are frozen."
            )

    def _check_gradients(self) -> None:
        # What replaces loss.backward may keep gradients elsewhere.
        if self._backward is None and all(each.grad is None for each in self._parameters):
            raise ConformanceError(
                f"{self._names.format('optimizer')} updates {len(self._parameters)} parameters; "
                "got a loss that depends on none of them. Was it made for another model, or before "
                "the parameters were exchanged?"
            )
        self._checked = True

    def _update(self) -> Tensor | None:
        self._filled, self._never_updated = 0, False
        norm = None
        if self._clip_norm is not None:
            norm = clip_grad_norm_(self._parameters, self._clip_norm).detach()
        self._optimizer.step()
        if type(self._scheduler) is PerStep:
            self._scheduler.scheduler.step()
        return norm

    def end_epoch(self, event: EpochEvent) -> None:
        """Step a scheduler that is stepped by epoch."""
        if self._never_updated and self._filled:
            self._never_updated = False  # told once
            warnings.warn(
                f"{self._names.format('accumulate')}={self._accumulate} steps are one update, and "
                f"epoch {event.epoch} had {self._filled}: nothing was updated yet. The window goes "
                "on in the next epoch; make it shorter unless that is what you want.",
                SynthprotoWarning,
                stacklevel=3,
            )
        scheduler = self._scheduler
        if isinstance(scheduler, OnPlateau):
            value = scheduler.monitor(event)
            if value is not None:
                scheduler.scheduler.step(value)
        elif isinstance(scheduler, LRScheduler):
            scheduler.step()

    def state_dict(self) -> dict[str, object]:
        """State of optimizer and scheduler, and the gradients of a window that is not full."""
        state: dict[str, object] = {
            "optimizer": self._optimizer.state_dict(),
            "filled": self._filled,
            "made_of": self._made_of,
            "settings": self._settings,
            "hyperparameters": self._hyperparameters,
            "gradients": [parameter.grad for parameter in self._parameters] if self._filled else [],
        }
        if self._scheduler is not None:
            state["scheduler"] = self._torch_scheduler().state_dict()
        return state

    def load_state_dict(self, state: dict[str, object], /) -> None:
        """Take over a state that `state_dict` gave.

        Raises:
            ParameterError: It is of another optimizer or scheduler.
        """
        self._compare(state)
        if ("scheduler" in state) != (self._scheduler is not None):
            raise ParameterError("the state was saved with a scheduler, or there is one now.")
        # The types of a loaded file are known only to the code that wrote it.
        self._optimizer.load_state_dict(cast("dict[str, object]", state["optimizer"]))
        if self._scheduler is not None:
            self._torch_scheduler().load_state_dict(cast("dict[str, object]", state["scheduler"]))
        self._filled, self._never_updated = cast("int", state["filled"]), False
        gradients = cast("list[Tensor | None]", state["gradients"])
        for parameter, gradient in zip(self._parameters, gradients, strict=False):
            parameter.grad = None if gradient is None else gradient.to(parameter.device)

    def _compare(self, state: Mapping[str, object]) -> None:
        """Refuse the state of other classes; say where the numbers differ, and which ones win."""
        # The types of a loaded file are known only to the code that wrote it.
        made_of, settings, hyperparameters = (
            cast("Mapping[str, object]", state.get(name, {}))
            for name in ("made_of", "settings", "hyperparameters")
        )
        if faults := differences(self._made_of, made_of):
            raise ParameterError(f"{self._names.format('optimizer')}: {', '.join(faults)}.")
        told = []
        if found := differences(self._hyperparameters, hyperparameters):
            told.append(f"{', '.join(found)} (what was saved is used)")
        if found := differences(self._settings, settings):
            told.append(f"{', '.join(found)} (what the script says is used)")
        if told:
            warnings.warn(
                f"{self._names.format('optimizer')} differs from what was saved: "
                f"{'; '.join(told)}.",
                SynthprotoWarning,
                stacklevel=4,
            )

    def _torch_scheduler(self) -> LRScheduler:
        scheduler = self._scheduler
        if isinstance(scheduler, (PerStep, OnPlateau)):
            return scheduler.scheduler
        if scheduler is None:
            raise ParameterError("there is no scheduler.")
        return scheduler
