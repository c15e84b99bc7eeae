"""A way out of run-time type checks, for inner functions that run once a step or a column."""

from collections.abc import Callable

from beartype import BeartypeConf, BeartypeStrategy, beartype
from typing_extensions import TypeVar

_Function = TypeVar("_Function", bound=Callable[..., object])

_leave = beartype(conf=BeartypeConf(strategy=BeartypeStrategy.O0))


def unchecked(function: _Function) -> _Function:
    """Leave a function without run-time type checks.

    Each costs 0.2 to 8 µs a call: dear where a whole step takes 50 µs, and what comes in here was
    checked when the parts were made. The function's type stays as it is, for old mypy too: it
    takes beartype's own decorator for one that returns anything.
    """
    return _leave(function)
