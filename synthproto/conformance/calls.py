"""Whether a function can be called as it will be."""

import inspect
from collections.abc import Callable

from synthproto.conformance.hints import counted


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


def signature_of(function: Callable[..., object]) -> inspect.Signature | None:
    """Its signature; ``None`` for one that is written in C and has none to read."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None
