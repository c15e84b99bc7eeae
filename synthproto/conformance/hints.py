"""Reading type hints at run time, and saying them and their values in messages."""

import inspect
import sys
import types
import typing
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import (
    Annotated,
    Any,
    Final,
    NewType,
    NotRequired,
    Required,
    TypeVar,
    Union,
    final,
    get_args,
    get_origin,
)

import numpy as np
import torch
from torch import Tensor
from typing_extensions import ReadOnly, TypeAliasType, get_type_hints

from synthproto.conformance.calls import counted
from synthproto.errors import SynthprotoWarning


@final
@dataclass(frozen=True)
class Predicate:
    """A named property of tensors; one's own is ``Predicate("positive", lambda t: ...)``.

    Attributes:
        name: What messages call it, an adjective before "Tensor".
        holds: Whether a tensor has it.
    """

    name: str
    holds: Callable[[Tensor], bool]


def _is_integer(tensor: Tensor) -> bool:
    other = tensor.is_floating_point() or tensor.is_complex() or tensor.dtype is torch.bool
    return not other


floating: Final = Predicate("floating", lambda tensor: tensor.is_floating_point())
"""Of a floating dtype."""

integer: Final = Predicate("integer", _is_integer)
"""Of a signed or unsigned integer dtype; ``bool`` is none."""

boolean: Final = Predicate("boolean", lambda tensor: tensor.dtype is torch.bool)
"""Of dtype ``bool``."""

scalar: Final = Predicate("scalar", lambda tensor: tensor.dim() == 0)
"""Shape ``()``."""

vector: Final = Predicate("vector", lambda tensor: tensor.dim() == 1)
"""Shape ``(n,)``."""

matrix: Final = Predicate("matrix", lambda tensor: tensor.dim() == 2)
"""Shape ``(n, m)``."""

same_length: Final = Predicate("same-length", lambda tensor: tensor.dim() >= 1)
"""At least one dimension, and the first as long as that of every other item so declared."""


PREDICATES: Final = {
    each.name.replace("-", "_"): each
    for each in (floating, integer, boolean, scalar, vector, matrix, same_length)
}
"""The predicates above, by the names that they are imported by."""

FUNCTION: Final[object] = Callable
"""What ``get_origin`` gives for ``Callable[..., ...]``."""

# Python 3.12's own are of another class than the backport's until 3.14.
_ALIASES: tuple[type, ...] = (TypeAliasType, getattr(typing, "TypeAliasType", TypeAliasType))


def hint_name(hint: object) -> str:
    """A type hint as a reader would say it: ``VAEBatch``, ``floating matrix Tensor``, ``A | B``."""
    hint = plain(hint)
    origin, args = get_origin(hint), get_args(hint)
    if hint is types.NoneType:
        return "None"
    if origin is Annotated:
        names = [each.name for each in args[1:] if isinstance(each, Predicate)]
        return " ".join([*names, hint_name(args[0])])
    if origin in (Union, types.UnionType):
        return " | ".join(hint_name(arg) for arg in args)
    if isinstance(origin, type) and origin is not FUNCTION and args:
        inner = ", ".join("..." if arg is ... else hint_name(arg) for arg in args)
        return f"{origin.__name__}[{inner}]"
    if isinstance(hint, type) and origin is None:
        return hint.__name__
    return str(hint).replace("typing.", "").replace("collections.abc.", "")


def plain(hint: object) -> object:
    """A hint without the names and qualifiers around it."""
    while True:
        if hint is None:
            return types.NoneType
        if get_origin(hint) in (Required, NotRequired, ReadOnly, Final):
            hint = get_args(hint)[0]
        elif isinstance(get_origin(hint) or hint, _ALIASES):
            hint = _aliased(hint)
        elif isinstance(hint, NewType):
            hint = hint.__supertype__
        elif isinstance(hint, TypeVar):
            members = hint.__constraints__
            hint = reduce(or_, members) if members else hint.__bound__ or object
        else:
            return hint


def _aliased(hint: Any) -> object:
    """What a `type` statement names, its arguments filled in: numpy's `NDArray[...]` is one."""
    alias = get_origin(hint) or hint
    table = dict(zip(alias.__type_params__, get_args(hint), strict=False))
    return _filled(alias.__value__, table) if table else alias.__value__


def class_of(hint: object) -> type:
    """The class of a hint, its arguments left out; ``object`` where it has none."""
    cls = get_origin(hint) or hint
    return cls if isinstance(cls, type) else object


def member_hints(hint: object) -> dict[str, object]:
    """Hints of the items or attributes of a class, its type arguments filled in."""
    cls = class_of(hint)
    hints = read_hints(cls, cls.__name__)
    for name in getattr(cls, "__protocol_attrs__", ()):
        member = inspect.getattr_static(cls, name, None)
        if isinstance(member, property) and member.fget is not None:
            hints[name] = read_hints(member.fget, f"{cls.__name__}.{name}").get("return", Any)
    parameters: tuple[object, ...] = getattr(cls, "__parameters__", ())
    table = dict(zip(parameters, get_args(hint), strict=False))
    return {name: _filled(each, table) for name, each in hints.items()} if table else hints


def _filled(hint: Any, table: Mapping[object, object]) -> object:
    if isinstance(hint, TypeVar):
        return table.get(hint, hint)
    open_ones = getattr(hint, "__parameters__", ())
    return hint[tuple(table.get(each, each) for each in open_ones)] if open_ones else hint


def read_hints(
    annotated: object, name: str, names: dict[str, object] | None = None
) -> dict[str, object]:
    """Resolved annotations of a class or function; empty, with a warning, if they cannot be read.

    Args:
        annotated: A class, a function, or anything with ``__annotations__``.
        name: What the warning calls it.
        names: Where names in quotes are looked up; by default, where it was defined.
    """
    try:
        return dict(get_type_hints(annotated, names, {"torch": torch}, include_extras=True))
    except (NameError, TypeError, AttributeError, SyntaxError, LookupError, ImportError) as error:
        advice = ""
        if isinstance(error, NameError):
            advice = ". A name that is imported under TYPE_CHECKING is not there at run time"
        warn(f"the annotations of {name} cannot be read ({error}), so they are not checked{advice}")
        return {}


def shown(value: object) -> str:
    """A value in a few words: its type, and its shape or itself where that is short."""
    if isinstance(value, Tensor):
        dtype = str(value.dtype).removeprefix("torch.")
        return f"{dtype} Tensor of shape {tuple(value.shape)}"
    if isinstance(value, np.ndarray):
        return f"{value.dtype} array of shape {value.shape}"
    name = type(value).__name__
    if value is None:
        return "None"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, Mapping):
        return f"{name} with {[str(key) for key in value]}"
    if isinstance(value, list | tuple | set | frozenset):
        return f"{name} of {counted(len(value), 'item')}"
    if isinstance(value, str | bytes | int | float | complex) and len(repr(value)) <= 60:
        return f"{name} {value!r}"
    return name


def warn(message: str) -> None:
    """Warn at the line that called into the library."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back and _is_ours(frame):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, SynthprotoWarning, stacklevel=level)


def _is_ours(frame: types.FrameType) -> bool:
    # Old beartype's wrappers are of no module.
    name, file = str(frame.f_globals.get("__name__")), frame.f_code.co_filename
    return name.startswith("synthproto.") or file.startswith("<@beartype(synthproto.")
