"""Several processes that train together: who they are, and what they tell each other."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import TypeVar, cast, final

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from synthproto.errors import ParameterError

_NOTHING = object()
Value = TypeVar("Value")
Module = TypeVar("Module", bound=nn.Module)


@final
class Processes:
    """The processes of a run; by default this one alone.

    With several, each trains on its share of the batches. Only the first one runs callbacks and
    routines and writes checkpoints; it decides when to stop, and tells the others.

    Args:
        rank: Number of this process, from 0.
        world: Number of processes.
    """

    def __init__(self, rank: int = 0, world: int = 1) -> None:
        self.rank = rank
        self.world = world
        nccl = world > 1 and dist.get_backend() == "nccl"  # which cannot send from a CPU
        self._flag = torch.zeros(1, dtype=torch.int32, device="cuda" if nccl else "cpu")

    @property
    def is_first(self) -> bool:
        """Whether this is the process that tracks and writes."""
        return self.rank == 0

    def wrap_ddp(self, model: Module) -> Module:
        """The model with its gradients averaged over the processes.

        Args:
            model: The same weights in all processes, on the device where it is trained.

        Returns:
            The model in torch's ``DistributedDataParallel``, or the model itself where there is
            one process. To type checkers it has the model's own type: the wrapper passes its
            forward pass and modes on, while its own ``forward`` says nothing of types. Generate
            with the model, train the wrapper.
        """
        if self.world == 1:
            return model
        return cast("Module", DistributedDataParallel(model))

    def broadcast_stop(self, reason: str | None) -> str | None:
        """The first process's reason to stop, in all of them."""
        if self.world == 1:
            return reason
        self._flag.fill_(reason is not None)
        dist.broadcast(self._flag, src=0)
        return self.on_part(reason) if self._flag.item() else None

    def in_step(self, batches: Iterator[Value], start: int, known: int | None) -> Iterator[Value]:
        """An epoch's batches, none of which one process has and another one lacks.

        Without this, processes would wait for each other for good at the end of the epoch.

        Args:
            batches: Those of this process that are left.
            start: How many of the epoch were skipped.
            known: How many this process has in an epoch. Where a process does not know, all of
                them ask each other before each step.

        Raises:
            ParameterError: Their numbers differ; raised in all processes.
        """
        if self.world == 1:
            return batches
        numbers = self.gathered(known)
        if None in numbers:
            return self._while_all_have_one(batches, start)
        if len(set(numbers)) > 1:
            raise _unequal(f"got {numbers} batches per epoch, in order of rank")
        return batches

    def _while_all_have_one(self, batches: Iterator[Value], start: int) -> Iterator[Value]:
        for done in count(start):
            batch = next(batches, cast("Value", _NOTHING))  # looked at by identity only
            self._flag.fill_(batch is _NOTHING)
            dist.all_reduce(self._flag)
            ended = int(self._flag.item())
            if ended == self.world:
                return
            if ended:
                raise _unequal(f"after {done} batches {ended} of {self.world} have none left")
            yield batch

    def on_part(self, value: Value) -> Value:
        """The first process's value, in all of them."""
        if self.world == 1:
            return value
        values: list[object] = [value]
        dist.broadcast_object_list(values, src=0)
        return cast("Value", values[0])  # what the first process put in

    def gathered(self, value: Value) -> list[Value]:
        """The values of all processes in order of rank, in all of them."""
        if self.world == 1:
            return [value]
        values: list[object] = [None] * self.world
        dist.all_gather_object(values, value)
        return cast("list[Value]", values)  # what the processes put in


def _unequal(found: str) -> ParameterError:
    return ParameterError(
        f"Trainer: all processes need the same number of batches in an epoch; {found}. Let each "
        "take its share of every batch, Batches(..., rank=, world=), or cut the longer epochs."
    )


@contextmanager
def torchrun_processes(backend: str = "gloo") -> Iterator[Processes]:
    """Inside, the processes that ``torchrun`` started are connected.

    A script that was started without torchrun is one process alone, so that the same script
    works both ways.

    Args:
        backend: ``"gloo"`` for CPUs, ``"nccl"`` for GPUs of NVIDIA.
    """
    if "RANK" not in os.environ:
        yield Processes()
        return
    dist.init_process_group(backend)
    try:
        yield Processes(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()
