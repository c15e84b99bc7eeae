"""Functions with their arguments bound: what makes the tables that are compared."""

from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import TYPE_CHECKING, ParamSpec, TypeGuard

from typing_extensions import TypeVar

from synthproto.contracts import GenerationParams, Generator, Params
from synthproto.errors import ConformanceError, ParameterError

if TYPE_CHECKING:
    import pandas

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def sampler(
    model: Generator[Params], params: Params | Callable[[], Params], /
) -> "Callable[[], pandas.DataFrame]":
    """A model's ``generate`` with its params: a function that makes one table per call.

    A type checker compares the params with those that ``generate`` declares. Params that have
    more than it asks for fit as well.

    Args:
        model: Anything with ``generate(params)``.
        params: What it takes, with an ``n_records`` of at least 1; or a function that gives
            params anew for each table.

    Returns:
        What `Validation` takes as ``sample``.

    Raises:
        ParameterError: ``n_records`` is below 1.
        ConformanceError: The params have no ``n_records`` and are no function, or ``generate``
            does not take one argument.

    Example:
        >>> from dataclasses import dataclass
        >>> import pandas as pd
        >>> from synthproto import sampler
        >>> @dataclass(frozen=True)
        ... class Params:
        ...     n_records: int
        >>> class Zeros:
        ...     def generate(self, params: Params) -> pd.DataFrame:
        ...         return pd.DataFrame({"income": [0.0] * params.n_records})
        >>> sample = sampler(Zeros(), Params(n_records=3))
        >>> len(sample())
        3
    """
    name = type(model).__name__
    for part in (model, params):
        if isinstance(part, type):
            cls = part.__name__
            raise ConformanceError(f"sampler: {cls} is a class; pass an instance: {cls}(...).")
    if _are_params(params):
        return bind(model.generate, _checked(params, name))
    if not _give_params(params):
        raise ConformanceError(
            f"sampler: params of {name} must have n_records, or be a function that gives params; "
            f"got {type(params).__name__}."
        )
    give = params
    return lambda: model.generate(_checked(give(), name))


# Plain isinstance would narrow the union to things between params and a function.


def _are_params(value: Params | Callable[[], Params]) -> TypeGuard[Params]:
    return isinstance(value, GenerationParams)


def _give_params(value: Params | Callable[[], Params]) -> TypeGuard[Callable[[], Params]]:
    return callable(value)


def bind(
    function: Callable[Arguments, Result],
    /,
    *arguments: Arguments.args,
    **named: Arguments.kwargs,
) -> Callable[[], Result]:
    """A function with all its arguments: `functools.partial`, with the arguments proved.

    mypy takes any ``partial`` for a function without arguments, also where some are missing.

    Args:
        function: Any function or method, ``ctgan.sample``.
        *arguments: Its positional arguments.
        **named: Its keyword arguments.

    Returns:
        A function without arguments.

    Raises:
        ConformanceError: The arguments are not those that the function takes.

    Example:
        >>> import pandas as pd
        >>> from synthproto import bind
        >>> table = pd.DataFrame({"income": [1.0, 2.0, 3.0]})
        >>> sample = bind(table.sample, 2, random_state=0)
        >>> len(sample())
        2
    """
    try:
        takes = signature(function)
    except (TypeError, ValueError, NameError):
        return partial(function, *arguments, **named)  # written in C, or hints that are not there
    try:
        takes.bind(*arguments, **named)
    except TypeError as error:
        name = getattr(function, "__qualname__", type(function).__name__)
        names = ", ".join(takes.parameters)
        raise ConformanceError(f"bind: {name} takes ({names}): {error}.") from None
    return partial(function, *arguments, **named)


def _checked(params: Params, name: str) -> Params:
    if params.n_records < 1:
        raise ParameterError(
            f"sampler: n_records of {name}'s params must be at least 1; got {params.n_records}."
        )
    return params
