"""Whether a function can be called as it will be. Without torch: plans of scores ask it too."""

import inspect
import sys
from collections.abc import Callable

from synthproto.contracts import Artifact, Described
from synthproto.errors import ConformanceError


def call_fault(function: Callable[..., object], given: int) -> str | None:
    """Why a function cannot be called with so many positional arguments; ``None`` if it can."""
    signature = signature_of(function)
    if signature is None:
        return None
    try:
        signature.bind(*[None] * given)
    except TypeError:
        catch_all = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        required = [
            each.name
            for each in signature.parameters.values()
            if each.default is each.empty and each.kind not in catch_all
        ]
        names = f" ({', '.join(required)})" if required else ""
        return f"takes {counted(len(required), 'argument')}{names}"
    return None


def check_function(function: object, given: int, where: str, *, may_yield: bool = False) -> None:
    """See that a part can be called as it will be, when it is made instead of in the run.

    Args:
        function: A function or an object with ``__call__``.
        given: Positional arguments of the later call.
        where: The argument in words: ``"Trainer: stopper"``.
        may_yield: Whether it may be a generator function: only where a call is iterated over.

    Raises:
        ConformanceError: It is nothing to call, a class, asynchronous, or takes other arguments.
    """
    fault = function_fault(function, given, may_yield=may_yield)
    if fault is not None:
        raise ConformanceError(f"{where}{fault}.")


def check_monitor(function: object, where: str) -> None:
    """See that a monitor can be called as it will be, and is no score.

    Raises:
        ConformanceError: As `check_function`; or it is a score, which reads tables.
    """
    check_function(function, 1, where)
    if isinstance(function, Artifact) and isinstance(function, Described):
        name = type(function).__name__
        raise ConformanceError(
            f"{where} is the score {name}, which reads tables, not epochs. Pass "
            f"validation.monitor({name}(...))."
        )


def function_fault(function: object, given: int, *, may_yield: bool = False) -> str | None:
    """Why something cannot be called as it will be, to follow its place; ``None`` if it can.

    Args:
        function: A function or an object with ``__call__``.
        given: Positional arguments of the later call.
        may_yield: Whether it may be a generator function.
    """
    if not callable(function):
        return f" must be something to call; got {_text(function)}"
    name = getattr(function, "__name__", None) or type(function).__name__
    if isinstance(function, type):
        return f" is the class {name}. Pass an instance: {name}(...)"
    for each in (function, vars(type(function)).get("__call__")):
        if inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each):
            return f": {name} is asynchronous, so nobody would wait for it. Use a plain def"
        if inspect.isgeneratorfunction(each) and not may_yield:
            return f": {name} has a yield, so a call would do nothing. Use return"
    fault = call_fault(function, given)
    if fault is not None:
        return f" is called with {counted(given, 'argument')}; {name} {fault}"
    return None


def signature_of(function: Callable[..., object]) -> inspect.Signature | None:
    """Its signature; ``None`` for one that is written in C and has none to read."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None
    except NameError:
        # Python 3.14 looks names up only now; those under TYPE_CHECKING are not there.
        if sys.version_info >= (3, 14):
            from annotationlib import Format

            return inspect.signature(function, annotation_format=Format.FORWARDREF)
        raise


def counted(number: int, noun: str) -> str:
    """``1 place``, ``2 places``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _text(value: object) -> str:
    return f"{type(value).__name__} {value!r}"[:60] if value is not None else "None"
