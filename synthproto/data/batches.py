"""Minibatches of one type: from tensors in memory, or from torch's DataLoader."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from types import GenericAlias
from typing import TYPE_CHECKING, Generic, TypeAlias, Union, cast, final

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader
from typing_extensions import TypeVar

from synthproto.conformance.values import check_value
from synthproto.errors import ConformanceError, ParameterError

Build: TypeAlias = Callable[[Sequence[Tensor]], object]
"""Makes a batch from its tensors, in the order of `named_tensors`."""


def items_of(batch: object) -> list[tuple[str, object]] | None:
    """The parts of a batch with the text that selects each (``['x']``, ``.x``, ``[0]``).

    Returns:
        ``None`` for what is not a container: a tensor, a number, an object of a foreign class.
    """
    if type(batch) is dict:
        return [(f"[{key!r}]", value) for key, value in batch.items()]
    if isinstance(batch, tuple) and (names := _field_names(batch)):
        return [(f".{name}", value) for name, value in zip(names, batch, strict=True)]
    if type(batch) in (tuple, list) and isinstance(batch, tuple | list):
        return [(f"[{i}]", value) for i, value in enumerate(batch)]
    if dataclasses.is_dataclass(batch) and not isinstance(batch, type):
        return [(f".{f.name}", getattr(batch, f.name)) for f in dataclasses.fields(batch) if f.init]
    return None


def named_tensors(batch: object, path: str = "batch") -> list[tuple[str, object]]:
    """The leaves of a batch, each with its path; ``None`` is no leaf, it stays as it is."""
    items = items_of(batch)
    if items is None:
        return [] if batch is None else [(path, batch)]
    return [leaf for key, value in items for leaf in named_tensors(value, path + key)]


def builder(batch: object) -> Build:
    """A function that makes batches of the same structure and types from new tensors."""
    return _builder(batch, [0])


def _builder(batch: object, count: list[int]) -> Build:
    # The functions that run once a batch are lambdas: they carry no annotations to be checked.
    items = items_of(batch)
    if batch is None:
        return lambda _: None
    if items is None:
        index = count[0]
        count[0] += 1
        return lambda tensors: tensors[index]
    parts = [_builder(value, count) for _, value in items]
    if isinstance(batch, dict):
        keyed = list(zip(batch, parts, strict=True))
        return lambda tensors: {key: part(tensors) for key, part in keyed}
    kind = _maker(batch)
    if isinstance(batch, tuple) and _field_names(batch):
        return lambda tensors: kind(*[part(tensors) for part in parts])
    if isinstance(batch, tuple | list):
        return lambda tensors: kind([part(tensors) for part in parts])
    fields = [(key.removeprefix("."), part) for (key, _), part in zip(items, parts, strict=True)]
    return lambda tensors: kind(**{name: part(tensors) for name, part in fields})


def _maker(batch: object) -> Callable[..., object]:
    """The class of a batch, which takes what that class takes."""
    return type(batch)


def _field_names(batch: object) -> tuple[str, ...]:
    """Field names of a NamedTuple; none for other things."""
    names: object = getattr(type(batch), "_fields", ())
    return names if isinstance(names, tuple) else ()


Batch = TypeVar("Batch", default=object)

# To a checker ``list[Tensor]`` is a class; at run time it is an alias of one.
if TYPE_CHECKING:
    BatchType: TypeAlias = type[Batch]
else:
    BatchType = Union[type[Batch], GenericAlias]  # noqa: UP007  takes its argument

# Rows are gathered in pieces of several batches and cut into batches afterwards: one call of
# index_select costs 3 µs, as much as gathering 300 rows of 14 floats. A piece should stay in the
# processor's cache until it is used: 512 KiB was best or equal from 3,000 x 10 to 1,000,000 x 14.
_PIECE_BYTES = 512 * 1024


@final
class Batches(Generic[Batch]):
    """Minibatches of one batch-shaped object in memory; each has the object's own type.

    The object is a tensor, or a dict (TypedDict), NamedTuple, tuple, list or dataclass of tensors
    of equal first dimension, nested as one likes; a ``None`` in it stays. A call gives the
    batches of one epoch. Their order is a pure function of ``seed`` and epoch, drawn on the CPU
    from a generator of its own, so that epoch and position are all there is to resume from.
    Batches are copies: changing one in place does not change the data.

    Rows a second, shuffled, one thread, 500 a batch, on three machines: 20 to 110 million of 14
    floats at 30,000 rows; 5 to 20 million of 100 floats at 300,000, no fewer than a plain copy.

    Args:
        data: What the batches are cut from, at least one row. It is not copied, unless moved.
        size: Rows of a batch, at least 1; with several processes, rows of all their shares.
        seed: Not negative.
        shuffle: A new order every epoch; otherwise the order of the data.
        drop_last: Leave out the last batch of an epoch where it is shorter than the others.
        device: Where the data is moved to, once; ``None`` leaves it where it is.
        rank: Number of this process, from 0.
        world: Number of processes that train together. Each takes its share of *every* batch,
            so that training does not depend on their number. Shares differ by one row at most;
            a last batch of fewer rows than processes is left out.

    Raises:
        ParameterError: All that is wrong with the arguments, e.g. items of different lengths.

    Example:
        >>> import torch
        >>> from synthproto import Batches
        >>> batches = Batches({"x": torch.arange(5.0)}, size=2, shuffle=False)
        >>> [batch["x"].tolist() for batch in batches(1)]
        [[0.0, 1.0], [2.0, 3.0], [4.0]]
    """

    def __init__(
        self,
        data: Batch,
        size: int,
        seed: int = 0,
        shuffle: bool = True,
        drop_last: bool = False,
        device: str | torch.device | None = None,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        leaves = named_tensors(data)
        tensors = [leaf for _, leaf in leaves if isinstance(leaf, Tensor)]
        faults = _leaf_faults(leaves) or _size_faults(len(tensors[0]), size, drop_last, world)
        if seed < 0:
            faults.append(f"seed is not negative; got {seed}")
        if not 0 <= rank < world:
            faults.append(f"rank is from 0 to world - 1; got rank {rank} of world {world}")
        if faults:
            raise ParameterError("Batches: " + ". ".join(faults) + ".")
        self._tensors = tensors if device is None else [t.to(device) for t in tensors]
        self._build: Build = builder(data)
        self._size, self._seed, self._shuffle = size, seed, shuffle
        self._rank, self._world = rank, world
        self._rows = len(tensors[0])
        shortest = size if drop_last else min(size, world)
        self._count = self._rows // size + (0 < shortest <= self._rows % size)

    @property
    def rows(self) -> int:
        """Rows of the data, those of all processes together."""
        return self._rows

    @property
    def size(self) -> int:
        """Rows of a full batch, shares of all processes together."""
        return self._size

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        return self._count

    def __call__(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Batches of one epoch.

        Args:
            epoch: Number of the epoch, usually from 1; not negative.
            start: Number of batches to skip, which costs nothing: where a run was interrupted.

        Raises:
            ParameterError: A negative epoch or start.
        """
        check_position(epoch, start)
        return self._epoch(epoch, start)

    def _epoch(self, epoch: int, start: int) -> Iterator[Batch]:
        build, tensors = self._build, self._tensors
        size = share_of(self._size, self._rank, self._world)[1]
        order = self._order(epoch)[start * size :]
        bytes_a_row = sum(t[:1].numel() * t.element_size() for t in tensors)
        piece = max(1, _PIECE_BYTES // max(1, bytes_a_row * size)) * size
        for rows in torch.split(order, piece) if len(order) else ():
            pieces = [torch.split(t.index_select(0, rows.to(t.device)), size) for t in tensors]
            for parts in zip(*pieces, strict=True):
                # The builder was made from an object of this type: same containers, new tensors.
                yield cast("Batch", build(parts))

    def _order(self, epoch: int) -> Tensor:
        """Row numbers of this process's batches, one batch after the other."""
        if self._shuffle:
            generator = torch.Generator().manual_seed(seed_of(self._seed, epoch))
            order = torch.randperm(self._rows, generator=generator)
        else:
            order = torch.arange(self._rows)
        full, rest = divmod(min(self._rows, self._count * self._size), self._size)
        if self._world == 1:
            return order[: full * self._size + rest]
        first, share = share_of(self._size, self._rank, self._world)
        whole = order[: full * self._size].view(full, self._size)[:, first : first + share]
        first, share = share_of(rest, self._rank, self._world)
        return torch.cat([whole.reshape(-1), order[full * self._size + first :][:share]])


def batch_rows(batch: object) -> int:
    """First dimension of the first tensor in a batch: by what its mean loss is weighted.

    Raises:
        ConformanceError: There is no tensor in it, or it has no dimensions.
    """
    if isinstance(batch, Tensor) and batch.ndim:
        return len(batch)
    for _, leaf in named_tensors(batch):
        if isinstance(leaf, Tensor) and leaf.ndim:
            return len(leaf)
    raise ConformanceError(
        f"batch has no rows to count; got {type(batch).__qualname__}. It takes a tensor, or a "
        "dict, NamedTuple, tuple, list or dataclass with one."
    )


def trusted(
    loader: DataLoader[object],
    batch_type: BatchType[Batch],
    *,
    seed: int = 0,
    device: str | torch.device | None = None,
) -> "LoaderBatches[Batch]":
    """Batches of a torch DataLoader, which itself says nothing about their type.

    The type is trusted by the type checker and checked on the first batch of each epoch.

    Args:
        loader: Any DataLoader. A `TensorDataset` gives a ``list[Tensor]``.
        batch_type: What a batch is: a TypedDict, NamedTuple, dataclass, ``Tensor``, or a
            ``list[Tensor]`` and the like.
        seed: Decides the order of a shuffling loader together with the epoch; not negative.
        device: Where each batch is moved to; ``None`` leaves it where it is.

    Raises:
        ParameterError: A negative seed.
    """
    return LoaderBatches(loader, batch_type, seed=seed, device=device)


@final
class LoaderBatches(Generic[Batch]):
    """Batches of a torch DataLoader, with a type and a reproducible order; see `trusted`.

    Iterating over a bare DataLoader draws from torch's global generator. Here the order is a pure
    function of seed and epoch, and the global generator is left as it was: the loader's own
    generators are seeded where it has some, and a seeded state stands in for the global one while
    the iterator starts. What a dataset draws by itself, row by row, is its own matter.
    """

    def __init__(
        self,
        loader: DataLoader[object],
        batch_type: BatchType[Batch],
        *,
        seed: int = 0,
        device: str | torch.device | None = None,
    ) -> None:
        if seed < 0:
            raise ParameterError(f"trusted takes a seed that is not negative; got {seed}.")
        self._loader = loader
        self._type = batch_type
        self._seed = seed
        self._device = device

    def __len__(self) -> int:
        """Number of batches in an epoch.

        Raises:
            TypeError: The dataset is a stream of unknown length.
        """
        return len(self._loader)

    def __call__(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Batches of one epoch.

        Args:
            epoch: Number of the epoch, usually from 1; not negative.
            start: Number of batches to skip. A loader has to load what it skips.

        Raises:
            ParameterError: A negative epoch or start.
            ConformanceError: The first batch is not of the promised type; says in which items.
        """
        check_position(epoch, start)
        return self._epoch(epoch, start)

    def _epoch(self, epoch: int, start: int) -> Iterator[Batch]:
        drawn = seed_of(self._seed, epoch)
        self._seed_parts(drawn, epoch)
        # Samplers without a generator draw a seed when their first row is asked for, hence the
        # first batch is taken in here. The state of GPUs is not touched.
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(drawn)
            batches = iter(self._loader)
            first = list(islice(batches, 1))
        for batch in first:
            check_value(batch, self._type, part="the loader", place="batch")
        yield from map(self._moved, islice(chain(first, batches), start, None))

    def _seed_parts(self, drawn: int, epoch: int) -> None:
        for owner in (self._loader, self._loader.sampler, self._loader.batch_sampler):
            generator = getattr(owner, "generator", None)
            if isinstance(generator, torch.Generator):
                generator.manual_seed(drawn)
            set_epoch = getattr(owner, "set_epoch", None)  # DistributedSampler and its like
            if callable(set_epoch):
                set_epoch(epoch)

    def _moved(self, batch: object) -> Batch:
        # Checked on the first batch; a loader's batches are made by one collate function.
        if self._device is None:
            return cast("Batch", batch)
        tensors = [t.to(self._device) for _, t in named_tensors(batch) if isinstance(t, Tensor)]
        return cast("Batch", builder(batch)(tensors))


def seed_of(seed: int, epoch: int) -> int:
    """One seed from two numbers, so that (0, 1) and (1, 0) are unrelated."""
    return int(np.random.SeedSequence((seed, epoch)).generate_state(1, np.uint64)[0])


def share_of(rows: int, rank: int, world: int) -> tuple[int, int]:
    """First row and number of rows of one process's share; shares differ by one row at most."""
    each, extra = divmod(rows, world)
    return rank * each + min(rank, extra), each + (rank < extra)


def check_position(epoch: int, start: int) -> None:
    """Refuse a negative epoch or start."""
    if epoch < 0 or start < 0:
        raise ParameterError(
            f"epoch and start of batches are not negative; got epoch {epoch}, start {start}."
        )


def _leaf_faults(leaves: list[tuple[str, object]]) -> list[str]:
    """Faults of the data: what is no tensor, has no rows, or not as many as the first."""
    if not leaves:
        return ["data has no tensors"]
    faults = [
        f"{path} is {type(leaf).__qualname__}, not a tensor"
        for path, leaf in leaves
        if not isinstance(leaf, Tensor)
    ]
    tensors = [(path, leaf) for path, leaf in leaves if isinstance(leaf, Tensor)]
    faults += [f"{path} has no dimensions" for path, tensor in tensors if not tensor.ndim]
    rows = [(path, len(tensor)) for path, tensor in tensors if tensor.ndim]
    if len({count for _, count in rows}) > 1:
        sizes = ", ".join(f"{path}: {count}" for path, count in rows)
        faults.append(f"items differ in their first dimension; got {sizes}")
    elif rows and rows[0][1] == 0:
        faults.append("data has no rows")
    return faults


def _size_faults(rows: int, size: int, drop_last: bool, world: int) -> list[str]:
    if size < 1 or world < 1:
        return [f"size and world are at least 1; got size {size}, world {world}"]
    if size < world:
        return [f"size is at least a row for each of {world} processes; got {size}"]
    if rows < (size if drop_last else world):
        return [f"data has too few rows for a single batch; got {rows}"]
    return []
