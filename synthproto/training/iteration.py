"""Going through an epoch's batches, from its start or from where a run was interrupted."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import cast

from synthproto.contracts import Batch, Batches
from synthproto.training.randomness import kept_random_states

_NOTHING = object()


def epoch_batches(batches: Batches[Batch], epoch: int, start: int) -> Iterator[Batch]:
    """The batches of an epoch without the first ones.

    Args:
        batches: A sequence, or a function of the epoch. One that has a parameter ``start`` is
            asked to skip by itself; from another one, batches are drawn and dropped.
        epoch: Counted from 1.
        start: Batches to skip.
    """
    if not callable(batches):
        return islice(batches, start, None)
    if start and _takes_start(batches):
        # The signature was just looked at: the second argument is where to start.
        return iter(cast("Callable[[int, int], Iterable[Batch]]", batches)(epoch, start))
    drawn = iter(batches(epoch))
    for _ in islice(drawn, start):
        pass
    return drawn


def is_exhausted(batches: Iterator[object]) -> bool:
    """Whether an epoch has no batch left; drawing the next one leaves no trace."""
    with kept_random_states():
        return next(batches, _NOTHING) is _NOTHING


def _takes_start(batches: Callable[..., object]) -> bool:
    try:
        return "start" in inspect.signature(batches).parameters
    except (TypeError, ValueError):  # some builtins have no signature
        return False
