"""Batches of any shape seen as a list of tensors, and put together again."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import TypeAlias

from torch import Tensor

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
