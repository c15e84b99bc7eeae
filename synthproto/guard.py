"""Run-time checks of what the public names are given, in words of the public names.

Static checkers prove the calls inside the library. Calls from outside are checked here: by
beartype, when the face first loads a name, and only there, so that nobody pays for the rest.
"""

import random
import re
import sys
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cache, wraps
from inspect import Parameter, signature
from pathlib import Path
from types import FunctionType, UnionType
from typing import ParamSpecArgs, Self, TypeVar, Union, cast, get_args, get_origin

from beartype import BeartypeConf, beartype
from beartype.door import is_bearable
from typing_extensions import is_protocol

from synthproto.errors import ConformanceError

# Of a sequence beartype checks one item, drawn from Python's global generator. Give it a private
# one: otherwise each check would advance the user's seed.
for _name, _module in list(sys.modules.items()):
    if _name.startswith("beartype.") and vars(_module).get("getrandbits") is random.getrandbits:
        vars(_module)["getrandbits"] = random.Random(0).getrandbits


class _RefusedError(Exception):
    """What beartype raises here; nobody sees it."""


# Without the third setting, beartype only warns of a hint that it cannot check.
_CONF = BeartypeConf(
    is_pep484_tower=True,
    violation_param_type=_RefusedError,
    warning_cls_on_decorator_exception=None,
    is_color=False,
)
_checked = beartype(conf=_CONF)
# Its own type knows classes only.
_fits = cast("Callable[..., bool]", is_bearable)
_UNGUARDED_ROOMS = ("synthproto.contracts", "synthproto.errors")
# Called by a trainer at each step with what it has made itself; a check costs up to 8 µs.
_EACH_STEP = ("update", "__call__", "loss_of")
_PARTS = 100  # longer lists are data: the epochs of a run


@cache
def guard(value: object) -> object:
    """Check the arguments of a public class or function whenever it is called.

    A class is changed in place, and its bases with it: its constructor, its methods without an
    underscore and ``__call__`` are checked, wherever the class was imported from.

    Args:
        value: A public name. Whatever is neither a class nor a function of the library, the
            contracts and the functions that run at each step are left as they are.

    Returns:
        The same class, or the checked function.
    """
    value = get_origin(value) or value
    module = str(getattr(value, "__module__", ""))
    if not module.startswith("synthproto.") or module in _UNGUARDED_ROOMS:
        return value
    if isinstance(value, FunctionType):
        return value if _runs_each_step(value) else _guarded(value)
    if isinstance(value, type):
        for base in value.__bases__:
            guard(base)
        for name, member in list(vars(value).items()):
            if not name.startswith("_") or name in ("__init__", "__call__"):
                _guard_member(value, name, member)
    return value


def _guard_member(owner: type, name: str, member: object) -> None:
    if isinstance(member, FunctionType) and not _runs_each_step(member):
        setattr(owner, name, _guarded(member))
    elif isinstance(member, classmethod | staticmethod):
        function = member.__func__
        if isinstance(function, FunctionType):
            setattr(owner, name, type(member)(_guarded(function)))


def _runs_each_step(function: FunctionType) -> bool:
    return function.__module__.startswith("synthproto.training.") and (
        function.__name__ in _EACH_STEP
    )


def _guarded(function: FunctionType) -> FunctionType:
    if not function.__annotations__.keys() - {"return"}:
        return function

    @cache  # made at the first call: most functions of what is loaded are never called
    def checked() -> tuple[Callable[..., object], Mapping[str, tuple[object, bool]]]:
        return checked_arguments(function), _parts_of(function)

    @wraps(function)
    def call(*given: object, **named: object) -> object:
        check, parts = checked()
        wrong = list(_wrong_parts(function, given, named, parts)) if parts else []
        if wrong:
            raise ConformanceError("\n".join(wrong))
        try:
            value = check(*given, **named)
            # A report is checked without its class having been asked for. Every class has a hash;
            # mypy looks for that of its instances.
            guard(cast("Hashable", type(value)))
            return value
        except _RefusedError as refused:
            message = _in_own_words(str(refused), function, given, named)
        raise ConformanceError(message)

    # A function wrapped in a function is a function, which no signature says.
    return cast("FunctionType", call)


def checked_arguments(function: FunctionType) -> Callable[..., object]:
    """The function with beartype's checks of its arguments.

    What it returns is left out: static checkers prove that.
    """
    bare = FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    bare.__module__, bare.__qualname__ = function.__module__, function.__qualname__
    bare.__kwdefaults__ = function.__kwdefaults__
    vars(bare).update(vars(function))  # what a decorator has noted
    hints = function.__annotations__
    # `Self` means something to beartype only where it decorates a whole class.
    bare.__annotations__ = {
        name: hint for name, hint in hints.items() if name != "return" and hint is not Self
    }
    # mypy 1.12 takes beartype's decorator for one that returns anything.
    return cast("Callable[..., object]", _checked(bare))


def _parts_of(function: FunctionType) -> dict[str, tuple[object, bool]]:
    """The type of a part by argument, and whether the argument is a list of such parts.

    Of a list beartype checks one item, chosen at random, and does not say which one. A class has
    the members of its instances, so beartype takes it for one where a Protocol is asked for.
    """
    found: dict[str, tuple[object, bool]] = {}
    for name, parameter in signature(function).parameters.items():
        hint = function.__annotations__.get(name)
        if parameter.kind is Parameter.VAR_POSITIONAL:
            found[name] = (hint, True)
        elif get_origin(hint) is Sequence:
            found[name] = (get_args(hint)[0], True)
        elif any(is_protocol(cast("type", get_origin(each) or each)) for each in _members_of(hint)):
            found[name] = (hint, False)
    return {name: each for name, each in found.items() if not isinstance(each[0], _UNREADABLE)}


_UNREADABLE = (str, ParamSpecArgs)


def _members_of(hint: object) -> tuple[object, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _wrong_parts(
    function: FunctionType,
    given: tuple[object, ...],
    named: dict[str, object],
    parts: Mapping[str, tuple[object, bool]],
) -> Iterator[str]:
    """What is said of each wrong item of a list of parts, and of a class in place of a part."""
    try:
        arguments = signature(function).bind(*given, **named).arguments
    except TypeError:
        return  # Python says that of the call itself
    for argument, (hint, several) in parts.items():
        value, where = arguments.get(argument), f"{part_name(function, given)}: {argument}"
        if isinstance(value, type) and not several:
            yield _refusal(where, value, hint)
        elif several and isinstance(value, list | tuple) and len(value) <= _PARTS:
            for index, item in enumerate(value):
                if not _fits(item, hint, conf=_CONF):
                    yield _refusal(f"{where}[{index}]", item, hint)


def _in_own_words(
    refused: str,
    function: FunctionType,
    given: tuple[object, ...],
    named: dict[str, object],
) -> str:
    """What beartype says of an argument, said in public names and with what to do."""
    found = re.search(r"parameter (\w+)=", refused)
    arguments = signature(function).bind(*given, **named).arguments
    if found is None or found[1] not in arguments:
        return refused
    argument = found[1]
    hint, value = function.__annotations__[argument], arguments[argument]
    return _refusal(f"{part_name(function, given)}: {argument}", value, hint)


def _refusal(where: str, value: object, hint: object) -> str:
    told = f"{where} must be {hint_text(hint)}; got {value_text(value)}."
    mend = mend_of(value, hint)
    return f"{told} {mend}" if mend else told


def part_name(function: FunctionType, given: tuple[object, ...]) -> str:
    """What a user calls a function: ``Trainer``, ``Trainer.run``, ``split``."""
    *owner, name = function.__qualname__.split(".")
    if owner and given:
        owner = [given[0].__name__ if isinstance(given[0], type) else type(given[0]).__name__]
    return ".".join(owner if name in ("__init__", "__call__") else [*owner, name])


def hint_text(hint: object) -> str:
    """A type hint as a signature has it, without the modules of its names."""
    if len(members := _members_of(hint)) > 1:
        return " | ".join(map(hint_text, members))
    if isinstance(hint, TypeVar) and hint.__bound__ is not None:
        return hint_text(hint.__bound__)
    text = hint.__name__ if isinstance(hint, type) and get_origin(hint) is None else str(hint)
    text = re.sub(r"ForwardRef\('([^']*)'[^)]*\)", r"\1", text)
    text = re.sub(r"(?<![\w.])[~+-](?=\w)", "", text).replace("NoneType", "None")
    return re.sub(r"(?:\w+\.)+(?=\w)", "", text)


def value_text(value: object) -> str:
    """A value in a few words: its type, and itself where that is short."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    name = type(value).__name__
    if isinstance(value, str | bytes | int | float | complex) and len(repr(value)) <= 60:
        return f"{name} {value!r}"
    if isinstance(value, list | tuple) and value:
        return f"{name} of {', '.join(sorted({type(item).__name__ for item in value}))}"
    return "None" if value is None else name


def mend_of(value: object, hint: object) -> str:
    """What to do about a wrong argument, where its kind tells what was meant."""
    kind, wanted = type(value).__name__, hint_text(hint)
    members: Iterable[str] = getattr(get_origin(hint) or hint, "__protocol_attrs__", ())
    lacking = sorted(name for name in members if not hasattr(value, name))
    if isinstance(value, type):
        return f"Pass an instance: {value.__name__}(...)."
    if kind == "DataFrame" and re.fullmatch(r"(Table|Summary)( \| (Scan|None))*", wanted):
        return "Make a table of it: Table(frame, TableSpec.infer(frame))."
    if isinstance(value, str | Path) and re.match(r"DataFrame\b", wanted):
        return "To read a file: Table.read(path)."
    if kind == "DataFrame" and wanted.startswith("Callable[[], DataFrame"):
        return "Pass the function that draws it: sampler(model, params)."
    if kind == "DataLoader":
        return "Say what its batches are: trusted(loader, MyBatch)."
    if wanted.startswith("Callable[[Progress]") and isinstance(value, int):
        return f"To stop after so many epochs: MaxEpochs({value})."
    if wanted.startswith("Sequence[") and not isinstance(value, list | tuple | str):
        return "Put it into a list: [...]."
    if wanted.startswith("Callable[") and isinstance(value, str):
        return "Pass the function or object itself, not its name."
    return f"It lacks {', '.join(lacking)}." if lacking else ""
