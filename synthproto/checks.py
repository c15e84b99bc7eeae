"""Checks of arguments, data and parts, with all faults of one object in one message."""

import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import final, get_args

from synthproto.contracts import Best, Bounds, Direction, Directions
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


# --- what a part says of itself -----------------------------------------------------------------


@final
@dataclass(frozen=True)
class About:
    """What a part says of itself; see `synthproto.contracts.Described`.

    Attributes:
        best: Best value, or that of each entry.
        bounds: Least and largest value, or those of each entry.
        direction: Which values are better, where the part says so.
    """

    best: Best = None
    bounds: Bounds = None
    direction: Directions = None

    @property
    def ordered(self) -> bool:
        """Whether some values of the part are better than others."""
        return self.best is not None or self.direction is not None


def about(part: object) -> About:
    """What a part says of itself. Nothing else reads these members.

    Raises:
        ParameterError: A member is misspelt or of the wrong type; names all of them.
    """
    faults = faults_of_description(part)
    if faults:
        raise ParameterError(f"{type(part).__name__}: {'; '.join(faults)}.")
    members = (getattr(part, name, None) for name in ("best", "bounds", "direction"))
    return About(*members)


def tag_of(part: object) -> str:
    """The ``name`` of a part, or that of a function; empty without one."""
    name = getattr(part, "name", None) or getattr(part, "__name__", "")
    return name if isinstance(name, str) else ""


def direction_of(best: float | None, bounds: tuple[float, float] | None) -> Direction | None:
    """Which values are better, judged by the best one; without bounds, by [0, 1]."""
    if best is None:
        return None
    low, high = bounds or (0.0, 1.0)
    return "lower" if best == low else "higher" if best == high else "target"


def faults_of_description(part: object) -> list[str]:
    """Clauses about members of a part that are misspelt or of the wrong type."""
    faults = []
    for name, (fits, wanted) in _MEMBERS.items():
        said = getattr(part, name, None)
        values = said.values() if isinstance(said, Mapping) else [said]
        if name != "control" and not all(value is None or fits(value) for value in values):
            faults.append(f"`{name}` must be {wanted}, or a mapping of them; got {said!r}")
    for wrong, right in _misspelt(part):
        faults.append(f"`{wrong}` is not read; did you mean `{right}`? Or else rename it")
    return faults


def _misspelt(part: object) -> list[tuple[str, str]]:
    """Members that nearly have the name of one that is read, and could be its value."""
    members = {name: name.strip("_") for name in dir(part) if not name.startswith("__")}
    return [
        (name, right)
        for name, bare in members.items()
        for right, (fits, _) in _MEMBERS.items()
        if right not in members and _nearly(bare, right) and fits(_static(part, name))
    ]


def _static(part: object, name: str) -> object:
    """A member; a method only if the class defines it: an argument may well be a function."""
    value = getattr(part, name, None)
    return value if not callable(value) or hasattr(type(part), name) else None


def _nearly(name: str, right: str) -> bool:
    """Whether a name has another case, its letters in another order, or a letter more or less."""
    if name == "reference":
        return right == "control"
    longer, shorter = sorted((name.casefold(), right), key=len, reverse=True)
    if len(longer) == len(shorter):
        return sorted(longer) == sorted(shorter)
    return any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _are_bounds(value: object) -> bool:
    ends: tuple[object, ...] = value if isinstance(value, tuple) else ()
    return len(ends) == 2 and all(map(_is_number, ends)) and ends[0] != ends[1]


def _is_direction(value: object) -> bool:
    return value in get_args(Direction)


_MEMBERS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "best": (_is_number, "a number"),
    "bounds": (_are_bounds, "two different numbers"),
    "direction": (_is_direction, f"one of {list(get_args(Direction))}"),
    "control": (callable, "a method"),
}
