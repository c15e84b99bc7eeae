"""How faults of data are put into words: all faults of one object in one message."""

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence

from synthproto.errors import ParameterError, SchemaError


def check_shares(part: object, argument: str, values: tuple[float, ...]) -> None:
    """Refuse an argument that holds no shares.

    Raises:
        ParameterError: There are no values, or one is not in [0, 1].
    """
    if not values or not all(0 <= value <= 1 for value in values):
        raise ParameterError(
            f"{type(part).__name__}: `{argument}` must be in [0, 1]; got {values}."
        )


def check_least(part: object, argument: str, value: int, least: int) -> None:
    """Refuse an argument that is too small.

    Raises:
        ParameterError: The value is below the least that is allowed.
    """
    if value < least:
        raise ParameterError(
            f"{type(part).__name__}: `{argument}` must be at least {least}; got {value}."
        )


_SHOWN = 12  # names listed in one message; a table may have thousands


def refuse(subject: str, faults: Sequence[str]) -> None:
    """Raise a `SchemaError` that holds all faults of the subject; do nothing if there are none.

    Args:
        subject: What is at fault, e.g. ``"synthetic table"``.
        faults: Clauses that follow the subject, e.g. ``"has no rows"``.

    Raises:
        SchemaError: There are faults.
    """
    if len(faults) == 1:
        raise SchemaError(f"{subject} {faults[0]}")
    if faults:
        raise SchemaError(
            f"{subject} has {len(faults)} faults:" + "".join(f"\n  - it {f}" for f in faults)
        )


def listed(names: Iterable[object]) -> str:
    """Names as a list, cut where there are very many."""
    shown = list(names)
    more = f", ... {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return f"[{', '.join(map(repr, shown[:_SHOWN]))}{more}]"


def repeated(names: Iterable[object]) -> list[object]:
    """The names that occur more than once, each once."""
    return [name for name, count in Counter(names).items() if count > 1]


def did_you_mean(wrong: Iterable[object], existing: Iterable[object]) -> str:
    """`` Did you mean 'Age' for 'age'?`` for each name that resembles an existing one."""
    by_folded = {name.strip().casefold(): name for name in existing if isinstance(name, str)}
    hints = []
    for name in list(wrong)[:_SHOWN]:
        close = difflib.get_close_matches(str(name).strip().casefold(), by_folded, n=1)
        if close:
            hints.append(f"{by_folded[close[0]]!r} for {name!r}")
    return f" Did you mean {', '.join(hints)}?" if hints else ""
