"""What a run is made of: its trackers, and what a checkpoint is held against when it goes on."""

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sized
from contextlib import suppress
from functools import partial
from types import FunctionType, MethodType

from synthproto.contracts import Tracker
from synthproto.training.routines import unwrapped

_PLAIN = (bool, int, float, str)


def trackers_of(parts: Iterable[object]) -> list[Tracker]:
    """The trackers that callbacks and routines log to, each once.

    Looked for in what a part holds itself: attributes, closure and globals of a function,
    arguments of a ``partial``, and lists or dicts of these.

    Args:
        parts: Callbacks, routines, trackers.
    """
    found: dict[int, Tracker] = {}
    for part in parts:
        for held in _held(unwrapped(part)):
            if isinstance(held, Tracker) and _logs(held):
                found[id(held)] = held
    return list(found.values())


def _logs(held: object) -> bool:
    """Whether it has a method ``log_...``: an open file has ``flush`` and ``close`` too."""
    return any(name.startswith("log_") for name in dir(type(held)))


def _held(part: object) -> Iterator[object]:
    yield part
    if isinstance(part, partial):
        values = [*part.args, *part.keywords.values(), *_held(part.func)]
    elif isinstance(part, MethodType):
        values = list(_held(part.__self__))
    elif isinstance(part, FunctionType):
        used = inspect.getclosurevars(part)
        values = [*used.nonlocals.values(), *used.globals.values()]
    else:
        names = getattr(type(part), "__slots__", ())
        slots = [names] if isinstance(names, str) else names
        own = getattr(part, "__dict__", {})
        values = [*own.values(), *(getattr(part, name, None) for name in slots)]
    for value in values:
        yield value
        if isinstance(value, list | tuple | set):
            yield from value
        elif isinstance(value, dict):
            yield from value.values()


def described(part: object) -> dict[str, object]:
    """What tells a part from another one: class, length, and arguments that are plain values.

    Args:
        part: Batches, or any other part as its maker left it: not yet used.
    """
    name = getattr(part, "__qualname__", type(part).__qualname__)
    found: dict[str, object] = {"class": name}
    for key, value in sorted(getattr(part, "__dict__", {}).items()):
        if type(value) in _PLAIN:
            found[key.strip("_")] = value
    if isinstance(part, Sized):
        with suppress(TypeError):  # a stream of unknown length
            found["batches"] = len(part)
    return found


def plain_values(values: Mapping[str, object]) -> dict[str, object]:
    """The entries that are numbers, texts, or tuples of them."""
    return {
        name: value
        for name, value in values.items()
        if type(value) in _PLAIN
        or (isinstance(value, tuple) and all(type(each) in _PLAIN for each in value))
    }


def differences(now: Mapping[str, object], saved: Mapping[str, object]) -> list[str]:
    """What differs in words: ``size is 100, was 50``; what only one side has is left out."""
    return [
        f"{name} is {now[name]!r}, was {value!r}"
        for name, value in saved.items()
        if name in now and not _same(now[name], value)
    ]


def _same(one: object, other: object) -> bool:
    """Equal; a list and a tuple of the same values are, for a file may turn one into the other."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return list(one) == list(other)
    return one == other
