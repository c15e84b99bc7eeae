"""Proof at run time that values are what annotations declare, into every declared item.

It is made once, on the first batch and the first output of a training; afterwards nothing is
checked, so it costs nothing per step.
"""

import difflib
import types
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, Any, Literal, Union, final, get_args, get_origin

import numpy as np
from torch import Tensor
from typing_extensions import get_protocol_members, is_protocol, is_typeddict

from synthproto.conformance.calls import call_fault, counted
from synthproto.conformance.hints import (
    FUNCTION,
    PREDICATES,
    Predicate,
    class_of,
    hint_name,
    member_hints,
    plain,
    same_length,
    shown,
    warn,
)
from synthproto.errors import ConformanceError


@final
@dataclass(frozen=True)
class _Fault:
    place: str
    text: str


@final
@dataclass(frozen=True)
class _Item:
    place: str
    value: object
    hint: object


def check_value(value: object, hint: object, *, part: str, place: str) -> None:
    """Check a value against a type hint, into every item that the hint declares.

    Looks into TypedDicts, named tuples, dataclasses (those that are also mappings included, as
    Hugging Face's outputs), tuples, collections, mappings, unions, literals, Protocols with
    attributes, the number of arguments of functions, and the `Predicate` of annotated tensors.

    Args:
        value: What came.
        hint: What was declared: a type, or an annotation read with ``get_type_hints``.
        part: Whose declaration it is: ``"VAE.forward"``.
        place: What the value is to the part: ``"batch"``, ``"output"``, ``"callbacks"``.

    Raises:
        ConformanceError: The value does not fit; the message lists every place where.

    Warns:
        SynthprotoWarning: Some of the hint cannot be read; that much is not checked.
    """
    try:
        faults = list(_faults(value, hint, place))
    except RecursionError:
        warn(f"{place} of {part} contains itself, so it is not checked")
        return
    if faults:
        lines = "".join(f"\n  {fault.place} {fault.text}" for fault in faults)
        raise ConformanceError(
            f"{place} of {part} does not fit {hint_name(hint)} in "
            f"{counted(len(faults), 'place')}:{lines}"
        )


def _faults(value: object, hint: object, place: str) -> Iterator[_Fault]:
    hint = plain(hint)
    origin = get_origin(hint)
    if hint is Any or hint is object:
        return
    if origin is Annotated:
        yield from _annotated_faults(value, hint, place)
    elif origin in (Union, types.UnionType):
        yield from _union_faults(value, hint, place)
    elif origin is Literal:
        if not any(type(value) is type(arg) and value == arg for arg in get_args(hint)):
            yield _unfit(value, hint, place)
    elif is_typeddict(class_of(hint)):
        yield from _typed_dict_faults(value, hint, place)
    elif is_protocol(class_of(hint)):
        yield from _protocol_faults(value, hint, place)
    elif origin is FUNCTION:
        yield from _function_faults(value, hint, place)
    elif origin is type:
        if not (isinstance(value, type) and issubclass(value, class_of(get_args(hint)[0]))):
            yield _unfit(value, hint, place)
    elif not isinstance(origin or hint, type):
        warn(f"the hint {hint} of {place} cannot be checked, so it is not")
    elif not _is_instance(value, class_of(hint)):
        yield _unfit(value, hint, place)
    else:
        yield from _content_faults(value, hint, place)


def _content_faults(value: object, hint: object, place: str) -> Iterator[_Fault]:
    """Faults inside an instance of the right class."""
    cls, args = class_of(hint), get_args(hint)
    if is_dataclass(cls):
        yield from _attribute_faults(value, hint, place, [field.name for field in fields(cls)])
    elif names := getattr(cls, "_fields", None) if issubclass(cls, tuple) else None:
        yield from _attribute_faults(value, hint, place, names)
    elif cls is tuple and (hint == tuple[()] or (args and args[-1] is not ...)):
        assert isinstance(value, tuple)
        if len(value) != len(args):
            yield _unfit(value, hint, place)
        pairs = enumerate(zip(value, args, strict=False))
        yield from _items_faults([_Item(f"{place}[{i}]", *pair) for i, pair in pairs])
    elif not args:
        return
    elif isinstance(value, np.ndarray):
        dtype = get_args(args[-1])
        if dtype and isinstance(dtype[0], type) and not issubclass(value.dtype.type, dtype[0]):
            yield _unfit(value, hint, place)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _faults(key, args[0], f"key {key!r} of {place}")
            yield from _faults(item, args[-1], f"{place}[{key!r}]")
    elif isinstance(value, Collection):
        for index, item in enumerate(value):
            yield from _faults(item, args[0], f"{place}[{index}]")


def _items_faults(items: list[_Item]) -> Iterator[_Fault]:
    """Faults of the items of one object, then of their agreement."""
    for item in items:
        yield from _faults(item.value, item.hint, item.place)
    lengths = {
        item.place: len(item.value)
        for item in items
        if isinstance(item.value, Tensor) and item.value.dim() and _aligned(item.hint)
    }
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{place} {length}" for place, length in lengths.items())
        yield _Fault("first dimensions", f"are declared to be of the same length, got {found}")


def _aligned(hint: object) -> bool:
    hint = plain(hint)
    if get_origin(hint) in (Union, types.UnionType):
        return any(_aligned(arg) for arg in get_args(hint))
    return get_origin(hint) is Annotated and same_length in get_args(hint)


def _typed_dict_faults(value: object, hint: object, place: str) -> Iterator[_Fault]:
    cls = class_of(hint)
    if not isinstance(value, Mapping):
        yield _unfit(value, hint, place)
        return
    hints = member_hints(hint)
    required: frozenset[str] = getattr(cls, "__required_keys__", frozenset())
    for key in sorted(required - value.keys(), key=list(hints or required).index):
        declared = f"is declared {hint_name(hints.get(key, Any))} by {hint_name(hint)}"
        yield _Fault(f'{place}["{key}"]', f"{declared}, but missing; {_what_exists(key, value)}")
    yield from _items_faults(
        [_Item(f'{place}["{key}"]', value[key], hints[key]) for key in hints if key in value]
    )


def _what_exists(key: str, value: Mapping[object, object]) -> str:
    names = [str(name) for name in value]
    close = difflib.get_close_matches(key, names, 1)
    hint = f". Did you mean {close[0]!r}?" if close else ""
    return f"there are {names}{hint}" if names else "it is empty"


def _attribute_faults(
    value: object, hint: object, place: str, names: Collection[str]
) -> Iterator[_Fault]:
    hints = member_hints(hint)
    items = []
    for name in names:
        declared = hints.get(name, Any)
        if hasattr(value, name):
            items.append(_Item(f"{place}.{name}", getattr(value, name), declared))
        else:
            says = f" as {hint_name(declared)}" if name in hints else ""
            lack = f"lacks .{name}, which {hint_name(hint)} declares{says}"
            yield _Fault(place, f"{lack}; it is {shown(value)}")
    yield from _items_faults(items)


def _protocol_faults(value: object, hint: object, place: str) -> Iterator[_Fault]:
    names = sorted(get_protocol_members(class_of(hint)))
    yield from _attribute_faults(value, hint, place, names)


def _function_faults(value: object, hint: object, place: str) -> Iterator[_Fault]:
    arguments = get_args(hint)[0]
    if not callable(value):
        yield _unfit(value, hint, place)
    elif isinstance(arguments, list) and (fault := call_fault(value, len(arguments))):
        yield _Fault(place, f"{fault}, but is called with {len(arguments)}")


def _annotated_faults(value: object, hint: object, place: str) -> Iterator[_Fault]:
    inner, *marks = get_args(hint)
    faults = list(_faults(value, inner, place))
    yield from faults
    for word in marks:
        if isinstance(word, str) and word in PREDICATES:
            warn(f"{word!r} of {place} is a word, so it is not checked; import `{word}` instead")
    predicates = [mark for mark in marks if isinstance(mark, Predicate)]
    if faults or value is None or not predicates:
        return
    # Of what is no tensor, no predicate can be asked: `Annotated[list[Tensor], matrix]`.
    if not isinstance(value, Tensor) or not all(each.holds(value) for each in predicates):
        yield _unfit(value, hint, place)


def _union_faults(value: object, hint: object, place: str) -> Iterator[_Fault]:
    found = [list(_faults(value, member, place)) for member in get_args(hint)]
    if not all(found):
        return
    # The member that the value was meant to be fits on the outside and fails inside.
    inside = [faults for faults in found if all(fault.place != place for fault in faults)]
    yield from inside[0] if inside else [_unfit(value, hint, place)]


def _is_instance(value: object, cls: type) -> bool:
    wider: dict[type, tuple[type, ...]] = {float: (int, float), complex: (int, float, complex)}
    try:
        return isinstance(value, wider.get(cls, cls))
    except TypeError as error:
        warn(f"{cls.__name__} cannot be checked ({error}), so it is not")
        return True


def _unfit(value: object, hint: object, place: str) -> _Fault:
    return _Fault(place, f"is declared {hint_name(hint)}, got {shown(value)}")


def check_reason(stopper: object, reason: object) -> None:
    """See that what a stopper gave, if it was not ``None``, is a reason.

    Raises:
        ConformanceError: It is something else, ``False`` say, or an empty text.
    """
    if not isinstance(reason, str) or not reason:
        name = getattr(stopper, "__name__", None) or type(stopper).__name__
        raise ConformanceError(
            f"stopper {name} must return why to stop, in words, or None to go on; got {reason!r}."
        )
