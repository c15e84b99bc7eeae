"""Minibatches of rows that are never together in memory, in an order that needs none either."""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Generic, cast, final

import torch
from torch import Tensor
from typing_extensions import TypeVar

from synthproto.data.batches import Build, builder, check_position, named_tensors, seed_of, share_of
from synthproto.errors import ConformanceError, ParameterError

Batch = TypeVar("Batch")


@final
class StreamedBatches(Generic[Batch]):
    """Minibatches of pieces that are read anew in each epoch, a few of them at a time.

    Pieces are read in a new order every epoch, ``window`` of them together, whose rows are
    shuffled; what is left of a window comes with the next one. The order is a pure function of
    seed and epoch, and the rows of each piece are known in advance: training that was interrupted
    goes on with the same batches, having read no more than the window that it was in. Memory is
    that of one window and a batch.

    Args:
        pieces: Functions that read and encode some of the rows each, as one batch-shaped object:
            ``partial(read, piece)`` with a function that gives ``codec.encode(table)``.
        rows: How many rows each piece has, at least 1: ``[piece.rows for piece in
            parquet_pieces(...)]``.
        size: Rows of a batch, at least 1; with several processes, rows of all their shares.
        seed: Not negative.
        window: Pieces whose rows are shuffled together, at least 1.
        shuffle: Otherwise rows come in the order of the pieces.
        rank: Number of this process, from 0.
        world: Number of processes that train together. Each reads all pieces and takes its share
            of every batch, so that training does not depend on their number. A last batch of
            fewer rows than processes is left out.

    Raises:
        ParameterError: All that is wrong with the arguments.

    >>> from functools import partial
    >>> import torch
    >>> from synthproto import StreamedBatches
    >>> pieces = [partial(torch.arange, 0.0, 3.0), partial(torch.arange, 3.0, 5.0)]
    >>> batches = StreamedBatches(pieces, [3, 2], size=2, shuffle=False)
    >>> [batch.tolist() for batch in batches(1)], next(iter(batches(1, start=2))).tolist()
    ([[0.0, 1.0], [2.0, 3.0], [4.0]], [4.0])
    """

    def __init__(
        self,
        pieces: Sequence[Callable[[], Batch]],
        rows: Sequence[int],
        size: int,
        seed: int = 0,
        *,
        window: int = 4,
        shuffle: bool = True,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        least = {"size": size, "window": window, "rows of a piece": min(rows, default=0)}
        faults = [f"{name} is at least 1; got {n}" for name, n in least.items() if n < 1]
        if len(pieces) != len(rows):
            faults.append(f"rows are as many as pieces; got {len(rows)} for {len(pieces)} pieces")
        if seed < 0:
            faults.append(f"seed is not negative; got {seed}")
        if not 0 <= rank < world:
            faults.append(f"rank is from 0 to world - 1; got rank {rank} of world {world}")
        if not faults and size < world:
            faults.append(f"size is at least the number of processes; got {size} for {world}")
        if faults:
            raise ParameterError("StreamedBatches: " + ". ".join(faults) + ".")
        self._pieces, self._counts = tuple(pieces), tuple(rows)
        self._size, self._seed, self._window = size, seed, window
        self._shuffle, self._rank, self._world = shuffle, rank, world
        self._rows = sum(rows)

    @property
    def rows(self) -> int:
        """Rows of all pieces."""
        return self._rows

    @property
    def size(self) -> int:
        """Rows of a full batch, shares of all processes together."""
        return self._size

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        full, rest = divmod(self._rows, self._size)
        return full + (rest >= self._world)

    def __call__(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Batches of one epoch.

        Args:
            epoch: Number of the epoch, usually from 1; not negative.
            start: Number of batches to skip: where a run was interrupted.

        Raises:
            ParameterError: A negative epoch or start.
            ConformanceError: A piece has other rows than was said.
        """
        check_position(epoch, start)
        return self._epoch(epoch, start)

    def _epoch(self, epoch: int, start: int) -> Iterator[Batch]:
        left, room = list[Tensor](), list[Tensor]()
        for place, (begin, end, members) in enumerate(self._windows(epoch)):
            if end <= start * self._size:
                continue
            build, window = self._read(members, room)
            order = self._permutation(end - begin, (epoch, place))
            order = order[max(start * self._size - begin, 0) :]
            waiting = len(order) + (len(left[0]) if left else 0)
            used = waiting if end == self._rows else waiting - waiting % self._size
            taken = 0
            for first in range(0, used, self._size):
                rows = min(self._size, used - first)
                # What the last window left comes first.
                fresh = rows - (len(left[0]) if left else 0)
                if rows >= self._world:
                    offset, share = share_of(rows, self._rank, self._world)
                    places = order[taken : taken + fresh]
                    tensors = _joined(left, window, places, offset, share)
                    # The builder was made from an object of this type.
                    yield cast("Batch", build(tensors))
                taken, left = taken + fresh, []
            rest = order[taken:]
            left = _joined(left, window, rest, 0, waiting - used) if waiting > used else []

    def _windows(self, epoch: int) -> list[tuple[int, int, list[int]]]:
        """Where in the epoch each window begins and ends, and its pieces."""
        order = self._permutation(len(self._pieces), (epoch,)).tolist()
        groups = [order[at : at + self._window] for at in range(0, len(order), self._window)]
        ends = list(accumulate(sum(self._counts[piece] for piece in group) for group in groups))
        return list(zip([0, *ends[:-1]], ends, groups, strict=True))

    def _read(self, members: Sequence[int], room: list[Tensor]) -> tuple[Build, list[Tensor]]:
        """Rows of some pieces, one after the other in memory that every window uses again.

        Args:
            members: Numbers of the pieces.
            room: Where rows are written; filled by the first call.
        """
        builds, at = list[Build](), 0
        total = sum(self._counts[member] for member in members)
        for member in members:
            part = self._pieces[member]()
            builds.append(builder(part))
            leaves = [leaf for _, leaf in named_tensors(part)]
            tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
            count, lengths = self._counts[member], [len(tensor) for tensor in tensors]
            if len(lengths) != len(leaves) or set(lengths) != {count}:
                raise ConformanceError(
                    f"piece {member + 1} of StreamedBatches gives tensors of {count} rows, as rows "
                    f"says; got {lengths} of {len(leaves)} items"
                )
            if not room or len(room[0]) < total:
                room[:] = [tensor.new_empty((total, *tensor.shape[1:])) for tensor in tensors]
            if [(t.dtype, t.shape[1:]) for t in tensors] != [(t.dtype, t.shape[1:]) for t in room]:
                raise ConformanceError(
                    f"piece {member + 1} of StreamedBatches gives other tensors than pieces before "
                    f"it; got {[(t.dtype, tuple(t.shape)) for t in tensors]}"
                )
            for kept, tensor in zip(room, tensors, strict=True):
                kept[at : at + count] = tensor
            at += count
        return builds[0], [kept[:total] for kept in room]

    def _permutation(self, count: int, moment: tuple[int, ...]) -> Tensor:
        if not self._shuffle:
            return torch.arange(count)
        seed = self._seed
        for number in moment:
            seed = seed_of(seed, number)
        return torch.randperm(count, generator=torch.Generator().manual_seed(seed))


def _joined(
    left: list[Tensor], window: list[Tensor], places: Tensor, first: int, count: int
) -> list[Tensor]:
    """Some rows of a batch: what the last window left, and rows of the window behind it.

    Args:
        left: Tensors of rows that were left; none if there were none.
        window: Tensors of all rows of the window.
        places: Of the other rows of the batch in the window.
        first: Number of the first row to give.
        count: How many to give.
    """
    ahead = len(left[0]) if left else 0
    kept = [tensor[first : first + count] for tensor in left]
    places = places[max(first - ahead, 0) : max(first + count - ahead, 0)]
    found = [tensor.index_select(0, places.to(tensor.device)) for tensor in window]
    return [torch.cat(both) for both in zip(kept, found, strict=True)] if ahead else found
