"""Random states: taken, put back, seeded; so that watching a run never changes it."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self, TypeAlias, cast, final

import numpy as np
import torch
from torch import Tensor


@final
@dataclass(frozen=True)
class RandomStates:
    """The global random states of python, numpy and torch at one moment.

    Attributes:
        python: What `random.getstate` gave.
        numpy: What `numpy.random.get_state` gave, its keys as a tensor of int64.
        torch: State of torch's CPU generator.
        cuda: States of all CUDA generators; empty where CUDA is not in use.
        mps: State of the MPS generator; empty where MPS is not in use.
    """

    python: tuple[object, ...]
    numpy: tuple[str, Tensor, int, int, float]
    torch: Tensor
    cuda: tuple[Tensor, ...] = ()
    mps: tuple[Tensor, ...] = ()

    @classmethod
    def capture(cls) -> Self:
        """The states as they are now."""
        name, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)
        return cls(
            python=random.getstate(),
            numpy=(
                str(name),
                torch.from_numpy(np.asarray(keys).astype(np.int64)),
                int(position),
                int(has_gauss),
                float(gauss),
            ),
            torch=torch.get_rng_state(),
            cuda=tuple(torch.cuda.get_rng_state_all()) if _cuda_in_use() else (),
            mps=(torch.mps.get_rng_state(),) if torch.backends.mps.is_available() else (),
        )

    def restore(self) -> None:
        """Make these the current states."""
        random.setstate(self.python)
        name, keys, position, has_gauss, gauss = self.numpy
        np.random.set_state((name, keys.numpy().astype(np.uint32), position, has_gauss, gauss))
        torch.set_rng_state(self.torch)
        if self.cuda and len(self.cuda) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all(list(self.cuda))
        if self.mps and torch.backends.mps.is_available():
            torch.mps.set_rng_state(self.mps[0])

    def state_dict(self) -> dict[str, object]:
        """The states as tensors and plain values, as `torch.load(weights_only=True)` takes."""
        return {
            "python": self.python,
            "numpy": self.numpy,
            "torch": self.torch,
            "cuda": self.cuda,
            "mps": self.mps,
        }

    @classmethod
    def from_state_dict(cls, state: Mapping[str, object]) -> Self:
        """What `state_dict` gave, back."""
        # The types of a loaded file are known only to the code that wrote it; the constructor
        # checks them again at run time.
        return cls(
            python=cast("tuple[object, ...]", state["python"]),
            numpy=cast("tuple[str, Tensor, int, int, float]", state["numpy"]),
            torch=cast("Tensor", state["torch"]),
            cuda=cast("tuple[Tensor, ...]", state["cuda"]),
            mps=cast("tuple[Tensor, ...]", state["mps"]),
        )


def _cuda_in_use() -> bool:
    return bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]  # untyped in torch


def seed_all(seed: int) -> None:
    """Seed the global generators of python, numpy and torch (all devices).

    Args:
        seed: At least 0; numpy takes its lowest 32 bits.
    """
    random.seed(seed)
    np.random.seed(seed % 2**32)
    # Not torch.manual_seed: without a GPU it notes a stack trace for later, which costs 1 ms.
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_available():
        torch.cuda.manual_seed_all(seed)
    if torch.backends.mps.is_available():
        torch.mps.manual_seed(seed)


Generator: TypeAlias = torch.Generator | np.random.Generator
"""A random generator of a user's own, whose state a checkpoint keeps."""


def generator_state(generator: Generator) -> object:
    """State of a generator as tensors and plain values."""
    if isinstance(generator, torch.Generator):
        return generator.get_state()
    return dict(generator.bit_generator.state)


def set_generator_state(generator: Generator, state: object) -> None:
    """Give a generator the state that `generator_state` gave."""
    if isinstance(generator, torch.Generator):
        generator.set_state(cast("Tensor", state))  # what generator_state gave
    else:
        generator.bit_generator.state = cast("dict[str, object]", state)  # likewise


@contextmanager
def kept_random_states(*generators: Generator) -> Iterator[None]:
    """Inside, anything may draw; afterwards the global random states are as they were.

    Args:
        generators: Others whose states are put back as well.
    """
    states, own = RandomStates.capture(), [generator_state(each) for each in generators]
    try:
        yield
    finally:
        states.restore()
        for generator, state in zip(generators, own, strict=True):
            set_generator_state(generator, state)


@contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Inside, the global generators are seeded; afterwards they are as they were.

    Args:
        seed: At least 0; with ``None`` nothing is seeded and nothing is put back.
    """
    if seed is None:
        yield
        return
    with kept_random_states():
        seed_all(seed)
        yield
